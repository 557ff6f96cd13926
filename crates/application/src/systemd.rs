//! Tells systemd how the service is, where it asks (`Type=notify`): sd_notify(3) without its library.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The line to systemd; nothing is said where nobody listens.
#[derive(Debug)]
pub struct Systemd(Option<UnixDatagram>);

impl Systemd {
    /// Connects to whom the environment names.
    pub fn from_environment() -> Systemd {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| {
            connect(&name)
                .inspect_err(|error| tracing::warn!(%error, "NOTIFY_SOCKET cannot be used"))
                .ok()
        });
        Systemd(socket)
    }

    /// Says that requests are answered.
    pub fn is_ready(&self) {
        self.say("READY=1");
    }

    /// Says that the process is about to end.
    pub fn is_stopping(&self) {
        self.say("STOPPING=1");
    }

    fn say(&self, what: &str) {
        let Some(socket) = &self.0 else { return };
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
