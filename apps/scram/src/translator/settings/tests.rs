use super::*;

fn read(environment: &[(&str, &str)]) -> Result<Settings, String> {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let get = move |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    Settings::read(&get).map_err(|error| error.to_string())
}

#[test]
fn nothing_has_to_be_set_and_what_is_empty_is_not_set() {
    let unset = read(&[("SCRAM_HOSTNAME", "host-1")]).unwrap();
    let empty = read(&[
        ("SCRAM_HOSTNAME", "host-1"),
        ("SCRAM_EVENTS_URL", ""),
        ("GOBGP_HOST", " "),
        ("GOBGP_PORT", ""),
        ("DEFAULT_ASN", ""),
        ("SCRAM_TRANSLATOR_TOKEN", ""),
        ("LOG_LEVEL", ""),
    ]);
    assert_eq!(empty.unwrap(), unset);
    assert_eq!(unset.events_url.host_str(), Some("django"));
    assert_eq!((unset.gobgp_host.as_str(), unset.gobgp_port), ("gobgp", 50_051));
    assert_eq!(unset.defaults, Defaults::default());
    assert_eq!(unset.name, "host-1");
    assert_eq!(unset.log_level, Level::INFO);
}

#[test]
fn a_setting_that_cannot_be_meant_is_named_with_what_is_expected() {
    let cases = [
        ("SCRAM_EVENTS_URL", "http://scram/ws/route_manager/translator_block/"),
        ("SCRAM_EVENTS_URL", "ws://scram/ws/route_manager/translator_block"),
        ("SCRAM_EVENTS_URL", "scram"),
        ("GOBGP_PORT", "0"),
        ("GOBGP_PORT", "65536"),
        ("DEFAULT_ASN", "0"),
        ("DEFAULT_ASN", "4294967295"),
        ("DEFAULT_COMMUNITY", "-1"),
        ("DEFAULT_V4_NEXTHOP", "100::1"),
        ("DEFAULT_V6_NEXTHOP", "192.0.2.199"),
        ("HEARTBEAT_S", "0"),
        ("TRANSLATOR_BACKEND", "exabgp"),
        ("TRANSLATOR_METRICS_LISTEN", "9101"),
        ("WITHDRAW_AT_END", "maybe"),
        ("LOG_LEVEL", "LOUD"),
        ("ROUTES_MAX", "0"),
    ];
    for (name, value) in cases {
        let error = read(&[(name, value)]).unwrap_err();
        assert!(
            error.starts_with(&format!("The environment's {name} ")) && error.contains(value),
            "{error}"
        );
    }
}

#[test]
fn a_token_is_never_shown() {
    let settings = read(&[("SCRAM_TRANSLATOR_TOKEN", "s3cret")]).unwrap();
    assert!(!format!("{settings:?}").contains("s3cret"));
    assert_eq!(settings.token.unwrap().reveal(), "s3cret");
    let error = read(&[("SCRAM_TRANSLATOR_TOKEN", "s3cret\nX-Other: 1")]).unwrap_err();
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_url_with_a_password_is_refused_and_the_password_is_not_shown() {
    let error = read(&[("SCRAM_EVENTS_URL", "ws://ada:s3cret@scram/ws/")]).unwrap_err();
    assert!(error.contains("SCRAM_EVENTS_URL is \"(hidden)\""), "{error}");
}
