//! What one connection costs: to open it, and to answer on it.

use super::super::arguments::{ConnectOptions, EchoOptions};
use super::super::failure::Failure;
use super::super::orchestrator::{plan, plans, rounds, start_all};
use super::super::plan::{Load, Order, Purpose, Server};
use super::super::report::{Row, Section, section};
use super::{campanile_to_others, with_variant};

pub(super) fn connect_section(options: &ConnectOptions) -> Result<Section, Failure> {
    let load = Load { at_once: options.at_once.max(1), purpose: Purpose::Greet, ..Load::default() };
    let mut all = plans(&options.common, &load)?;
    if options.tls {
        with_variant(&mut all, "tls", |load| load.tls = true);
    }
    let open = vec![Order::Open(options.connections); all.len()];
    let mut sessions = start_all(&all, &vec![Order::Open(100); all.len()])?;
    let slices = rounds(&mut sessions, &open, options.common.rounds)?;
    let rows: Vec<Row> =
        all.iter().zip(&slices).map(|(plan, slices)| Row::new(&plan.name, slices)).collect();
    let title = format!(
        "Connect and bootstrap: {} connections × {} rounds, {} at once",
        options.connections, options.common.rounds, load.at_once
    );
    Ok(section(title, "connection", &rows, &campanile_to_others(&all)))
}

pub(super) fn echo_section(options: &EchoOptions) -> Result<Section, Failure> {
    let load = Load { payload_bytes: options.payload, purpose: Purpose::Echo, ..Load::default() };
    let common = &options.common;
    let mut all = plans(common, &load)?;
    // The floor does not read: it has nothing to send back.
    all.retain(|plan| !matches!(plan.server, Server::Floor { .. }));
    for url in &options.against_url {
        all.push(plan(common, url.clone(), Server::Url { url: url.clone() }, &load));
    }
    let mut sessions = start_all(&all, &vec![Order::Open(options.connections); all.len()])?;
    let orders = vec![Order::Echo(options.messages); all.len()];
    let slices = rounds(&mut sessions, &orders, common.rounds)?;
    let rows: Vec<Row> =
        all.iter().zip(&slices).map(|(plan, slices)| Row::new(&plan.name, slices)).collect();
    let title = format!(
        "Echo: {} connections, {} bytes (campanile: ping and pong), {} messages × {} rounds",
        options.connections, options.payload, options.messages, common.rounds
    );
    Ok(section(title, "message", &rows, &campanile_to_others(&all)))
}
