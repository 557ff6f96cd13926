//! `/api/v1/`: what operators ask of a gateway, and wish for.

mod described;
mod nodes;

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use serde_json::{Value, json};

/// A gateway, and a backend that knows its clients by their X-Session-Token, and lets everybody into
/// every room of a zoo.
pub(crate) struct World {
    pub(crate) campanile: Campanile,
    pub(crate) backend: Backend,
}

const SETTINGS: &str = "[backend.headers]\nX-Session-Token = { header = \"X-Session-Token\" }\n";

pub(crate) async fn start(settings: &str) -> World {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |request| {
        let user = request.header("x-session-token").unwrap_or("nobody");
        let rooms =
            json!({"allowed_rooms": [{"zoo": "*"}, {"zoo": "*", "animal": "*"}], "user": user});
        Answer::json(200, rooms.to_string())
    })
    .await;
    let campanile = Start::new(own).config(&format!("{settings}{SETTINGS}")).ready().await;
    World { campanile, backend }
}

impl World {
    /// Asks the API; returns the status and the answer.
    pub(crate) async fn ask(&self, what: &str) -> (u16, Value) {
        self.ask_with(what, &[], "").await
    }

    pub(crate) async fn ask_with(
        &self,
        what: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Value) {
        let what = what.replacen(' ', " /api/v1", 1).replace('"', "%22");
        let what = what.replace('{', "%7B").replace('}', "%7D");
        let address = self.campanile.internal;
        let answer = http::request(address, &what, headers, body.as_bytes()).await;
        let answer = answer.expect("every request is answered");
        let read = serde_json::from_str(&answer.body);
        (answer.status, read.unwrap_or_else(|error| panic!("{what}: {error}: {}", answer.body)))
    }

