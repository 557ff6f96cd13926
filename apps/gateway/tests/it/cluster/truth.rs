//! How soon `/readyz` of a node tells the truth about its broker.

use crate::support::campanile::{Campanile, Waited};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How soon it is red, of the time that the machine lets the node and this test run. It is meant to be
/// 5 s, for `silence_s` and a probe, and the time that is printed shows whether it is; but what a
/// machine's own host or disk takes from it shows in no count, so a test that fails beyond 5 s would
/// fail by the machine. This says that red comes by the silence, not by some longer time.
const RED_WITHIN: Duration = Duration::from_secs(30);

/// How soon it is green again: the node has to try, and may have failed just before.
const GREEN_WITHIN: Duration = Duration::from_secs(60);

/// How long it is asked at all.
const ASKED_FOR: Duration = Duration::from_secs(120);

/// How long it is let be between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Somebody who asks a node's `/readyz` until it says what is expected. It has a thread of its own, so
/// that a thousand clients do not make it late.
pub(super) struct Watch {
    asking: JoinHandle<Noticed>,
    status: u16,
    within: Duration,
}

/// What came of it.
struct Noticed {
    after: Duration,
    /// How much of this nobody could help: the machine let the node, or this test, wait.
    held_up: Duration,
    answer: String,
}

impl Watch {
    /// Begins to ask, just before the node's broker is broken.
    pub(super) fn until_red(node: &Campanile) -> Watch {
        Watch::until(node, 503, RED_WITHIN)
    }

    /// Begins to ask, as soon as the node's broker is whole again.
    pub(super) fn until_green(node: &Campanile) -> Watch {
        Watch::until(node, 200, GREEN_WITHIN)
    }

    fn until(node: &Campanile, status: u16, within: Duration) -> Watch {
        let (address, waited) = (node.internal, node.waited());
        let asking = std::thread::spawn(move || ask_until(address, status, &waited));
        Watch { asking, status, within }
    }

    /// Waits until it has said so, which it did in time.
    pub(super) async fn seen(self, what: &str) {
        let Watch { asking, status, within } = self;
        let noticed =
            tokio::task::spawn_blocking(|| asking.join()).await.expect("it is not stopped");
        let noticed = noticed.expect("it is answered");
        #[expect(clippy::print_stderr, reason = "the time is what is promised")]
        {
            eprintln!("{what}: /readyz {status} {noticed}");
        }
        let took = noticed.after.saturating_sub(noticed.held_up);
        assert!(took < within, "{what}: not {status} before {noticed}: {}", noticed.answer);
    }
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (after, held_up) = (self.after.as_secs_f64(), self.held_up.as_secs_f64());
        write!(f, "after {after:.2} s, {held_up:.2} s of them held up by the machine")
    }
}

fn ask_until(address: SocketAddr, status: u16, waited: &Waited) -> Noticed {
    let (began, before) = (Instant::now(), waited.so_far());
    let mut late = Duration::ZERO;
    loop {
        let answer = ask(address).expect("it is answered");
        let after = began.elapsed();
        if answer.starts_with(&format!("HTTP/1.1 {status} ")) || after > ASKED_FOR {
            // Mostly both wait at the same time.
            let held_up = late.max(waited.so_far().saturating_sub(before));
            return Noticed { after, held_up, answer };
        }
        let paused = Instant::now();
        std::thread::sleep(PAUSE);
        late += paused.elapsed().saturating_sub(PAUSE);
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ASKED_FOR))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
