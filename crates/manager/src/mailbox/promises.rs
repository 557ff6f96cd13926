//! Connections that are promised to a loop before they can be handed over.

use std::sync::atomic::Ordering;

use super::{Adoption, Letter, Post, PostError};

impl<K, T, C> Post<K, T, C> {
    /// Promises a loop a connection, for which its mailbox has room from now on: it waits for that
    /// before it ends.
    pub(crate) fn promise(&self, to: usize) -> Result<(), PostError> {
        let _sorting = self.lock();
        let flag = &self.boxes[to];
        if flag.is_retired() {
            return Err(PostError::Ended);
        }
        if !flag.has_room(self.letters_max, 0, self.bytes_max) {
            return Err(PostError::Full);
        }
        flag.promised.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Posts the connection that was promised to a loop; or it comes back, if that loop was made to
    /// end before.
    pub(crate) fn keep_promise(
        &self,
        to: usize,
        adoption: Box<Adoption<K, T>>,
    ) -> Result<(), Box<Adoption<K, T>>> {
        let mut sorting = self.lock();
        let flag = &self.boxes[to];
        flag.promised.fetch_sub(1, Ordering::Relaxed);
        if flag.is_retired() {
            return Err(adoption);
        }
        sorting[to].push_back(Letter::Adopt(adoption));
        flag.count(0);
        drop(sorting);
        flag.raise();
        Ok(())
    }

    /// Lets a loop know that a connection that was promised does not come.
    pub(crate) fn break_promise(&self, to: usize) {
        let sorting = self.lock();
        self.boxes[to].promised.fetch_sub(1, Ordering::Relaxed);
        drop(sorting);
        // It may have waited for this alone.
        self.boxes[to].raise();
    }

    /// Returns how many connections are promised to all loops together.
    pub(crate) fn promised(&self) -> usize {
        self.boxes.iter().map(|flag| flag.promised.load(Ordering::Relaxed)).sum()
    }

    /// Closes the mailbox of a loop, unless a connection is promised to it or waits in it. Returns
    /// whether it is closed.
    pub(crate) fn retire_if_idle(&self, of: usize) -> bool {
        let sorting = self.lock();
        let flag = &self.boxes[of];
        let is_expected = flag.promised.load(Ordering::Relaxed) > 0
            || sorting[of].iter().any(|letter| matches!(letter, Letter::Adopt(_)));
        if !is_expected {
            flag.retired.store(true, Ordering::Relaxed);
        }
        !is_expected
    }
}
