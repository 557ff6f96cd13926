//! A server that runs, and the people it knows.

use crate::peer::Peer;
use crate::world::{World, people};
use campanile_digi::app::App;
use campanile_digi::server::Server;
use campanile_digi::settings::Settings;
use campanile_digi::store::{Answer as Does, Store};
use serde_json::Value;
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A key for ids, and another.
pub(crate) const KEYS: [&str; 2] = [
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    "3bEPGvuw-dbFvkcWeAq1LeIcOeBB5uAazHo4mTyGxKs=",
];

pub(crate) const PASSWORD: &str = "seven ravens fly";

/// A server in this process. Its people are `ann` and `bob`, who talk, and the strangers `cat` and `dan`,
/// who talk, too.
pub(crate) struct Stage {
    server: Server,
    /// The id of the conversation of ann and bob.
    pub(crate) id: String,
    /// That of cat and dan.
    pub(crate) other: String,
    // It ends after the server.
    _world: Option<World>,
}

impl Stage {
    pub(crate) async fn start(world: World) -> Stage {
        Stage::with(world, &[]).await
    }

    /// Starts a server with these variables set, on the database of a world.
    pub(crate) async fn with(world: World, variables: &[(&str, &str)]) -> Stage {
        let stage = Stage::at(&world.url, variables).await;
        Stage { _world: Some(world), ..stage }
    }

    /// Starts a server on a database that somebody else looks after.
    pub(crate) async fn at(url: &str, variables: &[(&str, &str)]) -> Stage {
        let server = serve(url, variables).await;
        let store = server.app().store.clone();
        let [ann, bob, cat, dan] = people(&store, ["ann", "bob", "cat", "dan"]).await;
        let id = talk(&store, ann, bob).await;
        let other = talk(&store, cat, dan).await;
        let [id, other] = [named(server.app(), id).await, named(server.app(), other).await];
        Stage { server, id, other, _world: None }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn app(&self) -> &App {
        self.server.app()
    }

    /// Ends the server as SIGTERM does.
    pub(crate) async fn end(self) {
        self.server.shutdown().await;
    }

    /// The number of a user.
    pub(crate) async fn number(&self, name: &str) -> i64 {
        let user = self.app().accounts.user(name).await.expect("the database answers");
        user.expect("the user is there").id
    }

    /// What a user shows to be known: a header.
    pub(crate) async fn shows(&self, name: &str) -> (&'static str, String) {
        ("Authorization", authorization(self.app(), self.number(name).await).await)
    }

    /// Opens the socket of a conversation.
    pub(crate) async fn chat(&self, name: &str, query: &str) -> Peer {
        let path = format!("/ws/chat/{}/{query}", self.id);
        self.open(name, &path).await.expect("it is let in").greeted().await
    }

    /// Opens the socket of a list.
    pub(crate) async fn inbox(&self, name: &str) -> Peer {
        self.open(name, "/ws/inbox/").await.expect("it is let in")
    }

    /// Opens a socket, or returns the answer that refuses it.
    pub(crate) async fn open(&self, name: &str, path: &str) -> Result<Peer, Answer> {
        let (header, value) = self.shows(name).await;
        Peer::open(self.address(), path, &[(header, &value)]).await
    }

    /// Asks the API as a user; `nobody` shows nothing. A path that begins with no slash is below
    /// `/api/v1/`, and `@` in it stands for the conversation of ann and bob.
    pub(crate) async fn ask(&self, name: &str, what: &str, body: &str) -> Answer {
        let what = what.replace('@', &format!("connections/{}", self.id));
        let shown = match name {
            "nobody" => None,
            name => Some(self.shows(name).await),
        };
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(shown.as_ref().map(|(header, value)| (*header, value.as_str())));
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        ask(self.address(), &what, &headers, body).await
    }

    /// Logs a user in as a browser does, and returns the cookies and the anti-forgery token.
    pub(crate) async fn log_in(&self, name: &str) -> (String, String) {
        let page = ask(self.address(), "GET /auth/login/", &[], "").await;
        let token = page.cookie("csrftoken");
        let body = format!("csrfmiddlewaretoken={token}&username={name}&password={PASSWORD}");
        let body = body.replace(' ', "+");
        let cookies = format!("csrftoken={token}");
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let answer =
            ask(self.address(), "POST /auth/login/", &[form, ("Cookie", &cookies)], &body).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        let token = answer.cookie("csrftoken");
        let session = answer.cookie("sessionid");
        (format!("csrftoken={token}; sessionid={session}"), token)
    }
}

/// Starts a server on a database, at any free port, with these variables set.
pub(crate) async fn serve(url: &str, variables: &[(&str, &str)]) -> Server {
    let settings = Settings::read(|name| {
        let set = variables.iter().find(|(set, _)| *set == name);
        match (set, name) {
            (Some((_, value)), _) => Some((*value).to_owned()),
            (None, "DIGI_LISTEN") => Some("127.0.0.1:0".to_owned()),
            (None, "DIGI_DATABASE_URL") => Some(url.to_owned()),
            (None, "CHAT_FERNET_KEYS") => Some(KEYS[0].to_owned()),
            // Tests talk faster than people.
            (None, "DIGI_CHANGES_PER_10_S_MAX") => Some("10000".to_owned()),
            (None, "DIGI_FRAMES_PER_10_S_MAX") => Some("100000".to_owned()),
            _ => None,
        }
    });
    Server::start(settings.expect("the settings are good")).await.expect("the server starts")
}

/// Has two users talk, and returns the number of their conversation.
pub(crate) async fn talk(store: &Store, one: i64, other: i64) -> i64 {
    let conversation = store.request(one, other).await.expect("it is asked for").conversation;
    store.answer(other, conversation, Does::Accept).await.expect("it is accepted");
    conversation
}

/// Returns the id of a conversation.
pub(crate) async fn named(app: &App, conversation: i64) -> String {
    let rows = app.store.conversations([conversation]).await.expect("the database answers");
    app.frames.conversation_id(rows.first().expect("it is there"))
}

/// What a user shows to be known.
pub(crate) async fn authorization(app: &App, user: i64) -> String {
    format!("Token {}", app.accounts.token(user).await.expect("a token is made"))
}

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Everything but the time.
    pub(crate) fn timeless(&self) -> String {
        let is_date = |line: &&str| line.to_ascii_lowercase().starts_with("date:");
        let head: Vec<&str> = self.head.lines().filter(|line| !is_date(line)).collect();
        format!("{}\n\n{}", head.join("\n"), self.body)
    }

    fn cookie(&self, name: &str) -> String {
        let begins = format!("set-cookie: {name}=");
        let mut lines = self.head.lines();
        let line = lines.find(|line| line.to_ascii_lowercase().starts_with(&begins));
        let line = line.unwrap_or_else(|| panic!("no cookie {name}: {self:?}"));
        line[begins.len()..].split(';').next().unwrap_or_default().to_owned()
    }
}

/// Asks for something: `GET /path`.
pub(crate) async fn ask(
    address: SocketAddr,
    what: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let (method, path) = what.split_once(' ').expect("a method and a path");
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let _ = write!(request, "Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    // One that is refused early may be reset while it is still being sent.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).expect("an answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer to {what}: {answer:?}"));
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
