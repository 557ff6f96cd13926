//! What a server meets in the field: too many connections, clients that vanish, input that is no input, a backend in
//! trouble. Each gets its answer, and a witness on the same server hears every delivery all the while.

mod backends;
mod crowds;
mod garbage;
mod messages;
mod raw;
mod triggers;
mod vanished;

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use std::time::{Duration, Instant};

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;
/// How long anything may take that is bound to come.
const WITHIN: Duration = Duration::from_secs(60);

/// Starts a gateway whose backend lets everybody into every room.
async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    (prepare(Start::new(own)).ready().await, backend)
}

/// A well-behaved client that hears whether the server is unharmed.
struct Witness {
    client: Client,
    heard: usize,
}

impl Witness {
    async fn subscribe(campanile: &Campanile) -> Witness {
        let mut client = Client::open(campanile.public, "/ws/", &[]).await.expect("it is let in");
        assert!(matches!(client.next().await, Some(Incoming::Text(text)) if text.contains("true")));
        client.send(r#"{"type":"subscribe","room":{"room":"witness"},"requestId":"w"}"#).await;
        assert!(
            matches!(client.next().await, Some(Incoming::Text(text)) if text.contains("success"))
        );
        Witness { client, heard: 0 }
    }

    /// Returns a trigger that the witness is to hear next.
    fn trigger(&mut self) -> String {
        self.heard += 1;
        format!(r#"{{"rooms":[{{"room":"witness"}}],"data":{}}}"#, self.heard)
    }

    /// Expects the last trigger, and nothing before it.
    async fn hears(&mut self) {
        let delivery = format!(r#"{{"type":"publish","data":{},"requestId":"w"}}"#, self.heard);
        assert_eq!(self.client.next().await, Some(Incoming::Text(delivery)));
    }

    /// Triggers, and expects to hear it.
    async fn is_unharmed(&mut self, campanile: &Campanile) {
        let trigger = self.trigger();
        let answer = http::post(campanile.internal, "/trigger/", &[], trigger.as_bytes()).await;
        assert_eq!(answer.expect("triggers are answered").status, 200);
        self.hears().await;
    }
}

/// Returns a number of the page of metrics.
fn number(page: &str, name: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {page}"))
}

pub(crate) async fn metric(campanile: &Campanile, name: &str) -> u64 {
    let page = http::get(campanile.internal, "/metrics").await.expect("metrics are served");
    number(&page.body, name)
}

/// Waits until a metric has come to a value.
pub(crate) async fn comes_to(campanile: &Campanile, name: &str, value: u64) {
    let (began, mut is) = (Instant::now(), metric(campanile, name).await);
    while is != value {
        assert!(began.elapsed() < WITHIN, "{name} is {is}, not {value}");
        tokio::time::sleep(Duration::from_millis(10)).await;
        is = metric(campanile, name).await;
    }
}
