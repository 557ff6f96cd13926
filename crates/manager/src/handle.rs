//! The loops, as other threads see them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::mailbox::{Adoption, Letter, Post, PostError, Receipt};
use crate::manager::Manager;
use crate::poller::{MioPoller, Poller};
use crate::promise::Promise;
use crate::publication::Publication;
use crate::service::{ConnectionKey, Service};
use crate::socket::Socket;
use crate::statistics::{Counters, Statistics};

/// What other threads ask the loops by. Cheap to clone.
pub struct Handle<S: Service, K = Socket> {
    pub(crate) shared: Arc<Loose<S, K>>,
}

/// What all handles and all loops share.
pub(crate) struct Loose<S: Service, K> {
    pub(crate) post: Post<K, S::Session, S::Command>,
    pub(crate) counters: Vec<Arc<Counters>>,
    next: AtomicUsize,
}

impl<S: Service, K> Clone for Handle<S, K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// The running loops' threads.
#[derive(Debug)]
pub struct Loops(Vec<JoinHandle<io::Result<()>>>);

/// Starts `config.loops` loops on threads of their own, each with the service that `service` makes
/// for its index.
///
/// # Errors
///
/// If the operating system refuses a poller or a thread.
pub fn start<S: Service>(
    config: &Config,
    mut service: impl FnMut(usize) -> S,
) -> io::Result<(Handle<S>, Loops)> {
    let pollers: io::Result<Vec<_>> = (0..config.loops.max(1)).map(|_| MioPoller::new()).collect();
    let (pollers, wakers): (Vec<_>, Vec<_>) = pollers?.into_iter().unzip();
    let handle = Handle::new(
        config,
        wakers.into_iter().map(|waker| {
            // A waker fails only when its poller is gone, and the loop with it.
            Box::new(move || drop(waker.wake())) as Box<dyn Fn() + Send + Sync>
        }),
    );
    let mut threads = Vec::new();
    for (index, poller) in pollers.into_iter().enumerate() {
        let manager = Manager::new(config, index, service(index), poller, &handle);
        let name = format!("loop-{index}");
        threads.push(std::thread::Builder::new().name(name).spawn(move || manager.run())?);
    }
    Ok((handle, Loops(threads)))
}

impl Loops {
    /// Waits until every loop has stopped.
    ///
    /// # Errors
    ///
    /// If a loop ended because its poller failed, or by a panic.
    pub fn join(self) -> io::Result<()> {
        for thread in self.0 {
            thread.join().map_err(|_| io::Error::other("a loop panicked"))??;
        }
        Ok(())
    }
}

impl<S: Service, K> Handle<S, K> {
    /// Makes the handle of as many loops as there are `wakers`.
    pub(crate) fn new(
        config: &Config,
        wakers: impl Iterator<Item = Box<dyn Fn() + Send + Sync>>,
    ) -> Self {
        let post =
            Post::new(wakers.collect(), config.mailbox_letters_max, config.mailbox_bytes_max);
        let counters = (0..post.loops()).map(|_| Arc::default()).collect();
        Self { shared: Arc::new(Loose { post, counters, next: AtomicUsize::new(0) }) }
    }

    /// Publishes to every loop. All publications reach all loops in one order.
    ///
    /// # Errors
    ///
    /// If the loops are too far behind or have all ended; then it reaches nobody.
    pub fn publish(&self, publication: impl Into<Arc<Publication>>) -> Result<(), PostError> {
        self.shared.post.publish(&publication.into(), None).map(drop)
    }

    /// Publishes, and returns what will tell how many subscriptions that reached.
    ///
    /// # Errors
    ///
    /// If the loops are too far behind or have all ended; then it reaches nobody.
    pub fn publish_counted(
        &self,
        publication: impl Into<Arc<Publication>>,
    ) -> Result<Receipt, PostError> {
        let (post, publication) = (&self.shared.post, publication.into());
        Receipt::of(post.loops(), |tally| post.publish(&publication, Some(tally)))
    }

