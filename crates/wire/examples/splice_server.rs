//! Proves the splice against other implementations: `splice_server [ADDRESS]`.
//!
//! To everyone who connects it sends each of 200 texts twice, first plain and then compressed: put
//! together from private ends and blocks compressed once, in one history with all before it. The
//! scripts in `tests/interop` compare them. The path is the number of window bits to keep to.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example brings a socket and a clock"
)]
#![expect(clippy::print_stdout, reason = "the scripts read the address there")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use campanile_wire::deflate::{Agreed, Deflater, Settings, Shared, WINDOW_BITS_MAX};
use campanile_wire::handshake::{Limits, RequestHead, ServerHandshake};
use campanile_wire::{Config, Head, OpCode, Scratch, WebSocket};

const MESSAGES: usize = 200;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    for socket in listener.incoming() {
        let socket = socket?;
        std::thread::spawn(move || {
            if let Err(error) = serve(socket) {
                eprintln!("a connection broke: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut socket: TcpStream) -> io::Result<()> {
    let head = receive_head(&mut socket)?;
    let bits = head.target().trim_start_matches('/').parse().unwrap_or(WINDOW_BITS_MAX);
    let settings = Settings {
        server_context_takeover: true,
        client_context_takeover: true,
        server_max_window_bits: bits,
        ..Settings::default()
    };
    let mut output = Vec::new();
    let upgrade = head.upgrade().map_err(io::Error::other)?;
    let answer = upgrade.answer(&[], Some(&settings));
    answer.append(&mut output);
    let agreed = answer.deflate.ok_or_else(|| io::Error::other("compression was declined"))?;
    if agreed.server_no_context_takeover {
        return Err(io::Error::other("the client wants no context takeover, which proves little"));
    }
    append_messages(agreed, &mut output);
    socket.write_all(&output)?;
    close(socket, agreed)
}

fn receive_head(socket: &mut TcpStream) -> io::Result<RequestHead> {
    let mut handshake = ServerHandshake::new(&Limits::default());
    let mut input = [0; 4096];
    loop {
        let count = socket.read(&mut input)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((head, _)) = handshake.receive(&input[..count]).map_err(io::Error::other)? {
            return Ok(head);
        }
    }
}

fn append_messages(agreed: Agreed, output: &mut Vec<u8>) {
    let mut deflater = Deflater::new(agreed.server_max_window_bits, 6);
    for number in 0..MESSAGES {
        let (prefix, data, suffix) = parts(number);
        let text = [prefix.as_str(), &data, &suffix].concat();
        output.extend_from_slice(Head::new(OpCode::Text, false, text.len(), None).as_bytes());
        output.extend_from_slice(text.as_bytes());

        if number % 10 == 9 {
            // An ordinary message between spliced ones: right as long as it needs no history.
            deflater.reset();
            let mut payload = Vec::new();
            deflater.compress_message(&[text.as_bytes()], &mut payload);
            output.extend_from_slice(Head::new(OpCode::Text, true, payload.len(), None).as_bytes());
            output.extend_from_slice(&payload);
        } else {
            let shared = Shared::compress(&[data.as_bytes()], &mut deflater);
            let bytes = shared.message_bytes(prefix.len(), suffix.len());
            output.extend_from_slice(Head::new(OpCode::Text, true, bytes, None).as_bytes());
            shared.append(prefix.as_bytes(), suffix.as_bytes(), output);
        }
    }
}

/// Makes what comes before the shared data, that, and what comes after it, of all lengths.
fn parts(number: usize) -> (String, String, String) {
    let animals = ["penguin", "wolf", "zebra", "okapi", "größer", "🦉"];
    let prefix =
        format!(r#"{{"connection":{number},"#).repeat(usize::from(number.is_multiple_of(3)));
    let mut data = format!(r#"{{"type":"publish","data":{{"number":{number},"animals":["#);
    for place in 0..number * number % 997 {
        data.push_str(animals[(place * place + number) % animals.len()]);
    }
    data.push_str("]}");
    let suffix = match number % 50 {
        7 => String::new(),
        8 => format!(r#","requestId":"{}"}}"#, "x".repeat(70_000)),
        _ => format!(r#","requestId":"{}"}}"#, number * 7919),
    };
    (prefix, data, suffix)
}

/// Lets the client close.
fn close(mut socket: TcpStream, agreed: Agreed) -> io::Result<()> {
    let mut websocket = WebSocket::new(&Arc::new(Config::default()), Some(agreed), Instant::now());
    let (mut scratch, mut input, mut output) = (Scratch::new(), [0; 4096], Vec::new());
    while !websocket.should_hang_up() {
        match socket.read(&mut input)? {
            0 => websocket.end_of_stream(),
            count => drop(websocket.receive(&mut input[..count], &mut scratch, Instant::now())),
        }
        websocket.poll_output(&mut output);
        socket.write_all(&output)?;
        output.clear();
    }
    Ok(())
}
