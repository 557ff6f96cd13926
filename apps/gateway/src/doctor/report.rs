//! What was found, a line each.

use serde_json::{Value, json};
use std::fmt;
use std::io::{self, Write};

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// As it should.
    Ok,
    /// Somebody should know about it.
    Warn,
    /// Clients will suffer from it.
    Fail,
}

impl fmt::Display for Grade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        })
    }
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    grade: Grade,
    check: &'static str,
    what: String,
    /// What to do about it; empty if nothing.
    advice: String,
}

/// The results, written as they come, or all at once as JSON.
pub(super) struct Report<W> {
    output: W,
    json: bool,
    findings: Vec<Finding>,
    /// Why the output could not be written, if it could not.
    broken: Option<io::Error>,
}

impl<W: Write> Report<W> {
    pub(super) fn new(output: W, json: bool) -> Report<W> {
        Report { output, json, findings: Vec::new(), broken: None }
    }

    /// Something is as it should be.
    pub(super) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(Finding { grade: Grade::Ok, check, what: what.into(), advice: String::new() });
    }

    /// Something should be known, with what to do about it.
    pub(super) fn warn(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let (what, advice) = (what.into(), advice.into());
        self.add(Finding { grade: Grade::Warn, check, what, advice });
    }

    /// Something is wrong, with what to do about it.
    pub(super) fn fail(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let (what, advice) = (what.into(), advice.into());
        self.add(Finding { grade: Grade::Fail, check, what, advice });
    }

    fn add(&mut self, finding: Finding) {
        if !self.json {
            let Finding { grade, check, what, advice } = &finding;
            let mut lines = format!("{grade:<5} {check:<12} {what}\n");
            for line in advice.lines() {
                lines.push_str(&format!("{:<18} > {line}\n", ""));
            }
            self.write(&lines);
        }
        self.findings.push(finding);
    }

    /// Writes what is left to say. Returns whether nothing failed.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        let count = |grade| self.findings.iter().filter(|finding| finding.grade == grade).count();
        let (fine, warned, failed) = (count(Grade::Ok), count(Grade::Warn), count(Grade::Fail));
        let text = if self.json {
            let checks: Vec<Value> = self.findings.iter().map(Finding::to_json).collect();
            let all = json!({"ok": fine, "warn": warned, "fail": failed, "checks": checks});
            format!("{all:#}\n")
        } else {
            format!("{fine} ok, {warned} warn, {failed} FAIL\n")
        };
        self.write(&text);
        match self.broken {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(failed == 0),
        }
    }

    fn write(&mut self, text: &str) {
        if self.broken.is_none() {
            let written = self.output.write_all(text.as_bytes());
            self.broken = written.and_then(|()| self.output.flush()).err();
        }
    }
}

impl Finding {
    fn to_json(&self) -> Value {
        let grade = self.grade.to_string().to_ascii_lowercase();
        json!({"result": grade, "check": self.check, "what": self.what, "advice": self.advice})
    }
}
