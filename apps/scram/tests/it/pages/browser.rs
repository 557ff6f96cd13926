//! A browser without scripts: it keeps cookies, and sends them by itself.

use crate::stage::{PASSWORD, Stage};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::form_urlencoded;

pub(crate) struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// What a browser was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The status, and where it leads.
    pub(crate) fn led(&self) -> (u16, &str) {
        (self.status, self.header("location"))
    }

    /// The page's text between two others that stand in it once or more.
    pub(crate) fn between(&self, begin: &str, end: &str) -> &str {
        let (_, rest) = self.body.split_once(begin).unwrap_or_else(|| panic!("{}", self.body));
        rest.split_once(end).unwrap_or_else(|| panic!("{}", self.body)).0
    }

    /// Fails unless the page has all of these.
    pub(crate) fn has(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
        }
    }

    /// Fails if the page has any of these.
    pub(crate) fn lacks(&self, texts: &[&str]) {
        for text in texts {
            assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        }
    }
}

impl Browser {
    pub(crate) fn new(stage: &Stage) -> Browser {
        Browser { address: stage.address(), cookies: BTreeMap::new() }
    }

    /// One that somebody of the stage has logged in with.
    pub(crate) async fn of(stage: &Stage, name: &str) -> Browser {
        let mut browser = Browser::new(stage);
        let answer = browser.log_in(name, PASSWORD).await;
        assert_eq!(answer.led(), (302, "/"), "{answer:?}");
        browser
    }

    pub(crate) async fn log_in(&mut self, name: &str, password: &str) -> Answer {
        self.get("/auth/login/").await;
        self.fill("/auth/login/", &[("username", name), ("password", password)]).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// Sends a form with the token that keeps others from sending it.
    pub(crate) async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        if !self.cookies.contains_key("csrftoken") {
            self.get("/").await;
        }
        let token = self.cookies["csrftoken"].clone();
        let with_token = [("csrfmiddlewaretoken", &*token)];
        let fields: Vec<_> = with_token.into_iter().chain(fields.iter().copied()).collect();
        self.post(path, &fields).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", path, &form).await
    }

    async fn send(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(request, "Connection: close\r\nCookie: {}\r\n", cookies.join("; ")).unwrap();
        if method == "POST" {
            let kind = "application/x-www-form-urlencoded";
            write!(request, "Content-Type: {kind}\r\nContent-Length: {}\r\n", form.len()).unwrap();
        }
        write!(request, "\r\n{form}").unwrap();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let answer = read(&answer);
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (name, line) in &answer.headers {
            let Some((cookie, rest)) = line.split_once('=').filter(|_| name == "set-cookie") else {
                continue;
            };
            if line.contains("Max-Age=0") {
                self.cookies.remove(cookie);
            } else {
                let value = rest.split(';').next().unwrap_or_default().to_owned();
                self.cookies.insert(cookie.to_owned(), value);
            }
        }
    }
}

fn read(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("it has a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status: status.parse().unwrap(), headers, body: body.to_owned() }
}
