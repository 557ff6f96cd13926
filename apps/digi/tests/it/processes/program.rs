//! A `digi serve` in a process of its own.

use crate::stage::KEYS;
use campanile_broker::testing::{Folder, Program};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// A `digi serve`.
pub(crate) struct Digi {
    program: Option<Program>,
    folder: Folder,
    address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl Digi {
    /// Starts one with these variables set, at a port of its own, and waits until it answers.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Digi {
        // Whoever else wants a port gets another meanwhile, as a rule.
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has an address");
        drop(listener);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut digi = Digi {
            program: None,
            folder: Folder::new("digi-serve"),
            address,
            variables: variables.iter().map(owned).collect(),
        };
        digi.restart().await;
        digi
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it with all it has under way.
    pub(crate) fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it again, under its name and at its port.
    pub(crate) async fn restart(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_digi"));
        command
            .arg("serve")
            .current_dir(self.folder.path())
            .env_clear()
            .env("CHAT_FERNET_KEYS", KEYS[0])
            .env("DIGI_LISTEN", self.address.to_string())
            .env("DIGI_CHANGES_PER_10_S_MAX", "10000")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut program = Program::start(&mut command, self.folder.path());
        for _ in 0..1200 {
            assert!(!program.has_ended(), "digi serve has ended");
            if TcpStream::connect(self.address).await.is_ok() {
                self.program = Some(program);
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("digi serve does not listen");
    }
}
