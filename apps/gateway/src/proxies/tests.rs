//! What proxies say, and whom they are believed.

use super::header::{BadHeader, Header, parse};
use super::{client_address, set_real_ip};
use crate::config::{Config, Sources, load};
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;

/// Plays requests, one a line: the peer, then headers as `name: value`, split by ` | `.
fn check(header: &str, requests: &str, expected: &Expect) {
    let config = config(&[
        ("public.trusted_proxies", r#"["10.0.0.0/8", "fd00::/8", "192.0.2.7"]"#),
        ("public.address_header", header),
    ]);
    let mut said = String::new();
    for line in requests.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split(" | ");
        let peer = parts.next().expect("a peer").trim().parse().expect("an address");
        let mut headers = HeaderMap::new();
        for part in parts {
            let (name, value) = part.split_once(": ").expect("name: value");
            let name: HeaderName = name.parse().expect("a good name");
            headers.append(name, HeaderValue::from_str(value).expect("a good value"));
        }
        let client = client_address(&config.public, &headers, peer);
        set_real_ip(&config.public, &mut headers, client);
        assert_eq!(headers["x-real-ip"], client.to_string().as_str());
        writeln!(said, "{line} -> {client}").expect("a String takes all");
    }
    expected.assert_eq(&said);
}

fn config(settings: &[(&str, &str)]) -> Config {
    let flags = settings
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*path).to_owned(), (*value).to_owned()));
    let file = Some("/dev/null".into());
    let sources = Sources { file, flags: flags.collect(), ..Sources::default() };
    load(&sources).expect("a good configuration").config
}

