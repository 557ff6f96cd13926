//! GoBGP by its gRPC interface, of version 3 or 4.
//!
//! | module | is |
//! | --- | --- |
//! | `dial` | a connection that is made once, and lost once |
//! | `client` | the calls |
//! | `api` | in what the two generations of the interface differ |
//! | `messages`, `v3`, `v4` | what goes over the line |

mod api;
mod client;
mod dial;
mod messages;
#[cfg(test)]
mod tests;
mod v3;
mod v4;

use super::{Backend, BackendError, Connection};
use api::Api;
use async_trait::async_trait;
use client::Client;
use messages::Empty;
use std::sync::Arc;
use tonic::Code;
use tonic::transport::Channel;
use v3::V3;
use v4::V4;

/// A gobgpd somewhere.
#[derive(Clone, Debug)]
pub struct Gobgp {
    host: String,
    port: u16,
}

impl Gobgp {
    /// Names one, without connecting to it.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port }
    }
}

#[async_trait]
impl Backend for Gobgp {
    fn name(&self) -> &'static str {
        "gobgpd"
    }

    async fn connect(&self) -> Result<Arc<dyn Connection>, BackendError> {
        let channel = dial::dial(&self.host, self.port).await?;
        if let Some(connection) = speaks::<V4>(&channel).await? {
            return Ok(connection);
        }
        if let Some(connection) = speaks::<V3>(&channel).await? {
            return Ok(connection);
        }
        let at = format!("{}:{}", self.host, self.port);
        Err(BackendError::Lost(format!("what listens at {at} speaks gRPC, but is no GoBGP 3 or 4")))
    }
}

/// Returns a connection if this generation is spoken. `GetBgp` has the same empty request in both.
async fn speaks<A: Api>(channel: &Channel) -> Result<Option<Arc<dyn Connection>>, BackendError> {
    let client = Client::<A>::new(channel.clone());
    match client.unary::<Empty, Empty>("GetBgp", Empty {}).await {
        Ok(_) => {
            tracing::debug!(service = A::SERVICE, "gobgpd speaks this interface");
            Ok(Some(Arc::new(client)))
        }
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(client::error(&status)),
    }
}
