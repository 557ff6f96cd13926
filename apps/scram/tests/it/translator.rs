//! The translator against a stub of the server, Debian's real gobgpd, and a stub of version 4.

mod gobgpd;
mod link;
mod program;
pub(crate) mod support;
mod version4;
