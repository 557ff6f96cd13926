use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_probe_that_does_not_come_back_makes_the_connection_silent_since_the_last_that_did() {
    let (start, time) = (Instant::now(), SystemTime::now());
    let mut probes = Probes::new(3 * SECOND);
    assert_eq!(probes.deadline(), None);
    let first = probes.send(start, time);
    probes.send(start + SECOND, time + SECOND);
    assert!(probes.back(first));
    assert_eq!(probes.heard(), Some(time));
    assert_eq!(probes.deadline(), Some(start + 4 * SECOND));
}

#[test]
fn a_probe_that_comes_back_answers_for_those_before_it_and_a_strangers_for_none() {
    let (start, time) = (Instant::now(), SystemTime::now());
    let mut probes = Probes::new(3 * SECOND);
    probes.send(start, time);
    let second = probes.send(start + SECOND, time + SECOND);
    assert!(!probes.back(77));
    assert!(probes.back(second));
    assert!(!probes.back(second));
    assert_eq!((probes.heard(), probes.deadline()), (Some(time + SECOND), None));
}

#[test]
fn a_broker_that_the_node_held_back_gets_its_whole_time_afterwards() {
    let start = Instant::now();
    let mut probes = Probes::new(3 * SECOND);
    probes.send(start, SystemTime::now());
    probes.hold_back(start + 10 * SECOND);
    assert_eq!(probes.deadline(), Some(start + 13 * SECOND));
}
