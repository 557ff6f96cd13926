//! Loops that stop while an opening handshake is answered.

use std::time::Duration;

use campanile_manager::{Config, PostError};

use super::{World, publication, text};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_loop_that_stops_waits_for_the_connection_that_is_promised_and_says_goodbye_to_it() {
    let mut world = World::new(&Config { loops: 1, ..Config::default() });
    let promise = world.simulation.handle.promise().expect("it runs");
    world.simulation.stop(PATIENCE);
    world.rest();
    assert!(!world.simulation.is_done(), "somebody was let in who is not here yet");
    assert_eq!(world.simulation.handle.promised(), 1);
    let (client, adoption) = world.arrive();
    assert!(promise.keep(adoption).is_ok());
    world.rest();
    assert_eq!(world.codes(client), [Some(1001), None]);
    assert!(world.simulation.is_done());
    assert_eq!(world.simulation.handle.promised(), 0);
    assert_eq!(world.simulation.handle.promise().err(), Some(PostError::Ended));
}

#[test]
fn a_loop_that_stops_ends_when_the_last_promise_is_broken() {
    let mut world = World::new(&Config { loops: 1, ..Config::default() });
    let promises = [(); 2].map(|()| world.simulation.handle.promise().expect("it runs"));
    world.simulation.stop(PATIENCE);
    for promise in promises {
        world.rest();
        assert!(!world.simulation.is_done());
        drop(promise);
    }
    world.rest();
    assert!(world.simulation.is_done());
}

#[test]
fn a_loop_that_stops_waits_for_a_promise_no_longer_than_it_was_told() {
    let mut world = World::new(&Config { loops: 1, ..Config::default() });
    let promise = world.simulation.handle.promise().expect("it runs");
    world.simulation.stop(PATIENCE);
    world.pass(PATIENCE - Duration::from_millis(100));
    assert!(!world.simulation.is_done());
    world.pass(Duration::from_millis(200));
    assert!(world.simulation.is_done());
    let (_, adoption) = world.arrive();
    assert!(promise.keep(adoption).is_err(), "nobody is there any more");
}

#[test]
fn loops_that_are_behind_promise_nothing_and_keep_what_they_promised() {
    let mut world = World::new(&Config { loops: 1, mailbox_letters_max: 1, ..Config::default() });
    let promise = world.simulation.handle.promise().expect("it has room");
    world.simulation.handle.publish(publication("fills it ")).expect("it has room");
    assert_eq!(world.simulation.handle.promise().err(), Some(PostError::Full));
    let (client, adoption) = world.arrive();
    assert!(promise.keep(adoption).is_ok());
    world.say(client, "echo");
    world.rest();
    assert_eq!(world.take(client), [text("echo")]);
}
