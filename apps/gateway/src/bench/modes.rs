//! The benchmarks: which servers, under what, compared with what.

use serde_json::json;

use super::arguments::{
    AllOptions, Common, ConnectOptions, EchoOptions, FanoutOptions, GrowthOptions, IdleOptions,
};
use super::failure::Failure;
use super::orchestrator::{Session, plan, plans, rounds, start_all};
use super::plan::{Load, Order, Plan, Purpose, Server};
use super::report::{Row, Section, print, section};
use super::table::Table;

pub(super) fn fanout(options: &FanoutOptions) -> Result<(), Failure> {
    print(&[fanout_section(options)?], options.common.json)
}

pub(super) fn idle(options: &IdleOptions) -> Result<(), Failure> {
    print(&[idle_section(options)?], options.common.json)
}

pub(super) fn connect(options: &ConnectOptions) -> Result<(), Failure> {
    print(&[connect_section(options)?], options.common.json)
}

pub(super) fn echo(options: &EchoOptions) -> Result<(), Failure> {
    print(&[echo_section(options)?], options.common.json)
}

pub(super) fn growth(options: &GrowthOptions) -> Result<(), Failure> {
    print(&growth_sections(options)?, options.common.json)
}

/// Measures what the targets table asks for, one part after the other.
pub(super) fn all(options: &AllOptions) -> Result<(), Failure> {
    let common = &options.common;
    let fanout = |connections, in_flight| FanoutOptions {
        common: common.clone(),
        connections,
        rooms: 1,
        idle_rooms: 0,
        payload: 128,
        in_flight,
        rate: None,
        publications: None,
        compressed: false,
    };
    let compressed = FanoutOptions { payload: 512, compressed: true, ..fanout(1_000, 1) };
    let alone = Common { peer: Vec::new(), against: Vec::new(), ..common.clone() };
    let mut sections = vec![
        fanout_section(&fanout(1_000, 1))?,
        fanout_section(&fanout(10_000, 1))?,
        fanout_section(&fanout(1_000, 8))?,
        fanout_section(&fanout(10_000, 8))?,
        fanout_section(&compressed)?,
        idle_section(&IdleOptions { common: common.clone(), connections: 10_000, rooms: 100 })?,
        connect_section(&ConnectOptions { common: common.clone(), connections: 1_000, at_once: 64 })?,
    ];
    sections.extend(growth_sections(&GrowthOptions {
        common: alone,
        connections: vec![1_000, 5_000, 10_000, 19_000],
        rooms: vec![1, 1_000, 100_000],
    })?);
    print(&sections, common.json)
}

fn fanout_section(options: &FanoutOptions) -> Result<Section, Failure> {
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
        let deflating = all.iter().filter(|plan| matches!(plan.server, Server::Campanile { .. }));
        let mut deflating: Vec<Plan> = deflating.cloned().collect();
        for plan in &mut deflating {
            plan.name.push_str(" deflate");
            plan.load.compressed = true;
        }
        all.splice(0..0, deflating);
    }
    let members = options.connections / load.rooms;
    let publications = options.publications.unwrap_or_else(|| publications(members, load.in_flight));
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
    Ok(section(title, "delivery", rows, &first_to_others(all.len())))
}

/// Returns enough publications for about 60,000 deliveries, in whole bursts.
fn publications(members: usize, in_flight: usize) -> usize {
    (60_000 / members.max(1)).clamp(6, 5_000).div_ceil(in_flight) * in_flight
}

