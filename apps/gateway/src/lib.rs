//! The gateway: holds the WebSockets for an HTTP application, asks it who may hear what, and
//! delivers what it triggers.

pub mod backend;
pub mod bench;
pub mod cli;
pub mod config;
pub mod logging;
pub mod reply;
pub mod request;
pub mod service;
pub mod status;
