//! A proxy that stands in front of a gateway and does one thing wrong.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It does not pass on headers that begin so.
    Drops(&'static str),
    /// It cuts a line on which nothing came from the client for so long.
    Cuts(Duration),
    /// It says that the gateway is not there.
    BadGateway,
    /// It passes the handshake on and nothing after it.
    HoldsBack,
}

/// A running proxy, gone when this is dropped.
pub(super) struct Proxy(JoinHandle<()>);

impl Proxy {
    pub(super) async fn start(at: SocketAddr, gateway: SocketAddr, fault: Fault) -> Proxy {
        let listener = TcpListener::bind(at).await.expect("the address is this test's own");
        Proxy(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A line that breaks is the end of that line only.
                tokio::spawn(async move { pass(client, gateway, fault).await.unwrap_or_default() });
            }
        }))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn pass(mut client: TcpStream, gateway: SocketAddr, fault: Fault) -> std::io::Result<()> {
    let request = head(&mut client).await?;
    if matches!(fault, Fault::BadGateway) {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n";
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{page}"
        );
        return client.write_all(answer.as_bytes()).await;
    }
    let mut server = TcpStream::connect(gateway).await?;
    let dropped = if let Fault::Drops(name) = fault { name } else { "\n" };
    for line in request.split_inclusive("\r\n").filter(|line| !line.starts_with(dropped)) {
        server.write_all(line.as_bytes()).await?;
    }
    let answer = head(&mut server).await?;
    client.write_all(answer.replacen("\r\n", "\r\nServer: nginx/1.22.1\r\n", 1).as_bytes()).await?;
    match fault {
        Fault::Cuts(after) => cut_when_quiet(client, server, after).await,
        Fault::HoldsBack => {
            server.read_to_end(&mut Vec::new()).await?;
            Ok(())
        }
        _ => copy_bidirectional(&mut client, &mut server).await.map(|_| ()),
    }
}

async fn cut_when_quiet(
    client: TcpStream,
    server: TcpStream,
    after: Duration,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = tokio::time::timeout(after, from_client.read(&mut buffer)).await {
        match length? {
            0 => break,
            length => to_server.write_all(&buffer[..length]).await?,
        }
    }
    back.abort();
    Ok(())
}

/// Reads to the empty line, a byte at a time, so that nothing after it is taken.
async fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
