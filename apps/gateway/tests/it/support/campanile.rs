//! The real binary, running.

use super::folder::Folder;
use super::http::{self, Answer};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LOG: &str = "log";
const PUBLIC_PORT: u16 = 18_000;
const INTERNAL_PORT: u16 = 18_002;
const BACKEND_PORT: u16 = 18_080;

/// How long a start may take; a debug build on a busy machine is far below it.
const START: Duration = Duration::from_secs(60);

/// Returns a loopback address that no other test has, in this process or another.
///
/// The ports on it are fixed and lie below those the kernel gives to out-going connections, so no two can collide.
pub(crate) fn own_address() -> Ipv4Addr {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    // 22 bits make a process id, of which 15 are enough to tell those that run at once apart.
    let bits = ((std::process::id() & 0x7fff) << 9) | (count & 0x1ff);
    Ipv4Addr::from(0x7f00_0000 | (bits + 2) & 0x00ff_ffff)
}

/// Returns where the backend of a gateway on `own` listens.
pub(crate) fn backend_address(own: Ipv4Addr) -> SocketAddr {
    SocketAddr::from((own, BACKEND_PORT))
}

/// A gateway to be started.
pub(crate) struct Start {
    own: Ipv4Addr,
    command: Command,
    folder: Folder,
}

/// A running gateway, ended when this is dropped.
pub(crate) struct Campanile {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
    folder: Folder,
}

/// How long the machine has let a gateway's thread for HTTP, backend and broker wait.
pub(crate) struct Waited(PathBuf);

impl Start {
    /// Prepares `campanile serve` on its own addresses, with the backend at [`backend_address`].
    pub(crate) fn new(own: Ipv4Addr) -> Start {
        let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
        command.arg("serve").env_clear();
        command.env("CAMPANILE_PUBLIC_LISTEN", format!("{own}:{PUBLIC_PORT}"));
        command.env("CAMPANILE_INTERNAL_LISTEN", format!("{own}:{INTERNAL_PORT}"));
        command.env("CAMPANILE_BACKEND_URL", format!("http://{own}:{BACKEND_PORT}/api/"));
        Start { own, command, folder: Folder::new() }
    }

    /// Sets an environment variable of the gateway.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Start {
        self.command.env(name, value);
        self
    }

    /// Gives the gateway a configuration file of this text.
    pub(crate) fn config(mut self, toml: &str) -> Start {
        self.command.arg("--config").arg(self.folder.write("campanile.toml", toml));
        self
    }

    /// Lets the gateway open at most so many files.
    pub(crate) fn files(mut self, most: usize) -> Start {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")]);
        command.arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env("PATH", path);
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = command;
        self
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn ready(self) -> Campanile {
        let mut campanile = self.run();
        // The listener may speak TLS only.
        let is_ready = |answer: &Answer| answer.status == 200 || answer.body.contains("speaks TLS");
        campanile.wait_until_it_says("/readyz", is_ready).await;
        campanile
    }

    /// Starts it, and waits until it answers at all.
    pub(crate) async fn alive(self) -> Campanile {
        let mut campanile = self.run();
        campanile.wait_until_it_says("/livez", |answer| answer.status == 200).await;
        campanile
    }

    fn run(mut self) -> Campanile {
        let log =
            fs::File::create(self.folder.at(LOG)).expect("the temporary folder can be written");
        let out = log.try_clone().expect("a file can be opened twice");
        self.command.stdin(Stdio::null()).stdout(out).stderr(log);
        let child = self.command.spawn().expect("the binary was built for this test");
        let at = |port| SocketAddr::from((self.own, port));
        let (public, internal) = (at(PUBLIC_PORT), at(INTERNAL_PORT));
        Campanile { child, public, internal, folder: self.folder }
    }
}

impl Campanile {
    async fn wait_until_it_says(&mut self, path: &str, is_so: impl Fn(&Answer) -> bool) {
        let began = Instant::now();
        while began.elapsed() < START {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("campanile ended with {status}:\n{}", self.log());
            }
            if http::get(self.internal, path).await.is_ok_and(|answer| is_so(&answer)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("campanile did not come up within {START:?}:\n{}", self.log());
    }

    /// Sends it SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a child has a number");
        kill_process(pid, signal).expect("the gateway runs");
    }

    /// Returns how many files it has open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        fs::read_dir(folder).expect("the gateway runs").count()
    }

    /// Returns what says how long the machine lets it wait.
    pub(crate) fn waited(&self) -> Waited {
        Waited(format!("/proc/{}/schedstat", self.child.id()).into())
    }

    /// Sets how many files it may have open, and returns how many it might have until now.
    pub(crate) fn descriptors_max(&self, most: usize) -> usize {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let limit = Rlimit { current: Some(most as u64), ..getrlimit(Resource::Nofile) };
        let before = prlimit(pid, Resource::Nofile, limit).expect("the gateway runs");
        before.current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        while began.elapsed() < START {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("campanile did not end within {START:?}:\n{}", self.log());
    }

    /// Returns where its configuration file is, if it was given one.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.at("campanile.toml")
    }

    /// Returns what it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.at(LOG)).unwrap_or_default()
    }
}

impl Waited {
    /// Returns how long it was ready to run and had no processor; nothing where the kernel does not say.
    pub(crate) fn so_far(&self) -> Duration {
        let numbers = fs::read_to_string(&self.0).unwrap_or_default();
        let nanoseconds = numbers.split_whitespace().nth(1).and_then(|number| number.parse().ok());
        Duration::from_nanos(nanoseconds.unwrap_or_default())
    }
}

impl Drop for Campanile {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
