//! What a trigger may be, and what is remembered of it.

use super::{comes_to, delivery, listen, metric, plays, start};
use crate::support::http;

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_too_long_is_refused_and_reaches_nobody() {
    let (campanile, _backend) = start(&[("trigger.bytes_max", "100")]).await;
    let mut client = listen(&campanile, "a", false).await;
    let body = r#"{"rooms":[{"room":"a"}],"data":1}"#;
    for (bytes, status) in [(100, 200), (101, 413)] {
        let body = format!("{body:bytes$}");
        let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
        assert_eq!(answer.expect("triggers are answered").status, status, "{bytes} bytes");
    }
    assert_eq!(client.next().await, delivery(1));
    assert_eq!(client.settle().await, []);
    assert_eq!(metric(&campanile, r#"campanile_triggers_total{outcome="bad"}"#).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_for_too_many_rooms_is_refused_and_reaches_none_of_them() {
    plays(
        r#"
        with CAMPANILE_TRIGGER_ROOMS_MAX=2
        backend {"allowed_rooms": [{"zoo": "*"}]}
        ada opens
        ada < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}]}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        ada < {"code": "success"}
        trigger {"rooms": [{"zoo": 1}, {"zoo": 2}, {"zoo": 3}], "data": 1}
        answer 400 more than 2 rooms
        metric campanile_triggers_total{outcome="bad"} 1
        trigger {"rooms": [{"zoo": 1}, {"zoo": 2}], "data": 2}
        ada < {"type": "publish", "data": 2, "requestId": 1}
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_would_be_compared_with_too_many_rooms_is_left_out_and_the_rest_is_heard() {
    plays(
        r#"
        with CAMPANILE_TRIGGER_PATTERN_ROOMS_MAX=1
        with CAMPANILE_LOOPS_COUNT=1
        backend {"allowed_rooms": [{"zoo": "*"}, {"park": "*"}]}
        ada opens
        ada < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}, {"park": "*"}]}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        ada < {"code": "success"}
        ada > {"type": "subscribe", "room": {"zoo": 2}, "requestId": 2}
        ada < {"code": "success"}
        ada > {"type": "subscribe", "room": {"park": 1}, "requestId": 3}
        ada < {"code": "success"}
        trigger json {"rooms": [{"zoo": "*"}, {"park": "*"}], "data": 1, "match": "pattern"}
        answer 200 {"subscriptions": 1}
        ada < {"type": "publish", "data": 1, "requestId": 3}
        metric campanile_patterns_refused_total 1
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_ids_the_oldest_is_forgotten_and_would_be_published_again() {
    plays(
        r#"
        with CAMPANILE_TRIGGER_IDS_MAX=2
        backend {"allowed_rooms": [{"zoo": "*"}]}
        ada opens
        ada < {"is_authorized": true, "allowed_rooms": [{"zoo": "*"}]}
        ada > {"type": "subscribe", "room": {"zoo": 1}, "requestId": 1}
        ada < {"code": "success"}
        trigger json {"rooms": [{"zoo": 1}], "data": 1, "id": "a"}
        ada < {"type": "publish", "data": 1, "requestId": 1}
        trigger json {"rooms": [{"zoo": 1}], "data": 2, "id": "b"}
        ada < {"type": "publish", "data": 2, "requestId": 1}
        metric campanile_trigger_ids_forgotten_total 0
        trigger json {"rooms": [{"zoo": 1}], "data": 3, "id": "c"}
        ada < {"type": "publish", "data": 3, "requestId": 1}
        metric campanile_trigger_ids_forgotten_total 1
        metric campanile_trigger_ids 2
        trigger json {"rooms": [{"zoo": 1}], "data": 4, "id": "c"}
        answer 200 {"subscriptions": 0, "duplicate": true}
        trigger json {"rooms": [{"zoo": 1}], "data": 5, "id": "a"}
        ada < {"type": "publish", "data": 5, "requestId": 1}
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_keeps_to_its_bytes_and_counts_what_it_forgets() {
    let (campanile, _backend) = start(&[("explain.bytes_max", "65536")]).await;
    let forgotten = r#"campanile_explain_forgotten_total{what="triggers"}"#;
    let mut triggers = 0;
    // Each takes some bytes, so that there is an end to it.
    while metric(&campanile, forgotten).await < 10 {
        for _ in 0..50 {
            let body = format!(r#"{{"rooms":[{{"room":"{}"}}],"data":1}}"#, "x".repeat(1_000));
            let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
            assert_eq!(answer.expect("triggers are answered").status, 200);
            triggers += 1;
        }
        assert!(triggers < 10_000, "nothing is forgotten");
        assert!(metric(&campanile, "campanile_explain_bytes").await <= 65_536);
    }
    let kept = triggers - metric(&campanile, forgotten).await;
    comes_to(&campanile, "campanile_explain_entries", kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_keeps_to_its_entries_of_each_kind() {
    let (campanile, _backend) = start(&[("explain.entries", "100")]).await;
    for number in 0..130 {
        let is_bad = number % 13 == 0;
        let body = if is_bad { "{}" } else { r#"{"rooms":[{"room":1}],"data":1}"# };
        let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
        let expected = if is_bad { 400 } else { 200 };
        assert_eq!(answer.expect("triggers are answered").status, expected);
    }
    for (kind, count) in [("triggers", 20), ("refused_triggers", 0), ("happenings", 0), ("gaps", 0)]
    {
        let name = format!("campanile_explain_forgotten_total{{what=\"{kind}\"}}");
        comes_to(&campanile, &name, count).await;
    }
}
