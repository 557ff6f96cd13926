//! A list that forgets its oldest entries.

use std::collections::VecDeque;

/// The latest entries, as many as there is room for.
#[derive(Debug)]
pub(super) struct Ring<T> {
    /// Each with the bytes that it counts for.
    entries: VecDeque<(T, usize)>,
    /// How many were forgotten.
    forgotten: u64,
    bytes: usize,
    entries_max: usize,
    bytes_max: usize,
}

impl<T> Ring<T> {
    pub(super) fn new(entries_max: usize, bytes_max: usize) -> Ring<T> {
        Ring { entries: VecDeque::new(), forgotten: 0, bytes: 0, entries_max, bytes_max }
    }

    /// Adds an entry that takes so many bytes beside its own size.
    pub(super) fn push(&mut self, entry: T, bytes: usize) {
        let bytes = bytes + size_of::<(T, usize)>();
        self.bytes += bytes;
        self.entries.push_back((entry, bytes));
        while self.entries.len() > self.entries_max || self.bytes > self.bytes_max {
            let Some((_, bytes)) = self.entries.pop_front() else { return };
            self.bytes -= bytes;
            self.forgotten += 1;
        }
    }

    /// Returns whether anything was forgotten.
    pub(super) fn has_forgotten(&self) -> bool {
        self.forgotten > 0
    }

    /// Returns how many entries came in all.
    pub(super) fn end(&self) -> u64 {
        self.forgotten + self.entries.len() as u64
    }

    /// Returns the entries from the one that came as number `from` on, the oldest first.
    pub(super) fn from(&self, from: u64) -> impl Iterator<Item = &T> {
        let skipped = usize::try_from(from.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        self.entries.range(skipped.min(self.entries.len())..).map(|(entry, _)| entry)
    }

    /// Returns the number of the oldest entry.
    pub(super) fn begin(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
