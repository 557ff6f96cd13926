//! The gateway's half of the talk with the backend, against one that listens on a real socket.

use crate::support::backend::{Answer, Backend as Application, Request};
use crate::support::campanile::{backend_address, own_address};
use crate::support::folder::Folder;
use campanile_gateway::backend::{Backend, Forwarded};
use campanile_gateway::config::{BackendUrl, Config, Sources, load};
use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Reads settings (`section.key=value`) and makes the backend at `own`.
fn backend(own: Ipv4Addr, settings: &[&str]) -> Backend {
    let url = BackendUrl::parse(&format!("http://{}/api/", backend_address(own))).expect("a URL");
    Backend::new(&config(settings), &url).expect("the paths of the hooks are fine")
}

fn config(settings: &[&str]) -> Config {
    let flag = |setting: &&str| {
        let (path, value) = setting.split_once('=').expect("section.key=value");
        ("--set".to_owned(), path.to_owned(), value.to_owned())
    };
    let flags = settings.iter().map(flag).collect();
    let loaded = load(&Sources { flags, ..Sources::default() });
    loaded.expect("the settings of the test are fine").config
}

fn forwarded(backend: &Backend, headers: &[(&str, &str)], query: &str) -> Forwarded {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        map.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    backend.pick(&map, query).expect("nothing in it is unforwardable")
}

/// Bootstraps once and says how it ended.
async fn ask(backend: &Backend) -> String {
    let nobody = forwarded(backend, &[], "");
    match backend.bootstrap(&nobody).await {
        Ok(authorized) => format!("rooms {}", authorized.rights.allowed_rooms),
        Err(refused) => format!("{refused}"),
    }
}

fn shown(requests: &[Request], own: Ipv4Addr) -> String {
    let mut text = String::new();
    for request in requests {
        text.push_str(&format!("{} {}\n", request.method, request.path));
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "accept") {
            text.push_str(&format!("    {name}: {value}\n"));
        }
    }
    text.replace(&backend_address(own).to_string(), "HOST")
}

