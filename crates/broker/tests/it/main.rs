//! The promise of `Broker`, held against real brokers.

mod contract;
mod faults;
mod killed;
mod memory;
mod nats;
mod node;
mod rabbit;
mod redis;
mod slow;
mod streams;
mod tls;
