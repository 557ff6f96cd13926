//! `scram serve` and `scram demo`, as processes.

use super::stage::Desk;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

const PATIENCE: Duration = Duration::from_secs(60);

fn start(
    desk: &Desk,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut command = Command::from(desk.command());
    command.args(arguments).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, lines)
}

/// Reads the log up to a line with this in it, which is returned.
async fn line_with(lines: &mut Lines<BufReader<ChildStderr>>, part: &str) -> String {
    let mut log = String::new();
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(part) {
                return line;
            }
            log.push_str(&line);
            log.push('\n');
        }
        panic!("the log has no {part:?}:\n{log}");
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it is said in time")
}

async fn end(mut child: Child, lines: Lines<BufReader<ChildStderr>>) -> String {
    let id = child.id().unwrap().try_into().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    let mut rest = String::new();
    lines.into_inner().read_to_string(&mut rest).await.unwrap();
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}: {rest}");
    rest
}

#[tokio::test]
async fn the_server_tells_systemd_when_it_is_ready_and_warns_of_what_is_open() {
    let desk = Desk::new();
    let path = desk.file("notify", "");
    std::fs::remove_file(&path).unwrap();
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let variables = [
        ("SCRAM_LISTEN", "0.0.0.0:0"),
        ("SCRAM_TRANSLATOR_AUTH", "open"),
        ("SCRAM_LOG_FORMAT", "json"),
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
    ];
    let (child, mut lines) = start(&desk, &["serve"], &variables);
    let begins = line_with(&mut lines, "scram begins").await;
    let begins: serde_json::Value = serde_json::from_str(&begins).unwrap();
    assert_eq!(begins["hostname"], "scram1");
    line_with(&mut lines, "SCRAM_TRANSLATOR_AUTH is open").await;
    line_with(&mut lines, "by plain HTTP").await;
    let link = line_with(&mut lines, "/auth/first/").await;
    assert!(link.contains("at http://127.0.0.1:") && link.contains("on another machine"), "{link}");
    let mut told = [0; 64];
    let length = systemd.recv(&mut told).unwrap();
    assert_eq!(&told[..length], b"READY=1");
    end(child, lines).await;
    let length = systemd.recv(&mut told).unwrap();
    assert_eq!(&told[..length], b"STOPPING=1");
}

#[tokio::test]
async fn a_server_that_waits_for_its_database_says_so_and_can_be_told_to_end() {
    let desk = Desk::at("postgres://scram:s3cret@127.0.0.1:1/scram");
    let (child, mut lines) = start(&desk, &["serve"], &[("SCRAM_LISTEN", "127.0.0.1:0")]);
    let waits = line_with(&mut lines, "PostgreSQL is not there yet").await;
    assert!(waits.contains("127.0.0.1:1/scram") && !waits.contains("s3cret"), "{waits}");
    let rest = end(child, lines).await;
    assert!(rest.contains("the database had not answered"), "{rest}");
}

#[tokio::test]
async fn the_demo_is_a_server_with_a_translator_and_both_end_together() {
    let desk = Desk::new();
    let (child, mut lines) = start(&desk, &["demo", "--listen", "127.0.0.1:0"], &[]);
    // What is to be opened stands last.
    line_with(&mut lines, "a translator of its own").await;
    let listening = line_with(&mut lines, "listening on http://127.0.0.1:").await;
    line_with(&mut lines, "/auth/first/").await;
    assert!(!listening.ends_with(":0/"), "{listening}");
    end(child, lines).await;
}

#[tokio::test]
async fn a_second_server_on_a_file_and_a_misspelt_variable_are_told_at_the_start() {
    let desk = Desk::new();
    let (child, mut lines) = start(&desk, &["demo", "--listen", "127.0.0.1:0"], &[]);
    line_with(&mut lines, "/auth/first/").await;
    let second = desk.run(&["demo", "--listen", "127.0.0.1:0"], "");
    let told = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{told}");
    let holder = format!("already: process {}, at 127.0.0.1:0", child.id().unwrap());
    assert!(told.contains("scram-demo/scram.db") && told.contains(&holder), "{told}");
    end(child, lines).await;
    let variables = [("SCRAM_LISTEN", "127.0.0.1:0"), ("SCRAM_LISTN", "0.0.0.0:80")];
    let (child, mut lines) = start(&desk, &["serve"], &variables);
    let unknown = line_with(&mut lines, "is not known").await;
    assert!(unknown.contains("SCRAM_LISTN") && unknown.contains("mean SCRAM_LISTEN?"), "{unknown}");
    end(child, lines).await;
}
