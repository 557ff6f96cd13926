//! Action types, templates, the ignore list, single entries, and what is set.

use super::stage::Desk;
use expect_test::expect;

#[test]
fn action_types_are_made_disabled_and_kept_while_they_have_entries() {
    Desk::new().play(
        "
        action-type add shunt
        action-type add shunt
        action-type add a/b
        action-type disable shunt
        entry add 192.0.2.4 scanner --action-type shunt
        action-type enable shun
        action-type enable shunt
        entry add 192.0.2.4 scanner --action-type shunt
        action-type remove shunt
        action-type remove redirect
        action-type list
        action-type list --json
        ",
        &expect![[r#"
            $ scram action-type add shunt
            action type shunt is added. Its translators hear nothing until a template has a place in it: `scram template list` shows them, `scram template place NUMBER shunt` gives one.
            $ scram action-type add shunt
            scram: There is an action type "shunt" already. `scram action-type list` shows all.
            [1]
            $ scram action-type add a/b
            scram: "a/b" cannot be an action type's name, which is a part of paths: 1 to 30 letters, digits and _ of ASCII.
            [2]
            $ scram action-type disable shunt
            action type shunt is disabled; its entries live on
            $ scram entry add 192.0.2.4 scanner --action-type shunt
            scram: The action type "shunt" is disabled. `scram action-type enable shunt` lets entries be added.
            [1]
            $ scram action-type enable shun
            scram: There is no action type "shun". Did you mean "shunt"? `scram action-type list` shows all.
            [1]
            $ scram action-type enable shunt
            action type shunt is enabled
            $ scram entry add 192.0.2.4 scanner --action-type shunt
            entry 1: 192.0.2.4/32 is added (shunt)
            $ scram action-type remove shunt
            scram: The action type shunt has entries, active or not, and their history needs it. `scram action-type disable shunt` lets no more be added.
            [1]
            $ scram action-type remove redirect
            scram: There is no action type "redirect". `scram action-type list` shows all.
            [1]
            $ scram action-type list
            action type  state    active entries  templates
            block        enabled  0               1
            shunt        enabled  1               0
            $ scram action-type list --json
            {"action_types":[{"active_entries":0,"available":true,"id":1,"name":"block","templates":1},{"active_entries":1,"available":true,"id":2,"name":"shunt","templates":0}]}
        "#]],
    );
}

#[test]
fn what_translators_are_told_is_written_placed_and_previewed() {
    Desk::new().play(
        "
        action-type add redirect
        template preview redirect
        template add translator_add --data '{\"asn\":65550}' --route-field dst
        template add translator_add --data nonsense
        template place 2 redirect --order 3
        template place 2 redirect --order 3
        template place 9 redirect
        template preview redirect 2001:db8::/48
        template change 2 translator_add --route-field dst
        template list
        template displace 2
        template remove 2
        template remove 2
        template list --json
        ",
        &expect![[r#"
            $ scram action-type add redirect
            action type redirect is added. Its translators hear nothing until a template has a place in it: `scram template list` shows them, `scram template place NUMBER redirect` gives one.
            $ scram template preview redirect
            when 192.0.2.4/32 is added:
              nothing
            when it is removed:
              nothing
            when a browser asks, in translator_check:
              {"route":"192.0.2.4/32"}
            $ scram template add translator_add --data '{"asn":65550}' --route-field dst
            template 2 is added. It says nothing until it has a place: `scram template place 2 ACTION_TYPE` gives it one.
            $ scram template add translator_add --data nonsense
            scram: --data is not a JSON object such as '{"asn": 65550}': expected ident at line 1 column 2
            [2]
            $ scram template place 2 redirect --order 3
            template 2 has place 2 in redirect. `scram template preview redirect` shows what translators get from now on.
            $ scram template place 2 redirect --order 3
            scram: Template 2 has this place already. `scram template list` shows all.
            [1]
            $ scram template place 9 redirect
            scram: There is no template "9". `scram template list` shows all.
            [1]
            $ scram template preview redirect 2001:db8::/48
            when 2001:db8::/48 is added:
              {"type":"translator_add","message":{"asn":65550,"dst":"2001:db8::/48"}}
            when it is removed:
              {"type":"translator_remove","message":{"asn":65550,"dst":"2001:db8::/48"}}
            when a browser asks, in translator_check:
              {"route":"2001:db8::/48"}
            $ scram template change 2 translator_add --route-field dst
            template 2 is changed
            $ scram template list
            template  type            route in  data
            1         translator_add  route     {}
            2         translator_add  dst       {}

            place  action type  verb  order  template
            1      block        A     0      1
            2      redirect     A     3      2
            $ scram template displace 2
            place 2 is taken away
            $ scram template remove 2
            template 2 is removed
            $ scram template remove 2
            scram: There is no template "2". `scram template list` shows all.
            [1]
            $ scram template list --json
            {"places":[{"action_type":"block","order":0,"place":1,"template":1,"verb":"A"}],"templates":[{"msg_data":{},"msg_data_route_field":"route","msg_type":"translator_add","template":1}]}
        "#]],
    );
}

#[test]
fn an_ignored_network_is_not_added_and_what_is_active_there_is_told() {
    Desk::new().play(
        "
        entry add 192.0.2.4 scanner
        ignore add 192.0.2.0/24 \"our own\"
        ignore add 192.0.2.0/24 \"our own\"
        ignore add 192.0.2.1/24 \"host bits\"
        entry add 192.0.2.9 scanner
        ignore remove 192.0.2.0/24
        ignore remove 192.0.2.0/24
        ignore add 192.0.2.0/24 ours --remove-overlapping
        ignore comment 192.0.2.0/24 \"our own\"
        ignore list
        entry list
        ",
        &expect![[r#"
            $ scram entry add 192.0.2.4 scanner
            entry 1: 192.0.2.4/32 is added (block)
            $ scram ignore add 192.0.2.0/24 "our own"
            192.0.2.0/24 is on the ignore list. Entries that overlap it stay active: 192.0.2.4/32 (block). `scram entry remove NETWORK` removes them, as --remove-overlapping would have.
            $ scram ignore add 192.0.2.0/24 "our own"
            scram: 192.0.2.0/24 is on the ignore list already. `scram ignore comment` changes what is said of it.
            [1]
            $ scram ignore add 192.0.2.1/24 "host bits"
            scram: "192.0.2.1/24": Must be a network address. Write 192.0.2.4, 192.0.2.0/24 or 2001:db8::/48.
            [2]
            $ scram entry add 192.0.2.9 scanner
            scram: 192.0.2.9/32 overlaps 192.0.2.0/24 on the ignore list. `scram ignore remove 192.0.2.0/24` takes it off.
            [1]
            $ scram ignore remove 192.0.2.0/24
            192.0.2.0/24 is off the ignore list
            $ scram ignore remove 192.0.2.0/24
            scram: 192.0.2.0/24 is not on the ignore list as it is written here. `scram ignore list` shows all.
            [1]
            $ scram ignore add 192.0.2.0/24 ours --remove-overlapping
            192.0.2.0/24 is on the ignore list; 1 overlapping entries are removed
            $ scram ignore comment 192.0.2.0/24 "our own"
            192.0.2.0/24 has another comment
            $ scram ignore list
            network       comment
            192.0.2.0/24  our own
            $ scram entry list
            No entry is active.
        "#]],
    );
}

#[test]
fn entries_are_added_shown_with_their_history_and_removed() {
    Desk::new().play(
        "
        entry add 192.0.2.4 scanner --expiration 2030-01-02T03:04
        entry add 192.0.2.0/24 \"too many\"
        entry add 192.0.2.4 \"\"
        entry add 192.0.2.4 scanner --expiration tomorrow
        entry add 192.0.2.4 scanner --for 1x
        entry list
        entry remove nonsense
        entry remove 192.0.2.4
        entry remove 192.0.2.4
        entry show 1
        entry show 2
        entry list 192.0.2.4 --author ada
        ",
        &expect![[r#"
            $ scram entry add 192.0.2.4 scanner --expiration 2030-01-02T03:04
            entry 1: 192.0.2.4/32 is added (block) until 2030-01-02T03:04:00Z
            $ scram entry add 192.0.2.0/24 "too many"
            scram: 192.0.2.0/24 is too large: V4_MINPREFIX is 32 and V6_MINPREFIX is 128. Name smaller networks, or set these in the environment.
            [1]
            $ scram entry add 192.0.2.4 ""
            scram: say why in the comment
            [2]
            $ scram entry add 192.0.2.4 scanner --expiration tomorrow
            scram: --expiration is "tomorrow", which is no time such as 2026-12-01T12:00:00Z
            [2]
            $ scram entry add 192.0.2.4 scanner --for 1x
            scram: --for is such as 90s, 30m, 12h or 7d
            [2]
            $ scram entry list
            entry  network       action type  state   ends                  who   comment
            1      192.0.2.4/32  block        active  2030-01-02T03:04:00Z  root  scanner
            $ scram entry remove nonsense
            scram: "nonsense" is neither an entry's number nor an address or a network
            [2]
            $ scram entry remove 192.0.2.4
            entry 1: 192.0.2.4/32 is removed (block)
            $ scram entry remove 192.0.2.4
            nothing active is there, so nothing was removed
            $ scram entry show 1
            entry  network       action type  state     ends                  who   comment
            1      192.0.2.4/32  block        inactive  2030-01-02T03:04:00Z  root  scanner

            when                     author  reason
            TIME  ~  root    removed by root
            TIME  +  root    scanner
            $ scram entry show 2
            scram: 2 is no entry's number, and not exactly one active entry is there. `scram entry list 2` shows what was ever said about a network.
            [1]
            $ scram entry list 192.0.2.4 --author ada
            entry  network       action type  state     ends                  who   comment
            1      192.0.2.4/32  block        inactive  2030-01-02T03:04:00Z  root  scanner
        "#]],
    );
}

#[test]
fn a_terminal_obeys_no_word_of_others() {
    let desk = Desk::new();
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\n9  10.0.0.0/8 \u{202e}x";
    assert!(
        desk.run(&["entry", "add", "192.0.2.4", hostile, "--author", "ada"], "").status.success()
    );
    assert!(desk.run(&["client", "add", hostile], "").status.success());
    let refused =
        desk.run(&["client", "authorize", &hostile.replace("owned", "none"), "block"], "");
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    for said in
        [desk.says("entry list"), desk.says("entry show 1"), desk.says("client list"), refused]
    {
        assert!(said.contains(r"\u{1b}[2J\n9"), "{said}");
        assert!(!said.contains(|it: char| it != '\n' && it.is_control()), "{said:?}");
        assert!(!said.contains('\u{202e}'), "{said:?}");
    }
    let json = desk.says("entry list --json");
    assert!(!json.contains('\u{1b}'), "{json}");
}

#[test]
fn what_is_set_is_shown_without_passwords() {
    let desk = Desk::new();
    let output = desk
        .command()
        .env("SCRAM_REDIS_URL", "redis://user:s3cret@127.0.0.1:6379")
        .env("SCRAM_LISTEN", "0.0.0.0:8000")
        .env("SCRAM_TRANSLATOR_AUTH", "open")
        .env("OIDC_RP_CLIENT_SECRET", "s3cret of the client")
        .arg("check")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("s3cret"), "{text}");
    for part in [
        "redis://user:hidden@127.0.0.1:6379",
        "SCRAM_TRANSLATOR_AUTH is open, and 0.0.0.0:8000 can be reached",
        "by plain HTTP",
        "they cannot share SQLite",
        "(Sqlite) answers and is up to date: 0 active entries",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_told_with_what_to_do() {
    let desk = Desk::at("mysql://root:s3cret@localhost/scram");
    desk.play("user list", &expect![[r#"
        $ scram user list
        scram: SCRAM_DATABASE_URL is neither sqlite: nor postgres:. Write sqlite:///var/lib/scram/scram.db or postgres://user:password@host/name.
        [1]
    "#]]);
    let desk = Desk::at("sqlite:///nowhere/at/all/scram.db");
    let output = desk.run(&["user", "list"], "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("The database /nowhere/at/all/scram.db could not be opened ("), "{said}");
    let bad = desk.command().env("V4_MINPREFIX", "33").args(["entry", "list"]).output();
    let bad = bad.expect("it runs");
    assert_eq!(bad.status.code(), Some(2));
    expect![[r#"
        scram: The environment's V4_MINPREFIX is "33", which cannot be used. It is: the shortest prefix of an IPv4 network, 0 to 32. Set it to such a value, or unset it for the default.
    "#]].assert_eq(&String::from_utf8_lossy(&bad.stderr));
}