#[test]
fn only_a_trusted_proxy_is_believed_and_only_its_last_words() {
    check(
        "x-forwarded-for",
        "
        203.0.113.5 | x-forwarded-for: 198.51.100.1
        10.1.1.1
        10.1.1.1 | x-forwarded-for: 198.51.100.1
        10.1.1.1 | x-forwarded-for: 6.6.6.6, 198.51.100.1
        10.1.1.1 | x-forwarded-for: 6.6.6.6, 198.51.100.1, 10.2.2.2
        10.1.1.1 | x-forwarded-for: 6.6.6.6 | x-forwarded-for: 198.51.100.1,192.0.2.7
        10.1.1.1 | x-forwarded-for: 10.3.3.3
        10.1.1.1 | x-forwarded-for: 198.51.100.1, rubbish, 10.2.2.2
        10.1.1.1 | x-forwarded-for: 198.51.100.1:4711
        ::ffff:10.1.1.1 | x-forwarded-for: 2001:db8::9
        fd00::1 | x-forwarded-for: [2001:db8::9]:443
        10.1.1.1 | x-real-ip: 6.6.6.6 | forwarded: for=6.6.6.6
        ",
        &expect![[r#"
            203.0.113.5 | x-forwarded-for: 198.51.100.1 -> 203.0.113.5
            10.1.1.1 -> 10.1.1.1
            10.1.1.1 | x-forwarded-for: 198.51.100.1 -> 198.51.100.1
            10.1.1.1 | x-forwarded-for: 6.6.6.6, 198.51.100.1 -> 198.51.100.1
            10.1.1.1 | x-forwarded-for: 6.6.6.6, 198.51.100.1, 10.2.2.2 -> 198.51.100.1
            10.1.1.1 | x-forwarded-for: 6.6.6.6 | x-forwarded-for: 198.51.100.1,192.0.2.7 -> 198.51.100.1
            10.1.1.1 | x-forwarded-for: 10.3.3.3 -> 10.3.3.3
            10.1.1.1 | x-forwarded-for: 198.51.100.1, rubbish, 10.2.2.2 -> 10.2.2.2
            10.1.1.1 | x-forwarded-for: 198.51.100.1:4711 -> 198.51.100.1
            ::ffff:10.1.1.1 | x-forwarded-for: 2001:db8::9 -> 2001:db8::9
            fd00::1 | x-forwarded-for: [2001:db8::9]:443 -> 2001:db8::9
            10.1.1.1 | x-real-ip: 6.6.6.6 | forwarded: for=6.6.6.6 -> 10.1.1.1
        "#]],
    );
}

#[test]
fn the_other_headers_are_read_when_they_are_named() {
    check(
        "x-real-ip",
        "
        10.1.1.1 | x-real-ip: 198.51.100.1 | x-forwarded-for: 6.6.6.6
        203.0.113.5 | x-real-ip: 6.6.6.6
        10.1.1.1 | x-real-ip: nobody
        ",
        &expect![[r#"
            10.1.1.1 | x-real-ip: 198.51.100.1 | x-forwarded-for: 6.6.6.6 -> 198.51.100.1
            203.0.113.5 | x-real-ip: 6.6.6.6 -> 203.0.113.5
            10.1.1.1 | x-real-ip: nobody -> 10.1.1.1
        "#]],
    );
    check(
        "forwarded",
        r#"
        10.1.1.1 | forwarded: for=6.6.6.6, for=198.51.100.1;proto=https;by=10.1.1.1
        10.1.1.1 | forwarded: proto=https; FOR="[2001:db8::9]:47"
        10.1.1.1 | forwarded: for=unknown
        10.1.1.1 | forwarded: for=198.51.100.1, for=_hidden
        "#,
        &expect![[r#"
            10.1.1.1 | forwarded: for=6.6.6.6, for=198.51.100.1;proto=https;by=10.1.1.1 -> 198.51.100.1
            10.1.1.1 | forwarded: proto=https; FOR="[2001:db8::9]:47" -> 2001:db8::9
            10.1.1.1 | forwarded: for=unknown -> 10.1.1.1
            10.1.1.1 | forwarded: for=198.51.100.1, for=_hidden -> 10.1.1.1
        "#]],
    );
}

#[test]
fn without_a_list_the_header_stays_as_it_was_sent() {
    let public = Config::default().public;
    let mut headers = HeaderMap::new();
    headers.insert("x-real-ip", HeaderValue::from_static("as sent"));
    let peer = [127, 0, 0, 1].into();
    assert_eq!(client_address(&public, &headers, peer), peer);
    set_real_ip(&public, &mut headers, peer);
    assert_eq!(headers["x-real-ip"], "as sent");
}

fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len()).expect("short");
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    bytes.extend([command, family]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(addresses);
    bytes
}

#[test]
fn a_proxy_header_is_read_however_it_is_cut_and_nothing_behind_it() {
    let v4 = [198, 51, 100, 1, 127, 0, 0, 1, 0, 1, 0, 2];
    let mut v6 = vec![0x20, 1, 0x0d, 0xb8];
    v6.extend([0; 11]);
    v6.push(9);
    v6.extend([0; 20]);
    let with_additions = [&v4[..], &[4, 0, 2, 0, 0]].concat();
    for (header, source) in [
        (b"PROXY TCP4 198.51.100.1 127.0.0.1 1 2\r\n".to_vec(), Some("198.51.100.1")),
        (b"PROXY TCP6 2001:db8::9 ::1 1 2\r\n".to_vec(), Some("2001:db8::9")),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (b"PROXY UNKNOWN whatever it is\r\n".to_vec(), None),
        (binary(0x21, 0x11, &v4), Some("198.51.100.1")),
        (binary(0x21, 0x11, &with_additions), Some("198.51.100.1")),
        (binary(0x21, 0x21, &v6), Some("2001:db8::9")),
        (binary(0x21, 0x00, &[]), None),
        (binary(0x20, 0x11, &v4), None),
        (binary(0x20, 0x00, &[]), None),
    ] {
        let source = source.map(|source| source.parse().expect("an address"));
        let whole = Ok(Some(Header { bytes: header.len(), source }));
        for cut in 0..header.len() {
            assert_eq!(parse(&header[..cut]), Ok(None), "{}", header[..cut].escape_ascii());
        }
        assert_eq!(parse(&header), whole);
        assert_eq!(parse(&[&header, &b"GET / HTTP/1.1\r\n"[..]].concat()), whole);
    }
}

/// Returns a line of so many bytes, its end included.
fn line_of(bytes: usize) -> Vec<u8> {
    let mut line = b"PROXY UNKNOWN ".to_vec();
    line.resize(bytes - 2, b'x');
    line.extend(b"\r\n");
    line
}

#[test]
fn a_line_of_a_proxy_may_have_107_bytes() {
    let whole = Header { bytes: 107, source: None };
    assert_eq!(parse(&line_of(107)), Ok(Some(whole)));
    // That it is too long is known before it has ended.
    assert_eq!(parse(&line_of(108)[..106]), Ok(None));
    assert_eq!(parse(&line_of(108)[..107]), Err(BadHeader));
}

#[test]
fn what_is_no_proxy_header_is_refused_before_much_of_it_is_kept() {
    let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 100]].concat();
    for bad in [
        b"GET / HTTP/1.1\r\n".to_vec(),
        b"PROXY TCP4 here there 1 2\r\n".to_vec(),
        b"PROXY TCP4 2001:db8::9 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP5 1.1.1.1 1.1.1.1 1 2\r\n".to_vec(),
        b"PROXY TCP4\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.1\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.1 127.0.0.1\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.1 127.0.0.1 1\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.1 127.0.0.1 1 65536\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.1 ::1 1 2\r\n".to_vec(),
        b"PROXY UNKNOWN\n".to_vec(),
        line_of(108),
        long,
        binary(0x11, 0x11, &[0; 12]),
        binary(0x22, 0x11, &[0; 12]),
        binary(0x21, 0x11, &[0; 3]),
        binary(0x21, 0x21, &[0; 12]),
        binary(0x21, 0x11, &[0; 5000]),
    ] {
        assert!(parse(&bad).is_err(), "{}", bad.escape_ascii());
    }
}
