//! Publications to rooms.

use super::super::arguments::{Common, FanoutOptions};
use super::super::failure::Failure;
use super::super::orchestrator::{plans, rounds, start_all};
use super::super::plan::{Load, Order, Plan};
use super::super::report::{Row, Section, section};
use super::{campanile_to_others, with_variant};

pub(super) fn fanout_section(options: &FanoutOptions) -> Result<Section, Failure> {
    let load = Load {
        rooms: options.rooms.max(1),
        idle_rooms: options.idle_rooms,
        idle_rooms_over: options.connections,
        payload_bytes: options.payload,
        in_flight: options.in_flight.max(1),
        rate: options.rate,
        ..Load::default()
    };
    let mut all = plans(&options.common, &load)?;
    if options.compressed {
        with_variant(&mut all, "deflate", |load| load.compressed = true);
    }
    if options.tls {
        with_variant(&mut all, "tls", |load| load.tls = true);
    }
    let members = options.connections / load.rooms;
    let publications =
        options.publications.unwrap_or_else(|| publications(members, load.in_flight));
    let connections = vec![options.connections; all.len()];
    let pace = match options.rate {
        Some(rate) => format!("{rate} a second"),
        None => format!("{} in flight", load.in_flight),
    };
    let title = format!(
        "Fan-out: {} connections, {} rooms (and {} idle), {} bytes, {pace}, {publications} \
         publications × {} rounds",
        options.connections, load.rooms, load.idle_rooms, options.payload, options.common.rounds
    );
    let rows = publish_rows(&all, &connections, &vec![publications; all.len()], &options.common)?;
    Ok(section(title, "delivery", &rows, &campanile_to_others(&all)))
}

/// Returns enough publications for about 60,000 deliveries, in whole bursts and at least six.
pub(super) fn publications(members: usize, in_flight: usize) -> usize {
    let least = 6 * in_flight;
    (60_000 / members.max(1)).clamp(least, least.max(5_000)).div_ceil(in_flight) * in_flight
}

pub(super) fn publish_rows(
    plans: &[Plan],
    connections: &[usize],
    publications: &[usize],
    common: &Common,
) -> Result<Vec<Row>, Failure> {
    let open: Vec<Order> = connections.iter().copied().map(Order::Open).collect();
    let publish: Vec<Order> = publications.iter().copied().map(Order::Publish).collect();
    let mut sessions = start_all(plans, &open)?;
    let slices = rounds(&mut sessions, &publish, common.rounds)?;
    Ok(plans.iter().zip(&slices).map(|(plan, slices)| Row::new(&plan.name, slices)).collect())
}
