//! A connection that is made once, and lost once.

use super::super::BackendError;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint, Uri};

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Connects. A channel would connect again by itself, and so pass from a gobgpd to its successor without
/// a word, which knows none of the routes: this one fails every call from then on.
pub(super) async fn dial(host: &str, port: u16) -> Result<Channel, BackendError> {
    let is_dialled = AtomicBool::new(false);
    let place = (host.to_owned(), port);
    let connector = tower::service_fn(move |_: Uri| {
        let is_first = !is_dialled.swap(true, Ordering::Relaxed);
        let place = place.clone();
        async move {
            if !is_first {
                return Err(io::Error::other("the connection was lost"));
            }
            let stream = TcpStream::connect(place).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        }
    });
    // Where it leads is the connector's business.
    let endpoint = Endpoint::from_static("http://gobgpd").connect_timeout(CONNECT_WITHIN);
    endpoint.connect_with_connector(connector).await.map_err(|error| {
        BackendError::Lost(format!("no connection to gobgpd at {host}:{port}: {}", cause(&error)))
    })
}

/// Returns what lies at the bottom of an error: what is above it says less.
pub(super) fn cause(error: &dyn Error) -> String {
    let mut lowest = error;
    while let Some(source) = lowest.source() {
        lowest = source;
    }
    lowest.to_string()
}
