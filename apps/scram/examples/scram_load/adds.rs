//! Adds per second over HTTP, each told to a translator once.

use crate::http::Connection;
use crate::program::{Postgres, Program};
use crate::translator::Translator;
use crate::{Outcome, within};
use campanile_scram::database;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// For how long entries are added.
const ADDING: Duration = Duration::from_secs(30);

/// How long after the last add the translator may still hear of them.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn measure(url: &str, connections: u32) -> Outcome {
    let database = database::open(url, 2).await?;
    let postgres = Postgres::of(&database).await?;
    let server = Program::start(url).await?;
    latency(&server).await?;
    let mut translator = Translator::connect(server.address).await?;
    translator.hear("sync_end").await?;
    let heard = tokio::spawn(listen(translator));
    let (server_before, postgres_before) = (server.cpu(), postgres.cpu());
    let (times, slowest) = adds(&server, connections).await?;
    let ended = Instant::now();
    let added = times.len();
    let each = |seconds: f64| seconds * 1000.0 / times.len() as f64;
    println!(
        "{added} adds by {connections} connections in {} s: {:.0} adds/s, {slowest} in the slowest second",
        ADDING.as_secs(),
        times.len() as f64 / ADDING.as_secs_f64(),
    );
    println!(
        "an add: median {:.1} ms, 99 % within {:.1} ms",
        within(&times, 50),
        within(&times, 99)
    );
    println!(
        "CPU of an add: server {:.2} ms, PostgreSQL {:.2} ms; the server has {} MiB",
        each(server.cpu() - server_before),
        each(postgres.cpu() - postgres_before),
        server.memory("VmRSS:")?
    );
    await_all(&server, &heard, ended).await?;
    let heard = heard.await??;
    let twice = heard.values().filter(|times| **times > 1).count();
    println!("told to the translator: {} networks, {twice} of them more than once", heard.len());
    if heard.len() == added && twice == 0 { Ok(()) } else { Err("not each was told once".into()) }
}

/// Adds for a while; returns how long each took, sorted, and how many the slowest second had.
async fn adds(server: &Program, connections: u32) -> Outcome<(Vec<Duration>, u32)> {
    let count = Arc::new(AtomicU32::new(0));
    let end = Instant::now() + ADDING;
    let tasks: Vec<JoinHandle<Outcome<Vec<Duration>>>> = (0..connections)
        .map(|connection| {
            let (address, token) = (server.address, server.token.clone());
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut connection = (Connection::open(address, &token).await?, connection);
                let mut times = Vec::new();
                while Instant::now() < end {
                    let number = u32::try_from(times.len())?;
                    times.push(add(&mut connection.0, (connection.1 << 16) + number).await?);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(times)
            })
        })
        .collect();
    let mut slowest = u32::MAX;
    for _ in 0..ADDING.as_secs() {
        let before = count.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        slowest = slowest.min(count.load(Ordering::Relaxed) - before);
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort();
    Ok((times, slowest))
}

async fn add(connection: &mut Connection, number: u32) -> Outcome<Duration> {
    let network = Ipv4Addr::from_bits((11 << 24) + number);
    let body = format!(r#"{{"route":"{network}","comment":"measured"}}"#);
    let began = Instant::now();
    let answer = connection.ask("POST", "/api/v1/entries/", &body).await?;
    if !answer.status.starts_with("HTTP/1.1 201 ") {
        return Err(format!("{}{}", answer.status, answer.body).into());
    }
    Ok(began.elapsed())
}

/// How often a translator was told of each network, until it is told that of [`LAST`].
async fn listen(mut translator: Translator) -> Outcome<HashMap<String, u32>> {
    let mut heard = HashMap::new();
    loop {
        let frame = translator.next().await?;
        if frame.contains(LAST) {
            return Ok(heard);
        }
        if let Some((_, rest)) = frame.split_once("\"11.") {
            let network = rest.split('"').next().unwrap_or_default();
            *heard.entry(network.to_owned()).or_default() += 1;
        }
    }
}

/// What is added after all others.
const LAST: &str = "198.51.100.99";

/// Adds the last one, and waits until the translator has heard of it.
async fn await_all<T>(server: &Program, heard: &JoinHandle<T>, ended: Instant) -> Outcome {
    let mut connection = Connection::open(server.address, &server.token).await?;
    let body = format!(r#"{{"route":"{LAST}","comment":"the last"}}"#);
    connection.ask("POST", "/api/v1/entries/", &body).await?;
    while !heard.is_finished() {
        if ended.elapsed() > PATIENCE {
            return Err("the translator has not heard of all".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("all told {:.0} ms after the last add", ended.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

/// How long it takes from an add to its frame where nothing else is to do.
async fn latency(server: &Program) -> Outcome {
    let mut translator = Translator::connect(server.address).await?;
    translator.hear("sync_end").await?;
    let mut connection = Connection::open(server.address, &server.token).await?;
    let mut times = Vec::new();
    for number in 0..200 {
        let network = Ipv4Addr::from_bits((198 << 24) + number).to_string();
        let body = format!(r#"{{"route":"{network}","comment":"alone"}}"#);
        let began = Instant::now();
        connection.ask("POST", "/api/v1/entries/", &body).await?;
        translator.hear(&network).await?;
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    times.sort();
    println!(
        "from an add to its frame, one at a time: median {:.1} ms, 99 % within {:.1} ms",
        within(&times, 50),
        within(&times, 99)
    );
    Ok(())
}
