//! The benchmarks: which servers, under what, compared with what.

mod fanout;
mod growth;
mod idle;
mod single;

use super::arguments::{
    AllOptions, Common, ConnectOptions, EchoOptions, FanoutOptions, GrowthOptions, IdleOptions,
};
use super::failure::Failure;
use super::plan::{Load, Plan, Server};
use super::report::print;
use fanout::fanout_section;
use growth::growth_sections;
use idle::idle_section;
use single::{connect_section, echo_section};

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
        tls: false,
    };
    let compressed = FanoutOptions { payload: 512, compressed: true, ..fanout(1_000, 1) };
    let alone = Common { peer: Vec::new(), against: Vec::new(), ..common.clone() };
    let mut sections = vec![
        fanout_section(&fanout(1_000, 1))?,
        fanout_section(&fanout(10_000, 1))?,
        fanout_section(&fanout(1_000, 8))?,
        fanout_section(&fanout(10_000, 8))?,
        fanout_section(&compressed)?,
        idle_section(&IdleOptions {
            common: common.clone(),
            connections: 10_000,
            warm_up: 2_000,
            rooms: 100,
            tls: true,
        })?,
        connect_section(&ConnectOptions {
            common: common.clone(),
            connections: 1_000,
            at_once: 64,
            tls: false,
        })?,
    ];
    sections.extend(growth_sections(&GrowthOptions {
        common: alone,
        connections: vec![1_000, 5_000, 10_000, 19_000],
        rooms: vec![1, 1_000, 100_000],
    })?);
    print(&sections, common.json)
}

/// Puts before the plans those of campanile once more, with another load.
fn with_variant(plans: &mut Vec<Plan>, name: &str, change: impl Fn(&mut Load)) {
    let plain = plans.iter().filter(|plan| matches!(plan.server, Server::Campanile { .. }));
    let mut variants: Vec<Plan> = plain.cloned().collect();
    for plan in &mut variants {
        plan.name = format!("{} {name}", plan.name);
        change(&mut plan.load);
    }
    plans.splice(0..0, variants);
}

/// Returns the pairs of plans to compare: each campanile with all after it, or, without one, the
/// first with the others.
fn campanile_to_others(plans: &[Plan]) -> Vec<(usize, usize)> {
    let is_campanile = |plan: &Plan| matches!(plan.server, Server::Campanile { .. });
    let compared = |of: usize| of == 0 || is_campanile(&plans[of]);
    let pairs = (0..plans.len()).filter(|of| compared(*of));
    pairs.flat_map(|of| (of + 1..plans.len()).map(move |to| (of, to))).collect()
}
