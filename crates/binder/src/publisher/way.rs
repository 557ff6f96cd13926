//! One way that triggers take: told one after the other, each until it is taken.

use super::TriggerError;
use super::http::unique;
use super::queue::{Job, Queue};
use super::statistics::Counters;
use crate::Trigger;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Who takes triggers.
#[async_trait]
pub(super) trait Way: Send + 'static {
    /// Tells one, once; `name` is the same each time that it is tried. A way that has lost its
    /// connection connects anew.
    async fn tell(&mut self, trigger: &Trigger, name: &str) -> Result<Told, Failure>;
}

/// Who has taken one.
pub(super) enum Told {
    /// A gateway, or its broker for one.
    Heard,
    /// A broker on which no gateway listens.
    #[cfg_attr(not(feature = "rabbitmq"), expect(dead_code, reason = "HTTP has no broker"))]
    Unheard,
}

/// Why one was not taken.
pub(super) enum Failure {
    /// It would not be taken when told again.
    Refused(String),
    /// It may be taken later, and not before this time if there is one.
    Later(String, Option<Duration>),
}

/// How patient a way is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long one attempt may take.
    pub(super) attempt: Duration,
    /// How old a trigger may become before it is given up.
    pub(super) trigger: Duration,
}

/// The first wait before the next attempt, which doubles up to the last.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Tells all that is put into a queue, until that is closed and empty.
pub(super) async fn run(
    mut way: impl Way,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    patience: Patience,
) {
    // Why the last one was given up, if it was.
    let mut given_up = None;
    while let Some(job) = queue.next().await {
        let how = match given_up {
            // It has waited as long in the queue, and nobody is there: those behind it need not wait
            // for one more answer that does not come.
            Some(why) if job.since.elapsed() >= patience.trigger => Err(why),
            _ => tell(&mut way, &job, &counters, patience).await,
        };
        given_up =
            how.as_ref().err().filter(|why| matches!(why, TriggerError::Unavailable(_))).cloned();
        queue.ended(job, how);
    }
}

async fn tell(
    way: &mut impl Way,
    job: &Job,
    counters: &Counters,
    patience: Patience,
) -> Result<(), TriggerError> {
    // It may have to be told again, and is to be heard once.
    let name = job.trigger.id.clone().unwrap_or_else(unique);
    let mut wait = BACK_OFF.0;
    loop {
        let attempt = way.tell(&job.trigger, &name);
        let (why, not_before) = match tokio::time::timeout(patience.attempt, attempt).await {
            Ok(Ok(Told::Heard)) => return Ok(()),
            // Whoever keeps it comes with it until somebody has heard it.
            Ok(Ok(Told::Unheard)) if job.is_kept() => ("no gateway listens".to_owned(), None),
            Ok(Ok(Told::Unheard)) => {
                counters.unheard.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            Ok(Err(Failure::Refused(why))) => return Err(TriggerError::Refused(why)),
            Ok(Err(Failure::Later(why, not_before))) => (why, not_before),
            Err(_) => (format!("no answer within {:?}", patience.attempt), None),
        };
        let pause = jittered(wait).max(not_before.unwrap_or_default());
        if job.since.elapsed().saturating_add(pause) >= patience.trigger {
            return Err(TriggerError::Unavailable(why));
        }
        if wait == BACK_OFF.0 {
            tracing::warn!("a trigger is told again after a while: {why}");
        }
        counters.retries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(pause).await;
        wait = (wait * 2).min(BACK_OFF.1);
    }
}

/// Returns between half of it and all of it: many backends do not come back at once.
fn jittered(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    wait.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}
