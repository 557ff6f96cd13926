//! Users, their tokens, clients, and translators' tokens.

use super::stage::Desk;
use expect_test::expect;

#[test]
fn people_are_made_changed_and_removed_and_no_password_is_an_argument() {
    Desk::new().play(
        "
        user list
        user add ada --superuser --password-stdin < seven ravens fly
        user add bob --group readwrite --full-name \"Bob B.\" --password-stdin < seven ravens fly
        user add bob --password-stdin < seven ravens fly
        user add cleo --password-stdin < short
        user add cleo --password-stdin
        user add cleo
        user add cleo --group readwrit --password-stdin < seven ravens fly
        user change bob --group readonly
        user password bob --password-stdin < eight ravens fly
        user deactivate bbo
        user deactivate bob
        token bob
        user list
        user remove bob
        user list --json
        ",
        &expect![[r#"
            $ scram user list
            There is no user.
            $ scram user add ada --superuser --password-stdin < seven ravens fly
            user ada is added: superuser
            $ scram user add bob --group readwrite --full-name "Bob B." --password-stdin < seven ravens fly
            user bob is added: readwrite
            $ scram user add bob --password-stdin < seven ravens fly
            scram: username: A user with that username already exists.
            [1]
            $ scram user add cleo --password-stdin < short
            scram: password: This password is too short. It must contain at least 8 characters.
            [1]
            $ scram user add cleo --password-stdin
            scram: standard input holds no password: pipe it in, or type it and end with Enter and Ctrl-D
            [2]
            $ scram user add cleo
            error: the following required arguments were not provided:
              --password-stdin

            Usage: scram user add --password-stdin <NAME>

            For more information, try '--help'.
            [2]
            $ scram user add cleo --group readwrit --password-stdin < seven ravens fly
            error: invalid value 'readwrit' for '--group <GROUP>'
              [possible values: readonly, readwrite]

              tip: a similar value exists: 'readwrite'

            For more information, try '--help'.
            [2]
            $ scram user change bob --group readonly
            user bob is changed: readonly
            $ scram user password bob --password-stdin < eight ravens fly
            user bob has another password; its sessions have ended
            $ scram user deactivate bbo
            scram: There is no user "bbo". Did you mean "bob"? `scram user list` shows all.
            [1]
            $ scram user deactivate bob
            user bob may no longer log in; its sessions have ended
            $ scram token bob
            scram: bob may not log in, and a token would be refused. `scram user activate bob` lets it.
            [1]
            $ scram user list
            user  may        state     name    email
            ada   superuser  active
            bob   readonly   inactive  Bob B.
            $ scram user remove bob
            user bob is removed
            $ scram user list --json
            {"users":[{"email":"","groups":[],"is_active":true,"is_superuser":true,"name":"","username":"ada"}]}
        "#]],
    );
}

#[test]
fn a_users_token_is_the_same_each_time_until_it_is_taken_back() {
    let desk = Desk::new();
    desk.says("user add ada --superuser --password-stdin < seven ravens fly");
    let token = desk.says("token ada");
    assert_eq!(desk.says("token ada"), token);
    desk.says("token ada --remove");
    assert_ne!(desk.says("token ada"), token);
    desk.play(
        "token ad",
        &expect![[r#"
        $ scram token ad
        scram: There is no user "ad". Did you mean "ada"? `scram user list` shows all.
        [1]
    "#]],
    );
}

#[test]
fn clients_are_known_by_a_uuid_and_allowed_action_types() {
    Desk::new().play(
        "
        client add zeek --uuid 0eab4c6a-1111-4222-8333-444455556666 --authorize block
        client add zeek --uuid 0EAB4C6A-1111-4222-8333-444455556666
        client add zeek
        client add suricata --authorize blok
        client add suricata
        client authorize suricata block
        client authorize zek block
        client authorize zeek
        client list
        client remove zeek
        client list --json
        ",
        &expect![[r#"
            $ scram client add zeek --uuid 0eab4c6a-1111-4222-8333-444455556666 --authorize block
            client zeek is added, authorized for block; its UUID is 0eab4c6a-1111-4222-8333-444455556666
            $ scram client add zeek --uuid 0EAB4C6A-1111-4222-8333-444455556666
            client zeek is known already, as it was; its UUID is 0eab4c6a-1111-4222-8333-444455556666
            $ scram client add zeek
            scram: There is a client "zeek" with another UUID, or another client has this UUID. `scram client list` shows all; `scram client authorize` changes what one may do.
            [1]
            $ scram client add suricata --authorize blok
            scram: There is no action type "blok". Did you mean "block"? `scram action-type list` shows all.
            [1]
            $ scram client add suricata
            client suricata is added, not authorized; its UUID is UUID
            $ scram client authorize suricata block
            client suricata is authorized for block; its UUID is UUID
            $ scram client authorize zek block
            scram: There is no client "zek". Did you mean "zeek"? `scram client list` shows all.
            [1]
            $ scram client authorize zeek
            client zeek is not authorized; its UUID is 0eab4c6a-1111-4222-8333-444455556666
            $ scram client list
            client    uuid                                  may add
            suricata  UUID  block
            zeek      0eab4c6a-1111-4222-8333-444455556666  not authorized
            $ scram client remove zeek
            client zeek is removed
            $ scram client list --json
            {"clients":[{"authorized_actiontypes":["block"],"client_name":"suricata","is_authorized":true,"uuid":"UUID"}]}
        "#]],
    );
}

#[test]
fn a_translators_token_is_shown_once_and_can_be_taken_back() {
    Desk::new().play(
        "
        translator-token list
        translator-token
        translator-token blok
        translator-token block
        translator-token block --name edge-1
        translator-token block --name edge-1
        translator-token block --json
        translator-token list
        translator-token remove edge
        translator-token remove edge-1
        translator-token list
        ",
        &expect![[r#"
            $ scram translator-token list
            There is no translator's token.
            $ scram translator-token
            error: the following required arguments were not provided:
              <TYPE>SECONDS

            Usage: scram translator-token <TYPE>SECONDS

            For more information, try '--help'.
            [2]
            $ scram translator-token blok
            scram: There is no action type "blok". Did you mean "block"? `scram action-type list` shows all.
            [1]
            $ scram translator-token block
            TOKEN
            $ scram translator-token block --name edge-1
            TOKEN
            $ scram translator-token block --name edge-1
            scram: There is a token "edge-1" already, and what it was cannot be shown again. Choose another --name, or take it back by `scram translator-token remove edge-1`.
            [1]
            $ scram translator-token block --json
            {"action_types":["block"],"name":"block-2","token":"TOKEN"}
            $ scram translator-token list
            token    action types  made                  last used
            block    block         TIME  never
            block-2  block         TIME  never
            edge-1   block         TIME  never
            $ scram translator-token remove edge
            scram: There is no translator's token "edge". Did you mean "edge-1"? `scram translator-token list` shows all.
            [1]
            $ scram translator-token remove edge-1
            token edge-1 is taken back
            $ scram translator-token list
            token    action types  made                  last used
            block    block         TIME  never
            block-2  block         TIME  never
        "#]],
    );
}
