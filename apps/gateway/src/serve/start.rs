//! The beginning: everything that runs, made and put together.

use super::certificates::Certificates;
use super::limits::{broker_settings, connections_max, manager_config};
use super::{Reloads, Role, Seldom, Shared, Side, cannot};
use crate::accept::listen;
use crate::backend::Backend;
use crate::config::{BackendUrl, Config};
use crate::control::{self, Control};
use crate::demo::Demo;
use crate::explain::Ledger;
use crate::metrics::TriggerCounts;
use crate::places::Places;
use crate::publishing::{self, Interest, Publishing};
use crate::revalidate::Revalidation;
use crate::service::{Gateway, Settings};
use crate::tls::Handshakes;
use arc_swap::ArcSwap;
use campanile_broker::Broker;
use campanile_hub::PermissionsPool;
use campanile_manager::{self as manager, Handle, Loops};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;

/// What listens.
pub(super) struct Listeners {
    pub(super) public: TcpListener,
    pub(super) internal: TcpListener,
}

/// Starts the loops and everything around them; nothing is accepted yet.
///
/// # Errors
///
/// When it cannot begin, with what to do about it.
pub(super) async fn start(
    config: Config,
    role: Role,
    handshakes: Arc<Handshakes>,
) -> Result<(Arc<Shared>, Listeners, Loops), String> {
    let tls = Certificates::read(&config)?;
    let listeners = Listeners {
        public: bind("public", config.public.listen)?,
        internal: bind("internal", config.internal.listen)?,
    };
    let public = origin(&tls, Side::Public, &listeners.public)?;
    let internal = origin(&tls, Side::Internal, &listeners.internal)?;
    let (url, demo) = match role {
        Role::Backend(url) => (url, None),
        Role::Demo => {
            let started = Demo::start(internal.clone(), &config).await;
            let (url, demo) = started.map_err(cannot("start the demo"))?;
            (url, Some(demo))
        }
    };
    let backend = Backend::new(&config, &url).map_err(cannot("use the backend's URL"))?;
    let permissions = Arc::new(PermissionsPool::new());
    let (broker, events) = campanile_broker::start(&broker_settings(&config));
    let (settings, handle, loops) = start_loops(&config, &backend, &broker, &permissions)?;
    let places = Places::new(connections_max(&config), config.limits.connections_per_address_max);
    announce(&config, &url, (places.most(), handle.loops()), (&public, &internal), demo.is_some());
    let internal_places = Places::new(config.internal.connections_max, None);
    let publishing = Publishing::new(broker, settings.interest.clone());
    let (control, wishes, questions) = Control::new(config.broker.url.is_some());
    let shared = Arc::new(Shared {
        config: ArcSwap::from_pointee(config),
        backend,
        handle,
        settings,
        permissions,
        places,
        internal_places,
        tls,
        handshakes,
        refusals: Arc::default(),
        triggers: TriggerCounts::default(),
        publishing,
        control,
        reloads: Reloads::default(),
        seldom: Seldom::new(),
        demo,
        leaving: AtomicBool::new(false),
        stopping: AtomicBool::new(false),
    });
    tokio::spawn(publishing::run(Arc::clone(&shared), events));
    tokio::spawn(control::run(Arc::clone(&shared), wishes));
    tokio::spawn(control::answer_all(Arc::clone(&shared), questions));
    tokio::spawn(control::announce(Arc::clone(&shared)));
    Ok((shared, listeners, loops))
}

/// Starts the loops, with the gateways on them, and what works for them beside them.
fn start_loops(
    config: &Config,
    backend: &Backend,
    broker: &Arc<dyn Broker>,
    permissions: &Arc<PermissionsPool>,
) -> Result<(Arc<Settings>, Handle<Gateway>, Loops), String> {
    let listens_by_room = broker.listens_by_room();
    let interest = listens_by_room.then(|| Interest::new(Arc::clone(broker)));
    let ledger = Ledger::new(&config.explain);
    let settings = Arc::new(Settings::new(&config.limits, interest).noting_in(ledger));
    let manager_config = manager_config(config, listens_by_room);
    let (handle, loops) = manager::start(&manager_config, |_| Gateway::new(Arc::clone(&settings)))
        .map_err(cannot("start the loops"))?;
    let (backend, permissions) = (backend.clone(), Arc::clone(permissions));
    let names = settings.names.clone();
    let revalidation =
        Revalidation::start(&config.backend, backend, permissions, handle.clone(), names);
    // All of it was made above, and nobody else sets it.
    let _ = settings.handle.set(handle.clone());
    let _ = settings.revalidation.set(revalidation);
    settings.interest.iter().for_each(|interest| interest.start(handle.clone()));
    Ok((settings, handle, loops))
}

/// Tells a person what is served, and where.
fn announce(
    config: &Config,
    url: &BackendUrl,
    (places, loops): (usize, usize),
    (public, internal): (&str, &str),
    has_page: bool,
) {
    tracing::info!(
        "serving {}{} for {}, up to {places} connections on {loops} loops",
        public.replacen("http", "ws", 1),
        config.public.path.as_str(),
        url.as_str(),
    );
    tracing::info!(
        "taking triggers at {internal}/trigger/, and showing all to operators at {internal}/admin/"
    );
    if let Some(url) = &config.broker.url {
        tracing::info!("hearing from other nodes by {url}");
    }
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

/// Returns where a listener can be reached, as the beginning of a URL.
fn origin(tls: &Certificates, side: Side, listener: &TcpListener) -> Result<String, String> {
    let address = listener.local_addr().map_err(cannot("listen"))?;
    Ok(format!("http{}://{address}", tls.s(side)))
}
