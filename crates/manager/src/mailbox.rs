//! What other threads ask of the loops, in one order for every loop.
//!
//! All mail goes through one lock, held for a few pushes: that is what gives all loops the same
//! order of publications, and each publication its number in it. A loop takes all its letters at
//! once.

mod promises;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campanile_wire::deflate::Agreed;

use crate::publication::Publication;

/// A connection after its opening handshake, to be taken over by a loop.
pub struct Adoption<K, T> {
    /// The connected socket.
    pub socket: K,
    /// What came behind the handshake and has been read already.
    pub early: Bytes,
    /// What was agreed about compression.
    pub deflate: Option<Agreed>,
    /// What the service keeps for it.
    pub session: T,
}

/// One thing that a loop is asked.
pub(crate) enum Letter<K, T, C> {
    Adopt(Box<Adoption<K, T>>),
    Publish { sequence: u64, publication: Arc<Publication>, receipt: Option<Arc<Tally>> },
    Command(C),
    Stop { deadline: Instant },
}

/// Why mail was not taken. Nothing of what was asked is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostError {
    /// The loops cannot keep up, and their mailboxes are full.
    Full,
    /// The loops have ended, and nobody reads their mail any more.
    Ended,
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the loops are behind, and their mailboxes are full: try again later",
            Self::Ended => "the loops have ended",
        })
    }
}

impl std::error::Error for PostError {}

/// All loops' mailboxes.
pub(crate) struct Post<K, T, C> {
    sorting: Mutex<Vec<VecDeque<Letter<K, T, C>>>>,
    boxes: Vec<Flag>,
    sequence: AtomicU64,
    letters_max: usize,
    bytes_max: usize,
}

/// What a loop and its senders share beside the letters.
struct Flag {
    /// Connections that are promised and not yet handed over: the loop does not end before. Changes
    /// only under the lock.
    promised: AtomicUsize,
    /// There may be letters, and the loop has been woken for them.
    raised: AtomicBool,
    /// The loop has ended: nobody reads its letters any more. Changes only under the lock.
    retired: AtomicBool,
    /// Letters posted and not yet worked off, and their bytes.
    letters: AtomicUsize,
    bytes: AtomicUsize,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl<K, T, C> Post<K, T, C> {
    /// Makes a mailbox for each of `wakers`.
    pub(crate) fn new(
        wakers: Vec<Box<dyn Fn() + Send + Sync>>,
        letters_max: usize,
        bytes_max: usize,
    ) -> Self {
        Self {
            sorting: Mutex::new(wakers.iter().map(|_| VecDeque::new()).collect()),
            boxes: wakers
                .into_iter()
                .map(|wake| Flag {
                    raised: AtomicBool::new(false),
                    retired: AtomicBool::new(false),
                    letters: AtomicUsize::new(0),
                    bytes: AtomicUsize::new(0),
                    promised: AtomicUsize::new(0),
                    wake,
                })
                .collect(),
            sequence: AtomicU64::new(0),
            letters_max,
            bytes_max,
        }
    }

    pub(crate) fn loops(&self) -> usize {
        self.boxes.len()
    }

    /// Returns the number of the publication accepted last.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Returns letters waiting, in the fullest mailbox.
    pub(crate) fn waiting(&self) -> usize {
        let letters = self.boxes.iter().map(|flag| flag.letters.load(Ordering::Relaxed));
        letters.max().unwrap_or(0)
    }

    /// Returns whether every loop has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.boxes.iter().all(Flag::is_retired)
    }

    /// Posts a publication to every loop, or to none; returns its number. A loop that has ended does not count.
    pub(crate) fn publish(
        &self,
        publication: &Arc<Publication>,
        receipt: Option<&Arc<Tally>>,
    ) -> Result<u64, PostError> {
        let bytes = publication.bytes();
        let mut sorting = self.lock();
        if self.has_ended() {
            return Err(PostError::Ended);
        }
        if self.boxes.iter().any(|flag| !flag.has_room(self.letters_max, bytes, self.bytes_max)) {
            return Err(PostError::Full);
        }
        let sequence = self.sequence.load(Ordering::Relaxed) + 1;
        self.sequence.store(sequence, Ordering::Release);
        for (letters, flag) in sorting.iter_mut().zip(&self.boxes) {
            if flag.is_retired() {
                receipt.iter().for_each(|tally| tally.add(0));
                continue;
            }
            let publication = Arc::clone(publication);
            letters.push_back(Letter::Publish { sequence, publication, receipt: receipt.cloned() });
            flag.count(bytes);
        }
        drop(sorting);
        self.boxes.iter().for_each(Flag::raise);
        Ok(sequence)
    }

