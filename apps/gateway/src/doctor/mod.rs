//! `campanile doctor`: tests a running deployment from outside, through whatever stands in front of
//! it.
//!
//! In the order of the tests: the way there (`reach`), the opening handshake (`upgrade`), what is said
//! over it (`talk`), pages of other origins (`origin`), the internal listener (`internal`) and a
//! connection on which nobody speaks (`idle`), which takes longest. Each writes its findings into the
//! `report`. They share one client (`line`) made of the wire crate, and what is known of proxies
//! (`proxy`).

mod idle;
mod internal;
mod line;
mod origin;
mod plan;
mod proxy;
mod reach;
mod report;
mod talk;
#[cfg(test)]
mod tests;
mod tls;
mod upgrade;

pub use plan::Arguments;

use plan::Plan;
use report::Report;
use std::io::Write;

/// Runs every test that can be run, and writes what was found to `output`. Returns whether nothing
/// failed.
///
/// # Errors
///
/// When the arguments cannot be understood.
pub fn run(arguments: &Arguments, output: impl Write) -> Result<bool, String> {
    let plan = Plan::read(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let mut report = Report::new(output, arguments.json);
    runtime.block_on(examine(&plan, &mut report));
    report.finish().map_err(|error| format!("cannot write: {error}"))
}

/// Runs the tests, of which each needs what those before it found.
async fn examine(plan: &Plan, report: &mut Report<impl Write>) {
    let road = reach::examine(plan, report).await;
    let mut conversation = None;
    if let Some(road) = &road
        && let Some(opened) = upgrade::examine(plan, road, report).await
    {
        conversation = talk::examine(opened, report).await;
        upgrade::second(plan, road, report).await;
        origin::examine(plan, road, report).await;
    }
    if let Some(internal) = &plan.internal {
        internal::examine(internal, conversation.as_mut(), report).await;
    }
    if let (Some(road), Some(conversation)) = (&road, conversation) {
        conversation.line.leave().await;
        idle::examine(plan, road, report).await;
    }
}
