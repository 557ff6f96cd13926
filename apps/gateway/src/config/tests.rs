//! What is said about a configuration, for every way to get it wrong.

mod slow;

use super::given::Given;
use super::load::{Sources, load};
use super::nearest::nearest;
use super::{Change, Config, Key, SECTIONS, default_text, effective_text};
use expect_test::{Expect, expect};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Loads `file` as campanile.toml beside variables `NAME=value` and flags `path=value`, a line each, and
/// compares the complaints and warnings; with neither, the settings that are not at their default.
fn check(file: &str, variables: &str, flags: &str, expected: &Expect) {
    let written = written("toml", file);
    let split = |line: &str| {
        let (name, value) = line.trim().split_once('=').expect("a line is NAME=value");
        (name.to_owned(), value.to_owned())
    };
    let lines = |text: &str| {
        text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect::<Vec<_>>()
    };
    let sources = Sources {
        file: Some(written.path.clone()),
        environment: lines(variables).iter().map(|line| split(line)).collect(),
        flags: lines(flags)
            .iter()
            .map(|line| split(line))
            .map(|(path, value)| (format!("--set {path}"), path, value))
            .collect(),
    };
    let said = match load(&sources) {
        Err(errors) => errors.to_string(),
        Ok(loaded) => {
            let defaults = effective_text(&Config::default());
            let changed = effective_text(&loaded.config);
            let changed = changed.lines().filter(|line| !defaults.lines().any(|old| old == *line));
            let warnings = loaded.warnings.iter().map(|warning| format!("warning: {warning}"));
            warnings.chain(changed.map(str::to_owned)).collect::<Vec<_>>().join("\n")
        }
    };
    let said = said.replace(&written.path.display().to_string(), "campanile.toml");
    let said = if said.is_empty() { "nothing to say".to_owned() } else { said };
    expected.assert_eq(&format!("{said}\n"));
}

/// A file in a folder of its own, removed with it.
struct Written {
    folder: PathBuf,
    path: PathBuf,
}