    /// Connects somebody, who subscribes to rooms; returns the connection with its name.
    pub(crate) async fn connect(&self, user: &str, rooms: &[&str]) -> (Client, String) {
        let headers = [
            ("X-Session-Token".to_owned(), user.to_owned()),
            ("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned()),
        ];
        let opened = Client::open(self.campanile.public, "/ws/", &headers).await;
        let mut client = opened.expect("everybody may come");
        let greeting = text(&mut client).await;
        for (number, room) in rooms.iter().enumerate() {
            let request = json!({"type": "subscribe", "requestId": number, "room": room_of(room)});
            client.send(&request.to_string()).await;
            let reply = text(&mut client).await;
            assert_eq!(reply["code"], "success", "{reply}");
        }
        (client, greeting["connection"].as_str().expect("it says its name").to_owned())
    }
}

fn room_of(json: &str) -> Value {
    serde_json::from_str(json).expect("the room of a test is JSON")
}

/// Waits for the next message, which is JSON.
pub(crate) async fn text(client: &mut Client) -> Value {
    match client.next().await {
        Some(Incoming::Text(text)) => serde_json::from_str(&text).expect("it is JSON"),
        other => panic!("no text came, but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_listed_by_user_address_and_room_page_by_page() {
    let world = start("[loops]\ncount = 2\n").await;
    let mut clients = Vec::new();
    for number in 0..5 {
        let user = if number < 3 { "ada" } else { "bob" };
        clients.push(world.connect(user, &[&format!("{{\"zoo\":{}}}", number % 2)]).await);
    }
    let mut names: Vec<String> = clients.iter().map(|(_, name)| name.clone()).collect();
    names.sort();
    let mut listed = Vec::new();
    let mut path = "GET /connections?limit=2".to_owned();
    loop {
        let (status, page) = world.ask(&path).await;
        assert_eq!(status, 200, "{page}");
        for connection in page["connections"].as_array().expect("a list") {
            assert_eq!(connection["dialect"], "campanile.v1");
            assert_eq!(connection["subscriptions"], 1);
            assert!(connection["since"].as_str().expect("a time").starts_with("20"));
            listed.push(connection["connection"].as_str().expect("a name").to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("GET /connections?limit=2&after={next}");
    }
    listed.sort();
    assert_eq!(listed, names, "each once, over both loops");
    for (filter, count) in [
        ("user=ada".to_owned(), 3),
        ("user=nobody".to_owned(), 0),
        ("room={\"zoo\":1}".to_owned(), 2),
        ("room={\"zoo\":1}&user=bob".to_owned(), 1),
        ("address=192.0.2.1".to_owned(), 0),
        ("address=127.0.0.1&user=bob".to_owned(), 2),
    ] {
        let (_, page) = world.ask(&format!("GET /connections?{filter}")).await;
        assert_eq!(page["connections"].as_array().map(Vec::len), Some(count), "{filter}: {page}");
    }
    let (_, details) = world.ask(&format!("GET /connections/{}", clients[0].1)).await;
    assert_eq!(details["subscriptions"], json!([{"room": {"zoo": 0}, "requestId": 0}]));
    assert_eq!(details["about"]["user"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_listed_in_order_over_all_loops_with_who_is_in_them() {
    let world = start("[loops]\ncount = 2\n").await;
    let rooms = [r#"{"zoo":1,"animal":"gnu"}"#, r#"{"zoo":1}"#, r#"{"zoo":2}"#];
    let _ada = world.connect("ada", &rooms).await;
    let _bob = world.connect("bob", &rooms[..2]).await;
    let (_, first) = world.ask("GET /rooms?limit=2").await;
    assert_eq!(
        first,
        json!({
            "rooms": [
                {"room": {"animal": "gnu", "zoo": 1}, "subscriptions": 2},
                {"room": {"zoo": 1}, "subscriptions": 2},
            ],
            "next": "{\"zoo\":1}",
        })
    );
    let (_, second) = world.ask("GET /rooms?limit=2&after={\"zoo\":1}").await;
    assert_eq!(second, json!({"rooms": [{"room": {"zoo": 2}, "subscriptions": 1}], "next": null}));
    let (_, some) = world.ask("GET /rooms?having={\"zoo\":1,\"animal\":\"*\"}").await;
    assert_eq!(some["rooms"].as_array().map(Vec::len), Some(1), "{some}");
    let (_, who) = world.ask("GET /rooms/connections?room={\"zoo\":1}&limit=1&offset=1").await;
    assert_eq!(who["subscriptions"], 2);
    assert_eq!(who["subscribers"].as_array().map(Vec::len), Some(1), "{who}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_connections_are_disconnected_with_code_and_reason() {
    let world = start("").await;
    let (mut ada, _) = world.connect("ada", &[]).await;
    let (mut bob, name) = world.connect("bob", &[]).await;
    let (_, users) = world.ask("GET /users?limit=1").await;
    assert_eq!(users, json!({"users": [{"user": "ada", "connections": 1}], "next": "ada"}));
    let (status, done) = world.ask("DELETE /users/ada?code=4001&reason=out").await;
    assert_eq!((status, done), (200, json!({"connections": 1, "others": "none"})));
    assert_eq!(ada.next().await, Some(Incoming::Closed(4001)));
    let (status, _) = world.ask(&format!("DELETE /connections/{name}")).await;
    assert_eq!(status, 200);
    assert_eq!(bob.next().await, Some(Incoming::Closed(1000)));
    let (status, error) = world.ask("DELETE /users/ada?code=1005").await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!("bad_request")));
    let unknown = "6f8f57c2-3b5e-4f5b-9d1c-0f3f3a5f3c11";
    let (status, error) = world.ask(&format!("DELETE /connections/{unknown}")).await;
    assert_eq!((status, &error["error"]["code"]), (404, &json!("not_found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_revalidated_and_loses_the_room_that_the_backend_no_longer_allows() {
    let world = start("").await;
    let (mut ada, name) = world.connect("ada", &[r#"{"zoo":1}"#]).await;
    let rooms = r#"{"allowed_rooms": [{"zoo": 2}], "user": "ada"}"#;
    world.backend.answer(move |_| Answer::json(200, rooms));
    let (status, done) = world.ask("POST /users/ada/revalidate").await;
    assert_eq!((status, &done["connections"]), (200, &json!(1)));
    let revoked = text(&mut ada).await;
    assert_eq!((&revoked["type"], &revoked["room"]), (&json!("revoked"), &json!({"zoo": 1})));
    assert_eq!(text(&mut ada).await["type"], "allowed_rooms");
    let (status, done) = world.ask(&format!("POST /connections/{name}/revalidate")).await;
    assert_eq!((status, &done["connections"]), (200, &json!(1)));
    let (status, done) = world.ask("POST /revalidate").await;
    assert_eq!((status, &done["connections"]), (200, &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_is_published_told_dry_and_refused_in_json() {
    let world = start("").await;
    let (mut ada, _) = world.connect("ada", &[r#"{"zoo":1}"#]).await;
    let body = r#"{"rooms": [{"zoo": 1}], "data": 7, "id": "m1"}"#;
    let (_, dry) = world.ask_with("POST /publish?dry_run=true", &[], body).await;
    assert_eq!(dry["rooms"], json!([{"room": {"zoo": 1}, "subscriptions": 1}]));
    let (_, told) = world.ask_with("POST /publish", &[], body).await;
    assert_eq!(told, json!({"id": "m1", "subscriptions": 1, "duplicate": false, "dry_run": false}));
    assert_eq!(text(&mut ada).await["data"], 7, "and the dry run told nobody");
    let (_, again) = world.ask_with("POST /publish", &[], body).await;
    assert_eq!(again["duplicate"], true);
    let (status, error) = world.ask_with("POST /publish", &[], "{}").await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!("trigger_bad")));
    let (_, named) = world.ask_with("POST /publish", &[], r#"{"rooms": [], "data": 1}"#).await;
    assert!(named["id"].as_str().is_some_and(|id| id.len() == 32), "it got an id: {named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_needs_the_key_and_says_in_json_what_is_wrong() {
    let world = start("[internal]\nkey = \"s3cret\"\n").await;
    let key = [("X-Api-Key", "s3cret")];
    for (what, headers, status, code) in [
        ("GET /status", &[][..], 401, "unauthorized"),
        ("POST /publish", &[], 401, "unauthorized"),
        ("GET /status", &[("X-Api-Key", "other")], 401, "unauthorized"),
        ("GET /nowhere", &key, 404, "not_found"),
        ("DELETE /status", &key, 405, "method_not_allowed"),
        ("GET /connections?limit=0", &key, 400, "bad_request"),
        ("GET /connections?limit=1001", &key, 400, "bad_request"),
        ("GET /connections?limit=x", &key, 400, "bad_request"),
        ("GET /connections?nonsense=1", &key, 400, "bad_request"),
        ("GET /connections/ada", &key, 404, "not_found"),
        ("GET /rooms?having=1", &key, 400, "bad_request"),
    ] {
        let (answered, error) = world.ask_with(what, headers, "").await;
        assert_eq!((answered, &error["error"]["code"]), (status, &json!(code)), "{what}: {error}");
        assert!(error["error"]["message"].is_string(), "{what}: {error}");
    }
    let (status, config) = world.ask_with("GET /config", &key, "").await;
    assert_eq!(status, 200);
    assert!(!config.to_string().contains("s3cret"), "secrets are hidden");
    let open = start("").await;
    let page = [("Origin", "https://evil.example")];
    let (status, error) = open.ask_with("DELETE /users/ada", &page, "").await;
    assert_eq!((status, &error["error"]["code"]), (403, &json!("forbidden")));
}
