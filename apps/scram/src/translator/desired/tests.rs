use super::*;
use crate::translator::route::Defaults;
use expect_test::{Expect, expect};
use serde_json::json;
use std::fmt::Write;

/// Plays a script: `add N`, `remove N`, `remove all`, `begin E`, `end E [COUNT]`, `lost`, `work`.
#[expect(clippy::needless_pass_by_value, reason = "so it is called everywhere")]
fn check(routes_max: usize, script: &str, expected: Expect) {
    let mut desired = Desired::new(routes_max);
    let mut transcript = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let said = play(&mut desired, line);
        writeln!(transcript, "{line}{said}").expect("a string takes everything");
    }
    expected.assert_eq(&transcript);
}

fn play(desired: &mut Desired, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let refused = |outcome: Result<(), Refusal>| match outcome {
        Ok(()) => String::new(),
        Err(refusal) => format!(": {refusal:?}"),
    };
    match *words.as_slice() {
        ["add", network] => refused(desired.add(route(network))),
        ["remove", "all"] => {
            desired.remove_all();
            String::new()
        }
        ["remove", network] => refused(desired.remove(network.parse().unwrap())),
        ["begin", epoch] => {
            desired.begin_replay(json!(epoch));
            String::new()
        }
        ["end", epoch, ref count @ ..] => {
            let count = count.first().map(|count| count.parse().unwrap());
            match desired.end_replay(&json!(epoch), count) {
                Ok(absent) => format!(": {absent} absent"),
                Err(refusal) => format!(": {refusal:?}"),
            }
        }
        ["lost"] => {
            desired.abandon_replay();
            String::new()
        }
        ["work"] => work(desired),
        _ => panic!("{line}"),
    }
}

fn route(network: &str) -> Route {
    let network: Network = network.parse().unwrap();
    Route { network, attributes: Defaults::default().attributes(network.family()) }
}

fn work(desired: &mut Desired) -> String {
    let Some(work) = desired.take_work(10) else { return ": none".to_owned() };
    let all = if work.withdraw_all { " -*" } else { "" };
    let changes = work.changes.iter().fold(String::new(), |mut said, (network, wanted)| {
        let sign = if wanted.is_some() { '+' } else { '-' };
        write!(said, " {sign}{network}").expect("a string takes everything");
        said
    });
    format!(":{all}{changes}")
}

#[test]
fn many_changes_of_one_route_are_one_and_the_last() {
    check(
        10,
        "
        add 192.0.2.1
        remove 192.0.2.1
        add 192.0.2.1
        add 192.0.2.2
        remove 192.0.2.2
        work
        work
        ",
        expect![[r#"
            add 192.0.2.1
            remove 192.0.2.1
            add 192.0.2.1
            add 192.0.2.2
            remove 192.0.2.2
            work: +192.0.2.1/32 -192.0.2.2/32
            work: none
        "#]],
    );
}

#[test]
fn what_is_absent_from_a_whole_replay_is_withdrawn_and_the_rest_is_left_alone() {
    check(
        10,
        "
        begin a
        add 192.0.2.1
        add 192.0.2.2
        add 192.0.2.3
        end a 3
        work
        lost
        begin b
        add 192.0.2.1
        add 192.0.2.3
        work
        end b 2
        work
        ",
        expect![[r#"
            begin a
            add 192.0.2.1
            add 192.0.2.2
            add 192.0.2.3
            end a 3: 0 absent
            work: +192.0.2.1/32 +192.0.2.2/32 +192.0.2.3/32
            lost
            begin b
            add 192.0.2.1
            add 192.0.2.3
            work: none
            end b 2: 1 absent
            work: -192.0.2.2/32
        "#]],
    );
}

#[test]
fn a_replay_that_is_cut_short_or_ends_wrongly_withdraws_nothing() {
    check(
        10,
        "
        add 192.0.2.1
        add 192.0.2.2
        work
        begin a
        add 192.0.2.1
        lost
        end a 1
        begin b
        add 192.0.2.1
        end a 1
        begin c
        add 192.0.2.1
        end c 2
        work
        end nothing
        ",
        expect![[r#"
            add 192.0.2.1
            add 192.0.2.2
            work: +192.0.2.1/32 +192.0.2.2/32
            begin a
            add 192.0.2.1
            lost
            end a 1: Sync
            begin b
            add 192.0.2.1
            end a 1: Sync
            begin c
            add 192.0.2.1
            end c 2: Sync
            work: none
            end nothing: Sync
        "#]],
    );
}

#[test]
fn a_removal_in_the_middle_of_a_replay_stands() {
    check(
        10,
        "
        begin a
        add 192.0.2.1
        remove 192.0.2.1
        end a 1
        work
        ",
        expect![[r#"
            begin a
            add 192.0.2.1
            remove 192.0.2.1
            end a 1: 0 absent
            work: -192.0.2.1/32
        "#]],
    );
}

#[test]
fn everything_is_withdrawn_before_what_is_wanted_afterwards() {
    check(
        10,
        "
        add 192.0.2.1
        remove all
        add 192.0.2.2
        work
        ",
        expect![[r#"
            add 192.0.2.1
            remove all
            add 192.0.2.2
            work: -* +192.0.2.2/32
        "#]],
    );
}

#[test]
fn there_are_never_more_routes_than_the_limit_nor_twice_as_many_changes() {
    check(
        1,
        "
        add 192.0.2.1
        add 192.0.2.2
        remove 192.0.2.3
        remove 192.0.2.4
        remove 192.0.2.1
        add 192.0.2.2
        ",
        expect![[r#"
            add 192.0.2.1
            add 192.0.2.2: Full
            remove 192.0.2.3
            remove 192.0.2.4: Full
            remove 192.0.2.1
            add 192.0.2.2
        "#]],
    );
}

#[test]
fn work_that_could_not_be_done_is_done_later_as_it_is_wanted_then() {
    let mut desired = Desired::new(10);
    desired.add(route("192.0.2.1")).unwrap();
    desired.remove_all();
    desired.add(route("192.0.2.2")).unwrap();
    let work = desired.take_work(10).unwrap();
    desired.remove(route("192.0.2.2").network).unwrap();
    desired.put_back(&work);
    let again = desired.take_work(10).unwrap();
    assert!(again.withdraw_all);
    assert_eq!(again.changes, [(route("192.0.2.2").network, None)]);
}
