//! The translator: holds a WebSocket to SCRAM, and makes gobgpd announce what SCRAM wants.
//!
//! Read [`link`] for what comes in, [`reconciler`] for what goes out; [`desired`] lies between them.
//!
//! | module | is |
//! | --- | --- |
//! | [`settings`] | what the environment says |
//! | [`route`] | what may be announced, checked |
//! | [`frame`] | one message of the server, read |
//! | [`desired`] | which routes are wanted, and which of them were not dealt with yet |
//! | [`link`] | the WebSocket to the server: frames, checks, heartbeats |
//! | [`reconciler`] | makes what is announced equal to what is wanted |
//! | [`backend`] | who announces: gobgpd, or a memory that says it did |
//! | [`shared`] | what these tasks share |
//! | [`statistics`], [`metrics`] | what happened, counted and shown |
//! | [`service`] | all of it put together: runs until it is told to end |

// In reading order, which the blank lines keep.

pub mod settings;

pub mod route;

pub mod frame;

pub mod desired;

pub mod shared;

pub mod link;

pub mod reconciler;

pub mod backend;

pub mod statistics;

pub mod metrics;

pub mod backoff;

pub mod service;
