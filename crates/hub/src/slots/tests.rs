use super::*;

#[test]
fn a_number_stays_and_is_given_again() {
    let mut slots = Slots::new();
    let numbers: Vec<_> = (0..1_000).map(|value| slots.insert(value)).collect();
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
    for number in [7, 5, 600] {
        assert_eq!(slots.remove(number), number as i32);
    }
    assert_eq!(slots[999], 999);
    let again = [slots.insert(-1), slots.insert(-2), slots.insert(-3), slots.insert(-4)];
    assert_eq!(again, [5, 7, 600, 1_000]);
    assert_eq!((slots.len(), slots[5], slots[7], slots[600]), (1_001, -1, -2, -3));
}

#[test]
fn what_is_vacant_at_the_end_is_given_back() {
    let mut slots = Slots::new();
    for value in 0..10_000 {
        slots.insert(value);
    }
    for number in 3..10_000 {
        slots.remove(number);
    }
    assert_eq!((slots.len(), slots.end, slots.pieces.len()), (3, 3, 2));
    assert!(slots.vacant.capacity() < 2 * PIECE, "{} numbers", slots.vacant.capacity());
    assert_eq!(slots.insert(1), 3);
    for number in 0..4 {
        slots.remove(number);
    }
    assert_eq!((slots.len(), slots.pieces.len()), (0, 1));
    assert_eq!(slots.insert(2), 0);
}
