//! Adds that wait at the same time are written in one transaction, each with an outcome of its own.

use crate::world::{World, ada, add, found_by, network, on_both, wanted};
use campanile_scram::store::Store;
use campanile_scram::store::entries::{Added, NewEntry};
use campanile_scram::store::{AddError, Author};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use std::time::Duration;
use tokio::task::JoinHandle;

on_both! {
    adds_that_wait_together_end_as_if_they_came_one_after_the_other
    one_that_the_database_refuses_fails_alone
    who_goes_away_takes_nothing_along
    a_long_ignore_list_is_kept_as_a_short_one_is
}

type Adding = JoinHandle<Result<Added, AddError>>;

async fn adds_that_wait_together_end_as_if_they_came_one_after_the_other(world: World) {
    let (store, other) = (world.instance("scram1").await, world.instance("scram2").await);
    store.ignore(&network("10.9.0.0/16"), "ours", "ada").await.expect("it is ignored");
    add(&store, "192.0.2.2").await;
    store.remove(found_by("192.0.2.2"), &ada()).await.expect("it is removed");
    let (before, transactions) = (event(&store).await, store.statistics().transactions);
    let held = hold(&other).await;
    let first = begin(&store, wanted("192.0.2.100"));
    // It has its turn, and waits for the database; all others wait for it.
    until(|| store.statistics().transactions > transactions).await;
    let texts = ["192.0.2.1", "10.9.1.1", "192.0.2.2", "10.0.0.0/8", "2001:db8::1"];
    let mut adding = Vec::new();
    for (count, text) in texts.into_iter().enumerate() {
        adding.push(begin(&store, wanted(text)));
        until(|| store.waiting() == count + 1).await;
    }
    let bob = Author { user: Some("bob".to_owned()), ..ada() };
    let again = NewEntry { comment: "again".to_owned(), ..wanted("192.0.2.1") };
    let copy = store.clone();
    adding.push(tokio::spawn(async move { copy.add(&again, &bob).await }));
    until(|| store.waiting() == 6).await;
    held.commit().await.expect("it is let go");
    first.await.expect("it ends").expect("it is added");
    let mut outcomes = Vec::new();
    for adding in adding {
        outcomes.push(match adding.await.expect("it ends") {
            Ok(added) => format!("{} {}", added.entry.network, added.is_new),
            Err(error) => error.to_string(),
        });
    }
    let ignored = "This CIDR is on the ignore list. You are not allowed to add it here.";
    let expected = [
        "192.0.2.1/32 true",
        ignored,
        "192.0.2.2/32 false",
        ignored,
        "2001:db8::1/128 true",
        "192.0.2.1/32 false",
    ];
    assert_eq!(outcomes, expected);
    // The first by itself, those of different networks together, and what came to one of them again.
    assert_eq!(store.statistics().transactions - transactions, 3);
    let events = store.events_after(before, 100).await.expect("they are read");
    let mut told = Vec::new();
    for event in &events {
        let entry = store.entry(event.entry_id).await.expect("it is read").expect("it is there");
        told.push((event.id - before, entry.network.to_string(), event.reason.clone()));
    }
    let row = |number, network: &str, reason: &str| (number, network.to_owned(), reason.to_owned());
    assert_eq!(
        told,
        [
            row(1, "192.0.2.100/32", "because of 192.0.2.100"),
            row(2, "192.0.2.1/32", "because of 192.0.2.1"),
            row(3, "192.0.2.2/32", "because of 192.0.2.2"),
            row(4, "2001:db8::1/128", "because of 2001:db8::1"),
            row(5, "192.0.2.1/32", "again"),
        ]
    );
    let history = store.history_of_entry(events[1].entry_id).await.expect("it is read");
    let written: Vec<_> = history.iter().map(|row| (&*row.kind, &*row.author)).collect();
    assert_eq!(written, [("~", "bob"), ("+", "ada")]);
    assert_eq!(history[0].who, "bob");
}

