//! What connections get that are not received.

use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const LINGER: Duration = Duration::from_millis(500);

pub(super) const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
    Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n\r\n\
    too many connections here\n";

/// Waits until the peer has closed, for a moment: a socket that is closed over unread bytes is
/// reset, and the answer may be lost.
pub(crate) async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let read_all = async {
        let mut buffer = [0; 4096];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(bytes) if bytes > 0 => {}
                _ => return,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, read_all).await;
}
