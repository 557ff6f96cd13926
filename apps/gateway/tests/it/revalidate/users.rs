//! Whose connections there are: their limit, and what is wished for them.

use super::{
    REFUSAL, allowed, comes_to, delivery, hears, listen, metric, open, outcome, start, text,
    trigger, wish,
};
use crate::support::backend::{Answer, Request};
use crate::support::client::{Client, Incoming};
use std::time::Duration;

/// Lets in who has a token, as the user of that name.
fn by_token(request: &Request) -> Answer {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Token "));
    token.map_or(Answer::json(403, "{}"), |user| allowed(user, "a b"))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_connections_of_a_user_are_asked_for_and_closed_when_it_may_hear_nothing() {
    let (campanile, backend) = start(allowed("", ""), |start| start).await;
    backend.answer(by_token);
    let mut ada = listen(&campanile, "/ws/?token=ada", "a b").await;
    let mut again = listen(&campanile, "/ws/?token=ada", "a").await;
    let (mut bob, greeting) = open(&campanile, "/ws/?token=bob").await;
    assert!(greeting.ends_with(r#", "user": "bob"}"#), "{greeting}");
    backend.take_seen(3).await;
    comes_to(&campanile, "campanile_users", 2).await;
    backend.answer(|_| Answer::json(403, "{}"));
    assert_eq!(
        wish(&campanile, "revalidate?user=ada").await,
        r#"200 {"connections":2,"others":"none"}"#
    );
    for client in [&mut ada, &mut again] {
        assert_eq!(text(client).await, REFUSAL);
        assert_eq!(client.next().await, Some(Incoming::Closed(1000)));
    }
    drop((ada, again));
    assert_eq!(backend.take_seen(2).await.len(), 2);
    assert_eq!(bob.settle().await, []);
    comes_to(&campanile, "campanile_users", 1).await;
    comes_to(&campanile, &outcome("refused"), 2).await;
    assert_eq!(metric(&campanile, "campanile_subscriptions_revoked_total").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_somebody_elses_now_is_ended() {
    let (campanile, backend) = start(allowed("ada", "a"), |start| start).await;
    for now in ["bob", ""] {
        backend.answer(|_| allowed("ada", "a"));
        let mut client = listen(&campanile, "/ws/", "a").await;
        backend.answer(move |_| allowed(now, "a"));
        wish(&campanile, "revalidate").await;
        assert_eq!(text(&mut client).await, REFUSAL);
        assert_eq!(client.next().await, Some(Incoming::Closed(1000)));
    }
    assert_eq!(metric(&campanile, &outcome("other_user")).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_nobody_becomes_a_users_when_the_backend_begins_to_name_users() {
    let (campanile, backend) = start(allowed("", "a"), |start| {
        start.env("CAMPANILE_LIMITS_CONNECTIONS_PER_USER_MAX", "1")
    })
    .await;
    let mut first = listen(&campanile, "/ws/", "a").await;
    backend.answer(|_| allowed("ada", "a"));
    wish(&campanile, "revalidate").await;
    comes_to(&campanile, "campanile_users", 1).await;
    trigger(&campanile, "a", 1).await;
    hears(&mut first, &[&delivery("a", 1)]).await;
    let second = Client::open(campanile.public, "/ws/", &[]).await;
    assert_eq!(second.err(), Some(503), "ada has as many as she may");
    wish(&campanile, "disconnect?user=ada").await;
    assert_eq!(first.next().await, Some(Incoming::Closed(1000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_cannot_have_more_connections_than_the_limit_and_others_can() {
    let (campanile, backend) =
        start(allowed("", ""), |start| start.env("CAMPANILE_LIMITS_CONNECTIONS_PER_USER_MAX", "2"))
            .await;
    backend.answer(by_token);
    let mut first = listen(&campanile, "/ws/?token=ada", "a").await;
    let _second = listen(&campanile, "/ws/?token=ada", "a").await;
    for _ in 0..3 {
        let refused = Client::open(campanile.public, "/ws/?token=ada", &[]).await;
        assert_eq!(refused.err(), Some(503));
    }
    let _other = listen(&campanile, "/ws/?token=bob", "a").await;
    let refused = r#"campanile_refusals_total{reason="connections_per_user_max"}"#;
    assert_eq!(metric(&campanile, refused).await, 3);
    assert!(first.close().await);
    comes_to(&campanile, "campanile_connections", 2).await;
    listen(&campanile, "/ws/?token=ada", "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_reaches_who_is_on_the_way_in_when_it_comes() {
    let (campanile, backend) = start(allowed("ada", "a"), |start| start).await;
    let mut slow = allowed("ada", "a b");
    slow.delay = Duration::from_secs(3);
    backend.answer(move |_| slow.clone());
    let opening = open(&campanile, "/ws/");
    let taking_away = async {
        // The backend has the question, and answers it by the rooms of then.
        backend.take_seen(1).await;
        backend.answer(|_| allowed("ada", "a"));
        wish(&campanile, "revalidate?user=ada").await
    };
    let ((mut client, greeting), told) = tokio::join!(opening, taking_away);
    assert!(greeting.contains(r#"{"room":"b"}"#), "{greeting}");
    assert_eq!(told, r#"200 {"connections":0,"others":"none"}"#);
    let rooms = r#"{"type": "allowed_rooms", "allowed_rooms": [{"room":"a"}]}"#;
    hears(&mut client, &[rooms]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_closed_by_user_or_by_name_with_the_code_that_is_asked_for() {
    let (campanile, backend) = start(allowed("", ""), |start| start).await;
    backend.answer(by_token);
    let mut ada = listen(&campanile, "/ws/?token=ada", "a").await;
    let mut bob = listen(&campanile, "/ws/?token=bob", "a").await;
    let (mut eve, greeting) = open(&campanile, "/ws/?token=eve").await;
    let closed = wish(&campanile, "disconnect?user=ada&code=4001&reason=logged+out").await;
    assert_eq!(closed, r#"200 {"connections":1,"others":"none"}"#);
    assert_eq!(ada.next().await, Some(Incoming::Closed(4001)));
    let name = greeting.split("\"connection\": \"").nth(1).and_then(|rest| rest.get(..36));
    let name = name.expect("a greeting names the connection");
    wish(&campanile, &format!("disconnect?connection={name}")).await;
    assert_eq!(eve.next().await, Some(Incoming::Closed(1000)));
    for (wrong, status) in [
        ("disconnect", "400"),
        ("disconnect?user=bob&code=1005", "400"),
        ("disconnect?user=bob&code=x", "400"),
        ("disconnect?user=bob&connection=x", "400"),
        ("revalidate?connection=x", "404"),
    ] {
        assert!(wish(&campanile, wrong).await.starts_with(status), "{wrong}");
    }
    trigger(&campanile, "a", 1).await;
    hears(&mut bob, &[&delivery("a", 1)]).await;
}
