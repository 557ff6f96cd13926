//! The timer.

use crate::world::{World, ada, add, add_until, networks, on_both};
use campanile_scram::store::Store;
use campanile_scram::store::pages::PageNumber;
use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend};
use std::time::Duration;

on_both! {
    what_is_due_ends_also_of_a_disabled_action_type
    two_instances_share_the_work_and_end_each_entry_once
    one_that_fails_holds_up_no_other
    the_timer_wakes_for_what_was_added_meanwhile
}

async fn what_is_due_ends_also_of_a_disabled_action_type(world: World) {
    let store = world.instance("scram1").await;
    let year = |year: i64| chrono::DateTime::UNIX_EPOCH + TimeDelta::days((year - 1970) * 366);
    let old = add_until(&store, "192.0.2.1", year(1970)).await;
    add_until(&store, "192.0.2.2", year(2000)).await;
    add_until(&store, "192.0.2.3", year(2060)).await;
    add_until(&store, "192.0.2.4", year(1970)).await;
    add_until(&store, "192.0.2.4", year(2060)).await;
    add(&store, "192.0.2.5").await;
    store.set_available("block", false, "ada").await.expect("it is changed");
    let done = store.expire(Utc::now()).await.expect("it is done");
    assert_eq!((done.ended.len(), done.failed.len()), (2, 0));
    assert_eq!(active(&store).await, ["192.0.2.3/32", "192.0.2.4/32", "192.0.2.5/32"]);
    let ended = store.entry(old.id).await.expect("it is read").expect("it is there");
    assert_eq!(ended.expiration_reason, "expired");
    let last = &store.history_of_entry(old.id).await.expect("it is read")[0];
    assert_eq!((&*last.reason, &*last.author, last.is_active), ("expired", "", false));
    assert_eq!(store.expire(Utc::now()).await.expect("it is done").ended, [0; 0]);
}

async fn two_instances_share_the_work_and_end_each_entry_once(world: World) {
    let (one, two) = (world.instance("scram1").await, world.instance("scram2").await);
    let past = Utc::now() - TimeDelta::hours(1);
    for third in 0..2 {
        for fourth in 0..250 {
            add_until(&one, &format!("192.0.{third}.{fourth}"), past).await;
        }
    }
    let (first, second) = tokio::join!(one.expire(Utc::now()), two.expire(Utc::now()));
    let (first, second) = (first.expect("it is done"), second.expect("it is done"));
    // What one holds the other leaves to it, and may so be done earlier.
    let mut ended = [first.ended, second.ended].concat();
    ended.sort_unstable();
    ended.dedup();
    assert_eq!(ended.len(), 500);
    assert_eq!(one.last_event().await.expect("it is read"), 1000);
    assert!(active(&one).await.is_empty());
}

async fn one_that_fails_holds_up_no_other(world: World) {
    let store = world.instance("scram1").await;
    let past = Utc::now() - TimeDelta::hours(1);
    for host in 1..=5 {
        add_until(&store, &format!("192.0.2.{host}"), past).await;
    }
    let connection = store.database().read();
    let trap = match store.database().backend() {
        DbBackend::Sqlite => {
            "CREATE TRIGGER trap BEFORE UPDATE ON entry WHEN OLD.id = 3
             BEGIN SELECT RAISE(ABORT, 'a trap'); END"
        }
        _ => {
            "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'a trap'; END $$;
             CREATE TRIGGER trap BEFORE UPDATE ON entry FOR EACH ROW WHEN (OLD.id = 3)
             EXECUTE FUNCTION trap()"
        }
    };
    connection.execute_unprepared(trap).await.expect("the trap is set");
    let done = store.expire(Utc::now()).await.expect("it is done");
    assert_eq!((done.ended, done.failed), (vec![1, 2, 4, 5], vec![3]));
    assert_eq!(active(&store).await, ["192.0.2.3/32"]);
    let off = if store.database().backend() == DbBackend::Sqlite { "" } else { " ON entry" };
    let off = format!("DROP TRIGGER trap{off}");
    connection.execute_unprepared(&off).await.expect("the trap is gone");
    assert_eq!(store.expire(Utc::now()).await.expect("it is done").ended, [3]);
}

async fn the_timer_wakes_for_what_was_added_meanwhile(world: World) {
    let store = world.instance("scram1").await;
    let timer = store.clone();
    // It would sleep for an hour.
    let timer = tokio::spawn(async move { timer.run_timer(Duration::from_secs(3600)).await });
    add(&store, "192.0.2.1").await;
    add_until(&store, "192.0.2.2", Utc::now() + TimeDelta::milliseconds(300)).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while active(&store).await != ["192.0.2.1/32"] {
        assert!(tokio::time::Instant::now() < deadline, "it has not expired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    timer.abort();
    let removed = store.remove(campanile_scram::store::entries::Find::Id(2), &ada()).await;
    assert!(removed.expect("there is nothing to do").is_empty());
}

async fn active(store: &Store) -> Vec<String> {
    let page = store.active_entries(PageNumber { number: 1, size: 1000 }).await;
    networks(&page.expect("it is read").expect("there is a first page").results)
}
