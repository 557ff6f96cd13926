//! Whatever comes, nobody but its sender notices.

use super::peer::{OPEN, Peer, adds, until};
use crate::stage::Stage;
use crate::world::{World, add};
use serde_json::json;

/// What is no frame, with the code by which it is closed.
fn unreadable() -> Vec<(String, u16)> {
    let texts =
        ["this is not json", "", "[]", "null", "3", "{}", "\"x\"", "{\"type\":3}", "{\"type\":"];
    let deep = "[".repeat(10_000);
    texts.into_iter().map(str::to_owned).chain([deep]).map(|text| (text, 1007)).collect()
}

#[tokio::test]
async fn malformed_frames_of_translators_cost_their_connection_and_nobody_else_anything() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    let mut witness = Peer::old(stage.address()).await;
    let wrong = [
        r#"{"type":"translator_heartbeat"}"#,
        r#"{"type":"translator_heartbeat","message":null}"#,
        r#"{"type":"translator_heartbeat","message":3}"#,
        r#"{"type":"translator_heartbeat","message":{}}"#,
        r#"{"type":"translator_heartbeat","message":{"v4_count":"3","v6_count":4}}"#,
        r#"{"type":"translator_heartbeat","message":{"v4_count":-1,"v6_count":4}}"#,
        r#"{"type":"translator_check_resp","channel":"x","message":[]}"#,
        r#"{"type":"translator_check_resp","channel":"x","message":{"is_blocked":"yes"}}"#,
        r#"{"type":"translator_state","message":7}"#,
    ];
    let wrong = wrong.into_iter().map(|text| (text.to_owned(), 1008));
    for (text, code) in unreadable().into_iter().chain(wrong) {
        let mut translator = Peer::old(stage.address()).await;
        translator.say_text(&text).await;
        let shown: String = text.chars().take(80).collect();
        assert_eq!(translator.hear_close().await, code, "{shown}");
    }
    let mut bytes = Peer::old(stage.address()).await;
    bytes.say_bytes(&[0, 255]).await;
    assert_eq!(bytes.hear_close().await, 1003);
    let mut long = Peer::old(stage.address()).await;
    let text = json!({"type": "x", "message": "x".repeat(300_000)});
    long.say(text).await;
    // That its rest was not read may reset the connection before the code is heard.
    assert!([1009, 0].contains(&long.hear_close().await));
    let mut flooding = Peer::old(stage.address()).await;
    for _ in 0..1_000 {
        flooding.beat(1, 1).await;
    }
    assert!([1008, 0].contains(&flooding.hear_close().await));
    let mut stranger = Peer::old(stage.address()).await;
    stranger.say(json!({"type": "what_is_this", "more": [1, 2]})).await;
    stranger.beat(1, 2).await;
    until("all others are gone, and counted right", async || {
        let seen = stage.app().translators.of("block");
        (seen.len() == 2 && seen[1].v6 == 2).then_some(())
    })
    .await;
    add(&stage.app().store, "192.0.2.1").await;
    for peer in [&mut witness, &mut stranger] {
        assert_eq!(peer.hear_lines(1).await, adds(&["192.0.2.1/32"]));
    }
    assert!(stage.app().translators.statistics().malformed >= 20);
    assert_eq!(stage.app().sockets.statistics().panics, 0);
    stage.end().await;
}

#[tokio::test]
async fn malformed_frames_of_browsers_reach_no_translator() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    let mut translator = Peer::old(stage.address()).await;
    let mut witness = Peer::browser(&stage, "cleo").await.unwrap();
    let wrong = [
        r#"{"type":"wui_check_req"}"#,
        r#"{"type":"wui_check_req","message":3}"#,
        r#"{"type":"wui_check_req","message":[]}"#,
        r#"{"type":"wui_check_req","message":{}}"#,
        r#"{"type":"wui_check_req","message":{"route":7}}"#,
        r#"{"type":"wui_check_req","message":{"route":"192.0.2.0/33"}}"#,
        r#"{"type":"wui_check_req","message":{"route":"everything"}}"#,
    ];
    let wrong = wrong.into_iter().map(|text| (text.to_owned(), 1008));
    let long = json!({"type": "wui_check_req", "message": {"route": "192.0.2.1", "row": "x".repeat(5_000)}});
    for (text, code) in unreadable().into_iter().chain(wrong).chain([(long.to_string(), 1009)]) {
        let mut browser = Peer::browser(&stage, "cleo").await.unwrap();
        browser.say_text(&text).await;
        let code = if text.len() > 4_096 { 1009 } else { code };
        let shown: String = text.chars().take(80).collect();
        assert_eq!(browser.hear_close().await, code, "{shown}");
    }
    let mut flooding = Peer::browser(&stage, "cleo").await.unwrap();
    for number in 0..5_000 {
        flooding.ask(&format!("192.0.2.{}", number % 256)).await;
    }
    assert!([1008, 0].contains(&flooding.hear_close().await));
    witness.say(json!({"type": "what_is_this"})).await;
    witness.ask("198.51.100.7").await;
    // The flood, as far as it was let through, and nothing that is malformed.
    loop {
        let question = translator.hear().await;
        assert_eq!(question["type"], "translator_check");
        let mut answer = question.clone();
        answer["type"] = json!("translator_check_resp");
        answer["message"]["is_blocked"] = json!(true);
        translator.say(answer).await;
        if question["message"]["route"] == "198.51.100.7" {
            break;
        }
    }
    assert_eq!(witness.hear().await["message"]["is_blocked"], true);
    assert_eq!(stage.app().sockets.statistics().panics, 0);
    stage.end().await;
}
