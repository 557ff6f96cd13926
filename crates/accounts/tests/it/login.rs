//! Logging in and out.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use campanile_accounts::{Accounts, HashCost, Settings, Transport};
use http::{Method, StatusCode};
use sea_orm::EntityTrait as _;

use crate::stage::{Browser, accounts, accounts_with, add_user, on_both, settings};

#[tokio::test]
async fn who_logs_in_is_known_until_logging_out() {
    on_both(async |database| {
        let accounts = Accounts::new(database, settings()).unwrap();
        add_user(&accounts, "Ann").await;
        let mut browser = Browser::new(&accounts);
        assert_eq!(browser.get("/").await.body, "home of nobody: []");

        let answer = browser.log_in("ann").await;
        assert_eq!(answer.header("location"), "/");
        assert_eq!(browser.get("/").await.body, "home of Ann: []");
        assert_eq!(browser.get("/mine/").await.body, "Ann");

        let session = browser.cookies["sessionid"].clone();
        let csrf = browser.cookies["csrftoken"].clone();
        let answer = browser.post("/auth/logout/", &format!("csrfmiddlewaretoken={csrf}")).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::FOUND, "/"));
        assert_eq!(browser.get("/").await.body, "home of nobody: []");

        // Also who has kept the cookie is known no more.
        browser.cookies.insert("sessionid".to_owned(), session);
        assert_eq!(browser.get("/").await.body, "home of nobody: []");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_show_the_same_form_again() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let wrong_password = browser.fill("/auth/login/", "username=ann&password=x").await;
    assert_eq!(wrong_password.status, StatusCode::OK);
    assert!(wrong_password.body.contains("The name or the password is wrong."));
    assert!(!browser.cookies.contains_key("sessionid"));

    let wrong_name = browser.fill("/auth/login/", "username=bob&password=x").await;
    assert_eq!(wrong_name.body.replace("\"bob\"", "\"ann\""), wrong_password.body);
    let nothing = browser.fill("/auth/login/", "").await;
    assert_eq!(nothing.status, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_nobody_has_takes_as_long_as_a_wrong_password() {
    let cost = HashCost { memory_kib: 4_096, passes: 2, lanes: 1 };
    let accounts =
        accounts_with(Settings { hash_cost: cost, failures_max: 1_000, ..settings() }).await;
    add_user(&accounts, "ann").await;
    let client = campanile_accounts::Client::default();
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..10 {
        for (name, fastest) in ["ann", "nobody"].into_iter().zip(&mut fastest) {
            let begin = Instant::now();
            assert_eq!(accounts.authenticate(name, "wrong".into(), &client).await, Ok(None));
            *fastest = begin.elapsed().min(*fastest);
        }
    }
    let [known, unknown] = fastest;
    // Without the hash it would be a hundredth.
    assert!(unknown * 10 > known && known * 10 > unknown, "{known:?}, {unknown:?}");
}

#[tokio::test]
async fn who_may_not_log_in_any_more_is_like_nobody() {
    let accounts = accounts().await;
    let mut ann = add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    browser.log_in("ann").await;
    ann.is_active = false;
    accounts.change_user(&ann).await.unwrap();
    assert_eq!(browser.get("/").await.body, "home of nobody: []");
    let form = "username=ann&password=seven+ravens+at+noon";
    let answer = browser.fill("/auth/login/", form).await;
    assert!(answer.body.contains("The name or the password is wrong."));
}

#[tokio::test]
async fn a_session_that_was_there_before_the_login_is_not_the_one_after_it() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    add_user(&accounts, "eve").await;
    let mut eve = Browser::new(&accounts);
    eve.log_in("eve").await;
    let eves = eve.cookies["sessionid"].clone();

    // Eve's session was put into Ann's browser; so was one that was made up.
    for planted in [eves.clone(), "ab".repeat(32)] {
        let mut browser = Browser::new(&accounts);
        browser.cookies.insert("sessionid".to_owned(), planted.clone());
        browser.log_in("ann").await;
        assert_ne!(browser.cookies["sessionid"], planted);
        assert_eq!(browser.get("/").await.body, "home of Ann: []".replace("Ann", "ann"));
        browser.cookies.insert("sessionid".to_owned(), planted);
        assert_eq!(browser.get("/").await.body, "home of nobody: []");
    }
    assert_eq!(eve.get("/").await.body, "home of nobody: []");
}

#[tokio::test]
async fn the_cookies_are_kept_from_scripts_other_sites_and_plain_text() {
    let proxy: IpAddr = "192.0.2.7".parse().unwrap();
    let (plain, secure) = (Transport::Plain, Transport::Tls);
    let behind = Transport::Proxies(vec![proxy]);
    let cases = [
        (plain.clone(), "", ""),
        (secure, "", "; Secure"),
        (behind.clone(), "https", "; Secure"),
        (behind, "http", ""),
        // Only a proxy's word counts.
        (plain, "https", ""),
    ];
    for (transport, forwarded, secure) in cases {
        let accounts = accounts_with(Settings { transport, ..settings() }).await;
        add_user(&accounts, "ann").await;
        let mut browser = Browser::new(&accounts).with("x-forwarded-proto", forwarded);
        let answer = browser.log_in("ann").await;
        let mut cookies = answer.set_cookies();
        cookies.sort();
        assert_eq!(
            cookies,
            [
                format!("csrftoken=…; Path=/; Max-Age=7776000; SameSite=Lax{secure}"),
                format!("sessionid=…; Path=/; Max-Age=7776000; SameSite=Lax; HttpOnly{secure}"),
            ]
        );
    }
}

#[tokio::test]
async fn a_login_leads_to_where_one_wanted_to_go_but_never_to_another_site() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    let led = browser.get("/mine/?page=2&x=%20y").await;
    assert_eq!(led.status, StatusCode::FOUND);
    assert_eq!(led.header("location"), "/auth/login/?next=%2Fmine%2F%3Fpage%3D2%26x%3D%2520y");
    let login = browser.get(led.header("location")).await;
    assert!(
        login.body.contains(r#"name="next" value="/mine/?page=2&#38;x=%20y""#),
        "{}",
        login.body
    );

    let cases = [
        ("/mine/?page=2", "/mine/?page=2"),
        ("", "/"),
        ("//evil.example/", "/"),
        ("/%5Cevil.example/", "/"),
        ("https://evil.example/", "/"),
        ("https:/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/%09/evil.example/", "/"),
        ("/%0A/evil.example/", "/"),
        ("/%0D%0ASet-Cookie:x=y", "/"),
        ("evil.example", "/"),
        ("/%C3%A4", "/"),
    ];
    for (next, location) in cases {
        let next = next.replace('&', "%26");
        let form = format!("username=ann&password=seven+ravens+at+noon&next={next}");
        let answer = browser.fill("/auth/login/", &form).await;
        assert_eq!(answer.header("location"), location, "{next}");
    }
}

#[tokio::test]
async fn after_five_failures_for_a_name_from_an_address_a_login_has_to_wait() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    add_user(&accounts, "bob").await;
    let mut browser = Browser::new(&accounts);
    for _ in 0..5 {
        let answer = browser.fill("/auth/login/", "username=ann&password=x").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let right = "username=ann&password=seven+ravens+at+noon";
    // Whatever the case, the form of Unicode, and the password.
    for form in [right, &right.replace("ann", "ANN"), &right.replace("ann", "%EF%BD%81nn")] {
        let answer = browser.fill("/auth/login/", form).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{form}");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.body.contains("Too many logins have failed. Try again in 1 seconds."));
    }
    let mut program = Browser::new(&accounts);
    let json = r#"{"username":"ann","password":"seven ravens at noon"}"#;
    let answer = program.post_json("/auth-token/", json).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        answer.body,
        r#"{"detail":"Request was throttled. Expected available in 1 seconds."}"#
    );

    browser.log_in("bob").await;
    let mut elsewhere = Browser::new(&accounts);
    elsewhere.address = "198.51.100.9:1".parse().unwrap();
    elsewhere.log_in("ann").await;
    assert_eq!(accounts.statistics().logins_throttled, 4);
}

