//! What one node asks all others, and what they answer.
//!
//! A question goes the way of a wish: `{…, "do": "ask", "number": 7, "question": …}`. So does each
//! answer: `{…, "do": "answer", "to": …, "number": 7, "answer": …}`, which all nodes hear and all but
//! one ignore.

use super::{Control, Counters, VERSION};
use crate::api;
use crate::serve::Shared;
use bytes::Bytes;
use campanile_broker::To;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Questions of other nodes that may wait for their answer.
const WAITING_MAX: usize = 64;
/// Questions to other nodes that may be open at the same time.
const OPEN_MAX: usize = 64;
/// Answers that may wait for whoever asked.
const ANSWERS_MAX: usize = 64;

/// A question on its way.
#[derive(Serialize, Deserialize)]
pub(super) struct Ask {
    version: u32,
    node: Box<str>,
    r#do: Box<str>,
    number: u64,
    question: Box<RawValue>,
}

/// An answer on its way.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    version: u32,
    node: Box<str>,
    r#do: Box<str>,
    to: Box<str>,
    number: u64,
    answer: Box<RawValue>,
}

/// The questions of this node that are open.
#[derive(Debug, Default)]
pub(super) struct Open {
    number: AtomicU64,
    asked: Mutex<HashMap<u64, mpsc::Sender<Said>>>,
}

/// What a node answered.
type Said = (Box<str>, Box<RawValue>);

/// What the other nodes answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// Each node's answer.
    pub answers: BTreeMap<Box<str>, Box<RawValue>>,
    /// The nodes that are there and did not answer in time.
    pub silent: Vec<Box<str>>,
    /// Why they could not be asked, for a person; none: they were.
    pub unasked: Option<String>,
}

/// The questions of other nodes, to be answered one after the other.
pub struct Questions(mpsc::Receiver<Ask>);

/// Makes the way from the broker to [`answer_all`].
pub(super) fn questions() -> (mpsc::Sender<Ask>, Questions) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (sender, Questions(receiver))
}

impl Open {
    fn begin(&self) -> Option<Opened<'_>> {
        let number = self.number.fetch_add(1, Relaxed);
        let (sender, said) = mpsc::channel(ANSWERS_MAX);
        let mut asked = self.lock();
        if asked.len() >= OPEN_MAX {
            return None;
        }
        asked.insert(number, sender);
        Some(Opened { open: self, number, said })
    }

    /// Takes an answer in. One that comes too late, or is one too many, counts as not given.
    pub(super) fn take(&self, answer: Answer) {
        if let Some(sender) = self.lock().get(&answer.number) {
            let _ = sender.try_send((answer.node, answer.answer));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Said>>> {
        // Nothing in here panics half-way through a change.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    pub(super) fn is_for(&self, node: &str) -> bool {
        *self.to == *node
    }
}

/// A question whose answers are waited for. Forgotten when dropped.
struct Opened<'a> {
    open: &'a Open,
    number: u64,
    said: mpsc::Receiver<Said>,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
    }
}

impl Control {
    /// Returns whether the nodes that are there have all answered, and no other can be.
    fn have_all(&self, answers: &BTreeMap<Box<str>, Box<RawValue>>) -> bool {
        let neighbours = self.neighbours.list();
        self.neighbours.are_all_known() && neighbours.iter().all(|node| answers.contains_key(node))
    }
}

impl Shared {
    /// Asks all other nodes, and waits until those that are there have answered, but no longer than
    /// `patience`.
    pub async fn ask_others(&self, question: Box<RawValue>, patience: Duration) -> Answers {
        let (control, began) = (&self.control, Instant::now());
        let mut answers = Answers::default();
        let Some(mut opened) = control.open.begin() else {
            control.counters.unsent.add();
            answers.unasked = Some("too many questions are open: ask again".to_owned());
            answers.silent = control.neighbours.list();
            return answers;
        };
        let (node, number) = (control.node.clone(), opened.number);
        let ask = Ask { version: VERSION, node, r#do: "ask".into(), number, question };
        if let Err(why) = self.say(&ask).await {
            answers.unasked = Some(why);
            answers.silent = control.neighbours.list();
            return answers;
        }
        while !control.have_all(&answers.answers) {
            let left = patience.saturating_sub(began.elapsed());
            let said = tokio::time::timeout(left, opened.said.recv()).await;
            let Ok(Some((node, answer))) = said else { break };
            answers.answers.insert(node, answer);
        }
        let silent = control.neighbours.list().into_iter();
        answers.silent = silent.filter(|node| !answers.answers.contains_key(node)).collect();
        answers.silent.iter().for_each(|_| control.counters.unanswered.add());
        answers
    }

    /// Says something to all nodes; an error is for a person.
    async fn say(&self, message: &impl Serialize) -> Result<(), String> {
        let body = serde_json::to_vec(message).expect("it is made of JSON");
        let said = self.publishing.broker.publish(To::Nodes, Bytes::from(body)).await;
        let Counters { sent, unsent, .. } = &self.control.counters;
        let counter = if said.is_ok() { sent } else { unsent };
        counter.add();
        said.map_err(|error| error.to_string())
    }
}

/// Answers what other nodes ask, for as long as the process runs.
pub async fn answer_all(shared: Arc<Shared>, mut questions: Questions) {
    while let Some(ask) = questions.0.recv().await {
        let counters = &shared.control.counters;
        let Some(answer) = api::answer_node(&shared, &ask.question).await else {
            counters.undone.add();
            continue;
        };
        let (version, node, number) = (VERSION, shared.control.node.clone(), ask.number);
        let answer = Answer { version, node, r#do: "answer".into(), to: ask.node, number, answer };
        if let Err(why) = shared.say(&answer).await {
            tracing::warn!("a question of another node is not answered: {why}");
        }
        counters.done.add();
    }
}
