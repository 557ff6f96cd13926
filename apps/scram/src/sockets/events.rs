//! What goes through the channel layer, to translators' consumers and to browsers'.

use crate::dispatch::Told;
use crate::store::templates::Frame;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a translator's consumer hears of its group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum TranslatorEvent {
    /// An entry has changed; the dispatcher of one instance tells its own translators.
    #[serde(rename = "translator.changed")]
    Changed {
        /// Whose dispatcher says so.
        instance: String,
        /// The number of an event by which, at the earliest, the entry was as it is told.
        event: i64,
        /// The number of the entry.
        entry: i64,
        /// Whether it is active.
        is_active: bool,
        /// What to say of that.
        frames: Vec<Frame>,
    },
    /// A browser asks; any translator may answer.
    #[serde(rename = "translator.check")]
    Check {
        /// What the answer is to be known by.
        channel: String,
        /// The channel of the browser's consumer.
        asker: String,
        /// What is asked.
        message: Map<String, Value>,
    },
    /// A network is to be withdrawn, if it is not active.
    #[serde(rename = "translator.withdraw")]
    Withdraw {
        /// Which.
        network: String,
    },
}

impl TranslatorEvent {
    pub(crate) fn changed(instance: &str, told: &Told) -> TranslatorEvent {
        TranslatorEvent::Changed {
            instance: instance.to_owned(),
            event: told.event,
            entry: told.entry,
            is_active: told.is_active,
            frames: told.frames.clone(),
        }
    }
}
