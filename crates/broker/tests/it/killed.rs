//! Servers of a test that is killed.

use campanile_broker::testing::{Postgres, Server};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for the process that is killed.
const DOOMED: &str = "CAMPANILE_TEST_DOOMED";

#[test]
fn a_test_that_is_killed_leaves_no_server_and_no_folder_behind() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::holds_servers_until_it_is_killed", "--nocapture"]);
    command.env(DOOMED, "yes").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut doomed = command.spawn().unwrap();
    let lines = BufReader::new(doomed.stdout.take().unwrap()).lines().map(Result::unwrap);
    let servers: Vec<String> = lines
        .map_while(|line| (!line.contains("ready")).then_some(line))
        .filter_map(|line| line.split_once("server ").map(|(_, server)| server.to_owned()))
        .collect();
    doomed.kill().unwrap();
    doomed.wait().unwrap();
    for server in servers {
        let (port, folder) = server.split_once(' ').unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while is_answering(port.parse().unwrap()) || Path::new(folder).exists() {
            assert!(Instant::now() < deadline, "there is still something of {server}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The process for the test above; by itself it does nothing.
#[test]
fn holds_servers_until_it_is_killed() {
    if std::env::var_os(DOOMED).is_none() {
        return;
    }
    let redis = Server::redis();
    let postgres = Postgres::start();
    let redis = redis.iter().map(|server| (server.port(), server.folder()));
    let postgres = postgres.iter().map(|server| (server.port(), server.folder()));
    let mut out = std::io::stdout();
    for (port, folder) in redis.chain(postgres) {
        writeln!(out, "\nserver {port} {}", folder.display()).unwrap();
    }
    writeln!(out, "\nready").unwrap();
    out.flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

fn is_answering(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
