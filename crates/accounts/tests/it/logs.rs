//! What is in no log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::stage::{Browser, PASSWORD, accounts, add_user};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_password_token_or_session_is_in_a_log_of_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("nobody else sets one");

    let accounts = accounts().await;
    let ann = add_user(&accounts, "ann").await;
    let mut browser = Browser::new(&accounts);
    browser.fill("/auth/login/", "username=ann&password=mistyped").await;
    browser.log_in("ann").await;
    browser.get("/mine/").await;
    let token = accounts.token(ann.id).await.unwrap();
    let header = format!("Token {token}");
    Browser::new(&accounts).with("authorization", &header).get("/api/v1/me/").await;
    accounts.set_password(&ann, "eight owls at dawn".into(), None).await.unwrap();

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a login failed") && log.contains("account_session"), "{log}");
    let (session, csrf) = (&*browser.cookies["sessionid"], &*browser.cookies["csrftoken"]);
    for secret in [PASSWORD, "mistyped", "eight owls", "$argon2id$", &token, session, csrf] {
        assert!(!log.contains(secret), "{secret}");
    }
    let seen = format!("{accounts:?} {:?}", campanile_accounts::Password::from(PASSWORD));
    assert!(!seen.contains(PASSWORD));
}
