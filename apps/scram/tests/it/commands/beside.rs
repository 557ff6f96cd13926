//! Commands beside a server that runs.

use super::stage::Desk;
use crate::stage::Stage;
use crate::world::{World, on_both};
use campanile_scram::cidr::Network;
use campanile_scram::store::entries::Find;
use std::fmt::Write;
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
