//! Where a client is, when proxies stand before us: only those are believed that the configuration
//! trusts.

mod forwarded;
mod header;
#[cfg(test)]
mod tests;

pub use header::{BadHeader, read_header};

use crate::config::Public;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;

static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Returns where the client of a request is, that came over a connection from `peer`.
///
/// If `peer` is trusted, its header says so; else it is the client itself.
pub fn client_address(public: &Public, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    if !public.trusted_proxies.contains(peer) {
        return peer;
    }
    forwarded::address(public.address_header, headers, peer, &public.trusted_proxies)
}

/// Sets the header that the backend gets to where the client is. Without trusted proxies it stays as
/// it was sent, as high-templar leaves it.
pub fn set_real_ip(public: &Public, headers: &mut HeaderMap, client: IpAddr) {
    if public.trusted_proxies.is_empty() {
        return;
    }
    let address = client.to_string();
    let value = HeaderValue::from_str(&address).expect("an address is visible ASCII");
    headers.insert(X_REAL_IP.clone(), value);
}
