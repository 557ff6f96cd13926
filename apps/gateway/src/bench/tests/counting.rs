//! The account of publications: what is lost, doubled or out of order.

use super::super::deliveries::{Deliveries, Latencies};
use super::super::openings::{first_for, subscriptions};
use super::super::plan::{Faults, Load};

/// Gives one client `sequences` of a slice of four publications to one room, and returns what was
/// found wrong, after the rest was given up.
fn faults_of(sequences: &[u32]) -> Faults {
    let mut all = Deliveries::new(1, 10);
    for _ in 0..4 {
        all.expect(1);
    }
    let (mut next, mut missing) = (10, 0);
    for &sequence in sequences {
        (next, missing) = all.count(sequence, next, missing);
    }
    all.give_up();
    assert!(all.all_arrived());
    all.faults
}

#[test]
fn publications_in_order_are_all_well() {
    assert_eq!(faults_of(&[10, 11, 12, 13]), Faults::default());
}

#[test]
fn what_never_came_is_lost() {
    assert_eq!(faults_of(&[10, 12]), Faults { lost: 2, ..Faults::default() });
    assert_eq!(faults_of(&[]), Faults { lost: 4, ..Faults::default() });
}

#[test]
fn what_came_again_is_doubled() {
    assert_eq!(faults_of(&[10, 11, 11, 12, 13]), Faults { duplicated: 1, ..Faults::default() });
}

#[test]
fn what_came_late_is_out_of_order_and_not_lost() {
    assert_eq!(faults_of(&[10, 12, 11, 13]), Faults { out_of_order: 1, ..Faults::default() });
}

#[test]
fn a_straggler_of_an_earlier_slice_is_out_of_order() {
    assert_eq!(faults_of(&[9, 10, 11, 12, 13]), Faults { out_of_order: 1, ..Faults::default() });
}

#[test]
fn a_slice_is_complete_when_every_member_has_heard() {
    let mut all = Deliveries::new(2, 0);
    assert_eq!((all.expect(2), all.expect(0)), (0, 1));
    let first = all.count(0, 0, 0);
    assert!(!all.all_arrived());
    assert_eq!(first, (2, 0), "its room's next publication is two on");
    all.count(0, 0, 0);
    assert!(all.all_arrived());
    assert_eq!(all.arrived, 2);
}

#[test]
fn rooms_take_turns() {
    let firsts: Vec<u32> = (0..3).map(|room| first_for(room, 3, 7)).collect();
    assert_eq!(firsts, [9, 7, 8]);
    assert_eq!(first_for(0, 1, 7), 7);
}

#[test]
fn every_idle_room_has_one_member() {
    let load = Load { idle_rooms: 10, idle_rooms_over: 4, ..Load::default() };
    let all: Vec<Vec<String>> = (0..5).map(|index| subscriptions(index, &load)).collect();
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3, 3, 1]);
    for idle in 0..10 {
        let room = format!("\"idle {idle}\"");
        assert_eq!(all.iter().flatten().filter(|text| text.contains(&room)).count(), 1, "{room}");
    }
}

#[test]
fn latencies_survive_the_way_to_the_orchestrator() {
    let mut here = Latencies::new();
    for latency_us in 1..=1_000 {
        here.record(latency_us * 1_000);
    }
    let mut there = Latencies::new();
    there.add(&here.counts());
    for quantile in [0.5, 0.99, 1.0] {
        let (here, there) = (here.quantile_us(quantile), there.quantile_us(quantile));
        assert!((here - there).abs() < 0.001 * here, "{here} and {there}");
        assert!((there - quantile * 1_000.0).abs() < 2.0, "{there}");
    }
}
