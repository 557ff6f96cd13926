//! The names of keys, and the times in them.

use super::Failure;
use super::shared::Shared;
use redis::cmd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many keys are looked at, at once.
const SCAN_COUNT: usize = 1000;

/// Makes the names of keys.
#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Keys {
        Keys { prefix: prefix.to_owned() }
    }

    /// Returns the key of a group: its members, with the times when they were added.
    pub(super) fn group(&self, group: &str) -> String {
        format!("{}:group:{group}", self.prefix)
    }

    /// Returns the key of an inbox or a general channel: its entries, with the times when they
    /// were sent.
    pub(super) fn inbox(&self, non_local: &str) -> String {
        format!("{}{non_local}", self.prefix)
    }

    /// Returns the pattern that all keys have, also those of others whose prefix begins with this.
    fn all(&self) -> String {
        let mut pattern = String::new();
        for character in self.prefix.chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern + "*"
    }
}

/// Deletes everything of the layer's prefix on a host.
pub(super) async fn delete_all(shared: &Shared, host: usize) -> Result<(), Failure> {
    let mut cursor: u64 = 0;
    loop {
        let mut scan = redis::pipe();
        let all = shared.keys.all();
        scan.cmd("SCAN").arg(cursor).arg("MATCH").arg(all).arg("COUNT").arg(SCAN_COUNT);
        let ((next, keys),): ((u64, Vec<Vec<u8>>),) = shared.hosts.ask(host, &scan).await?;
        if !keys.is_empty() {
            let mut unlink = redis::pipe();
            unlink.add_command(cmd("UNLINK").arg(keys).to_owned()).ignore();
            shared.hosts.ask::<()>(host, &unlink).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

/// Returns a time as Python's `time.time()`.
pub(super) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Returns the latest score that has expired.
pub(super) fn expired(now: SystemTime, expiry: Duration) -> u64 {
    (seconds(now) as u64).saturating_sub(expiry.as_secs())
}
