//! Answering requests until it is told to end.

use axum::Router;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What answers the requests of a server.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
}

impl Http {
    /// Listens, and answers what comes. Handlers are told where each request comes from.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn serve(listen: SocketAddr, router: Router) -> io::Result<Http> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let until = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(until);
        let serving = tokio::spawn(async move { serving.await });
        Ok(Http { address, stop, serving })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Takes no more requests, and waits until those under way are answered, `patience` at most.
    pub async fn ended(self, patience: Duration) {
        self.stop();
        if tokio::time::timeout(patience, self.serving).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }
}
