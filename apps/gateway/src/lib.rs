//! The gateway: holds the WebSockets for an HTTP application, asks it who may hear what, and
//! delivers what it triggers.

// In reading order, which the blank lines keep.

pub mod cli;

pub mod config;

pub mod serve;

pub mod accept;

pub mod tls;

pub mod proxies;

pub mod places;

pub mod public;

pub mod opening;

pub mod backend;

pub mod service;

pub mod command;

pub mod users;

pub mod revalidate;

pub mod lookup;

pub mod names;

pub mod request;

pub mod reply;

pub mod status;

pub mod internal;

pub mod api;

pub mod control;

pub mod explain;

pub mod trigger;

pub mod publishing;

pub mod recent;

mod object;

mod descriptors;

pub mod assets;

pub mod admin;

pub mod metrics;

pub mod spans;

pub mod time;

pub mod answer;

pub mod demo;

pub mod bench;

pub mod doctor;

pub mod logging;
