//! What browsers are let in for, and what they hear.

use super::peer::{OPEN, Peer, WEBUI, log_in, until};
use crate::stage::Stage;
use crate::world::World;
use serde_json::{Value, json};

/// Answers a question as a translator does.
async fn answer(translator: &mut Peer, question: &Value, name: Option<&str>, is_blocked: bool) {
    let mut answer = question.clone();
    answer["type"] = json!("translator_check_resp");
    answer["message"]["is_blocked"] = json!(is_blocked);
    if let Some(name) = name {
        answer["message"]["translator_name"] = json!(name);
    }
    translator.say(answer).await;
}

#[tokio::test]
async fn every_translator_answers_for_itself_to_the_browser_that_asked() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    let mut one = Peer::old(stage.address()).await;
    let mut two = Peer::v2(stage.address()).await;
    two.say(json!({"type": "translator_heartbeat",
        "message": {"v4_count": 0, "v6_count": 0, "name": "edge2"}}))
        .await;
    until("it has a name", async || {
        stage.app().translators.of("block").iter().any(|it| it.name == "edge2").then_some(())
    })
    .await;
    let mut asker = Peer::browser(&stage, "cleo").await.unwrap();
    let mut other = Peer::browser(&stage, "ada").await.unwrap();
    asker.ask("192.0.2.4/32").await;
    let question = one.hear().await;
    let expected = json!({"route": "192.0.2.4/32", "row": "12"});
    assert_eq!((&question["type"], &question["message"]), (&json!("translator_check"), &expected));
    answer(&mut one, &question, None, true).await;
    let heard = asker.hear().await;
    let message = json!({"route": "192.0.2.4/32", "row": "12", "is_blocked": true,
        "translator_name": "translator at 127.0.0.1"});
    assert_eq!(heard, json!({"type": "wui_check_resp", "message": message}));
    let question = loop {
        let heard = two.hear().await;
        if heard["type"] == "translator_check" {
            break heard;
        }
    };
    answer(&mut two, &question, Some("edge2"), false).await;
    let heard = asker.hear().await;
    assert_eq!(heard["message"]["is_blocked"], false);
    assert_eq!(heard["message"]["translator_name"], "edge2");
    assert!(other.hears_nothing().await);
    stage.end().await;
}

#[tokio::test]
async fn answers_are_taken_only_from_who_was_asked_and_once() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    stage.app().store.add_action_type("noop", "ada").await.unwrap();
    let mut asked = Peer::old(stage.address()).await;
    let noop = "/ws/route_manager/translator_noop/";
    let mut stranger = Peer::open(stage.address(), noop, &[]).await.unwrap();
    let mut browser = Peer::browser(&stage, "cleo").await.unwrap();
    browser.ask("192.0.2.4/32").await;
    let question = asked.hear().await;
    let channel = question["channel"].as_str().unwrap();
    assert_eq!(channel.len(), 32);
    answer(&mut stranger, &question, Some("forged"), true).await;
    let mut forged = question.clone();
    for wrong in [json!("specific.abc!xyz"), json!(""), json!(null), json!(7)] {
        forged["channel"] = wrong;
        answer(&mut asked, &forged, Some("forged"), true).await;
    }
    until("they were not taken", async || {
        (stage.app().translators.statistics().answers_unasked == 5).then_some(())
    })
    .await;
    // What else it says in the answer is not passed on.
    let mut lying = question.clone();
    lying["message"] = json!({"route": "203.0.113.1/32", "row": "1", "evil": true});
    answer(&mut asked, &lying, None, false).await;
    answer(&mut asked, &question, Some("again"), true).await;
    let heard = browser.hear().await["message"].clone();
    assert_eq!((&heard["is_blocked"], &heard["row"]), (&json!(false), &json!("12")));
    assert_eq!(heard["evil"], Value::Null);
    assert!(browser.hears_nothing().await);
    assert_eq!(stage.app().translators.statistics().answers_unasked, 6);
    stage.end().await;
}

#[tokio::test]
async fn only_who_may_see_entries_is_let_in_and_only_from_this_site() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    let address = stage.address();
    let cookies = log_in(&stage, "cleo").await;
    assert_eq!(Peer::open(address, WEBUI, &[]).await.err(), Some(403));
    assert_eq!(Peer::browser(&stage, "dan").await.err(), Some(403));
    let with = |origin: &str| [("Cookie", cookies.clone()), ("Origin", origin.to_owned())];
    let own = with(&format!("http://{address}"));
    let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, &**value)).collect();
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let foreign = with(foreign);
        let foreign: Vec<(&str, &str)> =
            foreign.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(Peer::open(address, WEBUI, &foreign).await.err(), Some(403));
    }
    let nothing = "/ws/route_manager/webui_nothing/";
    assert_eq!(Peer::open(address, nothing, &own).await.err(), Some(404));
    for name in ["ada", "bob", "cleo"] {
        assert!(Peer::browser(&stage, name).await.is_ok());
    }
    assert!(Peer::open(address, WEBUI, &own).await.is_ok());
    stage.end().await;
}

#[tokio::test]
async fn a_browser_s_socket_ends_with_the_session_and_with_the_right() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    let accounts = &stage.app().accounts;
    let cookies = log_in(&stage, "bob").await;
    let mut by_session = Peer::open(stage.address(), WEBUI, &[("Cookie", &cookies)]).await.unwrap();
    let mut by_token = Peer::browser(&stage, "cleo").await.unwrap();
    let bob = accounts.user("bob").await.unwrap().unwrap();
    accounts.end_sessions(bob.id, None).await.unwrap();
    assert_eq!(by_session.hear_close().await, 4401);
    let mut cleo = accounts.user("cleo").await.unwrap().unwrap();
    cleo.groups.clear();
    accounts.change_user(&cleo).await.unwrap();
    assert_eq!(by_token.hear_close().await, 4401);
    stage.end().await;
}
