use proptest::prelude::*;

use super::{Head, Header, OpCode, PartialHeader, Role, Rules};

const RULES: Rules = Rules { role: Role::Server, compression: true, frame_bytes_max: u64::MAX };

#[test]
fn a_header_is_as_short_as_its_length_allows() {
    let header_bytes =
        |payload_bytes| Head::new(OpCode::Text, false, payload_bytes, None).as_bytes().len();
    assert_eq!([0, 125].map(header_bytes), [2, 2]);
    assert_eq!([126, 0xffff].map(header_bytes), [4, 4]);
    assert_eq!([0x10000, usize::MAX >> 1].map(header_bytes), [10, 10]);
    assert_eq!(
        Head::new(OpCode::Binary, true, 0x10000, Some([1, 2, 3, 4])).as_bytes(),
        b"\xc2\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        opcode in prop::sample::select(vec![OpCode::Text, OpCode::Binary]),
        compressed in any::<bool>(),
        payload_bytes in prop_oneof![0..130_usize, 65_530..65_540_usize, 0..usize::MAX >> 1],
        mask in any::<Option<[u8; 4]>>(),
    ) {
        let head = Head::new(opcode, compressed, payload_bytes, mask);
        let role = if mask.is_some() { Role::Server } else { Role::Client };
        let header =
            Header { opcode, last: true, compressed, mask, payload_bytes: payload_bytes as u64 };
        prop_assert_eq!(
            Header::parse(head.as_bytes(), &Rules { role, ..RULES }),
            Ok(Some((header, head.as_bytes().len())))
        );
    }

    #[test]
    fn a_header_in_pieces_is_read_like_a_whole_one(
        bytes in any::<[u8; 14]>(),
        cut in 0_usize..14,
    ) {
        let whole = Header::parse(&bytes, &RULES);
        let mut partial = PartialHeader::default();
        let pieces = match partial.receive(&bytes[..cut], &RULES) {
            Ok(None) => partial
                .receive(&bytes[cut..], &RULES)
                .map(|found| found.map(|(header, used)| (header, used + cut))),
            found => found,
        };
        prop_assert_eq!(pieces, whole);
    }
}
