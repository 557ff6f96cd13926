//! What one client may send and ask for.

use super::{Incoming, metric, open, plays, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_closes_its_connection() {
    let (fits, long) = (" ".repeat(128), " ".repeat(129));
    plays(&format!(
        r#"
        with CAMPANILE_LIMITS_MESSAGE_BYTES_MAX=128
        backend {{"allowed_rooms": []}}
        ada opens
        ada < {{"is_authorized": true, "allowed_rooms": []}}
        ada >> {fits}
        ada < {{"requestId": "<uuid>", "code": "error", "message": "non-json-message"}}
        ada >> {long}
        ada closed 1009
        metric campanile_protocol_errors_total 1
        "#,
        fits = fits.replace(' ', "20"),
        long = long.replace(' ', "20"),
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_more_than_its_rate_is_closed_and_until_then_answered() {
    let (campanile, _backend) =
        start(&[("limits.messages_per_s", "1"), ("limits.messages_burst", "5")]).await;
    let mut client = open(&campanile, &[]).await;
    // On whatever machine they do not take a thousand seconds.
    for _ in 0..1_000 {
        client.send("{}").await;
    }
    let mut answers = 0;
    let end = loop {
        match client.next().await {
            Some(Incoming::Text(_)) => answers += 1,
            end => break end,
        }
    };
    assert_eq!(end, Some(Incoming::Closed(1008)));
    assert!((5..1_000).contains(&answers), "{answers} were answered");
    assert_eq!(metric(&campanile, "campanile_rate_limited_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_too_many_is_answered_by_an_error_until_another_ends() {
    plays(
        r#"
        with CAMPANILE_LIMITS_SUBSCRIPTIONS_PER_CONNECTION_MAX=2
        backend {"allowed_rooms": [{"zoo": "*"}]}
        ada opens
        ada < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}]}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        ada < {"code": "success"}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 2}
        ada < {"code": "success"}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 3}
        ada < {"code": "error", "message": "too-many-subscriptions"}
        metric campanile_subscriptions_refused_total 1
        ada > {"type": "unsubscribe", "requestId": 1}
        ada < {"code": "success"}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 3}
        ada < {"code": "success"}
        trigger {"rooms": [{"zoo": 1}], "data": 0}
        ada < {"type": "publish", "data": 0, "requestId": 2}
        ada < {"type": "publish", "data": 0, "requestId": 3}
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_too_many_is_answered_by_an_error_and_rooms_that_there_are_go_on() {
    plays(
        r#"
        with CAMPANILE_LIMITS_ROOMS_MAX=1
        with CAMPANILE_LOOPS_COUNT=1
        backend {"allowed_rooms": [{"zoo": "*"}]}
        ada opens
        ada < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}]}
        bob opens
        bob < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}]}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        ada < {"code": "success"}
        bob > {"type": "subscribe", "room": {"zoo": 2}, "requestId": 1}
        bob < {"code": "error", "message": "too-many-rooms"}
        metric campanile_rooms_refused_total 1
        bob > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        bob < {"code": "success"}
        "#,
    )
    .await;
}
