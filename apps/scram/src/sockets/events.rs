//! What goes through the channel layer, to translators' consumers and to browsers'.

use crate::dispatch::Told;
use crate::store::templates::Frame;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a translator's consumer hears of its group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum TranslatorEvent {
    /// An entry has changed.
    #[serde(rename = "translator.changed")]
    Changed(Changed),
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

/// An entry has changed. The dispatcher of one instance tells its own translators.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Changed {
    /// Whose dispatcher says so.
    pub(crate) instance: String,
    /// An event after which the entry was read.
    pub(crate) event: i64,
    /// The number of the entry.
    pub(crate) entry: i64,
    /// What to say of it.
    pub(crate) frames: Vec<Frame>,
}

/// What a browser's consumer hears: a translator's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum BrowserEvent {
    /// A translator has answered.
    #[serde(rename = "browser.answer")]
    Answer {
        /// By what the question is known.
        channel: String,
        /// Whether the network is announced.
        is_blocked: bool,
        /// Who says so.
        translator_name: String,
        /// Why it is not known, if it is not.
        error: Option<String>,
    },
}

impl TranslatorEvent {
    pub(crate) fn changed(instance: &str, told: &Told) -> TranslatorEvent {
        TranslatorEvent::Changed(Changed {
            instance: instance.to_owned(),
            event: told.event,
            entry: told.entry,
            frames: told.frames.clone(),
        })
    }
}
