//! Plays a script and compares the transcript.
//!
//! A script's lines are steps:
//!
//! ```text
//! websocket: client deflate message=100      the one tested; a server with small limits otherwise
//! peer: text part "Hel", ping, continuation "lo"      frames that arrive together
//! we send "Hello"        we close 1001 "bye"
//! after 30 s             end of stream
//! ```
//!
//! After each step the websocket is polled for what it has to say, unless the next step begins
//! with `and`.
//!
//! A frame is its opcode, then `part` if more will follow, bits that are wrong (`unmasked`,
//! `masked`, `rsv1`, `rsv2`, `rsv3`), a code for a close, and a payload: `"text"`, `"text"*1000` or
//! `hex c328`; `compressed` deflates it. `raw 81 00` is bytes; `times 1000 FRAME` repeats.
//!
//! In the transcript `<-` is an event, `->` a frame sent. Every script is played again with each
//! arrival cut at every byte, and byte by byte: the transcript must be the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use expect_test::Expect;

use crate::close::CloseCode;
use crate::deflate::{Agreed, Deflater};
use crate::frame::{Head, Header, OpCode, Role, Rules};
use crate::mask;
use crate::websocket::{Config, Event, Kind, Scratch, Side, WebSocket};

#[expect(clippy::needless_pass_by_value, reason = "tests read better without a `&`")]
pub(super) fn check(script: &str, expected: Expect) {
    let whole = Play::new(script, Cut::Nowhere).run();
    expected.assert_eq(&whole);
    assert_eq!(Play::new(script, Cut::Everywhere).run(), whole, "byte by byte");
    for at in 1..longest_arrival(script).min(300) {
        assert_eq!(Play::new(script, Cut::At(at)).run(), whole, "cut at byte {at}");
    }
}

/// Where each arrival is cut into reads.
#[derive(Clone, Copy)]
enum Cut {
    Nowhere,
    At(usize),
    Everywhere,
}

struct Play<'a> {
    script: &'a str,
    cut: Cut,
    config: Arc<Config>,
    websocket: WebSocket,
    scratch: Scratch,
    now: Instant,
    transcript: String,
    told_closed: bool,
    told_hang_up: bool,
}

impl<'a> Play<'a> {
    fn new(script: &'a str, cut: Cut) -> Self {
        let now = Instant::now();
        let (config, deflate) = read_config(script);
        let config = Arc::new(config);
        let websocket = WebSocket::new(&config, deflate, now);
        Self {
            script,
            cut,
            config,
            websocket,
            scratch: Scratch::new(),
            now,
            transcript: String::new(),
            told_closed: false,
            told_hang_up: false,
        }
    }

    fn run(mut self) -> String {
        let mut steps = steps(self.script).peekable();
        while let Some(step) = steps.next() {
            self.step(step.trim_start_matches("and "));
            if steps.peek().is_none_or(|next| !next.starts_with("and ")) {
                self.tell_output();
                self.tell_end();
            }
        }
        count_repeated(&self.transcript)
    }

    fn step(&mut self, step: &str) {
        if let Some(frames) = step.strip_prefix("peer:") {
            self.receive(&peer_bytes(frames, self.config.role));
        } else if let Some(payload) = step.strip_prefix("we send ") {
            self.send(&payload_bytes(&mut words(payload).into_iter()));
        } else if let Some(close) = step.strip_prefix("we close ") {
            let words = words(close);
            let code = CloseCode::from_wire(words[0].parse().expect("a code"));
            let reason = words.get(1).map_or("", |reason| reason.trim_matches('"'));
            self.websocket.close(code.unwrap_or(CloseCode::NO_STATUS), reason, self.now);
        } else if let Some(seconds) = step.strip_prefix("after ") {
            let seconds = seconds.trim_end_matches(" s").parse().expect("seconds");
            self.now += Duration::from_secs(seconds);
            self.tell(step);
            if self.websocket.deadline().is_some_and(|deadline| deadline <= self.now) {
                self.websocket.handle_deadline(self.now);
            }
        } else if step == "end of stream" {
            self.websocket.end_of_stream();
        } else {
            assert!(step.starts_with("websocket:"), "no such step: {step}");
        }
    }

