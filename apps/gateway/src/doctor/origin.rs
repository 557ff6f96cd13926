//! Whether pages of other origins may connect.

use super::line::{self, Opened, Road};
use super::plan::Plan;
use super::report::Report;
use super::upgrade::no_answer;
use campanile_wire::handshake::HandshakeError;
use std::io::Write;

/// A page that nobody has: the top-level domain is reserved (RFC 2606).
const FOREIGN: &str = "https://campanile-doctor.invalid";

/// Connects as a foreign page would. That the own one is let in was tested by all the others.
pub(super) async fn examine(plan: &Plan, road: &Road, report: &mut Report<impl Write>) {
    // Without any login: a foreign page has only what its visitor's browser sends by itself.
    let opened = line::open(road, &plan.target, &plan.target.path, &[("Origin", FOREIGN)]).await;
    let outcome = match opened {
        Ok(Opened { outcome, .. }) => outcome,
        Err(error) => {
            report.warn("origin", no_answer(&error), "a page of another origin gets no answer");
            return;
        }
    };
    let own = plan.origin.as_deref();
    match (outcome, own) {
        (Err(HandshakeError::Status(403)), Some(own)) => {
            report.ok("origin", format!("{own} is let in, a foreign page is not (403)"));
        }
        (Err(HandshakeError::Status(403)), None) => {
            let advice = "--origin https://your.page tests whether yours is let in";
            report.warn("origin", "a foreign page is refused (403)", advice);
        }
        (Ok((_, line)), _) => {
            line.leave().await;
            let advice = "any page that a visitor opens may connect with their cookies and hear \
                          what they may hear. Unless logins come by a token, name your pages in \
                          [public] allowed_origins";
            report.warn("origin", "pages of every origin are let in", advice);
        }
        (Err(error), _) => {
            report.warn("origin", format!("a foreign page: {error}"), "expected: 101 or 403");
        }
    }
}
