//! The calls to gobgpd, the same for both generations of its interface.

use super::super::{BackendError, Connection, Counts};
use super::api::{self, Api, PathOf};
use super::dial::cause;
use super::messages::{
    AddPath, AddPaths, DeletePath, Destination, Empty, GetTable, ListPath, Listed, Lookup, Part,
    Path, Table,
};
use crate::cidr::{Family, Network};
use crate::translator::route::Route;
use async_trait::async_trait;
use futures_util::{TryStreamExt, stream};
use http::uri::PathAndQuery;
use std::error::Error;
use std::marker::PhantomData;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// How many withdrawals are on their way at once, where no call takes many.
const WITHDRAWALS_AT_ONCE: usize = 16;

/// How many paths one message of a stream holds: some tens of kilobytes.
const PATHS_IN_MESSAGE: usize = 100;

/// A connection to a gobgpd that speaks `A`.
pub(super) struct Client<A> {
    channel: Channel,
    api: PhantomData<fn() -> A>,
}

impl<A: Api> Client<A> {
    pub(super) fn new(channel: Channel) -> Self {
        Self { channel, api: PhantomData }
    }

    /// Makes a call with one question and one answer.
    pub(super) async fn unary<Q: Part, R: Part>(
        &self,
        method: &str,
        question: Q,
    ) -> Result<R, Status> {
        let mut grpc = self.ready().await?;
        let codec = ProstCodec::<Q, R>::default();
        Ok(grpc.unary(Request::new(question), Self::place(method), codec).await?.into_inner())
    }

    /// Asks for destinations, and has each of them looked at as it comes: there may be a million.
    async fn list(
        &self,
        question: ListPath,
        mut look: impl FnMut(Destination<PathOf<A>>) + Send,
    ) -> Result<(), Status> {
        let mut grpc = self.ready().await?;
        let codec = ProstCodec::<ListPath, Listed<PathOf<A>>>::default();
        let place = Self::place("ListPath");
        let answer = grpc.server_streaming(Request::new(question), place, codec).await?;
        let mut listed = answer.into_inner();
        while let Some(Listed { destination }) = listed.message().await? {
            destination.map(&mut look);
        }
        Ok(())
    }

    /// Adds many paths, or withdraws those of them that say so.
    async fn stream(&self, paths: &[PathOf<A>]) -> Result<(), Status> {
        let mut grpc = self.ready().await?;
        let message = |paths: &[PathOf<A>]| AddPaths { table: A::GLOBAL, paths: paths.to_vec() };
        let messages: Vec<_> = paths.chunks(PATHS_IN_MESSAGE).map(message).collect();
        let codec = ProstCodec::<AddPaths<PathOf<A>>, Empty>::default();
        let place = Self::place("AddPathStream");
        grpc.client_streaming(Request::new(stream::iter(messages)), place, codec).await?;
        Ok(())
    }

    async fn delete(&self, family: Family, path: Option<PathOf<A>>) -> Result<(), Status> {
        let question = DeletePath { table: A::GLOBAL, family: Some(api::family(family)), path };
        self.unary::<_, Empty>("DeletePath", question).await.map(drop)
    }

    async fn count(&self, family: Family) -> Result<u64, Status> {
        let question = GetTable { table: A::GLOBAL, family: Some(api::family(family)) };
        self.unary::<_, Table>("GetTable", question).await.map(|table| table.destinations)
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(|error| Status::unavailable(cause(&error)))?;
        Ok(grpc)
    }

    fn place(method: &str) -> PathAndQuery {
        let place = format!("/{}/{method}", A::SERVICE);
        place.parse().expect("names of services and methods are letters and dots")
    }
}

#[async_trait]
impl<A: Api> Connection for Client<A> {
    async fn announce(&self, routes: &[Route]) -> Result<(), BackendError> {
        let added = match routes {
            [route] => {
                let question = AddPath { table: A::GLOBAL, path: Some(api::path::<A>(route)) };
                self.unary::<_, Empty>("AddPath", question).await.map(drop)
            }
            routes => {
                let paths: Vec<_> = routes.iter().map(api::path::<A>).collect();
                self.stream(&paths).await
            }
        };
        added.map_err(|status| error(&status))
    }

    async fn withdraw(&self, networks: &[Network]) -> Result<(), BackendError> {
        if A::STREAMS_WITHDRAWALS && networks.len() > 1 {
            let withdrawal =
                |network: &Network| Path { is_withdraw: true, ..api::withdrawal::<A>(*network) };
            let paths: Vec<_> = networks.iter().map(withdrawal).collect();
            return self.stream(&paths).await.map_err(|status| error(&status));
        }
        let withdrawals = networks
            .iter()
            .map(|network| Ok(self.delete(network.family(), Some(api::withdrawal::<A>(*network)))));
        let withdrawals: Vec<Result<_, Status>> = withdrawals.collect();
        let all = stream::iter(withdrawals).try_buffer_unordered(WITHDRAWALS_AT_ONCE);
        all.try_collect::<()>().await.map_err(|status| error(&status))
    }

    async fn withdraw_all(&self) -> Result<(), BackendError> {
        for family in [Family::V4, Family::V6] {
            self.delete(family, None).await.map_err(|status| error(&status))?;
        }
        Ok(())
    }

    async fn covers(&self, network: Network) -> Result<bool, BackendError> {
        let lookup = Lookup { prefix: network.to_string(), kind: A::SHORTER };
        let family = Some(api::family(network.family()));
        let question = ListPath { table: A::GLOBAL, family, prefixes: vec![lookup] };
        let mut is_covered = false;
        let look = |destination: Destination<PathOf<A>>| {
            is_covered |= destination.paths.iter().any(api::is_local::<A>);
        };
        self.list(question, look).await.map_err(|status| error(&status))?;
        Ok(is_covered)
    }

    async fn counts(&self) -> Result<Counts, BackendError> {
        let v4 = self.count(Family::V4).await.map_err(|status| error(&status))?;
        let v6 = self.count(Family::V6).await.map_err(|status| error(&status))?;
        Ok(Counts { v4, v6 })
    }

    async fn list_own(&self) -> Result<Vec<Route>, BackendError> {
        let mut own = Vec::new();
        for family in [Family::V4, Family::V6] {
            let family = Some(api::family(family));
            let question = ListPath { table: A::GLOBAL, family, prefixes: Vec::new() };
            let look = |destination: Destination<PathOf<A>>| {
                let local = destination.paths.iter().filter(|path| api::is_local::<A>(path));
                own.extend(local.filter_map(api::route::<A>));
            };
            self.list(question, look).await.map_err(|status| error(&status))?;
        }
        Ok(own)
    }
}

/// Says what a status means: gobgpd says `Unknown` of all that it does not want, and so does the
/// transport below, which then names a source.
pub(super) fn error(status: &Status) -> BackendError {
    let is_gobgpd = status.source().is_none();
    match status.code() {
        Code::Unknown | Code::InvalidArgument | Code::NotFound | Code::AlreadyExists
            if is_gobgpd =>
        {
            BackendError::Refused(status.message().to_owned())
        }
        code => {
            let source = status.source().map_or_else(|| status.message().to_owned(), cause);
            BackendError::Lost(format!("gobgpd does not answer as it should: {source} ({code:?})"))
        }
    }
}
