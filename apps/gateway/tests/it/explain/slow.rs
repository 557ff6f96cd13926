//! Clients that do not read: what is said of each delivery is what the client hears.

use super::World;
use crate::api::{start, text};
use crate::hardship::metric;
use crate::support::client::{Client, Incoming};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpSocket;

const SETTINGS: &str = r#"
[limits]
outbox_bytes_max = 262144
[[limits.slow_rooms]]
room = { zoo = 1 }
policy = "latest"
[[limits.slow_rooms]]
room = { zoo = 2 }
policy = "drop-oldest"
"#;

/// Bytes of each publication: a few hundred fill all that the kernel keeps for a socket.
const DATA_BYTES: usize = 64 << 10;

impl World {
    /// Connects somebody whose socket is full after few bytes, and who hears one room.
    async fn connect_slow(&self, user: &str, zoo: u32) -> Client {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_recv_buffer_size(4096).expect("a small buffer is fine");
        let stream = socket.connect(self.campanile.public).await.expect("it listens");
        let headers = [
            ("X-Session-Token".to_owned(), user.to_owned()),
            ("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned()),
        ];
        let mut client = Client::open_on(stream, "/ws/", &headers).await.expect("it is let in");
        text(&mut client).await;
        let request = json!({"type": "subscribe", "requestId": 7, "room": {"zoo": zoo}});
        client.send(&request.to_string()).await;
        assert_eq!(text(&mut client).await["code"], "success");
        client
    }

    /// Publishes as `zoo-number` until a metric has come to `least`; returns how many those are.
    async fn publish_until(&self, zoo: u32, name: &str, least: u64) -> u64 {
        let padding = "x".repeat(DATA_BYTES);
        for number in 1..2000 {
            let id = format!("{zoo}-{number}");
            let body = json!({"rooms": [{"zoo": zoo}], "data": [number, padding], "id": id});
            let answer = self.ask_with("POST /publish", &[], &body.to_string()).await;
            assert_eq!(answer.0, 200, "{}", answer.1);
            if metric(&self.campanile, name).await >= least {
                return number;
            }
        }
        panic!("{name} did not come to {least}");
    }

    /// Asks of each of those what became of it; returns the numbers by cause.
    async fn causes(&self, user: &str, zoo: u32, published: u64) -> BTreeMap<String, Vec<u64>> {
        let mut causes = BTreeMap::<String, Vec<u64>>::new();
        for number in 1..=published {
            let answer = self.why(&format!("user={user}&id={zoo}-{number}")).await;
            let cause = answer["cause"].as_str().expect("a cause");
            causes.entry(cause.to_owned()).or_default().push(number);
        }
        causes
    }
}

/// Reads on until a publication, or until the end; returns the numbers of what came, and the code of a
/// close.
async fn read(client: &mut Client, last: u64) -> (Vec<u64>, Option<u16>) {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        match client.next().await {
            Some(Incoming::Text(text)) => {
                let message: Value = serde_json::from_str(&text).expect("messages are JSON");
                numbers.extend(message["data"][0].as_u64());
            }
            Some(Incoming::Closed(code)) => return (numbers, Some(code)),
            other => panic!("{other:?} came"),
        }
    }
    (numbers, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_way_or_waits_is_told_from_what_was_written_as_the_client_hears_it() {
    let world = start(SETTINGS).await;
    let mut gave_way = 0;
    for zoo in [1, 2] {
        let user = format!("slow-{zoo}");
        let mut client = world.connect_slow(&user, zoo).await;
        let name = "campanile_slow_gave_way_total";
        let published = world.publish_until(zoo, name, gave_way + 10).await;
        let before = world.causes(&user, zoo, published).await;
        assert!(before["gave_way"].len() >= 10, "{before:?}");
        assert_eq!(before["waiting"].last(), Some(&published), "{before:?}");
        assert!(!before.contains_key("perhaps_gave_way"), "{before:?}");
        let (heard, code) = read(&mut client, published).await;
        assert_eq!(code, None);
        let after = world.causes(&user, zoo, published).await;
        assert_eq!(after["delivered"], heard, "{before:?}, then {after:?}");
        assert_eq!(after["gave_way"], before["gave_way"], "{zoo}");
        assert_eq!(after.len(), 2, "{after:?}");
        gave_way += after["gave_way"].len() as u64;
        assert_eq!(metric(&world.campanile, name).await, gave_way);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_with_a_slow_client_is_told_from_what_it_still_hears() {
    let world = start(SETTINGS).await;
    let mut client = world.connect_slow("shed", 3).await;
    let published = world.publish_until(3, "campanile_slow_closed_total", 1).await;
    let closing = world.causes("shed", 3, published).await;
    let (heard, code) = read(&mut client, published).await;
    assert_eq!(code, Some(1013));
    world.is_gone("shed").await;
    let causes = world.causes("shed", 3, published).await;
    assert_eq!(causes["delivered"], heard, "{closing:?}, then {causes:?}");
    assert_eq!(causes["dropped_slow"], closing["dropped_slow"]);
    assert_eq!(causes.len(), 2, "{causes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_a_connection_breaks_is_not_said_to_be_delivered() {
    let world = start(SETTINGS).await;
    let client = world.connect_slow("cut", 4).await;
    let published = world.publish_until(4, "campanile_frames_waiting", 2).await;
    let waiting = world.causes("cut", 4, published).await["waiting"].clone();
    assert!(waiting.len() >= 2, "{waiting:?}");
    drop(client);
    world.is_gone("cut").await;
    let causes = world.causes("cut", 4, published).await;
    assert_eq!(causes["cut_off"], waiting);
    assert_eq!(causes.len(), 2, "{causes:?}");
    let written = world.why("user=cut&id=4-1").await;
    let words = written["words"].as_str().expect("words");
    assert!(words.contains("broke at") && words.contains("no server can know"), "{words}");
}

impl World {
    /// Waits until a user has no connection any longer.
    async fn is_gone(&self, user: &str) {
        for _ in 0..3000 {
            let (_, page) = self.ask(&format!("GET /connections?user={user}")).await;
            let (_, users) = self.ask("GET /users").await;
            let is_listed = users.to_string().contains(&format!("\"{user}\""));
            if page["connections"] == json!([]) && !is_listed {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{user} is still there");
    }
}
