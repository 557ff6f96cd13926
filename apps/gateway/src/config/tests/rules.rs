//! What must hold between several settings.

use super::check;
use expect_test::expect;

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
