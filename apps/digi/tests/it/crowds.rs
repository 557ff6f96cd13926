//! Many at once.

use crate::world::{World, member, on_both, talking, text};
use campanile_digi::store::{Membership, NewMessage, Replay, Store};

on_both! {
    sixteen_writers_leave_no_gap_and_commit_in_the_order_of_their_numbers
    one_name_from_many_windows_at_once_is_one_message
}

const WRITERS: usize = 16;
const MESSAGES: usize = 12;

async fn sixteen_writers_leave_no_gap_and_commit_in_the_order_of_their_numbers(world: World) {
    let reader = world.process("reader").await;
    let (ann, bob) = talking(&reader).await;
    let processes = [world.process("digi1").await, world.process("digi2").await];
    let writers = (0..WRITERS).map(|writer| {
        let by = if writer % 2 == 0 { ann.clone() } else { bob.clone() };
        tokio::spawn(write(processes[writer / 2 % 2].clone(), by, writer))
    });
    let writers: Vec<_> = writers.collect();
    let (mut seq, mut is_over) = (0, false);
    while !is_over {
        is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        // A number that is missing while a later one is there would be a wish to begin anew.
        let Replay::Events(events) = reader.events_after(&bob, seq, 1000).await.unwrap() else {
            panic!("after {seq} there is a gap");
        };
        seq += events.len() as i64;
    }
    for writer in writers {
        writer.await.expect("it does not fail");
    }
    // Of each writer's, every third was edited and every fourth refused.
    assert_eq!(seq as usize, WRITERS * (MESSAGES + MESSAGES / 3));
    let last = member(&reader, bob.user(), bob.conversation().id).await;
    assert_eq!(last.conversation().last_seq, seq);
}

async fn write(store: Store, by: Membership, writer: usize) {
    for number in 0..MESSAGES {
        let added =
            store.add(&by, &text(&format!("{writer} {number}"))).await.expect("it is added");
        if number % 3 == 0 {
            store.edit(&by, added.message.id, "edited").await.expect("it is edited");
        }
        if number % 4 == 0 {
            store.delete(&by, 0).await.expect_err("there is no such message");
        }
    }
}

async fn one_name_from_many_windows_at_once_is_one_message(world: World) {
    let reader = world.process("reader").await;
    let (ann, bob) = talking(&reader).await;
    let mut windows = Vec::new();
    for window in 0..8 {
        let store = world.process(&format!("digi{window}")).await;
        let by = ann.clone();
        let new = NewMessage { client_id: Some("once".to_owned()), ..text("hi") };
        windows.push(tokio::spawn(async move { store.add(&by, &new).await }));
    }
    let mut added = Vec::new();
    for window in windows {
        added.push(window.await.expect("it does not fail").expect("it is added"));
    }
    assert_eq!(added.iter().filter(|added| added.is_new).count(), 1);
    assert!(added.iter().all(|other| other.message == added[0].message));
    let last = member(&reader, bob.user(), bob.conversation().id).await;
    assert_eq!(last.conversation().last_seq, 1);
}
