//! Hearing of new events at once, also of other instances'.

use crate::database::Database;
use crate::store::events::NOTIFICATION;
use sea_orm::DbBackend;
use sea_orm::sqlx::{Error, postgres::PgListener};
use std::future::pending;
use tracing::debug;

/// Hears PostgreSQL's notifications; with SQLite there is nobody else to hear of.
pub(super) struct Listener {
    database: Database,
    listening: Option<PgListener>,
}

impl Listener {
    pub(super) fn new(database: &Database) -> Listener {
        Listener { database: database.clone(), listening: None }
    }

    /// Begins to listen, if it does not yet. Where that fails, the tick is enough.
    pub(super) async fn listen(&mut self) {
        if self.listening.is_some() || self.database.backend() != DbBackend::Postgres {
            return;
        }
        let pool = self.database.read().get_postgres_connection_pool();
        let listening = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(NOTIFICATION).await?;
            Ok::<_, Error>(listener)
        };
        match listening.await {
            Ok(listener) => self.listening = Some(listener),
            Err(error) => debug!(%error, "notifications are not heard: asking every second"),
        }
    }

    /// Waits until somebody has written an event.
    pub(super) async fn heard(&mut self) {
        let Some(listener) = &mut self.listening else { return pending().await };
        match listener.recv().await {
            // One look at the events is the answer to all that came meanwhile.
            Ok(_) => while listener.next_buffered().is_some() {},
            Err(error) => {
                debug!(%error, "notifications are not heard any more: listening again");
                self.listening = None;
            }
        }
    }
}
