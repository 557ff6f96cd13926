//! Consumers without sockets, in tests: as Django Channels' `WebsocketCommunicator`.
//!
//! The consumer runs as it always does, in its own task, with the router's extractors and a channel
//! layer; only its client is a [`Communicator`]. Under tokio's paused clock
//! (`#[tokio::test(start_paused = true)]`) time is virtual: to wait for an hour takes no time.
//!
//! ```
//! use campanile_consumer::testing::Communicator;
//! use campanile_consumer::{Accept, Close, Consumer, Context, Refusal, Scope};
//!
//! struct Greeter { name: String }
//!
//! impl Consumer for Greeter {
//!     type User = ();
//!     type Request = String;
//!     type Event = ();
//!
//!     async fn connect(scope: Scope<()>, _: &mut Context<Self>) -> Result<Accept<Self>, Refusal> {
//!         match scope.param("name")? {
//!             "nobody" => Err(Refusal::forbidden()),
//!             name => Ok(Accept::new(Greeter { name: name.to_owned() })),
//!         }
//!     }
//!
//!     async fn receive(&mut self, word: String, context: &mut Context<Self>) -> Result<(), Close> {
//!         context.send(format!("{word}, {}!", self.name)).await?;
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let communicator = Communicator::<Greeter>::new("/ws/ada/").path("/ws/{name}/");
//! let mut client = communicator.connect().await.expect("Ada is let in");
//! client.send("Hello").await;
//! assert_eq!(client.receive::<String>().await, "Hello, ada!");
//! assert!(client.receive_nothing().await);
//! client.disconnect().await;
//!
//! let refused = Communicator::<Greeter>::new("/ws/nobody/").path("/ws/{name}/").connect().await;
//! assert_eq!(refused.unwrap_err().status(), 403);
//! # }
//! ```

mod communicator;
mod connected;

use std::sync::{Arc, Mutex, PoisonError};

use http::request::Parts;
use tokio::task::JoinHandle;

pub use communicator::Communicator;
pub use connected::Connected;

use crate::line::Line;
use crate::server::Server;

/// Makes a server without loops and sockets, for communicators that share a channel layer.
pub fn server() -> Server {
    Server::builder().start_without_loops()
}

/// What a test puts in the place of a connection.
pub(crate) struct Stage {
    pub(crate) line: Arc<Line>,
    /// The consumer, to wait until it has taken leave.
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Stage {
    pub(crate) fn keep(&self, task: JoinHandle<()>) {
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    fn take_task(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Put on a request in the place of whatever would say who the client is.
struct Impersonated<U>(Arc<Mutex<Option<U>>>);

impl<U> Clone for Impersonated<U> {
    fn clone(&self) -> Self {
        Impersonated(Arc::clone(&self.0))
    }
}

/// Takes out what a test has put on a request.
pub(crate) fn stage(parts: &mut Parts) -> Option<Arc<Stage>> {
    parts.extensions.remove::<Arc<Stage>>()
}

/// Takes out who a test says that the client is.
pub(crate) fn user<U: Send + 'static>(parts: &mut Parts) -> Option<U> {
    let Impersonated(user) = parts.extensions.remove::<Impersonated<U>>()?;
    user.lock().unwrap_or_else(PoisonError::into_inner).take()
}
