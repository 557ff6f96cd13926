//! What was typed into a form.

use axum::Form;
use axum::extract::{FromRequest, Request};
use campanile_accounts::{Fields, Problem};
use chrono::{DateTime, NaiveDateTime, Utc};

/// What was typed into a form, field by field. It has no `Debug`: it may hold a password.
#[derive(Clone, Default)]
pub(super) struct Typed(Vec<(String, String)>);

/// What is said of a field that must not be empty.
pub(super) const REQUIRED: &str = "This field is required.";

impl Typed {
    /// Makes it of what the fields are to hold at first.
    pub(super) fn of<const N: usize>(fields: [(&str, &str); N]) -> Typed {
        let field = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Typed(fields.into_iter().map(field).collect())
    }

    /// Returns what stands in a field, without spaces around it; nothing, if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Returns all that was chosen of a field of which one may choose several.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.0.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| value.trim())
    }

    /// Returns whether that was chosen of a field.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|chosen| chosen == value)
    }

    /// Returns whether a box was ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Returns what stands in a field exactly as it was typed: a password.
    pub(super) fn verbatim(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns what stands in a field that needs something, of so many characters at most.
    pub(super) fn required(
        &self,
        name: &str,
        characters_max: usize,
        faults: &mut Fields,
    ) -> String {
        let text = self.text(name);
        if text.is_empty() {
            faults.add(name, REQUIRED);
        } else if text.chars().count() > characters_max {
            let fault = format!("Ensure this field has no more than {characters_max} characters.");
            faults.add(name, fault);
        }
        text.to_owned()
    }
}

/// Returns whether a field is the first with a fault: there somebody goes on.
pub(super) fn is_first(faults: &Fields, name: &str) -> bool {
    faults.iter().next().is_some_and(|(first, _)| first == name)
}

/// Reads what the browser's field for a time holds, which is taken as UTC; none if it is empty.
pub(super) fn expiration(text: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let mut read =
        formats.iter().filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let with_zone = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let time = read.next().map(|time| time.and_utc()).or_else(with_zone);
    time.map(Some).ok_or("Enter a valid date and time, such as 2026-11-21T18:30.")
}

impl<S: Send + Sync> FromRequest<S> for Typed {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Typed, Problem> {
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        form.map(|Form(fields)| Typed(fields))
            .map_err(|rejection| Problem::Other(rejection.status(), rejection.body_text()))
    }
}
