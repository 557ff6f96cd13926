//! The commands about the configuration, as somebody types them.

use crate::support::folder::Folder;
use std::process::{Command, Output};

fn campanile(arguments: &[&str]) -> Output {
    // Where no campanile.toml is.
    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
    command.args(arguments).env_clear().current_dir(folder.path());
    command.output().expect("the binary is there")
}

#[test]
fn check_config_says_what_is_wrong_and_ends_with_2() {
    let folder = Folder::new();
    let path = folder.write("wrong.toml", "[public]\nlistn = \"127.0.0.1:8000\"\n");
    let file = path.display().to_string();
    let output = campanile(&["check-config", "--config", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!("{file}:2: unknown key \"listn\" in [public]; did you mean \"listen\"?\n")
    );
}

#[test]
fn the_default_config_is_in_order_and_what_check_config_prints_can_be_read_again() {
    let default = campanile(&["default-config"]);
    let folder = Folder::new();
    let path = folder.write("default.toml", &default.stdout);
    let file = path.display().to_string();
    let checked = campanile(&["check-config", "--config", &file, "--set", "internal.key=s3cret"]);
    assert_eq!(checked.status.code(), Some(0));
    let effective = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(effective.starts_with("# ok: ") && !effective.contains("s3cret"));
    folder.write("default.toml", effective.replace("key = \"…\"", ""));
    let again = campanile(&["check-config", "--config", &file]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
}

#[test]
fn serve_without_a_backend_says_how_to_name_one() {
    let output = campanile(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("--backend: there is no backend"));
}

#[test]
fn a_demo_stands_alone_since_whoever_sees_its_page_may_trigger() {
    let settings = ["public.listen=127.0.0.1:0", "internal.listen=127.0.0.1:0"];
    let [public, internal] = settings;
    let broker = "broker.url=redis://127.0.0.1:1";
    let output = campanile(&["demo", "--set", public, "--set", internal, "--set", broker]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("by [broker] url all nodes would hear it"), "{said}");
}

#[test]
fn a_trigger_with_a_bad_room_or_data_is_not_sent() {
    for (room, data, complaint) in [
        ("zoo", "1", "the room \"zoo\" is neither JSON nor key=value"),
        ("{zoo", "1", "the room \"{zoo\" is not JSON"),
        ("zoo=1", "hello", "the data \"hello\" is not JSON; a text stands in quotes"),
    ] {
        let output = campanile(&["trigger", room, data]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.starts_with(complaint), "{said}");
    }
}
