//! Consumers: WebSockets for axum applications, with groups and events, as Django Channels has them.
//!
//! A [`Consumer`] is one client's other end. It is let in, receives what its client sends, hears what
//! groups and other consumers send, and takes leave. [`consumer`] puts it on a router like any handler.
//! The sockets themselves are held by the loops of `campanile-manager`, not by tasks: a consumer is
//! woken only for what concerns it.
//!
//! ```no_run
//! use campanile_consumer::{Accept, Close, Consumer, Context, Json, Refusal, Scope, consumer};
//! use serde::{Deserialize, Serialize};
//!
//! struct Chat { room: String }
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(tag = "type")]
//! enum Event {
//!     #[serde(rename = "chat.message")]
//!     Message { text: String },
//! }
//!
//! impl Consumer for Chat {
//!     type User = ();
//!     type Request = String;
//!     type Event = Event;
//!
//!     async fn connect(
//!         scope: Scope<()>,
//!         context: &mut Context<Self>,
//!     ) -> Result<Accept<Self>, Refusal> {
//!         let room = format!("chat.{}", scope.param("room")?);
//!         context.group_add(&room).await?;
//!         Ok(Accept::new(Chat { room }))
//!     }
//!
//!     async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
//!         context.group_send(&self.room, &Event::Message { text }).await?;
//!         Ok(())
//!     }
//!
//!     async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
//!         context.send(Json(event)).await?;
//!         Ok(())
//!     }
//! }
//!
//! # async fn serve() -> std::io::Result<()> {
//! let router = axum::Router::new().route("/ws/chat/{room}/", consumer::<Chat>());
//! axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8000").await?, router).await
//! # }
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | `consumer` | what an application writes |
//! | `scope`, `decision` | who wants to be let in, and the answer |
//! | `context` | what a consumer can do |
//! | `message`, `events` | what clients send, and what groups send |
//! | `route`, `opening` | from a request to a connection on a loop |
//! | `task` | a consumer's life |
//! | `line`, `service` | between the task and the loop |
//! | `relay` | the fast lane |
//! | `server`, `limits`, `origin`, `statistics`, `log` | what all consumers share |
//! | `testing` (a feature) | consumers without sockets |
//!
//! Whoever reads one function should read `attend` in `task.rs`.

// In reading order, which the blank lines keep.

mod consumer;

mod scope;

mod decision;

mod context;

mod message;

mod events;

mod route;

mod opening;

mod task;

mod line;

mod service;

mod relay;

mod server;

mod limits;

mod origin;

mod statistics;

mod log;

#[cfg(feature = "testing")]
pub mod testing;

pub use self::consumer::{Consumer, FastLane};
pub use context::{Client, Context, TooMuchWork};
pub use decision::{Accept, Close, Refusal};
pub use limits::Limits;
pub use line::Unsent;
pub use message::{FromMessage, IntoMessage, Invalid, Json, Message, Unwritable};
pub use origin::AllowedOrigins;
pub use route::{consumer, consumer_with_state};
pub use scope::Scope;
pub use server::{Builder, Server};
pub use statistics::Statistics;

pub use campanile_layer as layer;
pub use campanile_layer::Missed;
pub use campanile_manager::wire::CloseCode;
