//! The store on real databases, and the translator beside a stub of the server and real gobgpds.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod translator;
