use proptest::prelude::*;

use super::reference::Reference;
use super::{deflate, inflate, noise};
use crate::deflate::{Deflater, InflateError, Inflater};

const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn the_examples_of_rfc_7692_inflate() {
    let mut inflater = Inflater::new();
    let examples: [(&str, &[u8]); 6] = [
        ("§7.2.3.1, one block", HELLO),
        ("§7.2.3.2, with the history of the last", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("§7.2.3.3, stored", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("§7.2.3.4, a final block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        (
            "§7.2.3.5, two blocks",
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
        ("§7.2.3.1 again", HELLO),
    ];
    for (example, payload) in examples {
        assert_eq!(inflate(&mut inflater, payload).as_deref(), Ok(&b"Hello"[..]), "{example}");
    }
    assert_eq!(inflate(&mut inflater, &[0x00]), Ok(vec![]), "§7.2.3.6, empty");
}

#[test]
fn a_message_may_end_with_its_final_block_and_another_follow() {
    let mut inflater = Inflater::new();
    let finished = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    for _ in 0..2 {
        assert_eq!(inflate(&mut inflater, &finished).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(inflate(&mut inflater, HELLO).as_deref(), Ok(&b"Hello"[..]));
    }
}

#[test]
fn blocks_may_follow_a_final_block_in_the_same_message() {
    let mut payload = vec![0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    payload.extend_from_slice(HELLO);
    assert_eq!(inflate(&mut Inflater::new(), &payload).as_deref(), Ok(&b"HelloHello"[..]));
}

// Two bytes each, and each once cost as much as clearing 32 KiB.
#[test]
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn a_million_final_blocks_are_soon_read() {
    let begin = std::time::Instant::now();
    assert_eq!(inflate(&mut Inflater::new(), &[0x03, 0x00].repeat(1 << 20)), Ok(vec![]));
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

#[test]
fn a_final_block_ends_the_history() {
    let mut inflater = Inflater::new();
    inflate(&mut inflater, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]).unwrap();
    let refers_back = [0xf2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(inflate(&mut inflater, &refers_back), Err(InflateError::Corrupt));
}

#[test]
fn an_empty_message_compresses_to_one_zero_byte_whatever_came_before() {
    let (mut deflater, mut inflater) = (Deflater::new(15, 6), Inflater::new());
    for message in [&b""[..], b"", b"one", b"", b"", b"one"] {
        let payload = deflate(&mut deflater, message);
        assert_eq!(payload == [0], message.is_empty());
        assert_eq!(inflate(&mut inflater, &payload).as_deref(), Ok(message));
    }
}

#[test]
fn a_compressed_message_without_any_bytes_is_empty_and_harms_none_after_it() {
    let mut inflater = Inflater::new();
    assert_eq!(inflate(&mut inflater, b""), Ok(vec![]));
    assert_eq!(inflate(&mut inflater, HELLO).as_deref(), Ok(&b"Hello"[..]));
}

// undici CVE-2026-1526: memory without limit.
#[test]
fn a_bomb_ends_at_the_limit_with_bounded_memory() {
    let bomb = deflate(&mut Deflater::new(15, 9), &vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    let bytes_max = 100_000;
    let mut output = Vec::new();
    let outcome = Inflater::new().inflate(&bomb, &mut output, bytes_max);
    assert_eq!(outcome, Err(InflateError::TooLong));
    assert_eq!(output.len(), bytes_max);
    assert!(output.capacity() <= bytes_max + 1, "room for {}", output.capacity());
}

#[test]
fn the_limit_is_for_the_whole_message_and_exact() {
    let payload = deflate(&mut Deflater::new(15, 6), &noise(1, 5_000));
    let run = |bytes_max| {
        let (mut inflater, mut output) = (Inflater::new(), Vec::new());
        for piece in payload.chunks(7) {
            inflater.inflate(piece, &mut output, bytes_max)?;
        }
        inflater.finish_message(&mut output, bytes_max).map(|()| output.len())
    };
    assert_eq!(run(5_000), Ok(5_000));
    assert_eq!(run(4_999), Err(InflateError::TooLong));
    assert_eq!(run(0), Err(InflateError::TooLong));
}

#[test]
fn a_reset_inflater_knows_nothing_of_earlier_messages() {
    let mut inflater = Inflater::new();
    inflate(&mut inflater, HELLO).unwrap();
    inflater.reset();
    let refers_back = [0xf2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(inflate(&mut inflater, &refers_back), Err(InflateError::Corrupt));
    inflater.reset();
    assert_eq!(inflate(&mut inflater, HELLO).as_deref(), Ok(&b"Hello"[..]));
}

#[test]
fn a_reset_deflater_repeats_itself_and_keeps_its_window() {
    let message = [noise(2, 700), noise(2, 700)].concat();
    for window_bits in 9..=15 {
        let mut deflater = Deflater::new(window_bits, 6);
        let first = deflate(&mut deflater, &message);
        let second = deflate(&mut deflater, &message);
        deflater.reset();
        let third = deflate(&mut deflater, &message);
        assert_eq!(first, third);
        // What lies 700 bytes back is out of reach of a window of 512.
        assert_eq!(first.len() < 1_000, window_bits > 9, "{window_bits}: {} bytes", first.len());
        assert_eq!(second.len() < 500, window_bits > 9, "{window_bits}: {} bytes", second.len());
    }
}

#[test]
fn no_message_refers_further_back_than_its_window_at_any_level() {
    let message = [noise(3, 33_000), noise(3, 33_000)].concat();
    let words: Vec<u8> = (0..3_000_u32).flat_map(|i| noise(i * i % 97, 13)).collect();
    for window_bits in 9..=15 {
        for level in 1..=9 {
            let mut deflater = Deflater::new(window_bits, level);
            let mut reference = Reference::default();
            for message in [&message, &words, &words] {
                let payload = deflate(&mut deflater, message);
                let reach = reference.receive(&payload).expect("is DEFLATE").reach;
                assert!(reach <= 1 << window_bits, "{reach} bytes at {window_bits}, {level}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_compressed_inflates_to_the_same(
        messages in prop::collection::vec(prop::collection::vec(0_u8..4, 0..3_000), 1..8),
        cut in 1_usize..500,
        window_bits in 8_u8..=15,
        level in 1_u8..=9,
        takeover: bool,
    ) {
        let (mut deflater, mut inflater) = (Deflater::new(window_bits, level), Inflater::new());
        for message in messages {
            if !takeover {
                deflater.reset();
                inflater.reset();
            }
            let slices: Vec<&[u8]> = message.chunks(cut).collect();
            let mut payload = b"before".to_vec();
            deflater.compress_message(&slices, &mut payload);
            let mut output = Vec::new();
            for piece in payload[6..].chunks(cut) {
                inflater.inflate(piece, &mut output, message.len()).unwrap();
            }
            inflater.finish_message(&mut output, message.len()).unwrap();
            prop_assert_eq!(output, message);
        }
    }

    #[test]
    fn random_bytes_never_panic_nor_pass_the_limit(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let (mut inflater, mut output) = (Inflater::new(), Vec::new());
        for piece in pieces {
            if inflater.inflate(&piece, &mut output, 5_000).is_err() {
                inflater.reset();
                output.clear();
            }
            prop_assert!(output.len() <= 5_000);
        }
        let _ = inflater.finish_message(&mut output, 5_000);
    }
}
