//! The floor's part of the control protocol.

use super::super::floor::{bursts, control_message};
use super::super::frames::append_client_frame;

#[test]
fn a_control_message_is_read_when_it_is_whole() {
    for length in [3, 125, 126, 65_535, 65_536] {
        let text = format!("7 {}", "x".repeat(length - 2));
        let mut frame = Vec::new();
        append_client_frame(1, text.as_bytes(), &mut frame);
        assert_eq!(control_message(&frame[..frame.len() - 1]), None);
        assert_eq!(control_message(&frame), Some((text, frame.len())));
    }
}

#[test]
fn a_masked_control_message_is_unmasked() {
    let frame = [0x81, 0x83, 1, 2, 3, 4, b'a' ^ 1, b' ' ^ 2, b'b' ^ 3];
    assert_eq!(control_message(&frame), Some(("a b".to_owned(), frame.len())));
}

#[test]
fn messages_to_one_room_leave_in_one_write() {
    let mut begun = Vec::new();
    for text in ["0 a", "1 b", "0 c"] {
        append_client_frame(1, text.as_bytes(), &mut begun);
    }
    begun.extend_from_slice(&[0x81]);
    let bursts = bursts(&mut begun).expect("the messages are right");
    let room_0 = vec![0x81, 1, b'a', 0x81, 1, b'c'];
    assert_eq!(bursts, [(0, room_0), (1, vec![0x81, 1, b'b'])]);
    assert_eq!(begun, [0x81], "the begun message is kept");
}
