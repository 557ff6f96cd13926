//! The clients' frame counter.

use super::super::frames::{Frames, append_client_frame, append_server_frame};
use super::super::message::{BYTES_MIN, data, delivered, marker};

/// Returns what a counter says of `bytes` that come in reads of `read_bytes`.
fn count(bytes: &[u8], read_bytes: usize) -> Vec<String> {
    let mut frames = Frames::default();
    let mut said = Vec::new();
    for read in bytes.chunks(read_bytes) {
        let outcome = frames.receive(read, |frame| {
            let (payload, compressed) = (frame.payload.len(), frame.compressed);
            said.push(format!("opcode {} payload {payload} compressed {compressed}", frame.opcode));
            Ok(())
        });
        if let Err(failure) = outcome {
            said.push(failure.to_string());
            break;
        }
    }
    said
}

#[test]
fn frames_are_counted_alike_however_the_reads_split_them() {
    let mut bytes = Vec::new();
    for length in [0, 1, 125, 126, 127, 1_000, 65_535, 65_536, 70_000] {
        append_server_frame(1, &vec![b'x'; length], &mut bytes);
    }
    append_server_frame(9, b"are you there", &mut bytes);
    let whole = count(&bytes, bytes.len());
    assert_eq!(whole.len(), 10);
    assert_eq!(whole[7], "opcode 1 payload 65536 compressed false");
    for read_bytes in [1, 2, 3, 7, 127, 4_096, 65_536] {
        assert_eq!(count(&bytes, read_bytes), whole, "reads of {read_bytes}");
    }
}

#[test]
fn a_compressed_frame_is_seen_as_one() {
    assert_eq!(count(&[0xc1, 2, 0xab, 0xcd], 1), ["opcode 1 payload 2 compressed true"]);
}

#[test]
fn a_masked_or_fragmented_or_reserved_frame_ends_the_counting() {
    let mut masked = Vec::new();
    append_client_frame(1, b"hello", &mut masked);
    for (bytes, begins) in [
        (masked.as_slice(), "0x81 0x85"),
        (&[0x01, 0x05], "0x01 0x05"),
        (&[0x80, 0x00], "0x80 0x00"),
        (&[0xa1, 0x00], "0xa1 0x00"),
    ] {
        let said = count(bytes, 2);
        assert!(said[0].contains(&format!("a frame beginning {begins}")), "{said:?}");
    }
}

#[test]
fn a_published_value_has_the_wanted_bytes_and_says_which_it_is() {
    for bytes in [BYTES_MIN, 128, 512, 70_000] {
        let data = data(4_294_967_295, 18_446_744_073_709_551_615, bytes);
        assert_eq!(data.len(), bytes);
        assert!(serde_json::from_str::<String>(&data).is_ok());
        let found = marker(delivered(&data).as_bytes());
        assert_eq!(found, Some((4_294_967_295, 18_446_744_073_709_551_615)));
    }
}

#[test]
fn other_messages_have_no_marker() {
    for text in
        ["", "pong", "{\"is_authorized\":true,\"allowed_rooms\":[]}", "#", "#12@34#", "\"#x"]
    {
        assert_eq!(marker(text.as_bytes()), None, "{text}");
    }
}
