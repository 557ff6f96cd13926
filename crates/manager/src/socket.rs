//! A connection's descriptor, plain or under TLS, non-blocking.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use rustls::ServerConnection;

use crate::poller::Read;

/// A socket that a loop owns.
#[derive(Debug)]
pub enum Socket {
    /// TCP alone.
    Plain(mio::net::TcpStream),
    /// TCP and the TLS session on it.
    Tls(Box<TlsSocket>),
}

/// TCP and the TLS session on it.
#[derive(Debug)]
pub struct TlsSocket {
    stream: mio::net::TcpStream,
    session: ServerConnection,
}

/// Plaintext that a TLS session may hold for a slow socket before it takes no more.
const TLS_BUFFER_BYTES_MAX: usize = 64 << 10;

impl Socket {
    /// Takes over a connected stream.
    ///
    /// # Errors
    ///
    /// If it cannot be made non-blocking.
    pub fn plain(stream: TcpStream) -> io::Result<Self> {
        Ok(Self::Plain(non_blocking(stream)?))
    }

    /// Takes over a connected stream with the TLS session that was begun on it, and with whatever
    /// that session has read ahead.
    ///
    /// # Errors
    ///
    /// If the stream cannot be made non-blocking.
    pub fn tls(stream: TcpStream, mut session: ServerConnection) -> io::Result<Self> {
        session.set_buffer_limit(Some(TLS_BUFFER_BYTES_MAX));
        Ok(Self::Tls(Box::new(TlsSocket { stream: non_blocking(stream)?, session })))
    }

    pub(crate) fn source(&mut self) -> &mut mio::net::TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(tls) => &mut tls.stream,
        }
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        match self {
            Self::Plain(stream) => {
                let bytes = stream.read(buffer)?;
                // A short read from a stream socket has emptied it: epoll(7), question 9.
                Ok(Read { bytes, drained: bytes < buffer.len() })
            }
            Self::Tls(tls) => tls.read(buffer),
        }
    }

    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => match slices {
                [one] => stream.write(one),
                _ => stream.write_vectored(slices),
            },
            Self::Tls(tls) => tls.write(slices),
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(tls) => tls.flush(),
        }
    }

    /// Says, under TLS, that what was sent was all: the peer could take it for cut short otherwise.
    pub(crate) fn take_leave(&mut self) {
        if let Self::Tls(tls) = self {
            tls.session.send_close_notify();
            // Nobody is left to tell.
            let _ = tls.flush();
        }
    }

    pub(crate) fn shutdown_write(&mut self) {
        // Whether it worked shows when the stream is read to its end, or at the deadline.
        let _ = match self {
            Self::Plain(stream) => stream.shutdown(Shutdown::Write),
            Self::Tls(tls) => {
                tls.session.send_close_notify();
                tls.flush().and_then(|_| tls.stream.shutdown(Shutdown::Write))
            }
        };
    }
}

fn non_blocking(stream: TcpStream) -> io::Result<mio::net::TcpStream> {
    stream.set_nonblocking(true)?;
    Ok(mio::net::TcpStream::from_std(stream))
}

impl TlsSocket {
    /// Reads plaintext: what the session holds, or else what arrives. Never "drained" before the
    /// socket says so, since one record may hold more than the buffer.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(bytes) => return Ok(Read { bytes, drained: bytes == 0 }),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Cut without close_notify: the end of the stream all the same.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Read { bytes: 0, drained: true });
                }
                Err(error) => return Err(error),
            }
            if self.session.read_tls(&mut self.stream)? == 0 {
                return Ok(Read { bytes: 0, drained: true });
            }
            let outcome = self.session.process_new_packets();
            // An alert that says what was wrong, or the answer to a key update.
            self.flush()?;
            outcome.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }

    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.flush()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // The session takes less than all when it is full, which is no word from the socket: only
        // what the socket refuses is told of when it can go on.
        let (mut slices, mut taken) = (slices.to_vec(), 0);
        let mut rest = &mut slices[..];
        loop {
            let bytes = self.session.writer().write_vectored(rest)?;
            taken += bytes;
            IoSlice::advance_slices(&mut rest, bytes);
            if !self.flush()? || rest.is_empty() || bytes == 0 {
                return Ok(taken);
            }
        }
    }

    /// Writes the records that wait. Returns whether none is left.
    fn flush(&mut self) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