#[tokio::test]
async fn many_tries_at_once_are_no_way_around_the_wait() {
    let accounts = accounts().await;
    add_user(&accounts, "ann").await;
    let client = campanile_accounts::Client::default();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (accounts, client) = (accounts.clone(), client.clone());
        tries.spawn(async move { accounts.authenticate("ann", "x".into(), &client).await });
    }
    let answers = tries.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
}

#[tokio::test]
async fn passwords_are_hashed_a_few_at_a_time_and_not_too_many_wait() {
    let cost = HashCost { memory_kib: 4_096, passes: 2, lanes: 1 };
    let tight = Settings { hashes_max: 1, hashes_waiting_max: 3, hash_cost: cost, ..settings() };
    let accounts = accounts_with(Settings { failures_max: 1_000, ..tight }).await;
    add_user(&accounts, "ann").await;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..40 {
        let accounts = accounts.clone();
        tries.spawn(async move {
            let client = campanile_accounts::Client::default();
            accounts.authenticate(&format!("ann{number}"), "x".into(), &client).await
        });
    }
    let answers = tries.join_all().await;
    let refused =
        answers.iter().filter(|it| matches!(it, Err(campanile_accounts::Problem::Busy))).count();
    assert!(refused > 0 && answers.len() - refused >= 4, "{refused} of {}", answers.len());
    assert_eq!(accounts.statistics().hashes_refused, refused as u64);
}

#[tokio::test]
async fn a_login_makes_the_hash_anew_when_it_is_to_cost_something_else() {
    on_both(async |database| {
        let hash = async || {
            let rows = campanile_accounts::entity::user::Entity::find();
            let all = rows.all(&database).await.unwrap();
            all[0].password.clone()
        };
        let cheap = Accounts::new(database.clone(), settings()).unwrap();
        add_user(&cheap, "ann").await;
        let before = hash().await;
        Browser::new(&cheap).log_in("ann").await;
        assert_eq!(hash().await, before);
        let hash_cost = HashCost { memory_kib: 16, passes: 1, lanes: 1 };
        let dearer = Settings { hash_cost, ..settings() };
        let dearer = Accounts::new(database.clone(), dearer).unwrap();
        Browser::new(&dearer).log_in("ann").await;
        let after = hash().await;
        assert_ne!(after, before);
        Browser::new(&dearer).log_in("ann").await;
        assert_eq!(hash().await, after);
    })
    .await;
}

#[tokio::test]
async fn a_logout_is_asked_for_by_post() {
    let accounts = accounts().await;
    let mut browser = Browser::new(&accounts);
    let answer = browser.send(Method::GET, "/auth/logout/", None, String::new()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
}
