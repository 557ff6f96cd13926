//! The name of a process.

use crate::{SettingsError, Value};
use std::net::SocketAddr;

/// The most characters of a name: it fits into its column.
const NAME_CHARACTERS_MAX: usize = 255;

impl Value {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is longer than 255 characters.
    pub fn name(self) -> Result<String, SettingsError> {
        self.such(|name| name.chars().count() <= NAME_CHARACTERS_MAX)
    }

    /// Reads the name of this process; without one it is that of the machine with the port where the
    /// process listens, since two processes of one machine listen at different ones.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if it is longer than 255 characters.
    pub fn name_of_process(self, listen: SocketAddr) -> Result<String, SettingsError> {
        let name = self.name()?;
        if !name.is_empty() {
            return Ok(name);
        }
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Ok(format!("{}:{}", machine.trim(), listen.port()))
    }
}
