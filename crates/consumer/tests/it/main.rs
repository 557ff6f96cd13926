//! Consumers, by communicators and by real sockets.

mod guide;
mod lanes;
mod lives;
mod outage;
mod probe;
mod requests;
mod sockets;
mod stage;
mod streams;

use std::time::{Duration, Instant};

/// Waits for a condition, of real time as much as a slow machine may need.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited for {what} in vain");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
