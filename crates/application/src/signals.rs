//! Being told to end.

use crate::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What tells the process to end. It is heard from the time on when this is made, also while the
/// server starts.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Whether one has come already.
    is_told: bool,
}

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

    /// Takes note that one has come, for whoever waits for one next.
    pub fn was_told(&mut self) {
        self.is_told = true;
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
