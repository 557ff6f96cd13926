//! The backend is in trouble when it is to be asked again.

use super::{allowed, comes_to, delivery, hears, listen, metric, outcome, start, trigger, wish};
use crate::support::backend::Answer;
use crate::support::client::Incoming;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_backend_fails_the_old_rights_are_kept_and_it_is_asked_until_it_answers() {
    let (campanile, backend) = start(allowed("", "a b"), |start| start).await;
    let mut client = listen(&campanile, "/ws/", "a b").await;
    backend.answer(|_| Answer::json(503, "{}"));
    wish(&campanile, "revalidate").await;
    comes_to(&campanile, "campanile_connections_stale", 1).await;
    trigger(&campanile, "a b", 1).await;
    hears(&mut client, &[&delivery("a", 1), &delivery("b", 1)]).await;
    for unreadable in ["[]", r#"{"allowed_rooms": 5}"#, "not JSON"] {
        let failures = metric(&campanile, &outcome("failed")).await;
        backend.answer(move |_| Answer::json(200, unreadable));
        wish(&campanile, "revalidate").await;
        while metric(&campanile, &outcome("failed")).await == failures {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(campanile.log().contains("the rights of connections cannot be renewed"));
    // Nobody wishes for it again: that is remembered.
    backend.answer(|_| allowed("", "b"));
    comes_to(&campanile, "campanile_connections_stale", 0).await;
    trigger(&campanile, "a b", 2).await;
    hears(
        &mut client,
        &[
            r#"{"type": "revoked", "room": {"room":"a"}, "requestId": "a"}"#,
            r#"{"type": "allowed_rooms", "allowed_rooms": [{"room":"b"}]}"#,
            &delivery("b", 2),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rights_are_not_kept_for_ever_whether_the_backend_fails_or_hangs() {
    for (status, delay_s) in [(503, 0), (200, 60)] {
        let (campanile, backend) =
            start(allowed("", "a"), |start| start.env("CAMPANILE_BACKEND_STALE_S", "1")).await;
        let mut client = listen(&campanile, "/ws/", "a").await;
        backend.answer(move |_| {
            let mut answer = allowed("", "a");
            (answer.status, answer.delay) = (status, Duration::from_secs(delay_s));
            answer
        });
        wish(&campanile, "revalidate").await;
        assert_eq!(client.next().await, Some(Incoming::Closed(1013)));
        drop(client);
        comes_to(&campanile, &outcome("expired"), 1).await;
        comes_to(&campanile, "campanile_connections", 0).await;
        assert_eq!(metric(&campanile, "campanile_connections_stale").await, 0);
    }
}
