//! Measures the store: adds per second, a replay of 100,000 active entries, overlap queries.
//!
//!     cargo run --release -p campanile-scram --example store_measure -- sqlite:/tmp/measure.db
#![expect(clippy::print_stdout, reason = "it answers on the terminal")]

use campanile_scram::cidr::Network;
use campanile_scram::database;
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::entries::{Find, NewEntry};
use campanile_scram::store::pages::PageNumber;
use campanile_scram::store::{Author, Store};
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many entries there are in the end.
const ENTRIES: u32 = 100_000;

/// How many adds are measured, by so many writers at once.
const ADDS: u32 = 4000;
const WRITERS: u32 = 16;

#[tokio::main]
async fn main() -> Outcome {
    let url = std::env::args().nth(1).ok_or("which database? Name its URL, of an empty one.")?;
    let database = database::open(&url, WRITERS).await?;
    let store = Store::new(database, "measure", PrefixLimits { v4: 0, v6: 0 });
    for writers in [1, WRITERS] {
        let began = Instant::now();
        adds(&store, writers).await?;
        let rate = f64::from(ADDS) / began.elapsed().as_secs_f64();
        println!("{writers} at once: {rate:.0} adds/s");
    }
    fill(&store).await?;
    replay(&store).await?;
    for text in ["192.0.2.9", "10.0.0.0/24", "2001:db8::9"] {
        overlap(&store, text).await?;
    }
    page(&store).await
}

async fn adds(store: &Store, writers: u32) -> Outcome {
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..ADDS / writers {
                let number = (writers << 20) + (writer << 14) + number;
                let address = Ipv4Addr::from_bits((198 << 24) + number);
                add(&store, &address.to_string()).await?;
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn add(store: &Store, network: &str) -> Outcome {
    let wanted = NewEntry {
        network: Network::parse_strict(network)?,
        action_type: "block".to_owned(),
        comment: "measured".to_owned(),
        expiration: None,
        who: None,
    };
    let author = Author { user: Some("ada".to_owned()), may_write: true, client: None };
    store.add(&wanted, &author).await?;
    Ok(())
}

/// Half of IPv4, half of IPv6; by the statements of the database alone, since this is not measured.
async fn fill(store: &Store) -> Outcome {
    use campanile_scram::entities::route;
    use sea_orm::ActiveValue::{NotSet, Set};
    use sea_orm::{ConnectionTrait, EntityTrait};
    for begin in (0..ENTRIES).step_by(500) {
        let transaction = store.database().write().await?;
        let networks = (begin..begin + 500).map(|number| {
            let v4 = Ipv4Addr::from_bits((10 << 24) + number).to_string();
            let v6 = Ipv6Addr::from_bits((0x2001_0db8 << 96) + u128::from(number)).to_string();
            Network::parse_strict(if number % 2 == 0 { &v4 } else { &v6 })
        });
        let rows = networks.map(|network| {
            let network = network.expect("it is a network");
            route::ActiveModel {
                id: NotSet,
                cidr: Set(network.to_string()),
                family: Set(network.family().number()),
                first: Set(network.first().to_vec()),
                last: Set(network.last().to_vec()),
                prefix: Set(network.prefix().into()),
            }
        });
        route::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
    }
    let made = "'2026-01-01T00:00:00+00:00', '9999-12-31T00:00:00+00:00'";
    let entries = format!(
        "INSERT INTO entry (route_id, action_type_id, comment, made, expiration)
         SELECT id, 1, 'filled', {made} FROM route WHERE id NOT IN (SELECT route_id FROM entry)"
    );
    store.database().read().execute_unprepared(&entries).await?;
    store.database().read().execute_unprepared("ANALYZE").await?;
    Ok(())
}

async fn replay(store: &Store) -> Outcome {
    let (began, mut after, mut count) = (Instant::now(), 0, 0);
    loop {
        let networks = store.active_networks(1, after, 1000).await?;
        let Some((last, _)) = networks.last() else { break };
        (after, count) = (*last, count + networks.len());
    }
    println!("replay of {count} networks: {:.0} ms", milliseconds(began.elapsed()));
    Ok(())
}

async fn overlap(store: &Store, text: &str) -> Outcome {
    let network = Network::parse_strict(text)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let _ = store.find(Find::Overlapping(network)).await;
        times.push(began.elapsed());
    }
    times.sort();
    let (median, most) = (milliseconds(times[100]), milliseconds(times[197]));
    println!("overlap with {text}: median {median:.2} ms, 99 % within {most:.2} ms");
    Ok(())
}

async fn page(store: &Store) -> Outcome {
    for number in [1, 1000] {
        let began = Instant::now();
        let page = store.active_entries(PageNumber { number, size: 100 }).await?;
        let count = page.map_or(0, |page| page.count);
        println!("page {number} of {count}: {:.1} ms", milliseconds(began.elapsed()));
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