    /// Posts a letter to one loop, or gives it back when that is full.
    pub(crate) fn send(&self, to: usize, letter: Letter<K, T, C>) -> Result<(), Letter<K, T, C>> {
        let mut sorting = self.lock();
        let flag = &self.boxes[to];
        // To stop is always possible.
        let must = matches!(letter, Letter::Stop { .. });
        if flag.is_retired() || !must && !flag.has_room(self.letters_max, 0, self.bytes_max) {
            return Err(letter);
        }
        sorting[to].push_back(letter);
        flag.count(0);
        drop(sorting);
        flag.raise();
        Ok(())
    }

    /// Returns why a letter to one loop came back.
    pub(crate) fn why_not(&self, to: usize) -> PostError {
        // A loop that has ended stays so.
        if self.boxes[to].is_retired() { PostError::Ended } else { PostError::Full }
    }

    /// Moves all letters for `of` behind those it has. Costs one atomic load when there are none.
    pub(crate) fn collect(&self, of: usize, into: &mut VecDeque<Letter<K, T, C>>) {
        if self.boxes[of].raised.swap(false, Ordering::AcqRel) {
            let mut sorting = self.lock();
            if into.is_empty() {
                std::mem::swap(into, &mut sorting[of]);
            } else {
                into.append(&mut sorting[of]);
            }
        }
    }

    /// Notes that a loop has worked off a letter of so many bytes.
    pub(crate) fn worked_off(&self, of: usize, bytes: usize) {
        self.boxes[of].letters.fetch_sub(1, Ordering::Relaxed);
        self.boxes[of].bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Closes the mailbox of a loop that ended with `left` not handled: whoever waits to hear how
    /// many a publication reached there is told that nobody was.
    pub(crate) fn retire(&self, of: usize, left: &mut VecDeque<Letter<K, T, C>>) {
        let mut sorting = self.lock();
        self.boxes[of].retired.store(true, Ordering::Relaxed);
        left.append(&mut sorting[of]);
        drop(sorting);
        for letter in left.drain(..) {
            if let Letter::Publish { receipt: Some(tally), .. } = letter {
                tally.add(0);
            }
        }
        self.boxes[of].letters.store(0, Ordering::Relaxed);
        self.boxes[of].bytes.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<VecDeque<Letter<K, T, C>>>> {
        self.sorting.lock().expect("nobody panics while sorting letters")
    }
}

impl Flag {
    fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    fn has_room(&self, letters_max: usize, bytes: usize, bytes_max: usize) -> bool {
        let waiting = self.bytes.load(Ordering::Relaxed);
        // A publication that alone is over the limit may pass an empty mailbox.
        self.letters.load(Ordering::Relaxed) < letters_max
            && (waiting == 0 || waiting + bytes <= bytes_max)
    }

    fn count(&self, bytes: usize) {
        self.letters.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }
}

/// Counts, over all loops, the subscriptions that a publication reached.
#[derive(Debug)]
pub(crate) struct Tally {
    state: Mutex<TallyState>,
    complete: Condvar,
}

#[derive(Debug)]
struct TallyState {
    loops_left: usize,
    deliveries: u64,
    waker: Option<std::task::Waker>,
}

impl Tally {
    fn new(loops: usize) -> Self {
        let state = TallyState { loops_left: loops, deliveries: 0, waker: None };
        Self { state: Mutex::new(state), complete: Condvar::new() }
    }

    /// Adds one loop's part.
    pub(crate) fn add(&self, deliveries: u64) {
        let mut state = self.lock();
        state.deliveries += deliveries;
        state.loops_left -= 1;
        if state.loops_left == 0 {
            self.complete.notify_all();
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, TallyState> {
        self.state.lock().expect("nobody panics while counting")
    }
}

/// Tells how many subscriptions a publication reached, once every loop has delivered it.
///
/// A future, and for those without a runtime [`wait`](Self::wait).
#[derive(Debug)]
pub struct Receipt {
    tally: Arc<Tally>,
    sequence: u64,
}

impl Receipt {
    /// Makes the receipt of a publication that `post` takes; it returns the publication's number.
    pub(crate) fn of(
        loops: usize,
        post: impl FnOnce(&Arc<Tally>) -> Result<u64, PostError>,
    ) -> Result<Self, PostError> {
        let tally = Arc::new(Tally::new(loops));
        post(&tally).map(|sequence| Self { tally, sequence })
    }

    /// Returns the publication's number: they count up from one to the next.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Waits for the number, `patience` at most.
    pub fn wait(&self, patience: Duration) -> Option<u64> {
        let state = self.tally.lock();
        let complete =
            self.tally.complete.wait_timeout_while(state, patience, |s| s.loops_left > 0);
        let (state, _) = complete.expect("nobody panics while counting");
        (state.loops_left == 0).then_some(state.deliveries)
    }
}

impl Future for Receipt {
    type Output = u64;

    fn poll(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<u64> {
        let mut state = self.tally.lock();
        if state.loops_left == 0 {
            return std::task::Poll::Ready(state.deliveries);
        }
        state.waker = Some(context.waker().clone());
        std::task::Poll::Pending
    }
}
