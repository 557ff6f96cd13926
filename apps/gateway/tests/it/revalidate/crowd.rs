//! A room is taken from a thousand clients while all of their rooms are triggered.

use super::{allowed, comes_to, listen, metric, outcome, start, trigger, wish};
use crate::support::campanile::Campanile;
use crate::support::client::{Client, Incoming};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CLIENTS: usize = 1_000;

/// Triggers all three rooms, one number after the other, until it is told to stop.
#[derive(Default)]
struct Ringer {
    /// The number that was triggered last, or is about to be.
    begun: AtomicU64,
    /// The number whose trigger was answered last.
    answered: AtomicU64,
    is_done: AtomicBool,
}

impl Ringer {
    async fn ring(self: Arc<Self>, campanile: Arc<Campanile>) {
        while !self.is_done.load(SeqCst) {
            let number = self.begun.fetch_add(1, SeqCst) + 1;
            trigger(&campanile, "a b c", number).await;
            self.answered.store(number, SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn has_rung(&self, times: u64) {
        let until = self.answered.load(SeqCst) + times;
        while self.answered.load(SeqCst) < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// What a client heard of one room.
fn heard(came: &[String], room: &str) -> Vec<u64> {
    let of_room = |text: &String| {
        let rest = text.strip_prefix(r#"{"type":"publish","data":"#)?;
        rest.strip_suffix(&format!(r#","requestId":"{room}"}}"#))?.parse().ok()
    };
    came.iter().filter_map(of_room).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_clients_in_three_rooms_each_one_room_is_silent_and_the_others_have_no_gap() {
    let (campanile, backend) =
        start(allowed("", "a b c"), |start| start.env("CAMPANILE_LOOPS_COUNT", "2")).await;
    let campanile = Arc::new(campanile);
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(listen(&campanile, &format!("/ws/?token={number}"), "a b c").await);
    }
    let ringer = Arc::new(Ringer::default());
    let ringing = tokio::spawn(Arc::clone(&ringer).ring(Arc::clone(&campanile)));
    ringer.has_rung(5).await;
    backend.answer(|_| allowed("", "a c"));
    let (before, began) = (ringer.answered.load(SeqCst), Instant::now());
    assert_eq!(wish(&campanile, "revalidate").await, r#"200 {"connections":1000,"others":"none"}"#);
    comes_to(&campanile, "campanile_subscriptions_revoked_total", CLIENTS as u64).await;
    println!("{CLIENTS} clients lost one room of three within {:?}", began.elapsed());
    // Whatever is triggered from here on must not be heard in the room.
    let after = ringer.begun.load(SeqCst);
    ringer.has_rung(5).await;
    ringer.is_done.store(true, SeqCst);
    ringing.await.expect("triggers are answered");
    let last = ringer.answered.load(SeqCst);
    let mut checking = JoinSet::new();
    for client in clients {
        checking.spawn(check(client, before, after, last));
    }
    checking.join_all().await;
    assert_eq!(metric(&campanile, &outcome("changed")).await, CLIENTS as u64);
}

/// Checks what a client heard: everything in two rooms, and of the third only the beginning.
async fn check(mut client: Client, before: u64, after: u64, last: u64) {
    let came = client.settle().await.into_iter().map(|came| match came {
        Incoming::Text(text) => text,
        other => panic!("{other:?}"),
    });
    let came: Vec<String> = came.collect();
    let all: Vec<u64> = (1..=last).collect();
    assert_eq!(heard(&came, "a"), all);
    assert_eq!(heard(&came, "c"), all);
    let revoked = r#"{"type": "revoked", "room": {"room":"b"}, "requestId": "b"}"#;
    let told = came.iter().position(|text| text == revoked).expect("it is told");
    let rooms = r#"{"type": "allowed_rooms", "allowed_rooms": [{"room":"a"},{"room":"c"}]}"#;
    assert_eq!(came[told + 1], rooms);
    assert_eq!(came.len(), heard(&came, "b").len() + 2 * all.len() + 2);
    assert!(heard(&came[told..], "b").is_empty());
    let lost = heard(&came, "b");
    assert_eq!(lost, all[..lost.len()]);
    assert!((before..=after).contains(&(lost.len() as u64)), "{before} {} {after}", lost.len());
}
