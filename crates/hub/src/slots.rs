//! Values at numbers that stay theirs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Index, IndexMut};

/// A collection that gives each value a number.
///
/// It grows and shrinks by pieces, so that no insert has to move what is there. A vacant number is
/// given again, the lowest first, so that the vacant ones gather at the end, whose memory is given
/// back.
pub(crate) struct Slots<T> {
    pieces: Vec<Box<[Option<T>; PIECE]>>,
    /// The lowest number that was not given yet, or was vacated with all above it.
    end: usize,
    /// Each vacant number below `end` once; numbers from there on mean nothing.
    vacant: BinaryHeap<Reverse<u32>>,
    count: usize,
}

const PIECE: usize = 256;

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self { pieces: Vec::new(), end: 0, vacant: BinaryHeap::new(), count: 0 }
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let lowest = self.vacant.pop().filter(|&Reverse(number)| (number as usize) < self.end);
        let number = lowest.map_or_else(|| self.grow(), |Reverse(number)| number);
        *self.slot(number) = Some(value);
        self.count += 1;
        number
    }

    pub(crate) fn remove(&mut self, number: u32) -> T {
        let value = self.slot(number).take().expect("the number is in use");
        self.count -= 1;
        self.vacant.push(Reverse(number));
        self.shrink();
        value
    }

    /// Makes one more number, where none is vacant.
    fn grow(&mut self) -> u32 {
        self.vacant.clear();
        if self.end == self.pieces.len() * PIECE {
            self.pieces.push(Box::new([const { None }; PIECE]));
        }
        self.end += 1;
        u32::try_from(self.end - 1).expect("a hub has fewer than 2^32 rooms")
    }

    /// Gives back the vacant numbers at the end.
    fn shrink(&mut self) {
        let pieces = &self.pieces;
        let vacant = |&number: &usize| pieces[number / PIECE][number % PIECE].is_none();
        self.end -= (0..self.end).rev().take_while(vacant).count();
        self.pieces.truncate(self.end.div_ceil(PIECE));
        if self.vacant.len() > 2 * (self.end - self.count) + PIECE {
            // Most of these numbers mean nothing any more.
            self.vacant.retain(|&Reverse(number)| (number as usize) < self.end);
            self.vacant.shrink_to_fit();
            self.pieces.shrink_to_fit();
        }
    }

    fn slot(&mut self, number: u32) -> &mut Option<T> {
        &mut self.pieces[number as usize / PIECE][number as usize % PIECE]
    }
}

impl<T> Index<u32> for Slots<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        let slot = &self.pieces[number as usize / PIECE][number as usize % PIECE];
        slot.as_ref().expect("the number is in use")
    }
}

impl<T> IndexMut<u32> for Slots<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        self.slot(number).as_mut().expect("the number is in use")
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!((slots.len(), slots.end, slots.pieces.len()), (3, 3, 1));
        assert!(slots.vacant.capacity() < 2 * PIECE, "{} numbers", slots.vacant.capacity());
        assert_eq!(slots.insert(1), 3);
        for number in 0..4 {
            slots.remove(number);
        }
        assert_eq!((slots.len(), slots.pieces.len()), (0, 0));
        assert_eq!(slots.insert(2), 0);
    }
}
