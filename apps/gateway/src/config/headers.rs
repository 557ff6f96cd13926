//! `[backend.headers]`: further headers for the backend, each with its source.

use super::given::{Fault, Given, Kind};
use super::nearest::suggestion;
use super::value::{Value, quoted};
use http::HeaderName;
use std::fmt;

/// The headers that the backend gets beside the usual ones, or instead of one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderSources(Vec<HeaderSource>);

/// One header for the backend, and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderSource {
    /// The header's name.
    pub name: HeaderName,
    /// Where its value comes from.
    pub source: Source,
    /// A text put before the value; left out with it.
    pub prefix: String,
}

/// A part of the connecting request, or none of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The header of this name.
    Header(HeaderName),
    /// The value of this name in the query.
    Param(String),
    /// The cookie of this name.
    Cookie(String),
    /// This text, always.
    Fixed(String),
}

/// Does not show a fixed text, which is often a key of the backend's.
impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Header(name) => write!(formatter, "Header({name})"),
            Source::Param(name) => write!(formatter, "Param({name:?})"),
            Source::Cookie(name) => write!(formatter, "Cookie({name:?})"),
            Source::Fixed(_) => formatter.write_str("Fixed(…)"),
        }
    }
}

impl HeaderSources {
    /// Returns the headers, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderSource> {
        self.0.iter()
    }
}

impl Value for HeaderSources {
    fn read(given: &Given) -> Result<Self, Fault> {
        let Kind::Table(table) = &given.kind else {
            return Err(
                given.is_not("a table of headers; write { X-Lang = { cookie = \"lang\" } }")
            );
        };
        let mut sources: Vec<HeaderSource> = Vec::with_capacity(table.len());
        for (line, name, value) in table {
            let fault = |message: String| Fault { line: *line, message };
            let name = header_name(name).map_err(fault)?;
            if sources.iter().any(|source| source.name == name) {
                return Err(fault(format!("the header {name:?} stands here twice")));
            }
            sources.push(source(name, value)?);
        }
        Ok(HeaderSources(sources))
    }

    fn show(&self) -> String {
        let entries: Vec<String> = self.0.iter().map(show).collect();
        if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
    }
}

const FORMS: [&str; 5] = ["header", "param", "cookie", "fixed", "prefix"];

fn source(name: HeaderName, given: &Given) -> Result<HeaderSource, Fault> {
    let forms = "write { header = \"X-Name\" }, { param = \"name\" }, { cookie = \"name\" } or { fixed = \"text\" }";
    let Kind::Table(table) = &given.kind else {
        return Err(given.fault(format!("{given} is not the source of a header; {forms}")));
    };
    let (mut source, mut prefix) = (None, String::new());
    for (line, form, value) in table {
        let fault = |message: String| Fault { line: *line, message };
        let Kind::Text(text) = &value.kind else {
            return Err(value.is_not("a text"));
        };
        if form == "prefix" {
            prefix.clone_from(header_text(text).map_err(fault)?);
            continue;
        }
        let read = match form.as_str() {
            "header" => Source::Header(header_name(text).map_err(fault)?),
            "param" => Source::Param(text.clone()),
            "cookie" => Source::Cookie(text.clone()),
            "fixed" => Source::Fixed(header_text(text).map_err(fault)?.clone()),
            _ => {
                let suggestion = suggestion(form, FORMS);
                return Err(fault(format!("unknown source {form:?} of a header{suggestion}")));
            }
        };
        if source.replace(read).is_some() {
            return Err(fault(format!("the header {:?} has two sources", name.as_str())));
        }
    }
    let source = source.ok_or_else(|| {
        given.fault(format!("the header {:?} has no source; {forms}", name.as_str()))
    })?;
    Ok(HeaderSource { name, source, prefix })
}

/// These belong to the connection with the backend, which is ours.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-type",
];

fn header_name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("{text:?} is not the name of a header"))?;
    if OURS.contains(&name.as_str()) {
        return Err(format!("the header {text:?} cannot be passed on"));
    }
    Ok(name)
}

fn header_text(text: &String) -> Result<&String, String> {
    match http::HeaderValue::from_str(text) {
        Ok(_) => Ok(text),
        // The text itself may be a key of the backend's.
        Err(_) => Err("this text cannot stand in a header".to_owned()),
    }
}

fn show(entry: &HeaderSource) -> String {
    let (form, text) = match &entry.source {
        Source::Header(name) => ("header", name.as_str()),
        Source::Param(name) => ("param", name.as_str()),
        Source::Cookie(name) => ("cookie", name.as_str()),
        // Often a key of the backend's.
        Source::Fixed(_) => ("fixed", "…"),
    };
    let prefix = match entry.prefix.as_str() {
        "" => String::new(),
        prefix => format!(", prefix = {}", quoted(prefix)),
    };
    format!("{} = {{ {form} = {}{prefix} }}", entry.name, quoted(text))
}
