//! From where a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::{Accounts, Problem, Settings, Transport};

/// From where a request comes, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The address. None if the router is not served by
    /// `into_make_service_with_connect_info::<SocketAddr>()`.
    pub address: Option<IpAddr>,
    /// Whether it comes by TLS, as far as the client's browser sees it.
    pub is_tls: bool,
    /// What the program calls itself: perhaps empty.
    pub user_agent: String,
}

impl Client {
    pub(crate) fn of(settings: &Settings, headers: &HeaderMap, extensions: &Extensions) -> Client {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let user_agent = headers.get(USER_AGENT).map(|it| String::from_utf8_lossy(it.as_bytes()));
        let mut client = Client {
            address: peer.map(|peer| peer.to_canonical()),
            is_tls: settings.transport == Transport::Tls,
            user_agent: user_agent.unwrap_or_default().into_owned(),
        };
        if let Transport::Proxies(proxies) = &settings.transport
            && client.address.is_some_and(|peer| proxies.contains(&peer))
        {
            client.is_tls = last(headers, "x-forwarded-proto") == Some("https");
            client.address = forwarded_for(headers, proxies).or(client.address);
        }
        client
    }

    pub(crate) fn address_text(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client
where
    Accounts: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Client, Problem> {
        let accounts = Accounts::from_ref(state);
        Ok(Client::of(accounts.settings(), &parts.headers, &parts.extensions))
    }
}

/// Returns the last address that is not a proxy's: what stands before it, anybody may have written.
fn forwarded_for(headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let all = headers.get_all("x-forwarded-for").into_iter();
    let lines: Vec<&str> = all.filter_map(|line| line.to_str().ok()).collect();
    let addresses = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for address in addresses {
        let address = address.trim().parse::<IpAddr>().ok()?.to_canonical();
        if !proxies.contains(&address) {
            return Some(address);
        }
    }
    None
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).into_iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}
