//! The outbox: numbers commit in order, and old events may go.

use crate::world::{World, ada, add, found_by, on_both, wanted};
use campanile_scram::store::events::Position;
use chrono::TimeDelta;

on_both! {
    events_commit_in_the_order_of_their_numbers
    an_instance_goes_on_where_it_was_unless_it_was_away_for_too_long
}

async fn events_commit_in_the_order_of_their_numbers(world: World) {
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = world.instance(&format!("scram{writer}")).await;
        writers.push(tokio::spawn(async move {
            for host in 0..50 {
                // Some of the networks are the same for all writers.
                let text = format!("192.0.{}.{host}", if host % 2 == 0 { 9 } else { writer });
                store.add(&wanted(&text), &ada()).await.expect("it is added");
                if host % 5 == 0 {
                    store.remove(found_by(&text), &ada()).await.expect("it is removed");
                }
            }
        }));
    }
    let reader = world.instance("reader").await;
    let mut position = 0;
    let mut is_over = false;
    while !is_over {
        is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        for event in reader.events_after(position, 10_000).await.expect("they are read") {
            // None is missing, whatever is still being written.
            assert_eq!(event.id, position + 1);
            position = event.id;
        }
    }
    for writer in writers {
        writer.await.expect("it does not fail");
    }
    assert_eq!(reader.last_event().await.expect("it is read"), position);
    assert!(position >= 200, "{position}");
}

async fn an_instance_goes_on_where_it_was_unless_it_was_away_for_too_long(world: World) {
    let store = world.instance("scram1").await;
    add(&store, "192.0.2.1").await;
    let position = async |name| store.position(name).await.expect("it is read");
    assert_eq!(position("new").await, Position::At(1));
    add(&store, "192.0.2.2").await;
    assert_eq!(position("new").await, Position::At(1));
    assert_eq!(store.purge_events(TimeDelta::days(1)).await.expect("none is old"), 0);
    assert_eq!(store.purge_events(TimeDelta::zero()).await.expect("they go"), 2);
    assert_eq!(position("new").await, Position::Lost(2));
    store.keep_position("new", 2).await.expect("it is kept");
    assert_eq!(position("new").await, Position::At(2));
    assert_eq!(store.events_after(0, 10).await.expect("it is read"), []);
}
