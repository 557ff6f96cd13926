use super::Subscriptions;
use crate::redis::keeper::connect;
use campanile_broker::testing::Server;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Otherwise its channel would be told of the outage, and then lose what is sent before it stands.
#[tokio::test]
async fn what_is_wanted_while_everything_is_joined_again_is_waited_for_until_it_stands() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port()).parse().unwrap();
    let mut ear = connect(&url, PATIENCE, |_| {}).await.unwrap();
    let subscriptions = Subscriptions::new();
    let (early, late): (Arc<str>, Arc<str>) = (Arc::from("early"), Arc::from("late"));
    assert_eq!(subscriptions.change(&early, true), None, "it will be joined with all");
    let mut number = None;
    let wanted = || {
        number = subscriptions.change(&late, true);
        vec![early]
    };
    subscriptions.join(&mut ear, wanted, PATIENCE).await.unwrap();
    let number = number.expect("it came too late to be joined with all");
    assert!(subscriptions.is_subscribed("early") && !subscriptions.is_subscribed("late"));
    tokio::select! {
        biased;
        done = subscriptions.until_done(number) => assert!(done),
        why = subscriptions.keep(&mut ear, |_| true, PATIENCE) => panic!("{why}"),
    }
    assert!(subscriptions.is_subscribed("late"));
}

#[tokio::test]
async fn who_waits_is_told_when_a_change_is_given_up_with_its_connection() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port()).parse().unwrap();
    let mut ear = connect(&url, PATIENCE, |_| {}).await.unwrap();
    let subscriptions = Subscriptions::new();
    subscriptions.join(&mut ear, Vec::new, PATIENCE).await.unwrap();
    let number = subscriptions.change(&Arc::from("late"), true).unwrap();
    subscriptions.close();
    assert!(!subscriptions.until_done(number).await);
}
