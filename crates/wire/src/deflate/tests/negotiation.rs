use expect_test::{Expect, expect};

use crate::deflate::{Agreed, Settings, accept, confirm, offer};

/// Settings from words: `takeover` for both ends, `server=N` and `client=N` for windows.
fn settings(words: &str) -> Settings {
    let mut settings = Settings::default();
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some(("server", bits)) => settings.server_max_window_bits = bits.parse().unwrap(),
            Some(("client", bits)) => settings.client_max_window_bits = bits.parse().unwrap(),
            _ => {
                settings.server_context_takeover = true;
                settings.client_context_takeover = true;
            }
        }
    }
    settings
}

fn describe(agreed: Agreed) -> String {
    let takeover = |no: bool| if no { "forgets" } else { "remembers" };
    format!(
        "server {} {}, client {} {}",
        takeover(agreed.server_no_context_takeover),
        agreed.server_max_window_bits,
        takeover(agreed.client_no_context_takeover),
        agreed.client_max_window_bits,
    )
}

/// A line of the script is a header; the transcript has what the server answers to it.
fn check_server(words: &str, offers: &str, expected: &Expect) {
    let mut transcript = String::new();
    for offer in offers.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let answer = accept(offer, &settings(words)).map_or("declined".to_owned(), |accepted| {
            let (agreed, answer) = accepted;
            format!("{}\n    {answer}", describe(agreed))
        });
        transcript.push_str(&format!("{offer}\n    {answer}\n"));
    }
    expected.assert_eq(&transcript);
}

/// A line of the script is a server's answer; the transcript has what the client makes of it.
fn check_client(words: &str, answers: &str, expected: &Expect) {
    let settings = settings(words);
    let mut transcript = format!("offer: {}\n", offer(&settings));
    for answer in answers.lines().map(str::trim) {
        let outcome = match confirm(answer, &settings) {
            Ok(agreed) => agreed.map_or("not agreed".to_owned(), describe),
            Err(error) => format!("failed: {error}"),
        };
        transcript.push_str(&format!("{answer}\n    {outcome}\n"));
    }
    expected.assert_eq(&transcript);
}

