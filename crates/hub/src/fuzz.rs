//! What fuzzers and random tests do to this crate: any bytes go in, and a broken promise panics.

pub mod model;
pub mod operation;

use crate::{Hub, Limits, Permissions, PermissionsPool, RequestId, Room};
use model::Model;
use operation::{Bytes, Operation, RoomSketch};

/// Reads `bytes` as operations, and does them to a hub and to its model.
pub fn hub(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let operations: Vec<_> = std::iter::from_fn(|| Operation::read(&mut bytes)).collect();
    play(&operations);
}

/// Does the same to a hub and to its model, which must give the same answers.
pub fn play(operations: &[Operation]) {
    // Low enough to be met.
    let limits =
        Limits { subscriptions_per_connection_max: 5, rooms_max: 12, pattern_rooms_max: 4 };
    let (mut hub, mut model) = (Hub::new(limits), Model::new(limits));
    for (sequence, operation) in operations.iter().enumerate() {
        let sequence = sequence as u64;
        let (answer, expected) =
            (operation.on_hub(&mut hub, sequence), operation.on_model(&mut model, sequence));
        assert_eq!(answer, expected, "the answers to {operation:?}");
        assert_eq!(hub.statistics(), model.statistics(), "the statistics after {operation:?}");
    }
}

/// Asks `allowed` for `asked`; the sketches know the answer.
pub fn allowed(allowed: &[RoomSketch], asked: &RoomSketch) {
    let permissions = operation::permissions(allowed);
    let expected = allowed.iter().any(|allowed| allowed.covers(asked));
    assert_eq!(permissions.allows(&asked.room()), expected, "{asked:?} in {permissions:?}");
}

/// Reads `bytes` as a room: its canonical text must be its own, and come from nowhere but JSON.
pub fn room(bytes: &[u8]) {
    let Ok(json) = str::from_utf8(bytes) else { return };
    match Room::parse(json) {
        Ok(room) => {
            assert_eq!(Room::parse(room.as_str()).as_ref(), Ok(&room));
            let permissions = Permissions::parse(&format!("[{room}, {json}]"));
            let permissions = permissions.expect("a list of two rooms, which are equal");
            assert!(permissions.allows(&room));
            assert!(permissions.rooms().eq([room.as_str()]));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads `bytes` as a list of allowed rooms, each of which must then be allowed.
pub fn permissions(bytes: &[u8]) {
    let Ok(json) = str::from_utf8(bytes) else { return };
    match Permissions::parse(json) {
        Ok(permissions) => {
            let pool = PermissionsPool::new();
            let again = pool.intern(permissions.as_json()).expect("canonical JSON is a list too");
            assert_eq!(again.as_json(), permissions.as_json());
            assert_eq!(permissions.rooms().count(), permissions.len());
            for allowed in permissions.rooms() {
                let room = Room::parse(allowed).expect("allowed rooms are rooms");
                assert!(permissions.allows(&room), "{room}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads `bytes` as a request id, which must read as itself.
pub fn request_id(bytes: &[u8]) {
    let Ok(json) = str::from_utf8(bytes) else { return };
    let Some(id) = RequestId::parse(json) else { return };
    assert_eq!(id.as_json().as_bytes(), id.as_bytes());
    assert_eq!(RequestId::parse(id.as_json()), Some(id));
}