#[tokio::test]
async fn every_answer_is_read_as_the_protocol_says() {
    let own = own_address();
    let application = Application::start(backend_address(own), |_| Answer::json(200, "{}")).await;
    let backend = backend(own, &["backend.response_bytes_max=2048"]);
    let mut said = String::new();
    for (status, kind, body) in [
        (
            200,
            "application/json",
            r#"{"allowed_rooms": [{"zoo": 1}, {"zoo":"*"}], "is_authenticated": 0}"#,
        ),
        (200, "application/json; charset=utf-8", "{}"),
        (200, "application/vnd.api+json", r#"{"allowed_rooms":[]}"#),
        (200, "application/json", r#"{"allowed_rooms":{}}"#),
        (200, "application/json", r#"{"allowed_rooms":["foo"]}"#),
        (200, "application/json", r#"{"allowed_rooms":"foo"}"#),
        (200, "application/json", r#"{"allowed_rooms":{"a":1}}"#),
        (200, "application/json", r#"{"allowed_rooms":[5]}"#),
        (200, "application/json", r#"{"allowed_rooms":[{},null]}"#),
        (200, "application/json", r#"{"allowed_rooms":null}"#),
        (200, "application/json", r#"{"allowed_rooms":[[]]}"#),
        (200, "application/json", r#"{"allowed_rooms":[[["a",1]]]}"#),
        (200, "application/json", "[]"),
        (200, "application/json", "null"),
        (200, "application/json", "<html>"),
        (200, "application/json", ""),
        (200, "application/json", "{} {}"),
        (200, "text/html", "{}"),
        (200, "", "{}"),
        (201, "application/json", "{}"),
        (204, "application/json", ""),
        (301, "application/json", "{}"),
        (403, "text/html", "<html>"),
        (404, "application/json", "{}"),
        (500, "application/json", "{}"),
    ] {
        let mut answer = Answer::json(status, body);
        answer.content_type = kind.to_owned();
        application.answer(move |_| answer.clone());
        said.push_str(&format!("{status} {kind} {body}\n    {}\n", ask(&backend).await));
    }
    expect![[r#"
        200 application/json {"allowed_rooms": [{"zoo": 1}, {"zoo":"*"}], "is_authenticated": 0}
            rooms [{"zoo": 1}, {"zoo":"*"}]
        200 application/json; charset=utf-8 {}
            rooms []
        200 application/vnd.api+json {"allowed_rooms":[]}
            rooms []
        200 application/json {"allowed_rooms":{}}
            rooms []
        200 application/json {"allowed_rooms":["foo"]}
            the backend's answer is unreadable: an allowed room is no object: "foo" at line 1 column 7
        200 application/json {"allowed_rooms":"foo"}
            the backend's answer is unreadable: invalid type: string "foo", expected a list of rooms in allowed_rooms at line 1 column 5
        200 application/json {"allowed_rooms":{"a":1}}
            the backend's answer is unreadable: invalid type: map, expected a list of rooms in allowed_rooms at line 1 column 1
        200 application/json {"allowed_rooms":[5]}
            the backend's answer is unreadable: an allowed room is no object: 5 at line 1 column 3
        200 application/json {"allowed_rooms":[{},null]}
            the backend's answer is unreadable: an allowed room is no object: null at line 1 column 9
        200 application/json {"allowed_rooms":null}
            the backend's answer is unreadable: invalid type: null, expected a list of rooms in allowed_rooms at line 1 column 4
        200 application/json {"allowed_rooms":[[]]}
            the backend's answer is unreadable: an allowed room is no object: [] at line 1 column 4
        200 application/json {"allowed_rooms":[[["a",1]]]}
            the backend's answer is unreadable: an allowed room is no object: [["a",1]] at line 1 column 11
        200 application/json []
            the backend's answer is unreadable: invalid type: sequence, expected a JSON object with allowed_rooms at line 1 column 2
        200 application/json null
            the backend's answer is unreadable: invalid type: null, expected a JSON object with allowed_rooms at line 1 column 4
        200 application/json <html>
            the backend's answer is unreadable: expected value at line 1 column 1
        200 application/json 
            the backend's answer is unreadable: EOF while parsing a value at line 1 column 0
        200 application/json {} {}
            the backend's answer is unreadable: trailing characters at line 1 column 4
        200 text/html {}
            the backend's answer is unreadable: its type is "text/html", not application/json
        200  {}
            the backend's answer is unreadable: its type is "", not application/json
        201 application/json {}
            the backend answered 201 Created
        204 application/json 
            the backend answered 204 No Content
        301 application/json {}
            the backend answered 301 Moved Permanently
        403 text/html <html>
            the backend answered 403 Forbidden
        404 application/json {}
            the backend answered 404 Not Found
        500 application/json {}
            the backend answered 500 Internal Server Error
    "#]].assert_eq(&said);
    assert_eq!(backend.statistics().authorized.load(Relaxed), 4);
    assert_eq!(backend.statistics().refused.load(Relaxed), 6);
}

#[tokio::test]
async fn a_backend_that_is_down_slow_or_boundless_refuses_and_is_asked_again() {
    let own = own_address();
    let settings =
        ["backend.timeout_s=5", "backend.response_bytes_max=100000", "backend.bootstraps_max=2"];
    let backend = backend(own, &settings);
    let mut said = format!("down: {}\n", ask(&backend).await);
    let application = Application::start(backend_address(own), |_| Answer::json(200, "{}")).await;
    said.push_str(&format!("up: {}\n", ask(&backend).await));
    application.answer(|_| Answer { delay: Duration::from_secs(3_600), ..Answer::json(200, "{}") });
    said.push_str(&format!("slow: {}\n", ask(&backend).await));
    application.answer(|_| Answer::json(200, format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))));
    said.push_str(&format!("a megabyte: {}\n", ask(&backend).await));
    application.answer(|_| {
        let rooms = vec!["{\"zoo\":1}"; 9_000].join(",");
        Answer::json(200, format!("{{\"allowed_rooms\":[{rooms}]}}"))
    });
    said.push_str(&format!("many rooms: {} bytes\n", ask(&backend).await.len()));
    application.answer(|_| Answer::json(200, "{}"));
    said.push_str(&format!("well again: {}\n", ask(&backend).await));
    expect![[r#"
        down: the backend cannot be reached: Connection refused (os error 111)
        up: rooms []
        slow: the backend took too long to answer
        a megabyte: the backend's answer is over response_bytes_max
        many rooms: 90007 bytes
        well again: rooms []
    "#]]
    .assert_eq(&said);
}

#[tokio::test]
async fn beyond_the_limits_of_bootstraps_connections_wait_and_then_are_refused() {
    let own = own_address();
    let answer = Answer { delay: Duration::from_millis(200), ..Answer::json(200, "{}") };
    let _application = Application::start(backend_address(own), move |_| answer.clone()).await;
    let settings = ["backend.bootstraps_max=1", "backend.bootstraps_waiting_max=1"];
    let backend = backend(own, &settings);
    let (first, second, third) = tokio::join!(ask(&backend), ask(&backend), ask(&backend));
    assert_eq!([first, second], ["rooms []", "rooms []"]);
    assert_eq!(third, "too many connections wait for the backend");
    assert_eq!(backend.statistics().busy.load(Relaxed), 1);
}

#[tokio::test]
async fn redirects_are_followed_a_few_times_and_show_nothing_to_another_host() {
    let (own, other) = (own_address(), own_address());
    let elsewhere = format!("http://{}/there", backend_address(other));
    let application = Application::start(backend_address(own), move |request| {
        let location = match request.path.as_str() {
            "/api/bootstrap/" => "login?next=1",
            "/api/bootstrap/login?next=1" => "/other/",
            "/loop" => "/loop",
            _ => &elsewhere,
        };
        let headers = vec![("Location".to_owned(), location.to_owned())];
        Answer { headers, ..Answer::json(302, "{}") }
    })
    .await;
    let stranger = Application::start(backend_address(other), |_| Answer::json(200, "{}")).await;
    let backend = backend(own, &[]);
    let client = forwarded(&backend, &[("cookie", "a=1"), ("user-agent", "UA")], "token=t");
    assert!(backend.bootstrap(&client).await.is_ok());
    assert_eq!(application.take_seen(3).await.len(), 3);
    expect![[r#"
        GET /there
            user-agent: UA
            host: HOST
    "#]]
    .assert_eq(&shown(&stranger.take_seen(1).await, other));
    application.answer(|_| {
        let headers = vec![("Location".to_owned(), "/loop".to_owned())];
        Answer { headers, ..Answer::json(302, "{}") }
    });
    assert_eq!(ask(&backend).await, "the backend's redirect cannot be followed");
    assert_eq!(application.take_seen(11).await.len(), 11);
}

/// Compares what the backend saw of a client with the hooks of the usual set-up.
async fn check_hooks(settings: &[&str], count: usize, expected: &Expect) {
    let own = own_address();
    let application = Application::start(backend_address(own), |_| Answer::json(200, "{}")).await;
    let backend = backend(own, settings);
    let headers = [
        ("cookie", "sessionid=s1; csrftoken=cs; lang=nl"),
        ("user-agent", "UA/1"),
        ("x-device-id", "dev"),
    ];
    let client = forwarded(&backend, &headers, "session_token=st&tenant=42");
    let authorized = backend.bootstrap(&client).await.expect("the backend lets everyone in");
    let presence = backend.hooks().online(client.with_cookies(&authorized.cookies));
    drop(presence);
    assert_eq!(backend.hooks().drain(Duration::from_secs(60)).await, 0);
    expected.assert_eq(&shown(&application.take_seen(count).await, own));
}

#[tokio::test]
async fn hooks_carry_the_headers_of_their_connection_in_order() {
    let settings = [
        "hooks.connect=user/notify_online/",
        "hooks.disconnect=user/notify_offline/",
        "backend.headers={ X-Session-Token = { param = \"session_token\" }, Referer = { fixed = \"http://app.example/api/\" }, X-Device = { header = \"X-Device-Id\" }, X-Lang = { cookie = \"lang\" }, X-Tenant = { param = \"tenant\", prefix = \"tenant/\" } }",
    ];
    check_hooks(
        &settings,
        3,
        &expect![[r#"
        GET /api/bootstrap/
            user-agent: UA/1
            cookie: sessionid=s1; csrftoken=cs; lang=nl
            x-csrftoken: cs
            referer: http://app.example/api/
            x-device: dev
            x-lang: nl
            x-session-token: st
            x-tenant: tenant/42
            host: HOST
        POST /api/user/notify_online/
            user-agent: UA/1
            cookie: sessionid=s1; csrftoken=cs; lang=nl
            x-csrftoken: cs
            referer: http://app.example/api/
            x-device: dev
            x-lang: nl
            x-session-token: st
            x-tenant: tenant/42
            content-length: 0
            content-type: application/octet-stream
            host: HOST
        POST /api/user/notify_offline/
            user-agent: UA/1
            cookie: sessionid=s1; csrftoken=cs; lang=nl
            x-csrftoken: cs
            referer: http://app.example/api/
            x-device: dev
            x-lang: nl
            x-session-token: st
            x-tenant: tenant/42
            content-length: 0
            content-type: application/octet-stream
            host: HOST
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_thousand_connections_go_offline_exactly_once_each_also_when_the_queue_is_full() {
    let own = own_address();
    let application = Application::start(backend_address(own), |_| Answer::json(500, "{}")).await;
    let settings = [
        "hooks.connect=on",
        "hooks.ping=ping",
        "hooks.disconnect=off",
        "hooks.queue_max=100",
        "hooks.concurrent_max=4",
    ];
    let backend = backend(own, &settings);
    let mut all = Vec::new();
    for number in 0..1_000 {
        let client = forwarded(&backend, &[], &format!("token={number}"));
        let presence = backend.hooks().online(client);
        let presence = presence.expect("there are hooks");
        presence.ping();
        all.push(presence);
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    drop(all);
    assert_eq!(backend.hooks().drain(Duration::from_secs(60)).await, 0);
    let seen = application.take_seen(0).await;
    let statistics = backend.hooks().statistics().expect("there are hooks");
    assert_eq!(statistics.sent.load(Relaxed), seen.len() as u64);
    let mut heard = 0;
    for number in 0..1_000 {
        let token = format!("Token {number}");
        let own = |request: &&Request| request.header("authorization") == Some(&token);
        let paths: Vec<&str> = seen.iter().filter(own).map(|one| one.path.as_str()).collect();
        if let [first, .., last] = paths[..] {
            heard += 1;
            assert_ne!((first, last), ("/api/off", "/api/off"), "{paths:?}");
            assert_eq!(last, "/api/off", "{paths:?}");
            assert_eq!(paths.iter().filter(|path| **path == "/api/off").count(), 1, "{paths:?}");
        }
    }
    assert!(heard >= 100, "{heard} of 1,000 were told of");
}

#[tokio::test]
async fn without_hooks_nothing_is_kept_of_a_connection() {
    let backend = backend(own_address(), &[]);
    let client = forwarded(&backend, &[], "");
    assert!(backend.hooks().online(client).is_none());
}

#[tokio::test]
async fn a_unix_socket_gets_the_host_of_the_url_and_the_cookies_it_set() {
    let folder = Folder::new();
    let path = folder.at("backend.sock");
    let listener = tokio::net::UnixListener::bind(&path).expect("the socket is this test's own");
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut seen = String::new();
        for _ in 0..2 {
            let mut buffer = [0; 4_096];
            let count = stream.read(&mut buffer).await?;
            seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
            let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
                          Set-Cookie: sessionid=new; Path=/\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).await?;
        }
        std::io::Result::Ok(seen)
    });
    let socket = format!("backend.socket={}", path.display());
    let config = config(&[&socket, "hooks.connect=on/"]);
    let url = BackendUrl::parse("http://app.example/api/").expect("a URL");
    let backend = Backend::new(&config, &url).expect("the paths are fine");
    let client = forwarded(&backend, &[("cookie", "sessionid=old; a=1")], "");
    let authorized = backend.bootstrap(&client).await.expect("it lets everyone in");
    let _presence = backend.hooks().online(client.with_cookies(&authorized.cookies));
    let seen = serving.await.expect("it does not panic").expect("the socket works");
    expect![[r#"
        GET /api/bootstrap/ HTTP/1.1
        user-agent: campanile/0.1.0
        accept: */*
        cookie: sessionid=old; a=1
        host: app.example

        POST /api/on/ HTTP/1.1
        user-agent: campanile/0.1.0
        accept: */*
        cookie: a=1; sessionid=new
        content-length: 0
        content-type: application/octet-stream
        host: app.example

    "#]]
    .assert_eq(&seen.replace('\r', ""));
}
