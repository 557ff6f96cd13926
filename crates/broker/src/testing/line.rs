//! A line to a server that can be cut or go dead.

use super::free_port;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A port that leads to another one.
#[derive(Debug)]
pub struct Line {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Connections are refused.
    cut: AtomicBool,
    /// Connections stand, but nothing goes through.
    dead: AtomicBool,
    over: AtomicBool,
    sockets: Mutex<Vec<TcpStream>>,
}

const PAUSE: Duration = Duration::from_millis(2);

impl Line {
    /// Lays a line to a port of this machine.
    ///
    /// # Panics
    ///
    /// If its own port cannot be opened.
    pub fn to(server_port: u16) -> Line {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port was free just now");
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, server_port, &accepting));
        Line { port, shared }
    }

    /// Returns the port of its near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections; new ones are ended at once.
    pub fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        self.shared.end_all();
    }

    /// Lets nothing through any more, without a word to either end.
    pub fn go_dead(&self) {
        self.shared.dead.store(true, Ordering::SeqCst);
    }

    /// Makes it whole again. What had been held up by a dead line goes through.
    pub fn mend(&self) {
        self.shared.cut.store(false, Ordering::SeqCst);
        self.shared.dead.store(false, Ordering::SeqCst);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.end_all();
    }
}

impl Shared {
    fn end_all(&self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn keep(&self, socket: &TcpStream) {
        let socket = socket.try_clone().expect("a socket can be cloned");
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    }
}

fn accept(listener: &TcpListener, server_port: u16, shared: &Arc<Shared>) {
    while !shared.over.load(Ordering::SeqCst) {
        let Ok((near, _)) = listener.accept() else {
            thread::sleep(PAUSE);
            continue;
        };
        if shared.cut.load(Ordering::SeqCst) {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", server_port)) else { continue };
        for (from, to) in [(&near, &far), (&far, &near)] {
            shared.keep(from);
            let _ = from.set_nonblocking(false);
            let _ = from.set_nodelay(true);
            let from = from.try_clone().expect("a socket can be cloned");
            let to = to.try_clone().expect("a socket can be cloned");
            let shared = Arc::clone(shared);
            thread::spawn(move || copy(from, to, &shared));
        }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        while shared.dead.load(Ordering::SeqCst) && !shared.over.load(Ordering::SeqCst) {
            thread::sleep(PAUSE);
        }
        if to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
