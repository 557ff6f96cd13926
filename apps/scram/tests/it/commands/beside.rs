//! Commands beside a server that runs.

use super::stage::Desk;
use crate::stage::Stage;
use crate::world::{World, on_both};
use campanile_accounts::{Caller, Client, NewUser};
use campanile_scram::cidr::Network;
use campanile_scram::store::entries::Find;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

on_both! {
    thousands_are_imported_while_the_server_writes_too
}

async fn thousands_are_imported_while_the_server_writes_too(world: World) {
    let desk = Desk::at(&world.url);
    let stage = Stage::start(world, &[]).await;
    let before = stage.app().store.last_event().await.expect("it is read");
    let mut lines = String::from("route,comment\n");
    for number in 0..3000_u32 {
        writeln!(lines, "198.{}.{}.{},imported", 18, number >> 8, number & 255)
            .expect("it is text");
    }
    desk.file("many.csv", &lines);
    let importing =
        tokio::task::spawn_blocking(move || (desk.says("import many.csv --json"), desk));
    let mut added: u8 = 0;
    while !importing.is_finished() {
        crate::world::add(&stage.app().store, &format!("203.0.113.{added}")).await;
        added += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (told, desk) = importing.await.expect("the import succeeds");
    assert!(
        told.starts_with(r#"{"added":3000,"changed":0,"dry_run":false,"faults":[],"#),
        "{told}"
    );

    // Each is an event, as if it had been added alone, and the server hears of it.
    let store = &stage.app().store;
    let events = store.last_event().await.expect("it is read") - before;
    assert_eq!(events, 3000 + i64::from(added));
    let network = Network::parse_strict("198.18.11.183").expect("it is one");
    let last = store.find(Find::Overlapping(network)).await.expect("it is there");
    assert_eq!((&*last.comment, &*last.originating_scram_instance), ("imported", "scram1"));
    let history = store.history_of_entry(last.id).await.expect("it is read");
    assert_eq!((&*history[0].kind, &*history[0].author), ("+", "root"));
    desk.says("entry remove 198.18.11.183");
    assert!(store.find(Find::Overlapping(network)).await.is_err());
    stage.end().await;
}

/// SQLite lets one write at a time, and whoever only waits for a gap may never find one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_log_in_while_the_database_is_written_without_a_pause() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    let (app, stop) = (stage.app().clone(), Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for writer in 0..4_u32 {
        let (store, stop) = (app.store.clone(), Arc::clone(&stop));
        writers.push(tokio::spawn(async move {
            let mut number = writer << 16;
            while !stop.load(Relaxed) {
                let transaction = store.database().write().await.expect("the database answers");
                // What a slow disk does.
                tokio::time::sleep(Duration::from_millis(10)).await;
                transaction.commit().await.expect("it is written");
                let address = std::net::Ipv4Addr::from_bits((198 << 24) + number);
                crate::world::add(&store, &address.to_string()).await;
                number += 1;
            }
            number - (writer << 16)
        }));
    }
    let mut people = Vec::new();
    for person in 0..4 {
        let accounts = app.accounts.clone();
        people.push(tokio::spawn(async move {
            let new = NewUser::new(format!("person{person}"), "seven ravens fly");
            let user = accounts.create_user(new).await.expect("a user is made");
            for _ in 0..10 {
                let client = Client::default();
                let session = accounts.log_in(&Caller::Anonymous, &user, &client, "/").await;
                session.expect("a session begins");
                accounts.token(user.id).await.expect("a token is made");
                accounts.remove_token(user.id).await.expect("it is taken back");
                accounts.end_sessions(user.id, None).await.expect("sessions end");
            }
        }));
    }
    for person in people {
        person.await.expect("nobody is told that the database is locked");
    }
    stop.store(true, Relaxed);
    for writer in writers {
        assert!(writer.await.expect("the writers go on, too") > 0);
    }
    stage.end().await;
}
