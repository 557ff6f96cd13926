//! Whoever hears what is published, in place of a gateway.

use async_trait::async_trait;
use campanile_binder::{Publish, Trigger, TriggerError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What was published, in order. Clones hear the same.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    triggers: Vec<Trigger>,
    is_away: bool,
    is_mute: bool,
    is_slow: bool,
}

impl Heard {
    /// Returns what was heard since this was last asked, each in JSON.
    pub(crate) fn take(&self) -> Vec<String> {
        let triggers = std::mem::take(&mut self.0.lock().expect("nobody panics").triggers);
        triggers.iter().map(|trigger| Trigger { id: None, ..trigger.clone() }.to_json()).collect()
    }

    /// Returns the first so many names of what was heard since this was last asked.
    pub(crate) async fn ids(&self, count: usize) -> Vec<String> {
        self.wait_for(count).await;
        let triggers = std::mem::take(&mut self.0.lock().expect("nobody panics").triggers);
        triggers.into_iter().map(|trigger| trigger.id.expect("it has a name")).collect()
    }

    /// Waits until there is so much.
    pub(crate) async fn wait_for(&self, count: usize) {
        until("it is heard", || self.0.lock().expect("nobody panics").triggers.len() >= count)
            .await;
    }

    /// Hears, but its answers are lost, or not any more.
    pub(crate) fn is_mute(&self, is_mute: bool) {
        self.0.lock().expect("nobody panics").is_mute = is_mute;
    }

    /// Does not answer what it is told from now on.
    pub(crate) fn is_slow(&self) {
        self.0.lock().expect("nobody panics").is_slow = true;
    }

    /// Takes nothing any more, or again.
    pub(crate) fn is_away(&self, is_away: bool) {
        self.0.lock().expect("nobody panics").is_away = is_away;
    }
}

#[async_trait]
impl Publish for Heard {
    fn publish(&self, trigger: Trigger) {
        self.0.lock().expect("nobody panics").triggers.push(trigger);
    }

    async fn deliver(&self, trigger: Trigger) -> Result<(), TriggerError> {
        let (is_away, is_mute, is_slow) = {
            let state = self.0.lock().expect("nobody panics");
            (state.is_away, state.is_mute, state.is_slow)
        };
        if is_away {
            return Err(TriggerError::Unavailable("it is away".to_owned()));
        }
        self.publish(trigger);
        if is_slow {
            std::future::pending::<()>().await;
        }
        if is_mute { Err(TriggerError::Unavailable("it is mute".to_owned())) } else { Ok(()) }
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "not so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
