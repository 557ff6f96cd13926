//! Traces, as a collector gets them.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A span, as it was sent.
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
    attributes: BTreeMap<String, i64>,
}

/// Returns all spans of OTLP's requests in JSON.
fn spans(bodies: &[Vec<u8>]) -> Vec<Span> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| match &value["intValue"] {
        // 64 bits are a text in the JSON of protobuf.
        Value::String(number) => number.parse().ok(),
        number => number.as_i64(),
    };
    let requests = bodies.iter().filter_map(|body| serde_json::from_slice::<Value>(body).ok());
    let resources = requests.flat_map(|request| list(&request, "resourceSpans"));
    let scopes = resources.flat_map(|resource| list(&resource, "scopeSpans"));
    let spans = scopes.flat_map(|scope| list(&scope, "spans"));
    spans
        .map(|span| Span {
            name: text(&span, "name"),
            trace: text(&span, "traceId"),
            id: text(&span, "spanId"),
            parent: text(&span, "parentSpanId"),
            attributes: list(&span, "attributes")
                .iter()
                .filter_map(|one| Some((text(one, "key"), number(&one["value"])?)))
                .collect(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_is_traced_from_its_request_to_the_writes_of_each_loop() {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    let at = SocketAddr::from((own, 18_318));
    let collector = Backend::start(at, |_| Answer::json(200, "{}")).await;
    let mut campanile = Start::new(own)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{at}"))
        .env("CAMPANILE_LOOPS_COUNT", "2")
        .ready()
        .await;
    let mut client = Client::open(campanile.public, "/ws/", &[]).await.expect("there is a place");
    client.next().await;
    client.send(r#"{"type":"subscribe","room":{"room":"secret room"},"requestId":1}"#).await;
    client.next().await;
    let body = br#"{"rooms":[{"room":"secret room"}],"data":"secret data"}"#;
    let headers = [("traceparent", PARENT)];
    let answer = http::post(campanile.internal, "/trigger/", &headers, body).await;
    assert_eq!(answer.expect("triggers are answered").status, 200);
    assert!(matches!(client.next().await, Some(Incoming::Text(text)) if text.contains("secret")));
    // At its end it sends what waits.
    campanile.terminate();
    campanile.ended().await;

    let bodies: Vec<Vec<u8>> =
        collector.take_seen(1).await.into_iter().map(|request| request.body).collect();
    let spans = spans(&bodies);
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let [trigger] = named("trigger")[..] else { panic!("one trigger was sent") };
    assert_eq!(trigger.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(trigger.parent, "b7ad6b7169203331");
    assert_eq!(trigger.attributes["http.response.status_code"], 200);
    let ([publish], [arrival]) = (&named("publish")[..], &named("arrival")[..]) else {
        panic!("it was published once and arrived once")
    };
    assert_eq!((&publish.parent, &arrival.parent), (&trigger.id, &trigger.id));
    assert_eq!(named("mailbox").len(), 2);
    let delivered: Vec<(&str, i64)> = named("deliver")
        .iter()
        .map(|span| (span.parent.as_str(), span.attributes["campanile.deliveries"]))
        .collect();
    assert_eq!(delivered.iter().map(|(_, deliveries)| deliveries).sum::<i64>(), 1);
    assert!(delivered.iter().all(|(parent, _)| *parent == arrival.id));
    // The question to the backend is a trace of its own, which the backend can join.
    let [bootstrap] = named("bootstrap")[..] else { panic!("the backend was asked once") };
    let asked = backend.take_seen(1).await;
    let traceparent = asked[0].header("traceparent").expect("it is passed on");
    assert_eq!(traceparent, format!("00-{}-{}-01", bootstrap.trace, bootstrap.id));
    let all = bodies.concat();
    assert!(!String::from_utf8_lossy(&all).contains("secret"), "a payload or a room got out");
}
