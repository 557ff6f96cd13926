//! Tells systemd how the service is, where it asks (`Type=notify`): sd_notify(3) without its library.

#[cfg(test)]
mod tests;

use super::Shared;
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

/// How often to say how many connections there are.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// The line to systemd; nothing is said where nobody listens.
pub(super) struct Systemd {
    socket: Option<UnixDatagram>,
    /// Within which it wants to hear from us each time.
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Connects to whom the environment names.
    pub(super) fn from_environment() -> Systemd {
        let variable = |name| std::env::var(name).ok();
        let watchdog = variable("WATCHDOG_USEC").and_then(|time| time.parse().ok());
        let pid = variable("WATCHDOG_PID").and_then(|pid| pid.parse().ok());
        let is_for_us = pid.is_none_or(|pid: u32| pid == std::process::id());
        let watchdog = watchdog.filter(|_| is_for_us).map(Duration::from_micros);
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| {
            connect(&name)
                .inspect_err(|error| tracing::warn!(%error, "NOTIFY_SOCKET cannot be used"))
                .ok()
        });
        Systemd { socket, watchdog }
    }

    /// Says that requests are answered.
    pub(super) fn is_ready(&self) {
        self.say("READY=1");
    }

    /// Says that the configuration is being read again; [`is_ready`](Self::is_ready) ends that.
    pub(super) fn is_reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// Says that the process is about to end, and how long that may take.
    pub(super) fn is_stopping(&self, within: Duration) {
        let micros = within.as_micros();
        self.say(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={micros}"));
    }

    /// Says how it is, for as long as the process lasts.
    pub(super) async fn report(self: Arc<Self>, shared: Arc<Shared>) {
        if self.socket.is_none() {
            return;
        }
        let every = self.watchdog.map_or(STATUS_EVERY, |within| (within / 2).min(STATUS_EVERY));
        loop {
            let connections = shared.handle.statistics().connections;
            let watchdog = if self.watchdog.is_some() { "\nWATCHDOG=1" } else { "" };
            self.say(&format!("STATUS={connections} connections{watchdog}"));
            tokio::time::sleep(every).await;
        }
    }

    fn say(&self, what: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(what.as_bytes()) {
            tracing::debug!(%error, "systemd was not told");
        }
    }
}

/// Connects to a socket by its path, or by its name if that begins with `@`.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
        None => socket.connect(name)?,
    }
    // Better unheard than late.
    socket.set_nonblocking(true)?;
    Ok(socket)
}
