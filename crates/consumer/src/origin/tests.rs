use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use super::AllowedOrigins;

fn allows(rule: &AllowedOrigins, origin: &str, host: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, host.parse().unwrap());
    if !origin.is_empty() {
        headers.insert(ORIGIN, origin.parse().unwrap());
    }
    rule.allow(&headers)
}

#[test]
fn a_page_of_the_same_host_may_open_a_websocket_and_others_may_not() {
    let rule = AllowedOrigins::same_host();
    for (origin, host) in [
        ("", "example.com"),
        ("https://example.com", "example.com"),
        ("https://Example.com", "example.COM:443"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ] {
        assert!(allows(&rule, origin, host), "{origin} {host}");
    }
    for (origin, host) in [
        ("https://evil.com", "example.com"),
        ("https://example.com.evil.com", "example.com"),
        ("https://evil.com/example.com", "example.com"),
        ("http://localhost:3000", "localhost:8000"),
        ("https://example.com:80", "example.com"),
        ("null", "example.com"),
        ("https://", "example.com"),
        ("example.com", "example.com"),
    ] {
        assert!(!allows(&rule, origin, host), "{origin} {host}");
    }
    assert!(!allows(&rule.required(), "", "example.com"));
}

#[test]
fn a_list_allows_origins_hosts_and_what_is_below_a_host() {
    let rule = AllowedOrigins::these(["https://a.com", "b.com", ".c.com"]);
    for origin in
        ["https://a.com", "https://a.com:443", "http://b.com:99", "https://c.com", "wss://x.c.com"]
    {
        assert!(allows(&rule, origin, "here"), "{origin}");
    }
    for origin in ["http://a.com", "https://a.com:444", "https://x.b.com", "https://xc.com", "null"]
    {
        assert!(!allows(&rule, origin, "here"), "{origin}");
    }
    assert!(allows(&AllowedOrigins::any(), "null", "here"));
}
