//! The lines between clients and loops, and the clock.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::poller::{SimPoller, SimSocket};
use super::random::Random;
use crate::poller::{Read, Ready};

/// All lines, and the time that everybody shares. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    world: Arc<Mutex<World>>,
}

/// How often the network does what networks may do: times in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// A read gets less than there is.
    pub short_reads: usize,
    /// A write takes less than there is room for.
    pub short_writes: usize,
    /// A write takes nothing.
    pub stalls: usize,
    /// A call is interrupted.
    pub interrupts: usize,
    /// What is under way does not get on.
    pub delays: usize,
    /// Bytes that may be under way to a client which does not read.
    pub room_bytes_max: usize,
}

struct World {
    now: Instant,
    random: Random,
    faults: Faults,
    lines: Vec<Line>,
}

struct Line {
    up: Pipe,
    down: Pipe,
    room_bytes: usize,
    /// Which loop watches it, under which slot.
    watched: Option<(usize, u32)>,
    /// What its loop has not been told yet.
    readable: bool,
    writable: bool,
    /// A write was refused, so its loop will be told when there is room.
    refused: bool,
    /// The loop has closed its socket.
    server_gone: bool,
    /// The client has reset the line.
    reset_by_client: bool,
    /// The loop has reset it, by closing its socket over unread bytes or while more came.
    reset_by_server: bool,
    /// Nothing passes any more, and nobody is told.
    cut: bool,
}

/// One direction of a line.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// How many of the bytes the other end can read.
    arrived: usize,
    ended: bool,
    end_arrived: bool,
}

/// The client's end of a line.
pub struct LineEnd {
    network: Network,
    line: usize,
}

/// What a client finds at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes; none: there is nothing now.
    Bytes(Vec<u8>),
    /// The loop closed the line.
    End,
    /// The loop reset the line.
    Reset,
}

impl Network {
    /// Makes a network without lines.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let (now, random) = (Instant::now(), Random::new(seed));
        let world = World { now, random, faults, lines: Vec::new() };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// Returns the poller of the loop `index`.
    pub fn poller(&self, index: usize) -> SimPoller {
        SimPoller::new(self.clone(), index)
    }

    /// Draws a line, and returns both ends of it.
    pub fn connect(&self) -> (SimSocket, LineEnd) {
        let mut world = self.world();
        let line = world.lines.len();
        let room_bytes = world.faults.room_bytes_max.max(2) / 2;
        let room_bytes = room_bytes + world.random.below(room_bytes);
        world.lines.push(Line {
            up: Pipe::default(),
            down: Pipe::default(),
            room_bytes,
            watched: None,
            readable: false,
            writable: false,
            refused: false,
            server_gone: false,
            reset_by_client: false,
            reset_by_server: false,
            cut: false,
        });
        drop(world);
        (SimSocket::new(self.clone(), line), LineEnd { network: self.clone(), line })
    }

    /// Returns the time.
    pub fn now(&self) -> Instant {
        self.world().now
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.world().now += by;
    }

    /// Lets what is under way get on, or some of it. Returns whether anything did.
    pub fn get_on(&self) -> bool {
        let World { lines, random, faults, .. } = &mut *self.world();
        let mut moved = false;
        for line in lines.iter_mut().filter(|line| !line.cut) {
            if !random.in_a_thousand(faults.delays) {
                moved |= line.get_on(random);
            }
        }
        moved
    }

    /// Returns whether a loop has something to be told.
    pub(super) fn has_news(&self, of: usize) -> bool {
        self.world().lines.iter().any(|line| line.has_news(of))
    }

    /// Appends what a loop is told: all there is, or some of it, or nothing if it is interrupted.
    pub(super) fn take_news(&self, of: usize, ready: &mut Vec<Ready>) {
        let World { lines, random, faults, .. } = &mut *self.world();
        if random.in_a_thousand(faults.interrupts) {
            return;
        }
        let one_by_one = random.in_a_thousand(200);
        for line in lines.iter_mut().filter(|line| line.has_news(of)) {
            let Some((_, slot)) = line.watched else { continue };
            if one_by_one && !ready.is_empty() {
                break;
            }
            let Line { readable, writable, .. } = *line;
            let ended = readable && (line.up.end_arrived || line.reset_by_client);
            (line.readable, line.writable) = (false, false);
            ready.push(Ready { slot, readable, writable, ended });
        }
        if !ready.is_empty() {
            let first = random.below(ready.len());
            ready.rotate_left(first);
        }
    }

    pub(super) fn watch(&self, line: usize, watched: Option<(usize, u32)>) {
        let line = &mut self.world().lines[line];
        line.watched = watched;
        line.readable = line.up.arrived > 0 || line.up.end_arrived || line.reset_by_client;
        line.writable = true;
    }

