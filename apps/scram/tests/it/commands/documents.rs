//! What the documents promise.

use super::stage::Desk;
use crate::stage::{PASSWORD, Stage};
use crate::world::World;
use campanile_scram::settings::VARIABLES;
use std::net::SocketAddr;
use std::process::Command;

const GUIDE: &str = include_str!("../../../../../docs/scram.md");

#[test]
fn the_guide_names_every_setting_with_its_default() {
    let rows: Vec<&str> = GUIDE.lines().filter(|line| line.starts_with("| `")).collect();
    for (name, default, _) in VARIABLES {
        let default = if default.is_empty() { "none".to_owned() } else { format!("`{default}`") };
        let begin = format!("| `{name}` | {default} |");
        let found = rows.iter().any(|row| row.starts_with(&begin));
        assert!(found, "docs/scram.md has no row that begins with {begin}");
    }
    let of_server = rows.iter().filter(|row| row.starts_with("| `SCRAM_"));
    for row in of_server {
        let name = row.split('`').nth(1).unwrap();
        assert!(VARIABLES.iter().any(|(known, ..)| *known == name), "{name} is no setting");
    }
}

#[test]
fn every_command_that_the_guides_show_is_one() {
    let moving = include_str!("../../../../../docs/moving-from-scram.md");
    let mut seen = 0;
    for line in GUIDE.lines().chain(moving.lines()).map(str::trim) {
        let Some(command) = line.strip_prefix("scram ") else { continue };
        let words =
            command.split_whitespace().take_while(|word| !word.starts_with(['-', '|', '>']));
        let path: Vec<&str> = words.take_while(|word| word.bytes().all(is_of_a_command)).collect();
        let desk = Desk::at("sqlite::memory:");
        let arguments = path.iter().take(2).copied().chain(["--help"]);
        let help = desk.run(&arguments.collect::<Vec<_>>(), "");
        assert!(help.status.success(), "scram {command}");
        seen += 1;
    }
    assert!(seen > 10, "only {seen} commands were found");
}

fn is_of_a_command(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'-'
}

/// The client in Python does all that its first lines promise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_in_python_registers_adds_asks_and_removes() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("not run, because there is no python3 here");
        return;
    }
    let world = World::sqlite();
    let desk = Desk::at(&world.url);
    let stage = Stage::start(world, &[("PAGINATION_SIZE", "2")]).await;
    let (address, token) = (stage.address(), stage.token("ada").await);
    tokio::task::spawn_blocking(move || {
        let uuid = python(address, &[], &["register", "zeek"]);
        let known = [("SCRAM_UUID", uuid.trim())];
        let refused = python(address, &known, &["add", "192.0.2.4", "scanner"]);
        assert!(refused.contains("not allowed to use this actiontype"), "{refused}");
        desk.says("client authorize zeek block");
        let added = python(address, &known, &["add", "192.0.2.4", "scanner", "--hours", "12"]);
        assert!(added.starts_with("192.0.2.4/32 until 20"), "{added}");
        for number in 5..9 {
            python(address, &known, &["add", &format!("192.0.2.{number}"), "scanner"]);
        }
        let token = [("SCRAM_TOKEN", token.as_str())];
        assert_eq!(python(address, &token, &["list"]).lines().count(), 5);
        assert_eq!(python(address, &[], &["ask", "192.0.2.0/24"]), "active\n");
        assert_eq!(python(address, &token, &["remove", "192.0.2.4"]), "");
        assert_eq!(python(address, &[], &["ask", "192.0.2.4"]), "not active\n");
        let stranger = python(address, &[], &["list"]);
        assert!(stranger.contains("SCRAM refused: 403"), "{stranger}");
    })
    .await
    .unwrap();
    stage.end().await;
}

/// Runs the client, and returns what it says.
fn python(server: SocketAddr, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clients/scram/scram_client.py");
    let output = Command::new("python3")
        .arg(client)
        .arg(format!("http://{server}"))
        .args(arguments)
        .env_remove("http_proxy")
        .env("no_proxy", "*")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

/// The commands with curl, as the guide has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_commands_with_curl_work_as_they_stand() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("not run, because there is no curl here");
        return;
    }
    let stage = Stage::start(World::sqlite(), &[]).await;
    let (_, rest) = GUIDE.split_once("<!-- curl -->\n```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let script = format!("set -e\nexport no_proxy='*'\n{script}")
        .replace("http://127.0.0.1:8000", &format!("http://{}", stage.address()))
        .replace("your password", PASSWORD);
    let output = tokio::task::spawn_blocking(move || {
        Command::new("bash").args(["-c", &script]).output().unwrap()
    });
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(r#""route":"192.0.2.4/32""#) && text.contains(r#""is_active":true"#));
    stage.end().await;
}
