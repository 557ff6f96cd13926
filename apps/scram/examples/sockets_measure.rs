//! Measures the sockets: a replay of 100,000 active entries with the server's memory, and how long it
//! takes from an add to its frame.
//!
//!     cargo build --release -p campanile-scram --bins
//!     cargo run --release -p campanile-scram --example sockets_measure -- sqlite:/tmp/measure.db
#![expect(clippy::print_stdout, reason = "it answers on the terminal")]

use campanile_scram::cidr::Network;
use campanile_scram::database;
use campanile_scram::entities::route;
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::entries::NewEntry;
use campanile_scram::store::{Author, Store};
use futures_util::StreamExt;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ConnectionTrait, EntityTrait};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const ENTRIES: u32 = 100_000;
const ADDS: u32 = 200;

#[tokio::main]
async fn main() -> Outcome {
    let url = std::env::args().nth(1).ok_or("which database? Name its URL, of an empty one.")?;
    let database = database::open(&url, 4).await?;
    let store = Store::new(database, "measure", PrefixLimits { v4: 0, v6: 0 });
    fill(&store).await?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Program::start(&url, address)?;
    for _ in 0..3 {
        replay(&server).await?;
    }
    latency(&store, address).await
}

/// The server, in a process of its own, which ends with this.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(url: &str, address: SocketAddr) -> Outcome<Program> {
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(|examples| examples.parent()).ok_or("no folder")?;
        let child = Command::new(folder.join("scram"))
            .arg("serve")
            .env("SCRAM_LISTEN", address.to_string())
            .env("SCRAM_DATABASE_URL", url)
            .env("SCRAM_TRANSLATOR_AUTH", "open")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(address).is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Program { child, address })
    }

    /// Returns a line of its status, in MiB.
    fn memory(&self, name: &str) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        let kilobytes = line.trim_matches(|it: char| !it.is_ascii_digit()).parse::<u64>()?;
        Ok(kilobytes / 1024)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn connect(address: SocketAddr) -> Outcome<WebSocketStream<TcpStream>> {
    let url = format!("ws://{address}/ws/route_manager/translator_block/");
    let mut request = url.into_client_request()?;
    let offer = HeaderValue::from_static("scram.v2");
    request.headers_mut().insert("Sec-WebSocket-Protocol", offer);
    Ok(client_async(request, TcpStream::connect(address).await?).await?.0)
}

/// Hears frames until one has this in it; returns how many these were.
async fn hear(socket: &mut WebSocketStream<TcpStream>, what: &str) -> Outcome<u32> {
    let mut count = 0;
    while let Some(message) = socket.next().await {
        count += 1;
        if message?.to_text()?.contains(what) {
            return Ok(count);
        }
    }
    Err("the server has closed".into())
}

async fn replay(server: &Program) -> Outcome {
    let before = server.memory("VmRSS:")?;
    let mut socket = connect(server.address).await?;
    hear(&mut socket, "sync_begin").await?;
    let began = Instant::now();
    let count = hear(&mut socket, "sync_end").await? - 1;
    let seconds = began.elapsed().as_secs_f64();
    let peak = server.memory("VmHWM:")?;
    println!("replay of {count}: {seconds:.2} s; server {before} MiB before, {peak} MiB at most");
    Ok(())
}

/// With SQLite what another process adds is seen once a second; with PostgreSQL it is told.
async fn latency(store: &Store, address: SocketAddr) -> Outcome {
    let mut socket = connect(address).await?;
    hear(&mut socket, "sync_end").await?;
    let mut times = Vec::new();
    for number in 0..ADDS {
        let network =
            Network::parse_strict(&Ipv4Addr::from_bits((198 << 24) + number).to_string())?;
        let began = Instant::now();
        let wanted = NewEntry {
            network,
            action_type: "block".to_owned(),
            comment: "measured".to_owned(),
            expiration: None,
            who: None,
        };
        let author = Author { user: Some("ada".to_owned()), may_write: true, client: None };
        store.add(&wanted, &author).await?;
        let committed = began.elapsed();
        hear(&mut socket, &network.to_string()).await?;
        times.push((began.elapsed(), committed));
    }
    times.sort();
    let median = |pick: fn(&(Duration, Duration)) -> Duration| {
        pick(&times[times.len() / 2]).as_secs_f64() * 1000.0
    };
    let most = times[times.len() * 99 / 100].0.as_secs_f64() * 1000.0;
    println!(
        "from an add to its frame: median {:.1} ms ({:.1} ms of them the add), 99 % within {most:.1} ms",
        median(|it| it.0),
        median(|it| it.1)
    );
    Ok(())
}

/// By the statements of the database alone, since this is not measured.
async fn fill(store: &Store) -> Outcome {
    for begin in (0..ENTRIES).step_by(500) {
        let transaction = store.database().write().await?;
        let rows = (begin..begin + 500).map(|number| {
            let text = Ipv4Addr::from_bits((10 << 24) + number).to_string();
            let network = Network::parse_strict(&text).expect("it is a network");
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
