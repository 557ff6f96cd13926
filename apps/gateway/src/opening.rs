//! The opening of a WebSocket: from a client's request to a connection on a loop.

mod not_opened;

use crate::accept::Asked;
use crate::answer::Answer;
use crate::backend::{Authorized, Forwarded, Refused, RequestError};
use crate::config::Dialect;
use crate::places::Permit;
use crate::reply::Speech;
use crate::serve::Shared;
use crate::service::{Admission, Gateway, Origin, Session};
use crate::users::{self, Moment};
use bytes::Bytes;
use campanile_manager::{Adoption, Promise, Socket};
use campanile_wire::deflate::{Agreed, Settings};
use campanile_wire::handshake::{Refusal, Upgrade};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use not_opened::NotOpened;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

const V1: &str = "campanile.v1";

/// Opens a WebSocket, once the backend has said what its client may hear. A client that it does not
/// let in gets a WebSocket too, to be told so.
pub async fn open(shared: &Arc<Shared>, asked: Asked) -> Answer {
    let client = asked.address;
    try_to_open(shared, asked).await.unwrap_or_else(|why| {
        why.counter(&shared.refusals).add();
        tracing::debug!(%why, %client, "a client gets no WebSocket");
        why.answer()
    })
}

async fn try_to_open(shared: &Arc<Shared>, asked: Asked) -> Result<Answer, NotOpened> {
    let upgrade = check(shared, &asked.request).map_err(NotOpened::Handshake)?;
    if shared.is_stopping() {
        return Err(NotOpened::Stopping);
    }
    // Of a proxy's connection only now it is known whose it is.
    if !asked.belongs() {
        return Err(NotOpened::AddressFull);
    }
    let query = asked.request.uri().query().unwrap_or_default();
    let forwarded = shared.backend.pick(asked.request.headers(), query);
    let forwarded = forwarded.map_err(NotOpened::Unforwardable)?;
    let visitor = ask(shared, forwarded, asked.address).await?;
    // It may have begun to stop while the backend was asked.
    if shared.is_stopping() {
        return Err(NotOpened::Stopping);
    }
    let promise = shared.handle.promise().map_err(NotOpened::NoLoop)?;
    let permit = asked.take_permit().ok_or(NotOpened::TakenOver)?;
    let origin = Origin::now(asked.address);
    Ok(switch(shared, asked.request, &upgrade, visitor, (origin, permit, promise)))
}

/// Asks the backend who that is, and what they may hear; nobody, if they are not let in.
async fn ask(
    shared: &Shared,
    forwarded: Forwarded,
    client: IpAddr,
) -> Result<Option<Visitor>, NotOpened> {
    let asked_at = shared.settings.users.now();
    match shared.backend.bootstrap(&forwarded).await {
        Ok(authorized) => authorize(shared, authorized, forwarded, (client, asked_at))
            .map_err(|users::Full| NotOpened::UserFull),
        Err(Refused::Busy) => Err(NotOpened::Busy),
        Err(refused) => {
            note(shared, &refused, client);
            match refused {
                Refused::NoAnswer(RequestError::NoDescriptor) => Err(NotOpened::NoDescriptor),
                _ => Ok(None),
            }
        }
    }
}

fn check(shared: &Shared, request: &Request<Incoming>) -> Result<Upgrade, Refusal> {
    let minor_version = u8::from(request.version() == Version::HTTP_11);
    let headers = request.headers();
    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let upgrade = Upgrade::from_parts(request.method().as_str(), minor_version, fields)?;
    let origin = headers.get(http::header::ORIGIN).map(HeaderValue::as_bytes);
    if !shared.config().public.allowed_origins.allow(origin) {
        return Err(Refusal::Origin);
    }
    Ok(upgrade)
}

/// Somebody who is let in, and what to show the backend when it is asked again or told of them.
struct Visitor {
    admission: Admission,
    forwarded: Forwarded,
}

