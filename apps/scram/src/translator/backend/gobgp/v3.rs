//! Version 3, as in Debian 12: whatever may be of several kinds is a `google.protobuf.Any`.

use super::api::{Api, Attribute};
use super::messages::Prefix;
use prost::Message;

/// GoBGP 3.
pub(super) struct V3;

/// A message with its name.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

const TYPES: &str = "type.googleapis.com/apipb.";

const PREFIX: &str = "IPAddressPrefix";
const ORIGIN: &str = "OriginAttribute";
const AS_PATH: &str = "AsPathAttribute";
const NEXT_HOP: &str = "NextHopAttribute";
const COMMUNITIES: &str = "CommunitiesAttribute";
const MP_REACH: &str = "MpReachNLRIAttribute";
const LARGE_COMMUNITIES: &str = "LargeCommunitiesAttribute";

impl Api for V3 {
    type Nlri = Any;
    type Attribute = Any;

    const SERVICE: &'static str = "apipb.GobgpApi";
    const GLOBAL: i32 = 0;
    const SHORTER: i32 = 2;
    const STREAMS_WITHDRAWALS: bool = true;

    fn nlri(prefix: &Prefix) -> Any {
        Any::pack(PREFIX, prefix)
    }

    fn attribute(attribute: Attribute<Any>) -> Any {
        match attribute {
            Attribute::Origin(origin) => Any::pack(ORIGIN, &origin),
            Attribute::AsPath(path) => Any::pack(AS_PATH, &path),
            Attribute::NextHop(next_hop) => Any::pack(NEXT_HOP, &next_hop),
            Attribute::Communities(set) => Any::pack(COMMUNITIES, &set),
            Attribute::MpReach(reach) => Any::pack(MP_REACH, &reach),
            Attribute::LargeCommunities(set) => Any::pack(LARGE_COMMUNITIES, &set),
        }
    }

    fn read_nlri(nlri: &Any) -> Option<Prefix> {
        if nlri.name()? == PREFIX { nlri.unpack() } else { None }
    }

    fn read_attribute(attribute: &Any) -> Option<Attribute<Any>> {
        Some(match attribute.name()? {
            ORIGIN => Attribute::Origin(attribute.unpack()?),
            AS_PATH => Attribute::AsPath(attribute.unpack()?),
            NEXT_HOP => Attribute::NextHop(attribute.unpack()?),
            COMMUNITIES => Attribute::Communities(attribute.unpack()?),
            MP_REACH => Attribute::MpReach(attribute.unpack()?),
            LARGE_COMMUNITIES => Attribute::LargeCommunities(attribute.unpack()?),
            _ => return None,
        })
    }
}

impl Any {
    fn pack(name: &str, message: &impl Message) -> Any {
        Any { type_url: format!("{TYPES}{name}"), value: message.encode_to_vec() }
    }

    fn name(&self) -> Option<&str> {
        self.type_url.strip_prefix(TYPES)
    }

    fn unpack<M: Message + Default>(&self) -> Option<M> {
        M::decode(self.value.as_slice()).ok()
    }
}
