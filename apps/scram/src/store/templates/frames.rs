//! Frames for translators, made of templates.

use crate::cidr::Network;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// An entry is active: said when it is added, and to a translator that connects.
    Add,
    /// A browser asks whether it is announced.
    Check,
    /// An entry is not active any more.
    Remove,
}

/// A frame as translators get it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// What it says.
    #[serde(rename = "type")]
    pub frame_type: String,
    /// Of what.
    pub message: Map<String, Value>,
}

/// A frame but for the route.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The frame's type.
    pub msg_type: String,
    /// The frame's message.
    pub data: Map<String, Value>,
    /// Which key of it takes the route, whatever was there.
    pub route_field: String,
}

/// All templates of an action type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Templates {
    add: Vec<Template>,
    check: Vec<Template>,
    remove: Vec<Template>,
}

const TRANSLATOR_REMOVE: &str = "translator_remove";

impl Templates {
    /// Sorts templates by their verbs; within a verb they keep their order.
    pub fn new(templates: impl IntoIterator<Item = (Verb, Template)>) -> Templates {
        let mut sorted = Templates::default();
        for (verb, template) in templates {
            match verb {
                Verb::Add => sorted.add.push(template),
                Verb::Check => sorted.check.push(template),
                Verb::Remove => sorted.remove.push(template),
            }
        }
        sorted
    }

    /// Returns what is said when an entry is active, or is not any more.
    pub fn frames(&self, network: &Network, is_active: bool) -> Vec<Frame> {
        if is_active { self.add_frames(network) } else { self.remove_frames(network) }
    }

    /// Returns what is said when an entry is active. None at all if there is no template.
    pub fn add_frames(&self, network: &Network) -> Vec<Frame> {
        self.add.iter().map(|template| template.frame(&template.msg_type, network)).collect()
    }

    /// Returns what is said when an entry is not active any more.
    ///
    /// Without templates of its own, what was added is removed, with all that was said then.
    pub fn remove_frames(&self, network: &Network) -> Vec<Frame> {
        let templates = if self.remove.is_empty() { &self.add } else { &self.remove };
        let frames = templates.iter().map(|template| {
            let names_removal = template.msg_type.contains("remove");
            let frame_type = if names_removal { &*template.msg_type } else { TRANSLATOR_REMOVE };
            template.frame(frame_type, network)
        });
        frames.collect()
    }

    /// Returns the messages of checks: what a browser has asked, with what the templates add.
    ///
    /// Without a template it is passed on as it is.
    pub fn check_messages(
        &self,
        network: &Network,
        asked: &Map<String, Value>,
    ) -> Vec<Map<String, Value>> {
        if self.check.is_empty() {
            return vec![asked.clone()];
        }
        let messages = self.check.iter().map(|template| {
            let mut message = template.frame(&template.msg_type, network).message;
            for (key, value) in asked {
                message.entry(key).or_insert_with(|| value.clone());
            }
            message
        });
        messages.collect()
    }
}

impl Template {
    fn frame(&self, frame_type: &str, network: &Network) -> Frame {
        let mut message = self.data.clone();
        message.insert(self.route_field.clone(), Value::String(network.to_string()));
        Frame { frame_type: frame_type.to_owned(), message }
    }
}

impl Verb {
    /// Returns the letter by which the database knows it.
    pub fn letter(self) -> &'static str {
        match self {
            Verb::Add => "A",
            Verb::Check => "C",
            Verb::Remove => "R",
        }
    }

    /// Returns the verb of a letter.
    pub fn from_letter(letter: &str) -> Option<Verb> {
        match letter {
            "A" => Some(Verb::Add),
            "C" => Some(Verb::Check),
            "R" => Some(Verb::Remove),
            _ => None,
        }
    }
}
