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
    /// All full-length but the last, which is not empty.
    pieces: Vec<Vec<Option<T>>>,
    /// Each vacant number below [`Self::end`] once; numbers from there on mean nothing.
    vacant: BinaryHeap<Reverse<u32>>,
    count: usize,
}

const PIECE: usize = 256;

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self { pieces: Vec::new(), vacant: BinaryHeap::new(), count: 0 }
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.count += 1;
        match self.vacant.pop() {
            Some(Reverse(number)) if (number as usize) < self.end() => {
                *self.slot(number) = Some(value);
                number
            }
            _ => {
                self.vacant.clear();
                self.push(value)
            }
        }
    }

    pub(crate) fn remove(&mut self, number: u32) -> T {
        let value = self.slot(number).take().expect("the number is in use");
        self.count -= 1;
        self.vacant.push(Reverse(number));
        while let Some(piece) = self.pieces.last_mut()
            && let Some(None) = piece.last()
        {
            piece.pop();
            if piece.is_empty() {
                self.pieces.pop();
            }
        }
        // Mostly of numbers that mean nothing any more.
        if self.vacant.len() > 2 * (self.end() - self.count) + PIECE {
            let end = self.end();
            self.vacant.retain(|&Reverse(number)| (number as usize) < end);
            self.vacant.shrink_to_fit();
        }
        value
    }

    fn push(&mut self, value: T) -> u32 {
        let number = u32::try_from(self.end()).expect("a hub has fewer than 2^32 rooms");
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(Some(value)),
            _ => self.pieces.push(vec![Some(value)]),
        }
        number
    }

    /// Returns the lowest number that was not given, or has been given back with all above it.
    fn end(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
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
        assert_eq!((slots.len(), slots.end(), slots.pieces.len()), (3, 3, 1));
        assert!(slots.vacant.capacity() < 2 * PIECE, "{} numbers", slots.vacant.capacity());
        assert_eq!(slots.insert(1), 3);
        for number in 0..4 {
            slots.remove(number);
        }
        assert_eq!((slots.len(), slots.pieces.len()), (0, 0));
        assert_eq!(slots.insert(2), 0);
    }
}
