//! The end: leave is taken of every client, and the backend is told.

#[cfg(test)]
mod tests;

use super::{Shared, cannot};
use crate::command::Command;
use crate::config::Limits;
use campanile_manager::Loops;
use std::time::{Duration, Instant};

/// How often a share of the connections is closed.
const SHARE_EVERY: Duration = Duration::from_millis(50);
/// Time for the loops' last words, and for a stuck one to be left behind.
const LOOPS_ARE_STUCK: Duration = Duration::from_secs(2);
/// Time for telling the backend that connections ended, when closing them has used up `drain_s`.
const HOOKS_AT_LEAST: Duration = Duration::from_secs(1);

/// Returns how long the end may take.
pub(super) fn longest(limits: &Limits) -> Duration {
    let close = limits.drain_delay + limits.drain + limits.close_within;
    close + LOOPS_ARE_STUCK + HOOKS_AT_LEAST
}

/// Goes on as before for `drain_delay_s` after a signal of this name, so that balancers see that
/// `/readyz` is red.
pub(super) async fn delay(shared: &Shared, name: &str) {
    let delay = shared.config().limits.drain_delay;
    if !delay.is_zero() {
        tracing::info!("{name}: not ready any more, and going on for {} s", delay.as_secs_f64());
        tokio::time::sleep(delay).await;
    }
    let connections = shared.handle.statistics().connections;
    tracing::info!("{name}: telling {connections} connections goodbye");
}

/// Closes all connections, ends the loops, and has the backend told of all that.
///
/// # Errors
///
/// If a loop failed, or is stuck.
pub(super) async fn stop(shared: &Shared, loops: Loops) -> Result<(), String> {
    let end = Instant::now() + shared.config().limits.drain;
    close_all(shared).await;
    shared.handle.stop(Duration::ZERO);
    let joined = tokio::task::spawn_blocking(move || loops.join());
    let stopped = match tokio::time::timeout(LOOPS_ARE_STUCK, joined).await {
        Ok(Ok(joined)) => joined.map_err(cannot("go on with the loops")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("a loop did not stop, and is left behind".to_owned()),
    };
    let left = end.saturating_duration_since(Instant::now()).max(HOOKS_AT_LEAST);
    let untold = shared.backend.hooks().drain(left).await;
    if untold > 0 {
        tracing::warn!("the backend was not told of the end of {untold} connections");
    }
    stopped
}

/// Closes the connections share by share over `drain_s`, and waits until they have ended; in all, no
/// longer than `close_within_s` more.
async fn close_all(shared: &Shared) {
    let limits = shared.config().limits.clone();
    let reconnect_within = limits.reconnect_within;
    let close = |shares_left| {
        // Loops that are too far behind are asked again with the next share.
        let _ = shared.handle.command_all(|| Command::CloseShare { shares_left, reconnect_within });
    };
    // From a 101 to the loop, a connection is promised, then a letter.
    let is_empty = || {
        let handle = &shared.handle;
        let is_expected = handle.promised() > 0 || handle.mailbox_waiting() > 0;
        let statistics = handle.statistics();
        !is_expected && statistics.adopted == statistics.ended
    };
    share_by_share(limits.drain, limits.close_within, close, is_empty).await;
}

/// Calls `close` with the number of shares that are left, this one counted, evenly over `drain`; ends
/// when all have gone, or `close_within` after that.
async fn share_by_share(
    drain: Duration,
    close_within: Duration,
    mut close: impl FnMut(u32),
    mut is_empty: impl FnMut() -> bool,
) {
    let began = tokio::time::Instant::now();
    let shares = drain.as_millis() / SHARE_EVERY.as_millis();
    let mut shares_left = u32::try_from(shares).unwrap_or(u32::MAX).max(1);
    while began.elapsed() < drain + close_within {
        close(shares_left);
        tokio::time::sleep(SHARE_EVERY).await;
        // Who came last, having been answered 101 just before, goes with the last share again.
        shares_left = shares_left.saturating_sub(1).max(1);
        if is_empty() {
            return;
        }
    }
}
