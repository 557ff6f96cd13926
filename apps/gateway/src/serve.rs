//! The running server: loops, listeners, and the end.

mod certificates;
mod drain;
mod limits;
mod reload;
mod shared;
mod signals;
mod start;
mod systemd;

pub use reload::Reloads;
pub use shared::{Seldom, Shared, Side};

use crate::accept::{Acceptor, Asked};
use crate::answer::Answer;
use crate::config::{BackendUrl, Config, Loaded, Sources};
use crate::tls::{Handshakes, handshakes};
use crate::{internal, public};
use certificates::Certificates;
use signals::{Asked as Asking, Signals};
use start::{Listeners, start};
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};
use systemd::Systemd;

/// For whom to serve.
pub enum Role {
    /// The clients of a backend.
    Backend(BackendUrl),
    /// Whoever tries it out.
    Demo,
}

/// Looks whether the listeners can speak TLS where they are to.
///
/// # Errors
///
/// If a file cannot be used: which, and why.
pub fn check_certificates(config: &Config) -> Result<(), String> {
    Certificates::read(config).map(drop)
}

/// Serves until SIGTERM or SIGINT, and takes leave.
///
/// # Errors
///
/// When it cannot begin, with what to do about it.
pub fn run(loaded: Loaded, role: Role) -> Result<(), String> {
    // HTTP has this one thread: it opens connections, and the loops do the rest. Several would wake
    // each other at every step of an opening. Only the handshakes of TLS are done beside it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot("start the threads for HTTP"))?;
    let thread = handshakes::thread().map_err(cannot("start the thread for TLS"))?;
    let handshakes = Handshakes::new(thread.handle().clone());
    let (shared, listeners, loops) = runtime.block_on(start(loaded.config, role, handshakes))?;
    let began = Instant::now();
    runtime.block_on(serve(&shared, listeners, &loaded.sources))?;
    let stopped = runtime.block_on(drain::stop(&shared, loops));
    runtime.shutdown_timeout(Duration::from_millis(100));
    tracing::info!("stopped, having served for {:.1} s", began.elapsed().as_secs_f64());
    stopped
}

fn cannot<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("cannot {what}: {error}")
}

/// Answers requests until a signal says to end, and as long after it as `drain_delay_s` says.
async fn serve(
    shared: &Arc<Shared>,
    listeners: Listeners,
    sources: &Sources,
) -> Result<(), String> {
    let mut signals = Signals::new().map_err(cannot("wait for signals"))?;
    let internal = Acceptor::new(listeners.internal, Side::Internal, shared);
    let public = Acceptor::new(listeners.public, Side::Public, shared);
    tokio::spawn(certificates::watch(Arc::clone(shared)));
    tokio::spawn(internal.run(with(shared, internal::answer)));
    let public = tokio::spawn(public.run(with(shared, public::answer)));
    let systemd = Arc::new(Systemd::from_environment());
    systemd.is_ready();
    tokio::spawn(Arc::clone(&systemd).report(Arc::clone(shared)));
    let name = until_told_to_end(&mut signals, || {
        systemd.is_reloading();
        reload::reload(shared, sources);
        systemd.is_ready();
    })
    .await;
    shared.leave();
    systemd.is_stopping(drain::longest(&shared.config().limits));
    tokio::spawn(end_at_once_if_told_again(signals));
    drain::delay(shared, name).await;
    shared.stop();
    public.abort();
    Ok(())
}

/// Waits for a signal to end, and returns its name; does what others ask for until then.
async fn until_told_to_end(signals: &mut Signals, reload: impl Fn()) -> &'static str {
    loop {
        match signals.next().await {
            Asking::End(name) => return name,
            Asking::Reload => reload(),
        }
    }
}

/// Whoever cannot wait asks again.
async fn end_at_once_if_told_again(mut signals: Signals) {
    let name = signals.end().await;
    tracing::warn!("{name} again: leaving at once");
    std::process::exit(1);
}

/// Gives a function of a request what all requests share.
fn with<A: Future<Output = Answer> + Send + 'static>(
    shared: &Arc<Shared>,
    answer: impl Fn(Arc<Shared>, Asked) -> A + Clone + Send + 'static,
) -> impl Fn(Asked) -> A + Clone + Send + 'static {
    let shared = Arc::clone(shared);
    move |asked| answer(Arc::clone(&shared), asked)
}