async fn one_that_the_database_refuses_fails_alone(world: World) {
    let (store, other) = (world.instance("scram1").await, world.instance("scram2").await);
    let trap = match store.database().backend() {
        DbBackend::Sqlite => {
            "CREATE TRIGGER trap BEFORE INSERT ON entry WHEN NEW.comment = 'because of 192.0.2.3'
             BEGIN SELECT RAISE(ABORT, 'a trap'); END"
        }
        _ => {
            "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'a trap'; END $$;
             CREATE TRIGGER trap BEFORE INSERT ON entry FOR EACH ROW
             WHEN (NEW.comment = 'because of 192.0.2.3') EXECUTE FUNCTION trap()"
        }
    };
    store.database().read().execute_unprepared(trap).await.expect("the trap is set");
    let held = hold(&other).await;
    let mut adding: Vec<Adding> = vec![begin(&store, wanted("192.0.2.0"))];
    until(|| store.statistics().transactions > 0).await;
    adding.extend((1..6).map(|host| begin(&store, wanted(&format!("192.0.2.{host}")))));
    until(|| store.waiting() == 5).await;
    held.commit().await.expect("it is let go");
    let mut outcomes = Vec::new();
    for adding in adding {
        let outcome = adding.await.expect("it ends");
        outcomes.push(outcome.map(drop).map_err(|error| error.to_string().contains("a trap")));
    }
    assert_eq!(outcomes, [Ok(()), Ok(()), Ok(()), Err(true), Ok(()), Ok(())]);
    assert_eq!(event(&store).await, 5);
    let statistics = store.statistics();
    assert_eq!((statistics.added, statistics.refused["database"]), (5, 1));
}

async fn who_goes_away_takes_nothing_along(world: World) {
    let (store, other) = (world.instance("scram1").await, world.instance("scram2").await);
    let held = hold(&other).await;
    let first = begin(&store, wanted("192.0.2.1"));
    until(|| store.statistics().transactions > 0).await;
    let second = begin(&store, wanted("192.0.2.2"));
    let third = begin(&store, wanted("192.0.2.3"));
    until(|| store.waiting() == 2).await;
    first.abort();
    second.abort();
    held.commit().await.expect("it is let go");
    third.await.expect("it ends").expect("it is added");
    assert_eq!(store.active_counts().await.expect("it is read"), [("block".to_owned(), 3)]);
}

async fn a_long_ignore_list_is_kept_as_a_short_one_is(world: World) {
    let store = world.instance("scram1").await;
    let refused = async |text: &str| match store.add(&wanted(text), &ada()).await {
        Ok(_) => "added".to_owned(),
        Err(AddError::Ignored(by)) => by.to_string(),
        Err(other) => other.to_string(),
    };
    for length in [1, 50] {
        for number in 0..length {
            let ignored = network(&format!("10.{number}.0.0/16"));
            // The first of them is there already.
            let _ = store.ignore(&ignored, "", "ada").await;
        }
        assert_eq!(refused("10.0.7.7").await, "10.0.0.0/16");
        assert_eq!(refused("10.0.0.0/16").await, "10.0.0.0/16");
        assert_eq!(refused("10.0.0.0/12").await.split_at(3).0, "10.");
        assert_eq!(refused("11.0.0.1").await, "added");
        assert_eq!(refused("fd00::1").await, "added");
    }
}

fn begin(store: &Store, wanted: NewEntry) -> Adding {
    let store = store.clone();
    tokio::spawn(async move { store.add(&wanted, &ada()).await })
}

/// Keeps all others from writing events.
async fn hold(store: &Store) -> DatabaseTransaction {
    let held = store.database().write().await.expect("it has its turn");
    let counter = "UPDATE event_counter SET last = last";
    held.execute_unprepared(counter).await.expect("it is locked");
    held
}

async fn until(condition: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "it does not come to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn event(store: &Store) -> i64 {
    store.last_event().await.expect("it is read")
}