    /// Hands a connection over to a loop, to each in turn.
    ///
    /// # Errors
    ///
    /// If that loop is too far behind, or has ended: the connection comes back.
    pub fn adopt(
        &self,
        adoption: Adoption<K, S::Session>,
    ) -> Result<(), Box<Adoption<K, S::Session>>> {
        match self.shared.post.send(self.next_loop(), Letter::Adopt(Box::new(adoption))) {
            Err(Letter::Adopt(adoption)) => Err(adoption),
            _ => Ok(()),
        }
    }

    /// Promises a connection to a loop, to each in turn: for an opening handshake that is about to be
    /// answered, so that whoever is let in finds a loop, and hears from it if it stops meanwhile.
    ///
    /// # Errors
    ///
    /// If that loop is too far behind, or has ended: the client should not be let in.
    pub fn promise(&self) -> Result<Promise<S, K>, PostError> {
        let to = self.next_loop();
        self.shared.post.promise(to)?;
        Ok(Promise::new(Arc::clone(&self.shared), to))
    }

    /// Returns how many connections are promised and not yet handed over.
    pub fn promised(&self) -> usize {
        self.shared.post.promised()
    }

    fn next_loop(&self) -> usize {
        self.shared.next.fetch_add(1, Ordering::Relaxed) % self.shared.post.loops()
    }

    /// Asks the service on the loop of `key` something.
    ///
    /// # Errors
    ///
    /// If that loop is too far behind, or has ended.
    pub fn command(&self, key: ConnectionKey, command: S::Command) -> Result<(), PostError> {
        self.command_loop(usize::from(key.loop_index), command)
    }

    /// Asks the service of the loop `index` something.
    ///
    /// # Errors
    ///
    /// If that loop is too far behind, or has ended.
    pub fn command_loop(&self, index: usize, command: S::Command) -> Result<(), PostError> {
        let post = &self.shared.post;
        post.send(index, Letter::Command(command)).map_err(|_| post.why_not(index))
    }

    /// Asks the services of all loops something.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind, or has ended; the others were asked all the same.
    pub fn command_all(&self, mut command: impl FnMut() -> S::Command) -> Result<(), PostError> {
        self.command_each(|_| command())
    }

    /// Asks the service of each loop what `command` makes for its index.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind, or has ended; the others were asked all the same.
    pub fn command_each(
        &self,
        mut command: impl FnMut(usize) -> S::Command,
    ) -> Result<(), PostError> {
        let ask = |outcome, index| self.command_loop(index, command(index)).and(outcome);
        (0..self.loops()).fold(Ok(()), ask)
    }

    /// Asks every loop to close its connections (1001), those promised too, write what waits, and end;
    /// what is not done after `patience` is cut.
    pub fn stop(&self, patience: Duration) {
        self.stop_by(Instant::now() + patience);
    }

    pub(crate) fn stop_by(&self, deadline: Instant) {
        for to in 0..self.shared.post.loops() {
            // A letter to stop is never refused.
            let _ = self.shared.post.send(to, Letter::Stop { deadline });
        }
    }

    /// Returns what the loops have counted.
    pub fn statistics(&self) -> Statistics {
        let mut sum = Statistics::default();
        self.shared.counters.iter().for_each(|counters| sum.add(counters));
        sum
    }

    /// Returns how many letters wait in the fullest mailbox.
    pub fn mailbox_waiting(&self) -> usize {
        self.shared.post.waiting()
    }

    /// Returns whether every loop has ended: nobody hears anything any more.
    pub fn has_ended(&self) -> bool {
        self.shared.post.has_ended()
    }

    /// Returns how many loops there are.
    pub fn loops(&self) -> usize {
        self.shared.post.loops()
    }
}

impl<S: Service, P: Poller> Manager<S, P> {
    /// Turns until it was asked to stop and has.
    ///
    /// # Errors
    ///
    /// If the poller fails.
    pub fn run(mut self) -> io::Result<()> {
        while !self.try_to_end() {
            self.turn()?;
        }
        Ok(())
    }
}
