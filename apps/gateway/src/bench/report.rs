//! From slices to medians, ratios, a table and JSON.

use std::fs;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::deliveries::Latencies;
use super::failure::{Doing, Failure};
use super::plan::{Faults, Slice};
use super::table::Table;

/// A finished part of a benchmark.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) table: Table,
    /// What stands under the table.
    pub(super) notes: Vec<String>,
    pub(super) json: Value,
}

/// Prints sections to standard output.
pub(super) fn print(sections: &[Section], as_json: bool) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = if as_json {
        let sections: Vec<&Value> = sections.iter().map(|section| &section.json).collect();
        let command: Vec<String> = std::env::args().skip(1).collect();
        let whole = json!({
            "command": format!("campanile {}", command.join(" ")),
            "version": env!("CARGO_PKG_VERSION"),
            "machine": machine(),
            "sections": sections,
        });
        writeln!(output, "{whole:#}")
    } else {
        sections.iter().try_for_each(|section| {
            writeln!(output, "{}\n\n{}", section.title, section.table)?;
            section.notes.iter().try_for_each(|note| writeln!(output, "{note}"))?;
            writeln!(output)
        })
    };
    written.doing("print the result")
}

/// What was measured of one server.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) operations: u64,
    /// Median, least and most of the rounds; none when the server is not ours.
    pub(super) cpu_us: Option<Spread>,
    pub(super) operations_per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) p999_us: f64,
    pub(super) p100_us: f64,
    pub(super) bytes_each: f64,
    pub(super) faults: Faults,
    /// CPU of each round, in microseconds for one operation.
    pub(super) rounds_cpu_us: Vec<f64>,
}

impl Row {
    pub(super) fn new(name: &str, slices: &[Slice]) -> Self {
        let mut latencies = Latencies::new();
        let mut faults = Faults::default();
        for slice in slices {
            latencies.add(&slice.latencies);
            faults.add(slice.faults);
        }
        let operations: u64 = slices.iter().map(|slice| slice.operations).sum();
        let elapsed_ns: u64 = slices.iter().map(|slice| slice.elapsed_ns).sum();
        let bytes: u64 = slices.iter().map(|slice| slice.bytes).sum();
        let rounds_cpu_us: Vec<f64> = slices.iter().filter_map(cpu_us).collect();
        Self {
            name: name.to_owned(),
            operations,
            cpu_us: Spread::of(&rounds_cpu_us),
            operations_per_second: operations as f64 / (elapsed_ns.max(1) as f64 / 1e9),
            p50_us: latencies.quantile_us(0.5),
            p99_us: latencies.quantile_us(0.99),
            p999_us: latencies.quantile_us(0.999),
            p100_us: latencies.quantile_us(1.0),
            bytes_each: bytes as f64 / operations.max(1) as f64,
            faults,
            rounds_cpu_us,
        }
    }
}

fn cpu_us(slice: &Slice) -> Option<f64> {
    let cpu_ns = slice.cpu_ns?;
    (slice.operations > 0).then(|| cpu_ns as f64 / slice.operations as f64 / 1e3)
}

/// A median between the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Returns none for no values.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        } else {
            sorted[middle]
        };
        Some(Self { median, least, most })
    }

    /// Returns how many times `to` each of `of` is, round by round: both were slowed alike.
    pub(super) fn of_ratios(of: &[f64], to: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
        Self::of(&ratios)
    }
}

/// Makes a section of `rows`; `operation` is what was done, and `pairs` are the rows to compare.
pub(super) fn section(
    title: String,
    operation: &str,
    rows: &[Row],
    pairs: &[(usize, usize)],
) -> Section {
    let per = format!("CPU µs/{operation}");
    let mut table = Table::new([
        "server",
        &per,
        "least",
        "most",
        "per second",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "most µs",
        "bytes",
        "lost",
        "doubled",
        "disordered",
    ]);
    for row in rows {
        let cpu = |pick: fn(&Spread) -> f64| {
            row.cpu_us.as_ref().map_or("–".to_owned(), |spread| format!("{:.2}", pick(spread)))
        };
        let latencies = [row.p50_us, row.p99_us, row.p999_us, row.p100_us];
        let faults = [row.faults.lost, row.faults.duplicated, row.faults.out_of_order];
        let mut cells = vec![row.name.clone(), cpu(|cpu| cpu.median), cpu(|cpu| cpu.least)];
        cells.extend([cpu(|cpu| cpu.most), format!("{:.0}", row.operations_per_second)]);
        cells.extend(latencies.map(|latency| format!("{latency:.0}")));
        cells.push(format!("{:.0}", row.bytes_each));
        cells.extend(faults.map(|fault| fault.to_string()));
        table.row(cells);
    }
    let mut notes = Vec::new();
    let mut ratios = Vec::new();
    for &(of, to) in pairs {
        let (of, to) = (&rows[of], &rows[to]);
        let Some(ratio) = Spread::of_ratios(&of.rounds_cpu_us, &to.rounds_cpu_us) else {
            continue;
        };
        notes.push(format!(
            "{} / {}: {:.2} (rounds {:.2} to {:.2})",
            of.name, to.name, ratio.median, ratio.least, ratio.most
        ));
        ratios.push(json!({"of": of.name, "to": to.name, "cpu": ratio}));
    }
    let json = json!({"title": title, "operation": operation, "rows": rows, "ratios": ratios});
    Section { title, table, notes, json }
}

/// Names the machine: numbers of two machines cannot be compared.
fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    json!({
        "cpu": model.map(|(_, name)| name.trim()),
        "cores": super::affinity::cores(),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}
