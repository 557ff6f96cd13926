//! What only shows when all settings are there: those that do not go together.

use super::error::{ConfigError, Place};
use super::keys::Config;
use super::load::Places;

/// Adds what is wrong to `errors`, each with the place of a setting that would have to change.
pub(super) fn check(config: &Config, places: &Places, errors: &mut Vec<ConfigError>) {
    let mut error = |path: &str, message: String| {
        let place = places.get(path).cloned().unwrap_or(Place::Default);
        errors.push(ConfigError { place, message });
    };
    check_listeners(config, &mut error);
    check_certificates(config, &mut error);
    check_backend(config, &mut error);
    check_times(config, &mut error);
}

fn check_listeners(config: &Config, error: &mut impl FnMut(&str, String)) {
    let (public, internal) = (&config.public, &config.internal);
    if !internal.listen.ip().is_loopback() && internal.keys.is_empty() {
        let message = format!(
            "[internal] listen is {}, which others can reach, and there is no [internal] key: set \
             CAMPANILE_INTERNAL_KEY_FILE, or listen on 127.0.0.1",
            internal.listen
        );
        error("internal.listen", message);
    }
    if public.listen == internal.listen && public.listen.port() != 0 {
        let message = format!("[public] and [internal] both listen on {}", public.listen);
        error("internal.listen", message);
    }
    if public.proxy_protocol && public.trusted_proxies.is_empty() {
        let message = "[public] proxy_protocol takes trusted_proxies: anybody could say anything";
        error("public.proxy_protocol", message.to_owned());
    }
}

fn check_certificates(config: &Config, error: &mut impl FnMut(&str, String)) {
    let (public, internal) = (&config.public, &config.internal);
    for (section, certificate, private_key) in [
        ("public", &public.certificate, &public.private_key),
        ("internal", &internal.certificate, &internal.private_key),
    ] {
        let (has, lacks) = match (certificate, private_key) {
            (Some(_), None) => ("certificate", "private_key"),
            (None, Some(_)) => ("private_key", "certificate"),
            _ => continue,
        };
        let message = format!("[{section}] {has} is set without {lacks}: TLS takes both");
        error(&format!("{section}.{has}"), message);
    }
}

fn check_backend(config: &Config, error: &mut impl FnMut(&str, String)) {
    let backend = &config.backend;
    if backend.socket.is_some() && backend.url.as_ref().is_some_and(|url| url.is_https()) {
        let message = "[backend] socket speaks plain HTTP, so [backend] url begins with http://";
        error("backend.socket", message.to_owned());
    }
    if backend.revalidate_every.is_some() && !backend.remember_headers {
        let message =
            "[backend] revalidate_every_s asks again with what remember_headers = false forgets";
        error("backend.revalidate_every_s", message.to_owned());
    }
}

fn check_times(config: &Config, error: &mut impl FnMut(&str, String)) {
    let (backend, limits) = (&config.backend, &config.limits);
    for (path, time) in [
        ("backend.timeout_s", backend.timeout),
        ("backend.connect_timeout_s", backend.connect_timeout),
        ("limits.handshake_timeout_s", limits.handshake_timeout),
        ("limits.pong_within_s", limits.pong_within),
        ("limits.close_within_s", limits.close_within),
    ] {
        if time.is_zero() {
            let (section, name) = path.split_once('.').unwrap_or_default();
            error(path, format!("[{section}] {name} is 0: nothing is that fast"));
        }
    }
}
