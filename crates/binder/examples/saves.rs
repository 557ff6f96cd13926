//! Measures what a push costs whoever saves, with a gateway that is there, away, or frozen.
//!
//! ```text
//! cargo run --release -p campanile-binder --example saves --features sea-orm
//! ```

use axum::Router;
use axum::routing::post;
use campanile_binder::Publisher;
use campanile_binder::live::{LiveDb, Outbox};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, Database, DatabaseConnection, Schema, Set};
use std::error::Error;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

mod country {
    //! A country.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "country")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const SAVES: usize = 2_000;
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("campanile-saves-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let url = format!("sqlite:{}/saves.db?mode=rwc", folder.display());
    let database = Database::connect(&url).await?;
    let table = Schema::new(database.get_database_backend());
    database.execute(&table.create_table_from_entity(country::Entity)).await?;
    database.execute_unprepared("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").await?;

    Outbox::prepare(&database).await?;

    let there = TcpListener::bind("127.0.0.1:0").await?;
    let frozen = TcpListener::bind("127.0.0.1:0").await?;
    let away = TcpListener::bind("127.0.0.1:0").await?;
    let gateways = [("there", &there), ("away", &away), ("frozen", &frozen)];
    let gateways = gateways.map(|(name, listener)| (name, listener.local_addr()));
    drop(away);
    let router = Router::new().route("/trigger/", post(async || "publish success"));
    tokio::spawn(async { axum::serve(there, router).await });

    say(&format!("microseconds of each of {SAVES} inserts, the median of {ROUNDS} rounds"));
    say(&format!("{:<24} {:<8} {:>7} {:>7} {:>9}", "", "gateway", "p50", "p99", "lost"));
    let mut plain = Vec::new();
    for _ in 0..ROUNDS {
        plain.push(saves(&database).await?);
    }
    report("SeaORM", "", &mut plain, 0);
    for (name, address) in gateways {
        let url = format!("http://{}", address?);
        for with_outbox in [false, true] {
            measure(&database, name, &url, with_outbox).await?;
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn measure(
    database: &DatabaseConnection,
    name: &str,
    url: &str,
    with_outbox: bool,
) -> Result<(), Box<dyn Error>> {
    let publisher = Publisher::builder().http(url).start()?;
    let mut builder = LiveDb::wrap(database.clone(), publisher.clone()).watch::<country::Entity>();
    if with_outbox {
        builder = builder.outbox(Outbox::new());
    }
    let db = builder.build();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(saves(&db).await?);
    }
    let what = if with_outbox { "a push, by an outbox" } else { "a push" };
    report(what, name, &mut rounds, publisher.statistics().lost());
    drop(db);
    publisher.close(Duration::ZERO).await;
    database.execute_unprepared("DELETE FROM campanile_outbox").await?;
    Ok(())
}

/// Returns the median and the 99th percentile, in microseconds.
async fn saves(db: &impl ConnectionTrait) -> Result<(u128, u128), sea_orm::DbErr> {
    let mut times = Vec::with_capacity(SAVES);
    for _ in 0..SAVES {
        let country = country::ActiveModel { name: Set("Norway".to_owned()), ..Default::default() };
        let began = Instant::now();
        country.insert(db).await?;
        times.push(began.elapsed().as_micros());
    }
    times.sort_unstable();
    Ok((times[SAVES / 2], times[SAVES * 99 / 100]))
}

fn report(what: &str, gateway: &str, rounds: &mut [(u128, u128)], lost: u64) {
    rounds.sort_unstable();
    let (p50, p99) = rounds[rounds.len() / 2];
    say(&format!("{what:<24} {gateway:<8} {p50:>7} {p99:>7} {lost:>9}"));
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
