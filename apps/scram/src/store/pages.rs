//! Lists that are too long for one answer.

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// How many there are on all pages.
    pub count: u64,
    /// Those of this page, in the list's order.
    pub results: Vec<T>,
    /// Whether there is a page after this one.
    pub has_next: bool,
}

/// Which page, counted from 1, and how many a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageNumber {
    /// 1 is the first.
    pub number: u64,
    /// At least 1.
    pub size: u64,
}

impl PageNumber {
    /// Returns how many lie on the pages before.
    pub(super) fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size).min(i64::MAX.unsigned_abs())
    }

    /// Returns a page of what is all here; none if it lies beyond the end.
    pub(crate) fn page_of<T>(self, all: Vec<T>) -> Option<Page<T>> {
        let count = u64::try_from(all.len()).expect("a length fits");
        let before = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        self.page(count, all.into_iter().skip(before).take(size).collect())
    }

    /// Makes the page, or none if it lies beyond the end; the first never does.
    pub(super) fn page<T>(self, count: u64, results: Vec<T>) -> Option<Page<T>> {
        let exists = self.number == 1 || (self.number > 1 && self.offset() < count);
        let has_next = self.offset().saturating_add(self.size) < count;
        exists.then_some(Page { count, results, has_next })
    }
}
