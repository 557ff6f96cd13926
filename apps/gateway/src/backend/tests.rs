//! Headers, cookies and redirects, without a backend.

use super::client::Answer;
use super::cookies::{Cookies, cookie};
use super::forward::Forwarding;
use super::rights::{Rights, User};
use crate::config::{Dialect, HeaderSources};
use bytes::Bytes;
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Passes on a request with these headers (`name: value`, a line each) and this query.
fn check(query: &str, lines: &str, dialect: Dialect, expected: &Expect) {
    let mut headers = HeaderMap::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.trim().split_once(':').expect("a line is name: value");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a header's value"));
    }
    let picked = Forwarding::new(&HeaderSources::default(), dialect).pick(&headers, query);
    let said = match picked {
        Err(error) => format!("refused: {error}\n"),
        Ok(forwarded) => forwarded
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect(),
    };
    expected.assert_eq(&said);
}

#[test]
fn the_headers_of_the_protocol_are_passed_on_and_no_others() {
    check(
        "token=tok%20en&session_token=st&tenant=42",
        "Cookie: sessionid=s1; csrftoken=cs; lang=nl
         User-Agent: UA/1
         X-Real-IP: 203.0.113.9
         X-Forwarded-For: 198.51.100.1
         Authorization: Basic eDp5
         X-CSRFToken: spoofed
         Origin: http://o/
         Referer: http://r/",
        Dialect::Three,
        &expect![[r#"
            user-agent: UA/1
            accept: */*
            cookie: sessionid=s1; csrftoken=cs; lang=nl
            x-real-ip: 203.0.113.9
            x-csrftoken: cs
            authorization: Token tok en
        "#]],
    );
    check(
        "token=",
        "User-Agent:",
        Dialect::Three,
        &expect![[r#"
        user-agent: campanile/0.1.0
        accept: */*
    "#]],
    );
    check(
        "token=tok",
        "Host: app.example\nX-Real-IP: 1.2.3.4",
        Dialect::TwoAndAHalf,
        &expect![[r#"
        user-agent: campanile/0.1.0
        accept: */*
        host: app.example
        authorization: Token tok
    "#]],
    );
}

#[test]
fn the_first_of_two_counts_and_an_empty_csrf_cookie_is_an_empty_header() {
    check(
        "token=a+b&token=c",
        "Cookie: csrftoken=\"q\\054\"; csrftoken=second\nCookie: third=3",
        Dialect::Three,
        &expect![[r#"
            user-agent: campanile/0.1.0
            accept: */*
            cookie: csrftoken="q\054"; csrftoken=second
            x-csrftoken: q,
            authorization: Token a b
        "#]],
    );
    check(
        "token=%ff%C3%BC",
        "Cookie: csrftoken=",
        Dialect::Three,
        &expect![[r#"
        user-agent: campanile/0.1.0
        accept: */*
        cookie: csrftoken=
        x-csrftoken: 
        authorization: Token �ü
    "#]],
    );
}

#[test]
fn a_line_break_never_gets_into_a_header() {
    check(
        "token=a%0d%0aX-Admin:%201",
        "",
        Dialect::Three,
        &expect![[r#"
        refused: what the client sent for authorization cannot stand in a header
    "#]],
    );
    check(
        "token=a%00",
        "",
        Dialect::Three,
        &expect![[r#"
        refused: what the client sent for authorization cannot stand in a header
    "#]],
    );
    check(
        "",
        "Cookie: csrftoken=\"a\\012b\"",
        Dialect::Three,
        &expect![[r#"
        refused: what the client sent for x-csrftoken cannot stand in a header
    "#]],
    );
}

#[test]
fn a_cookie_that_the_backend_set_goes_over_the_clients_own() {
    let set = [
        &b"sessionid=new; Path=/; HttpOnly"[..],
        b"other=1; Domain=elsewhere.example",
        b"gone=; Max-Age=0",
        b"tls=1; Secure",
        b"deep=1; Path=/api/x/",
        b"api=1; Path=/api/",
    ];
    let cookies = Cookies::read(set.into_iter(), "localhost", "/api/bootstrap/", false);
    let joined = cookies.over(b"sessionid=old; lang=nl");
    expect!["lang=nl; sessionid=new; api=1"].assert_eq(&String::from_utf8_lossy(&joined));
    assert_eq!(cookie(b"a=1; b=\"2 3\"", "b").as_deref(), Some(&b"2 3"[..]));
}

/// Reads answers, a line each, and says who that is and when to ask again.
fn read(lines: &str, expected: &Expect) {
    let mut said = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let body = Bytes::copy_from_slice(line.as_bytes());
        match Rights::read(&Answer { status: StatusCode::OK, headers, body }) {
            Ok(Rights { allowed_rooms, user, rooms_ttl }) => {
                let user = user.as_ref().map(User::to_string);
                said += &format!("{allowed_rooms} {user:?} {rooms_ttl:?}\n");
            }
            Err(why) => said += &format!("{why}\n"),
        }
    }
    expected.assert_eq(&said);
}

#[test]
fn an_answer_may_say_who_it_is_about_and_for_how_long_it_holds() {
    read(
        r#"
        {"user": "ada", "rooms_ttl": 60, "allowed_rooms": [{}]}
        {"user": 17, "rooms_ttl": 1.5}
        {"user": -9007199254740993123456789, "rooms_ttl": 0.001}
        {"user": "\u0061\"da", "rooms_ttl": 1e300}
        {"user": "twice", "user": "counts the last"}
        "#,
        &expect![[r#"
            [{}] Some("ada") Some(60s)
            [] Some("17") Some(1.5s)
            [] Some("-9007199254740993123456789") Some(1s)
            [] Some("a\"da") Some(31536000s)
            [] Some("counts the last") None
        "#]],
    );
}

#[test]
fn a_user_or_time_of_another_kind_means_nothing_as_before_there_were_any() {
    read(
        r#"
        {"user": null, "rooms_ttl": null}
        {"user": "", "rooms_ttl": 0}
        {"user": 1.0, "rooms_ttl": -1}
        {"user": 1e3, "rooms_ttl": "60"}
        {"user": ["ada"], "rooms_ttl": [60]}
        {"user": {"id": 1}, "rooms_ttl": true}
        {"user": true}
        "#,
        &expect![[r#"
            [] None None
            [] None None
            [] None None
            [] None None
            [] None None
            [] None None
            [] None None
        "#]],
    );
}

#[test]
fn a_user_of_more_than_256_bytes_is_no_answer() {
    let longest = "ü".repeat(128);
    read(
        &format!("{{\"user\": \"{longest}\"}}\n{{\"user\": \"{longest}x\"}}"),
        &expect![[r#"
        [] Some("üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü") None
        its user has more than 256 bytes
    "#]],
    );
}
