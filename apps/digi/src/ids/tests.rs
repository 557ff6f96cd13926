//! Ids are looked at from outside: by Python's `cryptography`, by Fernet's own example, and by
//! whoever tries to make one up.

use super::token::Token;
use super::{Ids, KeysError, Kind, NOTHING, NUMBER_MAX, keygen, keys};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use std::process::Command;

/// Of Fernet's specification, as is the token below.
const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const OTHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const HELLO: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const CREATED_S: i64 = 1_724_608_334;

fn ids() -> Ids {
    Ids::of_keys(KEY).expect("it is a key")
}

fn id() -> String {
    ids().encrypt(Kind::ChatMessage, 17, CREATED_S)
}

fn token_of(id: &str) -> Vec<u8> {
    let text = STANDARD.decode(id).expect("an id is base64");
    URL_SAFE.decode(text).expect("of a Fernet token")
}

fn id_of(token: &[u8]) -> String {
    STANDARD.encode(URL_SAFE.encode(token))
}

fn read(id: &str) -> i64 {
    ids().decrypt(Kind::ChatMessage, id)
}

#[test]
fn the_same_thing_has_the_same_id_and_others_have_others() {
    assert_eq!(id(), id());
    assert_eq!(read(&id()), 17);
    assert_ne!(id(), ids().encrypt(Kind::ChatMessage, 18, CREATED_S));
    assert_ne!(id(), ids().encrypt(Kind::Conversation, 17, CREATED_S));
    let largest = ids().encrypt(Kind::ChatMessage, NUMBER_MAX, CREATED_S);
    assert_eq!((largest.len(), read(&largest)), (id().len(), NUMBER_MAX));
}

#[test]
fn an_id_has_the_shape_of_the_documents_example_which_is_none_of_ours() {
    let example = "Z0FBQUFBQm15MjlPNXcwQWdzUGlobHl3NE4tVHlQak81NWQwbEg2Rm9MUVJyMklYcV9LdWJvQnhX\
                   WThRZUhoWlhrVnFjZElScXJlR3Z6YW9TWGdSdm9TaWN6dFloR1R5SWc9PQ==";
    assert_eq!((id().len(), token_of(&id()).len()), (example.len(), token_of(example).len()));
    assert_eq!(token_of(&id())[..5], token_of(example)[..5]);
    assert!(Token::read(example).is_some());
    assert_eq!(read(example), NOTHING);
}

#[test]
fn fernets_own_example_is_read() {
    let token = Token::read(&STANDARD.encode(HELLO)).expect("it is a token");
    let keys = keys::read(KEY).expect("it is a key");
    assert_eq!(token.decrypted(&keys[0]).as_deref(), Some(&b"hello"[..]));
}

#[test]
fn a_conversation_is_never_taken_for_a_message() {
    let conversation = ids().encrypt(Kind::Conversation, 17, CREATED_S);
    assert_eq!(ids().decrypt(Kind::Conversation, &conversation), 17);
    assert_eq!(read(&conversation), NOTHING);
    assert_eq!(ids().decrypt(Kind::Conversation, &id()), NOTHING);
}

