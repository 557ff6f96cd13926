//! One frame of a translator or a browser, read.

use campanile_consumer::{Close, CloseCode};
use serde_json::{Map, Value};

/// One frame: `{"type": …, "message": …}`, and in answers a `channel`.
#[derive(Debug)]
pub(super) struct Frame(Map<String, Value>);

/// How a frame is not as it must be. Its connection is closed, no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    code: CloseCode,
    reason: &'static str,
}

impl Frame {
    /// Reads a frame. What it says is looked at by whoever knows its type.
    pub(super) fn read(text: &str) -> Result<Frame, Malformed> {
        let read = serde_json::from_str(text);
        let value = read.map_err(|_| Malformed::unreadable("a frame is JSON"))?;
        let Value::Object(frame) = value else {
            return Err(Malformed::unreadable("a frame is a JSON object"));
        };
        match frame.get("type") {
            Some(Value::String(_)) => Ok(Frame(frame)),
            _ => Err(Malformed::unreadable("a frame has a type")),
        }
    }

    /// Returns its type.
    pub(super) fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns its message.
    pub(super) fn message(&self) -> Result<&Map<String, Value>, Malformed> {
        let message = self.0.get("message").and_then(Value::as_object);
        message.ok_or(Malformed::wrong("the message is a JSON object"))
    }

    /// Returns a number of its message.
    pub(super) fn number(&self, key: &str) -> Result<u64, Malformed> {
        let number = self.message()?.get(key).and_then(Value::as_u64);
        number.ok_or(Malformed::wrong("a count is an integer, 0 or more"))
    }

    /// Returns a text of its message; none if there is none.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Malformed> {
        Ok(self.message()?.get(key).and_then(Value::as_str))
    }

    /// Returns by what an answer is known; none if it says nothing of that.
    pub(super) fn channel(&self) -> Option<&str> {
        self.0.get("channel").and_then(Value::as_str)
    }
}

impl Malformed {
    /// It can be read, but is not what it must be (1008).
    pub(super) const fn wrong(reason: &'static str) -> Malformed {
        Malformed { code: CloseCode::POLICY, reason }
    }

    const fn unreadable(reason: &'static str) -> Malformed {
        Malformed { code: CloseCode::INVALID_DATA, reason }
    }
}

impl From<Malformed> for Close {
    fn from(malformed: Malformed) -> Close {
        Close::new(malformed.code, malformed.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;
    use campanile_consumer::CloseCode;

    #[test]
    fn what_is_no_frame_is_told_from_a_frame_that_is_wrong() {
        let unreadable = ["", "x", "[]", "null", "3", "{}", r#"{"type":3}"#, r#"{"type":null}"#];
        for text in unreadable.into_iter().chain([&*"[".repeat(100_000)]) {
            let malformed = Frame::read(text).expect_err("it is no frame");
            assert_eq!(malformed.code, CloseCode::INVALID_DATA);
        }
        let wrong = ["", r#","message":null"#, r#","message":[1]"#, r#","message":"x""#];
        for rest in wrong {
            let frame = Frame::read(&format!(r#"{{"type":"x"{rest}}}"#)).expect("it is a frame");
            assert_eq!(frame.message().expect_err("it has no message").code, CloseCode::POLICY);
        }
        for count in ["-1", "1.5", "\"1\"", "null", "1e99"] {
            let text = format!(r#"{{"type":"x","message":{{"n":{count}}}}}"#);
            let frame = Frame::read(&text).expect("it is a frame");
            assert!(frame.number("n").is_err(), "{count}");
        }
    }
}
