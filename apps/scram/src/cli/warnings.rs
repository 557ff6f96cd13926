//! What is set in a way that somebody should look at.

use crate::settings::{Settings, TranslatorAuth};

/// Returns a sentence for each thing to look at.
pub(super) fn warnings(settings: &Settings) -> Vec<String> {
    let is_open_to_others = !settings.listen.ip().is_loopback();
    let mut warnings = Vec::new();
    if settings.translator_auth == TranslatorAuth::Open && is_open_to_others {
        warnings.push(format!(
            "SCRAM_TRANSLATOR_AUTH is open, and {} can be reached from other machines: whoever \
             reaches it hears every entry and can pretend that it is announced. Set it to \
             required, and give each translator a token by `scram translator-token`.",
            settings.listen
        ));
    }
    if is_open_to_others && settings.proxies.is_empty() {
        warnings.push(format!(
            "{} can be reached from other machines by plain HTTP: passwords and tokens can be read \
             on the way. Put a proxy that speaks TLS before it, and name that in SCRAM_PROXIES.",
            settings.listen
        ));
    }
    if settings.hostname == "scram_hostname_not_set" {
        warnings
            .push("SCRAM_HOSTNAME is not set: entries do not tell where they came in.".to_owned());
    }
    if settings.redis_url.is_some() && settings.database_url.reveal().starts_with("sqlite:") {
        warnings.push(
            "SCRAM_REDIS_URL is set, for several instances, and they cannot share SQLite: use \
             PostgreSQL."
                .to_owned(),
        );
    }
    warnings
}
