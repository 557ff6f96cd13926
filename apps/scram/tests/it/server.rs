//! The server as a whole: it starts, answers and ends.

use crate::stage::Stage;
use crate::world::{World, on_both};
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

on_both! {
    who_asks_for_nothing_that_is_there_is_told
}
