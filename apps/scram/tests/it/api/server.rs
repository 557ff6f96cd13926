//! Health, numbers, and the wish to catch up.

use super::asking::Answer;
use crate::sockets::peer::{OPEN, Peer};
use crate::stage::{Stage, serve};
use crate::world::{World, on_both};
use expect_test::expect;
use std::time::Duration;

on_both! {
    anybody_is_told_how_the_server_is
    who_may_write_or_is_a_neighbour_may_have_the_server_catch_up
    a_change_on_one_instance_is_told_by_the_other_when_it_catches_up
    neighbours_and_superusers_see_what_was_counted
}

/// Such a request may come from anywhere, by a proxy.
const FROM_AFAR: (&str, &str) = ("X-Forwarded-For", "203.0.113.9");

async fn anybody_is_told_how_the_server_is(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    stage.app().store.add_action_type("shunt", "ada").await.unwrap();
    stage.app().store.add_action_type("gone", "ada").await.unwrap();
    stage.app().store.set_available("gone", false, "ada").await.unwrap();
    stage.ask("bob", "POST entries/", r#"{"route":"192.0.2.1","comment":"x"}"#).await;
    let answer = stage.ask("nobody", "GET /health/", "").await;
    assert_eq!(answer.status, 200);
    let mut health = answer.json();
    assert!(health["timestamp"].as_f64().unwrap() > 1.7e9);
    assert_eq!(health["datetime"].as_str().map(str::len), Some("2026-11-21 01:45 UTC".len()));
    (health["timestamp"], health["datetime"]) = (0.into(), "now".into());
    expect![[r#"{"active_entries":{"block":1},"checks":{"cache":"ok","database":"ok"},"connected_translators":{"block":{"count":0,"gobgp_routes":{"v4":0,"v6":0},"translators":[]},"shunt":{"count":0,"gobgp_routes":{"v4":0,"v6":0},"translators":[]}},"datetime":"now","status":"healthy","timestamp":0,"version":"0.1.0"}"#]].assert_eq(&health.to_string());
    let _translator = Peer::old(stage.address()).await;
    stage.app().store.database().clone().close().await.unwrap();
    let answer = stage.ask_with("GET /health/", &[], b"").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"], "unhealthy");
    assert_eq!(answer.json()["checks"]["database"], "failed");
    // Who is connected is known without it.
    assert_eq!(answer.json()["connected_translators"]["block"]["count"], 1);
    stage.end().await;
}

async fn who_may_write_or_is_a_neighbour_may_have_the_server_catch_up(world: World) {
    let stage = Stage::start(world, &[]).await;
    let what = ["GET /process_updates/", "POST /process_updates/"];
    let mut told = String::new();
    for what in what {
        told += what;
        for who in ["nobody", "dan", "cleo", "bob", "ada"] {
            let token = match who {
                "nobody" => "Basic proxy".to_owned(),
                who => format!("Token {}", stage.token(who).await),
            };
            let headers = [FROM_AFAR, ("Authorization", &*token)];
            told += &format!(" {who} {}", stage.ask_with(what, &headers, b"").await.status);
        }
        let neighbour = stage.ask_with(what, &[], b"").await;
        told += &format!(" neighbour {} {}\n", neighbour.status, neighbour.body);
    }
    let (cookie, _) = stage.log_in("ada").await;
    let headers = [FROM_AFAR, ("Cookie", &*cookie)];
    let session = stage.ask_with("GET /process_updates/", &headers, b"").await;
    told += &format!("a session {}\n", session.status);
    expect![[r#"
        GET /process_updates/ nobody 403 dan 403 cleo 403 bob 200 ada 200 neighbour 200 {"entries_deleted":0,"active_entries":0,"entries_reprocessed":0,"entries_reprocessed_list":[]}
        POST /process_updates/ nobody 403 dan 403 cleo 403 bob 200 ada 200 neighbour 200 {"entries_deleted":0,"active_entries":0,"entries_reprocessed":0,"entries_reprocessed_list":[]}
        a session 403
    "#]].assert_eq(&told);
    stage.end().await;
}

async fn a_change_on_one_instance_is_told_by_the_other_when_it_catches_up(world: World) {
    let other =
        serve(&world.url, &[("SCRAM_INSTANCE", "b"), ("SCRAM_EXPIRY_SECONDS", "3600")]).await;
    let variables = [("SCRAM_INSTANCE", "a"), ("SCRAM_EXPIRY_SECONDS", "3600")];
    let stage = Stage::start(world, &variables).await;
    let asked = "POST /process_updates/ HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let catch_up = async || -> Answer {
        let answer = super::asking::send(other.address(), asked.as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    };
    catch_up().await;
    let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(300)).to_rfc3339();
    let body = format!(r#"{{"route":"192.0.2.1","comment":"x","expiration":"{soon}"}}"#);
    assert_eq!(stage.ask("bob", "POST entries/", &body).await.status, 201);
    let body = r#"{"route":"2001:db8::1","comment":"x"}"#;
    assert_eq!(stage.ask("bob", "POST entries/", body).await.status, 201);
    // Many who ask at once share runs; what the other has told by itself, it need not tell again.
    let answers = futures_util::future::join_all((0..20).map(|_| catch_up())).await;
    for answer in answers {
        let json = answer.json();
        assert_eq!(
            json["entries_reprocessed"].as_u64().map(|count| count as usize),
            json["entries_reprocessed_list"].as_array().map(Vec::len)
        );
    }
    assert_eq!(other.app().store.lag("b").await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let json = catch_up().await.json();
    assert_eq!(json["active_entries"], 1, "{json}");
    assert_eq!(other.app().store.lag("b").await.unwrap(), 0);
    assert_eq!(stage.ask("bob", "DELETE entries/2001:db8::1/", "").await.status, 204);
    let json = catch_up().await.json();
    assert_eq!(
        (&json["active_entries"], &json["entries_deleted"]),
        (&0.into(), &0.into()),
        "{json}"
    );
    other.shutdown().await;
    stage.end().await;
}

async fn neighbours_and_superusers_see_what_was_counted(world: World) {
    let stage = Stage::start(world, &[]).await;
    let requests = [
        ("bob", "POST entries/", r#"{"route":"192.0.2.1","comment":"x"}"#),
        ("bob", "POST entries/", r#"{"route":"192.0.2.2","comment":"x"}"#),
        ("cleo", "POST entries/", r#"{"route":"192.0.2.3","comment":"x"}"#),
        ("bob", "POST entries/", r#"{"route":"0.0.0.0/0","comment":"x"}"#),
        ("bob", "DELETE entries/192.0.2.1/", ""),
        ("bob", "GET nothing/", ""),
    ];
    for (who, what, body) in requests {
        stage.ask(who, what, body).await;
    }
    stage.app().catch_up.now().await.unwrap();
    let answer = stage.ask_with("GET /metrics", &[], b"").await;
    assert_eq!(answer.status, 200);
    let wanted = ["scram_entries", "scram_events", "scram_translators_c", "scram_api"];
    let mut lines: Vec<_> = answer
        .body
        .lines()
        .filter(|line| wanted.iter().any(|name| line.starts_with(name)))
        .collect();
    lines.sort_unstable();
    expect![[r#"
        scram_api_requests_total{status="201"} 2
        scram_api_requests_total{status="204"} 1
        scram_api_requests_total{status="400"} 1
        scram_api_requests_total{status="403"} 1
        scram_api_requests_total{status="404"} 1
        scram_entries_active{action_type="block"} 1
        scram_entries_added_total 2
        scram_entries_expired_total 0
        scram_entries_refused_total{reason="not_permitted"} 1
        scram_entries_refused_total{reason="too_large"} 1
        scram_entries_removed_total 1
        scram_entries_transactions_total 2
        scram_entries_waiting 0
        scram_events_lag 0
        scram_translators_connected{action_type="block"} 0
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
    assert!(answer.body.contains("scram_accounts_logins_failed_total 0"), "{}", answer.body);
    assert!(answer.body.contains("scram_sockets_replays_total 0"), "{}", answer.body);
    for (who, status) in [("nobody", 403), ("bob", 403), ("ada", 200)] {
        let token = match who {
            "nobody" => "Basic proxy".to_owned(),
            who => format!("Token {}", stage.token(who).await),
        };
        let headers = [FROM_AFAR, ("Authorization", &*token)];
        assert_eq!(stage.ask_with("GET /metrics", &headers, b"").await.status, status, "{who}");
    }
    stage.end().await;
}
