//! Plays the transcripts that PROTOCOL.md stands on (`protocol/*.txt`; their format: `protocol/README.md`).

mod script;

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Start, backend_address, own_address};
use crate::support::play::Player;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn every_transcript_of_the_protocol_page_holds() {
    let mut playing = JoinSet::new();
    for path in transcripts() {
        playing.spawn(async move {
            play(&path).await.map_err(|why| format!("{}: {why}", path.display()))
        });
    }
    let played = playing.len();
    assert!(played > 0, "there are no transcripts");
    let failures: Vec<String> =
        playing.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} of {played} failed\n{}", failures.len(), failures.join("\n"));
}

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol");
    let entries = fs::read_dir(folder).expect("the transcripts are there");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect()
}

async fn play(path: &Path) -> Result<(), String> {
    play_text(&fs::read_to_string(path).map_err(|error| error.to_string())?).await
}

/// Plays a conversation in the words of `protocol/README.md` against a gateway of its own.
///
/// # Errors
///
/// Something else happened: says where, and what.
pub(crate) async fn play_text(text: &str) -> Result<(), String> {
    let script = script::parse(text)?;
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(403, "{}")).await;
    let start = script
        .environment
        .iter()
        .fold(Start::new(own), |start, (name, value)| start.env(name, value));
    let campanile = start.ready().await;
    let outcome = Player::new(&campanile, &backend).play(script.steps).await;
    outcome.map_err(|why| format!("{why}\n{}", campanile.log()))
}
