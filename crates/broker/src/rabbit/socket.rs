//! The socket of a connection to RabbitMQ, which can be ended whatever the other end does.
//!
//! lapin reads and writes in a thread of its own, and ends it when RabbitMQ has said its word. A
//! frozen one says none, and each attempt to connect would leave a thread behind.

use crate::Settings;
use crate::tls;
use async_compat::Compat;
use lapin::tcp::RustlsConnector;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, Error, runtime};
use std::io;
use std::net::{Shutdown, TcpStream as StdTcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

/// Ends the socket of a connection when it is dropped.
pub(super) struct Cutter(Arc<Mutex<Socket>>);

enum Socket {
    NotYet,
    Open(StdTcpStream),
    Over,
}

/// Connects; the socket lives no longer than the cutter.
pub(super) async fn connect(
    uri: AMQPUri,
    properties: ConnectionProperties,
    settings: &Settings,
    cutter: &Cutter,
) -> Result<Connection, Error> {
    let socket = Arc::clone(&cutter.0);
    let settings = settings.clone();
    let open = async move |uri: AMQPUri, _| {
        let opened = open(&uri, &socket, &settings);
        let opened = tokio::time::timeout(settings.connect_within, opened).await;
        opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(Error::from)
    };
    Connection::connector(uri, runtime::default_runtime()?, open, properties).await
}

async fn open(
    uri: &AMQPUri,
    socket: &Mutex<Socket>,
    settings: &Settings,
) -> io::Result<AsyncTcpStream<Compat<TcpStream>>> {
    let (host, port) = (uri.authority.host.as_str(), uri.authority.port);
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let second = StdTcpStream::from(stream.as_fd().try_clone_to_owned()?);
    match &mut *socket.lock().unwrap_or_else(PoisonError::into_inner) {
        Socket::Over => return Err(io::ErrorKind::ConnectionAborted.into()),
        now => *now = Socket::Open(second),
    }
    let stream = AsyncTcpStream::Plain(Compat::new(stream));
    match uri.scheme {
        AMQPScheme::AMQP => Ok(stream),
        AMQPScheme::AMQPS => {
            let config = tls::config(settings).map_err(io::Error::other)?;
            stream.into_rustls(&RustlsConnector::from(config), host).await
        }
    }
}

impl Cutter {
    pub(super) fn new() -> Cutter {
        Cutter(Arc::new(Mutex::new(Socket::NotYet)))
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Socket::Open(socket) = std::mem::replace(&mut *socket, Socket::Over) {
            // It may have been ended by the other side.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
