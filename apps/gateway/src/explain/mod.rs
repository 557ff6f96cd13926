//! Why did somebody get a trigger, or not?
//!
//! Each node keeps a [`Ledger`] of a fixed size: what was published, and what happened to connections
//! and subscriptions; never what was in it. No delivery is written down: a subscription hears what is
//! numbered higher than the moment it was made at and not higher than the one it ended at, so who got
//! what follows from those numbers. Written down is what comes between: deliveries that gave way to
//! newer ones, or that were dropped with their connection, each by the numbers of the first and the last.

mod ask;
mod case;
mod decide;
pub(crate) mod difference;
mod heard;
mod ledger;
mod record;
mod ring;
#[cfg(test)]
mod tests;

pub use ask::{Question, Which, Whom};
pub use decide::{Cause, Explanation};
pub use ledger::{Ledger, Noted};
pub use record::{Fate, Gap, GaveWay, Happening, Moment, Refusal, Trigger, What, WhyNot};
