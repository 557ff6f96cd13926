//! A connection on which nobody speaks: proxies cut it, most after a minute.

use super::line::{Heard, Line, Opened, Road};
use super::plan::Plan;
use super::proxy::{Proxy, advice_for_idle};
use super::report::Report;
use super::talk::{ask, describe_end};
use super::upgrade;
use campanile_wire::Closed;
use std::io::Write;
use std::time::Instant;

/// Keeps a connection quiet for as long as the plan says.
pub(super) async fn examine(plan: &Plan, road: &Road, report: &mut Report<impl Write>) {
    if plan.idle.is_zero() {
        return;
    }
    let Ok(Opened { head, outcome: Ok((_, mut line)) }) = upgrade::open(plan, road).await else {
        report.fail("idle", "no further connection could be opened", "see the tests above");
        return;
    };
    let began = Instant::now();
    let end = keep_quiet(&mut line, plan).await;
    let lasted = began.elapsed().as_secs_f64();
    match end {
        None => {
            report.ok("idle", format!("a quiet connection lives after {lasted:.0} s"));
            line.leave().await;
        }
        Some(closed) if closed.clean && closed.code.number() == 1000 => {
            let advice = "that is [limits] inactivity_s: clients say ping more often than that";
            report.warn("idle", format!("campanile closed it after {lasted:.1} s"), advice);
        }
        Some(closed) => {
            let advice = format!(
                "either have campanile's own pings come sooner, by [limits] ping_every_s under \
                 {lasted:.0}, or raise the limit of what is in front:\n{}",
                advice_for_idle(Proxy::of(&head))
            );
            let how = describe_end(&closed);
            report.fail("idle", format!("after {lasted:.1} s of silence {how}"), advice);
        }
    }
}

/// Only listens, and then asks whether somebody is still there; returns the end if it came.
async fn keep_quiet(line: &mut Line, plan: &Plan) -> Option<Closed> {
    let until = Instant::now() + plan.idle;
    loop {
        match line.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Text(_) => {}
            Heard::Nothing => break,
            Heard::End(closed) => return Some(closed),
        }
    }
    // A proxy may have forgotten the connection without telling this end.
    match ask(line, "ping", |text| text == "pong").await {
        Err(Heard::End(closed)) => Some(closed),
        Err(_) => Some(line.give_up()),
        Ok(()) => None,
    }
}
