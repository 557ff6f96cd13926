use super::{Hearing, Interest, LINGER};
use bytes::Bytes;
use campanile_broker::{Broker, Counters, ListenError, PublishError, State, To};
use campanile_hub::Room;
use campanile_manager::ConnectionKey;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Answer = Result<(), ListenError>;

/// A broker that answers a listen when the test says how.
#[derive(Default)]
struct Scripted {
    /// Listens that wait for their answer, the oldest first.
    asked: Mutex<Vec<(String, oneshot::Sender<Answer>)>>,
    /// What it was asked to listen for, and not to forget.
    topics: Mutex<BTreeSet<String>>,
}

impl Scripted {
    /// Waits for the next listen, and answers it.
    async fn answer(&self, topic: &str, answer: Answer) {
        loop {
            let next = {
                let mut asked = self.asked.lock().unwrap();
                if asked.is_empty() { None } else { Some(asked.remove(0)) }
            };
            if let Some((asked, sender)) = next {
                assert_eq!(asked, topic);
                sender.send(answer).unwrap();
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn topics(&self) -> Vec<String> {
        self.topics.lock().unwrap().iter().cloned().collect()
    }
}

impl Broker for Scripted {
    fn publish<'a>(&'a self, _: To<'a>, _: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn listen<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Answer> {
        async move {
            self.topics.lock().unwrap().insert(topic.to_owned());
            let (sender, answer) = oneshot::channel();
            self.asked.lock().unwrap().push((topic.to_owned(), sender));
            answer.await.unwrap()
        }
        .boxed()
    }

    fn unlisten(&self, topic: &str) {
        self.topics.lock().unwrap().remove(topic);
    }

    fn listens_by_room(&self) -> bool {
        true
    }

    fn state(&self) -> State {
        State::Connected
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}

const ROOM: &str = r#"{"room":1}"#;

fn world() -> (Arc<Scripted>, Arc<Interest>, Room) {
    let broker = Arc::new(Scripted::default());
    let interest = Interest::new(Arc::clone(&broker) as Arc<dyn Broker>);
    (broker, interest, Room::parse(ROOM).unwrap())
}

fn connection(serial: u64) -> ConnectionKey {
    ConnectionKey { loop_index: 0, slot: 0, serial }
}

/// Lets all tasks do what they can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn after(seconds: u64) -> Instant {
    Instant::now() + LINGER + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_room_is_heard_of_once_the_broker_has_confirmed_it_and_is_asked_for_once() {
    let (broker, interest, room) = world();
    assert_eq!(interest.want(&room, connection(1)), Hearing::NotYet);
    assert_eq!(interest.want(&room, connection(2)), Hearing::NotYet);
    settle().await;
    assert_eq!((interest.hears(&room), interest.waiting()), (Hearing::NotYet, 2));
    assert!(!interest.hears_any(std::slice::from_ref(&room)));
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!((interest.hears(&room), interest.waiting()), (Hearing::Yes, 0));
    assert!(interest.hears_any(std::slice::from_ref(&room)));
    assert_eq!(interest.want(&room, connection(3)), Hearing::Yes);
    assert!(broker.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn that_the_broker_is_back_confirms_no_room_that_it_was_not_asked_for() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    // The task that asks has not run yet.
    interest.broker_is_back();
    assert_eq!(interest.hears(&room), Hearing::NotYet);
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::NotYet);
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::Yes);
}

#[tokio::test]
async fn a_room_that_had_to_wait_for_the_broker_is_asked_for_again_when_it_is_back() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    broker.answer(ROOM, Err(ListenError::Later)).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::NotYet);
    assert!(broker.asked.lock().unwrap().is_empty());
    interest.broker_is_back();
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::Yes);
}

#[tokio::test]
async fn a_broker_that_is_back_before_it_is_known_that_it_was_lost_is_not_missed() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    settle().await;
    interest.broker_is_back();
    broker.answer(ROOM, Err(ListenError::Later)).await;
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::Yes);
}

#[tokio::test]
async fn a_room_that_nobody_is_in_is_forgotten_after_a_while_and_not_before() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    interest.hold(&room);
    interest.release(&room);
    interest.forget_idle(after(1));
    assert_eq!(interest.len(), 1);
    interest.release(&room);
    interest.forget_idle(Instant::now());
    assert_eq!((interest.len(), broker.topics()), (1, vec![ROOM.to_owned()]));
    interest.forget_idle(after(1));
    assert_eq!((interest.len(), broker.topics()), (0, vec![]));
}

#[tokio::test]
async fn whoever_comes_and_goes_takes_one_place_and_a_room_that_is_held_again_stays() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    interest.release(&room);
    for serial in 2..1000 {
        interest.want(&room, connection(serial));
        interest.release(&room);
    }
    assert_eq!(interest.lock().idle.len(), 1);
    interest.want(&room, connection(1000));
    interest.forget_idle(after(1));
    assert_eq!((interest.len(), interest.lock().idle.len()), (1, 0));
    interest.release(&room);
    interest.forget_idle(after(1));
    assert_eq!((interest.len(), broker.topics()), (0, vec![]));
}

#[tokio::test]
async fn a_room_that_was_given_up_while_the_broker_was_lost_is_not_listened_for_later() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    broker.answer(ROOM, Err(ListenError::Later)).await;
    interest.give_up(&room, connection(1));
    assert_eq!(interest.waiting(), 0);
    interest.forget_idle(after(1));
    settle().await;
    interest.broker_is_back();
    settle().await;
    assert!(broker.asked.lock().unwrap().is_empty());
    assert_eq!(broker.topics(), Vec::<String>::new());
}

#[tokio::test]
async fn a_listen_that_comes_after_its_room_was_forgotten_is_taken_back() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    interest.give_up(&room, connection(1));
    interest.forget_idle(after(1));
    settle().await;
    assert_eq!(broker.topics(), Vec::<String>::new());
    // The same, but the broker was asked before it was forgotten; and it is wanted anew meanwhile.
    interest.want(&room, connection(2));
    settle().await;
    interest.give_up(&room, connection(2));
    interest.forget_idle(after(1));
    interest.want(&room, connection(3));
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::NotYet);
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!((interest.hears(&room), broker.topics()), (Hearing::Yes, vec![ROOM.to_owned()]));
}

#[tokio::test]
async fn a_room_beyond_the_limit_is_refused_and_can_be_asked_for_again_at_once() {
    let (broker, interest, room) = world();
    interest.want(&room, connection(1));
    broker.answer(ROOM, Err(ListenError::Full)).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::Refused);
    interest.release(&room);
    assert_eq!(interest.len(), 0);
    assert_eq!(interest.want(&room, connection(2)), Hearing::NotYet);
    broker.answer(ROOM, Ok(())).await;
    settle().await;
    assert_eq!(interest.hears(&room), Hearing::Yes);
}
