//! A real gobgpd of a test's own.

use super::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A gobgpd.
pub(crate) struct Gobgpd {
    folder: PathBuf,
    pub(crate) port: u16,
    child: Option<Child>,
}

const CONFIGURATION: &str = "[global.config]\nas = 65000\nrouter-id = \"127.0.0.1\"\nport = -1\n";

impl Gobgpd {
    /// Starts one without neighbours; none if it is not installed.
    pub(crate) fn start() -> Option<Gobgpd> {
        Gobgpd::start_with(CONFIGURATION)
    }

    /// Starts one with this configuration; none if it is not installed.
    pub(crate) fn start_with(configuration: &str) -> Option<Gobgpd> {
        if Command::new("gobgpd").arg("--version").output().is_err() {
            #[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
            {
                eprintln!("not run, because gobgpd is not installed");
            }
            return None;
        }
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("campanile-gobgpd-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("gobgpd.toml"), configuration).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut gobgpd = Gobgpd { folder, port, child: None };
        gobgpd.restart();
        Some(gobgpd)
    }

    /// Ends it at once, as kill -9 does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it, with no routes, and waits until it listens.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let log = File::create(self.folder.join("log")).unwrap();
        let child = Command::new("gobgpd")
            .arg("-f")
            .arg(self.folder.join("gobgpd.toml"))
            .args(["--api-hosts", &format!("127.0.0.1:{}", self.port), "--pprof-disable"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "gobgpd does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Returns what `gobgp global rib` says of a family: a line for each route, sorted.
    pub(crate) fn rib(&self, family: &str) -> Vec<String> {
        let output = self.gobgp(&["global", "rib", "-a", family, "-j"]);
        let table: serde_json::Value = serde_json::from_slice(&output).unwrap_or_default();
        let table = table.as_object().cloned().unwrap_or_default();
        table.iter().map(|(network, paths)| describe(network, paths)).collect()
    }

    /// Runs `gobgp`, and returns what it prints.
    pub(crate) fn gobgp(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new("gobgp");
        command.args(["-u", "127.0.0.1", "-p", &self.port.to_string()]).args(arguments);
        command.output().unwrap().stdout
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).unwrap();
    }
}

impl Drop for Gobgpd {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Says with what a network is announced, path by path.
fn describe(network: &str, paths: &serde_json::Value) -> String {
    let mut line = network.to_owned();
    for path in paths.as_array().into_iter().flatten() {
        let mut words: Vec<(u64, String)> = Vec::new();
        for attribute in path["attrs"].as_array().into_iter().flatten() {
            let kind = attribute["type"].as_u64().unwrap();
            let word = match kind {
                1 => format!("origin {}", attribute["value"]),
                2 => format!("path {}", attribute["as_paths"][0]["asns"]),
                3 | 14 => format!("via {}", attribute["nexthop"].as_str().unwrap()),
                8 => format!("communities {}", attribute["communities"]),
                32 => format!("large {}", attribute["value"]),
                _ => attribute.to_string(),
            };
            // Both are next hops: one of IPv4, one of IPv6.
            words.push((if kind == 14 { 3 } else { kind }, word));
        }
        words.sort();
        for (_, word) in words {
            line = format!("{line} | {word}");
        }
    }
    line
}
