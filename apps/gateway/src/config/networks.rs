//! The settings about proxies: whom to believe, and which header.

use super::given::{Fault, Given, Kind};
use super::value::{Value, quoted};
use http::HeaderName;
use std::fmt;
use std::net::IpAddr;

/// A list of networks and single addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// A network, as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Networks {
    /// Returns whether `address` is in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Network { address, bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                (own.to_bits() ^ address.to_bits()) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                (own.to_bits() ^ address.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.bits)
    }
}

impl Value for Networks {
    fn read(given: &Given) -> Result<Self, Fault> {
        let read = |given: &Given| {
            let not = "a network; write it as \"10.0.0.0/8\", \"192.0.2.7\" or \"fd00::/8\"";
            let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
            Network::parse(text.trim()).ok_or_else(|| given.is_not(not))
        };
        let networks = match &given.kind {
            Kind::List(list) => list.iter().map(read).collect::<Result<_, _>>()?,
            // From the environment: a list with commas.
            Kind::Text(text) if given.line == 0 => text
                .split(',')
                .filter(|part| !part.trim().is_empty())
                .map(|part| read(&Given::text(part)))
                .collect::<Result<_, _>>()?,
            _ => return Err(given.is_not("a list of networks")),
        };
        Ok(Networks(networks))
    }

    fn show(&self) -> String {
        let networks: Vec<_> = self.0.iter().map(|network| quoted(&network.to_string())).collect();
        format!("[{}]", networks.join(", "))
    }
}

/// The header in which the trusted proxies say where the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressHeader {
    /// `X-Real-IP`.
    XRealIp,
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

impl AddressHeader {
    /// Returns the header's name.
    pub const fn name(self) -> HeaderName {
        HeaderName::from_static(self.text())
    }

    const fn text(self) -> &'static str {
        match self {
            AddressHeader::XRealIp => "x-real-ip",
            AddressHeader::XForwardedFor => "x-forwarded-for",
            AddressHeader::Forwarded => "forwarded",
        }
    }
}

impl Value for AddressHeader {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        let all = [AddressHeader::XRealIp, AddressHeader::XForwardedFor, AddressHeader::Forwarded];
        let Kind::Text(text) = &given.kind else { return Err(given.is_not("a header's name")) };
        let found = all.into_iter().find(|header| text.eq_ignore_ascii_case(header.text()));
        let not = "one of \"x-real-ip\", \"x-forwarded-for\" and \"forwarded\"";
        found.ok_or_else(|| given.is_not(not))
    }

    fn show(&self) -> String {
        quoted(self.text())
    }
}
