//! A client that echoes, for the Autobahn test suite's fuzzing server: `autobahn_client HOST:PORT`.
//!
//! `cargo xtask autobahn --client` runs it. It also shows the whole of a blocking client: a socket
//! of std, and a [`WebSocket`] that is told what came and asked what to send.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example brings a socket and a clock"
)]

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_wire::deflate::Settings;
use campanile_wire::handshake::{ClientHandshake, ClientRequest, Limits};
use campanile_wire::websocket::MaskKeys;
use campanile_wire::{Config, Event, Kind, Role, Scratch, WebSocket};

const AGENT: &str = "campanile-wire";

/// Case 9.1.6 sends 16 MiB in one message.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let cases = count_cases(&address)?;
    for case in 1..=cases {
        let target = format!("/runCase?case={case}&agent={AGENT}");
        let ended = Client::connect(&address, &target).map(Client::echo);
        if let Err(error) = ended {
            eprintln!("case {case} of {cases}: {error}");
        }
    }
    Client::connect(&address, &format!("/updateReports?agent={AGENT}"))?.echo();
    Ok(())
}

fn count_cases(address: &str) -> io::Result<u32> {
    let mut client = Client::connect(address, "/getCaseCount")?;
    let mut count = None;
    client.run(|_, message| count = String::from_utf8_lossy(message).trim().parse().ok());
    count.ok_or_else(|| io::Error::other("the server did not say how many cases it has"))
}

/// A connection: the socket, and the protocol on it.
struct Client {
    socket: TcpStream,
    websocket: WebSocket,
    scratch: Scratch,
    output: Vec<u8>,
    /// What came right behind the handshake.
    early: Vec<u8>,
}

impl Client {
    fn connect(address: &str, target: &str) -> io::Result<Client> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        // That the client can do without its history is said too, as some cases want it to.
        let takeover = Settings { server_context_takeover: true, ..Settings::default() };
        let request = ClientRequest {
            host: address,
            target,
            protocols: &[],
            headers: &[],
            deflate: Some(takeover),
            key: random_bytes(),
        };
        let mut output = Vec::new();
        let mut handshake = ClientHandshake::new(&request, &Limits::default(), &mut output)
            .map_err(|error| io::Error::other(error.to_string()))?;
        socket.write_all(&output)?;
        let mut input = [0; 4096];
        loop {
            let came = match socket.read(&mut input)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => &input[..count],
            };
            let opened = handshake.receive(came);
            let opened = opened.map_err(|error| io::Error::other(error.to_string()))?;
            if let Some((accepted, early)) = opened {
                let websocket = WebSocket::new(&config(), accepted.deflate, Instant::now());
                let (scratch, early) = (Scratch::new(), early.to_vec());
                return Ok(Client { socket, websocket, scratch, output: Vec::new(), early });
            }
        }
    }

    /// Sends back every message, until the server closes.
    fn echo(mut self) {
        self.run(|_, _| {});
    }

    /// Shows `look` every message, and sends each back, until the server closes.
    fn run(&mut self, mut look: impl FnMut(Kind, &[u8])) {
        let mut input = std::mem::take(&mut self.early);
        let early_bytes = input.len();
        input.resize(64 << 10, 0);
        self.take_in(&mut input[..early_bytes], &mut look);
        while !self.websocket.should_hang_up() {
            match self.socket.read(&mut input) {
                Ok(0) | Err(_) => self.websocket.end_of_stream(),
                Ok(count) => self.take_in(&mut input[..count], &mut look),
            }
        }
        // The server may have gone first.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn take_in(&mut self, input: &mut [u8], look: &mut impl FnMut(Kind, &[u8])) {
        let mut messages = Vec::new();
        let mut received = self.websocket.receive(input, &mut self.scratch, Instant::now());
        while let Some(event) = received.next() {
            match event {
                Event::Text(text) => messages.push((Kind::Text, text.as_bytes().to_vec())),
                Event::Binary(bytes) => messages.push((Kind::Binary, bytes.to_vec())),
                _ => {}
            }
        }
        drop(received);
        for (kind, message) in messages {
            look(kind, &message);
            let Self { websocket, scratch, output, .. } = self;
            // What came right before the end can still be answered; what comes after a close of ours cannot.
            let _ = websocket.send(kind, &[&message], scratch, output);
        }
        self.websocket.poll_output(&mut self.output);
        // A server that has closed already wants no answer to its close.
        if self.socket.write_all(&self.output).is_err() {
            self.websocket.end_of_stream();
        }
        self.output.clear();
    }
}

fn config() -> Arc<Config> {
    Arc::new(Config {
        role: Role::Client,
        frame_bytes_max: MESSAGE_BYTES_MAX as u64,
        message_bytes_max: MESSAGE_BYTES_MAX,
        close_within: Duration::from_secs(5),
        mask_keys: MaskKeys::new(random_bytes()),
        ..Config::default()
    })
}

/// Returns bytes that differ from call to call: good enough against a test suite, not against an
/// adversary.
fn random_bytes() -> [u8; 16] {
    let [one, other] = [RandomState::new().hash_one(0), RandomState::new().hash_one(1)];
    (u128::from(one) << 64 | u128::from(other)).to_ne_bytes()
}
