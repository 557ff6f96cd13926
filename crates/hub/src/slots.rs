//! Values at numbers that stay theirs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Index, IndexMut};

/// A collection that gives each value a number. A vacant number is given again, the lowest first,
/// so that the vacant ones gather at the end, where their memory can be given back.
pub(crate) struct Slots<T> {
    slots: Vec<Option<T>>,
    /// Each vacant number below `slots.len()` once; numbers from there on mean nothing.
    vacant: BinaryHeap<Reverse<u32>>,
    count: usize,
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), vacant: BinaryHeap::new(), count: 0 }
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.count += 1;
        match self.vacant.pop() {
            Some(Reverse(number)) if (number as usize) < self.slots.len() => {
                self.slots[number as usize] = Some(value);
                number
            }
            _ => {
                self.vacant.clear();
                self.slots.push(Some(value));
                u32::try_from(self.slots.len() - 1).expect("a hub has fewer than 2^32 rooms")
            }
        }
    }

    pub(crate) fn remove(&mut self, number: u32) -> T {
        let value = self.slots[number as usize].take().expect("the number is in use");
        self.count -= 1;
        self.vacant.push(Reverse(number));
        while self.slots.last().is_some_and(Option::is_none) {
            self.slots.pop();
        }
        if self.slots.capacity() > 4 * self.slots.len().max(16) {
            let length = self.slots.len();
            self.slots.shrink_to(2 * length);
            self.vacant.retain(|&Reverse(number)| (number as usize) < length);
            self.vacant.shrink_to(2 * length);
        }
        value
    }
}

impl<T> Index<u32> for Slots<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        self.slots[number as usize].as_ref().expect("the number is in use")
    }
}

impl<T> IndexMut<u32> for Slots<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        self.slots[number as usize].as_mut().expect("the number is in use")
    }
}
