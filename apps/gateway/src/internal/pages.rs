//! Web pages, kept out of a listener that asks for no key: any page that somebody on this machine opens
//! could send requests to loopback.
//!
//! A browser says in `Origin` whose page posts. It says nothing where a page reads, or posts to where it
//! believes to come from: a name that led to the page's own server at first may lead to loopback next
//! (DNS rebinding). Then `Host` has that name, and nobody owns the name of an address.

#[cfg(test)]
mod tests;

use crate::answer::{Answer, text};
use crate::serve::Shared;
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Request, StatusCode};
use std::net::IpAddr;

/// Returns the answer to a request under a name that may be anybody's, where no key is asked for. Signs
/// of life are given under every name: balancers ask for them under that of what they balance.
pub(super) fn refused<B>(shared: &Shared, request: &Request<B>) -> Option<Answer> {
    let is_sign_of_life = matches!(request.uri().path(), "/livez" | "/readyz");
    let is_open = shared.config().internal.keys.is_empty();
    if !is_open || is_sign_of_life || has_local_host(request.headers()) {
        return None;
    }
    shared.refusals.host.add();
    let why = "without an [internal] key this is served under an IP address or localhost only, or web \
        pages could read it: use that in the URL, or set the key and send it along\n";
    Some(text(StatusCode::FORBIDDEN, why))
}

/// Returns whether a request comes from a page of this very host, or from no page at all: browsers
/// say where a POST comes from.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let host = headers.get(HOST).map_or(&b""[..], |host| host.as_bytes());
    let origin = origin.as_bytes();
    let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// Returns whether `Host` is an address or `localhost`, with or without a port. Browsers always send one;
/// who sends none is no page.
fn has_local_host(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).iter().all(|value| {
        let Ok(authority) = Authority::try_from(value.as_bytes()) else { return false };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok()
    })
}
