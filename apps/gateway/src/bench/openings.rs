//! Opening connections: handshake, greeting, subscriptions.

use std::time::{Duration, Instant};

use super::clients::{Clients, Listener};
use super::deliveries::Latencies;
use super::failure::Failure;
use super::frames::append_client_frame;
use super::link::Link;
use super::plan::{Load, Purpose, Slice};
use super::server::{Dialect, Endpoint};

/// The longest that a server may take to open one more connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens `count` more clients, at most `load.at_once` at a time; `next_sequence` is that of the next
/// publication. The slice has no CPU yet.
pub(super) fn open(
    clients: &mut Clients,
    endpoint: &Endpoint,
    load: &Load,
    count: usize,
    next_sequence: u32,
) -> Result<Slice, Failure> {
    let begun_ns = clients.now_ns();
    let mut opening = Opening {
        load,
        greeted: endpoint.dialect == Dialect::Campanile,
        next_sequence,
        ready: 0,
        now_ns: begun_ns,
        latencies: Latencies::new(),
    };
    let (mut begun, mut seen, mut last_progress) = (0, 0, Instant::now());
    while opening.ready < count {
        while begun < count && begun - opening.ready < load.at_once {
            clients.begin()?;
            begun += 1;
        }
        opening.now_ns = clients.now_ns();
        clients.turn(Some(Duration::from_secs(1)), &mut opening)?;
        if opening.ready > seen {
            (seen, last_progress) = (opening.ready, Instant::now());
        } else if last_progress.elapsed() > PATIENCE {
            let text = format!("only {} of {count} clients could connect", opening.ready);
            return Err(Failure::new(text));
        }
    }
    Ok(Slice {
        operations: count as u64,
        elapsed_ns: clients.now_ns() - begun_ns,
        latencies: opening.latencies.counts(),
        ..Slice::default()
    })
}

struct Opening<'a> {
    load: &'a Load,
    greeted: bool,
    next_sequence: u32,
    ready: usize,
    now_ns: u64,
    latencies: Latencies,
}

impl Opening<'_> {
    fn finish(&mut self, link: &mut Link, now_ns: u64) {
        self.ready += 1;
        self.latencies.record(now_ns.saturating_sub(link.since_ns));
    }
}

impl Listener for Opening<'_> {
    fn opened(&mut self, index: usize, link: &mut Link) -> Result<(), Failure> {
        link.next_sequence =
            first_for(index % self.load.rooms, self.load.rooms, self.next_sequence);
        if !self.greeted {
            self.finish(link, self.now_ns);
            return Ok(());
        }
        link.owed = 1;
        if self.load.purpose == Purpose::Listen {
            let subscriptions = subscriptions(index, self.load);
            link.owed += u32::try_from(subscriptions.len()).expect("idle rooms are few million");
            let mut frames = Vec::new();
            for text in &subscriptions {
                append_client_frame(1, text.as_bytes(), &mut frames);
            }
            link.send(&frames)?;
        }
        Ok(())
    }

    fn heard(
        &mut self,
        _: usize,
        link: &mut Link,
        text: &[u8],
        _: usize,
        now_ns: u64,
    ) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(text);
        if text.contains("\"error\"") || text.contains("false") {
            return Err(Failure::new(format!("the server answered a client: {text}")));
        }
        if link.owed > 0 {
            link.owed -= 1;
            if link.owed == 0 {
                self.finish(link, now_ns);
            }
        }
        Ok(())
    }
}

/// Returns the subscribe messages of client `index`: its room, then its part of the idle ones.
pub(super) fn subscriptions(index: usize, load: &Load) -> Vec<String> {
    let subscribe = |room: String, id: usize| {
        format!("{{\"type\":\"subscribe\",\"room\":{room},\"requestId\":{id}}}")
    };
    let mut all = vec![subscribe(room(index % load.rooms), 1)];
    let idle = (index..load.idle_rooms).step_by(load.idle_rooms_over.max(1));
    if index < load.idle_rooms_over {
        all.extend(
            idle.enumerate()
                .map(|(nth, idle)| subscribe(format!("{{\"room\":\"idle {idle}\"}}"), nth + 2)),
        );
    }
    all
}

/// Returns the room that publications `number`, `number + rooms`, … go to, as JSON.
pub(super) fn room(number: usize) -> String {
    format!("{{\"room\":\"room {number}\"}}")
}

/// Returns the first sequence from `next` on that goes to `room`.
pub(super) fn first_for(room: usize, rooms: usize, next: u32) -> u32 {
    let (room, rooms) = (room as u32, rooms as u32);
    next + (room + rooms - next % rooms) % rooms
}
