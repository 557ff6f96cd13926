//! A real gobgpd of a test's own.

use super::PATIENCE;
use campanile_broker::testing::{Folder, Program, free_port};
use std::fs::File;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A gobgpd.
pub(crate) struct Gobgpd {
    pub(crate) port: u16,
    /// Dropped before its folder is removed.
    program: Option<Program>,
    folder: Folder,
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
        let folder = Folder::new("gobgpd");
        std::fs::write(folder.path().join("gobgpd.toml"), configuration).unwrap();
        let mut gobgpd = Gobgpd { port: free_port(), program: None, folder };
        gobgpd.restart();
        Some(gobgpd)
    }

    /// Ends it at once, as kill -9 does.
    pub(crate) fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it, with no routes, and waits until it listens.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let folder = self.folder.path();
        let log = File::create(folder.join("log")).unwrap();
        let mut command = Command::new("gobgpd");
        command.arg("-f").arg(folder.join("gobgpd.toml"));
        command.args(["--api-hosts", &format!("127.0.0.1:{}", self.port), "--pprof-disable"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.program = Some(Program::start(&mut command, folder));
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "gobgpd does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) fn freeze(&self) {
        self.program.as_ref().expect("it runs").freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.program.as_ref().expect("it runs").thaw();
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
