use proptest::prelude::*;

use super::reference::Reference;
use super::{deflate, inflate, noise};
use crate::deflate::{Deflater, Inflater, Shared};

#[test]
fn a_thousand_spliced_messages_inflate_with_the_history_of_all_before_them() {
    let (mut deflater, mut inflater) = (Deflater::new(15, 6), Inflater::new());
    let mut reference = Reference::default();
    for number in 0..1_000_u32 {
        let data = format!(r#"{{"type":"publish","data":{{"number":{number},"zoo":"{number}"}}"#);
        let shared = Shared::compress(&[data.as_bytes()], &mut deflater);
        let prefix = format!("{number}:").repeat(number as usize % 7);
        let suffix = format!(r#","requestId":{number}}}"#).repeat(number as usize % 5);
        let mut payload = Vec::new();
        shared.append(prefix.as_bytes(), suffix.as_bytes(), &mut payload);
        assert_eq!(payload.len(), shared.message_bytes(prefix.len(), suffix.len()));

        let message = [prefix, data, suffix].concat().into_bytes();
        assert_eq!(inflate(&mut inflater, &payload).as_ref(), Ok(&message), "message {number}");
        assert_eq!(reference.receive(&payload).expect("is DEFLATE").message, message);
    }
}

#[test]
fn spliced_messages_and_others_may_take_turns_if_the_deflater_is_reset() {
    let (mut deflater, mut inflater) = (Deflater::new(15, 6), Inflater::new());
    for number in 0..100 {
        let message = noise(number % 3, 2_000);
        let shared = Shared::compress(&[&message], &mut deflater);
        let mut payload = Vec::new();
        shared.append(b"a", b"z", &mut payload);
        let expected = [b"a", &message[..], b"z"].concat();
        assert_eq!(inflate(&mut inflater, &payload), Ok(expected));
        // Shared::compress has reset it.
        assert_eq!(inflate(&mut inflater, &deflate(&mut deflater, &message)), Ok(message));
    }
}

#[test]
fn ends_longer_than_a_stored_block_take_several() {
    let mut deflater = Deflater::new(15, 6);
    let shared = Shared::compress(&[b"shared"], &mut deflater);
    for bytes in [0, 1, 65_534, 65_535, 65_536, 131_070, 131_071, 200_000] {
        let (prefix, suffix) = (noise(4, bytes), noise(5, bytes));
        let mut payload = Vec::new();
        shared.append(&prefix, &suffix, &mut payload);
        assert_eq!(payload.len(), shared.message_bytes(bytes, bytes));
        let expected = [&prefix[..], b"shared", &suffix].concat();
        assert_eq!(inflate(&mut Inflater::new(), &payload), Ok(expected), "{bytes} bytes");
    }
}

#[test]
fn one_variant_for_each_window_stays_within_it_for_any_prefix() {
    let data = [noise(6, 5_000), noise(6, 5_000), noise(7, 600), noise(7, 600)].concat();
    for window_bits in 9..=15 {
        let shared = Shared::compress(&[&data], &mut Deflater::new(window_bits, 9));
        assert_eq!(shared.window_bits(), window_bits);
        let mut reference = Reference::default();
        for prefix in [0, 1, 500, 70_000].map(|bytes| noise(8, bytes)) {
            let mut payload = Vec::new();
            shared.append(&prefix, b"}", &mut payload);
            let decoded = reference.receive(&payload).expect("is DEFLATE");
            assert_eq!(decoded.message, [&prefix[..], &data, b"}"].concat());
            assert!(decoded.reach <= 1 << window_bits, "{} at {window_bits}", decoded.reach);
        }
    }
}

proptest! {
    #[test]
    fn any_splice_inflates_to_its_parts(
        data in prop::collection::vec(0_u8..4, 0..2_000),
        ends in prop::collection::vec((".{0,40}", ".{0,40}"), 1..6),
        window_bits in 9_u8..=15,
        level in 1_u8..=9,
        cut in 1_usize..300,
    ) {
        let slices: Vec<&[u8]> = data.chunks(cut).collect();
        let shared = Shared::compress(&slices, &mut Deflater::new(window_bits, level));
        let (mut inflater, mut reference) = (Inflater::new(), Reference::default());
        for (prefix, suffix) in ends {
            let mut payload = Vec::new();
            shared.append(prefix.as_bytes(), suffix.as_bytes(), &mut payload);
            prop_assert_eq!(payload.len(), shared.message_bytes(prefix.len(), suffix.len()));
            let expected = [prefix.as_bytes(), &data, suffix.as_bytes()].concat();
            prop_assert_eq!(&reference.receive(&payload).expect("is DEFLATE").message, &expected);
            prop_assert_eq!(inflate(&mut inflater, &payload), Ok(expected));
        }
    }
}
