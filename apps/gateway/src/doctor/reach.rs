//! The way there: the name, TCP, TLS.

use super::line::{self, Road};
use super::plan::{Plan, Target};
use super::report::Report;
use super::tls;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long TCP or TLS may take.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Below so many days a certificate should be renewed: automatic renewals happen at 30.
const DAYS_LEFT_MIN: i64 = 21;

/// Tests the way to the target; returns it if there is one.
pub(super) async fn examine(plan: &Plan, report: &mut Report<impl Write>) -> Option<Road> {
    let addresses = resolve(&plan.target, report).await?;
    let address = connect(&addresses, report).await?;
    if !plan.target.is_tls {
        return Some(Road { address, tls: None });
    }
    secure(&plan.target, address, report).await
}

async fn resolve(target: &Target, report: &mut Report<impl Write>) -> Option<Vec<SocketAddr>> {
    let host = &target.host;
    match tokio::net::lookup_host((host.as_str(), target.port)).await {
        Ok(found) => {
            let found: BTreeSet<SocketAddr> = found.collect();
            let found: Vec<SocketAddr> = found.into_iter().take(ADDRESSES_MAX).collect();
            let shown: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            report.ok("resolve", format!("{host} is {}", shown.join(", ")));
            (!found.is_empty()).then_some(found)
        }
        Err(error) => {
            let advice = "is the name spelt right, and known to the DNS that this machine asks?";
            report.fail("resolve", format!("{host}: {error}"), advice);
            None
        }
    }
}

/// Tries every address, since a browser may get any; returns the first that answered.
async fn connect(addresses: &[SocketAddr], report: &mut Report<impl Write>) -> Option<SocketAddr> {
    let (mut answering, mut silent) = (Vec::new(), Vec::new());
    for &address in addresses {
        let began = Instant::now();
        match line::within(CONNECT_WITHIN, TcpStream::connect(address)).await {
            Ok(_) => answering.push((address, began.elapsed())),
            Err(error) => silent.push((address, error)),
        }
    }
    if let Some((address, took)) = answering.first() {
        let took = took.as_secs_f64() * 1_000.0;
        report.ok("connect", format!("TCP to {address} in {took:.1} ms"));
    }
    for (address, error) in &silent {
        let what = format!("TCP to {address}: {error}");
        if answering.is_empty() {
            report.fail("connect", what, meaning(error));
        } else {
            let advice = "some clients will try this address first: have something listen there, \
                          or take it out of the DNS";
            report.warn("connect", what, advice);
        }
    }
    answering.first().map(|(address, _)| *address)
}

fn meaning(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "the machine is there and nobody listens at that port: is the proxy (or campanile, \
             [public] listen) running, and at this address rather than at loopback only?"
        }
        io::ErrorKind::TimedOut => {
            "nothing answers at all: a firewall or security group between here and there?"
        }
        _ => "is this machine on a network from which that one can be reached?",
    }
}

async fn secure(
    target: &Target,
    address: SocketAddr,
    report: &mut Report<impl Write>,
) -> Option<Road> {
    let connector = match tls::connector() {
        Ok(connector) => connector,
        Err(error) => {
            report.fail("tls", error, "install the certificates of the public authorities here");
            return None;
        }
    };
    let opening = async {
        let stream = TcpStream::connect(address).await?;
        tls::connect(&connector, &target.host, stream).await
    };
    let stream = match line::within(CONNECT_WITHIN, opening).await {
        Ok(stream) => stream,
        Err(error) => {
            let (what, advice) = tls::explain(&error, &target.host);
            report.fail("tls", what, advice);
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    let version = session.protocol_version().and_then(|version| version.as_str());
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    let days = certificate.and_then(tls::days_left);
    let what = format!("{}, a trusted certificate for {}", version.unwrap_or("TLS"), target.host);
    match days {
        Some(days) if days < DAYS_LEFT_MIN => {
            let advice = "renew it, and see why that did not happen by itself";
            report.warn("tls", format!("{what}, which ends in {days} days"), advice);
        }
        Some(days) => report.ok("tls", format!("{what}, for {days} days more")),
        None => report.ok("tls", what),
    }
    Some(Road { address, tls: Some(connector) })
}