    fn receive(&mut self, arrival: &[u8]) {
        let mut arrival = arrival.to_vec();
        let reads: Vec<&mut [u8]> = match self.cut {
            Cut::Everywhere => arrival.chunks_mut(1).collect(),
            Cut::At(at) if at < arrival.len() => {
                let (first, second) = arrival.split_at_mut(at);
                vec![first, second]
            }
            Cut::At(_) | Cut::Nowhere => vec![&mut arrival],
        };
        for read in reads {
            let mut received = self.websocket.receive(read, &mut self.scratch, self.now);
            while let Some(event) = received.next() {
                self.transcript.push_str(&tell_event(&event));
            }
        }
    }

    fn send(&mut self, payload: &[u8]) {
        let mut output = Vec::new();
        let sent = self.websocket.send(Kind::Text, &[payload], &mut self.scratch, &mut output);
        if let Err(error) = sent {
            self.tell(&format!("not sent: {error}"));
        }
        self.tell_frames(output);
    }

    fn tell_output(&mut self) {
        let mut output = Vec::new();
        self.websocket.poll_output(&mut output);
        assert!(!self.websocket.has_output(), "polled");
        self.tell_frames(output);
    }

    /// Reads the frames that were sent, as the other end would.
    fn tell_frames(&mut self, mut output: Vec<u8>) {
        let mut rest = &mut output[..];
        let role = other(self.config.role);
        let rules = Rules { role, compression: true, frame_bytes_max: u64::MAX };
        while !rest.is_empty() {
            let (header, header_bytes) =
                Header::parse(rest, &rules).expect("we keep the rules").expect("whole");
            let payload_bytes = header.payload_bytes as usize;
            let (payload, after) = rest[header_bytes..].split_at_mut(payload_bytes);
            mask::apply(payload, header.mask.unwrap_or_default());
            let told = tell_frame(&header, payload);
            self.tell(&format!("-> {told}"));
            rest = after;
        }
    }

    fn tell_end(&mut self) {
        if let Some(closed) = self.websocket.closed().filter(|_| !self.told_closed) {
            let by = if closed.by == Side::Us { "us" } else { "the peer" };
            let how = if closed.clean { "cleanly" } else { "not cleanly" };
            let told = format!("closed by {by}, {how}: {} {:?}", closed.code, closed.reason);
            self.told_closed = true;
            self.tell(&told);
        }
        if self.websocket.should_hang_up() && !self.told_hang_up {
            self.told_hang_up = true;
            self.tell("hang up");
        }
    }

    fn tell(&mut self, line: &str) {
        self.transcript.push_str(line);
        self.transcript.push('\n');
    }
}

/// Writes equal lines that follow each other as one, with their number.
fn count_repeated(transcript: &str) -> String {
    let lines: Vec<&str> = transcript.lines().collect();
    let mut told = String::new();
    for same in lines.chunk_by(|one, next| one == next) {
        told += same[0];
        if same.len() > 1 {
            told += &format!(", {} times", same.len());
        }
        told.push('\n');
    }
    told
}

fn steps(script: &str) -> impl Iterator<Item = &str> {
    script.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn longest_arrival(script: &str) -> usize {
    let role = read_config(script).0.role;
    let arrivals = steps(script).filter_map(|step| step.strip_prefix("peer:"));
    arrivals.map(|frames| peer_bytes(frames, role).len()).max().unwrap_or(0)
}

const fn other(role: Role) -> Role {
    match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    }
}

fn read_config(script: &str) -> (Config, Option<Agreed>) {
    let mut config = Config { ping_every: None, message_within: None, ..Config::default() };
    let mut deflate = None;
    let setting = steps(script).find_map(|step| step.strip_prefix("websocket:")).unwrap_or("");
    for word in setting.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, "0"));
        let value: u64 = value.parse().expect("a number");
        let seconds = Duration::from_secs(value);
        match key {
            "server" => config.role = Role::Server,
            "client" => config.role = Role::Client,
            "frame" => config.frame_bytes_max = value,
            "message" => config.message_bytes_max = value as usize,
            "ping" => config.ping_every = Some(seconds),
            "quiet" => config.quiet_max = Some(seconds),
            "slow" => config.message_within = Some(seconds),
            "deflate" | "takeover" => {
                deflate = Some(Agreed {
                    server_no_context_takeover: key == "deflate",
                    client_no_context_takeover: key == "deflate",
                    server_max_window_bits: 15,
                    client_max_window_bits: 15,
                });
            }
            _ => panic!("no such setting: {key}"),
        }
    }
    (config, deflate)
}

/// Encodes what the peer of `role` sends.
fn peer_bytes(frames: &str, role: Role) -> Vec<u8> {
    let (mut bytes, mut deflater) = (Vec::new(), Deflater::new(15, 6));
    for frame in split_outside_quotes(frames, ',') {
        bytes.extend(frame_bytes(&frame, role, &mut deflater));
    }
    bytes
}

