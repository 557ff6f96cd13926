//! `cargo xtask autobahn`: the Autobahn cases, against the server role and against the client role.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command};

/// What was asked for.
struct Wish {
    quick: bool,
    server: bool,
    client: bool,
    python: Option<PathBuf>,
    /// A server that runs already, instead of the echo server.
    against: Option<String>,
}

/// Runs the cases for both roles, or for one.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let wish = understand(arguments)?;
    let python = python(&wish)?;
    let server = if wish.server { server_role(&wish, &python) } else { Ok(()) };
    let client = if wish.client { client_role(&wish, &python) } else { Ok(()) };
    server.and(client)
}

fn understand(arguments: &[&str]) -> Result<Wish, String> {
    let mut wish = Wish { quick: false, server: true, client: true, python: None, against: None };
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        match argument {
            "--quick" => wish.quick = true,
            "--server" => wish.client = false,
            "--client" => wish.server = false,
            "--python" => wish.python = arguments.next().map(PathBuf::from),
            "--against" => {
                wish.against = arguments.next().map(|address| (*address).to_owned());
                wish.client = false;
            }
            other => return Err(format!("autobahn: {other} is not known\n\n{}", crate::USAGE)),
        }
    }
    Ok(wish)
}

/// Returns the Python that has the cases: one named, or that of `./test`.
fn python(wish: &Wish) -> Result<PathBuf, String> {
    let of_test = crate::root().join("target/venv/bin/python");
    let python = wish.python.clone().unwrap_or(of_test);
    if python.exists() {
        return Ok(python);
    }
    Err(format!("{} is not there: `./test python` makes it", python.display()))
}

fn server_role(wish: &Wish, python: &PathBuf) -> Result<(), String> {
    if let Some(address) = &wish.against {
        return cases(wish, python, "server", address);
    }
    build("campanile-manager", "echo", &[])?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut echo = example("echo");
    echo.arg(&address);
    let mut echo = Running::start(echo)?;
    let outcome = cases(wish, python, "server", &address);
    echo.ended()
        .map_or(outcome, |status| Err(format!("the echo server ended by itself with {status}")))
}

fn client_role(wish: &Wish, python: &PathBuf) -> Result<(), String> {
    build("campanile-wire", "autobahn_client", &[])?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut script = driver(wish, python, "client", &address);
    // The script starts the fuzzing server and then this, and stops when it has come through all cases.
    script.arg("--").arg(example("autobahn_client").get_program()).arg(&address);
    crate::finish(script)
}

fn cases(wish: &Wish, python: &PathBuf, role: &str, address: &str) -> Result<(), String> {
    crate::finish(driver(wish, python, role, address))
}

fn driver(wish: &Wish, python: &PathBuf, role: &str, address: &str) -> Command {
    let mut script = crate::command(python);
    script.args(["tests/python/autobahn_cases.py", role, address]);
    if wish.quick {
        script.arg("--quick");
    }
    script
}

fn build(package: &str, example: &str, more: &[&str]) -> Result<(), String> {
    let mut cargo = crate::cargo();
    cargo.args(["build", "--quiet", "--release", "--package", package, "--example", example]);
    cargo.args(more);
    crate::finish(cargo)
}

fn example(name: &str) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| crate::root().join("target"), PathBuf::from);
    crate::command(target.join("release/examples").join(name))
}

/// Returns a port below the range from which the kernel gives out-going connections theirs.
fn free_port() -> Result<u16, String> {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (19_001..19_200).find(free).ok_or_else(|| "no free port from 19001 to 19199".to_owned())
}

/// A program of ours, ended when this is dropped.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Result<Running, String> {
        command.spawn().map(Running).map_err(|error| format!("{command:?}: {error}"))
    }

    /// Returns how it ended, or none while it runs.
    fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
