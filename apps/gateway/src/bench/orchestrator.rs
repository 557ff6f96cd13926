//! Asks sessions in turn for slices of work.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::arguments::{Common, Peer, Usual};
use super::failure::{Doing, Failure};
use super::plan::{Answer, Load, Order, Plan, Server, Slice};
use super::proc::Memory;

/// A session in its own process.
pub(super) struct Session {
    pub(super) name: String,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Session {
    /// Starts a session, and with it the server of `plan`.
    pub(super) fn start(plan: &Plan) -> Result<Self, Failure> {
        let mut command = Command::new(this_program()?);
        command.args(["bench", "session"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().doing("start a session")?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut session = Self { name: plan.name.clone(), child, orders, answers };
        session.say(&serde_json::to_string(plan).doing("write a plan")?)?;
        match session.hear()? {
            Answer::Ready => Ok(session),
            other => Err(session.confused(&other)),
        }
    }

    /// Has a slice of work done.
    pub(super) fn slice(&mut self, order: Order) -> Result<Slice, Failure> {
        match self.ask(order)? {
            Answer::Slice(slice) => Ok(slice),
            other => Err(self.confused(&other)),
        }
    }

    /// Has the memory of the server read.
    pub(super) fn memory(&mut self) -> Result<Memory, Failure> {
        match self.ask(Order::Memory)? {
            Answer::Memory(memory) => Ok(memory),
            other => Err(self.confused(&other)),
        }
    }

    fn ask(&mut self, order: Order) -> Result<Answer, Failure> {
        self.say(&serde_json::to_string(&order).doing("write an order")?)?;
        self.hear()
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        let orders = self.orders.as_mut().expect("it is open until this is dropped");
        writeln!(orders, "{line}").doing(&format!("ask the session of {}", self.name))
    }

    fn hear(&mut self) -> Result<Answer, Failure> {
        let mut line = String::new();
        self.answers.read_line(&mut line).doing(&format!("hear the session of {}", self.name))?;
        if line.is_empty() {
            return Err(Failure::new(format!("the session of {} ended", self.name)));
        }
        match serde_json::from_str(&line).doing("read an answer")? {
            Answer::Failed(text) => Err(Failure::new(format!("{}: {text}", self.name))),
            answer => Ok(answer),
        }
    }

    fn confused(&self, answer: &Answer) -> Failure {
        Failure::new(format!("the session of {} answered {answer:?}", self.name))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // At the end of its orders it kills its server and ends.
        self.orders = None;
        let _ = self.child.wait();
    }
}

/// Starts a session for each plan, and has each do `first`.
pub(super) fn start_all(plans: &[Plan], first: &[Order]) -> Result<Vec<Session>, Failure> {
    let mut sessions = Vec::with_capacity(plans.len());
    for (plan, order) in plans.iter().zip(first) {
        let mut session = Session::start(plan)?;
        session.slice(*order)?;
        sessions.push(session);
    }
    Ok(sessions)
}

/// Has all sessions do one slice after the other, in turn; the first round is to warm up and does
/// not count. Returns the slices of each session.
pub(super) fn rounds(
    sessions: &mut [Session],
    orders: &[Order],
    rounds: u32,
) -> Result<Vec<Vec<Slice>>, Failure> {
    let mut slices = vec![Vec::new(); sessions.len()];
    for round in 0..=rounds {
        for ((session, order), slices) in sessions.iter_mut().zip(orders).zip(&mut slices) {
            let slice = session.slice(*order)?;
            if round > 0 {
                slices.push(slice);
            }
        }
    }
    Ok(slices)
}

/// Returns the plans of the servers that `common` names, each under `load`.
pub(super) fn plans(common: &Common, load: &Load) -> Result<Vec<Plan>, Failure> {
    let mut servers = Vec::new();
    let this = this_program()?;
    if !common.without.contains(&Usual::Campanile) {
        let programs = match common.campanile.as_slice() {
            [] => vec![this.clone()],
            programs => programs.to_vec(),
        };
        for (nth, program) in programs.into_iter().enumerate() {
            let name =
                if nth == 0 { "campanile".to_owned() } else { format!("campanile {}", nth + 1) };
            servers.push((name, Server::Campanile { program }));
        }
    }
    if !common.without.contains(&Usual::Floor) {
        servers.push(("floor".to_owned(), Server::Floor { program: this }));
    }
    for peer in &common.peer {
        servers.push(peer_server(*peer, common));
    }
    for (nth, command) in common.against.iter().enumerate() {
        let (name, command) = named(command);
        let words = command.split_whitespace().map(str::to_owned).collect();
        let name = name.map_or_else(|| format!("against {}", nth + 1), str::to_owned);
        servers.push((name, Server::Command { words }));
    }
    Ok(servers.into_iter().map(|(name, server)| plan(common, name, server, load)).collect())
}

/// Splits `name=command`. What has a space or a slash before the sign is a command.
fn named(command: &str) -> (Option<&str>, &str) {
    match command.split_once('=') {
        Some((name, command)) if !name.contains([' ', '/']) => (Some(name), command),
        _ => (None, command),
    }
}

/// Returns the plan of one server.
pub(super) fn plan(common: &Common, name: String, server: Server, load: &Load) -> Plan {
    let (server_core, client_core) = (common.server_core, common.client_core);
    Plan { name, server, load: load.clone(), server_core, client_core }
}

fn peer_server(peer: Peer, common: &Common) -> (String, Server) {
    let python = PathBuf::from("target/venv/bin/python");
    let python = if python.exists() { python } else { PathBuf::from("python3") };
    let (name, program, script) = match peer {
        Peer::Uws => ("uws", python, "uws.py"),
        Peer::Ws => ("ws", PathBuf::from("node"), "ws.mjs"),
        Peer::Websockets => ("websockets", python, "websockets_server.py"),
    };
    let script = common.peers_directory.join(script);
    let words = [program.display().to_string(), script.display().to_string(), "{port}".to_owned()];
    (name.to_owned(), Server::Command { words: words.into() })
}

fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().doing("find this program")
}
