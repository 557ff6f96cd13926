//! Starts the servers that are measured, each a child process on the servers' core.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::affinity;
use super::backend;
use super::failure::{Doing, Failure};
use super::plan::{Plan, Purpose, Server};
use super::publisher::Publisher;
use super::tls::Files;

/// The longest that a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server that runs; it is killed when this is dropped.
pub(super) struct Running {
    child: Option<Child>,
    pub(super) endpoint: Endpoint,
    /// Where triggers go, for campanile.
    trigger: SocketAddr,
    /// What it shows under TLS.
    _files: Option<Files>,
}

/// Where the clients of a server connect, and how.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    pub(super) dialect: Dialect,
    rooms: usize,
    purpose: Purpose,
}

/// How a server is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A greeting, subscribe messages, triggers by HTTP.
    Campanile,
    /// The control protocol: `/room/N`, `/echo`, `/control`.
    Control,
    /// An echo server at this path.
    Path(String),
}

impl Endpoint {
    /// Names a server that is spoken to in `dialect`, for clients spread over `rooms`.
    pub(super) fn new(
        address: SocketAddr,
        dialect: Dialect,
        rooms: usize,
        purpose: Purpose,
    ) -> Self {
        Self { address, dialect, rooms, purpose }
    }

    /// Returns the handshake request of client `index`.
    pub(super) fn upgrade(&self, index: usize, compressed: bool) -> String {
        let path = match &self.dialect {
            Dialect::Campanile => "/ws/".to_owned(),
            Dialect::Control if self.purpose == Purpose::Echo => "/echo".to_owned(),
            Dialect::Control => format!("/room/{}", index % self.rooms),
            Dialect::Path(path) => path.clone(),
        };
        self.request(&path, compressed)
    }

    /// Returns the handshake request for `path`.
    pub(super) fn request(&self, path: &str, compressed: bool) -> String {
        let extensions = if compressed {
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
             client_no_context_takeover\r\n"
        } else {
            ""
        };
        format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\
             {extensions}\r\n",
            self.address
        )
    }
}

impl Running {
    /// Starts the server of `plan` and waits until it listens. Afterwards this thread, and those it
    /// starts, run on the clients' core.
    pub(super) fn start(plan: &Plan) -> Result<Self, Failure> {
        let [public, internal] = free_ports()?;
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let files = plan.load.tls.then(Files::write).transpose()?;
        let (command, address, dialect) = match &plan.server {
            Server::Campanile { program } => {
                affinity::stay_on(plan.client_core)?;
                let backend = backend::start()?;
                let mut command = campanile(program, local(public), local(internal), backend);
                if let Some(files) = &files {
                    command.env("CAMPANILE_PUBLIC_CERTIFICATE", files.certificate());
                    command.env("CAMPANILE_PUBLIC_PRIVATE_KEY", files.key());
                }
                (Some(command), local(public), Dialect::Campanile)
            }
            Server::Floor { program } => {
                let mut command = Command::new(program);
                command.args(["bench", "floor-server", "--port", &public.to_string()]);
                (Some(command), local(public), Dialect::Control)
            }
            Server::Command { words } => {
                let mut words =
                    words.iter().map(|word| word.replace("{port}", &public.to_string()));
                let mut command = Command::new(words.next().unwrap_or_default());
                command.args(words);
                (Some(command), local(public), Dialect::Control)
            }
            Server::Url { url } => {
                let (address, path) = address_and_path(url)?;
                (None, address, Dialect::Path(path))
            }
        };
        affinity::stay_on(plan.server_core)?;
        let child = command.map(|mut command| {
            let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
            spawned.doing(&format!("start {command:?}"))
        });
        let child = child.transpose()?;
        affinity::stay_on(plan.client_core)?;
        let endpoint = Endpoint::new(address, dialect, plan.load.rooms, plan.load.purpose);
        let mut running = Self { child, endpoint, trigger: local(internal), _files: files };
        running.wait_until_it_listens(&plan.name)?;
        Ok(running)
    }

    /// Returns the process to account for, if it is ours.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Connects what publishes.
    pub(super) fn publisher(&self) -> Result<Publisher, Failure> {
        match self.endpoint.dialect {
            Dialect::Campanile => Publisher::trigger(self.trigger),
            Dialect::Control | Dialect::Path(_) => {
                let request = self.endpoint.request("/control", false);
                Publisher::control(self.endpoint.address, &request)
            }
        }
    }

    fn wait_until_it_listens(&mut self, name: &str) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut addresses = vec![self.endpoint.address];
        if self.endpoint.dialect == Dialect::Campanile {
            addresses.push(self.trigger);
        }
        while addresses.iter().any(|address| TcpStream::connect(address).is_err()) {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                return Err(Failure::new(format!("{name} ended before it listened: {status}")));
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{name} does not listen")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn campanile(
    program: &std::path::Path,
    public: SocketAddr,
    internal: SocketAddr,
    backend: SocketAddr,
) -> Command {
    let mut command = Command::new(program);
    command.arg("serve");
    command.envs([
        ("CAMPANILE_PUBLIC_LISTEN", public.to_string()),
        ("CAMPANILE_INTERNAL_LISTEN", internal.to_string()),
        ("CAMPANILE_BACKEND_URL", format!("http://{backend}/api/")),
        ("CAMPANILE_LOOPS_COUNT", "1".to_owned()),
        // Clients here are silent for long or send as fast as they can.
        ("CAMPANILE_LIMITS_INACTIVITY_S", "0".to_owned()),
        // Triggers come on one connection, which waits while other servers have their turn.
        ("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "600".to_owned()),
        ("CAMPANILE_LIMITS_MESSAGES_PER_S", "0".to_owned()),
        ("CAMPANILE_LIMITS_ROOMS_MAX", "2000000".to_owned()),
        ("CAMPANILE_LOG_FILTER", "warn".to_owned()),
    ]);
    command
}

/// Returns two free ports below 32768, where clients' sockets are not given theirs. Each process
/// looks from another port on.
fn free_ports() -> Result<[u16; 2], Failure> {
    let first = 20_000 + u16::try_from(std::process::id() % 1_000).expect("it is below 1,000") * 10;
    let listeners = (first..first + 200)
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok().map(|_| port));
    let ports: Vec<u16> = listeners.take(2).collect();
    <[u16; 2]>::try_from(ports)
        .map_err(|_| Failure::new(format!("there are no two free ports from {first} on")))
}

fn address_and_path(url: &str) -> Result<(SocketAddr, String), Failure> {
    let rest = url.strip_prefix("ws://");
    let rest = rest.ok_or_else(|| Failure::new(format!("{url} does not begin with ws://")))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut addresses = host.to_socket_addrs().doing(&format!("look up {host}"))?;
    let address = addresses.next().ok_or_else(|| Failure::new(format!("{host} is nowhere")))?;
    Ok((address, format!("/{path}")))
}
