//! In what the two generations of GoBGP's interface differ, and what a route becomes in both.

use super::messages::{
    AsPath, Communities, Family, LargeCommunities, LargeCommunity, MpReach, NextHop, Origin, Part,
    Path, Prefix, Segment,
};
use crate::cidr::{self, Network};
use crate::translator::route::{Attributes, Community, Defaults, Route};
use std::net::IpAddr;

/// One generation.
pub(super) trait Api: Send + Sync + 'static {
    /// How it writes what is announced.
    type Nlri: Part;
    /// How it writes an attribute.
    type Attribute: Part;

    /// The name of its service.
    const SERVICE: &'static str;
    /// Its number for the global table.
    const GLOBAL: i32;
    /// Its number for a lookup of all routes that cover a network.
    const SHORTER: i32;
    /// Whether withdrawals are known to be taken among many paths to add.
    const STREAMS_WITHDRAWALS: bool;

    fn nlri(prefix: &Prefix) -> Self::Nlri;
    fn attribute(attribute: Attribute<Self::Nlri>) -> Self::Attribute;
    fn read_nlri(nlri: &Self::Nlri) -> Option<Prefix>;
    /// Returns nothing for an attribute that no translator makes.
    fn read_attribute(attribute: &Self::Attribute) -> Option<Attribute<Self::Nlri>>;
}

/// An attribute of a path.
pub(super) enum Attribute<N: Part> {
    Origin(Origin),
    AsPath(AsPath),
    NextHop(NextHop),
    Communities(Communities),
    MpReach(MpReach<N>),
    LargeCommunities(LargeCommunities),
}

pub(super) type PathOf<A> = Path<<A as Api>::Nlri, <A as Api>::Attribute>;

/// `INCOMPLETE`: nobody says where the route came from.
const ORIGIN: u32 = 2;
/// `AS_SEQUENCE`.
const SEQUENCE: i32 = 2;

pub(super) fn family(family: cidr::Family) -> Family {
    let afi = match family {
        cidr::Family::V4 => 1,
        cidr::Family::V6 => 2,
    };
    Family { afi, safi: 1 }
}

/// Returns the path that announces a route.
pub(super) fn path<A: Api>(route: &Route) -> PathOf<A> {
    let Route { network, attributes: Attributes { asn, next_hop, .. } } = *route;
    let nlri = A::nlri(&prefix(network));
    let next_hop = match network.family() {
        cidr::Family::V4 => Attribute::NextHop(NextHop { next_hop: next_hop.to_string() }),
        cidr::Family::V6 => Attribute::MpReach(MpReach {
            family: Some(family(network.family())),
            next_hops: vec![next_hop.to_string()],
            nlris: vec![nlri.clone()],
        }),
    };
    let segment = Segment { kind: SEQUENCE, numbers: vec![asn] };
    let attributes = [
        Attribute::Origin(Origin { origin: ORIGIN }),
        next_hop,
        Attribute::AsPath(AsPath { segments: vec![segment] }),
        community(route.attributes.community()),
    ];
    Path {
        nlri: Some(nlri),
        attributes: attributes.into_iter().map(A::attribute).collect(),
        family: Some(family(network.family())),
        ..Path::default()
    }
}

/// Returns the path that withdraws a network. Its prefix is all that counts, but gobgpd refuses a path
/// without a next hop.
pub(super) fn withdrawal<A: Api>(network: Network) -> PathOf<A> {
    let attributes = Defaults::default().attributes(network.family());
    path::<A>(&Route { network, attributes })
}

/// Returns whether gobgpd was told of a path by this interface, and not by a neighbour.
pub(super) fn is_local<A: Api>(path: &PathOf<A>) -> bool {
    matches!(path.neighbor_ip.as_str(), "" | "<nil>")
}

/// Returns the route of a local path; none if it does not look as a translator makes it.
pub(super) fn route<A: Api>(path: &PathOf<A>) -> Option<Route> {
    let prefix = A::read_nlri(path.nlri.as_ref()?)?;
    let length = u8::try_from(prefix.length).ok()?;
    let network = Network::around(prefix.address.parse().ok()?, length)?;
    let (mut asn, mut next_hop, mut community) = (None, None, None);
    for attribute in &path.attributes {
        match A::read_attribute(attribute)? {
            Attribute::Origin(Origin { origin: ORIGIN }) => {}
            Attribute::Origin(_) => return None,
            Attribute::AsPath(path) => asn = Some(only_asn(&path)?),
            Attribute::NextHop(NextHop { next_hop: address }) => next_hop = Some(address),
            Attribute::MpReach(reach) => next_hop = reach.next_hops.into_iter().next(),
            Attribute::Communities(set) => {
                let &[both] = set.communities.as_slice() else { return None };
                community = Some(Community::Standard(both));
            }
            Attribute::LargeCommunities(set) => {
                let [one] = set.communities.as_slice() else { return None };
                let parts = (one.global_admin, one.local_data1, one.local_data2);
                community = Some(Community::Large(parts.0, parts.1, parts.2));
            }
        }
    }
    let next_hop: IpAddr = next_hop?.parse().ok()?;
    Some(Route { network, attributes: Attributes::from_parts(asn?, community?, next_hop)? })
}

fn only_asn(path: &AsPath) -> Option<u32> {
    let [Segment { kind: SEQUENCE, numbers }] = path.segments.as_slice() else { return None };
    let &[asn] = numbers.as_slice() else { return None };
    Some(asn)
}

fn community<N: Part>(community: Community) -> Attribute<N> {
    match community {
        Community::Standard(both) => {
            Attribute::Communities(Communities { communities: vec![both] })
        }
        Community::Large(global_admin, local_data1, local_data2) => {
            let one = LargeCommunity { global_admin, local_data1, local_data2 };
            Attribute::LargeCommunities(LargeCommunities { communities: vec![one] })
        }
    }
}

fn prefix(network: Network) -> Prefix {
    Prefix { length: u32::from(network.prefix()), address: network.address().to_string() }
}
