//! What is refused, with its line and what would be right.

use super::check;
use crate::config::nearest::nearest;
use expect_test::expect;

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
fn the_nearest_name_is_near() {
    assert_eq!(nearest("listn", ["listen", "path"]), Some("listen"));
    assert_eq!(nearest("paht", ["listen", "path"]), Some("path"));
    assert_eq!(nearest("zoo", ["listen", "path"]), None);
}
