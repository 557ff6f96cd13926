//! Triggers by HTTP, to a gateway that is there, busy, away, or of another mind.

use crate::heard::until;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use campanile_binder::{Publish as _, Publisher, Room, Statistics, Trigger, TriggerError, room};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// A gateway's internal listener, which answers as it is told, and "publish success" after that.
#[derive(Clone, Default)]
struct Gateway(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    answers: VecDeque<(StatusCode, HeaderMap)>,
    heard: Vec<(HeaderMap, String)>,
    connections: Vec<std::net::SocketAddr>,
}

impl Gateway {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        self.serve(listener)
    }

    fn serve(&self, listener: TcpListener) -> String {
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new().route("/trigger/", post(hear)).with_state(self.clone());
        let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async { axum::serve(listener, service).await });
        format!("http://{address}")
    }

    fn answers(&self, status: StatusCode, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), value.parse().expect("it is a value"))
        });
        let answer = (status, HeaderMap::from_iter(headers));
        self.0.lock().expect("nobody panics").answers.push_back(answer);
    }

    fn bodies(&self) -> Vec<String> {
        let said = self.0.lock().expect("nobody panics");
        said.heard.iter().map(|(_, body)| body.clone()).collect()
    }

    fn header(&self, index: usize, name: &str) -> Option<String> {
        let said = self.0.lock().expect("nobody panics");
        Some(said.heard[index].0.get(name)?.to_str().expect("it is ASCII").to_owned())
    }
}

async fn hear(
    State(gateway): State<Gateway>,
    axum::extract::ConnectInfo(from): axum::extract::ConnectInfo<std::net::SocketAddr>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut said = gateway.0.lock().expect("nobody panics");
    said.heard.push((headers, body));
    if !said.connections.contains(&from) {
        said.connections.push(from);
    }
    match said.answers.pop_front() {
        Some((status, headers)) => (status, headers, "no, since").into_response(),
        None => "publish success".into_response(),
    }
}

fn zoo() -> [Room; 1] {
    [room! { "zoo": 1 }]
}

