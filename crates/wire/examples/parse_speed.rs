//! How fast masked JSON text is read, beside the bound and beside tungstenite, in one run.
//!
//! `cargo run --release -p campanile-wire --example parse_speed`
//!
//! Prints nanoseconds a frame, medians of alternating rounds. The bound reads headers, unmasks in
//! place with a plain loop and checks UTF-8, and does nothing else: no state, no limits, no
//! fragments. All three first copy their bytes out of "the network", as a socket's read would; what
//! that takes is measured by itself, and not counted.
#![expect(clippy::disallowed_methods, reason = "an example brings a clock")]
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use campanile_wire::{Config, Event, Head, OpCode, Scratch, WebSocket, mask};
use tungstenite::protocol::WebSocketConfig;

const ROUNDS: usize = 101;
const BATCH_BYTES: usize = 64 * 1024;
const ROUND_BYTES: usize = 1 << 21;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn main() {
    println!(
        "{:>7} {:>9} {:>9} {:>12} {:>9} {:>13}",
        "bytes", "bound", "campanile", "tungstenite", "x bound", "x tungstenite"
    );
    for (title, unit) in [("ASCII", ASCII), ("not only ASCII", MIXED)] {
        println!("{title}");
        for payload_bytes in [32, 128, 4096, 65536] {
            let [copy, bound, ours, theirs] = measure(&batch_of(unit, payload_bytes));
            let [bound, ours, theirs] = [bound, ours, theirs].map(|time| time - copy);
            println!(
                "{payload_bytes:>7} {bound:>9.1} {ours:>9.1} {theirs:>12.1} {:>9.2} {:>13.2}",
                ours / bound,
                ours / theirs
            );
        }
    }
}

const ASCII: &str = r#"{"type":"trigger","data":{"id":1234,"name":"Amsterdam"}},"#;
const MIXED: &str = r#"{"naam":"Zoë","plaats":"’s-Gravenhage","naïef":"東京"},"#;

/// Frames as a socket's read would return them, with their number.
struct Batch {
    bytes: Vec<u8>,
    frames: usize,
}

fn batch_of(unit: &str, payload_bytes: usize) -> Batch {
    let mut text = unit.repeat(payload_bytes / unit.len() + 1);
    text.truncate(text.floor_char_boundary(payload_bytes));
    text.push_str(&" ".repeat(payload_bytes - text.len()));
    let mut frame = Head::new(OpCode::Text, false, payload_bytes, Some(KEY)).as_bytes().to_vec();
    let payload_at = frame.len();
    frame.extend_from_slice(text.as_bytes());
    mask::apply(&mut frame[payload_at..], KEY);
    let frames = (BATCH_BYTES / frame.len()).max(1);
    Batch { bytes: frame.repeat(frames), frames }
}

/// Measures the copy and the three in turns, and returns the median nanoseconds that each took for a frame.
fn measure(batch: &Batch) -> [f64; 4] {
    let repeats = (ROUND_BYTES / batch.bytes.len()).max(1);
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(time(|| copy(batch, repeats)));
        times[1].push(time(|| bound(batch, repeats)));
        times[2].push(time(|| ours(batch, repeats)));
        times[3].push(time(|| theirs(batch, repeats)));
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2] / (repeats * batch.frames) as f64
    })
}

fn time(run: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_nanos() as f64
}

fn copy(batch: &Batch, repeats: usize) -> usize {
    let mut buffer = vec![0; batch.bytes.len()];
    for _ in 0..repeats {
        buffer.copy_from_slice(&batch.bytes);
        black_box(&mut buffer);
    }
    buffer.len()
}

fn bound(batch: &Batch, repeats: usize) -> usize {
    let mut buffer = vec![0; batch.bytes.len()];
    let mut text_bytes = 0;
    for _ in 0..repeats {
        buffer.copy_from_slice(&batch.bytes);
        let mut input = &mut buffer[..];
        while let [_, second, ..] = input {
            let (payload_bytes, key_at) = match *second & 0x7f {
                126 => (u16::from_be_bytes([input[2], input[3]]).into(), 4),
                127 => (u64::from_be_bytes(*input[2..].first_chunk().expect("whole")) as usize, 10),
                short => (short.into(), 2),
            };
            let (head, rest) = input.split_at_mut(key_at + 4);
            let (payload, rest) = rest.split_at_mut(payload_bytes);
            let key = u32::from_ne_bytes(*head[key_at..].first_chunk().expect("four"));
            let (words, tail) = payload.as_chunks_mut::<4>();
            for word in words {
                *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
            }
            for (byte, key) in tail.iter_mut().zip(key.to_ne_bytes()) {
                *byte ^= key;
            }
            text_bytes += black_box(simdutf8::basic::from_utf8(payload).expect("text")).len();
            input = rest;
        }
    }
    text_bytes
}

fn ours(batch: &Batch, repeats: usize) -> usize {
    let now = Instant::now();
    let mut websocket = WebSocket::new(&Arc::new(Config::default()), None, now);
    let (mut buffer, mut scratch) = (vec![0; batch.bytes.len()], Scratch::new());
    let mut text_bytes = 0;
    for _ in 0..repeats {
        buffer.copy_from_slice(&batch.bytes);
        let mut received = websocket.receive(&mut buffer, &mut scratch, now);
        while let Some(event) = received.next() {
            match event {
                Event::Text(text) => text_bytes += black_box(text).len(),
                other => panic!("only text was sent, not {other:?}"),
            }
        }
    }
    text_bytes
}

fn theirs(batch: &Batch, repeats: usize) -> usize {
    let network = Network { batch: &batch.bytes, at: 0, left: repeats };
    let config = WebSocketConfig::default();
    let role = tungstenite::protocol::Role::Server;
    let mut websocket = tungstenite::WebSocket::from_raw_socket(network, role, Some(config));
    let mut text_bytes = 0;
    for _ in 0..repeats * batch.frames {
        match websocket.read().expect("a frame") {
            tungstenite::Message::Text(text) => text_bytes += black_box(text.as_str()).len(),
            other => panic!("only text was sent, not {other:?}"),
        }
    }
    text_bytes
}

/// A line on which the batch comes again and again.
struct Network<'a> {
    batch: &'a [u8],
    at: usize,
    left: usize,
}

impl Read for Network<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes = (&self.batch[self.at..]).read(buffer)?;
        self.at += bytes;
        if self.at == self.batch.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(bytes)
    }
}

impl Write for Network<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
