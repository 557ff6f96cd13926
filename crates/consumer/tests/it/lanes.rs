//! The fast lane, by communicators and by real loops.

use campanile_consumer::layer::Message as Event;

use crate::sockets::{Listening, receive, text};
use crate::stage::Stage;
use tokio_tungstenite::tungstenite::Message;

fn said(text: impl Into<String>) -> Event {
    Event::of_type("chat.message").with("text", text.into())
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_fast_group_reaches_clients_without_their_consumers() {
    let stage = Stage::new();
    let mut early = stage.connect("/?fast=chat").await;
    let mut late = stage.connect("/").await;
    late.send("fast chat").await;
    assert_eq!(late.receive::<String>().await, "fast chat");
    assert_eq!((stage.server.statistics().lanes, stage.server.statistics().lane_members), (1, 2));
    for text in ["hello", "nothing", "panic", "again"] {
        stage.server.layer().group_send("chat", &said(text)).await.expect("there is room");
    }
    for client in [&mut early, &mut late] {
        assert_eq!(client.receive::<String>().await, "fast hello");
        assert_eq!(client.receive::<String>().await, "fast again");
    }
    let statistics = stage.server.statistics();
    assert_eq!((statistics.lane_events, statistics.events, statistics.panics), (2, 0, 1));
    late.send("leave chat").await;
    assert_eq!(late.receive::<String>().await, "leave chat");
    stage.server.layer().group_send("chat", &said("bye")).await.expect("there is room");
    assert_eq!(early.receive::<String>().await, "fast bye");
    assert!(late.receive_nothing().await);
    drop((early, late));
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn members_of_a_fast_group_are_told_that_events_are_missing() {
    let stage = Stage::new();
    let _ada = stage.connect("/?fast=chat").await;
    let _bob = stage.connect("/?fast=chat").await;
    // More at once than the lane's channel holds: nobody reads it between.
    for number in 0..150 {
        let message = said(number.to_string());
        stage.server.layer().group_send("chat", &message).await.expect("those full are not");
    }
    crate::until("both to be told", || stage.server.statistics().missed >= 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_moment_of_joining_every_event_is_heard_once_and_in_order() {
    let listening = Listening::new().await;
    let layer = listening.server.layer().clone();
    let publishing = tokio::spawn(async move {
        // Fewer than a channel holds, so that none is missed however slow the machine is.
        for number in 0..90 {
            layer.group_send("chat", &said(number.to_string())).await.expect("there is room");
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
        layer.group_send("chat", &said("end")).await.expect("there is room");
    });
    let mut clients = Vec::new();
    for number in 0..40 {
        let by_itself = number % 2 == 0;
        let mut client = listening.connect(if by_itself { "/?fast=chat" } else { "/" }).await;
        if !by_itself {
            client.send_text("fast chat").await;
        }
        clients.push(client);
    }
    for client in &mut clients {
        let mut last = None;
        loop {
            let heard = receive(&mut client.0).await;
            let Message::Text(heard) = heard else { panic!("{heard:?}") };
            match heard.as_str().strip_prefix("fast ") {
                Some("chat") => {}
                Some("end") => break,
                Some(number) => {
                    let number: usize = number.parse().expect("a number");
                    assert!(last.is_none_or(|last| last + 1 == number), "{last:?} {number}");
                    last = Some(number);
                }
                None => panic!("{heard}"),
            }
        }
    }
    publishing.await.expect("it publishes");
    assert_eq!(listening.server.statistics().missed, 0);
    assert_eq!(listening.server.statistics().events, 0);
    assert!(listening.server.loop_statistics().deliveries > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_the_fast_lane_too() {
    let listening = Listening::new().await;
    let mut client = listening.connect("/?fast=chat").await;
    client.send_text("ready").await;
    assert_eq!(receive(&mut client.0).await, text("ready"));
    let event = Event::of_type("chat.bytes").with("hex", "6869");
    listening.server.layer().group_send("chat", &event).await.expect("there is room");
    assert_eq!(receive(&mut client.0).await, Message::binary(&b"6869"[..]));
    drop(client);
    listening.is_clean().await;
}
