//! The socket out of everything that was around it.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Once;

use bytes::Bytes;
use campanile_manager::Socket;
use hyper::rt::{Read, Write};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio_rustls::server::TlsStream;

use crate::server::Inner;

/// Takes the socket out of a connection that spoke HTTP, with what came early. Under TLS the session
/// goes along. Of a stream that is neither, the bytes are copied.
pub(super) fn take(server: &Inner, upgraded: Upgraded) -> io::Result<(Socket, Bytes)> {
    let upgraded = match peel::<TokioIo<tokio::net::TcpStream>>(upgraded) {
        Ok((stream, early)) => {
            return Ok((Socket::plain(stream.into_inner().into_std()?)?, early));
        }
        Err(upgraded) => upgraded,
    };
    let upgraded = match peel::<TokioIo<TlsStream<tokio::net::TcpStream>>>(upgraded) {
        Ok((stream, early)) => {
            let (stream, session) = stream.into_inner().into_inner();
            return Ok((Socket::tls(stream.into_std()?, session)?, early));
        }
        Err(upgraded) => upgraded,
    };
    server.counters.bridged.one_more();
    Ok((bridge(upgraded)?, Bytes::new()))
}

/// Takes a stream out that hyper was given, by itself or by way of `axum::serve`.
fn peel<T: Read + Write + Unpin + 'static>(upgraded: Upgraded) -> Result<(T, Bytes), Upgraded> {
    // What came early lies in a buffer with the request, which would be kept as long.
    match upgraded.downcast::<T>() {
        Ok(parts) => Ok((parts.io, Bytes::copy_from_slice(&parts.read_buf))),
        Err(upgraded) => auto::upgrade::downcast::<T>(upgraded)
            .map(|parts| (parts.io, Bytes::copy_from_slice(&parts.read_buf))),
    }
}

/// Makes a socket of a stream of whatever type, by a task that copies between the two.
fn bridge(upgraded: Upgraded) -> io::Result<Socket> {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "WebSockets arrive on streams that are neither TCP nor tokio-rustls on TCP: their bytes \
             are copied, which costs a task and two descriptors for each"
        );
    });
    let (far, near) = UnixStream::pair()?;
    far.set_nonblocking(true)?;
    let mut far = tokio::net::UnixStream::from_std(far)?;
    tokio::spawn(async move {
        // However it ends, both ends are closed then, which is all there is to say.
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut far).await;
    });
    // To a loop, a descriptor that reads and writes is as good as a TCP socket.
    Socket::plain(TcpStream::from(OwnedFd::from(near)))
}
