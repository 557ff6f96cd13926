//! One server and its clients, in a process of their own: does what the orchestrator asks.

mod publishing;

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use super::affinity;
use super::clients::{Clients, Deaf};
use super::echoes;
use super::failure::{Doing, Failure};
use super::openings;
use super::plan::{Answer, Order, Plan, Slice};
use super::proc;
use super::publisher::Publisher;
use super::server::{Dialect, Running};

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
        let clients = Clients::new(server.endpoint.clone(), &plan.load)?;
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
}
