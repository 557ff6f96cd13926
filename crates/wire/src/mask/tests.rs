use proptest::prelude::*;

use super::{apply, apply_portable, rotate};

/// RFC 6455 §5.3, as it is written there.
fn apply_as_defined(payload: &mut [u8], key: [u8; 4]) {
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
}

proptest! {
    #[test]
    fn every_way_of_masking_does_what_the_rfc_defines(
        payload in proptest::collection::vec(any::<u8>(), 0..700),
        key in any::<[u8; 4]>(),
        skipped in 0_usize..40,
    ) {
        let mut expected = payload.clone();
        let from = skipped.min(payload.len());
        apply_as_defined(&mut expected[from..], key);

        for way in [apply, apply_portable] {
            let mut masked = payload.clone();
            way(&mut masked[from..], key);
            prop_assert_eq!(&masked, &expected);
        }
    }

    #[test]
    fn a_payload_in_pieces_is_masked_like_a_whole_one(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        key in any::<[u8; 4]>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut whole, mut pieces) = (payload.clone(), payload.clone());
        apply(&mut whole, key);
        let cut = cut.index(payload.len() + 1);
        let (first, second) = pieces.split_at_mut(cut);
        apply(first, key);
        apply(second, rotate(key, cut));
        prop_assert_eq!(whole, pieces);
    }
}
