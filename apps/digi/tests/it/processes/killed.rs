//! A process is killed between the commit and the publication: what was stored is delivered, once.

use super::program::Digi;
use crate::peer::Peer;
use crate::stage::{ask, authorization, named, serve, talk};
use crate::world::{World, people};
use campanile_broker::testing::Server as Program;
use campanile_digi::server::Server;
use serde_json::json;

/// Two who talk, and what they show.
struct Two {
    id: String,
    ann: String,
    bob: String,
}

impl Two {
    async fn on(server: &Server) -> Two {
        let app = server.app();
        let [ann, bob] = people(&app.store, ["ann", "bob"]).await;
        let conversation = talk(&app.store, ann, bob).await;
        let id = named(app, conversation).await;
        Two { id, ann: authorization(app, ann).await, bob: authorization(app, bob).await }
    }

    async fn bob(&self, address: std::net::SocketAddr, after: i64) -> Peer {
        let path = format!("/ws/chat/{}/?after={after}", self.id);
        let bob = Peer::open(address, &path, &[("Authorization", &self.bob)]).await;
        bob.expect("he is let in")
    }

    async fn ann_says(&self, address: std::net::SocketAddr, message: &str) -> u16 {
        let what = format!("POST connections/{}/messages/", self.id);
        let headers = [("Authorization", self.ann.as_str()), ("Content-Type", "application/json")];
        let body = json!({ "message": message, "client_id": message }).to_string();
        ask(address, &what, &headers, &body).await.status
    }
}

/// Hears messages up to the last, and returns them with their numbers.
async fn heard(peer: &mut Peer, last: &str) -> Vec<(i64, String)> {
    let mut heard = Vec::new();
    loop {
        let frame = peer.hear_of("chat_message").await;
        let text = frame["message"].as_str().expect("a text").to_owned();
        heard.push((frame["seq"].as_i64().expect("a number"), text));
        if heard.last().is_some_and(|(_, text)| text == last) {
            return heard;
        }
    }
}

/// The channel layer is frozen, so that a process commits and cannot publish; then it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_committed_and_not_published_is_published_by_another() {
    let (Some(world), Some(redis)) = (World::postgres(), Program::redis()) else { return };
    let redis_url = redis.url_text(redis.port());
    let variables = [("DIGI_DATABASE_URL", world.url.as_str()), ("DIGI_REDIS_URL", &redis_url)];
    let other = serve(&world.url, &[("DIGI_REDIS_URL", &redis_url)]).await;
    let two = Two::on(&other).await;
    let mut killed = Digi::start(&variables).await;
    let mut bob = two.bob(other.address(), 0).await;
    assert_eq!(two.ann_says(killed.address(), "before").await, 201);
    assert_eq!(heard(&mut bob, "before").await, [(1, "before".to_owned())]);

    redis.freeze();
    assert_eq!(two.ann_says(killed.address(), "unpublished").await, 201);
    killed.kill();
    redis.thaw();
    assert_eq!(heard(&mut bob, "unpublished").await, [(2, "unpublished".to_owned())]);
    // Nor is it told again by the process itself, when it is back.
    killed.restart().await;
    assert_eq!(two.ann_says(killed.address(), "after").await, 201);
    assert_eq!(heard(&mut bob, "after").await, [(3, "after".to_owned())]);
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_and_comes_back_alone_delivers_what_it_had_committed_once() {
    let world = World::sqlite();
    let Some(redis) = Program::redis() else { return };
    let redis_url = redis.url_text(redis.port());
    let variables = [("DIGI_DATABASE_URL", world.url.as_str()), ("DIGI_REDIS_URL", &redis_url)];
    let beside = serve(&world.url, &[]).await;
    let two = Two::on(&beside).await;
    beside.shutdown().await;
    let mut digi = Digi::start(&variables).await;
    let mut bob = two.bob(digi.address(), 0).await;
    assert_eq!(two.ann_says(digi.address(), "before").await, 201);
    assert_eq!(heard(&mut bob, "before").await, [(1, "before".to_owned())]);
    redis.freeze();
    assert_eq!(two.ann_says(digi.address(), "unpublished").await, 201);
    digi.kill();
    assert_eq!(bob.closed().await, 1006);
    redis.thaw();
    digi.restart().await;
    let mut bob = two.bob(digi.address(), 1).await;
    // Its sender does not know whether it has come, and sends it again.
    assert_eq!(two.ann_says(digi.address(), "unpublished").await, 200);
    assert_eq!(two.ann_says(digi.address(), "after").await, 201);
    let wanted = [(2, "unpublished".to_owned()), (3, "after".to_owned())];
    assert_eq!(heard(&mut bob, "after").await, wanted);
}

/// Where Redis is away for a while, nothing is lost: what was stored comes when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_redis_is_away_is_delivered_when_it_is_back() {
    let world = World::sqlite();
    let Some(mut redis) = Program::redis() else { return };
    let redis_url = redis.url_text(redis.port());
    let server = serve(&world.url, &[("DIGI_REDIS_URL", &redis_url)]).await;
    let two = Two::on(&server).await;
    let mut bob = two.bob(server.address(), 0).await;
    assert_eq!(two.ann_says(server.address(), "before").await, 201);
    assert_eq!(heard(&mut bob, "before").await, [(1, "before".to_owned())]);
    redis.kill();
    assert_eq!(two.ann_says(server.address(), "meanwhile").await, 201);
    redis.restart();
    assert_eq!(two.ann_says(server.address(), "after").await, 201);
    let wanted = [(2, "meanwhile".to_owned()), (3, "after".to_owned())];
    assert_eq!(heard(&mut bob, "after").await, wanted);
    server.shutdown().await;
}
