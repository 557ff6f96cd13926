//! Lives of consumers, by communicators and in virtual time.

use std::time::Duration;

use campanile_consumer::layer::Message as Event;
use campanile_consumer::{Close, CloseCode, Limits};

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_client_is_let_in_answered_and_taken_leave_of() {
    let stage = Stage::new();
    let mut client = stage.connect("/").await;
    client.send("hello").await;
    assert_eq!(client.receive::<String>().await, "hello");
    assert!(client.receive_nothing().await);
    client.disconnect_with(CloseCode::GOING_AWAY).await;
    assert_eq!(stage.journal.entries(), ["connects", "connected", "left 1001"]);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_closes_its_own_connection_and_disconnect_is_called_all_the_same() {
    let stage = Stage::new();
    let mut well = stage.connect("/").await;
    for what in ["panic", "spawn-panic"] {
        let mut client = stage.connect("/").await;
        client.send(what).await;
        while client.receive_nothing().await {}
        if what == "spawn-panic" {
            assert_eq!(client.receive::<String>().await, what);
        }
        assert_eq!(client.receive_close().await, Close::from(CloseCode::INTERNAL));
        client.disconnect().await;
        assert_eq!(stage.journal.entries().last().expect("entries"), "left 1011");
    }
    stage.connect("/?sad=true").await.disconnect().await;
    let refused = stage.communicator("/?panic=true").connect().await.expect_err("it panicked");
    assert_eq!((refused.status().as_u16(), stage.server.statistics().panics), (500, 4));
    well.send("still here").await;
    assert_eq!(well.receive::<String>().await, "still here");
    drop(well);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_closes_hears_its_own_code_once() {
    let stage = Stage::new();
    for target in ["/", "/?close=true"] {
        let mut client = stage.connect(target).await;
        if target == "/" {
            client.send("close").await;
        }
        assert_eq!(client.receive_close().await.code, CloseCode::POLICY);
        client.disconnect().await;
    }
    let left = stage.journal.entries().into_iter().filter(|entry| entry.starts_with("left"));
    assert_eq!(left.collect::<Vec<_>>(), ["left 1008", "left 1008"]);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_closes_with_a_code_that_says_so() {
    let stage = Stage::new();
    let mut client = stage.connect("/").await;
    client.send(vec![1, 2, 3]).await;
    assert_eq!(client.receive_close().await.code, CloseCode::UNSUPPORTED);
    assert_eq!(stage.server.statistics().messages_invalid, 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_reaches_its_members_until_they_leave_it_or_are_gone() {
    let stage = Stage::new();
    let (mut ada, mut bob) = (stage.connect("/?join=chat").await, stage.connect("/").await);
    bob.send("join chat").await;
    assert_eq!(bob.receive::<String>().await, "join chat");
    ada.send("tell chat hello").await;
    let hello = r#"{"type":"chat.message","text":"hello"}"#;
    assert_eq!(ada.receive::<String>().await, hello);
    assert_eq!(bob.receive::<String>().await, hello);
    bob.send("leave chat").await;
    assert_eq!(bob.receive::<String>().await, "leave chat");
    ada.send("tell chat hello").await;
    assert_eq!(ada.receive::<String>().await, hello);
    assert!(bob.receive_nothing().await);
    ada.send("name").await;
    let name: String = ada.receive().await;
    let direct = Event::of_type("chat.message").with("text", "you");
    stage.server.layer().send(&name, &direct).await.expect("it is there");
    assert_eq!(ada.receive::<String>().await, r#"{"type":"chat.message","text":"you"}"#);
    drop((ada, bob));
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_a_consumer_does_not_know_is_counted_and_harms_nobody() {
    let stage = Stage::new();
    let mut client = stage.connect("/?join=chat").await;
    let events = [
        Event::of_type("chat.stranger"),
        Event::of_type("_private"),
        Event::default().with("text", "of no type"),
        Event::of_type("chat.message").with("text", 7_u64),
        Event::of_type("chat.message").with("text", "known"),
    ];
    for event in &events {
        stage.server.layer().group_send("chat", event).await.expect("there is room");
    }
    assert_eq!(client.receive::<String>().await, r#"{"type":"chat.message","text":"known"}"#);
    let statistics = stage.server.statistics();
    assert_eq!((statistics.events, statistics.events_unknown), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_was_too_slow_for_its_events_is_told_that_some_are_missing() {
    let stage = Stage::new();
    let mut client = stage.connect("/?join=chat").await;
    client.send("wait 1000").await;
    stage.journal.wait_for("waits").await;
    for number in 0..150 {
        let event = Event::of_type("chat.message").with("text", number.to_string());
        stage.server.layer().group_send("chat", &event).await.expect("those that are full are not");
    }
    stage.journal.wait_for("missed: 50 missed: the channel was full").await;
    assert_eq!(stage.server.statistics().missed, 1);
    client.wait_for(Duration::from_secs(10));
    assert_eq!(client.receive::<String>().await, "wait 1000");
    assert_eq!(client.receive::<String>().await, r#"{"type":"chat.message","text":"0"}"#);
}

#[tokio::test(start_paused = true)]
async fn spawned_work_ends_with_its_consumer_and_has_a_limit() {
    let stage = Stage::with(Limits { work_max: 1, ..Limits::default() });
    let mut client = stage.connect("/").await;
    client.send("tick").await;
    client.wait_for(Duration::from_secs(2));
    let mut ticks = 0;
    while ticks < 100 {
        ticks += usize::from(client.receive::<String>().await == "tick");
    }
    client.disconnect().await;
    let entries = stage.journal.entries();
    let end = entries.iter().position(|entry| entry == "the ticking ends").expect("it ends");
    let left = entries.iter().position(|entry| entry == "left 1000").expect("it has left");
    assert_eq!(end + 1, left, "{entries:?}");

    let mut greedy = stage.connect("/").await;
    greedy.send("tick").await;
    greedy.send("tick").await;
    crate::until("the second to be too much", || {
        let _ = greedy.try_receive();
        stage.journal.entries().contains(&"left 1011".to_owned())
    })
    .await;
    drop(greedy);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_is_not_read_while_its_consumer_has_enough_to_do() {
    let limits = Limits { waiting_messages_max: 4, ..Limits::default() };
    let stage = Stage::with(limits);
    let mut client = stage.connect("/").await;
    client.send("wait 500").await;
    stage.journal.wait_for("waits").await;
    let begun = tokio::time::Instant::now();
    for number in 0..20 {
        client.send(number.to_string()).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(400), "it waited: {:?}", begun.elapsed());
    assert_eq!(client.receive::<String>().await, "wait 500");
    for number in 0..20 {
        assert_eq!(client.receive::<String>().await, number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_before_the_client_is_let_in_has_a_limit() {
    let stage = Stage::with(Limits { sending_bytes_max: 10_000, ..Limits::default() });
    let mut client = stage.connect("/?send_bytes=5000").await;
    for _ in 0..5 {
        assert_eq!(client.receive::<String>().await.len(), 1_000);
    }
    let refused = stage.communicator("/?send_bytes=20000").connect().await;
    assert_eq!(refused.expect_err("that is too much").status(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_is_let_in_is_taken_leave_of() {
    let stage = Stage::new();
    let connecting = stage.communicator("/?sleep_ms=1000&join=chat").connect();
    let cancelled = tokio::time::timeout(Duration::from_millis(500), connecting).await;
    assert!(cancelled.is_err(), "it leaves half-way");
    stage.journal.wait_for("left 1006").await;
    assert_eq!(stage.journal.entries(), ["connects", "connected", "left 1006"]);
    assert_eq!(stage.server.statistics().connected, 0);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_not_let_in_in_time_is_refused() {
    let stage = Stage::new();
    let refused = stage.communicator("/?sleep_ms=60000").connect().await;
    assert_eq!(refused.expect_err("connect took too long").status(), 503);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end_those_who_do_not_leave_are_interrupted_and_taken_leave_of() {
    let stage = Stage::new();
    let mut client = stage.connect("/").await;
    client.send("wait 3600000").await;
    stage.journal.wait_for("waits").await;
    assert_eq!(stage.server.shutdown(Duration::from_secs(10)).await, 0);
    assert_eq!(stage.journal.entries().last().expect("entries"), "left 1001");
    let refused = stage.communicator("/").connect().await;
    assert_eq!(refused.expect_err("it is about to stop").status(), 503);
}