#[test]
fn seven_kinds_of_tampering_are_refused() {
    let token = token_of(&id());
    let with = |change: fn(&mut Vec<u8>)| {
        let mut token = token.clone();
        change(&mut token);
        id_of(&token)
    };
    let other = Ids::of_keys(OTHER_KEY).expect("it is a key");
    for (what, id) in [
        ("another version", with(|token| token[0] = 0x81)),
        ("another time", with(|token| token[1..9].fill(0))),
        ("another initialisation vector", with(|token| token[9..25].fill(0))),
        ("another text", with(|token| token[25..41].fill(0))),
        ("another signature", with(|token| token[41..].fill(0))),
        ("an end cut off", with(|token| token.truncate(72))),
        ("another key", other.encrypt(Kind::ChatMessage, 17, CREATED_S)),
    ] {
        assert_eq!(read(&id), NOTHING, "{what}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let token = token_of(&id());
    for bit in 0..token.len() * 8 {
        let mut token = token.clone();
        token[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(read(&id_of(&token)), NOTHING, "bit {bit} of the token");
    }
    for bit in 0..id().len() * 8 {
        let mut id = id().into_bytes();
        id[bit / 8] ^= 1 << (bit % 8);
        let Ok(id) = String::from_utf8(id) else { continue };
        assert_eq!(read(&id), NOTHING, "bit {bit} of the id: {id}");
    }
}

#[test]
fn an_id_has_one_spelling() {
    let id = id();
    let token = URL_SAFE.encode(token_of(&id));
    for other in [
        String::new(),
        "17".to_owned(),
        token.clone(),
        id.trim_end_matches('=').to_owned(),
        format!(" {id}"),
        format!("{id}\n"),
        format!("{id}===="),
        id.to_lowercase(),
        STANDARD.encode(token.trim_end_matches('=')),
        STANDARD.encode(token.replace('_', "/").replace('-', "+").replace("==", "= ")),
        // The bits after the token's last byte are none.
        STANDARD.encode(token.replace("A==", "B==").replace("Q==", "R==").replace("g==", "h==")),
    ] {
        if other != id {
            assert_eq!(read(&other), NOTHING, "{other:?}");
        }
    }
}

#[test]
fn what_a_key_has_signed_is_refused_if_it_is_no_number_of_a_row() {
    let keys = keys::read(KEY).expect("it is a key");
    let signed = |text: &str| Token::encrypted(&keys[0], text.as_bytes(), 0).spelled();
    assert_eq!(read(&signed("m:7")), 7);
    for text in ["m:0", "m:07", "m:+7", "m:-7", "m: 7", "m:", "m7", "7", "", "x:7", "M:7", "m:7 "] {
        assert_eq!(read(&signed(text)), NOTHING, "{text:?}");
    }
}

#[test]
fn old_keys_are_read_and_the_first_encrypts() {
    let rotated = Ids::of_keys(&format!("{OTHER_KEY}, {KEY}")).expect("they are keys");
    assert_eq!(rotated.decrypt(Kind::ChatMessage, &id()), 17);
    let new = rotated.encrypt(Kind::ChatMessage, 17, CREATED_S);
    assert_eq!(rotated.decrypt(Kind::ChatMessage, &new), 17);
    assert_eq!(read(&new), NOTHING);
}

#[test]
fn keys_that_cannot_be_used_are_named_by_their_place_and_never_shown() {
    assert_eq!(Ids::of_keys(" ").expect_err("none"), KeysError::Missing);
    let error = Ids::of_keys(&format!("{KEY},c2VjcmV0")).expect_err("too short");
    assert_eq!(error, KeysError::Malformed(2));
    assert!(!error.to_string().contains("c2VjcmV0") && error.to_string().contains("digi keygen"));
    assert_eq!(Ids::of_keys(&[KEY; 17].join(",")).expect_err("17"), KeysError::TooMany);
    let made = keygen();
    assert_ne!(made, keygen());
    assert_eq!(format!("{:?}", Ids::of_keys(&made).expect("it is a key")), "Ids([Key])");
}

/// Reads ids from its input, says the text and time of each, and makes others of the texts.
const PYTHON: &str = r#"
import base64, sys
from cryptography.fernet import Fernet
fernet = Fernet(sys.argv[1])
for id in sys.argv[2:]:
    token = base64.b64decode(id, validate=True)
    text = fernet.decrypt(token)
    print(text.decode(), fernet.extract_timestamp(token), base64.b64encode(fernet.encrypt(text)).decode())
"#;

#[test]
fn pythons_cryptography_reads_these_ids_and_its_own_are_read() {
    let numbers = [1, 17, NUMBER_MAX];
    let made = numbers.map(|number| ids().encrypt(Kind::ChatMessage, number, CREATED_S));
    let has_it = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        eprintln!("not run, because python3 has no `cryptography` here");
        return;
    }
    let output = Command::new("python3").args(["-c", PYTHON, KEY]).args(&made).output();
    let output = output.expect("it ran before");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("it writes text");
    for (number, line) in numbers.into_iter().zip(lines.lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[..2], [format!("m:{number}"), CREATED_S.to_string()]);
        assert_eq!(read(words[2]), number);
    }
    assert_eq!(lines.lines().count(), numbers.len());
}

proptest! {
    #[test]
    fn every_row_is_found_again(number in 1..=NUMBER_MAX, created_s in 0..i64::MAX, message: bool) {
        let kinds = [Kind::Conversation, Kind::ChatMessage];
        let (kind, other) = if message { (kinds[1], kinds[0]) } else { (kinds[0], kinds[1]) };
        let id = ids().encrypt(kind, number, created_s);
        prop_assert_eq!(id.len(), 136);
        prop_assert_eq!(ids().decrypt(kind, &id), number);
        prop_assert_eq!(ids().decrypt(other, &id), NOTHING);
    }

    #[test]
    fn no_text_at_all_is_taken_for_an_id(id in ".{0,200}", digits in "[A-Za-z0-9+/=]{136}") {
        prop_assert_eq!(read(&id), NOTHING);
        prop_assert_eq!(read(&digits), NOTHING);
    }
}
