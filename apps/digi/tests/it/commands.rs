//! The command line, as a shell has it.

use crate::stage::KEYS;
use campanile_broker::testing::Folder;
use expect_test::expect;
use std::io::Write as _;
use std::process::{Command, Stdio};

struct Desk(Folder);

impl Desk {
    fn new() -> Desk {
        Desk(Folder::new("digi-commands"))
    }

    /// Runs a command with something on its standard input, and returns its status and all it says.
    fn says(&self, line: &str, input: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_digi"));
        command.args(line.split(' ')).current_dir(self.0.path()).env_clear();
        command.env("CHAT_FERNET_KEYS", KEYS[0]).env("DIGI_INSTANCE", "test");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        // A command that asks for nothing has closed it already.
        let _ = child.stdin.take().expect("it has one").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let (out, error) = (output.stdout, output.stderr);
        let text = String::from_utf8([out, error].concat()).expect("it is text");
        format!("{} {text}", output.status.code().expect("it was not killed"))
    }
}

#[test]
fn people_are_made_and_kept_out_by_commands() {
    let desk = Desk::new();
    let mut told = String::new();
    for (line, input) in [
        ("user list", ""),
        ("user add ann --full-name Ann --password-stdin", "seven ravens fly\n"),
        ("user add Ann --password-stdin", "seven ravens fly\n"),
        ("user add bob --password-stdin", "short"),
        ("user add bob --password-stdin", ""),
        ("user add bob", ""),
        ("user password ann --password-stdin", "eight ravens fly"),
        ("user deactivate ann", ""),
        ("token ann", ""),
        ("user list", ""),
        ("user activate ann --json", ""),
        ("token ann --remove", ""),
        ("user activate nobody", ""),
    ] {
        let said = desk.says(line, input);
        let first: Vec<&str> = said.lines().take(2).collect();
        told += &format!("$ digi {line}\n{}\n", first.join("\n"));
    }
    expect![[r#"
        $ digi user list
        0 There is no user.
        $ digi user add ann --full-name Ann --password-stdin
        0 user ann is added
        $ digi user add Ann --password-stdin
        1 digi: username: A user with that username already exists.
        $ digi user add bob --password-stdin
        1 digi: password: This password is too short. It must contain at least 8 characters.
        $ digi user add bob --password-stdin
        2 digi: standard input holds no password: pipe it in, or type it and end with Enter and Ctrl-D
        $ digi user add bob
        2 error: the following required arguments were not provided:
          --password-stdin
        $ digi user password ann --password-stdin
        0 user ann has another password; its sessions have ended
        $ digi user deactivate ann
        0 user ann may no longer log in; its sessions have ended
        $ digi token ann
        1 digi: ann may not log in, and a token would be refused.
        $ digi user list
        0 user  state     name
        ann   inactive  Ann
        $ digi user activate ann --json
        0 {"is_active":true,"is_superuser":false,"name":"Ann","username":"ann"}
        $ digi token ann --remove
        0 the token of ann is taken back
        $ digi user activate nobody
        1 digi: There is no user "nobody". `digi user list` shows all.
    "#]].assert_eq(&told);
    let token = desk.says("token ann", "");
    assert!(token.len() == "0 ".len() + 41 && token == desk.says("token ann", ""), "{token}");
}

#[test]
fn check_shows_each_setting_and_no_secret() {
    let desk = Desk::new();
    let said = desk.says("check", "");
    assert!(said.starts_with('0'), "{said}");
    assert!(said.contains("DIGI_LISTEN") && said.contains("CHAT_FERNET_KEYS"), "{said}");
    assert!(!said.contains(KEYS[0]), "{said}");
    assert!(said.contains("0 users, 0 conversations, 0 messages, 0 changes to publish"), "{said}");
}

#[test]
fn keygen_makes_another_key_each_time_and_openapi_is_json() {
    let desk = Desk::new();
    let (one, other) = (desk.says("keygen", ""), desk.says("keygen", ""));
    assert!(one != other && one.len() == "0 ".len() + 45, "{one}");
    let text = desk.says("openapi", "");
    let document: serde_json::Value = serde_json::from_str(&text[2..]).expect("it is JSON");
    assert_eq!(document["info"]["title"], "DIGI");
}

#[test]
fn without_a_key_nothing_starts() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digi"));
    let output = command.arg("serve").env_clear().output().expect("it ends");
    let said = String::from_utf8(output.stderr).expect("it is text");
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("CHAT_FERNET_KEYS") && said.contains("digi keygen"), "{said}");
}
