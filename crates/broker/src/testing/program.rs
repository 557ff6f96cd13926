//! A program that a test runs, and that never outlives it.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::processes;

/// What the guard does when the test is gone without a word: its pipe ends. That its folder is not
/// empty yet may be, as children of what was killed still write their last.
const GUARD: &str = r#"read -r word || {
    kill -s KILL -- "-$1"
    rm -rf -- "$2" || { sleep 2; rm -rf -- "$2"; }
}"#;

/// A program in a process group of its own, all of which is killed when this is dropped, or when
/// the test's process ends without dropping it: killed, say, because it took too long.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// A shell that waits for the end of its standard input, which nobody but this process holds.
    guard: Child,
}

impl Program {
    /// Starts a command, whose folder is removed with it if the test is killed.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(command: &mut Command, folder: &Path) -> Program {
        let child = command.process_group(0).spawn().expect("the program starts");
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD, "guard", &child.id().to_string()]).arg(folder);
        // Whoever kills the test with all its group shall not reach it.
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Program { child, guard: guard.spawn().expect("there is a shell") }
    }

    /// Returns the number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it in the middle of whatever it does: its sockets stay open and silent.
    ///
    /// # Panics
    ///
    /// If it still moves after some minutes.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        // The signal is on its way to each thread when it has been sent.
        let deadline = Instant::now() + STOP_WITHIN;
        while processes::any_moves(self.id()) {
            assert!(Instant::now() < deadline, "process {} does not stop", self.id());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }
}

/// How long the system may take to stop a process.
const STOP_WITHIN: Duration = Duration::from_secs(240);

/// Ends it at once, as kill -9 does.
impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // Its number is nobody else's before it was waited for: first the guard lets go of it.
        if let Some(mut words) = self.guard.stdin.take() {
            let _ = words.write_all(b"ended\n");
        }
        let _ = self.guard.wait();
        let _ = self.child.wait();
    }
}
