//! `campanile doctor` and `campanile health`, in front of a gateway and of proxies that do it wrong.

mod proxy;

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::tls::Certificate;
use expect_test::expect;
use proxy::{Fault, Proxy};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::Duration;

const ROOMS: &str = r#"{"allowed_rooms": [{"zoo": 1}, {"room": "*"}]}"#;

/// Starts a gateway whose backend lets in who has the cookie or token `let-me-in`.
async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |request| {
        let is_known = ["cookie", "authorization"]
            .iter()
            .any(|name| request.header(name).is_some_and(|value| value.contains("let-me-in")));
        if is_known { Answer::json(200, ROOMS) } else { Answer::json(403, "{}") }
    })
    .await;
    (prepare(Start::new(own)).ready().await, backend)
}

/// What the doctor said, and whether it was content.
struct Said {
    content: bool,
    checks: Vec<Value>,
}

impl Said {
    /// Returns each result with the name of its test.
    fn results(&self) -> String {
        let line = |check: &Value| format!("{} {}\n", text(check, "result"), text(check, "check"));
        self.checks.iter().map(line).collect()
    }

    /// Returns all that was said about one test.
    fn about(&self, name: &str) -> String {
        let checks = self.checks.iter().filter(|check| text(check, "check") == name);
        checks.map(|check| text(check, "what") + "\n" + &text(check, "advice")).collect()
    }
}

fn text(check: &Value, key: &str) -> String {
    check[key].as_str().unwrap_or_default().to_owned()
}

async fn campanile(arguments: Vec<String>, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
    command.env_clear().args(arguments).envs(environment.iter().copied());
    let run = move || command.output().expect("the binary was built for this test");
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

async fn doctor(at: SocketAddr, arguments: &[&str]) -> Said {
    doctor_of(&format!("ws://{at}/ws/"), arguments, &[]).await
}

async fn doctor_of(url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let all = [&["doctor", "--json", url], arguments].concat();
    let all = all.into_iter().map(str::to_owned).collect();
    let output = campanile(all, environment).await;
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("it said no JSON: {}", String::from_utf8_lossy(&output.stderr)));
    let checks = said["checks"].as_array().expect("a list of checks").clone();
    Said { content: output.status.success(), checks }
}

/// Runs the doctor against a gateway behind a proxy.
async fn behind(campanile: &Campanile, fault: Fault, arguments: &[&str]) -> Said {
    let at = SocketAddr::from((own_address(), 18_001));
    let _proxy = Proxy::start(at, campanile.public, fault).await;
    doctor(at, arguments).await
}

const LOGIN: [&str; 2] = ["--cookie", "session=let-me-in"];

