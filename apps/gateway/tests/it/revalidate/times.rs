//! The backend is asked again at its time, with what the client showed and what the backend has set since.

use super::{allowed, comes_to, hears, listen, metric, open, outcome, start, text, wish};
use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Start, backend_address, own_address};
use crate::support::client::Client;
use std::time::Duration;

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    answer.headers.push(("Set-Cookie".to_owned(), cookie.to_owned()));
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_holds_for_a_while_is_asked_for_again_with_the_cookies_of_the_last() {
    let first = with_cookie(
        Answer::json(200, r#"{"allowed_rooms": [{"room":"a"}], "rooms_ttl": 1}"#),
        "session=two",
    );
    let own = own_address();
    let address = backend_address(own);
    let backend = Backend::start(address, move |_| first.clone()).await;
    // No cookie is kept for a host that is an address. This is the same one, written as a host.
    let [one, two, three, four] = own.octets().map(u32::from);
    let host = format!("{one}.{two}.{}", three * 256 + four);
    let url = format!("http://{host}:{}/api/", address.port());
    let campanile = Start::new(own).env("CAMPANILE_BACKEND_URL", &url).ready().await;
    let headers = [
        ("Cookie".to_owned(), "lang=nl; session=one".to_owned()),
        ("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned()),
    ];
    let client = Client::open(campanile.public, "/ws/", &headers).await;
    let mut client = client.expect("it is let in");
    assert!(text(&mut client).await.contains("true"));
    let seen = backend.take_seen(1).await;
    assert_eq!(seen[0].header("cookie"), Some("lang=nl; session=one"));
    backend.answer(|_| with_cookie(allowed("", "a b"), "session=three"));
    let seen = backend.take_seen(1).await;
    assert_eq!(seen[0].header("cookie"), Some("lang=nl; session=two"));
    let rooms = r#"{"type": "allowed_rooms", "allowed_rooms": [{"room":"a"},{"room":"b"}]}"#;
    hears(&mut client, &[rooms]).await;
    // The answer set no time, so nobody asks until somebody wishes for it.
    wish(&campanile, "revalidate").await;
    let seen = backend.take_seen(1).await;
    assert_eq!(seen[0].header("cookie"), Some("lang=nl; session=three"));
    comes_to(&campanile, &outcome("unchanged"), 1).await;
    hears(&mut client, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_time_in_the_configuration_every_connection_is_asked_for_again_and_again() {
    let (campanile, backend) =
        start(allowed("", "a"), |start| start.env("CAMPANILE_BACKEND_REVALIDATE_EVERY_S", "1"))
            .await;
    let mut clients =
        [listen(&campanile, "/ws/", "a").await, listen(&campanile, "/ws/", "a").await];
    let asked = backend.take_seen(8).await.len();
    assert!(asked >= 8, "{asked} questions for two connections");
    for client in &mut clients {
        hears(client, &[]).await;
        assert!(client.close().await);
    }
    comes_to(&campanile, "campanile_connections", 0).await;
    comes_to(&campanile, "campanile_revalidations_in_flight", 0).await;
    assert_eq!(metric(&campanile, "campanile_revalidations_waiting").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_during_a_question_is_one_question_more() {
    let (campanile, backend) = start(allowed("", "a b"), |start| start).await;
    let mut client = listen(&campanile, "/ws/", "a b").await;
    backend.take_seen(1).await;
    let mut slow = allowed("", "a b");
    slow.delay = Duration::from_secs(3);
    backend.answer(move |_| slow.clone());
    wish(&campanile, "revalidate").await;
    // The backend has this question and will answer it by the rooms of then.
    backend.take_seen(1).await;
    backend.answer(|_| allowed("", "b"));
    for _ in 0..3 {
        wish(&campanile, "revalidate").await;
    }
    hears(
        &mut client,
        &[
            r#"{"type": "revoked", "room": {"room":"a"}, "requestId": "a"}"#,
            r#"{"type": "allowed_rooms", "allowed_rooms": [{"room":"b"}]}"#,
        ],
    )
    .await;
    assert_eq!(backend.take_seen(1).await.len(), 1);
    assert_eq!(metric(&campanile, &outcome("merged")).await, 3);
    assert_eq!(metric(&campanile, &outcome("unchanged")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_headers_are_not_remembered_nobody_can_be_asked_for_again() {
    let (campanile, backend) = start(allowed("ada", "a"), |start| {
        start.env("CAMPANILE_BACKEND_REMEMBER_HEADERS", "false")
    })
    .await;
    let (mut client, _) = open(&campanile, "/ws/").await;
    backend.take_seen(1).await;
    assert_eq!(
        wish(&campanile, "revalidate?user=ada").await,
        r#"200 {"connections":1,"others":"none"}"#
    );
    comes_to(&campanile, &outcome("not_remembered"), 1).await;
    assert_eq!(client.settle().await, []);
    assert_eq!(
        wish(&campanile, "revalidate?user=bob").await,
        r#"200 {"connections":0,"others":"none"}"#
    );
}
