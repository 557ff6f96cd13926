//! Values at numbers that stay theirs.

#[cfg(test)]
mod tests;

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

    /// Returns all values, by their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| piece.iter()).flatten()
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
        // One more stays, lest a value that comes and goes at the edge costs a piece each time.
        self.pieces.truncate(self.end.div_ceil(PIECE) + 1);
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
