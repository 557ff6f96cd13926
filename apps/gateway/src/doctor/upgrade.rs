//! The opening handshake, and what is left of it after a proxy.

use super::line::{self, Head, Line, Opened, Road, V1};
use super::plan::Plan;
use super::proxy::{Proxy, advice_for_upgrade};
use super::report::Report;
use campanile_wire::handshake::HandshakeError;
use std::io::{self, Write};

/// Opens a WebSocket and tests what was agreed; returns it if there is one.
pub(super) async fn examine(
    plan: &Plan,
    road: &Road,
    report: &mut Report<impl Write>,
) -> Option<Line> {
    let Opened { head, outcome } = match open(plan, road).await {
        Ok(opened) => opened,
        Err(error) => {
            report.fail("upgrade", no_answer(&error), "see the log of the proxy there");
            return None;
        }
    };
    let (accepted, line) = match outcome {
        Ok(open) => open,
        Err(error) => {
            let (what, advice) = refused(error, &head);
            report.fail("upgrade", what, advice);
            return None;
        }
    };
    report.ok("upgrade", format!("101, and the key is answered{}", head.by()));
    if accepted.protocol.is_some() {
        report.ok("subprotocol", V1);
    } else {
        let advice = "a proxy drops Sec-WebSocket-Protocol, or what answers is no campanile: \
                      clients cannot be told of gaps, and get no requestId in replies";
        report.warn("subprotocol", format!("{V1} was not agreed"), advice);
    }
    if accepted.deflate.is_some() {
        report.ok("compression", "permessage-deflate");
    } else {
        let advice = "a proxy drops Sec-WebSocket-Extensions, or [public] compression is false: \
                      it works, with more bytes";
        report.warn("compression", "permessage-deflate was not agreed", advice);
    }
    Some(line)
}

/// Opens a WebSocket as the visitor that the command line describes.
pub(super) async fn open(plan: &Plan, road: &Road) -> io::Result<Opened> {
    let mut headers: Vec<(&str, &str)> =
        plan.login_headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.extend(plan.origin.as_deref().map(|origin| ("Origin", origin)));
    line::open(road, &plan.target, &plan.login_path, &headers).await
}

/// Tests whether two connections may come from here: those of an office share one address.
pub(super) async fn second(plan: &Plan, road: &Road, report: &mut Report<impl Write>) {
    let first = open(plan, road).await;
    let second = open(plan, road).await;
    let first = match first {
        Ok(Opened { outcome: Ok((_, first)), .. }) => Some(first),
        _ => None,
    };
    let what = match (&first, second) {
        (Some(_), Ok(Opened { outcome: Ok((_, line)), .. })) => {
            line.leave().await;
            report.ok("two", "two connections at once from here");
            None
        }
        (_, Ok(Opened { outcome: Err(error), head })) => {
            Some(format!("a second connection from here is refused: {error}{}", head.by()))
        }
        (_, Ok(_)) => Some("the connection after the first is refused".to_owned()),
        (_, Err(error)) => Some(format!("a second connection from here: {}", no_answer(&error))),
    };
    if let Some(first) = first {
        first.leave().await;
    }
    let Some(what) = what else { return };
    let advice = "a limit for each address: [limits] connections_per_address_max here, limit_conn \
                  in nginx. Behind a proxy all clients have its address, unless it is trusted";
    report.fail("two", what, advice);
}

/// Says how it looks when there is no answer.
pub(super) fn no_answer(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the line was cut before there was an answer".to_owned(),
        io::ErrorKind::TimedOut => "no answer to the handshake within 40 s".to_owned(),
        _ => format!("no answer to the handshake: {error}"),
    }
}

/// Says what a refusal was, and what usually brings it about.
fn refused(error: HandshakeError, head: &Head) -> (String, String) {
    let says = if head.says.is_empty() { String::new() } else { format!(": {}", head.says) };
    let what = format!("{error}{}{says}", head.by());
    let proxy = Proxy::of(head);
    let advice = match error {
        HandshakeError::Status(status) => return (what, meaning(status, head, proxy)),
        HandshakeError::UpgradeMissing | HandshakeError::ConnectionMissing => {
            format!("a proxy takes headers out of the answer.\n{}", advice_for_upgrade(proxy))
        }
        HandshakeError::Accept => "something answered that had not read the question: a cache, or \
                                   a proxy that speaks WebSocket itself"
            .to_owned(),
        HandshakeError::Protocol | HandshakeError::Extensions(_) => {
            "a proxy adds headers to the answer, or answers from another client's".to_owned()
        }
        _ => "is that an HTTP server at all?".to_owned(),
    };
    (what, advice)
}

/// Says what a status usually means where a 101 should be.
fn meaning(status: u16, head: &Head, proxy: Option<Proxy>) -> String {
    let lost = || format!("a proxy loses the upgrade.\n{}", advice_for_upgrade(proxy));
    match status {
        200..300 => format!(
            "a page or a file is served there: the proxy does not send this path to campanile, \
             or {}",
            lost()
        ),
        300..400 => format!(
            "browsers follow no redirect here: connect to {} itself",
            head.header("location").unwrap_or("where it leads")
        ),
        401 | 407 => "the proxy wants a password: --header \"Authorization: …\"".to_owned(),
        400 | 405 | 426 => lost(),
        403 => "the origin is not among [public] allowed_origins (--origin says yours), or a rule \
                of the proxy (a web application firewall) forbids it"
            .to_owned(),
        404 => "nothing is at this path: [public] path here is /ws/ by default; a proxy's \
                location or rewrite may change it on the way"
            .to_owned(),
        429 => "somebody on the way limits requests for each address".to_owned(),
        431 => "the request's headers (cookies?) are over [limits] header_bytes_max".to_owned(),
        502 => "the proxy cannot reach campanile: is it running, and does [public] listen say the \
                address that the proxy connects to (0.0.0.0:8000 in a container)?"
            .to_owned(),
        503 => "campanile is full, stopping, or its backend behind; or the proxy thinks that no \
                server is left: ask /readyz and see refusals_total in /metrics"
            .to_owned(),
        504 => "campanile answers once its backend has: the bootstrap takes longer than the proxy \
                waits"
            .to_owned(),
        _ => "see the log of whoever answered".to_owned(),
    }
}
