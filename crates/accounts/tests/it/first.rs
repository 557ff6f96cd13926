//! The first administrator.

use std::time::Duration;

use campanile_accounts::Settings;
use http::StatusCode;

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

const FORM: &str = "username=root&password1=seven+ravens&password2=seven+ravens";

#[tokio::test]
async fn the_link_makes_one_superuser_and_no_second() {
    on_both(async |database| {
        let accounts = campanile_accounts::Accounts::new(database, settings()).unwrap();
        let path = accounts.first_administrator_path().await.unwrap().expect("nobody is there");
        let (mut one, mut two) = (Browser::new(&accounts), Browser::new(&accounts));
        let mut late = Browser::new(&accounts);
        let token = late.get(&path).await.csrf();

        // Looking at it, and mistakes, do not use it up.
        let mistake = FORM.replace("password2=seven", "password2=eight");
        let answer = one.fill(&path, &mistake).await;
        assert!(answer.body.contains("The two passwords are not the same."));

        let form = |csrf: &str| format!("csrfmiddlewaretoken={csrf}&{FORM}");
        let ones = form(&one.get(&path).await.csrf());
        let twos = form(&two.get(&path).await.csrf());
        let (first, second) = tokio::join!(one.post(&path, &ones), two.post(&path, &twos));
        let mut statuses = [first.status, second.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::FOUND, StatusCode::NOT_FOUND]);
        assert_eq!(accounts.user_count().await.unwrap(), 1);
        let root = accounts.user("root").await.unwrap().expect("it was made");
        assert!(root.is_superuser && root.is_in("readwrite"));
        let homes = [one.get("/").await.body, two.get("/").await.body];
        assert!(homes.contains(&"home of root: []".to_owned()), "{homes:?}");
        assert!(homes.contains(&"home of nobody: []".to_owned()), "{homes:?}");

        let form = FORM.replace("root", "eve");
        let again = late.post(&path, &format!("csrfmiddlewaretoken={token}&{form}")).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        assert_eq!(accounts.first_administrator_path().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_link_is_valid_for_a_while_and_only_the_last_one() {
    let accounts = accounts().await;
    let before = accounts.first_administrator_path().await.unwrap().unwrap();
    let path = accounts.first_administrator_path().await.unwrap().unwrap();
    let mut browser = Browser::new(&accounts);
    assert_eq!(browser.get(&before).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/auth/first/x/").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);

    let brief = accounts_with(Settings { first_link_for: Duration::ZERO, ..settings() }).await;
    let path = brief.first_administrator_path().await.unwrap().unwrap();
    assert_eq!(Browser::new(&brief).get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_is_worth_nothing_once_there_is_somebody() {
    let accounts = accounts().await;
    let path = accounts.first_administrator_path().await.unwrap().unwrap();
    add_user(&accounts, "ann").await;
    assert_eq!(Browser::new(&accounts).get(&path).await.status, StatusCode::NOT_FOUND);
}
