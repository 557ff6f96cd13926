//! What the provider's groups mean.

use campanile_accounts::{NewUser, User};
use http::StatusCode;
use serde_json::json;

use super::provider::Provider;
use super::{accounts_by, by, log_in};
use crate::stage::{Browser, PASSWORD};

#[tokio::test]
async fn each_group_gives_its_right_and_no_other() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let may = |user: User| (user.is_superuser, user.is_in("readwrite"), user.is_in("readonly"));
    for (groups, expected) in [
        (json!(["svc_admin"]), (true, true, true)),
        (json!(["svc_readwrite"]), (false, true, false)),
        (json!(["svc_readonly", "others"]), (false, false, true)),
        (json!(["/svc_readonly"]), (false, false, true)),
        (json!("svc_readonly"), (false, false, true)),
        (json!(["svc_readwrite", "svc_readonly"]), (false, true, true)),
        (json!(["readwrite", "superuser"]), (false, false, false)),
        (json!([]), (false, false, false)),
    ] {
        let mut browser = Browser::new(&accounts);
        let said = groups.clone();
        let answer = log_in(&mut browser, &provider, |claims| claims["groups"] = said).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{groups}: {answer:?}");
        let ann = accounts.user("ann").await.unwrap().expect("it is there");
        assert_eq!(may(ann), expected, "{groups}");
    }
}

#[tokio::test]
async fn who_is_denied_is_refused_whatever_else_it_is_in_and_loses_what_it_had() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&accounts);
    let all = json!(["svc_admin", "svc_readwrite", "svc_readonly"]);
    log_in(&mut browser, &provider, |claims| claims["groups"] = all).await;
    assert_eq!(browser.get("/mine/").await.body, "ann");

    let denied = json!(["svc_admin", "svc_readwrite", "svc_denied"]);
    let mut other = Browser::new(&accounts);
    let answer = log_in(&mut other, &provider, |claims| claims["groups"] = denied.clone()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("You are in a group that may not use this."), "{}", answer.body);
    let ann = accounts.user("ann").await.unwrap().expect("it stays");
    assert_eq!((ann.is_superuser, ann.groups.len()), (false, 0));
    assert_eq!(browser.get("/mine/").await.status, StatusCode::FOUND, "its session has ended");

    let answer = log_in(&mut other, &provider, |claims| {
        claims["groups"] = denied;
        claims["preferred_username"] = json!("eve");
    });
    assert_eq!(answer.await.status, StatusCode::FORBIDDEN);
    assert_eq!(accounts.user("eve").await.unwrap(), None);
}

#[tokio::test]
async fn who_was_made_by_hand_is_changed_by_what_the_provider_says_unless_it_is_not_active() {
    let provider = Provider::start().await;
    let accounts = accounts_by(by(&provider)).await;
    let new = NewUser { is_superuser: true, ..NewUser::new("Ann", PASSWORD) };
    let ann = accounts.create_user(new).await.unwrap();
    log_in(&mut Browser::new(&accounts), &provider, |_| ()).await;
    let ann = accounts.user_by_id(ann.id).await.unwrap().unwrap();
    assert_eq!((ann.is_superuser, &*ann.groups.join(" ")), (false, "readonly"));
    assert_eq!(accounts.user_count().await.unwrap(), 1);

    accounts.change_user(&User { is_active: false, ..ann }).await.unwrap();
    let answer = log_in(&mut Browser::new(&accounts), &provider, |_| ()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Your account here is not active."), "{}", answer.body);
}

#[tokio::test]
async fn groups_that_are_told_only_where_the_provider_is_asked_about_somebody_count() {
    let provider = Provider::start().await;
    provider.tell_groups_elsewhere(json!(["svc_readwrite"]));
    let accounts = accounts_by(by(&provider)).await;
    let mut browser = Browser::new(&accounts);
    let answer = log_in(&mut browser, &provider, |claims| {
        claims.as_object_mut().unwrap().remove("groups");
    });
    assert_eq!(answer.await.status, StatusCode::FOUND);
    let ann = accounts.user("ann").await.unwrap().expect("it was made");
    assert_eq!(ann.groups, ["readwrite"]);
}
