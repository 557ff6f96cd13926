//! The defaults, as they are shown.

use super::check;
use crate::config::given::Given;
use crate::config::{Config, SECTIONS, default_text};
use expect_test::expect;

#[test]
fn a_default_text_changes_nothing_and_its_uncommented_lines_are_all_settings() {
    check(
        &default_text(),
        "",
        "",
        &expect![[r#"
            nothing to say
        "#]],
    );
    let uncommented: String = default_text()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    check(
        &uncommented,
        "",
        "",
        &expect![[r#"
            certificate = "/etc/letsencrypt/live/app.example/fullchain.pem"
            private_key = "/etc/letsencrypt/live/app.example/privkey.pem"
            key = "…"
            certificate = "/etc/campanile/fullchain.pem"
            private_key = "/etc/campanile/privkey.pem"
            url = "http://127.0.0.1:8080/api/"
            socket = "/run/app/http.sock"
            headers = { x-session-token = { param = "session_token" }, x-tenant = { param = "tenant", prefix = "tenant/" }, x-device = { header = "x-device-id" }, x-lang = { cookie = "lang" }, referer = { fixed = "…" } }
            connect = "user/notify_online/"
            ping = "user/notify_online/"
            disconnect = "user/notify_offline/"
            url = "amqp://***@127.0.0.1/"
            ca_file = "/etc/campanile/broker-ca.pem"
            slow_rooms = [{ room = '{"animal":"penguin","zoo":"*"}', policy = "latest" }, { room = '{"zoo":"*"}', policy = "drop-oldest" }]
        "#]],
    );
}

#[test]
fn every_default_is_shown_as_it_is_written_in_the_table() {
    let config = Config::default();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let mut again = Config::default();
        let shown = (key.show)(&config);
        (key.set)(&mut again, &Given::from_plain(&shown)).expect("what is shown can be read");
        assert_eq!(again, config, "{}", key.path());
        assert!(key.doc.iter().all(|line| !line.trim().is_empty()), "{}", key.path());
    }
}
