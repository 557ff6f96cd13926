use super::{Memory, Recent};
use std::time::{Duration, Instant};

const MEMORY: Memory = Memory { time: Duration::from_secs(10), ids_max: 3 };

#[test]
fn an_id_is_new_once_until_its_time_is_over() {
    let (recent, began) = (Recent::new(), Instant::now());
    let is_new = |id, seconds| recent.is_new(id, MEMORY, began + Duration::from_secs(seconds));
    assert!(is_new("a", 0));
    assert!(!is_new("a", 9));
    assert!(is_new("b", 9));
    assert!(is_new("a", 10), "the second time has not made it any younger");
    assert!(!is_new("b", 18));
    assert_eq!(recent.duplicates.get(), 2);
    assert_eq!(recent.forgotten.get(), 0);
}

#[test]
fn of_too_many_ids_the_oldest_is_forgotten_and_counted() {
    let (recent, now) = (Recent::new(), Instant::now());
    assert!(["a", "b", "c", "d"].iter().all(|id| recent.is_new(id, MEMORY, now)));
    assert_eq!((recent.len(), recent.forgotten.get()), (3, 1));
    assert!(!recent.knows("a", MEMORY, now));
    assert!(["b", "c", "d"].iter().all(|id| recent.knows(id, MEMORY, now)));
}

#[test]
fn without_a_time_nothing_is_remembered() {
    let (recent, now) = (Recent::new(), Instant::now());
    let none = Memory { time: Duration::ZERO, ids_max: 3 };
    assert!(recent.is_new("a", none, now) && recent.is_new("a", none, now));
    assert!(recent.is_empty());
}
