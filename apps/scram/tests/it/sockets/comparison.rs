//! Whether translators announce what is active: ghosts and what is missing.

use super::peer::{OPEN, Peer, adds, line, until};
use crate::stage::Stage;
use crate::world::{World, ada, add, found_by, network, on_both};
use campanile_scram::digest::{Digest, bucket};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    what_a_translator_reports_is_compared_and_ghosts_are_withdrawn_after_their_time
    an_old_translator_is_asked_and_what_it_misses_is_sent_again
}

const FAST: [(&str, &str); 3] =
    [OPEN, ("SCRAM_COMPARE_SECONDS", "1"), ("SCRAM_GHOST_SECONDS", "0")];

/// A translator that announces what this says.
#[derive(Default)]
struct Double {
    announced: BTreeSet<String>,
    /// What it was told, other than questions.
    told: Vec<String>,
    /// What it does not announce, whatever it is told.
    loses: Option<String>,
}

impl Double {
    /// Does what it is told, and answers questions, for a while.
    async fn live(&mut self, peer: &mut Peer, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
        while let Ok(frame) = tokio::time::timeout_at(deadline, peer.hear()).await {
            self.heed(peer, &frame).await;
        }
    }

    async fn heed(&mut self, peer: &mut Peer, frame: &Value) {
        let message = &frame["message"];
        let route = || message["route"].as_str().unwrap().to_owned();
        match frame["type"].as_str().unwrap() {
            "translator_state_request" => {
                let mut state = json!({"id": message["id"]});
                match message["bucket"].as_u64() {
                    None => {
                        let mut digest = Digest::default();
                        self.announced.iter().for_each(|it| digest.add(&network(it)));
                        state["sums"] = digest.texts().into();
                    }
                    Some(asked) => {
                        let is_in = |it: &&String| u64::from(bucket(&network(it))) == asked;
                        state["networks"] = self.announced.iter().filter(is_in).cloned().collect();
                    }
                }
                peer.say(json!({"type": "translator_state", "message": state})).await;
                return;
            }
            "translator_check" => {
                let mut answer = frame.clone();
                answer["type"] = json!("translator_check_resp");
                answer["message"]["is_blocked"] = json!(self.announced.contains(&route()));
                peer.say(answer).await;
                return;
            }
            "translator_add" => {
                let is_lost = self.loses.take_if(|lost| *lost == route()).is_some();
                self.announced.extend((!is_lost).then(route));
            }
            "translator_remove" => drop(self.announced.remove(&route())),
            _ => {}
        }
        self.told.push(line(frame));
    }
}

async fn what_a_translator_reports_is_compared_and_ghosts_are_withdrawn_after_their_time(
    world: World,
) {
    let stage = Stage::start(world, &FAST).await;
    let translators = &stage.app().translators;
    let store = &stage.app().store;
    for host in 1..=20 {
        add(store, &format!("192.0.2.{host}")).await;
    }
    store.remove(found_by("192.0.2.20"), &ada()).await.unwrap();
    let mut peer = Peer::v2(stage.address()).await;
    let mut double = Double { loses: Some("192.0.2.7/32".to_owned()), ..Double::default() };
    double.announced.insert("192.0.2.20/32".to_owned());
    double.announced.insert("198.51.100.1/32".to_owned());
    let mut in_sync = None;
    while translators.ghosts("block").is_empty() {
        double.live(&mut peer, Duration::from_millis(100)).await;
        in_sync = in_sync.or(translators.of("block")[0].in_sync);
    }
    assert_eq!(in_sync, Some(false));
    let ghosts = translators.ghosts("block");
    let found: Vec<String> = ghosts.iter().map(|ghost| ghost.network.to_string()).collect();
    assert_eq!(found, ["192.0.2.20/32", "198.51.100.1/32"]);
    assert_eq!(ghosts[0].translators, ["translator at 127.0.0.1"]);
    assert!(translators.ghosts("other").is_empty());
    // What was missing is sent again; a ghost goes when somebody says so.
    while !double.announced.contains("192.0.2.7/32") {
        double.live(&mut peer, Duration::from_millis(100)).await;
    }
    double.live(&mut peer, Duration::from_millis(1_500)).await;
    assert_eq!(translators.ghosts("block").len(), 2, "they are not withdrawn by themselves");
    for ghost in &ghosts {
        translators.withdraw("block", &ghost.network).await.unwrap();
    }
    // What is active is not withdrawn, whoever asks for it.
    translators.withdraw("block", &network("192.0.2.3")).await.unwrap();
    while !translators.ghosts("block").is_empty()
        || translators.of("block")[0].in_sync != Some(true)
    {
        double.live(&mut peer, Duration::from_millis(100)).await;
    }
    assert_eq!(double.announced.len(), 19);
    let removed: Vec<&String> =
        double.told.iter().filter(|told| told.starts_with("translator_remove")).collect();
    assert_eq!(removed, ["translator_remove 192.0.2.20/32", "translator_remove 198.51.100.1/32"]);
    stage.end().await;
}

async fn an_old_translator_is_asked_and_what_it_misses_is_sent_again(world: World) {
    let settings = [FAST[0], FAST[1], ("SCRAM_GHOST_SECONDS", "2"), ("SCRAM_COMPARE_CHECKS", "7")];
    let stage = Stage::start(world, &settings).await;
    let translators = &stage.app().translators;
    let store = &stage.app().store;
    for host in 1..=20 {
        add(store, &format!("192.0.2.{host}")).await;
    }
    let mut peer = Peer::old(stage.address()).await;
    let mut double = Double { loses: Some("192.0.2.18/32".to_owned()), ..Double::default() };
    while double.told.len() < 20 {
        double.live(&mut peer, Duration::from_millis(100)).await;
    }
    peer.close().await;
    // While it is away, an entry is removed; it keeps announcing it.
    store.remove(found_by("192.0.2.5"), &ada()).await.unwrap();
    double.told.clear();
    double.announced.remove("192.0.2.18/32");
    double.loses = Some("192.0.2.18/32".to_owned());
    let mut peer = Peer::old(stage.address()).await;
    while double.announced.contains("192.0.2.5/32") || double.announced.len() < 19 {
        double.live(&mut peer, Duration::from_millis(100)).await;
    }
    let again = adds(&["192.0.2.18/32"]);
    assert_eq!(double.told.iter().filter(|told| **told == again[0]).count(), 2);
    assert!(!double.told.contains(&"translator_remove 192.0.2.18/32".to_owned()));
    until("the ghost is forgotten", async || {
        double.live(&mut peer, Duration::from_millis(50)).await;
        translators.ghosts("block").is_empty().then_some(())
    })
    .await;
    assert!(translators.statistics().ghosts_withdrawn >= 1);
    stage.end().await;
}
