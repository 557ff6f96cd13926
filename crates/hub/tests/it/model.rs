//! The hub beside its model: whatever is done, both answer the same.

use campanile_hub::Match;
use campanile_hub::fuzz::operation::{Operation, RoomSketch};
use campanile_hub::fuzz::{allowed, hub, play};
use proptest::prelude::*;

proptest! {
    #![proptest_config(many())]

    #[test]
    fn a_hub_answers_as_its_model(operations in prop::collection::vec(an_operation(), 0..80)) {
        play(&operations);
    }

    #[test]
    fn any_bytes_are_operations(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        hub(&bytes);
    }

    #[test]
    fn permissions_allow_what_the_rule_of_the_star_covers(
        rooms in prop::collection::vec(a_room(), 0..20),
        asked in a_room(),
    ) {
        allowed(&rooms, &asked);
    }
}

/// Four times as many cases as other tests have: 1,024, or 4 × `PROPTEST_CASES`.
fn many() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: 4 * default.cases, ..default }
}

fn an_operation() -> impl Strategy<Value = Operation> {
    let connection = || 0..6_u32;
    let rooms = prop::collection::vec(a_room(), 0..4);
    let matching = prop_oneof![Just(Match::Literal), Just(Match::Pattern)];
    prop_oneof![
        6 => (connection(), a_room(), any::<u8>(), 0..60_u64).prop_map(|(connection, room, id, since)| {
            Operation::Subscribe { connection, room, id, since }
        }),
        2 => (connection(), any::<u8>())
            .prop_map(|(connection, id)| Operation::Unsubscribe { connection, id }),
        1 => (connection(), prop::collection::vec(a_room(), 0..4))
            .prop_map(|(connection, allowed)| Operation::Retain { connection, allowed }),
        1 => connection().prop_map(|connection| Operation::Leave { connection }),
        3 => (rooms, matching).prop_map(|(rooms, matching)| Operation::Publish { rooms, matching }),
    ]
}

fn a_room() -> impl Strategy<Value = RoomSketch> {
    prop::collection::vec((any::<u8>(), any::<u8>()), 0..4).prop_map(RoomSketch)
}
