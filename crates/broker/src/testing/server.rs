//! A real broker of a test's own.

use super::{Folder, free_port, processes};
use crate::BrokerUrl;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start; RabbitMQ takes the longest.
const START_WITHIN: Duration = Duration::from_secs(90);

/// A broker that belongs to one test.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    port: u16,
    folder: Folder,
    child: Option<Child>,
    /// RabbitMQ's nodes find each other by one of these, which must not be a daemon.
    epmd: Option<(Child, u16)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Redis { appending: bool },
    Nats { token: Option<&'static str> },
    Rabbit,
}

impl Server {
    /// Starts a Redis that forgets everything when it ends; none if it is not installed.
    pub fn redis() -> Option<Server> {
        Server::start(Kind::Redis { appending: false })
    }

    /// Starts a Redis that writes everything to its append-only file.
    pub fn appending_redis() -> Option<Server> {
        Server::start(Kind::Redis { appending: true })
    }

    /// Starts a NATS server; none if it is not installed.
    pub fn nats() -> Option<Server> {
        Server::start(Kind::Nats { token: None })
    }

    /// Starts a NATS server that asks for a token.
    pub fn nats_with_token(token: &'static str) -> Option<Server> {
        Server::start(Kind::Nats { token: Some(token) })
    }

    /// Starts a RabbitMQ, which takes some ten seconds; none if it is not installed.
    pub fn rabbit() -> Option<Server> {
        Server::start(Kind::Rabbit)
    }

    /// Returns where it is.
    ///
    /// # Panics
    ///
    /// Never: it is a URL.
    pub fn url(&self) -> BrokerUrl {
        self.url_at(self.port)
    }

    /// Returns the same, but by another port: a [`Line`](super::Line)'s.
    ///
    /// # Panics
    ///
    /// Never: it is a URL.
    pub fn url_at(&self, port: u16) -> BrokerUrl {
        self.url_text(port).parse().expect("it is a broker's URL")
    }

    /// Returns the same as a text, for a configuration.
    pub fn url_text(&self, port: u16) -> String {
        let scheme = match self.kind {
            Kind::Redis { .. } => "redis",
            Kind::Nats { token: None } => "nats",
            Kind::Nats { token: Some(token) } => return format!("nats://{token}@127.0.0.1:{port}"),
            Kind::Rabbit => "amqp",
        };
        format!("{scheme}://127.0.0.1:{port}")
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as kill -9 does.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }

    /// Starts it again, after [`kill`](Self::kill), on the same port and folder.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.child = Some(self.spawn());
        self.wait_until_it_answers();
    }

    /// Stops it in the middle of whatever it does: its sockets stay open and silent.
    ///
    /// # Panics
    ///
    /// If it still moves after a minute.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        let Some(child) = &self.child else { return };
        // The signal is on its way to each thread when it has been sent.
        let deadline = Instant::now() + START_WITHIN;
        while processes::any_moves(child.id()) {
            assert!(Instant::now() < deadline, "{:?} does not stop", self.kind);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn start(kind: Kind) -> Option<Server> {
        if let Err(missing) = kind.program() {
            #[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
            {
                eprintln!("not run, because {missing} is not installed");
            }
            return None;
        }
        let folder = Folder::new(kind.name());
        let mut server = Server { kind, port: free_port(), folder, child: None, epmd: None };
        if kind == Kind::Rabbit {
            server.epmd = Some(epmd());
        }
        server.restart();
        Some(server)
    }

    fn spawn(&self) -> Child {
        let program = self.kind.program().expect("it was found at the start");
        let mut command = Command::new(program);
        let (port, folder) = (self.port.to_string(), self.folder.path());
        match self.kind {
            Kind::Redis { appending } => {
                command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"]);
                command.arg(folder).args(["--appendonly", if appending { "yes" } else { "no" }]);
            }
            Kind::Nats { token } => {
                command.args(["--addr", "127.0.0.1", "--port", &port]);
                command.args(token.map(|token| ["--auth", token]).into_iter().flatten());
            }
            Kind::Rabbit => {
                let (_, epmd_port) = self.epmd.as_ref().expect("it was started before");
                rabbit_settings(&mut command, folder, self.port, *epmd_port);
            }
        }
        let log = File::create(folder.join("log")).expect("the folder can be written to");
        let errors = log.try_clone().expect("a file can be opened twice");
        // A process group of its own, so that signals reach what it starts.
        command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .current_dir(folder);
        command.spawn().expect("the program starts")
    }

    fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + START_WITHIN;
        while !self.answers() {
            let path = self.folder.path().join("log");
            let log = || std::fs::read_to_string(&path);
            let ended =
                self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
            let kind = self.kind;
            assert!(!ended && Instant::now() < deadline, "{kind:?} does not start: {:?}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says whether the protocol's first word is answered.
    fn answers(&self) -> bool {
        let word: &[u8] = match self.kind {
            Kind::Redis { .. } => b"PING\r\n",
            Kind::Nats { .. } => b"PING\r\n",
            Kind::Rabbit => b"AMQP\x00\x00\x09\x01",
        };
        let Ok(mut socket) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = [0; 4];
        socket.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
            && socket.write_all(word).is_ok()
            && socket.read_exact(&mut answer).is_ok()
            // Redis says this while it still reads its file.
            && answer != *b"-LOA"
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let _ = kill_process_group(Pid::from_child(child), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Some((mut epmd, _)) = self.epmd.take() {
            let _ = epmd.kill();
            let _ = epmd.wait();
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Redis { .. } => "redis-server",
            Kind::Nats { .. } => "nats-server",
            Kind::Rabbit => "rabbitmq-server",
        }
    }

    /// Returns the program, or the name of what is missing.
    fn program(self) -> Result<PathBuf, &'static str> {
        let folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
        // Debian's own rabbitmq-server would change the user; the real one is behind it.
        let folders = if self == Kind::Rabbit { &["/usr/lib/rabbitmq/bin"] } else { &folders[..] };
        let mut programs = folders.iter().map(|folder| Path::new(folder).join(self.name()));
        programs.find(|program| program.exists()).ok_or(self.name())
    }
}

/// Sets all that RabbitMQ would otherwise share with another on this machine.
fn rabbit_settings(command: &mut Command, folder: &Path, port: u16, epmd_port: u16) {
    let plugins = folder.join("plugins");
    let conf = folder.join("rabbitmq.conf");
    let write = |path: &Path, text: &str| std::fs::write(path, text).expect("it can be written");
    write(&plugins, "[].");
    // It shall not hold publishers up because this machine is short of something.
    let limits = "vm_memory_high_watermark.relative = 0.9\ndisk_free_limit.absolute = 1MB\n";
    write(&conf, &format!("listeners.tcp.1 = 127.0.0.1:{port}\n{limits}"));
    command
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", folder)
        .env("RABBITMQ_NODENAME", format!("campanile{port}@localhost"))
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_DIST_PORT", free_port().to_string())
        .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", folder.join("logs"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins)
        .env("RABBITMQ_CONFIG_FILE", conf)
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_PID_FILE", folder.join("pid"))
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", epmd_port.to_string());
}

fn epmd() -> (Child, u16) {
    let port = free_port();
    let mut command = Command::new("epmd");
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    (command.spawn().expect("Erlang has epmd"), port)
}
