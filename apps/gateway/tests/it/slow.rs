//! Clients that do not read for a while: what becomes of what is published meanwhile, room by room.

use crate::hardship::metric;
use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpSocket;

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;
const LIMITS: &str = "[limits]\noutbox_bytes_max = 262144\n";
const SLOW_ROOMS: &str = r#"
[[limits.slow_rooms]]
room = { room = "prices" }
policy = "latest"
[[limits.slow_rooms]]
room = { room = "*" }
policy = "drop-oldest"
"#;
/// Bytes of each publication: a few hundred fill all that the kernel keeps for a socket.
const DATA_BYTES: usize = 64 << 10;

async fn start(toml: &str) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    (Start::new(own).config(toml).ready().await, backend)
}

/// Opens a connection that is full after few bytes, and subscribes.
async fn subscribe(campanile: &Campanile, room: &str, protocol: Option<&str>) -> Client {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(4096).expect("a small buffer is fine");
    let stream = socket.connect(campanile.public).await.expect("it listens");
    let offered = protocol.map(|name| ("Sec-WebSocket-Protocol".to_owned(), name.to_owned()));
    let offered: Vec<_> = offered.into_iter().collect();
    let mut client = Client::open_on(stream, "/ws/", &offered).await.expect("it is let in");
    client.next().await.expect("a greeting");
    client
        .send(&json!({"type": "subscribe", "room": {"room": room}, "requestId": 7}).to_string())
        .await;
    let reply = client.next().await;
    assert!(matches!(&reply, Some(Incoming::Text(text)) if text.contains("success")), "{reply:?}");
    client
}

/// Publishes until a metric has come to `least`; returns how many that took.
async fn publish_until(campanile: &Campanile, room: &str, name: &str, least: u64) -> u64 {
    let padding = "x".repeat(DATA_BYTES);
    for number in 1..2000 {
        let body = json!({"rooms": [{"room": room}], "data": [number, padding]}).to_string();
        let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
        assert_eq!(answer.expect("triggers are answered").status, 200);
        if metric(campanile, name).await >= least {
            return number;
        }
    }
    panic!("{name} did not come to {least}");
}

/// Waits until the log says something.
async fn logs(campanile: &Campanile, says: &str) {
    for _ in 0..3000 {
        if campanile.log().contains(says) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{says:?} is not in the log:\n{}", campanile.log());
}

/// What a client reads that has not read for long.
#[derive(Debug, Default)]
struct Heard {
    numbers: Vec<u64>,
    gaps: Vec<Value>,
}

impl Heard {
    fn dropped(&self) -> u64 {
        self.gaps.iter().filter_map(|gap| gap["dropped"].as_u64()).sum()
    }

    /// Reads until all is accounted for; returns the close code instead, if it comes to that.
    async fn until(&mut self, client: &mut Client, is_all: impl Fn(&Heard) -> bool) -> Option<u16> {
        while !is_all(self) {
            let text = match client.next().await.expect("something comes") {
                Incoming::Text(text) => text,
                Incoming::Closed(code) => return Some(code),
                Incoming::Binary(_) => panic!("nothing is binary"),
            };
            let message: Value = serde_json::from_str(&text).expect("messages are JSON");
            match message["data"][0].as_u64() {
                Some(number) => self.numbers.push(number),
                None => self.gaps.push(message),
            }
        }
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_again_hears_the_newest_and_how_many_deliveries_it_lost() {
    let (campanile, _backend) = start(&format!("{LIMITS}{SLOW_ROOMS}")).await;
    let mut gave_way = 0;
    for room in ["prices", "news"] {
        let mut client = subscribe(&campanile, room, Some("campanile.v1")).await;
        let name = "campanile_slow_gave_way_total";
        let published = publish_until(&campanile, room, name, gave_way + 10).await;
        if room == "prices" {
            let waiting = metric(&campanile, "campanile_frames_waiting").await;
            assert!(waiting <= 2, "one that is half written and the newest, but {waiting} wait");
        }
        let mut heard = Heard::default();
        let is_all = |heard: &Heard| heard.numbers.len() as u64 + heard.dropped() == published;
        assert_eq!(heard.until(&mut client, is_all).await, None, "{room}");
        assert!(heard.numbers.is_sorted(), "{room}: {:?}", heard.numbers);
        assert_eq!(heard.numbers.last(), Some(&published), "{room}");
        for gap in &heard.gaps {
            let dropped = gap["dropped"].as_u64().expect("a number");
            let expected = json!({"type": "gap", "reason": "slow", "room": {"room": room}, "requestId": 7, "dropped": dropped});
            assert_eq!(gap, &expected);
        }
        assert_eq!(metric(&campanile, name).await, gave_way + heard.dropped());
        gave_way += heard.dropped();
    }
    assert_eq!(metric(&campanile, "campanile_slow_closed_total").await, 0);
    assert!(metric(&campanile, "campanile_slow_losses_told_total").await >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_an_older_dialect_loses_deliveries_without_a_word_it_would_not_know() {
    let (campanile, _backend) = start(&format!("{LIMITS}{SLOW_ROOMS}")).await;
    let mut client = subscribe(&campanile, "prices", None).await;
    let name = "campanile_slow_gave_way_total";
    let published = publish_until(&campanile, "prices", name, 10).await;
    let mut heard = Heard::default();
    heard.until(&mut client, |heard| heard.numbers.last() == Some(&published)).await;
    client.send("ping").await;
    assert_eq!(client.next().await, Some(Incoming::Text("pong".to_owned())));
    assert_eq!(heard.gaps, Vec::<Value>::new());
    assert!(metric(&campanile, "campanile_slow_losses_untold_total").await >= 1);
    assert_eq!(metric(&campanile, "campanile_slow_losses_told_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_deliveries_wait_a_slow_client_is_closed_until_the_configuration_says_otherwise()
{
    let (campanile, _backend) = start(LIMITS).await;
    let mut client = subscribe(&campanile, "prices", Some("campanile.v1")).await;
    publish_until(&campanile, "prices", "campanile_slow_closed_total", 1).await;
    let mut heard = Heard::default();
    assert_eq!(heard.until(&mut client, |_| false).await, Some(1013));
    assert!(heard.gaps.is_empty() && heard.numbers.is_sorted());

    let toml = format!("{LIMITS}{SLOW_ROOMS}");
    std::fs::write(campanile.config_file(), toml).expect("it can be written");
    campanile.signal(Signal::HUP);
    logs(&campanile, "[limits] slow_rooms changed").await;
    let _client = subscribe(&campanile, "prices", Some("campanile.v1")).await;
    publish_until(&campanile, "prices", "campanile_slow_gave_way_total", 10).await;
    assert_eq!(metric(&campanile, "campanile_slow_closed_total").await, 1);
}
