//! `campanile demo`: a page to try it out, and the backend that lets everybody into every room.

mod backend;

use crate::accept::Asked;
use crate::answer::{Answer, json, not_allowed, text};
use crate::assets::{CSS, HTML, JAVASCRIPT, Page};
use crate::config::{BackendUrl, Config};
use crate::internal::pages::is_same_origin;
use crate::internal::trigger;
use crate::serve::Shared;
use http::{Method, StatusCode};
use std::io;
use std::sync::Arc;

const STYLE: &str = concat!(include_str!("../assets/base.css"), include_str!("page/style.css"));

const PAGE: Page = Page {
    files: &[
        ("/", HTML, include_str!("page/index.html")),
        ("/style.css", CSS, STYLE),
        ("/page.js", JAVASCRIPT, include_str!("page/page.js")),
    ],
    sources: "default-src 'self'; connect-src 'self' ws: wss:",
    referrer: "same-origin",
};

/// The page, and what it needs to know.
pub struct Demo {
    /// The internal listener's URL.
    internal: String,
}

impl Demo {
    /// Starts the demo's backend, and returns where it is.
    ///
    /// # Errors
    ///
    /// If there is no free port on loopback, or there are other nodes.
    pub async fn start(internal: String, config: &Config) -> io::Result<(BackendUrl, Demo)> {
        if config.broker.url.is_some() {
            return Err(io::Error::other(
                "whoever sees its page may trigger, and by [broker] url all nodes would hear it: \
                 take that out of its configuration",
            ));
        }
        let address = backend::start().await?;
        let url = BackendUrl::parse(&format!("http://{address}/api/"));
        Ok((url.map_err(io::Error::other)?, Demo { internal }))
    }

    /// Returns whether `path` is the demo's.
    pub fn has(&self, path: &str) -> bool {
        path.starts_with("/demo/") || PAGE.files.iter().any(|(known, ..)| *known == path)
    }

    /// Answers a request for one of its paths.
    pub async fn answer(&self, shared: &Arc<Shared>, asked: Asked) -> Answer {
        let request = asked.request;
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/demo/trigger" if request.method() == Method::POST => {
                let (head, body) = request.into_parts();
                // No key: whoever can open the page may ring, and nobody hears it but who is in a
                // room of this process, into which everybody is let. So other sites' pages are
                // kept out only as they would be a nuisance.
                if !is_same_origin(&head.headers) {
                    return text(StatusCode::FORBIDDEN, "only the demo's own page rings here\n");
                }
                trigger::shown(trigger::take(shared, &head.headers, "", body, true).await, true)
            }
            "/demo/trigger" => not_allowed("POST"),
            _ if !is_reading => not_allowed("GET, HEAD"),
            "/demo/info" => {
                let url = format!("{}/trigger/", self.internal);
                json(StatusCode::OK, format!("{{\"trigger_url\": \"{url}\"}}"))
            }
            path => PAGE.file(path).unwrap_or_else(nothing_here),
        }
    }
}

fn nothing_here() -> Answer {
    text(StatusCode::NOT_FOUND, "Nothing is here. The page is at /.\n")
}