fn publish_rows(
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

fn first_to_others(count: usize) -> Vec<(usize, usize)> {
    (1..count).map(|other| (0, other)).collect()
}

fn idle_section(options: &IdleOptions) -> Result<Section, Failure> {
    let load = Load { rooms: options.rooms.max(1), ..Load::default() };
    let mut table = Table::new([
        "server",
        "KB before",
        "bytes/connection",
        "first half",
        "second half",
        "Pss/connection",
    ]);
    let (first, second) = (options.connections / 2, options.connections - options.connections / 2);
    let mut rows = Vec::new();
    for plan in plans(&options.common, &load)? {
        let mut session = Session::start(&plan)?;
        let none = session.memory()?;
        session.slice(Order::Open(first))?;
        let half = session.memory()?;
        session.slice(Order::Open(second))?;
        let all = session.memory()?;
        let each = |after: u64, before: u64, connections: usize| {
            (after as f64 - before as f64) / connections.max(1) as f64
        };
        let whole = each(all.private_dirty, none.private_dirty, options.connections);
        let halves = [
            each(half.private_dirty, none.private_dirty, first),
            each(all.private_dirty, half.private_dirty, second),
        ];
        let proportional = each(all.proportional, none.proportional, options.connections);
        let mut cells = vec![plan.name.clone(), (none.private_dirty / 1024).to_string()];
        cells.extend([whole, halves[0], halves[1], proportional].map(|each| format!("{each:.0}")));
        table.row(cells);
        rows.push(json!({
            "name": plan.name, "memory": [none, half, all], "connections": options.connections,
            "private_dirty_each": whole, "pss_each": proportional,
        }));
    }
    let title = format!(
        "Idle: {} connections with one subscription each, over {} rooms",
        options.connections, load.rooms
    );
    let json = json!({"title": title, "rows": rows});
    let notes = vec!["Private dirty memory; the kernel's own of about 4 KB a socket is not in it.".into()];
    Ok(Section { title, table, notes, json })
}

fn connect_section(options: &ConnectOptions) -> Result<Section, Failure> {
    let load =
        Load { at_once: options.at_once.max(1), purpose: Purpose::Greet, ..Load::default() };
    let all = plans(&options.common, &load)?;
    let open = vec![Order::Open(options.connections); all.len()];
    let mut sessions = start_all(&all, &vec![Order::Open(100); all.len()])?;
    let slices = rounds(&mut sessions, &open, options.common.rounds)?;
    let rows = all.iter().zip(&slices).map(|(plan, slices)| Row::new(&plan.name, slices)).collect();
    let title = format!(
        "Connect and bootstrap: {} connections × {} rounds, {} at once",
        options.connections, options.common.rounds, load.at_once
    );
    Ok(section(title, "connection", rows, &first_to_others(all.len())))
}

fn echo_section(options: &EchoOptions) -> Result<Section, Failure> {
    let load =
        Load { payload_bytes: options.payload, purpose: Purpose::Echo, ..Load::default() };
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
    let rows = all.iter().zip(&slices).map(|(plan, slices)| Row::new(&plan.name, slices)).collect();
    let title = format!(
        "Echo: {} connections, {} bytes (campanile: ping and pong), {} messages × {} rounds",
        options.connections, options.payload, options.messages, common.rounds
    );
    Ok(section(title, "message", rows, &first_to_others(all.len())))
}

/// Measures all sizes in turn, so that the sizes can be compared within each round.
fn growth_sections(options: &GrowthOptions) -> Result<Vec<Section>, Failure> {
    let by_connections = sizes(options, &options.connections, "connections", |size| {
        (Load::default(), size)
    })?;
    let by_rooms = sizes(options, &options.rooms, "rooms", |size| {
        let idle_rooms = size.saturating_sub(1);
        (Load { idle_rooms, idle_rooms_over: 1_000, ..Load::default() }, 1_000)
    })?;
    Ok(vec![by_connections, by_rooms])
}

fn sizes(
    options: &GrowthOptions,
    sizes: &[usize],
    what: &str,
    load_and_connections: impl Fn(usize) -> (Load, usize),
) -> Result<Section, Failure> {
    let (mut all, mut connections, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for &size in sizes {
        let (load, count) = load_and_connections(size);
        for mut plan in plans(&options.common, &load)? {
            plan.name = format!("{} {size}", plan.name);
            all.push(plan);
            connections.push(count);
            counts.push(publications(count, 1));
        }
    }
    let rows = publish_rows(&all, &connections, &counts, &options.common)?;
    let servers = all.len() / sizes.len().max(1);
    let mut pairs: Vec<(usize, usize)> =
        (servers..all.len()).map(|row| (row, row % servers)).collect();
    if servers > 1 {
        pairs.extend((0..sizes.len()).map(|size| (size * servers, size * servers + 1)));
    }
    let title = format!("Growth: {what} from {sizes:?}, 128 bytes, one publication in flight");
    Ok(section(title, "delivery", rows, &pairs))
}
