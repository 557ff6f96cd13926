//! What was sent: the fields of a JSON object, or of a form.

use axum::extract::{FromRequest, Request};
use campanile_accounts::{Fields, FormOrJson, Problem};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The fields that were sent. Reading one that is wrong notes why; [`check`](Self::check) tells of
/// all of them at once.
#[derive(Debug)]
pub(super) struct Sent {
    values: Map<String, Value>,
    is_form: bool,
    faults: Fields,
}

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";

impl Sent {
    /// Says whether a field was sent at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Says whether a field has nothing in it, or was not sent.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        match self.values.get(name) {
            None | Some(Value::Null) => true,
            Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
        }
    }

    /// Reads a text that must be there; it is empty if something is wrong with it.
    pub(super) fn required_text(&mut self, name: &str, characters_max: usize) -> String {
        match self.values.get(name) {
            None => self.fault(name, REQUIRED),
            Some(Value::String(text)) if self.is_form && text.is_empty() => self.fault(name, BLANK),
            Some(_) => return self.text(name, characters_max).unwrap_or_default(),
        }
        String::new()
    }

    /// Reads a text that may be left out; none then, or if something is wrong with it.
    pub(super) fn text(&mut self, name: &str, characters_max: usize) -> Option<String> {
        let text = match self.value(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return self.refuse(name, "Not a valid string."),
        };
        if text.is_empty() {
            return self.refuse(name, BLANK);
        }
        if text.contains('\0') {
            return self.refuse(name, "Null characters are not allowed.");
        }
        if text.chars().count() > characters_max {
            let why = format!("Ensure this field has no more than {characters_max} characters.");
            return self.refuse(name, why);
        }
        Some(text)
    }

    /// Reads a point in time that may be left out.
    pub(super) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let value = self.value(name)?;
        let time = value.as_str().and_then(|text| time(text.trim()));
        if time.is_none() {
            return self.refuse(
                name,
                "Datetime has wrong format. Use one of these formats instead: \
                 YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
            );
        }
        time
    }

    /// Reads a UUID that may be left out, in whatever case.
    pub(super) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let value = self.value(name)?;
        let uuid = value.as_str().and_then(|text| text.trim().parse().ok());
        if uuid.is_none() { self.refuse(name, "Must be a valid UUID.") } else { uuid }
    }

    /// Notes what is wrong with a field.
    pub(super) fn fault(&mut self, name: &str, why: impl Into<String>) {
        self.faults.add(name, why);
    }

    /// Goes on only if nothing was wrong.
    ///
    /// # Errors
    ///
    /// [`Problem::Invalid`] tells of all that was.
    pub(super) fn check(self) -> Result<(), Problem> {
        self.faults.check()
    }

    /// Returns what was sent in a field. A form sends a field that was left empty, too.
    fn value(&mut self, name: &str) -> Option<Value> {
        match self.values.get(name)? {
            Value::Null => self.refuse(name, NULL),
            Value::String(text) if self.is_form && text.is_empty() => None,
            value => Some(value.clone()),
        }
    }

    fn refuse<T>(&mut self, name: &str, why: impl Into<String>) -> Option<T> {
        self.fault(name, why);
        None
    }
}

/// Reads ISO 8601, with a space for the `T` too; without a zone it is UTC.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replacen(' ', "T", 1);
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Some(time.to_utc());
    }
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    let zoned = zoned.iter().find_map(|format| DateTime::parse_from_str(&text, format).ok());
    if let Some(time) = zoned {
        return Some(time.to_utc());
    }
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(&text);
    let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let plain = plain.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let midnight =
        || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN));
    Some(plain.or_else(midnight)?.and_utc())
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Sent, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form =
            kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let FormOrJson(value) = FormOrJson::<Value>::from_request(request, state).await?;
        let got = match value {
            Value::Object(values) => {
                return Ok(Sent { values, is_form, faults: Fields::default() });
            }
            Value::Array(_) => "list",
            Value::String(_) => "str",
            Value::Number(_) => "number",
            Value::Bool(_) => "bool",
            Value::Null => "null",
        };
        let why = format!("Invalid data. Expected a dictionary, but got {got}.");
        Err(Problem::field(Fields::NONE, why))
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_read_as_programs_and_forms_write_them() {
        let read = |text: &str| time(text).map(|time| time.to_rfc3339());
        let noon = Some("2030-01-02T12:00:00+00:00".to_owned());
        for text in [
            "2030-01-02T12:00:00Z",
            "2030-01-02T12:00:00",
            "2030-01-02T12:00",
            "2030-01-02 12:00Z",
            "2030-01-02T14:00:00.000+02:00",
            "2030-01-02T14:00+0200",
            "2030-01-02T14:00:00+02",
        ] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("2030-01-02"), Some("2030-01-02T00:00:00+00:00".to_owned()));
        for text in ["", "soon", "2030-13-01", "2030-01-02T25:00", "1735689600", "2030-01-02T12"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
