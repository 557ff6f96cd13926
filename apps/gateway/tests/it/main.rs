//! The campanile binary as clients, backends and operators meet it.

mod support;

mod api;
mod backend;
mod bench;
mod cluster;
mod config;
mod deploy;
mod doctor;
mod drain;
mod explain;
mod hardship;
mod limits;
mod listeners;
#[cfg(feature = "otel")]
mod otel;
mod outage;
mod protocol;
mod proxies;
mod reload;
mod revalidate;
mod slow;
mod tls;
mod vectors;
