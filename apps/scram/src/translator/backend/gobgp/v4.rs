//! Version 4: whatever may be of several kinds is a message with one of its fields set.

use super::api::{Api, Attribute};
use super::messages::{AsPath, Communities, LargeCommunities, MpReach, NextHop, Origin, Prefix};
use prost::Message;

/// GoBGP 4.
pub(super) struct V4;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Nlri {
    #[prost(message, optional, tag = "1")]
    prefix: Option<Prefix>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnyAttribute {
    #[prost(message, optional, tag = "2")]
    origin: Option<Origin>,
    #[prost(message, optional, tag = "3")]
    as_path: Option<AsPath>,
    #[prost(message, optional, tag = "4")]
    next_hop: Option<NextHop>,
    #[prost(message, optional, tag = "9")]
    communities: Option<Communities>,
    #[prost(message, optional, tag = "12")]
    mp_reach: Option<MpReach<Nlri>>,
    #[prost(message, optional, tag = "21")]
    large_communities: Option<LargeCommunities>,
}

impl Api for V4 {
    type Nlri = Nlri;
    type Attribute = AnyAttribute;

    const SERVICE: &'static str = "api.GoBgpService";
    const GLOBAL: i32 = 1;
    const SHORTER: i32 = 3;
    const STREAMS_WITHDRAWALS: bool = false;

    fn nlri(prefix: &Prefix) -> Nlri {
        Nlri { prefix: Some(prefix.clone()) }
    }

    fn attribute(attribute: Attribute<Nlri>) -> AnyAttribute {
        let mut any = AnyAttribute::default();
        match attribute {
            Attribute::Origin(origin) => any.origin = Some(origin),
            Attribute::AsPath(path) => any.as_path = Some(path),
            Attribute::NextHop(next_hop) => any.next_hop = Some(next_hop),
            Attribute::Communities(set) => any.communities = Some(set),
            Attribute::MpReach(reach) => any.mp_reach = Some(reach),
            Attribute::LargeCommunities(set) => any.large_communities = Some(set),
        }
        any
    }

    fn read_nlri(nlri: &Nlri) -> Option<Prefix> {
        nlri.prefix.clone()
    }

    fn read_attribute(attribute: &AnyAttribute) -> Option<Attribute<Nlri>> {
        let any = attribute.clone();
        let found = any.origin.map(Attribute::Origin);
        let found = found.or(any.as_path.map(Attribute::AsPath));
        let found = found.or(any.next_hop.map(Attribute::NextHop));
        let found = found.or(any.communities.map(Attribute::Communities));
        let found = found.or(any.mp_reach.map(Attribute::MpReach));
        found.or(any.large_communities.map(Attribute::LargeCommunities))
    }
}
