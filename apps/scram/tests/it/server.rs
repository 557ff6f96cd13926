//! The server as a whole: it starts, answers and ends.

use crate::stage::{Stage, serve};
use crate::world::{World, add, on_both};
use campanile_scram::entities::cursor;
use sea_orm::EntityTrait as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

async fn who_asks_for_nothing_that_is_there_is_told(world: World) {
    let stage = Stage::start(world, &[]).await;
    let address = stage.address();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /nothing/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.contains("The page you are looking for was not found."), "{answer}");
    assert_eq!(stage.token("ada").await.len(), 40);
    stage.end().await;
}

/// Else what is added while somebody connects to it could be told to nobody.
async fn a_new_instance_knows_which_changes_it_tells_before_anybody_can_connect(world: World) {
    let store = world.instance("other").await;
    add(&store, "192.0.2.1").await;
    let server = serve(&world.url, &[("SCRAM_INSTANCE", "new")]).await;
    let read = store.database().read();
    let place = cursor::Entity::find_by_id("new").one(read).await.unwrap();
    assert_eq!(place.map(|place| place.event_id), Some(1));
    server.shutdown().await;
}

on_both! {
    a_new_instance_knows_which_changes_it_tells_before_anybody_can_connect
    who_asks_for_nothing_that_is_there_is_told
}
