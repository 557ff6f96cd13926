//! What operators, the backend and other nodes may wish for: that rights are renewed, or connections
//! closed.

use crate::command::Command;
use crate::serve::Shared;
use campanile_manager::{ConnectionKey, PostError};
use campanile_wire::CloseCode;

impl Shared {
    /// Has the backend asked again for the connections of a user, on this node; returns how many those
    /// are. One that is on its way in is asked for again once it is open.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind: wish again, some were not told.
    pub fn revalidate_user(&self, user: &str) -> Result<usize, PostError> {
        let keys = self.settings.users.wish(Some(user));
        self.tell(&keys, |key| Command::Ask { key })
    }

    /// Has the backend asked again for a connection; returns whether there may be one of that key.
    ///
    /// # Errors
    ///
    /// If its loop is too far behind: wish again.
    pub fn revalidate_connection(&self, key: ConnectionKey) -> Result<bool, PostError> {
        Ok(self.tell(&[key], |key| Command::Ask { key })? > 0)
    }

    /// Has the backend asked again for every connection of this node; returns how many there are.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind: wish again, its connections were not told.
    pub fn revalidate_all(&self) -> Result<usize, PostError> {
        self.settings.users.wish(None);
        self.handle.command_all(|| Command::AskAll)?;
        let connections = self.handle.statistics().connections;
        Ok(usize::try_from(connections).unwrap_or(usize::MAX))
    }

    /// Closes the connections of a user, on this node; returns how many those are. For one that is on
    /// its way in the backend is asked again once it is open.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind: wish again, some were not told.
    pub fn disconnect_user(
        &self,
        user: &str,
        code: CloseCode,
        reason: &str,
    ) -> Result<usize, PostError> {
        let keys = self.settings.users.wish(Some(user));
        self.tell(&keys, |key| Command::Close { key, code, reason: reason.into() })
    }

    /// Closes a connection; returns whether there may be one of that key.
    ///
    /// # Errors
    ///
    /// If its loop is too far behind: wish again.
    pub fn disconnect_connection(
        &self,
        key: ConnectionKey,
        code: CloseCode,
        reason: &str,
    ) -> Result<bool, PostError> {
        let close = |key| Command::Close { key, code, reason: reason.into() };
        Ok(self.tell(&[key], close)? > 0)
    }

    /// Tells each connection, also behind one that cannot be told now; returns how many those are. A
    /// key may come from anywhere, so there may be no such loop.
    fn tell(
        &self,
        keys: &[ConnectionKey],
        command: impl Fn(ConnectionKey) -> Command,
    ) -> Result<usize, PostError> {
        let here = |key: &&ConnectionKey| usize::from(key.loop_index) < self.handle.loops();
        let told: Vec<_> =
            keys.iter().filter(here).map(|&key| self.handle.command(key, command(key))).collect();
        let count = told.len();
        told.into_iter().collect::<Result<Vec<()>, _>>().map(|_| count)
    }
}
