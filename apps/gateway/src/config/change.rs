//! From a running configuration to another one, as far as that goes without a restart.

use super::error::ConfigErrors;
use super::keys::{Config, Key, SECTIONS};
use super::load::check_again;

/// What changes, and what would have to.
pub struct Change {
    /// The configuration to go on with.
    pub config: Config,
    /// The settings that change.
    pub live: Vec<&'static Key>,
    /// Those that were changed in vain: they take a restart.
    pub later: Vec<&'static Key>,
}

impl Change {
    /// Compares what runs with what was read.
    ///
    /// # Errors
    ///
    /// If what changes does not go together with what stays until a restart.
    pub fn between(running: &Config, read: &Config) -> Result<Change, ConfigErrors> {
        let mut change = Change { config: read.clone(), live: Vec::new(), later: Vec::new() };
        for key in SECTIONS.iter().flat_map(|section| section.keys) {
            if (key.is_same)(running, read) {
                continue;
            }
            if key.is_live && !begins_or_ends_tls(key, running, read) {
                change.live.push(key);
            } else {
                change.later.push(key);
                (key.copy)(running, &mut change.config);
            }
        }
        check_again(&change.config)?;
        Ok(change)
    }
}

/// Another certificate is one thing, another kind of listener another.
fn begins_or_ends_tls(key: &Key, running: &Config, read: &Config) -> bool {
    let has_tls = |config: &Config| match key.section {
        "public" => config.public.certificate.is_some(),
        _ => config.internal.certificate.is_some(),
    };
    matches!(key.name, "certificate" | "private_key") && has_tls(running) != has_tls(read)
}
