//! Two processes on one PostgreSQL and one Redis: conversations go on through both while one is
//! killed, and what each side has heard is what the database holds.

use super::program::Digi;
use crate::peer::Peer;
use crate::stage::{authorization, named, serve, talk};
use crate::world::{World, people_of};
use campanile_broker::testing::Server as Program;
use campanile_digi::store::{Page, Store};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How many messages each side sends.
const MESSAGES: usize = 12;

/// After how many of all sides' messages the one process is killed: about a third.
const KILLED_AFTER: usize = MESSAGES * 2 / 3;

fn conversations() -> usize {
    let full = std::env::var_os("CAMPANILE_FULL_SIZE").is_some();
    if full { 500 } else { 10 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_go_on_through_two_processes_while_one_is_killed_and_nothing_differs() {
    let (Some(world), Some(redis)) = (World::postgres(), Program::redis()) else { return };
    let redis_url = redis.url_text(redis.port());
    // It publishes, too, what others leave behind: by the same Redis.
    let beside = serve(&world.url, &[("DIGI_REDIS_URL", &redis_url)]).await;
    let app = beside.app().clone();
    let pairs = conversations();
    let names: Vec<String> = (0..2 * pairs).map(|number| format!("user{number}")).collect();
    let users = people_of(&app.store, &names).await;
    let variables = [("DIGI_DATABASE_URL", world.url.as_str()), ("DIGI_REDIS_URL", &redis_url)];
    let (mut one, other) = (Digi::start(&variables).await, Digi::start(&variables).await);
    let addresses = [one.address(), other.address()];
    let (acknowledged, (ends, ended)) = (Arc::new(AtomicUsize::new(0)), watch::channel(false));
    let mut talkers = Vec::new();
    let mut numbers = Vec::new();
    for pair in users.chunks(2) {
        let conversation = talk(&app.store, pair[0], pair[1]).await;
        let id = named(&app, conversation).await;
        numbers.push((conversation, pair[0]));
        for (side, user) in pair.iter().enumerate() {
            let talker = Talker {
                addresses: [addresses[side], addresses[1 - side]],
                path: format!("/ws/chat/{id}/"),
                token: authorization(&app, *user).await,
                heard: BTreeMap::new(),
                queue: (0..MESSAGES).map(|number| format!("{side}-{number}")).collect(),
                acknowledged: Arc::clone(&acknowledged),
            };
            talkers.push(tokio::spawn(talker.talk(ended.clone())));
        }
    }
    crate::until("a third to be said", || {
        acknowledged.load(Ordering::Relaxed) >= KILLED_AFTER * pairs
    })
    .await;
    one.kill();
    let all = 2 * MESSAGES * pairs;
    crate::until("all to be acknowledged", || acknowledged.load(Ordering::Relaxed) >= all).await;
    ends.send_replace(true);
    let mut talkers = talkers.into_iter();
    for (conversation, user) in numbers {
        let wanted = log_of(&app.store, user, conversation).await;
        assert_eq!(wanted.len(), 2 * MESSAGES);
        for _ in 0..2 {
            let heard = talkers.next().expect("two a conversation").await.expect("it ends");
            assert_eq!(heard, wanted);
        }
    }
    drop((one, other));
    beside.shutdown().await;
}

/// What is in a conversation: number, text.
async fn log_of(store: &Store, user: i64, conversation: i64) -> BTreeMap<i64, String> {
    let membership = store.membership(user, conversation).await.expect("it is hers");
    let history = store.history(&membership, Page::Newest, 200).await.expect("it is read");
    history.messages.into_iter().map(|message| (message.seq, message.body)).collect()
}

/// A page: it keeps what is not acknowledged, comes back with the last number it has heard, and sends
/// the rest again.
struct Talker {
    /// Where to go, and where else.
    addresses: [SocketAddr; 2],
    path: String,
    token: String,
    heard: BTreeMap<i64, String>,
    queue: BTreeSet<String>,
    acknowledged: Arc<AtomicUsize>,
}

impl Talker {
    /// Talks until all has been said, and returns what was heard.
    async fn talk(mut self, mut ended: watch::Receiver<bool>) -> BTreeMap<i64, String> {
        let mut tries = 0;
        loop {
            let address = self.addresses[tries % 2];
            tries += 1;
            if let Some(mut socket) = self.open(address).await {
                let gone = self.talk_on(&mut socket, &mut ended).await;
                if gone.is_none() {
                    return self.heard;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn open(&self, address: SocketAddr) -> Option<Peer> {
        let last = self.heard.keys().next_back().copied().unwrap_or(0);
        let path = format!("{}?after={last}", self.path);
        Peer::try_open(address, &path, &[("Authorization", &self.token)]).await
    }

    /// Talks on one socket. Returns none when everything was heard by all.
    async fn talk_on(
        &mut self,
        socket: &mut Peer,
        ended: &mut watch::Receiver<bool>,
    ) -> Option<u16> {
        for name in &self.queue {
            socket.say(json!({"type": "add", "message": name, "client_id": name})).await;
        }
        loop {
            if *ended.borrow() && self.heard.len() == 2 * MESSAGES {
                return None;
            }
            let frame = tokio::select! {
                frame = socket.next_whenever() => frame,
                _ = ended.changed() => continue,
            };
            match frame {
                Ok(frame) if frame["type"] == "chat_message" => {
                    let seq = frame["seq"].as_i64().expect("a number");
                    let text = frame["message"].as_str().expect("a text").to_owned();
                    if self.queue.remove(&text) {
                        self.acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    let last = self.heard.keys().next_back().copied().unwrap_or(0);
                    // Only what is acknowledged again comes a second time.
                    assert!(
                        seq == last + 1 || self.heard.get(&seq) == Some(&text),
                        "{seq} after {last}"
                    );
                    self.heard.insert(seq, text);
                }
                Ok(frame) => assert_ne!(frame["type"], "resync"),
                Err(code) => return Some(code),
            }
        }
    }
}
