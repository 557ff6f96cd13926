//! What happened, as Prometheus reads it.

use super::route::Refusal;
use super::shared::Shared;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::Write;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves `/metrics`, and `/livez` for whoever only wants to know that the process answers.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) -> std::io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(answer))
        .route("/livez", get(|| async { "ok\n" }))
        .with_state(shared);
    axum::serve(listener, router).await
}

async fn answer(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render(&shared))
}

/// Returns all metrics in Prometheus' text format.
pub fn render(shared: &Shared) -> String {
    let all = &shared.statistics;
    let mut page = Page::default();
    let (table, own) = (all.table(), all.own());
    page.gauge(
        "server_up",
        "Whether the WebSocket to SCRAM is open",
        u64::from(all.server_up.get()),
    );
    page.gauge("backend_up", "Whether gobgpd answers", u64::from(all.backend_up.get()));
    page.gauge("routes_wanted", "Routes that SCRAM wants announced", all.wanted());
    page.gauge("changes_pending", "Changes that gobgpd was not told of yet", all.pending());
    page.families("routes_own", "Routes that this translator announces", [own.v4, own.v6]);
    page.families(
        "routes_table",
        "Routes in gobgpd's tables, learnt ones too",
        [table.v4, table.v6],
    );
    let counters = [
        ("server_connections", "WebSockets that were opened to SCRAM", &all.server_connections),
        ("backend_connections", "Connections that were made to gobgpd", &all.backend_connections),
        ("messages", "Messages of SCRAM", &all.frames),
        ("messages_unknown", "Messages of an unknown type", &all.frames_unknown),
        ("checks", "Checks that were answered", &all.checks),
        ("replays", "Replays that were heard to their end", &all.replays),
        ("heartbeats", "Heartbeats that were sent", &all.heartbeats),
        ("routes_announced", "Routes that gobgpd was told to announce", &all.announced),
        ("routes_withdrawn", "Routes that gobgpd was told to withdraw", &all.withdrawn),
        ("routes_rejected", "Routes that gobgpd did not take", &all.rejected),
        ("comparisons", "Comparisons of what is announced with what is wanted", &all.comparisons),
        ("differences", "Routes that differed in a comparison", &all.differences),
    ];
    for (name, help, count) in counters {
        page.head(&format!("{name}_total"), help, "counter");
        page.line(&format!("{name}_total"), "", count.get());
    }
    page.head("messages_refused_total", "Messages that were not heeded, by reason", "counter");
    for refusal in Refusal::ALL {
        let label = format!("{{reason=\"{}\"}}", refusal.name());
        page.line("messages_refused_total", &label, all.refused(refusal));
    }
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "gauge");
        self.line(name, "", value);
    }

    fn families(&mut self, name: &str, help: &str, values: [u64; 2]) {
        self.head(name, help, "gauge");
        self.line(name, "{family=\"ipv4\"}", values[0]);
        self.line(name, "{family=\"ipv6\"}", values[1]);
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let written = writeln!(
            self.0,
            "# HELP scram_translator_{name} {help}.\n# TYPE scram_translator_{name} {kind}"
        );
        written.expect("a string takes everything");
    }

    fn line(&mut self, name: &str, labels: &str, value: u64) {
        writeln!(self.0, "scram_translator_{name}{labels} {value}")
            .expect("a string takes everything");
    }
}
