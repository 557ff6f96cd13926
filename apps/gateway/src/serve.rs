//! The running server: loops, listeners, and the end.

mod certificates;
mod drain;
mod limits;
mod reload;
mod signals;
mod systemd;

use crate::accept::{Acceptor, Asked, listen};
use crate::answer::Answer;
use crate::backend::Backend;
use crate::config::{BackendUrl, Config, Loaded, Sources};
use crate::demo::Demo;
use crate::internal;
use crate::metrics::{Refusals, TriggerCounts};
use crate::places::Places;
use crate::public;
use crate::publishing::{self, Interest, Publishing};
use crate::revalidate::Revalidation;
use crate::service::{Gateway, Settings};
use crate::tls::Tls;
use arc_swap::{ArcSwap, Guard};
use campanile_hub::PermissionsPool;
use campanile_manager::{self as manager, Handle, Loops};
use certificates::Certificates;
use limits::{broker_settings, connections_max, manager_config};
pub use reload::Reloads;
use signals::{Asked as Asking, Signals};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use systemd::Systemd;
use tokio::net::TcpListener;

/// Connections of the internal listener.
const INTERNAL_CONNECTIONS_MAX: usize = 256;
/// What all requests share.
pub struct Shared {
    /// The configuration, as it is now.
    config: ArcSwap<Config>,
    /// Who says who may hear what.
    pub backend: Backend,
    /// The loops.
    pub handle: Handle<Gateway>,
    /// What the gateways of all loops share.
    pub settings: Arc<Settings>,
    /// The lists of rooms that connections have.
    pub permissions: Arc<PermissionsPool>,
    /// The places for connections of the public listener.
    pub places: Arc<Places>,
    internal_places: Arc<Places>,
    /// TLS of the listeners that speak it.
    tls: Certificates,
    /// Those that were refused.
    pub refusals: Arc<Refusals>,
    /// What became of triggers.
    pub triggers: TriggerCounts,
    /// How triggers reach the loops of all nodes.
    pub publishing: Publishing,
    /// What became of the wishes to read the configuration again.
    pub reloads: Reloads,
    /// Keeps a failing backend from filling the log.
    pub seldom: Seldom,
    /// The page and the backend of `campanile demo`.
    pub demo: Option<Demo>,
    leaving: AtomicBool,
    stopping: AtomicBool,
}

impl Shared {
    /// Returns the configuration as it is now. Whoever needs two settings that fit together asks once.
    pub fn config(&self) -> Guard<Arc<Config>> {
        self.config.load()
    }

    /// Returns the places for connections of a listener.
    pub fn places(&self, side: Side) -> &Arc<Places> {
        match side {
            Side::Public => &self.places,
            Side::Internal => &self.internal_places,
        }
    }

    /// Returns the TLS of a listener; none if it speaks plain HTTP.
    pub fn tls(&self, side: Side) -> Option<&Arc<Tls>> {
        self.tls.of(side)
    }

    /// Returns whether the process is about to stop, so that nobody new should be sent here.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    /// Returns whether the process stops: nobody new is let in.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }
}

/// Says yes once in ten seconds.
#[derive(Debug)]
pub struct Seldom {
    began: Instant,
    next_s: AtomicU64,
}

impl Seldom {
    /// Begins; the first time is now.
    pub fn new() -> Seldom {
        Seldom { began: Instant::now(), next_s: AtomicU64::new(0) }
    }

    /// Returns whether it is time again.
    pub fn is_time(&self) -> bool {
        let (now, next) = (self.began.elapsed().as_secs(), self.next_s.load(Relaxed));
        now >= next && self.next_s.compare_exchange(next, now + 10, Relaxed, Relaxed).is_ok()
    }
}

impl Default for Seldom {
    fn default() -> Seldom {
        Seldom::new()
    }
}

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that browsers reach.
    Public,
    /// The one for the backend and for operators.
    Internal,
}

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
    // each other at every step of an opening.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot("start the threads for HTTP"))?;
    let (shared, listeners, loops) = runtime.block_on(start(loaded.config, role))?;
    let began = Instant::now();
    runtime.block_on(serve(&shared, listeners, &loaded.sources))?;
    let stopped = runtime.block_on(drain::stop(&shared, loops));
    runtime.shutdown_timeout(Duration::from_millis(100));
    tracing::info!("stopped after {:.1} s", began.elapsed().as_secs_f64());
    stopped
}

struct Listeners {
    public: TcpListener,
    internal: TcpListener,
}

