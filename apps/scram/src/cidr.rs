//! Networks as people and programs write them, and as the database compares them.

#[cfg(test)]
mod tests;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network of IPv4 or IPv6 addresses; its host bits are zero.
///
/// Its text is canonical: `192.0.2.4/32`, `2001:db8::/128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpNet);

/// Which kind of addresses a network has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Four bytes.
    V4,
    /// Sixteen bytes.
    V6,
}

/// Why a text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// It is one, but bits behind its prefix are set: `192.0.2.1/24`.
    HostBits,
    /// It is IPv4 in IPv6's clothes: `::ffff:192.0.2.1`.
    Mapped,
    /// It is something else.
    Invalid,
}

impl Network {
    /// Reads a network whose host bits must be zero; an address alone is a network of one.
    ///
    /// An IPv4 prefix may be written as a netmask. IPv4 in IPv6's clothes is refused: no router would
    /// ever see it, so it would block nothing and pass by the ignore list.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] says what is wrong.
    pub fn parse_strict(text: &str) -> Result<Network, NetworkError> {
        let written = read(text)?;
        match written.addr() {
            _ if written.trunc() != written => Err(NetworkError::HostBits),
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => Err(NetworkError::Mapped),
            _ => Ok(Network(written)),
        }
    }

    /// Reads a network, and clears its host bits.
    ///
    /// # Errors
    ///
    /// [`NetworkError::Invalid`] only.
    pub fn parse_lenient(text: &str) -> Result<Network, NetworkError> {
        read(text).map(|written| Network(written.trunc()))
    }

    /// Makes the network that the database keeps as these numbers.
    ///
    /// None if they are no network's.
    pub fn from_parts(family: Family, first: &[u8], prefix: u8) -> Option<Network> {
        let bits = u128::from_be_bytes(first.try_into().ok()?);
        let address = address(family, bits)?;
        IpNet::new(address, prefix).ok().filter(|network| network.trunc() == *network).map(Network)
    }

    /// Makes the network of that prefix which an address is in; none if addresses are shorter than that.
    pub fn around(address: IpAddr, prefix: u8) -> Option<Network> {
        IpNet::new(address, prefix).ok().map(|written| Network(written.trunc()))
    }

    /// Returns its first address.
    pub fn address(&self) -> IpAddr {
        self.0.network()
    }

    /// Returns which kind of addresses it has.
    pub fn family(&self) -> Family {
        if matches!(self.0, IpNet::V4(_)) { Family::V4 } else { Family::V6 }
    }

    /// Returns how many leading bits all its addresses share.
    pub fn prefix(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Returns its first address as 16 bytes, of which IPv4 uses the last four.
    ///
    /// Within a family these compare as the addresses do.
    pub fn first(&self) -> [u8; 16] {
        bits(self.0.network()).to_be_bytes()
    }

    /// Returns its last address, written as [`first`](Self::first) is.
    pub fn last(&self) -> [u8; 16] {
        bits(self.0.broadcast()).to_be_bytes()
    }

    /// Says whether `other` is inside it or equal.
    pub fn contains(&self, other: &Network) -> bool {
        self.0.contains(&other.0)
    }

    /// Says whether they have an address in common: then one contains the other.
    pub fn overlaps(&self, other: &Network) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Returns every network that contains it, the widest first and itself last.
    ///
    /// These are at most 33, or 129 for IPv6: few enough to ask a database for each.
    pub fn supernets(&self) -> impl Iterator<Item = Network> + use<> {
        let network = self.0;
        (0..=network.prefix_len()).map(move |prefix| {
            let wider = IpNet::new(network.network(), prefix);
            Network(wider.expect("a shorter prefix is one, too").trunc())
        })
    }
}

impl Family {
    /// Returns the number by which the database knows it: 4 or 6.
    pub fn number(self) -> i16 {
        match self {
            Family::V4 => 4,
            Family::V6 => 6,
        }
    }

    /// Returns the family that the database knows by a number, if there is one.
    pub fn from_number(number: i16) -> Option<Family> {
        match number {
            4 => Some(Family::V4),
            6 => Some(Family::V6),
            _ => None,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        Network::parse_strict(text)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words of the original, which clients know.
        formatter.write_str(match self {
            NetworkError::HostBits => "Must be a network address.",
            NetworkError::Mapped => "This is IPv4 written as IPv6. Write it as IPv4.",
            NetworkError::Invalid => "Invalid CIDR address.",
        })
    }
}

impl std::error::Error for NetworkError {}

/// Reads an address and its prefix, whatever its host bits.
fn read(text: &str) -> Result<IpNet, NetworkError> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| NetworkError::Invalid)?;
    let prefix = match (prefix, address) {
        (None, IpAddr::V4(_)) => Some(32),
        (None, IpAddr::V6(_)) => Some(128),
        (Some(netmask), IpAddr::V4(_)) if netmask.contains('.') => prefix_of_netmask(netmask),
        (Some(digits), _) => number(digits),
    };
    let prefix = prefix.ok_or(NetworkError::Invalid)?;
    IpNet::new(address, prefix).map_err(|_| NetworkError::Invalid)
}

/// Reads decimal digits and nothing else: no sign, no space.
fn number(digits: &str) -> Option<u8> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { digits.parse().ok() } else { None }
}

fn prefix_of_netmask(netmask: &str) -> Option<u8> {
    let netmask: Ipv4Addr = netmask.parse().ok()?;
    ipnet::ip_mask_to_prefix(netmask.into()).ok()
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address(family: Family, bits: u128) -> Option<IpAddr> {
    match family {
        Family::V4 => Some(Ipv4Addr::from_bits(bits.try_into().ok()?).into()),
        Family::V6 => Some(Ipv6Addr::from_bits(bits).into()),
    }
}

impl From<Ipv4Net> for Network {
    fn from(network: Ipv4Net) -> Network {
        Network(network.trunc().into())
    }
}

impl From<Ipv6Net> for Network {
    fn from(network: Ipv6Net) -> Network {
        Network(network.trunc().into())
    }
}
