//! What fuzzers do to ids: any bytes go in, and a broken promise panics.
//!
//! `fuzz/` holds the target and its corpus, which plain `cargo test` plays too.

use crate::ids::{Ids, Kind, NOTHING, NUMBER_MAX};
use std::sync::LazyLock;

static IDS: LazyLock<Ids> = LazyLock::new(|| {
    let keys = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=,\
                3bEPGvuw-dbFvkcWeAq1LeIcOeBB5uAazHo4mTyGxKs=";
    Ids::of_keys(keys).expect("they are keys")
});

/// Reads `data` as an id of either kind. What is one is of one kind alone, and no other text is the same
/// id.
///
/// # Panics
///
/// If something is taken for an id that is none.
pub fn id(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let kinds = [Kind::Conversation, Kind::ChatMessage];
    let [conversation, message] = kinds.map(|kind| IDS.decrypt(kind, text));
    assert!(conversation == NOTHING || message == NOTHING, "it is of both kinds");
    let number = conversation.max(message);
    assert!((NOTHING..=NUMBER_MAX).contains(&number));
    if number == NOTHING {
        return;
    }
    // Nobody who has no key can have made it, so one bit makes it none.
    for place in 0..data.len() {
        let mut other = data.to_vec();
        other[place] ^= 1;
        let Ok(other) = String::from_utf8(other) else { continue };
        assert_eq!(kinds.map(|kind| IDS.decrypt(kind, &other)), [NOTHING; 2], "{place}");
    }
}
