//! Limits of time, each met.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::http;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Far more than any of these limits, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

const OPENING: &[u8] = b"GET /ws/ HTTP/1.1\r\nHost: campanile\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

async fn start(settings: &[(&str, &str)]) -> (Campanile, Backend) {
    let own = own_address();
    let rooms = r#"{"allowed_rooms": [{"room": "*"}]}"#;
    let backend = Backend::start(backend_address(own), move |_| Answer::json(200, rooms)).await;
    let start =
        settings.iter().fold(Start::new(own), |start, (name, value)| start.env(name, value));
    (start.ready().await, backend)
}

/// Opens a WebSocket, says nothing more, and returns what came until it was hung up on.
async fn everything_for_a_dumb_client(campanile: &Campanile) -> Vec<u8> {
    let mut client = TcpStream::connect(campanile.public).await.expect("the gateway listens");
    client.write_all(OPENING).await.expect("the gateway reads");
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, client.read_to_end(&mut all)).await;
    read.expect("it is hung up on").expect("it is not reset");
    assert!(all.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&all));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_a_close_is_hung_up_on() {
    let (campanile, _backend) =
        start(&[("CAMPANILE_LIMITS_INACTIVITY_S", "1"), ("CAMPANILE_LIMITS_CLOSE_WITHIN_S", "1")])
            .await;
    let all = everything_for_a_dumb_client(&campanile).await;
    let is_close = |frame: &[u8]| frame[0] == 0x88 && frame[2..] == [0x03, 0xe8];
    assert!(all.windows(4).any(is_close), "it was told so, by 1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_a_ping_is_gone() {
    let (campanile, _backend) = start(&[
        ("CAMPANILE_LIMITS_INACTIVITY_S", "0"),
        ("CAMPANILE_LIMITS_PING_EVERY_S", "1"),
        ("CAMPANILE_LIMITS_PONG_WITHIN_S", "1"),
        ("CAMPANILE_LIMITS_CLOSE_WITHIN_S", "1"),
    ])
    .await;
    let all = everything_for_a_dumb_client(&campanile).await;
    assert!(all.windows(2).any(|frame| frame[0] == 0x89), "it was pinged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triggers_id_is_forgotten_after_its_time_and_not_before() {
    let (campanile, _backend) = start(&[("CAMPANILE_TRIGGER_REMEMBER_IDS_S", "3600")]).await;
    let trigger = async |campanile: &Campanile| {
        let body = br#"{"rooms":[{"room":"a"}],"data":1,"id":"once"}"#;
        let headers = [("accept", "application/json")];
        let answer = http::post(campanile.internal, "/trigger/", &headers, body).await;
        answer.expect("triggers are answered").body
    };
    assert_eq!(trigger(&campanile).await, r#"{"subscriptions": 0}"#);
    assert_eq!(trigger(&campanile).await, r#"{"subscriptions": 0, "duplicate": true}"#);
    let (forgetful, _backend) = start(&[("CAMPANILE_TRIGGER_REMEMBER_IDS_S", "1")]).await;
    assert_eq!(trigger(&forgetful).await, r#"{"subscriptions": 0}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(trigger(&forgetful).await, r#"{"subscriptions": 0}"#);
}
