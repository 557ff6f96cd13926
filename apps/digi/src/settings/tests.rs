use super::{Limits, SECRETS, Settings, VARIABLES};
use std::time::Duration;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let find = |name: &str| variables.iter().find(|(variable, _)| *variable == name);
    Settings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

#[test]
fn with_a_key_alone_it_is_a_server_on_this_machine_with_the_documents_limits() {
    let settings = read(&[("CHAT_FERNET_KEYS", KEY)]).expect("the defaults are good");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.database_url.reveal(), "sqlite:digi.db");
    assert_eq!((settings.redis_url, settings.allowed_origins), (None, Vec::new()));
    assert!(settings.instance.ends_with(":8000") && settings.registration);
    let wanted = Limits {
        frame_bytes_max: 64 * 1024,
        message_chars_max: 4000,
        changes_per_10_s_max: 20,
        frames_per_10_s_max: 200,
        sockets_per_user_max: 20,
        requests_per_day_max: 50,
        page_messages_max: 200,
        events_kept: Duration::from_secs(30 * 86_400),
    };
    assert_eq!(settings.limits, wanted);
}

#[test]
fn without_a_key_nothing_starts_and_the_error_says_how_to_make_one() {
    for (keys, why) in [("", "There is no key"), ("c2VjcmV0", "Key 1 is not 32 bytes")] {
        let error = read(&[("CHAT_FERNET_KEYS", keys)]).expect_err(why);
        assert!(error.contains("CHAT_FERNET_KEYS") && error.contains(why), "{error}");
        assert!(error.contains("digi keygen") && !error.contains("c2VjcmV0"), "{error}");
    }
}

#[test]
fn secrets_are_never_shown() {
    let settings = read(&[
        ("CHAT_FERNET_KEYS", KEY),
        ("DIGI_DATABASE_URL", "postgres://digi:hunter2@localhost/digi"),
        ("DIGI_REDIS_URL", "redis://:hunter3@localhost"),
    ])
    .expect("they are good");
    let shown = format!("{settings:?}");
    for secret in ["hunter", "cw_0x"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(SECRETS.iter().all(|secret| VARIABLES.iter().any(|(name, ..)| name == secret)));
}

#[test]
fn origins_are_a_scheme_and_a_host() {
    let with = |origins| read(&[("CHAT_FERNET_KEYS", KEY), ("DIGI_ALLOWED_ORIGINS", origins)]);
    let settings = with("https://Chat.example.org, http://[::1]:8000").expect("they are good");
    assert_eq!(settings.allowed_origins, ["https://chat.example.org", "http://[::1]:8000"]);
    for wrong in ["chat.example.org", "https://", "https://a/", "https://a b", "*", "ftp://a"] {
        let error = with(wrong).expect_err(wrong);
        assert!(error.contains("DIGI_ALLOWED_ORIGINS") && error.contains(wrong), "{error}");
    }
}

#[test]
fn what_cannot_be_understood_is_named_with_what_it_must_be() {
    for (name, value) in [
        ("DIGI_LISTEN", "8000"),
        ("DIGI_MESSAGE_CHARS_MAX", "0"),
        ("DIGI_FRAME_BYTES_MAX", "64k"),
        ("DIGI_REGISTRATION", "maybe"),
        ("DIGI_PROXIES", "localhost"),
    ] {
        let error = read(&[("CHAT_FERNET_KEYS", KEY), (name, value)]).expect_err(name);
        let wanted = VARIABLES.iter().find(|(variable, ..)| *variable == name).expect(name).2;
        assert!(error.contains(name) && error.contains(value) && error.contains(wanted), "{error}");
    }
}
