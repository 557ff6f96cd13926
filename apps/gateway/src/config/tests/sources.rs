//! The file, the environment and the flags, and secrets in files of their own.

use super::{check, written};
use crate::config::load::{Sources, load};
use expect_test::expect;

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