async fn start(config: Config, role: Role) -> Result<(Arc<Shared>, Listeners, Loops), String> {
    let tls = Certificates::read(&config)?;
    let public = bind("public", config.public.listen)?;
    let internal = bind("internal", config.internal.listen)?;
    let (public_address, internal_address) = (at(&public)?, at(&internal)?);
    let (url, demo) = match role {
        Role::Backend(url) => (url, None),
        Role::Demo => {
            let (url, demo) =
                Demo::start(format!("http{}://{internal_address}", tls.s(Side::Internal)))
                    .await
                    .map_err(cannot("start the demo"))?;
            (url, Some(demo))
        }
    };
    let backend = Backend::new(&config, &url).map_err(cannot("use the backend's URL"))?;
    let (broker, events) = campanile_broker::start(&broker_settings(&config));
    if let Some(url) = &config.broker.url {
        tracing::info!("hearing from other nodes by {url}");
    }
    let interest = broker.listens_by_room().then(|| Interest::new(Arc::clone(&broker)));
    let settings = Arc::new(Settings::new(&config.limits, interest));
    let (handle, loops) =
        manager::start(&manager_config(&config, broker.listens_by_room()), |_| {
            Gateway::new(Arc::clone(&settings))
        })
        .map_err(cannot("start the loops"))?;
    // It was made above, and nobody else sets it.
    let _ = settings.handle.set(handle.clone());
    let permissions = Arc::new(PermissionsPool::new());
    let revalidation = Revalidation::start(
        &config.backend,
        backend.clone(),
        Arc::clone(&permissions),
        handle.clone(),
    );
    let _ = settings.revalidation.set(revalidation);
    settings.interest.iter().for_each(|interest| interest.start(handle.clone()));
    let places = Places::new(connections_max(&config), config.limits.connections_per_address_max);
    let origin = |side, address| format!("http{}://{address}", tls.s(side));
    let origins = (origin(Side::Public, public_address), origin(Side::Internal, internal_address));
    announce(&config, &url, (places.most(), handle.loops()), &origins, demo.is_some());
    let shared = Arc::new(Shared {
        config: ArcSwap::from_pointee(config),
        backend,
        handle,
        settings,
        permissions,
        places,
        internal_places: Places::new(INTERNAL_CONNECTIONS_MAX, None),
        tls,
        refusals: Arc::default(),
        triggers: TriggerCounts::default(),
        publishing: Publishing::new(broker),
        reloads: Reloads::default(),
        seldom: Seldom::new(),
        demo,
        leaving: AtomicBool::new(false),
        stopping: AtomicBool::new(false),
    });
    tokio::spawn(publishing::run(Arc::clone(&shared), events));
    Ok((shared, Listeners { public, internal }, loops))
}

/// Tells a person what is served, and where.
fn announce(
    config: &Config,
    url: &BackendUrl,
    (places, loops): (usize, usize),
    (public, internal): &(String, String),
    has_page: bool,
) {
    tracing::info!(
        "serving {}{} for {}, up to {places} connections on {loops} loops",
        public.replacen("http", "ws", 1),
        config.public.path.as_str(),
        url.as_str(),
    );
    tracing::info!("taking triggers at {internal}/trigger/");
    if has_page {
        tracing::info!("the page is at {public}/ - open it twice, then try");
        tracing::info!(
            "curl -d '{{\"rooms\":[{{\"room\":\"lobby\"}}],\"data\":{{\"text\":\"hello\"}}}}' \
             {internal}/trigger/"
        );
    }
}

fn bind(section: &str, address: SocketAddr) -> Result<TcpListener, String> {
    listen(address)
        .map_err(|error| format!("[{section}] listen: cannot listen at {address}: {error}"))
}

fn at(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener.local_addr().map_err(cannot("listen"))
}

fn cannot<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("cannot {what}: {error}")
}

/// Answers requests until a signal comes.
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
    let name = loop {
        match signals.next().await {
            Asking::End(name) => break name,
            Asking::Reload => {
                systemd.is_reloading();
                reload::reload(shared, sources);
                systemd.is_ready();
            }
        }
    };
    shared.leaving.store(true, Relaxed);
    systemd.is_stopping(drain::longest(&shared.config().limits));
    // Whoever cannot wait asks again.
    tokio::spawn(async move {
        let name = signals.end().await;
        tracing::warn!("{name} again: leaving at once");
        std::process::exit(1);
    });
    let delay = shared.config().limits.drain_delay;
    if !delay.is_zero() {
        tracing::info!("{name}: not ready any more, and going on for {} s", delay.as_secs_f64());
        tokio::time::sleep(delay).await;
    }
    tracing::info!(
        "{name}: telling {} connections goodbye",
        shared.handle.statistics().connections
    );
    shared.stopping.store(true, Relaxed);
    public.abort();
    Ok(())
}

/// Gives a function of a request what all requests share.
fn with<A: Future<Output = Answer> + Send + 'static>(
    shared: &Arc<Shared>,
    answer: impl Fn(Arc<Shared>, Asked) -> A + Clone + Send + 'static,
) -> impl Fn(Asked) -> A + Clone + Send + 'static {
    let shared = Arc::clone(shared);
    move |asked| answer(Arc::clone(&shared), asked)
}
