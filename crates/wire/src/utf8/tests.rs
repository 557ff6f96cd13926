use proptest::prelude::*;

use super::{NotUtf8, PartialText};

proptest! {
    #[test]
    fn text_in_pieces_is_the_text(
        text in "\\PC{0,60}",
        pieces in proptest::collection::vec(0_usize..9, 0..40),
    ) {
        prop_assert_eq!(join(text.as_bytes(), &pieces), Ok(text));
    }

    /// The model is `str::from_utf8` of all that has come: an error that more bytes cannot mend
    /// must be found, and no other.
    #[test]
    fn a_wrong_byte_is_found_when_it_comes_and_not_before(bytes in likely_bytes()) {
        let mut text = PartialText::default();
        for came in 1..=bytes.len() {
            let expected = match str::from_utf8(&bytes[..came]) {
                Err(error) if error.error_len().is_some() => Err(NotUtf8),
                _ => Ok(()),
            };
            prop_assert_eq!(text.push(&bytes[came - 1..came]), expected);
            if expected.is_err() {
                break;
            }
            prop_assert_eq!(text.len(), came);
        }
    }

    #[test]
    fn pieces_are_refused_like_the_whole(
        bytes in likely_bytes(),
        pieces in proptest::collection::vec(0_usize..9, 0..40),
    ) {
        let whole = String::from_utf8(bytes.clone()).map_err(|_| NotUtf8);
        prop_assert_eq!(join(&bytes, &pieces), whole);
    }
}

/// Bytes that stand at the borders of what UTF-8 allows (RFC 3629 §4), more often than chance
/// would have them.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let border = prop::sample::select(vec![
        0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
        0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ]);
    proptest::collection::vec(border, 0..12)
}

fn join(bytes: &[u8], pieces: &[usize]) -> Result<String, NotUtf8> {
    let (mut text, mut rest) = (PartialText::default(), bytes);
    for piece in pieces {
        let (here, after) = rest.split_at((*piece).min(rest.len()));
        text.push(here)?;
        rest = after;
    }
    text.push(rest)?;
    text.finish()
}