/// Finds out what the backend's answer means here; nobody is let in by one that means nothing.
fn authorize(
    shared: &Shared,
    authorized: Authorized,
    forwarded: Forwarded,
    (client, asked): (IpAddr, Moment),
) -> Result<Option<Visitor>, users::Full> {
    let Authorized { rights, cookies } = authorized;
    let permissions = match shared.permissions.intern(&rights.allowed_rooms) {
        Ok(permissions) => permissions,
        Err(error) => {
            note(shared, &Refused::Unreadable(error.to_string()), client);
            return Ok(None);
        }
    };
    let place = rights.user.map(|user| shared.settings.users.take(&user)).transpose()?;
    let (rooms_ttl, asked) = (rights.rooms_ttl, Some(asked));
    let admission = Admission { permissions, place, rooms_ttl, asked };
    Ok(Some(Visitor { admission, forwarded: forwarded.with_cookies(&cookies) }))
}

/// Logs that somebody is not let in: that the backend fails concerns a person, though not each time.
fn note(shared: &Shared, refused: &Refused, client: IpAddr) {
    if refused.is_failure() && shared.seldom.is_time() {
        tracing::warn!(%client, "connections are not let in: {refused}");
    } else {
        tracing::debug!(%client, "a connection is not let in: {refused}");
    }
}

/// Answers 101, and has the connection handed over to the loop it is promised to when that is written.
fn switch(
    shared: &Arc<Shared>,
    mut request: Request<Incoming>,
    upgrade: &Upgrade,
    visitor: Option<Visitor>,
    (origin, permit, promise): (Origin, Permit, Promise<Gateway>),
) -> Answer {
    let settings = Settings::default();
    let compression = shared.config().public.compression.then_some(&settings);
    let answer = upgrade.answer(&[V1], compression);
    let speech = match (answer.protocol, shared.config().public.dialect) {
        (Some(_), _) => Speech::V1,
        (None, Dialect::Three) => Speech::Dialect3,
        (None, Dialect::TwoAndAHalf) => Speech::Dialect25,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in answer.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("these are names of headers");
        let value = HeaderValue::from_str(value).expect("the handshake answers in visible ASCII");
        response.headers_mut().insert(name, value);
    }
    let (shared, deflate) = (Arc::clone(shared), answer.deflate);
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                let session = session(&shared, speech, visitor, permit).coming_from(origin);
                adopt(promise, upgraded, deflate, session);
            }
            Err(error) => tracing::debug!(%error, "a client left before its WebSocket was open"),
        }
    });
    response
}

fn session(shared: &Shared, speech: Speech, visitor: Option<Visitor>, permit: Permit) -> Session {
    let permit = Box::new(permit);
    match visitor {
        Some(Visitor { admission, forwarded }) => {
            let presence = shared.backend.hooks().online(forwarded.clone());
            let remembered = shared.config().backend.remember_headers.then_some(forwarded);
            Session::authorized(speech, admission, presence, remembered, permit)
        }
        None => Session::refused(speech, permit),
    }
}

fn adopt(promise: Promise<Gateway>, upgraded: Upgraded, deflate: Option<Agreed>, session: Session) {
    let (socket, early) = match socket(upgraded) {
        Ok(parts) => parts,
        Err(error) => {
            tracing::warn!(%error, "a connection could not be handed over");
            return;
        }
    };
    if promise.keep(Adoption { socket, early, deflate, session }).is_err() {
        tracing::warn!("a connection is cut off: its loop has ended");
    }
}

/// Takes the socket out of everything that was around it. Under TLS the session goes along, with what
/// it has read ahead.
fn socket(upgraded: Upgraded) -> io::Result<(Socket, Bytes)> {
    // What came early lies in a buffer with the request, which would be kept as long.
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let stream = parts.io.into_inner().into_std()?;
            Ok((Socket::plain(stream)?, Bytes::copy_from_slice(&parts.read_buf)))
        }
        Err(upgraded) => {
            let parts = upgraded
                .downcast::<TokioIo<TlsStream<TcpStream>>>()
                .map_err(|_| io::Error::other("it is of another type than was accepted"))?;
            let (stream, session) = parts.io.into_inner().into_inner();
            let early = Bytes::copy_from_slice(&parts.read_buf);
            Ok((Socket::tls(stream.into_std()?, session)?, early))
        }
    }
}
