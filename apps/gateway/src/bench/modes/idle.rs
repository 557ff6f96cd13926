//! The memory of connections that only listen.

use serde_json::json;

use super::super::arguments::IdleOptions;
use super::super::failure::Failure;
use super::super::orchestrator::{Session, plans};
use super::super::plan::{Load, Order};
use super::super::proc::Memory;
use super::super::report::Section;
use super::super::table::Table;
use super::with_variant;

pub(super) fn idle_section(options: &IdleOptions) -> Result<Section, Failure> {
    let load = Load { rooms: options.rooms.max(1), ..Load::default() };
    let mut table = Table::new([
        "server",
        "KB empty",
        "KB warm",
        "bytes/connection",
        "first half",
        "second half",
        "Pss/connection",
    ]);
    let (first, second) = (options.connections / 2, options.connections - options.connections / 2);
    let mut rows = Vec::new();
    let mut all = plans(&options.common, &load)?;
    if options.tls {
        with_variant(&mut all, "tls", |load| load.tls = true);
    }
    for plan in all {
        let mut session = Session::start(&plan)?;
        let empty = session.memory()?;
        session.slice(Order::Open(options.warm_up))?;
        let warm = session.memory()?;
        session.slice(Order::Open(first))?;
        let half = session.memory()?;
        session.slice(Order::Open(second))?;
        let all = session.memory()?;
        let each = |after: u64, before: u64, connections: usize| {
            (after as f64 - before as f64) / connections.max(1) as f64
        };
        let whole = each(all.private_dirty, warm.private_dirty, options.connections);
        let halves = [
            each(half.private_dirty, warm.private_dirty, first),
            each(all.private_dirty, half.private_dirty, second),
        ];
        let proportional = each(all.proportional, warm.proportional, options.connections);
        let kilobytes = |memory: &Memory| (memory.private_dirty / 1024).to_string();
        let mut cells = vec![plan.name.clone(), kilobytes(&empty), kilobytes(&warm)];
        cells.extend([whole, halves[0], halves[1], proportional].map(|each| format!("{each:.0}")));
        table.row(cells);
        rows.push(json!({
            "name": plan.name, "memory": [empty, warm, half, all], "warm_up": options.warm_up, "connections": options.connections,
            "private_dirty_each": whole, "pss_each": proportional,
        }));
    }
    let title = format!(
        "Idle: {} connections with one subscription each, over {} rooms, after {} to warm up",
        options.connections, load.rooms, options.warm_up
    );
    let json = json!({"title": title, "rows": rows});
    let notes =
        vec!["Private dirty memory; the kernel's own of about 4 KB a socket is not in it.".into()];
    Ok(Section { title, table, notes, json })
}