    pub(super) fn read(&self, line: usize, buffer: &mut [u8]) -> io::Result<Read> {
        let World { lines, random, faults, .. } = &mut *self.world();
        let line = &mut lines[line];
        if line.reset_by_client {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if random.in_a_thousand(faults.interrupts) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let pipe = &mut line.up;
        if pipe.arrived == 0 {
            return match pipe.end_arrived {
                true => Ok(Read { bytes: 0, drained: true }),
                false => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let most = pipe.arrived.min(buffer.len());
        if random.in_a_thousand(faults.short_reads) {
            let bytes = 1 + random.below(most);
            pipe.take(&mut buffer[..bytes]);
            return Ok(Read { bytes, drained: false });
        }
        pipe.take(&mut buffer[..most]);
        Ok(Read { bytes: most, drained: most < buffer.len() })
    }

    pub(super) fn write(&self, line: usize, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let World { lines, random, faults, .. } = &mut *self.world();
        let line = &mut lines[line];
        if line.reset_by_client || line.down.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if random.in_a_thousand(faults.interrupts) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut taken = offered.min(line.room());
        if taken > 0 && random.in_a_thousand(faults.stalls) {
            taken = 0;
        } else if taken > 0 && random.in_a_thousand(faults.short_writes) {
            taken = 1 + random.below(taken);
        }
        line.refused |= taken < offered;
        if taken == 0 && offered > 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let all = slices.iter().flat_map(|slice| slice.iter());
        line.down.bytes.extend(all.take(taken));
        Ok(taken)
    }

    pub(super) fn shutdown_write(&self, line: usize) {
        self.world().lines[line].down.ended = true;
    }

    /// Closes the loop's end. Over bytes that it did not read the line is reset, as TCP does.
    pub(super) fn close(&self, line: usize) {
        let line = &mut self.world().lines[line];
        line.server_gone = true;
        line.watched = None;
        line.down.ended = true;
        if !line.up.bytes.is_empty() {
            line.reset_from_server();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("a simulation has one thread")
    }
}

impl Line {
    fn get_on(&mut self, random: &mut Random) -> bool {
        let up = self.up.get_on(random);
        self.readable |= up;
        if up && self.server_gone {
            self.reset_from_server();
        }
        let down = self.down.get_on(random);
        let has_room = self.refused && self.room() > 0;
        if has_room {
            (self.refused, self.writable) = (false, true);
        }
        up || down || has_room
    }

    /// What has arrived can still be read; what was under way is lost.
    fn reset_from_server(&mut self) {
        self.reset_by_server = true;
        self.down.bytes.truncate(self.down.arrived);
    }

    fn room(&self) -> usize {
        self.room_bytes.saturating_sub(self.down.bytes.len())
    }

    fn has_news(&self, of: usize) -> bool {
        (self.readable || self.writable) && self.watched.is_some_and(|(index, _)| index == of)
    }
}

impl Pipe {
    fn get_on(&mut self, random: &mut Random) -> bool {
        let under_way = self.bytes.len() - self.arrived;
        if under_way > 0 {
            self.arrived += random.part_of(under_way);
        }
        // The end often comes with the last bytes.
        let ends = self.ended && !self.end_arrived && self.arrived == self.bytes.len();
        self.end_arrived |= ends;
        under_way > 0 || ends
    }

    fn take(&mut self, buffer: &mut [u8]) {
        let bytes = buffer.len();
        for (to, from) in buffer.iter_mut().zip(self.bytes.drain(..bytes)) {
            *to = from;
        }
        self.arrived -= bytes;
    }
}

impl LineEnd {
    /// Writes all of `bytes`.
    pub fn write(&self, bytes: &[u8]) {
        let line = &mut self.network.world().lines[self.line];
        if !line.up.ended && !line.reset_by_client && !line.reset_by_server {
            line.up.bytes.extend(bytes);
        }
    }

    /// Returns how many bytes the loop has not read yet.
    pub fn unread_bytes(&self) -> usize {
        self.network.world().lines[self.line].up.bytes.len()
    }

    /// Reads what has arrived, `bytes_max` at most.
    pub fn read(&self, bytes_max: usize) -> Arrival {
        let line = &mut self.network.world().lines[self.line];
        let mut bytes = vec![0; bytes_max.min(line.down.arrived)];
        line.down.take(&mut bytes);
        if bytes.is_empty() && line.reset_by_server {
            return Arrival::Reset;
        }
        if bytes.is_empty() && line.down.end_arrived && line.down.bytes.is_empty() {
            return Arrival::End;
        }
        Arrival::Bytes(bytes)
    }

    /// Says that nothing more comes, and can still read.
    pub fn shut_down_write(&self) {
        self.network.world().lines[self.line].up.ended = true;
    }

    /// Resets the line: what the loop has not read is lost.
    pub fn reset(&self) {
        let line = &mut self.network.world().lines[self.line];
        line.reset_by_client = true;
        (line.readable, line.writable) = (true, true);
    }

    /// Resets the line after the loop has looked: it is not told before it reads or writes.
    pub fn reset_unseen(&self) {
        self.network.world().lines[self.line].reset_by_client = true;
    }

    /// Cuts the line: nothing passes any more, and nobody is told.
    pub fn cut(&self) {
        self.network.world().lines[self.line].cut = true;
    }

    /// Returns whether the loop has closed its end.
    pub fn is_left(&self) -> bool {
        self.network.world().lines[self.line].server_gone
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("lines", &self.world().lines.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for LineEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineEnd").field("line", &self.line).finish_non_exhaustive()
    }
}
