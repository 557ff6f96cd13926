//! Sends every message back: `cargo run --release -p campanile-manager --example echo -- 127.0.0.1:9001`
//!
//! The server that the Autobahn suite is run against. The opening handshake is done here, on a thread
//! for each client, by `wire` alone; then a loop takes the socket over.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use campanile_manager::wire::handshake::{Limits, ServerHandshake};
use campanile_manager::wire::{self, Closed, deflate};
use campanile_manager::{
    Adoption, Config, Connection, ConnectionKey, Connections, Handle, Message, Service, Socket,
    start,
};

struct Echo;

impl Service for Echo {
    type Session = ();
    type Command = ();

    fn opened(&mut self, _: &mut Connection<'_, ()>) {}

    fn message(&mut self, connection: &mut Connection<'_, ()>, message: Message<'_>) {
        match message {
            Message::Text(text) => connection.send_text(text),
            Message::Binary(bytes) => connection.send_binary(bytes),
        }
    }

    fn closed(&mut self, _: ConnectionKey, (): (), _: &Closed) {}

    fn command(&mut self, (): (), _: &mut dyn Connections<()>) {}
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let config = Config {
        // Autobahn 9.* sends 16 MiB, and echoes of them wait while it is still sending.
        websocket: Arc::new(wire::Config {
            frame_bytes_max: 16 << 20,
            message_bytes_max: 16 << 20,
            ..wire::Config::default()
        }),
        outbox_bytes_max: 64 << 20,
        ..Config::default()
    };
    let (handle, _loops) = start(&config, |_| Echo)?;
    let listener = TcpListener::bind(&address)?;
    eprintln!("echo listens on ws://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, handle) = (stream?, handle.clone());
        std::thread::spawn(move || {
            if let Err(error) = open(stream, &handle) {
                eprintln!("opening handshake: {error}");
            }
        });
    }
    Ok(())
}

/// Does the opening handshake, and hands the connection over.
fn open(mut stream: TcpStream, handle: &Handle<Echo>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut handshake = ServerHandshake::new(&Limits::default());
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let upgraded = handshake
            .receive(&buffer[..read])
            .and_then(|done| done.map(|(head, early)| Ok((head.upgrade()?, early))).transpose());
        match upgraded {
            Ok(None) => {}
            Ok(Some((upgrade, early))) => {
                let mut response = Vec::new();
                let settings = deflate::Settings::default();
                let answer = upgrade.answer(&[], Some(&settings));
                answer.append(&mut response);
                stream.write_all(&response)?;
                let (early, deflate) = (Bytes::copy_from_slice(early), answer.deflate);
                let socket = Socket::plain(stream)?;
                let adoption = Adoption { socket, early, deflate, session: () };
                return handle.adopt(adoption).map_err(|_| io::Error::other("the loop is full"));
            }
            Err(refusal) => {
                let mut response = Vec::new();
                refusal.append(&mut response);
                return stream.write_all(&response);
            }
        }
    }
}
