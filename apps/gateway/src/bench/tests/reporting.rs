//! The table and the medians.

use expect_test::expect;

use super::super::plan::{Faults, Slice};
use super::super::report::{Row, Spread, section};

fn slices(cpu_us: &[u64]) -> Vec<Slice> {
    let slice = |cpu_us: &u64| Slice {
        operations: 1_000,
        cpu_ns: Some(cpu_us * 1_000 * 1_000),
        elapsed_ns: 1_000_000_000,
        latencies: vec![(2_000, 999), (9_000, 1)],
        bytes: 172_000,
        faults: Faults::default(),
    };
    cpu_us.iter().map(slice).collect()
}

#[test]
fn a_section_is_an_aligned_table_with_its_ratios() {
    let rows =
        vec![Row::new("campanile", &slices(&[6, 8, 30])), Row::new("floor", &slices(&[4, 4, 10]))];
    let section = section("Fan-out".into(), "delivery", &rows, &[(0, 1)]);
    expect![[r"
        server     CPU µs/delivery  least   most  per second  p50 µs  p99 µs  p99.9 µs  most µs  bytes  lost  doubled  disordered
        campanile             8.00   6.00  30.00        1000       2       2         2        9    172     0        0           0
        floor                 4.00   4.00  10.00        1000       2       2         2        9    172     0        0           0
    "]]
    .assert_eq(&section.table.to_string());
    assert_eq!(section.notes, ["campanile / floor: 2.00 (rounds 1.50 to 3.00)"]);
    assert_eq!(section.json["ratios"][0]["cpu"]["median"], 2.0);
    assert_eq!(section.json["rows"][1]["name"], "floor");
}

#[test]
fn a_server_that_is_not_ours_has_no_cpu_and_no_ratio() {
    let mut foreign = slices(&[1]);
    foreign[0].cpu_ns = None;
    let rows = vec![Row::new("campanile", &slices(&[6])), Row::new("ws://x/", &foreign)];
    let section = section("Echo".into(), "message", &rows, &[(0, 1)]);
    let table = section.table.to_string();
    let foreign: Vec<&str> =
        table.lines().last().expect("it has rows").split_whitespace().collect();
    assert_eq!(foreign[..4], ["ws://x/", "–", "–", "–"]);
    assert!(section.notes.is_empty());
}

#[test]
fn a_median_lies_in_the_middle() {
    let median = |values: &[f64]| Spread::of(values).map(|spread| spread.median);
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    assert_eq!(median(&[]), None);
}
