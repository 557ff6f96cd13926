//! What a request says, and who is refused before a consumer is asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{FromRef, Path, State};
use axum::{Extension, Router};
use campanile_consumer::testing::Communicator;
use campanile_consumer::{
    Accept, AllowedOrigins, Consumer, Context, Json, Limits, Refusal, Scope, Server,
    consumer_with_state,
};
use http::{HeaderMap, Request};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use crate::probe::{Journal, Probe};
use crate::stage::Stage;

/// Tells its client what its scope says.
struct Mirror;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reflection {
    path: String,
    room: String,
    query: Option<String>,
    session: Option<String>,
    agent: Option<String>,
    client: Option<SocketAddr>,
    subprotocols: Vec<String>,
    user: (u32, String),
}

#[derive(Clone)]
struct App {
    database: Database,
}

#[derive(Clone)]
struct Database(&'static str);

impl FromRef<App> for Database {
    fn from_ref(app: &App) -> Database {
        app.database.clone()
    }
}

impl Consumer for Mirror {
    type User = (Path<u32>, State<Database>, HeaderMap);
    type Request = ();
    type Event = ();

    async fn connect(
        scope: Scope<Self::User>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let (Path(id), State(Database(name)), _) = &scope.user;
        let reflection = Reflection {
            path: scope.path().to_owned(),
            room: scope.param("room")?.to_owned(),
            query: scope.query().map(str::to_owned),
            session: scope.cookie("session").map(str::to_owned),
            agent: scope.header("user-agent").map(str::to_owned),
            client: scope.client(),
            subprotocols: scope.subprotocols().to_vec(),
            user: (*id, (*name).to_owned()),
        };
        context.send(Json(reflection)).await?;
        let last = scope.subprotocols().last().cloned();
        Ok(last.map_or(Accept::new(Mirror), |last| Accept::new(Mirror).subprotocol(last)))
    }
}

fn router() -> Router {
    let app = App { database: Database("the database") };
    Router::new().route("/ws/{room}", consumer_with_state::<Mirror, _>()).with_state(app)
}

#[tokio::test(start_paused = true)]
async fn a_scope_says_all_that_is_known_of_a_client() {
    let communicator = Communicator::<Mirror>::with_router(router(), "/ws/%37?a=b")
        .header("cookie", "theme=dark; session=s3cret")
        .header("user-agent", "a test")
        .client("127.0.0.1:51849".parse().expect("an address"))
        .subprotocols(&["chat.v1", "chat.v2"]);
    let mut client = communicator.connect().await.expect("it is let in");
    assert_eq!(client.subprotocol(), Some("chat.v2"));
    let Json(reflection): Json<Reflection> = client.receive().await;
    let expected = Reflection {
        path: "/ws/%37".to_owned(),
        room: "7".to_owned(),
        query: Some("a=b".to_owned()),
        session: Some("s3cret".to_owned()),
        agent: Some("a test".to_owned()),
        client: Some(SocketAddr::from(([127, 0, 0, 1], 51849))),
        subprotocols: vec!["chat.v1".to_owned(), "chat.v2".to_owned()],
        user: (7, "the database".to_owned()),
    };
    assert_eq!(reflection, expected);
}

#[tokio::test(start_paused = true)]
async fn whom_the_extractor_rejects_is_refused_with_its_response() {
    let refused = Communicator::<Mirror>::with_router(router(), "/ws/seven").connect().await;
    assert_eq!(refused.expect_err("that is no number").status(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_any_http_response() {
    let stage = Stage::new();
    let refused = stage.communicator("/?refuse=402").connect().await.expect_err("refused");
    let response = refused.into_response();
    assert_eq!(response.status(), 402);
    let body = axum::body::to_bytes(response.into_body(), 100).await.expect("a body");
    assert_eq!(body, "no");
    assert_eq!(stage.journal.entries(), ["connects"]);
    assert_eq!(stage.server.statistics().rejected, 1);
    stage.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn a_subprotocol_that_was_not_offered_is_left_out() {
    let stage = Stage::new();
    let client = stage.connect("/?subprotocol=chat").await;
    assert_eq!(client.subprotocol(), None);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_host_is_refused_before_the_consumer_is_asked() {
    let origins = AllowedOrigins::these(["https://example.com"]);
    let strict = Server::builder().allowed_origins(origins).start_without_loops();
    let stage = Stage::new();
    let origin = |it: &str| stage.communicator("/").header("origin", it);
    assert!(origin("http://testserver").connect().await.is_ok());
    let refused = origin("http://evil.example").connect().await.expect_err("it is refused");
    assert_eq!(refused.status(), 403);
    assert!(origin("https://example.com").server(&strict).connect().await.is_ok());
    assert!(origin("http://testserver").server(&strict).connect().await.is_err());
    assert_eq!(stage.server.statistics().rejected_origin, 1);
    assert_eq!(stage.journal.entries().iter().filter(|entry| *entry == "connects").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn when_all_places_are_taken_the_next_is_refused_until_one_is_free() {
    let stage = Stage::with(Limits { connections_max: 2, ..Limits::default() });
    let (_first, second) = (stage.connect("/").await, stage.connect("/").await);
    let refused = stage.communicator("/").connect().await.expect_err("there is no place");
    assert_eq!(refused.status(), 503);
    assert_eq!(stage.server.statistics().rejected_full, 1);
    second.disconnect().await;
    stage.connect("/").await.disconnect().await;
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_what_is_expected() {
    let router = Router::new()
        .route("/", campanile_consumer::consumer::<Probe>())
        .layer(Extension(Journal::default()))
        .layer(Stage::new().server.extension());
    for (request, status) in [
        (Request::get("/").header("host", "here"), 426),
        (Request::post("/").header("host", "here"), 405),
    ] {
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_each_life_as_daphne_does() {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer({
        let written = written.clone();
        move || written.clone()
    });
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let stage = Stage::new();
    let come = |target: &str| {
        let address = "127.0.0.1:51849".parse().expect("an address");
        stage.communicator(target).path("/{*path}").client(address).connect()
    };
    come("/ws/chat/a=/?token=secret").await.expect("it is let in").disconnect().await;
    come("/ws/x/?refuse=403").await.expect_err("it is refused");
    let lines = written.lines();
    assert_eq!(
        lines,
        [
            "WebSocket HANDSHAKING /ws/chat/a=/ [127.0.0.1:51849]",
            "WebSocket CONNECT /ws/chat/a=/ [127.0.0.1:51849]",
            "WebSocket DISCONNECT /ws/chat/a=/ [127.0.0.1:51849]",
            "WebSocket REJECT /ws/x/ [127.0.0.1:51849]: 403 Forbidden",
        ]
    );
}

/// What was logged.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().expect("nobody panics while logging").clone();
        let text = String::from_utf8(bytes).expect("it is text");
        let message = |line: &str| line.find("WebSocket").map(|at| line[at..].to_owned());
        text.lines().filter_map(message).collect()
    }
}

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics while logging").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