#[tokio::test(flavor = "multi_thread")]
async fn a_good_deployment_passes_every_test() {
    let (campanile, _backend) = start(|start| {
        start
            .env("CAMPANILE_PUBLIC_ALLOWED_ORIGINS", "https://app.example")
            .env("CAMPANILE_INTERNAL_KEY", "open-sesame")
    })
    .await;
    let key = std::env::temp_dir().join(format!("campanile-doctor-{}.key", std::process::id()));
    std::fs::write(&key, "open-sesame\n").expect("the temporary folder can be written");
    let internal = format!("http://{}", campanile.internal);
    let key_file = key.to_str().expect("it is named in ASCII");
    let [cookie, session] = LOGIN;
    let origin = "https://app.example";
    let said = doctor(
        campanile.public,
        &[
            cookie,
            session,
            "--origin",
            origin,
            "--internal",
            &internal,
            "--key-file",
            key_file,
            "--idle",
            "1s",
        ],
    )
    .await;
    let _ = std::fs::remove_file(&key);
    expect![[r#"
        ok resolve
        ok connect
        ok upgrade
        ok subprotocol
        ok compression
        ok greeting
        ok ping
        ok large
        ok two
        ok origin
        ok ready
        ok version
        ok backend
        ok trigger
        ok road
        ok idle
    "#]]
    .assert_eq(&said.results());
    assert!(said.content);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_login_it_says_what_could_not_be_tested() {
    let (campanile, _backend) = start(|start| start).await;
    let said = doctor(campanile.public, &[]).await;
    expect![[r#"
        ok resolve
        ok connect
        ok upgrade
        ok subprotocol
        ok compression
        warn greeting
        ok two
        warn origin
    "#]]
    .assert_eq(&said.results());
    assert!(said.content);
    assert!(said.about("greeting").contains("--cookie"), "{}", said.about("greeting"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_loses_the_upgrade_is_found_and_named() {
    let (campanile, _backend) = start(|start| start).await;
    for name in ["Upgrade", "Connection"] {
        let said = behind(&campanile, Fault::Drops(name), &LOGIN).await;
        assert!(!said.content);
        let about = said.about("upgrade");
        assert!(about.contains("by nginx/1.22.1"), "{about}");
        assert!(about.contains("proxy_set_header Upgrade $http_upgrade"), "{about}");
        assert!(!about.contains("Envoy"), "{about}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_drops_what_is_negotiated_is_worth_a_warning() {
    let (campanile, _backend) = start(|start| start).await;
    let [cookie, session] = LOGIN;
    let arguments = [cookie, session, "--idle", "0"];
    let said = behind(&campanile, Fault::Drops("Sec-WebSocket-Extensions"), &arguments).await;
    assert!(said.content && said.results().contains("warn compression\n"), "{}", said.results());
    let said = behind(&campanile, Fault::Drops("Sec-WebSocket-Protocol"), &arguments).await;
    assert!(said.content && said.results().contains("warn subprotocol\n"), "{}", said.results());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cuts_quiet_lines_is_found_with_the_directive_to_set() {
    let (campanile, _backend) = start(|start| start).await;
    let [cookie, session] = LOGIN;
    let arguments = [cookie, session, "--idle", "30s"];
    let said = behind(&campanile, Fault::Cuts(Duration::from_secs(6)), &arguments).await;
    assert!(!said.content);
    assert!(said.results().ends_with("fail idle\n"), "{}", said.results());
    let about = said.about("idle");
    assert!(about.contains("cut without a close frame"), "{about}");
    assert!(about.contains("proxy_read_timeout") && about.contains("ping_every_s"), "{about}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_reach_the_gateway_is_told_from_one_that_holds_messages_back() {
    let (campanile, _backend) = start(|start| start).await;
    let said = behind(&campanile, Fault::BadGateway, &LOGIN).await;
    assert!(!said.content);
    let about = said.about("upgrade");
    assert!(about.contains("502 Bad Gateway") && about.contains("[public] listen"), "{about}");
    let said = behind(&campanile, Fault::HoldsBack, &LOGIN).await;
    assert!(!said.content);
    assert!(said.results().contains("fail greeting\n"), "{}", said.results());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_for_each_address_and_a_wrong_internal_key_are_found() {
    let (campanile, _backend) = start(|start| {
        start
            .env("CAMPANILE_LIMITS_CONNECTIONS_PER_ADDRESS_MAX", "2")
            .env("CAMPANILE_INTERNAL_KEY", "open-sesame")
    })
    .await;
    let internal = format!("http://{}", campanile.internal);
    let [cookie, session] = LOGIN;
    let said =
        doctor(campanile.public, &[cookie, session, "--internal", &internal, "--idle", "0"]).await;
    assert!(!said.content);
    let two = said.about("two");
    assert!(two.contains("503") && two.contains("connections_per_address_max"), "{two}");
    assert!(said.about("metrics").contains("--key-file"), "{}", said.results());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_looked_at_as_a_browser_would() {
    let own = own_address();
    let _backend = Backend::start(backend_address(own), |_| Answer::json(403, "{}")).await;
    let certificate = Certificate::named(&own.to_string());
    let campanile = Start::new(own)
        .env("CAMPANILE_PUBLIC_CERTIFICATE", &certificate.certificate())
        .env("CAMPANILE_PUBLIC_PRIVATE_KEY", &certificate.key())
        .ready()
        .await;
    let trusted = certificate.certificate();
    let url = format!("wss://{}/ws/", campanile.public);
    let said = doctor_of(&url, &[], &[("SSL_CERT_FILE", &trusted)]).await;
    assert!(said.results().contains("ok tls\nok upgrade\n"), "{}", said.results());
    assert!(said.about("tls").starts_with("TLSv1_3, a trusted"), "{}", said.about("tls"));
    let other = Certificate::new();
    let said = doctor_of(&url, &[], &[("SSL_CERT_FILE", &other.certificate())]).await;
    assert!(!said.content);
    assert!(said.about("tls").contains("fullchain.pem"), "{}", said.about("tls"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shows_an_authoritys_certificate_is_told_what_to_show() {
    let own = own_address();
    let certificate = Certificate::of_authority(&own.to_string());
    let campanile = Start::new(own)
        .env("CAMPANILE_PUBLIC_CERTIFICATE", &certificate.certificate())
        .env("CAMPANILE_PUBLIC_PRIVATE_KEY", &certificate.key())
        .ready()
        .await;
    let trusted = certificate.certificate();
    let url = format!("wss://{}/ws/", campanile.public);
    let said = doctor_of(&url, &[], &[("SSL_CERT_FILE", &trusted)]).await;
    assert!(!said.content);
    assert!(said.about("tls").contains("CA:FALSE"), "{}", said.about("tls"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_where_there_is_none_and_none_where_there_is_are_told_apart() {
    let (campanile, _backend) = start(|start| start).await;
    let certificate = Certificate::new();
    let trusted = certificate.certificate();
    let url = format!("wss://{}/ws/", campanile.public);
    let said = doctor_of(&url, &[], &[("SSL_CERT_FILE", &trusted)]).await;
    assert!(!said.content);
    assert!(said.about("tls").contains("is it ws://"), "{}", said.about("tls"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_there_is_said_plainly() {
    let at = SocketAddr::from((own_address(), 18_000));
    let said = doctor(at, &[]).await;
    assert!(!said.content);
    assert_eq!(said.results(), "ok resolve\nfail connect\n");
    assert!(said.about("connect").contains("nobody listens"), "{}", said.about("connect"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_for_people_has_a_line_for_each_test_and_a_sum() {
    let at = SocketAddr::from((own_address(), 18_000));
    let output = campanile(vec!["doctor".to_owned(), format!("ws://{at}/ws/")], &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).replace(&at.to_string(), "ADDRESS");
    let text = text.replace(&at.ip().to_string(), "IP");
    expect![[r#"
        ok    resolve      IP is IP
        FAIL  connect      TCP to ADDRESS: Connection refused (os error 111)
                           > the machine is there and nobody listens at that port: is the proxy (or campanile, [public] listen) running, and at this address rather than at loopback only?
        1 ok, 0 warn, 1 FAIL
    "#]]
    .assert_eq(&text);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_what_livez_and_readyz_say() {
    let (mut campanile, _backend) = start(|start| start).await;
    let url = format!("http://{}", campanile.internal);
    let health =
        || self::campanile(vec!["health".to_owned(), "--url".to_owned(), url.clone()], &[]);
    assert!(health().await.status.success());
    campanile.terminate();
    campanile.ended().await;
    let output = health().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/livez"));
}
