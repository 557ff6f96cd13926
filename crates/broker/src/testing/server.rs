//! A real broker of a test's own.

use super::tls::Files;
use super::{Folder, Program, free_port};
use crate::BrokerUrl;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start; RabbitMQ takes the longest.
const START_WITHIN: Duration = Duration::from_secs(240);

/// A broker that belongs to one test.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    port: u16,
    /// Dropped before its folder is removed.
    program: Option<Program>,
    /// RabbitMQ's nodes find each other by one of these, which must not be a daemon.
    epmd: Option<(Program, u16)>,
    folder: Folder,
    /// What it shows, if it speaks TLS and nothing else.
    tls: Option<Files>,
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

    /// Starts a Redis that speaks TLS and nothing else; none if it is not installed.
    pub fn redis_with_tls() -> Option<Server> {
        Server::start_with(Kind::Redis { appending: false }, true)
    }

    /// Starts a NATS server that speaks TLS and nothing else; none if it is not installed.
    pub fn nats_with_tls() -> Option<Server> {
        Server::start_with(Kind::Nats { token: None }, true)
    }

    /// Starts a RabbitMQ that speaks TLS and nothing else; none if it is not installed.
    pub fn rabbit_with_tls() -> Option<Server> {
        Server::start_with(Kind::Rabbit, true)
    }

    /// Returns the file of the authority that has signed its certificate, if it speaks TLS.
    pub fn ca_file(&self) -> Option<&Path> {
        self.tls.as_ref().map(|files| files.authority.as_path())
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
        let scheme = match (self.kind, &self.tls) {
            (Kind::Redis { .. }, None) => "redis",
            (Kind::Redis { .. }, Some(_)) => "rediss",
            (Kind::Nats { token: Some(token) }, _) => {
                return format!("nats://{token}@127.0.0.1:{port}");
            }
            (Kind::Nats { .. }, None) => "nats",
            (Kind::Nats { .. }, Some(_)) => "tls",
            (Kind::Rabbit, None) => "amqp",
            (Kind::Rabbit, Some(_)) => "amqps",
        };
        format!("{scheme}://127.0.0.1:{port}")
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder with all that is its own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it at once, as kill -9 does.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it again, after [`kill`](Self::kill), on the same port and folder.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.program = Some(self.spawn());
        self.wait_until_it_answers();
    }

    /// Stops it in the middle of whatever it does: its sockets stay open and silent.
    ///
    /// # Panics
    ///
    /// If it still moves after some minutes.
    pub fn freeze(&self) {
        if let Some(program) = &self.program {
            program.freeze();
        }
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        if let Some(program) = &self.program {
            program.thaw();
        }
    }

    fn start(kind: Kind) -> Option<Server> {
        Server::start_with(kind, false)
    }

    fn start_with(kind: Kind, is_tls: bool) -> Option<Server> {
        if let Err(missing) = kind.program() {
            #[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
            {
                eprintln!("not run, because {missing} is not installed");
            }
            return None;
        }
        let folder = Folder::new(kind.name());
        let tls = is_tls.then(|| Files::write(folder.path()));
        let epmd = (kind == Kind::Rabbit).then(|| epmd(folder.path()));
        let mut server = Server { kind, port: free_port(), program: None, epmd, folder, tls };
        server.restart();
        Some(server)
    }

    fn spawn(&self) -> Program {
        let program = self.kind.program().expect("it was found at the start");
        let mut command = Command::new(program);
        let (port, folder) = (self.port.to_string(), self.folder.path());
        match self.kind {
            Kind::Redis { appending } => {
                match &self.tls {
                    None => command.args(["--port", &port]),
                    Some(files) => redis_tls(&mut command, &port, files),
                };
                command.args(["--bind", "127.0.0.1", "--save", "", "--dir"]);
                command.arg(folder).args(["--appendonly", if appending { "yes" } else { "no" }]);
            }
            Kind::Nats { token } => {
                command.args(["--addr", "127.0.0.1", "--port", &port]);
                command.args(token.map(|token| ["--auth", token]).into_iter().flatten());
                if let Some(files) = &self.tls {
                    command.arg("--tls").arg("--tlscert").arg(&files.certificate);
                    command.arg("--tlskey").arg(&files.key);
                }
            }
            Kind::Rabbit => {
                let (_, epmd_port) = self.epmd.as_ref().expect("it was started before");
                let listener = rabbit_listener(self.port, self.tls.as_ref());
                rabbit_settings(&mut command, folder, (self.port, &listener), *epmd_port);
            }
        }
        let log = File::create(folder.join("log")).expect("the folder can be written to");
        let errors = log.try_clone().expect("a file can be opened twice");
        command.stdin(Stdio::null()).stdout(log).stderr(errors).current_dir(folder);
        Program::start(&mut command, folder)
    }

    fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + START_WITHIN;
        while !self.answers() {
            let path = self.folder.path().join("log");
            let log = || std::fs::read_to_string(&path);
            let ended = self.program.as_mut().is_some_and(Program::has_ended);
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
        if self.tls.is_some() {
            // They listen when they are ready.
            return true;
        }
        let mut answer = [0; 4];
        socket.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
            && socket.write_all(word).is_ok()
            && socket.read_exact(&mut answer).is_ok()
            // Redis says this while it still reads its file.
            && answer != *b"-LOA"
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
fn rabbit_settings(
    command: &mut Command,
    folder: &Path,
    (port, listener): (u16, &str),
    epmd_port: u16,
) {
    let plugins = folder.join("plugins");
    let conf = folder.join("rabbitmq.conf");
    let write = |path: &Path, text: &str| std::fs::write(path, text).expect("it can be written");
    write(&plugins, "[].");
    // It shall not hold publishers up because this machine is short of something.
    let limits = "vm_memory_high_watermark.relative = 0.9\ndisk_free_limit.absolute = 1MB\n";
    write(&conf, &format!("{listener}{limits}"));
    command
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", folder)
        .env("RABBITMQ_NODENAME", format!("campanile{port}@localhost"))
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

/// Returns the lines that say where RabbitMQ listens, and nowhere else.
fn rabbit_listener(port: u16, tls: Option<&Files>) -> String {
    let Some(files) = tls else { return format!("listeners.tcp.1 = 127.0.0.1:{port}\n") };
    format!(
        "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\n\
         ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
         ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n",
        files.authority.display(),
        files.certificate.display(),
        files.key.display()
    )
}

fn redis_tls<'a>(command: &'a mut Command, port: &str, files: &Files) -> &'a mut Command {
    command.args(["--port", "0", "--tls-port", port, "--tls-auth-clients", "no"]);
    command.arg("--tls-ca-cert-file").arg(&files.authority);
    command.arg("--tls-cert-file").arg(&files.certificate);
    command.arg("--tls-key-file").arg(&files.key)
}

fn epmd(folder: &Path) -> (Program, u16) {
    let port = free_port();
    let mut command = Command::new("epmd");
    command.args(["-address", "127.0.0.1", "-port", &port.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    (Program::start(&mut command, folder), port)
}
