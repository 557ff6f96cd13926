//! Conversations talk through a server as fast as it lets them, and then at a rate: how many messages
//! a second are stored and delivered, how long one takes to the other side, what an open chat costs.
//!
//! ```text
//! cargo run --release -p campanile-digi --example chat_load -- \
//!     --digi target/release/digi --python target/venv/bin/python
//! ```
//!
//! Each server has a PostgreSQL and a Redis of its own, which are started here, and runs on the first
//! core; this program is on the second.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "it prints what it measures")]

mod servers;
mod talking;

use clap::Parser;
use servers::Servers;
use std::path::PathBuf;
use std::time::Duration;

/// Measures DIGI beside a chat on Django Channels.
#[derive(Debug, Parser)]
struct Arguments {
    /// The binary of DIGI
    #[arg(long, default_value = "target/release/digi")]
    digi: PathBuf,
    /// A Python with channels, channels_redis, daphne and psycopg2; without, DIGI alone is measured
    #[arg(long)]
    python: Option<PathBuf>,
    /// How many conversations
    #[arg(long, default_value_t = 100)]
    conversations: usize,
    /// For how many seconds each part is measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many messages a second there are where it goes at a rate
    #[arg(long, default_value_t = 100)]
    rate: u32,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let arguments = Arguments::parse();
    let length = Duration::from_secs(arguments.seconds);
    println!(
        "{} conversations, {} s each part\n\n\
         | server | stored and delivered a second | p50 | p99 | at {} a second: p50 | p99 | memory of \
         an open chat |\n| --- | --- | --- | --- | --- | --- | --- |",
        arguments.conversations, arguments.seconds, arguments.rate
    );
    let mut servers = vec![Servers::digi(&arguments.digi, arguments.conversations).await];
    if let Some(python) = &arguments.python {
        servers.push(Servers::channels(python, arguments.conversations).await);
    }
    for server in servers {
        let before = server.memory_bytes();
        let mut chats = talking::open(&server).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let memory = (server.memory_bytes() - before) / chats.len() as f64;
        let full = talking::as_fast_as_it_goes(&mut chats, length).await;
        let paced = talking::at_a_rate(&mut chats, arguments.rate, length).await;
        println!(
            "| {} | {:.0} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms | {:.0} KiB |",
            server.name,
            full.len() as f64 / length.as_secs_f64(),
            percentile_ms(&full, 50),
            percentile_ms(&full, 99),
            percentile_ms(&paced, 50),
            percentile_ms(&paced, 99),
            memory / 1024.0
        );
    }
}

fn percentile_ms(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
