//! A translator that only hears.

use crate::Outcome;
use futures_util::StreamExt as _;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) struct Translator(WebSocketStream<TcpStream>);

impl Translator {
    pub(crate) async fn connect(address: SocketAddr) -> Outcome<Translator> {
        let url = format!("ws://{address}/ws/route_manager/translator_block/");
        let mut request = url.into_client_request()?;
        let offer = HeaderValue::from_static("scram.v2");
        request.headers_mut().insert("Sec-WebSocket-Protocol", offer);
        Ok(Translator(client_async(request, TcpStream::connect(address).await?).await?.0))
    }

    /// Hears the next frame.
    pub(crate) async fn next(&mut self) -> Outcome<String> {
        let message = self.0.next().await.ok_or("the server has closed")??;
        Ok(message.to_text()?.to_owned())
    }

    /// Hears frames until one has this in it; returns how many these were.
    pub(crate) async fn hear(&mut self, what: &str) -> Outcome<u32> {
        let mut count = 1;
        while !self.next().await?.contains(what) {
            count += 1;
        }
        Ok(count)
    }
}