fn frame_bytes(frame: &str, role: Role, deflater: &mut Deflater) -> Vec<u8> {
    let mut words = words(frame).into_iter().peekable();
    let mut times = 1;
    let mut masked = role == Role::Server;
    let (mut first, mut last, mut compressed, mut payload) = (0, true, false, Vec::new());
    while let Some(word) = words.next() {
        match &*word {
            "raw" => return words.flat_map(|word| unhex(&word)).collect(),
            "times" => times = words.next().expect("a number").parse().expect("a number"),
            "text" => first |= OpCode::Text as u8,
            "binary" => first |= OpCode::Binary as u8,
            "continuation" => first |= OpCode::Continuation as u8,
            "close" => first |= OpCode::Close as u8,
            "ping" => first |= OpCode::Ping as u8,
            "pong" => first |= OpCode::Pong as u8,
            "part" => last = false,
            "unmasked" => masked = false,
            "masked" => masked = true,
            "rsv1" => first |= 0x40,
            "rsv2" => first |= 0x20,
            "rsv3" => first |= 0x10,
            "compressed" => (first, compressed) = (first | 0x40, true),
            "opcode" => first |= unhex(&words.next().expect("a number"))[0],
            word => match word.parse::<u16>() {
                Ok(code) => payload.extend(code.to_be_bytes()),
                Err(_) => payload
                    .extend(payload_bytes(&mut [word.into()].into_iter().chain(words.by_ref()))),
            },
        }
    }
    if compressed {
        let raw = std::mem::take(&mut payload);
        deflater.compress_message(&[&raw], &mut payload);
    }
    encode(first, last, masked, &mut payload).repeat(times)
}

fn encode(first: u8, last: bool, masked: bool, payload: &mut [u8]) -> Vec<u8> {
    let key = [0x12, 0x34, 0x56, 0x78];
    let head = Head::new(OpCode::Text, false, payload.len(), masked.then_some(key));
    let mut bytes = head.as_bytes().to_vec();
    bytes[0] = first | if last { 0x80 } else { 0 };
    if masked {
        mask::apply(payload, key);
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn payload_bytes(words: &mut dyn Iterator<Item = String>) -> Vec<u8> {
    let Some(word) = words.next() else { return Vec::new() };
    if word == "hex" {
        return unhex(&words.next().expect("hexadecimal digits"));
    }
    let (text, times) = word.rsplit_once("\"*").unwrap_or((&word, "1"));
    text.trim_matches('"').repeat(times.parse().expect("a number")).into_bytes()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

fn words(line: &str) -> Vec<String> {
    split_outside_quotes(line, ' ').into_iter().filter(|word| !word.is_empty()).collect()
}

fn split_outside_quotes(line: &str, separator: char) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        quoted ^= character == '"';
        if character == separator && !quoted {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("at least one").push(character);
        }
    }
    parts
}

fn tell_event(event: &Event<'_>) -> String {
    let told = match event {
        Event::Text(text) => format!("text {}", shortened(text.as_bytes())),
        Event::Binary(bytes) => format!("binary {}", shortened(bytes)),
        Event::Ping(payload) => format!("ping {}", shortened(payload)),
        Event::Pong(payload) => format!("pong {}", shortened(payload)),
        Event::Close(None, _) => "close".into(),
        Event::Close(Some(code), reason) => format!("close {code} {reason:?}"),
        Event::Failed(error) => format!("failed, {}: {error}", error.close_code()),
    };
    format!("<- {told}\n")
}

fn tell_frame(header: &Header, payload: &[u8]) -> String {
    let opcode = format!("{:?}", header.opcode).to_lowercase();
    match (header.opcode, payload.split_first_chunk()) {
        (OpCode::Close, Some((code, reason))) => {
            let reason = str::from_utf8(reason).expect("UTF-8");
            format!("close {} {reason:?}", u16::from_be_bytes(*code))
        }
        _ if header.compressed => format!("{opcode} compressed"),
        _ => format!("{opcode} {}", shortened(payload)),
    }
}

fn shortened(payload: &[u8]) -> String {
    match str::from_utf8(payload) {
        _ if payload.len() > 40 => format!("of {} bytes", payload.len()),
        Ok(text) => format!("{text:?}"),
        Err(_) => payload.iter().fold("hex ".into(), |told, byte| told + &format!("{byte:02x}")),
    }
}
