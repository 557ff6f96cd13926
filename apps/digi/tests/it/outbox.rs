//! What is to be published outlives who should have done it.

use crate::world::{World, add, on_both, talking};
use campanile_digi::store::{Store, Told};
use chrono::TimeDelta;
use std::time::Duration;

on_both! {
    what_was_committed_is_published_by_whoever_is_left
}

async fn unpublished(store: &Store, abandoned_after: TimeDelta) -> Vec<Told> {
    store.unpublished(abandoned_after, 100).await.unwrap()
}

fn seqs(told: &[Told]) -> Vec<i64> {
    told.iter().map(|told| told.seq).collect()
}

async fn what_was_committed_is_published_by_whoever_is_left(world: World) {
    let one = world.process("digi1").await;
    let (ann, bob) = talking(&one).await;
    let message = add(&one, &ann, "one").await;
    one.edit(&ann, message.id, "eins").await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), one.changed()).await.expect("it is woken");
    let two = world.process("digi2").await;
    add(&two, &bob, "two").await;
    let hour = TimeDelta::hours(1);
    assert_eq!(seqs(&unpublished(&one, hour).await), [1, 2]);
    assert_eq!(seqs(&unpublished(&two, hour).await), [3]);
    // The first is killed before it publishes; under its name, it comes back to its work.
    drop(one);
    let one = world.process("digi1").await;
    let left = unpublished(&one, hour).await;
    assert_eq!(left[0].message.body, "eins");
    one.published(&left[..1]).await.unwrap();
    // It never comes back: another takes over, in order.
    assert_eq!(seqs(&unpublished(&two, TimeDelta::zero()).await), [2, 3]);
    two.published(&unpublished(&two, TimeDelta::zero()).await).await.unwrap();
    assert_eq!(unpublished(&two, TimeDelta::zero()).await, []);
    assert_eq!(two.purge_events(TimeDelta::zero()).await.unwrap(), 3);
}
