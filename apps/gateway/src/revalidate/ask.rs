//! The questions: in the order in which they were put, a limited number at once.

use super::Inner;
use crate::backend::{Authorized, Forwarded, Refused, User};
use crate::command::Command;
use campanile_hub::Permissions;
use campanile_manager::ConnectionKey;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often an answer is offered to a loop that is too far behind to take it, and how long to wait
/// between. After that its connection ends when its rights are too old.
const OFFERS: usize = 200;
const BETWEEN_OFFERS: Duration = Duration::from_millis(50);

/// The questions that wait.
#[derive(Default)]
pub(super) struct Questions(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// By their numbers, which count up.
    waiting: BTreeMap<u64, Question>,
    put: u64,
    workers: usize,
}

struct Question {
    key: ConnectionKey,
    forwarded: Forwarded,
    /// What the connection has until the answer.
    permissions: Arc<Permissions>,
}

/// A question that was put; dropped, it is not asked if it waits.
pub struct Ticket {
    asked: Arc<Inner>,
    number: u64,
}

/// What came of a question.
#[derive(Clone)]
pub enum Answer {
    /// The backend lets it in.
    Renewed(Renewed),
    /// The backend says no.
    Refused,
    /// The backend is in trouble: it is not known what it would say.
    Failed,
}

/// What the backend says now.
#[derive(Clone)]
pub struct Renewed {
    /// What the connection may hear.
    pub permissions: Arc<Permissions>,
    /// Whether those are other rooms than before.
    pub is_changed: bool,
    /// With which to ask from here on, if that is something else.
    pub forwarded: Option<Forwarded>,
    /// Whose it is.
    pub user: Option<User>,
    /// After which time to ask again.
    pub rooms_ttl: Option<Duration>,
}

pub(super) fn ask(
    inner: &Arc<Inner>,
    key: ConnectionKey,
    forwarded: Forwarded,
    permissions: Arc<Permissions>,
) -> Ticket {
    let mut queue = inner.questions.lock();
    let number = queue.put;
    queue.put += 1;
    queue.waiting.insert(number, Question { key, forwarded, permissions });
    if queue.workers < inner.at_once_max {
        queue.workers += 1;
        drop(queue);
        inner.runtime.spawn(work(Arc::clone(inner)));
    }
    Ticket { asked: Arc::clone(inner), number }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.asked.questions.lock().waiting.remove(&self.number);
    }
}

impl Questions {
    pub(super) fn in_flight(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.workers, queue.waiting.len())
    }

    /// Returns the next question; a worker that gets none ends.
    fn next(&self) -> Option<Question> {
        let mut queue = self.lock();
        let next = queue.waiting.pop_first();
        if next.is_none() {
            queue.workers -= 1;
        }
        next.map(|(_, question)| question)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work(inner: Arc<Inner>) {
    while let Some(question) = inner.questions.next() {
        let answer = inner.answer(&question).await;
        inner.offer(question.key, &answer).await;
    }
}

impl Inner {
    async fn answer(&self, question: &Question) -> Answer {
        let asked = self.backend.ask_again(&question.forwarded).await;
        match asked.and_then(|authorized| self.renewed(question, authorized)) {
            Ok(renewed) => Answer::Renewed(renewed),
            Err(refused) if refused.is_failure() => {
                self.counters.failed.add();
                if self.seldom.is_time() {
                    tracing::warn!(
                        "the rights of connections cannot be renewed: {refused}. They keep the old \
                         ones for {} s at most ([backend] stale_s).",
                        self.patience.as_secs()
                    );
                }
                Answer::Failed
            }
            Err(refused) => {
                let connection = self.names.name(question.key);
                tracing::debug!(%connection, "a connection is let in no longer: {refused}");
                Answer::Refused
            }
        }
    }

    fn renewed(&self, question: &Question, authorized: Authorized) -> Result<Renewed, Refused> {
        let Authorized { rights, cookies } = authorized;
        let permissions = self.pool.intern(&rights.allowed_rooms);
        let permissions = permissions.map_err(|error| Refused::Unreadable(error.to_string()))?;
        let forwarded =
            (!cookies.is_empty()).then(|| question.forwarded.clone().with_cookies(&cookies));
        let is_changed = !allow_the_same(&question.permissions, &permissions);
        let (user, rooms_ttl) = (rights.user, rights.rooms_ttl);
        Ok(Renewed { permissions, is_changed, forwarded, user, rooms_ttl })
    }

    /// Gives the answer to the connection's loop.
    async fn offer(&self, key: ConnectionKey, answer: &Answer) {
        for _ in 0..OFFERS {
            let command = Command::Renew { key, answer: Box::new(answer.clone()) };
            if self.handle.command(key, command).is_ok() {
                return;
            }
            tokio::time::sleep(BETWEEN_OFFERS).await;
        }
        self.counters.undelivered.add();
    }
}

/// Returns whether two lists have the same rooms, in whatever order.
fn allow_the_same(one: &Arc<Permissions>, other: &Arc<Permissions>) -> bool {
    // Equal lists are the same, nearly always.
    if Arc::ptr_eq(one, other) {
        return true;
    }
    one.len() == other.len() && {
        let rooms: HashSet<_> = one.rooms().collect();
        other.rooms().all(|room| rooms.contains(room))
    }
}
