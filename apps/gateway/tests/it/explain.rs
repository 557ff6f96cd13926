//! Why somebody got a trigger, or did not: causes are planted, and each is named.

mod causes;
mod nodes;
mod slow;

use crate::api::{World, start, text};
use crate::support::client::Client;
use serde_json::{Value, json};
use std::process::Command;

impl World {
    /// Asks why, and returns the answer.
    async fn why(&self, question: &str) -> Value {
        let (status, answer) = self.ask(&format!("GET /explain?{question}")).await;
        assert_eq!(status, 200, "{question}: {answer}");
        answer
    }

    /// Publishes and waits until this node's loops have it.
    async fn publish(&self, id: &str, rooms: &str, more: &str) -> Value {
        let body = format!(r#"{{"rooms": [{rooms}], "data": 1, "id": "{id}"{more}}}"#);
        let (status, answer) = self.ask_with("POST /publish", &[], &body).await;
        assert_eq!(status, 200, "{id}: {answer}");
        answer
    }
}

/// Sends a request, and waits for its reply.
async fn request(client: &mut Client, request: Value) -> Value {
    client.send(&request.to_string()).await;
    text(client).await
}

async fn subscribe(client: &mut Client, id: &str, room: Value) -> Value {
    request(client, json!({"type": "subscribe", "requestId": id, "room": room})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_why_with_the_key_of_the_configuration() {
    let world = start("[internal]\nkey = \"s3cret\"\n").await;
    let (mut ada, name) = world.connect("ada", &[r#"{"zoo":1}"#]).await;
    let key = [("X-Api-Key", "s3cret")];
    let body = r#"{"rooms": [{"zoo": 1}], "data": 1, "id": "m1"}"#;
    assert_eq!(world.ask_with("POST /publish", &key, body).await.0, 200);
    assert_eq!(text(&mut ada).await["data"], 1);
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
        command.arg("explain").args(arguments).env_clear();
        command.args(["--url", &format!("http://{}", world.campanile.internal)]);
        let output = command.output().expect("the binary is there");
        let said = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (status, said) = ask(&["--user", "ada", "--id", "m1", "--key", "s3cret"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.starts_with("delivered: published at 20"), "{said}");
    let (_, said) = ask(&["--connection", &name, "--room", "zoo=1", "--json", "--key", "s3cret"]);
    let said: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!((&said["cause"], &said["requestId"]), (&json!("delivered"), &json!(0)));
    let (status, said) = ask(&["--user", "ada", "--id", "m1"]);
    assert!(status == Some(1) && said.contains("401"), "{said}");
    let (status, said) = ask(&["--user", "ada"]);
    assert!(status == Some(2) && said.contains("--id"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_forgets_what_it_has_no_room_for_and_can_be_switched_off() {
    let world = start("[explain]\nentries = 100\n").await;
    let (_ada, _) = world.connect("ada", &[r#"{"zoo":1}"#]).await;
    world.publish("first", r#"{"zoo":1}"#, "").await;
    for number in 0..100 {
        world.publish(&format!("later-{number}"), r#"{"zoo":2}"#, "").await;
    }
    assert_eq!(world.why("user=ada&id=first").await["cause"], "unknown_id");
    let then = world.why("user=ada&room={\"zoo\":1}&at=2026-01-01T00:00:00Z").await;
    assert_eq!(then["cause"], "forgotten");
    let (_, tail) = world.ask("GET /tail?after=0&limit=1000").await;
    assert_eq!(
        (tail["triggers"].as_array().map(Vec::len), &tail["next"]),
        (Some(100), &json!(101))
    );
    for number in 0..60 {
        let (mut gone, _) = world.connect(&format!("user-{number}"), &[]).await;
        gone.close().await;
    }
    assert_eq!(world.why("user=user-0&id=later-99").await["cause"], "forgotten");
    let live = world.why("user=ada&id=later-99").await;
    assert_eq!(live["cause"], "near_miss_value", "who is there is known all the same: {live}");
    let off = start("[explain]\nentries = 0\n").await;
    let (status, error) = off.ask("GET /explain?user=ada&id=m").await;
    assert_eq!((status, &error["error"]["code"]), (409, &json!("explain_off")));
}