#[tokio::test]
async fn triggers_come_in_order_by_one_connection_in_binders_bytes() {
    let gateway = Gateway::default();
    let url = gateway.start().await;
    let publisher = Publisher::builder().http(format!("{url}/")).key("top secret");
    let publisher = publisher.start().expect("it starts");
    for number in 0..100 {
        publisher.trigger(json!({ "number": number, "text": "☃" }), zoo());
    }
    publisher.idle().await;
    let expected = |number| {
        format!(r#"{{"data": {{"number": {number}, "text": "\u2603"}}, "rooms": [{{"zoo": 1}}]}}"#)
    };
    assert_eq!(gateway.bodies(), (0..100).map(expected).collect::<Vec<_>>());
    assert_eq!(gateway.header(0, "authorization").as_deref(), Some("Bearer top secret"));
    assert_eq!(gateway.header(0, "content-type"), None);
    let ids = [0, 1].map(|index| gateway.header(index, "idempotency-key").expect("it has one"));
    assert_ne!(ids[0], ids[1]);
    assert_eq!(gateway.0.lock().expect("nobody panics").connections.len(), 1);
    assert_eq!(publisher.statistics(), Statistics { told: 100, ..Statistics::default() });
    assert!(!format!("{publisher:?}").contains("secret"));
}

#[tokio::test]
async fn who_wants_to_know_is_told_why_it_was_not_taken() {
    let gateway = Gateway::default();
    let publisher = Publisher::builder().http(gateway.start().await).start().expect("it starts");
    publisher.try_trigger(1, zoo()).await.expect("it is taken");
    gateway.answers(StatusCode::UNAUTHORIZED, &[]);
    let refused = publisher.try_trigger(2, zoo()).await.expect_err("it is refused");
    assert!(refused.to_string().contains("check the key"), "{refused}");
    gateway.answers(StatusCode::BAD_REQUEST, &[]);
    let refused = publisher.try_trigger(3, zoo()).await.expect_err("it is refused");
    assert!(refused.to_string().contains(r#"400 Bad Request "no, since""#), "{refused}");
    let odd = std::collections::HashMap::from([([1, 2], 3)]);
    let odd = publisher.try_trigger(odd, zoo()).await;
    assert!(matches!(odd, Err(TriggerError::NotJson(_))));
    let named = Trigger { id: Some("line\nbreak".to_owned()), ..Trigger::new(4, zoo()) };
    let refused = publisher.try_publish(named).await;
    assert!(matches!(refused, Err(TriggerError::Refused(_))));
    let counted = publisher.statistics();
    assert_eq!((counted.told, counted.lost_refused, counted.lost_not_json), (1, 3, 1));
    assert_eq!(counted.lost(), 4);
}

#[tokio::test]
async fn a_busy_gateway_is_asked_again_with_the_same_name_and_the_order_stays() {
    let gateway = Gateway::default();
    let publisher = Publisher::builder().http(gateway.start().await).start().expect("it starts");
    gateway.answers(StatusCode::TOO_MANY_REQUESTS, &[("retry-after", "1")]);
    gateway.answers(StatusCode::SERVICE_UNAVAILABLE, &[]);
    let named = |id: &str| Trigger { id: Some(id.to_owned()), ..Trigger::new(id, zoo()) };
    publisher.publish(named("first"));
    publisher.publish(named("second"));
    publisher.idle().await;
    let names: Vec<_> = (0..4).map(|index| gateway.header(index, "idempotency-key")).collect();
    let names: Vec<_> = names.iter().map(|name| name.as_deref().expect("it has one")).collect();
    assert_eq!(names, ["first", "first", "first", "second"]);
    assert_eq!(publisher.statistics().retries, 2);
    assert_eq!(publisher.statistics().lost(), 0);
}

#[tokio::test]
async fn what_has_no_name_is_told_again_under_the_one_that_it_was_told_by_first() {
    let gateway = Gateway::default();
    let publisher = Publisher::builder().http(gateway.start().await).start().expect("it starts");
    gateway.answers(StatusCode::BAD_GATEWAY, &[]);
    publisher.try_trigger(1, zoo()).await.expect("it is taken");
    publisher.try_trigger(2, zoo()).await.expect("it is taken");
    let names = [0, 1, 2].map(|index| gateway.header(index, "idempotency-key"));
    assert_eq!(names[0], names[1]);
    assert_ne!(names[1], names[2]);
}

#[tokio::test]
async fn while_no_gateway_is_there_nobody_waits_and_what_is_lost_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let publisher = Publisher::builder().http(format!("http://{address}")).triggers_max(10);
    let publisher = publisher.start().expect("it starts");
    publisher.trigger("first", zoo());
    until("it is tried", || publisher.statistics().retries > 0).await;
    // What tells people to look again is told once.
    for _ in 0..1_000 {
        publisher.publish(Trigger::auto_update("country"));
    }
    for number in 0..20 {
        publisher.trigger(number, zoo());
    }
    let counted = publisher.statistics();
    assert_eq!((counted.waiting, counted.merged, counted.lost_full), (11, 999, 11));
    assert_eq!(publisher.try_trigger(20, zoo()).await, Err(TriggerError::Full));

    let gateway = Gateway::default();
    gateway.serve(TcpListener::bind(address).await.expect("the port is free again"));
    publisher.idle().await;
    let bodies = gateway.bodies();
    assert_eq!(bodies.len(), 11);
    assert_eq!(bodies[1], Trigger::auto_update("country").to_json());
    assert!(bodies[10].starts_with(r#"{"data": 8,"#));
}

#[tokio::test]
async fn a_gateway_that_is_busy_for_ever_is_not_waited_for() {
    let gateway = Gateway::default();
    let publisher = Publisher::builder().http(gateway.start().await).start().expect("it starts");
    // So that it is old enough for the sum of its age and what it is to wait to have no end.
    gateway.answers(StatusCode::TOO_MANY_REQUESTS, &[("retry-after", "1")]);
    gateway.answers(StatusCode::TOO_MANY_REQUESTS, &[("retry-after", "18446744073709551615")]);
    let given_up = publisher.try_trigger(1, zoo()).await;
    assert!(matches!(given_up, Err(TriggerError::Unavailable(_))), "{given_up:?}");
    publisher.try_trigger(2, zoo()).await.expect("it is taken");
}

#[tokio::test]
async fn what_nobody_takes_is_given_up() {
    // Nobody answers here.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let publisher = Publisher::builder()
        .http(url)
        .answer_within(Duration::from_millis(50))
        .give_up_after(Duration::from_millis(300))
        .start()
        .expect("it starts");
    let given_up = publisher.try_trigger(1, zoo()).await;
    assert!(matches!(given_up, Err(TriggerError::Unavailable(_))), "{given_up:?}");
    assert_eq!(publisher.statistics().lost_unavailable, 1);
    publisher.trigger(2, zoo());
    publisher.trigger(3, zoo());
    assert_eq!(publisher.close(Duration::ZERO).await, 2);
    publisher.trigger(4, zoo());
    assert_eq!(publisher.try_trigger(5, zoo()).await, Err(TriggerError::Closed));
    drop(listener);
}

#[tokio::test]
async fn behind_what_was_given_up_nobody_waits_longer_than_was_said() {
    // Nobody answers here.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let time = Duration::from_millis(500);
    let publisher = Publisher::builder().http(url).answer_within(time).give_up_after(time);
    let publisher = publisher.start().expect("it starts");
    for number in 0..1_000 {
        publisher.trigger(number, zoo());
    }
    until("all are given up", || publisher.statistics().lost_unavailable == 1_000).await;
    drop(listener);
}

#[tokio::test]
async fn what_one_way_refuses_is_kept_for_another_that_is_away() {
    let gateway = Gateway::default();
    gateway.answers(StatusCode::UNAUTHORIZED, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let away = listener.local_addr().expect("it has an address");
    drop(listener);
    let publisher = Publisher::builder().http(gateway.start().await);
    let publisher = publisher.rabbitmq(format!("amqp://{away}/"));
    let publisher = publisher.give_up_after(Duration::ZERO).start().expect("it starts");
    let kept = publisher.deliver(Trigger::new(1, zoo())).await;
    assert!(matches!(kept, Err(TriggerError::Unavailable(_))), "{kept:?}");
}

#[tokio::test]
async fn what_cannot_be_used_is_said_with_what_to_write() {
    for (url, says) in [
        ("localhost:8002", "cannot be used"),
        ("ftp://localhost", "is to begin with http://"),
        ("http://", "cannot be used"),
        ("http://a b", "cannot be used"),
    ] {
        let error = Publisher::builder().http(url).start().expect_err("it is no URL");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains(r#"write "http://localhost:8002""#), "{error}");
    }
    let error = Publisher::builder().http("http://ada:secret@here").start().expect_err("refused");
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = Publisher::builder().key("a\nb").start().expect_err("it is no key").to_string();
    assert!(error.contains("key") && !error.contains("a\nb"), "{error}");
    let error = Publisher::builder().rabbitmq("http://here").start().expect_err("it is no URL");
    assert!(error.to_string().contains("write amqp://"), "{error}");
}
