//! The files of the pages: in the binary, and nothing from elsewhere.

use crate::answer::{Answer, of_type, with};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};

/// A file of a page.
pub type File = (&'static str, &'static str, &'static str);

/// The type of a page.
pub const HTML: &str = "text/html; charset=utf-8";
/// The type of a style sheet.
pub const CSS: &str = "text/css; charset=utf-8";
/// The type of a script.
pub const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A page's files, each with its path, its type and its text.
pub struct Page {
    /// The files.
    pub files: &'static [File],
    /// Where the page may take anything from, beside what all may not (Content-Security-Policy).
    pub sources: &'static str,
    /// To whom its links say where they stand (Referrer-Policy).
    pub referrer: &'static str,
}

impl Page {
    /// Returns the file at `path`; none where there is none.
    pub fn file(&self, path: &str) -> Option<Answer> {
        let (_, content_type, body) = self.files.iter().find(|(known, ..)| *known == path)?;
        let nothing_else = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        let policy = format!("{}; {nothing_else}", self.sources);
        let answer = with(of_type(StatusCode::OK, content_type, *body), CACHE_CONTROL, "no-cache");
        let mut answer = with(answer, REFERRER_POLICY, self.referrer);
        let policy = policy.parse().expect("it is visible ASCII");
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        Some(answer)
    }
}
