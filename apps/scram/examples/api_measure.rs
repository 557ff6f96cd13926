//! Measures the API: adds per second over HTTP, by connections that stay open, and how long after
//! the last of them the dispatcher has told of all.
//!
//!     cargo run --release -p campanile-scram --example api_measure -- postgres://user@host/empty
#![expect(clippy::print_stdout, reason = "it answers on the terminal")]

use campanile_accounts::NewUser;
use campanile_scram::server::Server;
use campanile_scram::settings::Settings;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: u32 = 16;
const ADDS: u32 = 16_000;

#[tokio::main]
async fn main() -> Outcome {
    let url = std::env::args().nth(1).ok_or("which database? Name its URL, of an empty one.")?;
    let settings = Settings::read(|name| match name {
        "SCRAM_DATABASE_URL" => Some(url.clone()),
        "SCRAM_DATABASE_CONNECTIONS" => Some((CONNECTIONS + 4).to_string()),
        "SCRAM_LISTEN" => Some("127.0.0.1:0".to_owned()),
        _ => None,
    });
    let server = Server::start(settings?).await?;
    let token = token(&server).await?;
    let began = Instant::now();
    let mut tasks = Vec::new();
    for connection in 0..CONNECTIONS {
        let (address, token) = (server.address(), token.clone());
        tasks.push(tokio::spawn(async move { adds(address, &token, connection).await }));
    }
    for task in tasks {
        task.await??;
    }
    let took = began.elapsed();
    let rate = f64::from(ADDS) / took.as_secs_f64();
    println!("{ADDS} adds by {CONNECTIONS} connections: {rate:.0} adds/s");
    let (store, instance) = (&server.app().store, &server.app().settings.instance);
    let began = Instant::now();
    while store.lag(instance).await? > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let events = store.last_event().await?;
    println!("{events} events, all told {:.0} ms later", began.elapsed().as_secs_f64() * 1000.0);
    server.shutdown().await;
    Ok(())
}

async fn token(server: &Server) -> Outcome<String> {
    let accounts = &server.app().accounts;
    let new = NewUser { is_superuser: true, ..NewUser::new("ada", "seven ravens fly") };
    let user = accounts.create_user(new).await?;
    Ok(accounts.token(user.id).await?)
}

async fn adds(address: SocketAddr, token: &str, connection: u32) -> Outcome {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    for number in 0..ADDS / CONNECTIONS {
        let network = Ipv4Addr::from_bits((198 << 24) + (connection << 16) + number);
        let body = format!(r#"{{"route":"{network}","comment":"measured"}}"#);
        let request = format!(
            "POST /api/v1/entries/ HTTP/1.1\r\nHost: measured\r\nAuthorization: Token {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).await?;
        let (status, length) = head(&mut stream).await?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        if !status.starts_with("HTTP/1.1 201 ") {
            return Err(format!("{status}{}", String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(())
}

/// Reads an answer's head: its first line, and how many bytes follow it.
async fn head(stream: &mut BufReader<TcpStream>) -> Outcome<(String, usize)> {
    let mut status = String::new();
    stream.read_line(&mut status).await?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            return Ok((status, length));
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
}
