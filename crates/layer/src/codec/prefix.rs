//! What makes equal messages different members of a sorted set.

use std::sync::{Mutex, PoisonError};

/// Prefixes that count up from a random one: no two of this process are equal, and none is likely
/// to be another process'.
#[derive(Debug)]
pub(super) struct RandomPrefix(Mutex<Vec<u8>>);

impl RandomPrefix {
    pub(super) fn new(length: usize) -> RandomPrefix {
        let mut first = vec![0; length];
        getrandom::fill(&mut first).expect("the system has random bytes");
        RandomPrefix(Mutex::new(first))
    }

    pub(super) fn length(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn next(&self) -> Vec<u8> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        bytes.clone()
    }
}
