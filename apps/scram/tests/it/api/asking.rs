//! Requests as a script, answers as a transcript.

use crate::stage::{PASSWORD, Stage};
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The host that programs know the server by.
pub(crate) const HOST: &str = "scram.example";

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Returns the value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request as it is, and reads the answer to its end.
pub(crate) async fn send(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // One that is refused early may be reset while it is still being sent.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer: {answer:?}"));
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

impl Stage {
    /// Asks with some more lines in the head; a path that begins with no slash is one of the API's.
    pub(crate) async fn ask_with(
        &self,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            let _ = write!(request, "Content-Length: {}\r\n", body.len());
        }
        request.push_str("\r\n");
        send(self.address(), &[request.as_bytes(), body].concat()).await
    }

    /// Asks as somebody, who shows a token; `nobody` shows none. A body that begins with `form:` is
    /// a form, and any other is JSON.
    pub(crate) async fn ask(&self, who: &str, what: &str, body: &str) -> Answer {
        let token = match who {
            "nobody" => None,
            who => Some(format!("Token {}", self.token(who).await)),
        };
        let (kind, body) = match body.strip_prefix("form:") {
            Some(form) => ("application/x-www-form-urlencoded", form),
            None => ("application/json", body),
        };
        let mut headers = vec![];
        headers.extend(token.as_deref().map(|token| ("Authorization", token)));
        headers.extend((!body.is_empty()).then_some(("Content-Type", kind)));
        self.ask_with(what, &headers, body.as_bytes()).await
    }

    /// Plays a script, of which each line is `who METHOD path body`, and returns it with the answers.
    pub(crate) async fn play(&self, script: &str) -> String {
        let mut transcript = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.splitn(4, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (who, method, path, body) = (word(), word(), word(), word());
            let answer = self.ask(who, &format!("{method} {path}"), body).await;
            let _ = write!(transcript, "{line}\n  {}", answer.status);
            if answer.status == 405 {
                let _ = write!(transcript, " (Allow: {})", answer.header("allow"));
            }
            let _ = writeln!(transcript, " {}", answer.body);
        }
        transcript
    }

    /// Logs somebody in by the page, and returns the session's cookies and the anti-forgery token.
    pub(crate) async fn log_in(&self, name: &str) -> (String, String) {
        let page = self.ask_with("GET /auth/login/", &[], b"").await;
        let cookie = cookies(&page);
        let form = format!(
            "csrfmiddlewaretoken={}&username={name}&password={}",
            cookie.split_once("csrftoken=").map_or("", |(_, rest)| rest.split(';').next().unwrap()),
            PASSWORD.replace(' ', "+")
        );
        let headers =
            [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = self.ask_with("POST /auth/login/", &headers, form.as_bytes()).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        let cookie = cookies(&answer);
        let csrf = cookie.split_once("csrftoken=").map_or("", |(_, rest)| rest);
        let csrf = csrf.split(';').next().unwrap_or_default().to_owned();
        (cookie, csrf)
    }
}

fn cookies(answer: &Answer) -> String {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs = set.map(|(_, value)| value.split(';').next().unwrap_or_default());
    pairs.collect::<Vec<_>>().join("; ")
}
