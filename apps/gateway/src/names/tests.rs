use super::{Names, NotAName, Uuid};
use campanile_manager::ConnectionKey;
use std::collections::HashSet;

fn key(loop_index: u16, slot: u32, serial: u64) -> ConnectionKey {
    ConnectionKey { loop_index, slot, serial }
}

#[test]
fn a_name_leads_back_to_its_key_and_looks_like_a_random_uuid() {
    let names = Names::default();
    let keys = [key(0, 0, 0), key(1, 2, 3), key(u16::MAX, u32::MAX, u64::MAX)];
    for key in keys {
        let text = names.name(key).to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "4", "the version of {text}");
        assert!("89ab".contains(&text[19..20]), "the variant of {text}");
        assert_eq!(names.key(text.parse().unwrap()), Some(key));
        assert_eq!(names.key(text.to_uppercase().parse().unwrap()), Some(key));
    }
    let many: HashSet<Uuid> = (0..10_000).map(|serial| names.name(key(0, 1, serial))).collect();
    assert_eq!(many.len(), 10_000);
}

#[test]
fn a_name_of_another_process_leads_to_no_connection_that_is_there() {
    let (ours, theirs) = (Names::default(), Names::default());
    let there = key(0, 7, 8);
    assert_ne!(ours.key(theirs.name(there)), Some(there));
}

#[test]
fn what_is_no_random_uuid_is_no_name() {
    for text in [
        "",
        "ada",
        "00000000-0000-0000-0000-000000000000",
        "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000",
        "00000000000040008000000000000000",
        "+0000000-0000-4000-8000-000000000000",
        "0000000é-0000-4000-8000-00000000000",
    ] {
        assert_eq!(text.parse::<Uuid>(), Err(NotAName), "{text}");
    }
}

#[test]
fn a_uuid_has_the_marks_of_a_random_one() {
    let zeros = Uuid::from_bits(0).to_string();
    assert_eq!(zeros, "00000000-0000-4000-8000-000000000000");
    let ones = Uuid::from_bits((1 << 122) - 1).to_string();
    assert_eq!(ones, "ffffffff-ffff-4fff-bfff-ffffffffffff");
}
