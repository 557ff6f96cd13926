//! Which names are nobody's, and whose page a request comes from.

use super::{has_local_host, is_same_origin};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};

fn with_hosts(hosts: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for host in hosts {
        headers.append(HOST, HeaderValue::from_static(host));
    }
    headers
}

#[test]
fn an_address_and_localhost_are_names_that_no_page_can_take() {
    for host in
        ["127.0.0.1", "127.0.0.1:8002", "192.0.2.7:80", "[::1]", "[::1]:8002", "LocalHost:8002"]
    {
        assert!(has_local_host(&with_hosts(&[host])), "{host}");
    }
    assert!(has_local_host(&with_hosts(&[])), "who sends no Host is no browser");
    for host in [
        "evil.example",
        "evil.example:8002",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8002",
        "evil.localhost",
        "127.0.0.1@evil.example",
        "",
        "127.0.0.1 evil.example",
    ] {
        assert!(!has_local_host(&with_hosts(&[host])), "{host}");
    }
    assert!(!has_local_host(&with_hosts(&["127.0.0.1", "evil.example"])));
}

#[test]
fn a_page_is_of_the_same_origin_if_name_and_port_are_those_of_the_request() {
    for (origin, expected) in [
        (None, true),
        (Some("http://127.0.0.1:8002"), true),
        (Some("https://127.0.0.1:8002"), true),
        (Some("http://127.0.0.1:9000"), false),
        (Some("http://127.0.0.1"), false),
        (Some("http://evil.example:8002"), false),
        (Some("null"), false),
        (Some("file://127.0.0.1:8002"), false),
    ] {
        let mut headers = with_hosts(&["127.0.0.1:8002"]);
        headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
        assert_eq!(is_same_origin(&headers), expected, "{origin:?}");
    }
}
