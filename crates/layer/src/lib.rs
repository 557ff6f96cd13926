//! The channel layer: how consumers, wherever they run, speak to each other by channels and groups.
//!
//! Each consumer has a [`Channel`], an address of its own; a group is a name under which any
//! number of channels can be reached at once. What a layer promises stands at [`ChannelLayer`].
//!
//! ```
//! use campanile_layer::{ChannelLayer, MemoryLayer, Message, Received, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = MemoryLayer::new(Settings::default());
//! let mut ada = layer.new_channel().await?;
//! layer.group_add("chat.lobby", ada.name()).await?;
//!
//! let hello = Message::of_type("chat.message").with("text", "hello");
//! layer.group_send("chat.lobby", &hello).await?;
//!
//! let Received::Message(heard) = ada.receive().await else { panic!("nothing is missing") };
//! assert_eq!(heard.kind(), Some("chat.message"));
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`layer`] | the promise, and the calls |
//! | [`channel`] | a consumer's own address, and what it receives there |
//! | [`message`] | what is sent: a map with text keys, made from and read into any serde type |
//! | [`error`] | why something was not done |
//! | [`settings`], [`capacity`] | which layer, and its limits |
//! | [`names`] | which names channels and groups may have |
//! | [`statistics`] | what is counted |
//! | [`memory`] | a layer within one process |
//! | [`redis`] | layers on Redis, which Django's processes can be on too |
//! | `codec` | messages as bytes |
//! | [`fuzz`] | what fuzzers do to it |
//! | `queue` | what waits for a channel |

// In reading order, which the blank lines keep.

pub mod layer;

pub mod channel;

pub mod message;

pub mod error;

pub mod settings;

pub mod capacity;

pub mod names;

pub mod statistics;

pub mod memory;

pub mod redis;

mod codec;

mod queue;

pub mod fuzz;

#[cfg(test)]
mod vectors;

pub use channel::{Channel, Missed, MissedReason, Received};
pub use error::{LayerError, SendError};
pub use layer::{ChannelLayer, Layer, Reach};
pub use memory::MemoryLayer;
pub use message::{Map, Message, Value};
pub use redis::{HostUrl, RedisLayer, RedisPubSubLayer, RedisSettings};
pub use settings::Settings;
pub use statistics::Statistics;
