//! Being told to end.

use crate::Failure;
use std::pin::pin;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// What tells the process to end. It is heard from the time on when this is made, also while the
/// server starts.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Whether one has come already.
    is_told: bool,
}

/// How long a server that is told to end may go on beginning: enough to make its tables, which are
/// not to be left half made.
const BEGINS_WITHIN: Duration = Duration::from_secs(5);

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// If signals cannot be heard.
    pub fn listen() -> Result<Signals, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::of(format!("signals cannot be heard: {error}")))
        };
        let terminate = listen(SignalKind::terminate())?;
        Ok(Signals { terminate, interrupt: listen(SignalKind::interrupt())?, is_told: false })
    }

    /// Waits for a server to start. Returns none if it was told to end meanwhile, and was not as good as
    /// there; otherwise the signal is heard by the next who waits for one.
    pub async fn unless_told<T>(&mut self, starting: impl Future<Output = T>) -> Option<T> {
        let mut starting = pin!(starting);
        tokio::select! {
            started = &mut starting => return Some(started),
            () = self.wait() => {}
        }
        let started = timeout(BEGINS_WITHIN, starting).await.ok()?;
        self.is_told = true;
        Some(started)
    }

    /// Waits for SIGTERM or SIGINT.
    pub async fn wait(&mut self) {
        if self.is_told {
            return;
        }
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
