//! Questions that are under way, each known by a random name that is good for one answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Questions that are under way: what is to be done with the answer, by the question's name.
#[derive(Debug)]
pub(super) struct Asked<T> {
    questions: HashMap<String, (T, Instant)>,
    questions_max: usize,
}

/// How long an answer may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(15);

impl<T> Asked<T> {
    pub(super) fn new(questions_max: usize) -> Asked<T> {
        Asked { questions: HashMap::new(), questions_max }
    }

    /// Remembers a question. Returns whether there is room for it.
    pub(super) fn ask(&mut self, name: String, what: T) -> bool {
        if self.questions.len() >= self.questions_max {
            let now = Instant::now();
            self.questions.retain(|_, (_, until)| *until > now);
        }
        let has_room = self.questions.len() < self.questions_max;
        if has_room {
            self.questions.insert(name, (what, Instant::now() + ANSWER_WITHIN));
        }
        has_room
    }

    /// Takes a question for its one answer; none if it was not asked here, or is answered, or too
    /// old.
    pub(super) fn take(&mut self, name: &str) -> Option<T> {
        let (what, until) = self.questions.remove(name)?;
        (until > Instant::now()).then_some(what)
    }

    /// Returns a question that several may answer.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let (what, until) = self.questions.get(name)?;
        (*until > Instant::now()).then_some(what)
    }
}

/// Makes a name that nobody guesses.
pub(super) fn random_name() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
