//! What applications have in common around their own matter: how a program speaks to who starts it, and
//! what is around each request of its API.
//!
//! | module | what it is |
//! | --- | --- |
//! | `told` | what a command says: that it was done, or why not |
//! | `stdin` | passwords, which no argument may hold |
//! | `logging` | the log |
//! | `signals`, `systemd` | being told to end, and telling that it runs |
//! | `serving` | answering requests until then |
//! | `requests` | limits of every request, and what is counted |
//! | `answers` | what programs are told that did not get what they wanted, as their description says it |
//! | `numbers` | what was counted, as Prometheus reads it |

// In reading order, which the blank lines keep.

mod told;

mod stdin;

pub mod logging;

mod signals;

mod systemd;

mod serving;

mod requests;

pub mod answers;

pub mod numbers;

pub use requests::{Neighbour, Requests, around, parameter};
pub use serving::Http;
pub use signals::Signals;
pub use stdin::FromStdin;
pub use systemd::Systemd;
pub use told::{Failure, Told, table, write_out};
