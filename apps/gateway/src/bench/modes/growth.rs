//! Whether a delivery costs the same among many as among few.

use super::super::arguments::GrowthOptions;
use super::super::failure::Failure;
use super::super::orchestrator::plans;
use super::super::plan::Load;
use super::super::report::{Section, section};
use super::fanout::{publications, publish_rows};

/// Measures all sizes in turn, so that the sizes can be compared within each round.
pub(super) fn growth_sections(options: &GrowthOptions) -> Result<Vec<Section>, Failure> {
    let by_connections =
        sizes(options, &options.connections, "connections", |size| (Load::default(), size))?;
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
    Ok(section(title, "delivery", &rows, &pairs))
}
