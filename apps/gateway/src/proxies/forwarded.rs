//! What proxies say about the client, in headers.

use crate::config::{AddressHeader, Networks};
use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// Returns the client's address by the header that the trusted proxies set, read from its end: each
/// proxy appends where its own peer was, so what stands before the first that is not trusted is only
/// claimed.
pub(super) fn address(
    header: AddressHeader,
    headers: &HeaderMap,
    peer: IpAddr,
    trusted: &Networks,
) -> IpAddr {
    let lines: Vec<&str> = headers
        .get_all(header.name())
        .iter()
        .map(|line| line.to_str().unwrap_or("unreadable"))
        .collect();
    let entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut client = peer;
    for entry in entries {
        let address = match header {
            AddressHeader::Forwarded => forwarded_for(entry),
            AddressHeader::XForwardedFor | AddressHeader::XRealIp => node(entry.trim()),
        };
        // Hidden or unreadable: the last that is known stands for it.
        let Some(address) = address else { return client };
        client = address;
        if !trusted.contains(client) {
            return client;
        }
    }
    client
}

/// Reads the `for` of one element of `Forwarded`: RFC 7239, section 4.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        name.trim().eq_ignore_ascii_case("for").then(|| node(plain.unwrap_or(value)))?
    })
}

/// Reads an address, with or without a port, an IPv6 address with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let without_brackets = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = without_brackets.unwrap_or(text).parse::<IpAddr>();
    let address = address.or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    Some(address.ok()?.to_canonical())
}
