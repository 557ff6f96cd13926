//! A real PostgreSQL of a test's own.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Folder, Program, free_port};

/// How long it may take to start.
const START_WITHIN: Duration = Duration::from_secs(90);

/// A PostgreSQL that belongs to one test, with a superuser `postgres` who needs no password.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    /// Dropped before its folder is removed.
    server: Option<Program>,
    folder: Folder,
}

impl Postgres {
    /// Starts one that is empty; none if it is not installed, which the test's output says.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start() -> Option<Postgres> {
        let Some(programs) = programs() else {
            #[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
            {
                eprintln!("not run, because postgresql is not installed");
            }
            return None;
        };
        let folder = Folder::new("postgres");
        let mut server = Postgres { programs, port: free_port(), server: None, folder };
        if let Some((user, group)) = servant() {
            chown(server.folder.path(), Some(user), Some(group)).expect("root may give it away");
        }
        let made = server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(server.data())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "initdb failed: {}", server.log());
        server.restart();
        Some(server)
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn database(&self, name: &str) -> String {
        let mut command = self.command("createdb");
        command.args(["--host=127.0.0.1", "--username=postgres", "--port"]);
        let made = command.arg(self.port.to_string()).arg(name).status();
        assert!(made.is_ok_and(|status| status.success()), "createdb failed: {}", self.log());
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
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
        self.server = None;
    }

    /// Starts it again, after [`kill`](Self::kill), with the same port and databases.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        let deadline = Instant::now() + START_WITHIN;
        while !self.answers() {
            assert!(Instant::now() < deadline, "it does not start: {}", self.log());
            // Those that one which was killed leaves behind hold its memory until they see that it is
            // gone: before, another one ends at once.
            if self.server.as_mut().is_none_or(Program::has_ended) {
                self.server = Some(self.run());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn run(&self) -> Program {
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        // What a power cut would lose does not matter here.
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
            command.args(["-c", setting]);
        }
        command.args(["-p", &port, "-D"]).arg(self.data());
        Program::start(&mut command, self.folder.path())
    }

    fn answers(&self) -> bool {
        let mut command = self.command("pg_isready");
        command.args(["--host=127.0.0.1", "--port", &self.port.to_string()]);
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str) -> Command {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("the folder can be written to");
        let errors = log.try_clone().expect("a file can be opened twice");
        let mut command = Command::new(self.programs.join(program));
        command.stdin(Stdio::null()).stdout(log).stderr(errors).current_dir(self.folder.path());
        if let Some((user, group)) = servant() {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Returns the folder of the newest version that Debian's packages have put there.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.max_by_key(|folder| version(&folder.path()))?;
    let programs = newest.path().join("bin");
    programs.join("initdb").exists().then_some(programs)
}

/// Returns the user and the group in whose name it runs where the test is root's, which it refuses.
fn servant() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = user.split(':').skip(2).map(|field| field.parse().ok());
    Some((fields.next()??, fields.next()??))
}
