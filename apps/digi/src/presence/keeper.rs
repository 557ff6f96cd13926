//! Writing down who has come and gone, and telling those whom it concerns.

use super::{Presence, Whereabouts};
use crate::events::{ChatEvent, Tell};
use crate::frames::shown_time;
use crate::names::Names;
use crate::store::{Here, Store};
use sea_orm::DbErr;
use std::time::{Duration, Instant};

/// Writes down who has come and gone, and tells those whom it concerns.
pub struct Keeper {
    presence: Presence,
    names: Names,
    tell: Tell,
}

/// How often is looked who has gone.
const TICK: Duration = Duration::from_secs(1);

/// How long is waited for more who come, to write them down together.
const GATHER: Duration = Duration::from_millis(50);

/// How long a user is here after its last socket.
const GRACE: Duration = Duration::from_secs(5);

/// How often this process says that it lives, and looks who does not: three times until it would be
/// held to be gone.
const BEAT_EVERY: Duration = Duration::from_secs(3);

/// How many conversations are told that a user has come or gone; the others see it when they next
/// look.
const TOLD_MAX: u64 = 1000;

impl Keeper {
    /// Makes it.
    pub fn new(presence: Presence, names: Names, tell: Tell) -> Keeper {
        Keeper { presence, names, tell }
    }

    /// Keeps it for as long as it is polled. That many come, of whom much is to be told, keeps nobody
    /// from hearing that this process lives.
    pub async fn run(self) {
        tokio::join!(self.live(), self.watch());
    }

    /// Says again and again that this process lives, and looks who does not.
    async fn live(&self) {
        let mut has_begun = false;
        loop {
            let beaten = self.beat(has_begun).await;
            let pause = if beaten.is_ok() { BEAT_EVERY } else { TICK };
            match beaten {
                Ok(()) => has_begun = true,
                Err(error) => tracing::warn!(%error, "that this process lives is not written down"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn beat(&self, has_begun: bool) -> Result<(), DbErr> {
        let store = self.store();
        if !has_begun {
            self.presence.seats.expect(store.left_here().await?, Instant::now());
        }
        if store.beat().await? && has_begun {
            tracing::warn!("the others held this process to be gone: who is here is told anew");
            self.presence.seats.all_untold();
        }
        let gone = store.sweep().await?;
        self.tell_who_is_gone(&gone).await
    }

    /// Writes down who comes and goes.
    async fn watch(&self) {
        loop {
            if let Err(error) = self.write_down().await {
                tracing::warn!(%error, "who is here is not written down: trying again");
                tokio::time::sleep(TICK).await;
            }
            tokio::select! {
                () = self.presence.seats.changed() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    async fn write_down(&self) -> Result<(), DbErr> {
        let arrived = self.presence.seats.arrived();
        if !arrived.is_empty() {
            let arriving = self.arrive(&arrived).await;
            arriving.inspect_err(|_| self.presence.seats.untold(&arrived))?;
        }
        let departed = self.presence.seats.departed(GRACE, Instant::now());
        if !departed.is_empty() {
            let departing = self.depart(&departed).await;
            departing.inspect_err(|_| self.presence.seats.expect(departed, Instant::now()))?;
        }
        Ok(())
    }

    async fn arrive(&self, users: &[i64]) -> Result<(), DbErr> {
        let before = self.store().whereabouts(users.iter().copied()).await?;
        self.store().come(users).await?;
        let here = Here { online: true, last_seen: chrono::Utc::now() };
        for user in users {
            if !before.get(user).is_some_and(|before| before.online) {
                self.tell(*user, here).await?;
            }
        }
        Ok(())
    }

    async fn depart(&self, users: &[i64]) -> Result<(), DbErr> {
        self.store().go(users).await?;
        self.tell_who_is_gone(users).await
    }

    /// Tells of those of them who are not at another process.
    async fn tell_who_is_gone(&self, users: &[i64]) -> Result<(), DbErr> {
        let after = self.store().whereabouts(users.iter().copied()).await?;
        for (user, here) in after {
            if !here.online {
                self.tell(user, here).await?;
            }
        }
        Ok(())
    }

    async fn tell(&self, user: i64, here: Here) -> Result<(), DbErr> {
        let event = ChatEvent::Presence(Whereabouts {
            user: self.names.name(user).await?.as_ref().to_owned(),
            online: here.online,
            last_seen: Some(shown_time(here.last_seen)),
        });
        for (conversation, peer) in self.store().talking(user, TOLD_MAX).await? {
            self.tell.chat_if_possible(conversation, &event).await;
            self.tell.inboxes([peer], conversation).await;
        }
        Ok(())
    }

    fn store(&self) -> &Store {
        &self.presence.store
    }
}
