//! Layers on Redis, in the formats of channels_redis, so that Django's processes are on them too.
//!
//! There are two, which cannot talk to each other; a deployment uses one. Both know their hosts by
//! `hosts`: each has a keeper (`keeper`) that connects, proves the way alive, lets the layer join
//! everything again (`Tenant`), and says how long it was lost.

mod core;
mod pubsub;

mod hosts;
mod keeper;
mod reading;
mod registry;
mod ring;
pub(crate) mod settings;
mod url;

pub use core::RedisLayer;
pub use pubsub::RedisPubSubLayer;
pub use settings::{Format, RedisSettings, SecretKeys};
pub use url::{HostUrl, HostUrlError};
