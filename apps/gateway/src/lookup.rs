//! What is asked of all loops and put together: for those who operate a gateway.

use crate::command::Command;
use crate::serve::Shared;
use crate::service::Session;
use crate::trigger::Exclude;
use campanile_hub::{Match, Room};
use campanile_manager::{ConnectionKey, Connections};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the loops are waited for; one that is further behind is left out.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whom would this reach?
#[derive(Debug)]
pub struct Question {
    /// The rooms, or patterns of rooms.
    pub rooms: Vec<Room>,
    /// What a `*` in them means.
    pub matching: Match,
    /// Connections that do not count.
    pub without: Vec<ConnectionKey>,
}

/// What one loop answers: each room with its subscriptions.
pub type Audience = Vec<(Room, usize)>;

impl Question {
    /// Answers for one loop.
    pub(crate) fn audience(&self, connections: &mut dyn Connections<Session>) -> Audience {
        let loop_index = connections.loop_index();
        let ours = self.without.iter().filter(|key| key.loop_index == loop_index);
        let slots: Vec<u32> =
            ours.filter(|key| connections.with(**key, &mut |_| {})).map(|key| key.slot).collect();
        connections.audience(&self.rooms, self.matching, &mut |slot| !slots.contains(&slot))
    }
}

impl Shared {
    /// Returns whom a publication would reach on this node: each room with its subscriptions.
    pub async fn audience(
        &self,
        rooms: Vec<Room>,
        matching: Match,
        exclude: &Exclude,
    ) -> BTreeMap<Room, usize> {
        let without = self.excluded(exclude);
        let question = Arc::new(Question { rooms, matching, without });
        let command = |reply| Command::Audience { question: Arc::clone(&question), reply };
        let mut sum = BTreeMap::new();
        for (room, subscriptions) in self.ask_loops(command).await.into_iter().flatten() {
            *sum.entry(room).or_default() += subscriptions;
        }
        sum
    }

    /// Returns the connections of this node that a trigger leaves out.
    pub fn excluded(&self, exclude: &Exclude) -> Vec<ConnectionKey> {
        let named = exclude.connection.and_then(|name| self.settings.names.key(name));
        let user = exclude.user.as_deref().map(|user| self.settings.users.keys_of(user));
        named.into_iter().chain(user.into_iter().flatten()).collect()
    }

    /// Asks every loop the same, and returns what was answered in time.
    async fn ask_loops<T>(&self, command: impl Fn(mpsc::UnboundedSender<T>) -> Command) -> Vec<T> {
        let (reply, mut replies) = mpsc::unbounded_channel();
        for index in 0..self.handle.loops() {
            // A loop that does not take it drops the sender, and is not waited for.
            let _ = self.handle.command_loop(index, command(reply.clone()));
        }
        drop(reply);
        let mut answers = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, async {
            while let Some(answer) = replies.recv().await {
                answers.push(answer);
            }
        })
        .await;
        answers
    }
}
