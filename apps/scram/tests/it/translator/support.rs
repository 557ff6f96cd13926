//! What the tests stand on.

mod gobgpd;
mod server;

use campanile_scram::translator::backend::Backend;
use campanile_scram::translator::service;
use campanile_scram::translator::settings::Settings;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) use gobgpd::Gobgpd;
pub(crate) use server::{Peer, Server};

/// How long something may take that should be done at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A translator that ends with the test.
pub(crate) struct Translator {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Translator {
    /// Starts one.
    pub(crate) fn start(settings: Settings, backend: Arc<dyn Backend>) -> Translator {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            service::run(&settings, backend, stopped).await.unwrap();
        });
        Translator { stop, task }
    }

    /// Tells it to end, and waits until it has.
    pub(crate) async fn end(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

/// Returns settings for a server, with others besides.
pub(crate) fn settings(server: &Server, others: &[(&str, &str)]) -> Settings {
    let mut environment = vec![
        ("SCRAM_EVENTS_URL".to_owned(), server.url()),
        ("TRANSLATOR_NAME".to_owned(), "t1".to_owned()),
    ];
    environment
        .extend(others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let get = move |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    Settings::read(&get).unwrap()
}

/// Waits until something is so.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE + Duration::from_secs(1);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: not so after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
