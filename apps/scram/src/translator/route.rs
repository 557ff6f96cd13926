//! A route: a network, and how it is announced. Whatever a message holds is checked here.

#[cfg(test)]
mod tests;

use crate::cidr::{Family, Network};
use serde_json::{Map, Value};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network and how it is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// What is announced.
    pub network: Network,
    /// With what.
    pub attributes: Attributes,
}

/// How a network is announced. Of a message, or the translator's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// The only autonomous system in the path: 1 to 4294967294.
    pub asn: u32,
    /// What stands behind the autonomous system in the community.
    pub community: u32,
    /// Where routers send the traffic: of the network's family.
    pub next_hop: IpAddr,
}

/// The community that a route carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Community {
    /// `asn:community` in 32 bits (RFC 1997).
    Standard(u32),
    /// `asn:community:0` (RFC 8092).
    Large(u32, u32, u32),
}

/// What holds for a route whose message does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// `DEFAULT_ASN`.
    pub asn: u32,
    /// `DEFAULT_COMMUNITY`.
    pub community: u32,
    /// `DEFAULT_V4_NEXTHOP`.
    pub next_hop_v4: Ipv4Addr,
    /// `DEFAULT_V6_NEXTHOP`.
    pub next_hop_v6: Ipv6Addr,
}

/// What is wrong with a message, or why it cannot be heeded. It is logged and counted, and has no
/// other consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a JSON text, or not of an object.
    NotAnObject,
    /// Its `type` is missing or no string.
    TypeMissing,
    /// Its `message` is missing or no object.
    MessageMissing,
    /// Its `route` is missing or no network.
    Route,
    /// Its `asn` is not an integer of 1 to 4294967294.
    Asn,
    /// Its `community` is not an integer of 0 to 4294967295.
    Community,
    /// Its `next_hop` is not an address of the route's family.
    NextHop,
    /// It ends a replay that was not begun, or another one.
    Sync,
    /// More routes are wanted than `ROUTES_MAX`.
    Full,
    /// More checks wait for an answer than the translator keeps.
    Busy,
}

/// The highest number that an autonomous system may have.
const ASN_MAX: u32 = u32::MAX - 1;

impl Defaults {
    /// Returns the attributes of a network for which nothing else was said.
    pub fn attributes(&self, family: Family) -> Attributes {
        let next_hop = match family {
            Family::V4 => IpAddr::V4(self.next_hop_v4),
            Family::V6 => IpAddr::V6(self.next_hop_v6),
        };
        Attributes { asn: self.asn, community: self.community, next_hop }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            asn: 65_400,
            community: 666,
            next_hop_v4: Ipv4Addr::new(192, 0, 2, 199),
            next_hop_v6: Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1),
        }
    }
}

impl Route {
    /// Reads the `message` of an add.
    ///
    /// # Errors
    ///
    /// If a part of it cannot be announced.
    pub fn read(message: &Map<String, Value>, defaults: &Defaults) -> Result<Route, Refusal> {
        let network = read_network(message)?;
        let mut attributes = defaults.attributes(network.family());
        if let Some(asn) = message.get("asn") {
            attributes.asn = integer(asn).filter(|asn| is_asn(*asn)).ok_or(Refusal::Asn)?;
        }
        if let Some(community) = message.get("community") {
            attributes.community = integer(community).ok_or(Refusal::Community)?;
        }
        if let Some(next_hop) = message.get("next_hop") {
            attributes.next_hop =
                read_next_hop(next_hop, network.family()).ok_or(Refusal::NextHop)?;
        }
        Ok(Route { network, attributes })
    }
}

impl Attributes {
    /// Returns the community that they make: a standard one, if both halves fit.
    pub fn community(&self) -> Community {
        match (u16::try_from(self.asn), u16::try_from(self.community)) {
            (Ok(asn), Ok(community)) => {
                Community::Standard(u32::from(asn) << 16 | u32::from(community))
            }
            _ => Community::Large(self.asn, self.community, 0),
        }
    }

    /// Returns the attributes that announce with this community; none if no translator makes it, with
    /// this path.
    pub fn from_parts(asn: u32, community: Community, next_hop: IpAddr) -> Option<Attributes> {
        let number = match community {
            Community::Standard(both) => both & 0xffff,
            Community::Large(_, number, _) => number,
        };
        let attributes = Attributes { asn, community: number, next_hop };
        (attributes.community() == community).then_some(attributes)
    }
}

/// Reads the `route` of a message. What its prefix does not count is cleared.
///
/// IPv4 in IPv6's clothes (`::ffff:192.0.2.1`) is refused: BGP programs take it now for the one and now
/// for the other.
///
/// # Errors
///
/// If it has none, or one that is no network.
pub fn read_network(message: &Map<String, Value>) -> Result<Network, Refusal> {
    let text = message.get("route").and_then(Value::as_str).ok_or(Refusal::Route)?;
    let network = Network::parse_lenient(text).map_err(|_| Refusal::Route)?;
    match network.address() {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => Err(Refusal::Route),
        _ => Ok(network),
    }
}

/// Returns whether a number may be an autonomous system's.
pub fn is_asn(number: u32) -> bool {
    (1..=ASN_MAX).contains(&number)
}

fn integer(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn read_next_hop(value: &Value, family: Family) -> Option<IpAddr> {
    let address: IpAddr = value.as_str()?.parse().ok()?;
    (address.is_ipv4() == (family == Family::V4)).then_some(address)
}

impl Refusal {
    /// All of them, in the order of the metrics.
    pub const ALL: [Refusal; 10] = [
        Refusal::NotAnObject,
        Refusal::TypeMissing,
        Refusal::MessageMissing,
        Refusal::Route,
        Refusal::Asn,
        Refusal::Community,
        Refusal::NextHop,
        Refusal::Sync,
        Refusal::Full,
        Refusal::Busy,
    ];

    /// Returns its name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::NotAnObject => "not_an_object",
            Refusal::TypeMissing => "type",
            Refusal::MessageMissing => "message",
            Refusal::Route => "route",
            Refusal::Asn => "asn",
            Refusal::Community => "community",
            Refusal::NextHop => "next_hop",
            Refusal::Sync => "sync",
            Refusal::Full => "full",
            Refusal::Busy => "busy",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refusal::NotAnObject => "it is not a JSON object",
            Refusal::TypeMissing => "its `type` is missing or not a string",
            Refusal::MessageMissing => "its `message` is missing or not an object",
            Refusal::Route => "its `route` is missing or not a network",
            Refusal::Asn => "its `asn` is not an integer of 1 to 4294967294",
            Refusal::Community => "its `community` is not an integer of 0 to 4294967295",
            Refusal::NextHop => "its `next_hop` is not an address of the route's family",
            Refusal::Sync => "it ends a replay that was not begun",
            Refusal::Full => "as many routes as ROUTES_MAX are wanted already",
            Refusal::Busy => "too many checks wait for an answer",
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attributes { asn, next_hop, .. } = self.attributes;
        let (network, community) = (self.network, self.attributes.community());
        write!(formatter, "{network} by AS {asn}, community {community}, next hop {next_hop}")
    }
}

impl fmt::Display for Community {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Community::Standard(both) => write!(formatter, "{}:{}", both >> 16, both & 0xffff),
            Community::Large(asn, first, second) => write!(formatter, "{asn}:{first}:{second}"),
        }
    }
}
