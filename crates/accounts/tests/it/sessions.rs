//! One's own sessions and password.

use campanile_accounts::{Accounts, NewUser, Problem, Settings};
use http::StatusCode;
use sea_orm::ConnectionTrait as _;

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

#[tokio::test]
async fn people_see_where_they_are_logged_in_and_end_it() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        let ann = add_user(&accounts, "ann").await;
        add_user(&accounts, "eve").await;
        let mut phone = Browser::new(&accounts).with("user-agent", "<b>Phone</b>");
        let mut desk = Browser::new(&accounts).with("user-agent", "Desk");
        phone.log_in("ann").await;
        desk.log_in("ann").await;
        let page = desk.get("/auth/sessions/").await;
        assert!(page.body.contains("&#60;b&#62;Phone") && page.body.contains("192.0.2.7"));
        let sessions = accounts.sessions(ann.id).await.unwrap();
        let phones = sessions.iter().find(|session| session.user_agent.contains("Phone")).unwrap();

        // Nobody ends somebody else's.
        let mut eve = Browser::new(&accounts);
        eve.log_in("eve").await;
        let form = format!("session={}", phones.id);
        eve.fill("/auth/sessions/", &form).await;
        assert_eq!(phone.get("/mine/").await.body, "ann");

        let answer = desk.fill("/auth/sessions/", &form).await;
        assert_eq!(answer.header("location"), "/auth/sessions/");
        assert_eq!(phone.get("/mine/").await.status, StatusCode::FOUND);
        assert_eq!(desk.get("/mine/").await.body, "ann");

        phone.log_in("ann").await;
        desk.fill("/auth/sessions/", "").await;
        assert_eq!(phone.get("/mine/").await.status, StatusCode::FOUND);
        assert_eq!(desk.get("/mine/").await.body, "ann");
    })
    .await;
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_the_token() {
    let accounts = accounts().await;
    let ann = add_user(&accounts, "ann").await;
    let token = accounts.token(ann.id).await.unwrap();
    let (mut here, mut there) = (Browser::new(&accounts), Browser::new(&accounts));
    here.log_in("ann").await;
    there.log_in("ann").await;
    let form = |old: &str, new: &str, again: &str| {
        format!("old_password={old}&password1={new}&password2={again}").replace(' ', "+")
    };
    let old = "seven ravens at noon";
    let cases = [
        (form("wrong", "eight owls", "eight owls"), "That is not your password."),
        (form(old, "eight owls", "eight cats"), "The two passwords are not the same."),
        (form(old, "owls", "owls"), "This password is too short."),
        (form(old, "password", "password"), "This password is too common."),
    ];
    for (form, why) in cases {
        let answer = here.fill("/auth/password/", &form).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains(why), "{why}: {}", answer.body);
    }
    let answer = here.fill("/auth/password/", &form(old, "eight owls", "eight owls")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.body);
    assert_eq!(here.get("/mine/").await.body, "ann");
    assert_eq!(there.get("/mine/").await.status, StatusCode::FOUND);
    assert_ne!(accounts.token(ann.id).await.unwrap(), token);
    let again = there.fill("/auth/login/", "username=ann&password=eight+owls").await;
    assert_eq!(again.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_session_ends_by_itself_when_it_is_not_used_and_at_its_greatest_age() {
    on_both(async |database| {
        let accounts = Accounts::new(database.clone(), settings()).unwrap();
        let ann = add_user(&accounts, "ann").await;
        let mut browser = Browser::new(&accounts);
        browser.log_in("ann").await;
        let set = async |what: &str| {
            let sql = format!("UPDATE account_session SET {what}");
            database.execute_unprepared(&sql).await.unwrap();
        };
        // Used again after an hour: it lasts longer.
        let before = accounts.sessions(ann.id).await.unwrap()[0].clone();
        set("seen_at = seen_at - 3600, expires_at = expires_at - 3600").await;
        assert_eq!(browser.get("/mine/").await.body, "ann");
        assert!(accounts.sessions(ann.id).await.unwrap()[0].seen_at >= before.seen_at);
        // In its last minute it does not.
        set("created_at = created_at - 90 * 86400, seen_at = seen_at - 3600").await;
        assert_eq!(browser.get("/mine/").await.body, "ann");
        assert_eq!(browser.get("/mine/").await.status, StatusCode::FOUND);

        browser.log_in("ann").await;
        set("expires_at = 1").await;
        assert_eq!(browser.get("/mine/").await.status, StatusCode::FOUND);
        assert_eq!(accounts.sessions(ann.id).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn of_too_many_sessions_the_oldest_gives_way() {
    let accounts = accounts_with(Settings { sessions_max: 2, ..settings() }).await;
    add_user(&accounts, "ann").await;
    let mut browsers = [0, 1, 2].map(|_| Browser::new(&accounts));
    for browser in &mut browsers {
        browser.log_in("ann").await;
    }
    let [oldest, middle, newest] = &mut browsers;
    assert_eq!(oldest.get("/mine/").await.status, StatusCode::FOUND);
    assert_eq!(middle.get("/mine/").await.body, "ann");
    assert_eq!(newest.get("/mine/").await.body, "ann");
    assert_eq!(accounts.statistics().sessions_displaced, 1);
}

#[tokio::test]
async fn who_may_do_something_else_logs_in_again() {
    let accounts = accounts().await;
    let mut ann = add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    browser.log_in("ann").await;
    ann.name = "Ann Other".to_owned();
    accounts.change_user(&ann).await.unwrap();
    assert_eq!(browser.get("/mine/").await.body, "ann");
    ann.groups = vec!["readwrite".to_owned()];
    accounts.change_user(&ann).await.unwrap();
    assert_eq!(browser.get("/mine/").await.status, StatusCode::FOUND);
    ann.groups = vec!["wheel".to_owned()];
    let error = accounts.change_user(&ann).await.unwrap_err();
    assert_eq!(error.to_string(), r#"groups: There is no group "wheel"."#);
    accounts.remove_user(ann.id).await.unwrap();
    assert_eq!(accounts.user("ann").await.unwrap(), None);
}

#[tokio::test]
async fn an_account_that_is_closed_keeps_its_name_and_nothing_else() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        let mut ann = add_user(&accounts, "ann").await;
        ann.name = "Ann of the Hills".to_owned();
        ann.email = "ann@example.org".to_owned();
        accounts.change_user(&ann).await.unwrap();
        let token = accounts.token(ann.id).await.unwrap();
        let mut here = Browser::new(&accounts);
        here.log_in("ann").await;
        accounts.close_account(&ann).await.unwrap();

        assert_eq!(here.get("/mine/").await.status, StatusCode::FOUND);
        let token = format!("Token {token}");
        let mut by_token = Browser::new(&accounts).with("authorization", &token);
        assert_eq!(by_token.get("/api/v1/me/").await.status, StatusCode::FORBIDDEN);
        let form = "username=ann&password=seven+ravens+at+noon";
        let answer = Browser::new(&accounts).fill("/auth/login/", form).await;
        assert!(answer.body.contains("The name or the password is wrong."));
        let closed = accounts.user("ann").await.unwrap().unwrap();
        assert!(!closed.is_active && closed.name.is_empty() && closed.email.is_empty());
        let other = NewUser::new("Ann", "seven ravens at noon");
        let refused = accounts.create_user(other).await.unwrap_err();
        assert!(matches!(refused, Problem::Invalid(_)), "{refused:?}");
    })
    .await;
}
