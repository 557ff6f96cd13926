//! What is set in a way that somebody should look at.

use crate::settings::Settings;

/// Returns a sentence for each thing to look at.
pub(super) fn warnings(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if !settings.listen.ip().is_loopback() && settings.proxies.is_empty() {
        warnings.push(format!(
            "{} can be reached from other machines by plain HTTP: passwords and messages can be read \
             on the way. Put a proxy that speaks TLS before it, and name that in DIGI_PROXIES.",
            settings.listen
        ));
    }
    if settings.redis_url.is_some() && settings.database_url.reveal().starts_with("sqlite:") {
        warnings.push(
            "DIGI_REDIS_URL is set, for several processes, and they cannot share SQLite from \
             several machines: use PostgreSQL."
                .to_owned(),
        );
    }
    warnings
}