fn written(extension: &str, text: &str) -> Written {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("campanile-config-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("the temporary directory can be written");
    let path = folder.join(format!("campanile.{extension}"));
    std::fs::write(&path, text).expect("the temporary directory can be written");
    Written { folder, path }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What is left behind harms no other test.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name_and_its_line() {
    check(
        "# mine\n\n[public]\npath = \"/ws/\"\nlistn = \"127.0.0.1:8000\"\nxyzzy = 1\ntimeout_s = 3\n\n[pubic]\n\n[zoo]\na = 1\n",
        "",
        "",
        &expect![[r#"
            campanile.toml:5: unknown key "listn" in [public]; did you mean "listen"?
            campanile.toml:6: unknown key "xyzzy" in [public]
            campanile.toml:7: unknown key "timeout_s" in [public]; it belongs under [backend]
            campanile.toml:9: unknown section [pubic]; did you mean "public"?
            campanile.toml:11: unknown section [zoo]
        "#]],
    );
    check(
        "listen = \"127.0.0.1:1\"\nfoo = 1\npublic = 3\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:1: "listen" stands outside of its section; put it under [public]
        campanile.toml:2: unknown key "foo" outside of a section
        campanile.toml:3: public is a table; write [public]
    "#]],
    );
}

#[test]
fn a_wrong_type_is_refused_with_its_line() {
    check(
        r#"
[public]
listen = 8000
path = "ws"
allowed_origins = ["https://app.example", "app.example/x"]
compression = "yes"
dialect = 4
[limits]
inactivity_s = "long"
connections_max = -1
message_bytes_max = 1.5
[trigger]
match = "glob"
[log]
filter = "loud"
format = "xml"
"#,
        "",
        "",
        &expect![[r#"
            campanile.toml:3: [public] listen: 8000 is not an address; write it as "127.0.0.1:8000" or "[::1]:8000"
            campanile.toml:4: [public] path: "ws" is not the path of a URL; write it as "/ws/"
            campanile.toml:5: [public] allowed_origins: "app.example/x" is not an origin; write it as "https://app.example", without a path
            campanile.toml:6: [public] compression: "yes" is not true or false
            campanile.toml:7: [public] dialect: 4 is not a dialect; there are 3 and "2.5"
            campanile.toml:9: [limits] inactivity_s: "long" is not a number of seconds
            campanile.toml:10: [limits] connections_max: -1 is not a whole number from 0 on
            campanile.toml:11: [limits] message_bytes_max: 1.5 is not a whole number
            campanile.toml:13: [trigger] match: "glob" is not one of "literal" and "pattern"
            campanile.toml:15: [log] filter: "loud" is not a filter; write it as "info" or "warn,campanile_gateway=debug"
            campanile.toml:16: [log] format: "xml" is not one of "text" and "json"
        "#]],
    );
}

#[test]
fn a_value_out_of_range_is_refused_with_its_range() {
    check(
        "[limits]\nmessage_bytes_max = 1\nping_every_s = 1e9\n[backend]\nbootstraps_max = 0\ntimeout_s = -1\n",
        "",
        "",
        &expect![[r#"
            campanile.toml:2: [limits] message_bytes_max: 1 is not from 128 to 1073741824
            campanile.toml:3: [limits] ping_every_s: 1000000000 is not from 0 to 86400
            campanile.toml:5: [backend] bootstraps_max: 0 is not from 1 to 65536
            campanile.toml:6: [backend] timeout_s: -1 is not a number of seconds
        "#]],
    );
    check(
        "[backend]\ntimeout_s = 0\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [backend] timeout_s is 0: nothing is that fast
    "#]],
    );
}

#[test]
fn bad_addresses_and_urls_say_what_would_be_right() {
    check(
        "[public]\nlisten = \"localhost\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [public] listen: "localhost" is not an address; write it as "127.0.0.1:8000" or "[::1]:8000"
    "#]],
    );
    check(
        "[backend]\nurl = \"nonsense\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [backend] url: "nonsense" is not the URL of a backend: write it as "http://127.0.0.1:8080/api/"
    "#]],
    );
    check(
        "[backend]\nurl = \"ftp://h/\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [backend] url: "ftp://h/" is not the URL of a backend: it has to begin with http:// or https://
    "#]],
    );
    check(
        "[backend]\nurl = \"http://h/?a=1\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [backend] url: "http://h/?a=1" is not the URL of a backend: it may have no query, since paths are put behind it
    "#]],
    );
    check(
        "[backend]\nurl = \"http://h/api\"\n",
        "",
        "",
        &expect![[r#"
        url = "http://h/api/"
    "#]],
    );
    check(
        "[backend]\nurl = \"https://h/api\"\nsocket = \"/run/s\"\n[hooks]\nping = \"/up/\"\n",
        "",
        "",
        &expect![[r#"
            campanile.toml:5: [hooks] ping: "/up/" is not a path; write it relative to the backend's URL, as "user/notify_online/"
        "#]],
    );
    check(
        "[backend]\nurl = \"https://h/api\"\nsocket = \"/run/s\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:3: [backend] socket speaks plain HTTP, so [backend] url begins with http://
    "#]],
    );
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    check(
        "[public]\nlisten = \n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: this is not TOML: string values must be quoted, expected literal string
    "#]],
    );
    check(
        "[public]\npath = \"/a/\"\npath = \"/b/\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:3: this is not TOML: duplicate key
    "#]],
    );
}

#[test]
fn the_internal_listener_needs_a_key_when_others_can_reach_it() {
    check(
        "[internal]\nlisten = \"0.0.0.0:8002\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [internal] listen is 0.0.0.0:8002, which others can reach, and there is no [internal] key: set CAMPANILE_INTERNAL_KEY_FILE, or listen on 127.0.0.1
    "#]],
    );
    check(
        "[internal]\nlisten = \"0.0.0.0:8002\"\nkey = \"k3y\"\n",
        "",
        "",
        &expect![[r#"
        listen = "0.0.0.0:8002"
        key = "…"
    "#]],
    );
    check(
        "[internal]\nlisten = \"127.0.0.1:8000\"\n",
        "",
        "",
        &expect![[r#"
        campanile.toml:2: [public] and [internal] both listen on 127.0.0.1:8000
    "#]],
    );
}

#[test]
fn the_environment_sets_over_the_file_and_flags_over_both() {
    check(
        "[public]\nlisten = \"127.0.0.1:1\"\npath = \"/file/\"\n[limits]\ninactivity_s = 1\n",
        "CAMPANILE_PUBLIC_PATH=/environment/
         CAMPANILE_LIMITS_INACTIVITY_S=2
         CAMPANILE_PUBLIC_LISTEN=
         CAMPANILE_PUBLIC_DIALECT=2.5
         CAMPANILE_PUBLIC_ALLOWED_ORIGINS=https://a.example, https://b.example
         CAMPANILE_BACKEND_HEADERS={ X-Lang = { cookie = \"lang\" } }",
        "limits.inactivity_s=3",
        &expect![[r#"
            listen = "127.0.0.1:1"
            path = "/environment/"
            allowed_origins = ["https://a.example", "https://b.example"]
            dialect = "2.5"
            headers = { x-lang = { cookie = "lang" } }
            inactivity_s = 3
        "#]],
    );
}

#[test]
fn quiet_clients_of_2_5_are_kept_unless_a_time_is_set_and_be_it_the_default_of_3() {
    let dialect = "[public]\ndialect = \"2.5\"\n";
    check(
        dialect,
        "",
        "",
        &expect![[r#"
            dialect = "2.5"
            inactivity_s = 0
        "#]],
    );
    check(
        dialect,
        "CAMPANILE_LIMITS_INACTIVITY_S=300",
        "",
        &expect![[r#"
            dialect = "2.5"
        "#]],
    );
    check(
        "[limits]\ninactivity_s = 300\n",
        "",
        "public.dialect=2.5",
        &expect![[r#"
            dialect = "2.5"
        "#]],
    );
}

#[test]
fn unknown_variables_are_warned_of_and_unknown_flags_refused() {
    check(
        "",
        "CAMPANILE_PUBLIC_LISTN=x\nCAMPANILE_ZOO=1\nOTHER=1",
        "",
        &expect![[r#"
        warning: CAMPANILE_PUBLIC_LISTN is the name of no setting; did you mean "CAMPANILE_PUBLIC_LISTEN"?
        warning: CAMPANILE_ZOO is the name of no setting
    "#]],
    );
    check(
        "",
        "CAMPANILE_PUBLIC_LISTEN=x\nCAMPANILE_LIMITS_DRAIN_S=x",
        "",
        &expect![[r#"
        CAMPANILE_LIMITS_DRAIN_S: "x" is not a number of seconds
        CAMPANILE_PUBLIC_LISTEN: "x" is not an address; write it as "127.0.0.1:8000" or "[::1]:8000"
    "#]],
    );
    check(
        "",
        "",
        "public.listn=1\nlimits.drain_s=x",
        &expect![[r#"
        --set public.listn: unknown setting "public.listn"; did you mean "public.listen"?
        --set limits.drain_s: "x" is not a number of seconds
    "#]],
    );
}

#[test]
fn a_secret_is_read_from_a_file_and_shown_nowhere() {
    let secret = written("key", "s3cret\n");
    let variable = format!("CAMPANILE_INTERNAL_KEY_FILE={}", secret.path.display());
    check(
        "[internal]\nlisten = \"0.0.0.0:8002\"\n",
        &variable,
        "",
        &expect![[r#"
        listen = "0.0.0.0:8002"
        key = "…"
    "#]],
    );
    check(
        "",
        &format!("{variable}\nCAMPANILE_INTERNAL_KEY=x"),
        "",
        &expect![[r#"
        CAMPANILE_INTERNAL_KEY_FILE: CAMPANILE_INTERNAL_KEY is set as well; one of them is too many
    "#]],
    );
    check(
        "",
        "CAMPANILE_INTERNAL_KEY_FILE=/nowhere",
        "",
        &expect![[r#"
        CAMPANILE_INTERNAL_KEY_FILE: /nowhere cannot be read: No such file or directory (os error 2)
    "#]],
    );
    check(
        "[internal]\nkey = \"line\\nbreak\"\n",
        "",
        "",
        &expect![[r#"
            campanile.toml:2: [internal] key: what stands here is not a secret of visible ASCII characters, or a list of them
        "#]],
    );
    let environment = vec![("CAMPANILE_INTERNAL_KEY".to_owned(), "s3cret".to_owned())];
    let empty = written("toml", "");
    let file = Some(empty.path.clone());
    let loaded = load(&Sources { file, environment, flags: Vec::new() }).expect("it is fine");
    assert!(!format!("{loaded:?}").contains("s3cret"));
    assert!(
        loaded.config.internal.keys.have(b"s3cret") && !loaded.config.internal.keys.have(b"s3cre")
    );
}

#[test]
fn header_sources_are_read_and_refused_with_their_lines() {
    check(
        r#"
[backend.headers]
X-Session-Token = { param = "session_token" }
Referer = { fixed = "http://app.example/" }
X-Tenant = { param = "tenant", prefix = "tenant/" }
X-Device = { header = "X-Device-Id" }
X-Lang = { cookie = "lang" }
"#,
        "",
        "",
        &expect![[r#"
            headers = { x-session-token = { param = "session_token" }, referer = { fixed = "…" }, x-tenant = { param = "tenant", prefix = "tenant/" }, x-device = { header = "x-device-id" }, x-lang = { cookie = "lang" } }
        "#]],
    );
    for (line, expected) in [
        (
            "X-A = \"text\"",
            expect![[r#"
            campanile.toml:2: [backend] headers: "text" is not the source of a header; write { header = "X-Name" }, { param = "name" }, { cookie = "name" } or { fixed = "text" }
        "#]],
        ),
        (
            "X-A = { parm = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: unknown source "parm" of a header; did you mean "param"?
        "#]],
        ),
        (
            "X-A = { prefix = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "x-a" has no source; write { header = "X-Name" }, { param = "name" }, { cookie = "name" } or { fixed = "text" }
        "#]],
        ),
        (
            "X-A = { param = \"a\", cookie = \"b\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "x-a" has two sources
        "#]],
        ),
        (
            "X-A = { fixed = \"a\\nb\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: this text cannot stand in a header
        "#]],
        ),
        (
            "\"X A\" = { fixed = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: "X A" is not the name of a header
        "#]],
        ),
        (
            "Connection = { fixed = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "Connection" cannot be passed on
        "#]],
        ),
    ] {
        check(&format!("[backend.headers]\n{line}\n"), "", "", &expected);
    }
}

#[test]
fn a_default_text_changes_nothing_and_its_uncommented_lines_are_all_settings() {
    check(
        &default_text(),
        "",
        "",
        &expect![[r#"
            nothing to say
        "#]],
    );
    let uncommented: String = default_text()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    check(
        &uncommented,
        "",
        "",
        &expect![[r#"
            certificate = "/etc/letsencrypt/live/app.example/fullchain.pem"
            private_key = "/etc/letsencrypt/live/app.example/privkey.pem"
            key = "…"
            certificate = "/etc/campanile/fullchain.pem"
            private_key = "/etc/campanile/privkey.pem"
            url = "http://127.0.0.1:8080/api/"
            socket = "/run/app/http.sock"
            headers = { x-session-token = { param = "session_token" }, x-tenant = { param = "tenant", prefix = "tenant/" }, x-device = { header = "x-device-id" }, x-lang = { cookie = "lang" }, referer = { fixed = "…" } }
            connect = "user/notify_online/"
            ping = "user/notify_online/"
            disconnect = "user/notify_offline/"
            url = "amqp://***@127.0.0.1/"
            slow_rooms = [{ room = '{"animal":"penguin","zoo":"*"}', policy = "latest" }, { room = '{"zoo":"*"}', policy = "drop-oldest" }]
        "#]],
    );
}

#[test]
fn every_default_is_shown_as_it_is_written_in_the_table() {
    let config = Config::default();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let mut again = Config::default();
        let shown = (key.show)(&config);
        (key.set)(&mut again, &Given::from_plain(&shown)).expect("what is shown can be read");
        assert_eq!(again, config, "{}", key.path());
        assert!(key.doc.iter().all(|line| !line.trim().is_empty()), "{}", key.path());
    }
}

#[test]
fn the_nearest_name_is_near() {
    assert_eq!(nearest("listn", ["listen", "path"]), Some("listen"));
    assert_eq!(nearest("paht", ["listen", "path"]), Some("path"));
    assert_eq!(nearest("zoo", ["listen", "path"]), None);
}

#[test]
fn what_takes_a_restart_stays_and_what_does_not_go_with_it_is_refused() {
    let config = |settings: &[(&str, &str)]| {
        let flags = settings
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*path).to_owned(), (*value).to_owned()));
        let file = Some("/dev/null".into());
        let sources = Sources { file, flags: flags.collect(), ..Sources::default() };
        load(&sources).expect("a good configuration").config
    };
    let say = |running: &Config, read: &Config| {
        let names = |keys: &[&Key]| keys.iter().map(|key| key.path()).collect::<Vec<_>>().join(" ");
        match Change::between(running, read) {
            Ok(change) => format!("{} | {}", names(&change.live), names(&change.later)),
            Err(errors) => errors.to_string(),
        }
    };
    let default = Config::default();
    assert_eq!(say(&default, &default), " | ");
    let other = config(&[("public.path", "/live/"), ("loops.count", "3"), ("internal.key", "k")]);
    assert_eq!(say(&default, &other), "public.path internal.key | loops.count");
    // The internal listener stays where others reach it, so it cannot lose its key.
    let open = config(&[("internal.listen", "0.0.0.0:8002"), ("internal.key", "k")]);
    assert!(
        say(&open, &default).contains("there is no [internal] key"),
        "{}",
        say(&open, &default)
    );
    let with_tls = |name: &str| {
        config(&[("public.certificate", &format!("/{name}")), ("public.private_key", "/key")])
    };
    assert_eq!(say(&with_tls("a"), &with_tls("b")), "public.certificate | ");
    let begins = " | public.certificate public.private_key";
    assert_eq!(say(&default, &with_tls("a")), begins);
    assert_eq!(say(&with_tls("a"), &default), begins);
}

#[test]
fn nothing_can_be_asked_again_whose_headers_are_forgotten() {
    check(
        "[backend]\nremember_headers = false\nrevalidate_every_s = 60",
        "",
        "",
        &expect![[r#"
        campanile.toml:3: [backend] revalidate_every_s asks again with what remember_headers = false forgets
    "#]],
    );
}
