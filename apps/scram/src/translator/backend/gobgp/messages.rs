//! The messages that both generations share. Field numbers are facts of the public interface.

use prost::Message;
use std::fmt::Debug;

/// What a message must be to lie within another.
pub(super) trait Part: Message + Debug + Default + Clone + PartialEq + 'static {}
impl<M: Message + Debug + Default + Clone + PartialEq + 'static> Part for M {}

/// No fields.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Empty {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Family {
    #[prost(int32, tag = "1")]
    pub(super) afi: i32,
    #[prost(int32, tag = "2")]
    pub(super) safi: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Prefix {
    #[prost(uint32, tag = "1")]
    pub(super) length: u32,
    #[prost(string, tag = "2")]
    pub(super) address: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Origin {
    #[prost(uint32, tag = "1")]
    pub(super) origin: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Segment {
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) numbers: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AsPath {
    #[prost(message, repeated, tag = "1")]
    pub(super) segments: Vec<Segment>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NextHop {
    #[prost(string, tag = "1")]
    pub(super) next_hop: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Communities {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) communities: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LargeCommunity {
    #[prost(uint32, tag = "1")]
    pub(super) global_admin: u32,
    #[prost(uint32, tag = "2")]
    pub(super) local_data1: u32,
    #[prost(uint32, tag = "3")]
    pub(super) local_data2: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LargeCommunities {
    #[prost(message, repeated, tag = "1")]
    pub(super) communities: Vec<LargeCommunity>,
}

/// `N` is how this generation writes what is announced.
#[derive(Clone, PartialEq, Message)]
pub(super) struct MpReach<N: Part> {
    #[prost(message, optional, tag = "1")]
    pub(super) family: Option<Family>,
    #[prost(string, repeated, tag = "2")]
    pub(super) next_hops: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    pub(super) nlris: Vec<N>,
}

/// `N` is how this generation writes what is announced, `A` how it writes an attribute.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Path<N: Part, A: Part> {
    #[prost(message, optional, tag = "1")]
    pub(super) nlri: Option<N>,
    #[prost(message, repeated, tag = "2")]
    pub(super) attributes: Vec<A>,
    /// Among paths to add: withdraw this one.
    #[prost(bool, tag = "5")]
    pub(super) is_withdraw: bool,
    #[prost(message, optional, tag = "9")]
    pub(super) family: Option<Family>,
    /// Who told gobgpd; empty or `<nil>` where it was told by this interface.
    #[prost(string, tag = "15")]
    pub(super) neighbor_ip: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AddPath<P: Part> {
    #[prost(int32, tag = "1")]
    pub(super) table: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) path: Option<P>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AddPaths<P: Part> {
    #[prost(int32, tag = "1")]
    pub(super) table: i32,
    #[prost(message, repeated, tag = "3")]
    pub(super) paths: Vec<P>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DeletePath<P: Part> {
    #[prost(int32, tag = "1")]
    pub(super) table: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) family: Option<Family>,
    /// None: all of the family that were told by this interface.
    #[prost(message, optional, tag = "4")]
    pub(super) path: Option<P>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Lookup {
    #[prost(string, tag = "1")]
    pub(super) prefix: String,
    #[prost(int32, tag = "2")]
    pub(super) kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ListPath {
    #[prost(int32, tag = "1")]
    pub(super) table: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) family: Option<Family>,
    /// None: all of the family.
    #[prost(message, repeated, tag = "4")]
    pub(super) prefixes: Vec<Lookup>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Listed<P: Part> {
    #[prost(message, optional, tag = "1")]
    pub(super) destination: Option<Destination<P>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Destination<P: Part> {
    #[prost(string, tag = "1")]
    pub(super) prefix: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) paths: Vec<P>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetTable {
    #[prost(int32, tag = "1")]
    pub(super) table: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) family: Option<Family>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Table {
    #[prost(uint64, tag = "1")]
    pub(super) destinations: u64,
    #[prost(uint64, tag = "2")]
    pub(super) paths: u64,
}
