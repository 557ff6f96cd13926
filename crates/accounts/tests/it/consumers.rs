//! Who is logged in, for a WebSocket's consumer, and what becomes of it when that ends.

use axum::Router;
use campanile_accounts::{Accounts, LoggedIn, Settings};
use campanile_consumer::testing::{Communicator, Connected};
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Refusal, Scope, consumer_with_state,
};
use http::StatusCode;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

struct Chat;

impl Consumer for Chat {
    type User = LoggedIn;
    type Request = String;
    type Event = ();

    async fn connect(
        scope: Scope<LoggedIn>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        context.send(scope.user.user.username.clone()).await?;
        let (client, ended) = (context.client(), scope.user.ended.clone());
        let close = async move {
            ended.wait().await;
            client.close(CloseCode::of_application(4401), "the session has ended");
        };
        context.spawn(close).map_err(|_| Refusal::forbidden())?;
        Ok(Accept::new(Chat))
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        context.send(text).await?;
        Ok(())
    }
}

async fn connect(accounts: &Accounts, header: (&str, &str)) -> Result<Connected, Refusal> {
    let route = consumer_with_state::<Chat, _>();
    let router = Router::new().route("/ws/", route).with_state(accounts.clone());
    let communicator = Communicator::<Chat>::with_router(router, "/ws/");
    communicator.header(header.0, header.1).connect().await
}

async fn connect_browser(accounts: &Accounts, browser: &Browser) -> Result<Connected, Refusal> {
    let cookie = format!("sessionid={}", browser.cookies["sessionid"]);
    connect(accounts, ("Cookie", &cookie)).await
}

async fn expect_closed(mut connected: Connected) {
    assert_eq!(connected.receive::<String>().await, "ann");
    let close = connected.receive_close().await;
    assert_eq!(close.code, CloseCode::of_application(4401));
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_upgrade() {
    let accounts = accounts().await;
    let made_up = format!("sessionid={}", "ab".repeat(32));
    for header in [("Cookie", ""), ("Cookie", &*made_up), ("Authorization", "Token x")] {
        let refusal = connect(&accounts, header).await.expect_err("nobody is logged in");
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_logout_closes_the_sockets_of_that_session_alone() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let (mut here, mut there) = (Browser::new(&accounts), Browser::new(&accounts));
    here.log_in("ann").await;
    there.log_in("ann").await;
    let one = connect_browser(&accounts, &here).await.expect("ann is logged in");
    let two = connect_browser(&accounts, &here).await.expect("ann is logged in");
    let mut other = connect_browser(&accounts, &there).await.expect("ann is logged in");

    let csrf = here.cookies["csrftoken"].clone();
    here.post("/auth/logout/", &format!("csrfmiddlewaretoken={csrf}")).await;
    expect_closed(one).await;
    expect_closed(two).await;
    other.send("still there").await;
    assert_eq!(other.receive::<String>().await, "ann");
    assert_eq!(other.receive::<String>().await, "still there");
}

#[tokio::test]
async fn what_was_ended_by_another_process_or_by_time_closes_sockets_here_too() {
    on_both(async |database| {
        let accounts = Accounts::new(database.clone(), settings()).unwrap();
        let elsewhere = Accounts::new(database.clone(), settings()).unwrap();
        let ann = add_user(&accounts, "ann").await;
        let mut browser = Browser::new(&accounts);

        browser.log_in("ann").await;
        let ended = connect_browser(&accounts, &browser).await.expect("ann is logged in");
        elsewhere.end_sessions(ann.id, None).await.unwrap();

        browser.log_in("ann").await;
        let expired = connect_browser(&accounts, &browser).await.expect("ann is logged in");
        let token = accounts.token(ann.id).await.unwrap();
        let header = ("Authorization", &*format!("Token {token}"));
        let by_token = connect(&accounts, header).await.expect("it is ann's token");
        accounts.look_after().await.unwrap();
        expect_closed(ended).await;

        database.execute_unprepared("UPDATE account_session SET expires_at = 1").await.unwrap();
        accounts.look_after().await.unwrap();
        expect_closed(expired).await;
        let sessions = campanile_accounts::entity::session::Entity::find();
        assert_eq!(sessions.all(&database).await.unwrap(), []);

        elsewhere.remove_token(ann.id).await.unwrap();
        accounts.look_after().await.unwrap();
        expect_closed(by_token).await;
    })
    .await;
}

#[tokio::test]
async fn who_keeps_house_does_so_until_the_accounts_are_gone() {
    let quick = Settings { watch_every: std::time::Duration::from_millis(5), ..settings() };
    let accounts = accounts_with(quick).await;
    let ann = add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    browser.log_in("ann").await;
    let socket = connect_browser(&accounts, &browser).await.expect("ann is logged in");
    let house = tokio::spawn(accounts.clone().keep_house());
    let session = accounts.sessions(ann.id).await.unwrap()[0].id;
    let rows = campanile_accounts::entity::session::Entity::delete_by_id(session);
    rows.exec(accounts.database()).await.unwrap();
    expect_closed(socket).await;
    drop((accounts, browser));
    house.await.expect("it ends by itself");
}

#[tokio::test]
async fn no_more_sessions_are_watched_than_there_is_room_for() {
    let accounts = accounts_with(Settings { watched_max: 1, ..settings() }).await;
    add_user(&accounts, "ann").await;
    let (mut one, mut two) = (Browser::new(&accounts), Browser::new(&accounts));
    one.log_in("ann").await;
    two.log_in("ann").await;
    let first = connect_browser(&accounts, &one).await.expect("there is room for one");
    let _same = connect_browser(&accounts, &one).await.expect("it is the same session");
    let refusal = connect_browser(&accounts, &two).await.expect_err("there is room for one");
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(accounts.statistics().watched_full, 1);
    drop(first);
}
