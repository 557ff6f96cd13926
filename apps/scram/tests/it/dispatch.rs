//! From the outbox to the translators.

use crate::world::{World, ada, add, found_by, on_both};
use async_trait::async_trait;
use campanile_scram::dispatch::{Deliver, Dispatcher, Told, group_of};
use campanile_scram::store::Store;
use campanile_scram::store::templates::NewMessage;
use chrono::TimeDelta;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

on_both! {
    changes_are_told_in_order_each_entry_as_it_is_now
    a_dispatcher_that_died_between_commit_and_send_goes_on_there
    a_change_on_one_instance_is_soon_told_by_the_other
    what_cannot_be_delivered_is_told_later_and_nothing_before_it_is_lost
    an_instance_that_was_away_for_too_long_tells_everything
    each_action_type_is_told_by_its_own_templates
}

/// Translators that write down what they hear.
#[derive(Default)]
struct Translators {
    heard: Mutex<Vec<String>>,
    are_away: AtomicBool,
}

#[async_trait]
impl Deliver for Translators {
    async fn deliver(&self, told: &Told) -> Result<(), String> {
        if self.are_away.load(Ordering::SeqCst) {
            return Err("nobody is there".to_owned());
        }
        let mut heard = self.heard.lock().expect("no test panics here");
        for frame in &told.frames {
            let frame = serde_json::to_value(frame).expect("a frame is JSON");
            let (kind, route) = (&frame["type"], &frame["message"]["route"]);
            heard.push(format!("{}: {kind} {route}", group_of(&told.action_type)));
        }
        Ok(())
    }
}

impl Translators {
    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no test panics here").clone()
    }
}

fn dispatcher(store: &Store, name: &str) -> (Dispatcher, Arc<Translators>) {
    let translators = Arc::new(Translators::default());
    let kept = Duration::from_secs(86_400);
    (Dispatcher::new(store.clone(), name, translators.clone(), kept), translators)
}

fn added(host: u8) -> String {
    format!("translator_block: \"translator_add\" \"192.0.2.{host}/32\"")
}

fn removed(host: u8) -> String {
    format!("translator_block: \"translator_remove\" \"192.0.2.{host}/32\"")
}

async fn changes_are_told_in_order_each_entry_as_it_is_now(world: World) {
    let store = world.instance("scram1").await;
    let (mut dispatcher, translators) = dispatcher(&store, "scram1");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(0));
    add(&store, "192.0.2.1").await;
    add(&store, "192.0.2.2").await;
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(2));
    add(&store, "192.0.2.3").await;
    store.remove(found_by("192.0.2.3"), &ada()).await.expect("it is removed");
    store.remove(found_by("192.0.2.1"), &ada()).await.expect("it is removed");
    store.set_available("block", false, "ada").await.expect("it is changed");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(2));
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(0));
    assert_eq!(translators.heard(), [added(1), added(2), removed(3), removed(1)]);
}

async fn a_dispatcher_that_died_between_commit_and_send_goes_on_there(world: World) {
    let store = world.instance("scram1").await;
    let (mut first, translators) = dispatcher(&store, "scram1");
    assert_eq!(first.catch_up().await.map(|told| told.len()), Ok(0));
    add(&store, "192.0.2.1").await;
    assert_eq!(first.catch_up().await.map(|told| told.len()), Ok(1));
    // The change is committed, and then the process is gone.
    add(&store, "192.0.2.2").await;
    store.remove(found_by("192.0.2.1"), &ada()).await.expect("it is removed");
    drop((first, store));
    assert_eq!(translators.heard(), [added(1)]);
    let store = world.instance("scram1").await;
    let (mut second, translators) = dispatcher(&store, "scram1");
    assert_eq!(second.catch_up().await.map(|told| told.len()), Ok(2));
    assert_eq!(translators.heard(), [added(2), removed(1)]);
}

async fn a_change_on_one_instance_is_soon_told_by_the_other(world: World) {
    let (one, two) = (world.instance("scram1").await, world.instance("scram2").await);
    let (mut dispatcher, translators) = dispatcher(&two, "scram2");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(0));
    let running = tokio::spawn(dispatcher.run());
    let mut expected = Vec::new();
    for host in 0..20 {
        add(&one, &format!("192.0.2.{host}")).await;
        expected.push(added(host));
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while translators.heard().len() < expected.len() {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", translators.heard());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(translators.heard(), expected);
    running.abort();
}

async fn what_cannot_be_delivered_is_told_later_and_nothing_before_it_is_lost(world: World) {
    let store = world.instance("scram1").await;
    let (mut dispatcher, translators) = dispatcher(&store, "scram1");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(0));
    translators.are_away.store(true, Ordering::SeqCst);
    add(&store, "192.0.2.1").await;
    let error = dispatcher.catch_up().await.expect_err("nobody is there");
    assert_eq!(error, "Changes could not be passed on: nobody is there.");
    add(&store, "192.0.2.2").await;
    translators.are_away.store(false, Ordering::SeqCst);
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(2));
    assert_eq!(translators.heard(), [added(1), added(2)]);
}

async fn an_instance_that_was_away_for_too_long_tells_everything(world: World) {
    let store = world.instance("scram1").await;
    let (mut first, _) = dispatcher(&store, "scram1");
    assert_eq!(first.catch_up().await.map(|told| told.len()), Ok(0));
    add(&store, "192.0.2.1").await;
    add(&store, "192.0.2.2").await;
    store.remove(found_by("192.0.2.1"), &ada()).await.expect("it is removed");
    store.purge_events(TimeDelta::zero()).await.expect("they go");
    let (mut again, translators) = dispatcher(&store, "scram1");
    assert_eq!(again.catch_up().await.map(|told| told.len()), Ok(2));
    assert_eq!(translators.heard(), [removed(1), added(2)]);
    assert_eq!(again.catch_up().await.map(|told| told.len()), Ok(0));
}

async fn each_action_type_is_told_by_its_own_templates(world: World) {
    let store = world.instance("scram1").await;
    let (mut dispatcher, translators) = dispatcher(&store, "scram1");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(0));
    let shunt = store.add_action_type("shunt", "ada").await.expect("it is added");
    let wanted = campanile_scram::store::entries::NewEntry {
        action_type: "shunt".to_owned(),
        ..crate::world::wanted("192.0.2.9")
    };
    store.add(&wanted, &ada()).await.expect("it is added");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(1));
    assert!(translators.heard().is_empty(), "it has no templates");
    let message = NewMessage {
        msg_type: "shunt_add".to_owned(),
        msg_data: json!({"port": 7}).as_object().cloned().expect("it is an object"),
        msg_data_route_field: "route".to_owned(),
    };
    let message = store.write_message(None, message).await.expect("it is written");
    let verb = campanile_scram::store::templates::Verb::Add;
    store.place_message(message.id, shunt.id, verb, 0).await.expect("it has a place");
    store.remove(found_by("192.0.2.9"), &ada()).await.expect("it is removed");
    store.add(&wanted, &ada()).await.expect("it is added");
    assert_eq!(dispatcher.catch_up().await.map(|told| told.len()), Ok(1));
    assert_eq!(translators.heard(), ["translator_shunt: \"shunt_add\" \"192.0.2.9/32\""]);
}
