use super::internal::{own_room, sample};
use super::line::Head;
use super::plan::{Target, escaped, time};
use super::proxy::{Proxy, advice_for_idle};
use expect_test::expect;
use serde_json::json;

#[test]
fn a_url_says_where_to_connect_and_what_to_ask_for() {
    let read = |url: &str| match Target::read(url) {
        Ok(Target { is_tls, host, port, authority, path }) => {
            format!("{} {host} {port} {authority} {path}\n", if is_tls { "tls" } else { "tcp" })
        }
        Err(error) => format!("{error}\n"),
    };
    let all: String = [
        "ws://127.0.0.1:8000/ws/",
        "wss://live.example/ws/?a=1",
        "wss://[::1]/",
        "https://live.example",
        "live.example/ws/",
        "ws://me:secret@live.example/ws/",
        "ftp://live.example/",
    ]
    .into_iter()
    .map(read)
    .collect();
    expect![[r#"
        tcp 127.0.0.1 8000 127.0.0.1:8000 /ws/
        tls live.example 443 live.example /ws/?a=1
        tls ::1 443 [::1] /
        tls live.example 443 live.example /
        "live.example/ws/" is not where a WebSocket is; write ws://host/ws/
        a name and password in the URL are nothing that browsers send
        "ftp://live.example/" is not where a WebSocket is; write ws://host/ws/
    "#]]
    .assert_eq(&all);
}

#[test]
fn times_are_seconds_or_minutes() {
    let seconds = |text| time(text).map(|time| time.as_secs()).ok();
    assert_eq!(seconds("70s"), Some(70));
    assert_eq!(seconds("70"), Some(70));
    assert_eq!(seconds("2m"), Some(120));
    assert_eq!(seconds("0"), Some(0));
    assert_eq!(seconds("soon"), None);
    assert_eq!(seconds("99999999999999999999m"), None);
    assert_eq!(seconds("307445734561825861m"), None);
}

#[test]
fn a_token_is_escaped_before_it_stands_in_a_query() {
    assert_eq!(escaped("a b&c=d/é~"), "a%20b%26c%3Dd%2F%C3%A9~");
}

#[test]
fn a_proxy_is_known_by_what_it_says_of_itself() {
    let proxy = |head: &str| Proxy::of(&Head::read(head.as_bytes()));
    assert_eq!(proxy("HTTP/1.1 502 Bad\r\nServer: nginx/1.22.1\r\n\r\n"), Some(Proxy::Nginx));
    assert_eq!(proxy("HTTP/1.1 101 S\r\nvia: 1.1 Caddy\r\n\r\n"), Some(Proxy::Caddy));
    assert_eq!(proxy("HTTP/1.1 101 S\r\nserver: awselb/2.0\r\n\r\n"), Some(Proxy::Alb));
    assert_eq!(proxy("HTTP/1.1 101 S\r\nServer: gunicorn\r\n\r\n"), None);
    assert!(advice_for_idle(Some(Proxy::Nginx)).contains("proxy_read_timeout"));
    let all = advice_for_idle(None);
    for name in ["nginx", "HAProxy", "Apache", "Traefik", "Caddy", "AWS ALB"] {
        assert!(all.contains(name), "{name}");
    }
}

#[test]
fn a_refusal_is_quoted_without_its_markup() {
    let answer = "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>\r\n<head><title>502 Bad\u{7} \
                  Gateway</title></head>\n<body>…";
    assert_eq!(Head::read(answer.as_bytes()).says, "502 Bad Gateway");
}

#[test]
fn a_sample_is_found_by_its_whole_name() {
    let page = "# HELP a_total Of a.\na_total_more 3\na_total{b=\"c\"} 7\na_total 1.5\n";
    assert_eq!(sample(page, "a_total"), Some(1.5));
    assert_eq!(sample(page, "a_total{b=\"c\"}"), Some(7.0));
    assert_eq!(sample(page, "a"), None);
}

#[test]
fn the_doctors_own_room_is_an_allowed_one_with_its_stars_replaced() {
    assert_eq!(own_room(&[json!({"zoo": 1}), json!("*")]), None);
    let room = own_room(&[json!({"zoo": 1}), json!({"zoo": 2, "animal": "*"})]).expect("a star");
    assert_eq!(room["zoo"], 2);
    assert!(room["animal"].as_str().is_some_and(|name| name.starts_with("campanile-doctor-")));
}
