//! 100,000 active entries: replays to a translator, and pages.

use crate::http::Connection;
use crate::program::Program;
use crate::translator::Translator;
use crate::{Outcome, within};
use campanile_scram::cidr::Network;
use campanile_scram::database::{self, Database};
use campanile_scram::entities::route;
use sea_orm::{ConnectionTrait, EntityTrait};
use std::net::Ipv4Addr;
use std::time::Instant;

const ENTRIES: u32 = 100_000;

/// How often each page is asked for.
const TIMES: u32 = 50;

/// What a person, and a program, looks at.
const PAGES: &[&str] = &[
    "/",
    "/entries/",
    "/entries/?page_block=1000",
    "/api/v1/entries/",
    "/api/v1/entries/?page=1000",
    "/api/v1/entries/10.0.200.7/",
    "/api/v1/is_active/?cidr=10.0.200.7",
    "/health/",
];

pub(crate) async fn measure(url: &str) -> Outcome {
    let database = database::open(url, 4).await?;
    fill(&database).await?;
    let server = Program::start(url).await?;
    println!("the server has {} MiB after its start", server.memory("VmRSS:")?);
    for _ in 0..5 {
        replay(&server).await?;
    }
    replays_at_once(&server).await?;
    for path in PAGES {
        page(&server, path).await?;
    }
    println!("the server has {} MiB at the end", server.memory("VmRSS:")?);
    Ok(())
}

async fn replay(server: &Program) -> Outcome {
    let (before, cpu) = (server.memory("VmRSS:")?, server.cpu());
    let began = Instant::now();
    let mut translator = Translator::connect(server.address).await?;
    translator.hear("sync_begin").await?;
    let count = translator.hear("sync_end").await? - 1;
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), server.cpu() - cpu);
    let peak = server.memory("VmHWM:")?;
    println!(
        "replay of {count}: {seconds:.2} s, {cpu:.2} s of it the server's CPU; {before} MiB before, {peak} MiB at most"
    );
    Ok(())
}

/// As when a server starts again, and all its translators come back.
async fn replays_at_once(server: &Program) -> Outcome {
    let began = Instant::now();
    let replays = (0..10).map(|_| async {
        let mut translator = Translator::connect(server.address).await?;
        translator.hear("sync_end").await
    });
    for count in futures_util::future::join_all(replays).await {
        count?;
    }
    let (seconds, peak) = (began.elapsed().as_secs_f64(), server.memory("VmHWM:")?);
    println!("10 replays at once: {seconds:.2} s; {peak} MiB at most");
    Ok(())
}

async fn page(server: &Program, path: &str) -> Outcome {
    let mut connection = Connection::open(server.address, &server.token).await?;
    let mut times = Vec::new();
    let mut length = 0;
    for _ in 0..TIMES {
        let began = Instant::now();
        let answer = connection.ask("GET", path, "").await?;
        times.push(began.elapsed());
        length = answer.body.len();
        if !answer.status.starts_with("HTTP/1.1 200 ") {
            return Err(format!("{path}: {}", answer.status).into());
        }
    }
    times.sort();
    let (median, most) = (within(&times, 50), within(&times, 95));
    println!("{path}: median {median:.1} ms, 95 % within {most:.1} ms; {length} bytes");
    Ok(())
}

/// By the statements of the database alone, since this is not measured.
async fn fill(database: &Database) -> Outcome {
    for begin in (0..ENTRIES).step_by(500) {
        let transaction = database.write().await?;
        let rows = (begin..begin + 500).map(|number| {
            let text = Ipv4Addr::from_bits((10 << 24) + number).to_string();
            let network = Network::parse_strict(&text).expect("it is a network");
            route::ActiveModel::from(&network)
        });
        route::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
    }
    let made = "'2026-01-01T00:00:00+00:00', '9999-12-31T00:00:00+00:00'";
    let entries = format!(
        "INSERT INTO entry (route_id, action_type_id, comment, made, expiration)
         SELECT id, 1, 'filled', {made} FROM route WHERE id NOT IN (SELECT route_id FROM entry)"
    );
    database.read().execute_unprepared(&entries).await?;
    database.read().execute_unprepared("ANALYZE").await?;
    Ok(())
}
