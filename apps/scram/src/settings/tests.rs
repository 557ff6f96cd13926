use super::{PrefixLimits, Settings, TranslatorAuth, VARIABLES};
use crate::cidr::Network;
use std::time::Duration;

fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let find = |name: &str| variables.iter().find(|(variable, _)| *variable == name);
    Settings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

#[test]
fn an_empty_environment_is_a_server_on_this_machine_that_is_open_to_nobody() {
    let settings = read(&[("SCRAM_REDIS_URL", " ")]).expect("the defaults are good");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.limits, PrefixLimits { v4: 32, v6: 128 });
    assert_eq!(settings.hostname, "scram_hostname_not_set");
    assert!(settings.instance.ends_with(":8000"));
    assert_eq!(settings.redis_url, None);
    assert_eq!(settings.oidc, None);
    assert_eq!(settings.translator_auth, TranslatorAuth::Required);
    assert_eq!((settings.pagination_size, settings.recent_limit), (100, 10));
    assert_eq!(settings.events_kept, Duration::from_secs(7 * 86_400));
}

#[test]
fn the_originals_names_are_understood() {
    let settings = read(&[
        ("V4_MINPREFIX", "16"),
        ("V6_MINPREFIX", "48"),
        ("SCRAM_HOSTNAME", "scram1"),
        ("PAGINATION_SIZE", "20"),
        ("SCRAM_TRANSLATOR_AUTH", "open"),
        ("SCRAM_REDIS_URL", "redis://127.0.0.1:6379"),
    ])
    .expect("they are good");
    assert_eq!(settings.hostname, "scram1");
    assert_eq!(settings.pagination_size, 20);
    assert_eq!(settings.translator_auth, TranslatorAuth::Open);
    for (text, allowed) in
        [("192.0.0.0/16", true), ("192.0.0.0/15", false), ("::/48", true), ("::/47", false)]
    {
        let network = Network::parse_lenient(text).expect(text);
        assert_eq!(settings.limits.allow(&network), allowed, "{text}");
    }
}

#[test]
fn what_cannot_be_understood_is_named_with_what_it_must_be() {
    for (name, value) in [
        ("V4_MINPREFIX", "33"),
        ("V6_MINPREFIX", "-1"),
        ("SCRAM_LISTEN", "8000"),
        ("SCRAM_LISTEN", "example"),
        ("PAGINATION_SIZE", "0"),
        ("SCRAM_AUTH_METHOD", "ldap"),
        ("SCRAM_TRANSLATOR_AUTH", "no"),
    ] {
        let error = read(&[(name, value)]).expect_err(name);
        let wanted = VARIABLES.iter().find(|(variable, ..)| *variable == name).expect(name).2;
        assert!(error.contains(name) && error.contains(value) && error.contains(wanted), "{error}");
    }
}

#[test]
fn who_listens_at_a_name_is_told_the_address_to_write() {
    let error = read(&[("SCRAM_LISTEN", "localhost:8000")]).expect_err("it is a name");
    assert_eq!(
        error,
        "The environment's SCRAM_LISTEN cannot be used. \"localhost:8000\" has no IP address: write \
         127.0.0.1:8000 to be reached from this machine alone, or 0.0.0.0:8000 from others, too. It is: \
         where the server listens: an IP address and a port."
    );
}

#[test]
fn passwords_are_not_shown_wherever_the_settings_are() {
    for url in [
        "postgres://scram:s3cret@db.example/scram",
        "postgres://db.example/scram?user=scram&password=s3cret",
        "postgres://scram:s3cret@db example/scram",
    ] {
        let redis = "redis://:s3cret@cache.example:6379/1";
        let settings = read(&[("SCRAM_DATABASE_URL", url), ("SCRAM_REDIS_URL", redis)]);
        let settings = settings.expect("they are read");
        let shown = format!("{settings:?} {}", settings.database_url);
        assert!(!shown.contains("s3cret") && shown.contains("cache.example"), "{shown}");
        assert_eq!(settings.database_url.reveal(), url);
    }
}

/// What a server needs for OpenID Connect.
const OIDC: [(&str, &str); 5] = [
    ("SCRAM_AUTH_METHOD", "oidc"),
    ("OIDC_OP_ISSUER", "https://login.example/realms/site"),
    ("OIDC_RP_CLIENT_ID", "scram"),
    ("OIDC_RP_CLIENT_SECRET", "s3cret"),
    ("SCRAM_PUBLIC_URL", "https://scram.example"),
];

#[test]
fn by_openid_connect_the_originals_groups_have_the_originals_meaning() {
    let settings = read(&OIDC).expect("they are good");
    let oidc = settings.oidc.as_ref().expect("it is wanted").for_accounts();
    assert_eq!(oidc.client_secret.as_deref(), Some("s3cret"));
    assert_eq!(oidc.scopes, ["profile", "email"]);
    assert_eq!(oidc.groups.superuser, ["svc_scram_admin"]);
    assert_eq!(oidc.groups.denied, ["svc_scram_denied"]);
    let meant = |theirs: &str, ours: &str| (theirs.to_owned(), ours.to_owned());
    let readwrite = meant("svc_scram_readwrite", "readwrite");
    assert_eq!(oidc.groups.groups, [readwrite, meant("svc_scram_readonly", "readonly")]);
    assert!(!format!("{settings:?} {oidc:?}").contains("s3cret"));
}

#[test]
fn what_openid_connect_needs_and_is_not_set_is_named() {
    for (missing, must) in [
        ("OIDC_OP_ISSUER", "the provider's issuer"),
        ("OIDC_RP_CLIENT_ID", "by what name the provider knows this server"),
        ("SCRAM_PUBLIC_URL", "where browsers find this server"),
    ] {
        let rest: Vec<_> = OIDC.into_iter().filter(|(name, _)| *name != missing).collect();
        let error = read(&rest).expect_err(missing);
        let sentence = format!("SCRAM_AUTH_METHOD=oidc needs {missing}: it is not set.");
        assert!(error.contains(&sentence) && error.contains(must), "{error}");
    }
    for (name, value) in [
        ("OIDC_OP_ISSUER", "http://login.example"),
        ("SCRAM_PUBLIC_URL", "scram.example"),
        ("SCRAM_OIDC_USERNAME", "sub"),
    ] {
        let rest = OIDC.into_iter().filter(|(known, _)| *known != name);
        let error = read(&rest.chain([(name, value)]).collect::<Vec<_>>()).expect_err(name);
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
}
