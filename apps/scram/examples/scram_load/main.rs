//! Measures a server, `scram serve` of the same build, from without: by its API, pages and sockets.
//!
//!     cargo build --release -p campanile-scram --bin scram --example scram_load
//!     target/release/examples/scram_load adds postgres://user@host/empty
//!     target/release/examples/scram_load full postgres://user@host/empty
//!     target/release/examples/scram_load full sqlite:/tmp/measure.db
//!
//! `adds` makes entries for half a minute by as many connections as the second number says (16), while a
//! translator counts what it is told. `full` fills the database with 100,000 active entries by
//! statements of its own, and measures replays and pages.
#![expect(clippy::print_stdout, reason = "it answers on the terminal")]

mod adds;
mod full;
mod http;
mod program;
mod translator;

use std::error::Error;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["adds", url] => adds::measure(url, 16).await,
        ["adds", url, connections] => adds::measure(url, connections.parse()?).await,
        ["full", url] => full::measure(url).await,
        _ => Err(
            "Write `scram_load adds URL` or `scram_load full URL`, with the URL of an empty database."
                .into(),
        ),
    }
}

/// Returns a time, of some that are sorted, within which this share of them was.
fn within(times: &[std::time::Duration], percent: usize) -> f64 {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}
