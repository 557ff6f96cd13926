//! Plays what was recorded from high-templar 3.1 and 2.5 (`tests/vectors/templar.json`) against the gateway, each
//! exchange as its verdict says: `keep` the same, `fix` what is to happen instead, `free` either.
//!
//! Triggers that were published over RabbitMQ are posted to `/trigger/` here, but for those whose routing key matters.

mod instead;
mod recorded;

use crate::support::backend::Backend;
use crate::support::campanile::{Start, backend_address, own_address};
use crate::support::play::Player;
use campanile_broker::testing::Server;
use recorded::Transcript;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many gateways run at once.
const AT_ONCE: usize = 8;

/// The exchange that has no meaning without RabbitMQ: a posted trigger has no routing key.
const BY_RABBITMQ: &str = "trigger-other-routing-key";

/// How the originals were set up for `3.1+hooks`.
const HOOKS: &str = r#"
[limits]
inactivity_s = 2

[hooks]
connect = "user/notify_online/"
ping = "user/notify_online/"
disconnect = "user/notify_offline/"

[backend.headers]
"X-Session-Token" = { param = "session_token" }
"Referer" = { fixed = "http://app.example/api/" }
"X-Device" = { header = "X-Device-Id" }
"X-Lang" = { cookie = "lang" }
"X-Tenant" = { param = "tenant", prefix = "tenant/" }
"#;

/// How the original was set up for `2.5`.
const DIALECT_2_5: &str = r#"
[public]
dialect = "2.5"

[backend.headers]
"X-Forwarded-For" = { header = "X-Real-IP" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_templar_3_1_did_happens_or_what_it_should_have_done() {
    play_all("3.1", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_templar_3_1_did_with_hooks_happens_or_what_it_should_have_done() {
    play_all("3.1+hooks", HOOKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_templar_2_5_did_happens_in_its_dialect_or_what_it_should_have_done() {
    play_all("2.5", DIALECT_2_5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_templar_3_1_did_with_routing_keys_happens_over_a_real_rabbitmq() {
    let Some(server) = Server::rabbit() else { return };
    let own = own_address();
    let found =
        recorded::transcripts().into_iter().find(|transcript| transcript.name == BY_RABBITMQ);
    let transcript = found.expect("it was recorded");
    let backend = Backend::start(backend_address(own), recorded::rule(&transcript.bootstrap)).await;
    let url = server.url_text(server.port());
    let campanile = Start::new(own).env("CAMPANILE_BROKER_URL", &url).ready().await;
    let steps = recorded::steps_by_rabbit(&transcript, server.port());
    let steps =
        steps.into_iter().enumerate().map(|(number, step)| (format!("step {number}"), step));
    let outcome = Player::new(&campanile, &backend).play(steps).await;
    outcome.unwrap_or_else(|why| panic!("{why}\n{}", campanile.log()));
}

/// Plays all transcripts of one server, each against a gateway of its own.
async fn play_all(server: &str, config: &'static str) {
    let (turns, mut playing) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    let is_played = |it: &Transcript| it.server == server && it.name != BY_RABBITMQ;
    for transcript in recorded::transcripts().into_iter().filter(is_played) {
        let turns = Arc::clone(&turns);
        playing.spawn(async move {
            let _turn = turns.acquire().await;
            let name = transcript.name.clone();
            play(transcript, config).await.map_err(|why| format!("{name}: {why}"))
        });
    }
    let played = playing.len();
    assert!(played > 0, "there are no transcripts of {server}");
    let failures: Vec<String> =
        playing.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} of {played} failed\n{}", failures.len(), failures.join("\n"));
}

async fn play(transcript: Transcript, config: &str) -> Result<(), String> {
    let own = own_address();
    let backend = Backend::start(backend_address(own), recorded::rule(&transcript.bootstrap)).await;
    let campanile = Start::new(own).config(config).ready().await;
    let steps = if transcript.name == "early-messages" {
        recorded::early(&transcript, campanile.public).await?
    } else {
        instead::steps(&transcript)
    };
    let steps =
        steps.into_iter().enumerate().map(|(number, step)| (format!("step {}", number + 1), step));
    let outcome = Player::new(&campanile, &backend).play(steps).await;
    outcome.map_err(|why| format!("{why}\n{}", campanile.log()))
}