#[test]
fn by_default_a_server_lets_neither_end_keep_its_history() {
    check_server(
        "",
        "
        permessage-deflate
        permessage-deflate; client_max_window_bits
        permessage-deflate; server_max_window_bits=15; client_max_window_bits=15
        Permessage-Deflate ;server_max_window_bits = \"1\\0\" ; client_max_window_bits=\"9\"
        ",
        &expect![[r#"
            permessage-deflate
                server forgets 15, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover
            permessage-deflate; client_max_window_bits
                server forgets 15, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover
            permessage-deflate; server_max_window_bits=15; client_max_window_bits=15
                server forgets 15, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15
            Permessage-Deflate ;server_max_window_bits = "1\0" ; client_max_window_bits="9"
                server forgets 10, client forgets 9
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9
        "#]],
    );
}

#[test]
fn a_server_that_allows_history_lets_the_client_decide() {
    check_server(
        "takeover",
        "
        permessage-deflate
        permessage-deflate; server_no_context_takeover
        permessage-deflate; client_no_context_takeover; server_max_window_bits=9
        ",
        &expect![[r#"
            permessage-deflate
                server remembers 15, client remembers 15
                permessage-deflate
            permessage-deflate; server_no_context_takeover
                server forgets 15, client remembers 15
                permessage-deflate; server_no_context_takeover
            permessage-deflate; client_no_context_takeover; server_max_window_bits=9
                server remembers 9, client forgets 15
                permessage-deflate; client_no_context_takeover; server_max_window_bits=9
        "#]],
    );
}

#[test]
fn a_server_with_smaller_windows_asks_only_clients_that_can_keep_to_them() {
    check_server(
        "server=12 client=10",
        "
        permessage-deflate
        permessage-deflate; client_max_window_bits
        permessage-deflate; client_max_window_bits=9; server_max_window_bits=15
        permessage-deflate; client_max_window_bits=8; server_max_window_bits=11
        ",
        &expect![[r#"
            permessage-deflate
                server forgets 12, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12
            permessage-deflate; client_max_window_bits
                server forgets 12, client forgets 10
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10
            permessage-deflate; client_max_window_bits=9; server_max_window_bits=15
                server forgets 12, client forgets 9
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=9
            permessage-deflate; client_max_window_bits=8; server_max_window_bits=11
                server forgets 11, client forgets 8
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=8
        "#]],
    );
}

// yawc took only the first offer (Autobahn 13.7).
#[test]
fn the_first_acceptable_of_several_offers_is_taken() {
    check_server(
        "",
        "
        permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10
        x-webkit-deflate-frame, bzip2; level=\"9\", permessage-deflate; mystery, permessage-deflate
        , ,permessage-deflate; server_max_window_bits=9,permessage-deflate
        permessage-deflate; server_max_window_bits=99, permessage-deflate; nothing
        ",
        &expect![[r#"
            permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10
                server forgets 10, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10
            x-webkit-deflate-frame, bzip2; level="9", permessage-deflate; mystery, permessage-deflate
                server forgets 15, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover
            , ,permessage-deflate; server_max_window_bits=9,permessage-deflate
                server forgets 9, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9
            permessage-deflate; server_max_window_bits=99, permessage-deflate; nothing
                declined
        "#]],
    );
}

// undici CVE-2026-2229: a window out of range reached zlib.
#[test]
fn offers_with_repeated_unknown_or_impossible_parameters_are_declined() {
    check_server(
        "takeover",
        "
        permessage-deflate; server_no_context_takeover; server_no_context_takeover
        permessage-deflate; server_no_context_takeover=1
        permessage-deflate; client_no_context_takeover=true
        permessage-deflate; client_max_window_bits; client_max_window_bits=10
        permessage-deflate; server_max_window_bits
        permessage-deflate; server_max_window_bits=8
        permessage-deflate; server_max_window_bits=7
        permessage-deflate; server_max_window_bits=16
        permessage-deflate; server_max_window_bits=010
        permessage-deflate; server_max_window_bits=+10
        permessage-deflate; server_max_window_bits=1e1
        permessage-deflate; server_max_window_bits=99999999999999999999
        permessage-deflate; client_max_window_bits=0
        permessage-deflate; window=10
        permessage-deflate; Server_No_Context_Takeover
        ",
        &expect![[r#"
            permessage-deflate; server_no_context_takeover; server_no_context_takeover
                declined
            permessage-deflate; server_no_context_takeover=1
                declined
            permessage-deflate; client_no_context_takeover=true
                declined
            permessage-deflate; client_max_window_bits; client_max_window_bits=10
                declined
            permessage-deflate; server_max_window_bits
                declined
            permessage-deflate; server_max_window_bits=8
                declined
            permessage-deflate; server_max_window_bits=7
                declined
            permessage-deflate; server_max_window_bits=16
                declined
            permessage-deflate; server_max_window_bits=010
                declined
            permessage-deflate; server_max_window_bits=+10
                declined
            permessage-deflate; server_max_window_bits=1e1
                declined
            permessage-deflate; server_max_window_bits=99999999999999999999
                declined
            permessage-deflate; client_max_window_bits=0
                declined
            permessage-deflate; window=10
                declined
            permessage-deflate; Server_No_Context_Takeover
                declined
        "#]],
    );
}

#[test]
fn a_header_that_is_no_list_of_extensions_offers_nothing_from_there_on() {
    check_server(
        "",
        r#"
        ;
        permessage-deflate;
        permessage-deflate; =10
        permessage-deflate; server_max_window_bits=
        permessage-deflate; server_max_window_bits="
        permessage-deflate; server_max_window_bits="10
        permessage-deflate; server_max_window_bits="10\"
        permessage-deflate; server_max_window_bits=""
        permessage-deflate; server_max_window_bits=" 10"
        permessage-deflate server_no_context_takeover
        permessage-deflate=10
        a b, permessage-deflate
        permessage-deflate, a b
        pérmessage-deflate
        "#,
        &expect![[r#"
            ;
                declined
            permessage-deflate;
                declined
            permessage-deflate; =10
                declined
            permessage-deflate; server_max_window_bits=
                declined
            permessage-deflate; server_max_window_bits="
                declined
            permessage-deflate; server_max_window_bits="10
                declined
            permessage-deflate; server_max_window_bits="10\"
                declined
            permessage-deflate; server_max_window_bits=""
                declined
            permessage-deflate; server_max_window_bits=" 10"
                declined
            permessage-deflate server_no_context_takeover
                declined
            permessage-deflate=10
                declined
            a b, permessage-deflate
                declined
            permessage-deflate, a b
                server forgets 15, client forgets 15
                permessage-deflate; server_no_context_takeover; client_no_context_takeover
            pérmessage-deflate
                declined
        "#]],
    );
}

#[test]
fn a_client_holds_the_server_to_its_default_offer() {
    check_client(
        "",
        "
        permessage-deflate; server_no_context_takeover
        permessage-deflate; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits=9
        permessage-deflate
        permessage-deflate; server_no_context_takeover; client_max_window_bits=8
        permessage-deflate; server_no_context_takeover; client_max_window_bits
        permessage-deflate; server_no_context_takeover; server_no_context_takeover
        permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover
        permessage-deflate; server_no_context_takeover; server_max_window_bits=16
        permessage-deflate; server_no_context_takeover; extra
        permessage-bzip2
        ;",
        &expect![[r#"
            offer: permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits

                not agreed
            permessage-deflate; server_no_context_takeover
                server forgets 15, client forgets 15
            permessage-deflate; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits=9
                server forgets 8, client forgets 9
            permessage-deflate
                failed: the server did not take up server_no_context_takeover
            permessage-deflate; server_no_context_takeover; client_max_window_bits=8
                failed: the server chose a size of window that was not offered
            permessage-deflate; server_no_context_takeover; client_max_window_bits
                failed: the server's answer has an invalid parameter of permessage-deflate
            permessage-deflate; server_no_context_takeover; server_no_context_takeover
                failed: the server's answer has an invalid parameter of permessage-deflate
            permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover
                failed: the server chose an extension that was not offered
            permessage-deflate; server_no_context_takeover; server_max_window_bits=16
                failed: the server's answer has an invalid parameter of permessage-deflate
            permessage-deflate; server_no_context_takeover; extra
                failed: the server's answer has an invalid parameter of permessage-deflate
            permessage-bzip2
                failed: the server chose an extension that was not offered
            ;
                failed: the server's Sec-WebSocket-Extensions is malformed
        "#]],
    );
}

#[test]
fn a_client_holds_the_server_to_the_windows_it_offered() {
    check_client(
        "takeover server=10 client=12",
        "
        permessage-deflate; server_max_window_bits=10
        permessage-deflate; server_max_window_bits=9; client_max_window_bits=12
        permessage-deflate; server_max_window_bits=9; client_max_window_bits=11; client_no_context_takeover
        permessage-deflate; server_max_window_bits=9; client_max_window_bits=13
        permessage-deflate; server_max_window_bits=11
        permessage-deflate",
        &expect![[r#"
            offer: permessage-deflate; server_max_window_bits=10; client_max_window_bits=12

                not agreed
            permessage-deflate; server_max_window_bits=10
                server remembers 10, client remembers 12
            permessage-deflate; server_max_window_bits=9; client_max_window_bits=12
                server remembers 9, client remembers 12
            permessage-deflate; server_max_window_bits=9; client_max_window_bits=11; client_no_context_takeover
                server remembers 9, client forgets 11
            permessage-deflate; server_max_window_bits=9; client_max_window_bits=13
                failed: the server chose a size of window that was not offered
            permessage-deflate; server_max_window_bits=11
                failed: the server chose a size of window that was not offered
            permessage-deflate
                failed: the server chose a size of window that was not offered
        "#]],
    );
}

#[test]
fn what_a_server_answers_is_what_the_client_confirms() {
    let words = ["", "takeover", "server=9", "client=9", "takeover server=10 client=11"];
    for client in words {
        for server in words {
            let accepted = accept(&offer(&settings(client)), &settings(server));
            let (agreed, answer) = accepted.expect("an offer of ours can be accepted");
            let mut confirmed =
                confirm(&answer, &settings(client)).expect("fits").expect("is agreed");
            // A client may keep to a smaller window than was agreed.
            confirmed.client_max_window_bits = agreed.client_max_window_bits;
            assert_eq!(confirmed, agreed, "client {client:?}, server {server:?}: {answer}");
        }
    }
}
