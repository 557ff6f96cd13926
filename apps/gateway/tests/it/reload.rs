//! SIGHUP: another configuration, and no connection lost by it.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use crate::support::tls::Certificate;
use rustix::process::Signal;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;

/// A gateway whose configuration file can be written anew.
struct Server {
    campanile: Campanile,
    _backend: Backend,
}

async fn start(toml: &str, prepare: impl FnOnce(Start) -> Start) -> Server {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    let campanile = prepare(Start::new(own).config(toml)).ready().await;
    Server { campanile, _backend: backend }
}

impl Server {
    /// Writes another file and has it read.
    async fn reload(&self, toml: &str, says: &str) {
        std::fs::write(self.campanile.config_file(), toml).expect("it can be written");
        self.campanile.signal(Signal::HUP);
        for _ in 0..3000 {
            if self.campanile.log().contains(says) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{says:?} is not in the log:\n{}", self.campanile.log());
    }

    async fn open(&self, origin: &str) -> Result<Client, u16> {
        let headers = [("Origin".to_owned(), origin.to_owned())];
        let mut client = Client::open(self.campanile.public, "/ws/", &headers).await?;
        client.next().await.expect("a greeting");
        Ok(client)
    }

    /// Triggers with a key; returns the status.
    async fn trigger(&self, key: &str) -> u16 {
        let body = br#"{"rooms":[{"room":"lobby"}],"data":1}"#;
        let headers = [("X-Api-Key", key)];
        let answer = http::post(self.campanile.internal, "/trigger/", &headers, body).await;
        answer.expect("triggers are answered").status
    }
}

async fn is_alive(client: &mut Client) {
    client.send("ping").await;
    assert_eq!(client.next().await, Some(Incoming::Text("pong".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_while_clients_stay() {
    let server = start("[internal]\nkey = \"one\"\n", |start| start).await;
    let mut client = server.open("https://a.example").await.expect("everybody may come");
    assert_eq!((server.trigger("one").await, server.trigger("two").await), (200, 401));
    let toml = "[internal]\nkey = \"two\"\n[public]\nallowed_origins = [\"https://b.example\"]\n\
                [limits]\nmessages_per_s = 1\nmessages_burst = 2\nconnections_max = 2\n\
                [log]\nfilter = \"debug\"\n";
    let says = "[public] allowed_origins, [internal] key, [limits] connections_max, \
                [limits] messages_per_s, [limits] messages_burst, [log] filter changed";
    server.reload(toml, says).await;
    assert_eq!((server.trigger("one").await, server.trigger("two").await), (401, 200));
    assert_eq!(server.open("https://a.example").await.err(), Some(403));
    is_alive(&mut client).await;
    let _second = server.open("https://b.example").await.expect("that page may come");
    assert_eq!(server.open("https://b.example").await.err(), Some(503));
    for _ in 0..5 {
        client.send("ping").await;
    }
    let mut last = None;
    while !matches!(last, Some(Incoming::Closed(_))) {
        last = client.next().await;
    }
    assert_eq!(last, Some(Incoming::Closed(1008)), "the new rate counts for those who are there");
    assert!(server.campanile.log().contains("DEBUG"), "{}", server.campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_a_restart_is_named_and_a_bad_file_changes_nothing() {
    let server = start("", |start| start).await;
    let mut client = server.open("https://a.example").await.expect("everybody may come");
    let toml = "[loops]\ncount = 7\n[limits]\ninactivity_s = 77\n[internal]\nkey = \"k\"\n";
    server.reload(toml, "[loops] count changed: restart to use it").await;
    assert!(server.campanile.log().contains("[limits] inactivity_s changed: restart to use it"));
    assert_eq!((server.trigger("").await, server.trigger("k").await), (401, 200));
    let says = "the configuration stays as it was: ";
    server.reload("[internal]\nkez = \"x\"\n", says).await;
    let log = server.campanile.log();
    assert!(log.contains("unknown key \"kez\" in [internal]; did you mean \"key\"?"), "{log}");
    assert_eq!(server.trigger("k").await, 200);
    is_alive(&mut client).await;
    let page = http::request(server.campanile.internal, "GET /metrics", &[("X-Api-Key", "k")], b"");
    let page = page.await.expect("metrics are served").body;
    assert!(page.contains("campanile_reloads_total{outcome=\"done\"} 1\n"), "{page}");
    assert!(page.contains("campanile_reloads_total{outcome=\"failed\"} 1\n"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_names_a_certificate_that_cannot_be_used_changes_nothing() {
    let files = Certificate::new();
    let toml = |certificate: &str| {
        format!("[public]\ncertificate = \"{certificate}\"\nprivate_key = \"{}\"\n", files.key())
    };
    let server = start(&toml(&files.certificate()), |start| start).await;
    let says = "stays as it was: [public] certificate: /nowhere.pem cannot be read";
    server.reload(&(toml("/nowhere.pem") + "[internal]\nkey = \"k\"\n"), says).await;
    assert_eq!(server.trigger("").await, 200, "no key is asked for");
    files.connect(server.campanile.public).await.expect("it shows the old certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backend_moves_and_the_hooks_with_it() {
    let (first, second) = (own_address(), own_address());
    let new_backend = Backend::start(backend_address(second), |_| Answer::json(200, ROOMS)).await;
    let toml = |own| {
        let url = format!("http://{}/api/", backend_address(own));
        format!("[backend]\nurl = \"{url}\"\n[hooks]\ndisconnect = \"gone/\"\n")
    };
    let old_backend = Backend::start(backend_address(first), |_| Answer::json(200, ROOMS)).await;
    let start = Start::new(first).env("CAMPANILE_BACKEND_URL", "").config(&toml(first));
    let server = Server { campanile: start.ready().await, _backend: old_backend };
    let mut early = server.open("https://a.example").await.expect("everybody may come");
    server.reload(&toml(second), "[backend] url changed").await;
    let mut late = server.open("https://a.example").await.expect("everybody may come");
    assert_eq!(new_backend.take_seen(1).await[0].path, "/api/bootstrap/");
    assert!(early.close().await);
    assert_eq!(new_backend.take_seen(1).await[0].path, "/api/gone/");
    is_alive(&mut late).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_of_each_state() {
    let path = std::env::temp_dir().join(format!("campanile-notify-{}", std::process::id()));
    let socket = UnixDatagram::bind(&path).expect("the temporary folder can be written");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
    let at = path.display().to_string();
    let Server { mut campanile, .. } =
        start("", |start| start.env("NOTIFY_SOCKET", &at).env("WATCHDOG_USEC", "200000")).await;
    let hears = |what: &str| {
        let mut buffer = [0; 500];
        loop {
            let bytes = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{what}: {error}"));
            if String::from_utf8_lossy(&buffer[..bytes]).contains(what) {
                return;
            }
        }
    };
    hears("READY=1");
    hears("STATUS=0 connections\nWATCHDOG=1");
    campanile.signal(Signal::HUP);
    hears("RELOADING=1\nMONOTONIC_USEC=");
    hears("READY=1");
    hears("WATCHDOG=1");
    campanile.terminate();
    hears("STOPPING=1\nEXTEND_TIMEOUT_USEC=");
    assert!(campanile.ended().await.success());
    let _ = std::fs::remove_file(path);
}
