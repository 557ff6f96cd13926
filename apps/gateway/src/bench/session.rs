//! One server and its clients, in a process of their own: does what the orchestrator asks.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use super::affinity;
use super::clients::{Clients, Deaf};
use super::deliveries::Deliveries;
use super::echoes;
use super::failure::{Doing, Failure};
use super::message::data;
use super::openings;
use super::plan::{Answer, Order, Plan, Slice};
use super::proc;
use super::publisher::Publisher;
use super::server::{Dialect, Running};

/// How long everything may be on its way before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a server has to come to rest before its CPU is read: /proc learns of a slice when the
/// thread leaves the core.
const REST: Duration = Duration::from_millis(8);

/// Serves the orchestrator on standard input and output until it hangs up.
pub(super) fn serve() -> Result<(), Failure> {
    let mut lines = io::stdin().lines();
    let plan = lines.next().ok_or_else(|| Failure::new("there is no plan"))?;
    let plan: Plan = serde_json::from_str(&plan.doing("read the plan")?).doing("read the plan")?;
    drop(lines);
    let outcome = Session::start(plan).and_then(|mut session| {
        say(&Answer::Ready)?;
        session.take_orders()
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(failure) => say(&Answer::Failed(failure.to_string())),
    }
}

fn say(answer: &Answer) -> Result<(), Failure> {
    let mut line = serde_json::to_string(answer).doing("write an answer")?;
    line.push('\n');
    io::stdout().write_all(line.as_bytes()).doing("write an answer")
}

struct Session {
    plan: Plan,
    server: Running,
    clients: Clients,
    publisher: Option<Publisher>,
    next_sequence: u32,
    /// The most that this process may have open.
    descriptors: u64,
}

impl Session {
    fn start(plan: Plan) -> Result<Self, Failure> {
        let descriptors = affinity::raise_descriptors();
        let server = Running::start(&plan)?;
        let clients = Clients::new(server.endpoint.clone(), plan.load.compressed)?;
        Ok(Self { plan, server, clients, publisher: None, next_sequence: 0, descriptors })
    }

    /// Does one order after the other; in between only answers pings.
    fn take_orders(&mut self) -> Result<(), Failure> {
        let orders = self.orders();
        loop {
            match orders.try_recv() {
                Ok(line) => {
                    let order = serde_json::from_str(&line).doing("read an order")?;
                    say(&self.carry_out(order)?)?;
                }
                Err(TryRecvError::Empty) => self.clients.turn(None, &mut Deaf)?,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Reads standard input on a thread that wakes the clients' poller for each line and at the end.
    fn orders(&self) -> Receiver<String> {
        let (sender, receiver) = mpsc::channel();
        let waker = self.clients.waker();
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() || waker.wake().is_err() {
                    break;
                }
            }
            drop(sender);
            let _ = waker.wake(); // A poller that is gone waits for nothing.
        });
        receiver
    }

    fn carry_out(&mut self, order: Order) -> Result<Answer, Failure> {
        match order {
            Order::Open(count) => self.with_cpu(|session| session.open(count)),
            Order::Publish(count) => {
                // Another server ran until now, and its memory is in the caches.
                self.clients.delay_acknowledgements()?;
                self.publish(self.plan.load.in_flight * 2)?;
                self.with_cpu(|session| session.publish(count))
            }
            Order::Echo(count) => self.with_cpu(|session| session.echo(count)),
            Order::Memory => {
                let pid = self.server.pid();
                let pid = pid.ok_or_else(|| Failure::new("another's memory cannot be read"))?;
                thread::sleep(REST);
                Ok(Answer::Memory(proc::memory(pid)?))
            }
        }
    }

    /// Measures what the server's threads ran while `work` was done.
    fn with_cpu(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Slice, Failure>,
    ) -> Result<Answer, Failure> {
        let cpu_ns = |session: &Self| session.server.pid().map(proc::cpu_ns).transpose();
        thread::sleep(REST);
        let before = cpu_ns(self)?;
        let mut slice = work(self)?;
        thread::sleep(REST);
        let after = cpu_ns(self)?;
        slice.cpu_ns = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        Ok(Answer::Slice(slice))
    }

    fn open(&mut self, count: usize) -> Result<Slice, Failure> {
        // The rest is for the poller, the backend's connections and the like.
        let most = self.descriptors.saturating_sub(200);
        if (self.clients.len() + count) as u64 > most {
            let limit = self.descriptors;
            let text = format!("with {limit} descriptors a process can have {most} clients");
            return Err(Failure::new(text));
        }
        let (endpoint, next) = (&self.server.endpoint, self.next_sequence);
        openings::open(&mut self.clients, endpoint, &self.plan.load, count, next)
    }

    fn echo(&mut self, count: usize) -> Result<Slice, Failure> {
        let text = match self.server.endpoint.dialect {
            Dialect::Campanile => b"ping".to_vec(),
            _ => vec![b'x'; self.plan.load.payload_bytes],
        };
        echoes::echo(&mut self.clients, &text, count)
    }

    fn publish(&mut self, count: usize) -> Result<Slice, Failure> {
        if self.publisher.is_none() {
            self.publisher = Some(self.server.publisher()?);
        }
        self.publish_slice(count)
    }

    fn publish_slice(&mut self, count: usize) -> Result<Slice, Failure> {
        let begun_ns = self.clients.now_ns();
        let mut deliveries = Deliveries::new(self.plan.load.rooms, self.next_sequence);
        match self.plan.load.rate {
            None => self.publish_in_bursts(count, &mut deliveries)?,
            Some(rate) => self.publish_at_rate(count, rate, &mut deliveries)?,
        }
        self.next_sequence = deliveries.next_sequence();
        Ok(Slice {
            operations: deliveries.arrived,
            cpu_ns: None,
            elapsed_ns: self.clients.now_ns() - begun_ns,
            latencies: deliveries.latencies.counts(),
            bytes: deliveries.bytes,
            faults: deliveries.faults,
        })
    }

    fn publish_in_bursts(&mut self, count: usize, all: &mut Deliveries) -> Result<(), Failure> {
        let mut left = count;
        while left > 0 {
            let burst = self.plan.load.in_flight.min(left);
            left -= burst;
            let sent_ns = self.clients.now_ns();
            self.send(burst, sent_ns, all)?;
            self.wait_for_all(all)?;
            self.confirm()?;
        }
        Ok(())
    }

    /// Sends on time, and measures latencies from when it was time: a server that is late for one
    /// publication cannot make the next look early.
    fn publish_at_rate(
        &mut self,
        count: usize,
        rate: f64,
        all: &mut Deliveries,
    ) -> Result<(), Failure> {
        let begun_ns = self.clients.now_ns();
        for nth in 0..count {
            let due_ns = begun_ns + (nth as f64 * 1e9 / rate) as u64;
            while let Some(wait @ 1..) = due_ns.checked_sub(self.clients.now_ns()) {
                self.clients.turn(Some(Duration::from_nanos(wait)), all)?;
            }
            self.confirm()?;
            self.send(1, due_ns, all)?;
        }
        self.wait_for_all(all)?;
        self.confirm()
    }

    fn send(&mut self, burst: usize, sent_ns: u64, all: &mut Deliveries) -> Result<(), Failure> {
        let load = &self.plan.load;
        let mut publications = Vec::with_capacity(burst);
        for _ in 0..burst {
            let room = all.next_sequence() as usize % load.rooms;
            let members = self.clients.len().saturating_sub(room).div_ceil(load.rooms);
            let sequence = all.expect(u32::try_from(members).expect("clients are few million"));
            publications.push((room, data(sequence, sent_ns, load.payload_bytes)));
        }
        let publisher = self.publisher.as_mut().expect("publish makes one first");
        publisher.publish(&publications)
    }

    fn confirm(&mut self) -> Result<(), Failure> {
        self.publisher.as_mut().map_or(Ok(()), Publisher::confirm)
    }

    /// Polls without ever sleeping: to wake a sleeping core costs the server's side of a virtual
    /// machine up to 3 µs for each write, or nothing, as it happens to come.
    fn wait_for_all(&mut self, all: &mut Deliveries) -> Result<(), Failure> {
        let begun = Instant::now();
        while !all.all_arrived() {
            self.clients.turn(Some(Duration::ZERO), all)?;
            if begun.elapsed() > PATIENCE {
                all.give_up();
            }
        }
        Ok(())
    }
}
