//! The pages, as a browser without scripts has them.

use crate::stage::{Answer, Stage, ask};
use crate::world::{World, on_both};
use std::fmt::Write as _;

on_both! {
    forms_say_edit_and_delete
    forms_ask_accept_block_and_leave
}

/// A browser in which somebody has logged in.
struct Browser<'a> {
    stage: &'a Stage,
    cookies: String,
    token: String,
}

impl<'a> Browser<'a> {
    async fn of(stage: &'a Stage, name: &str) -> Browser<'a> {
        let (cookies, token) = stage.log_in(name).await;
        Browser { stage, cookies, token }
    }

    /// `@` in a path stands for the conversation of ann and bob.
    async fn get(&self, path: &str) -> Answer {
        let what = format!("GET {}", path.replace('@', &self.stage.id));
        ask(self.stage.address(), &what, &[("Cookie", &self.cookies)], "").await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = [("csrfmiddlewaretoken", self.token.as_str())];
        self.post_without_token(path, &[&token, fields].concat()).await
    }

    async fn post_without_token(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let what = format!("POST {}", path.replace('@', &self.stage.id));
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form = form.join("&");
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        ask(self.stage.address(), &what, &[("Cookie", &self.cookies), kind], &form).await
    }

    /// What is said on the page of ann and bob, one line each, with the ids behind it.
    async fn said(&self) -> Vec<(String, String)> {
        let page = self.get("/chat/@/").await.body;
        let bubbles = page.split("data-id=\"").skip(1).filter(|it| it.contains("class=\"text"));
        let bubble = |text: &str| {
            let (id, rest) = text.split_once('"').unwrap();
            let (_, rest) = rest.split_once("class=\"text").unwrap();
            let (_, rest) = rest.split_once('>').unwrap();
            (id.to_owned(), rest.split_once("</p>").unwrap().0.to_owned())
        };
        bubbles.map(bubble).collect()
    }
}

fn encoded(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
    let encode = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

fn location(answer: &Answer) -> &str {
    let line = answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with("location:"));
    line.and_then(|line| line.split_once(": ")).map_or("", |(_, path)| path)
}

async fn forms_say_edit_and_delete(world: World) {
    let stage = Stage::start(world).await;
    let (ann, bob) = (Browser::of(&stage, "ann").await, Browser::of(&stage, "bob").await);
    let sent = [("message", "<b>hi</b>\r\nbob"), ("client_id", "c1")];
    for _ in 0..2 {
        let answer = ann.post("/chat/@/", &sent).await;
        assert_eq!((answer.status, location(&answer)), (302, &*format!("/chat/{}/", stage.id)));
    }
    let said = bob.said().await;
    assert_eq!(said.len(), 1, "{said:?}");
    let (id, text) = &said[0];
    assert_eq!(text, "&#60;b&#62;hi&#60;/b&#62;\nbob");
    let edit = [("message_id", id.as_str()), ("message", "better")];
    let mut told = String::new();
    for (browser, name) in [(&bob, "bob"), (&ann, "ann")] {
        for path in ["/chat/@/edit/", "/chat/@/delete/", "/chat/@/delete/", "/chat/@/edit/"] {
            let answer = browser.post(path, &edit).await;
            let _ = writeln!(told, "{name} {path} {}", answer.status);
        }
    }
    assert_eq!(
        told,
        "bob /chat/@/edit/ 403\nbob /chat/@/delete/ 403\nbob /chat/@/delete/ 403\nbob /chat/@/edit/ 403\n\
         ann /chat/@/edit/ 302\nann /chat/@/delete/ 302\nann /chat/@/delete/ 404\nann /chat/@/edit/ 404\n"
    );
    assert_eq!(ann.said().await, [(id.clone(), "Message deleted".to_owned())]);
    // Who goes back to an old form and writes something else has said that, too.
    ann.post("/chat/@/", &[("message", "something else"), ("client_id", "c1")]).await;
    assert_eq!(bob.said().await[1].1, "something else");
    let blank = ann.post("/chat/@/", &[("message", " \n")]).await;
    assert!(blank.status == 400 && blank.body.contains("A message has a text."), "{blank:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_where_nobody_talks_any_more_may_be_deleted_and_not_edited() {
    let stage = Stage::start(World::sqlite()).await;
    let (ann, bob) = (Browser::of(&stage, "ann").await, Browser::of(&stage, "bob").await);
    ann.post("/chat/@/", &[("message", "mine")]).await;
    bob.post("/chat/@/answer/", &[("answer", "leave")]).await;
    let page = ann.get("/chat/@/").await.body;
    assert!(page.contains("Delete for both") && !page.contains("?edit="), "{page}");
    let (id, _) = ann.said().await.remove(0);
    assert_eq!(ann.post("/chat/@/delete/", &[("message_id", &id)]).await.status, 302);
    assert_eq!(ann.said().await, [(id, "Message deleted".to_owned())]);
    stage.end().await;
}

async fn forms_ask_accept_block_and_leave(world: World) {
    let stage = Stage::start(world).await;
    let (ann, cat) = (Browser::of(&stage, "ann").await, Browser::of(&stage, "cat").await);
    let asked = ann.post("/people/ask/", &[("username", "cat")]).await;
    let path = location(&asked).to_owned();
    assert!(ann.get(&path).await.body.contains("to talk. As soon as this is accepted"));
    assert!(cat.get("/").await.body.contains("asks to talk with you"));
    let answer_path = format!("{path}answer/");
    let mut told = String::new();
    for (browser, name, answer) in [
        (&ann, "ann", "accept"),
        (&cat, "cat", "accept"),
        (&cat, "cat", "block"),
        (&ann, "ann", "unblock"),
        (&cat, "cat", "unblock"),
        (&cat, "cat", "nonsense"),
        (&ann, "ann", "leave"),
        (&ann, "ann", "block"),
    ] {
        let status = browser.post(&answer_path, &[("answer", answer)]).await.status;
        let _ = writeln!(told, "{name} {answer}: {status}");
    }
    assert_eq!(
        told,
        "ann accept: 403\ncat accept: 302\ncat block: 302\nann unblock: 403\ncat unblock: 302\n\
         cat nonsense: 400\nann leave: 302\nann block: 404\n"
    );
    for nobody in ["nobody", "ann", "", "\0"] {
        let answer = ann.post("/people/ask/", &[("username", nobody)]).await;
        assert_eq!((answer.status, location(&answer)), (302, "/"), "{nobody:?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_led_to_the_login_and_others_find_nothing() {
    let stage = Stage::start(World::sqlite()).await;
    let chat = format!("/chat/{}/", stage.id);
    for path in ["/", &chat, "/search/?q=hi", "/settings/"] {
        let answer = ask(stage.address(), &format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status, 302, "{path}");
        assert!(location(&answer).starts_with("/auth/login/?next="), "{answer:?}");
    }
    let cat = Browser::of(&stage, "cat").await;
    let foreign = cat.get("/chat/@/").await;
    assert_eq!(foreign.status, 404);
    for id in ["nonsense", "%FF", "Z0FB", &stage.id.replace('=', "")] {
        let answer = cat.get(&format!("/chat/{id}/")).await;
        assert_eq!(answer.timeless(), foreign.timeless(), "{id}");
    }
    let elsewhere = cat.get("/search/?q=hi&connection=@").await;
    assert_eq!(elsewhere.status, 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_its_token_changes_nothing() {
    let stage = Stage::start(World::sqlite()).await;
    let ann = Browser::of(&stage, "ann").await;
    for (path, field) in [
        ("/chat/@/", ("message", "forged")),
        ("/chat/@/answer/", ("answer", "leave")),
        ("/people/ask/", ("username", "dan")),
        ("/settings/", ("name", "forged")),
        ("/settings/delete/", ("password", crate::stage::PASSWORD)),
    ] {
        let answer = ann.post_without_token(path, &[field]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("Perhaps the form is old"), "{answer:?}");
    }
    assert_eq!(ann.said().await, []);
    let home = ann.get("/").await;
    assert!(home.body.contains(&stage.id) && !home.body.contains("dan"), "{home:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_holds_a_script_a_style_or_a_handler_of_its_own() {
    let stage = Stage::start(World::sqlite()).await;
    let ann = Browser::of(&stage, "ann").await;
    ann.post("/chat/@/", &[("message", "\"><script>alert(1)</script>' onclick='x")]).await;
    for path in ["/", "/?people=b", "/chat/@/", "/search/?q=alert", "/settings/", "/nowhere/"] {
        let page = ann.get(path).await;
        let policy = "content-security-policy: default-src 'self'";
        assert!(page.head.to_ascii_lowercase().contains(policy), "{path}");
        for inline in ["<script>", "<style", " style=", "javascript:", "' onclick"] {
            assert!(!page.body.contains(inline), "{path} holds {inline}");
        }
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_deleted_leaves_its_conversations() {
    let stage = Stage::start(World::sqlite()).await;
    let (ann, bob) = (Browser::of(&stage, "ann").await, Browser::of(&stage, "bob").await);
    ann.post("/chat/@/", &[("message", "it stays")]).await;
    let wrong = ann.post("/settings/delete/", &[("password", "wrong")]).await;
    assert!(wrong.status == 400 && wrong.body.contains("That is not your password."), "{wrong:?}");
    let done = ann.post("/settings/delete/", &[("password", crate::stage::PASSWORD)]).await;
    assert_eq!((done.status, location(&done)), (302, "/auth/login/"));
    assert_eq!(location(&ann.get("/").await), "/auth/login/?next=%2F");
    let page = bob.get("/chat/@/").await;
    assert!(page.body.contains("This conversation is not open"), "{page:?}");
    assert_eq!(bob.said().await[0].1, "it stays");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_have_a_limit_on_the_page_and_in_the_api_together() {
    let stage = Stage::with(World::sqlite(), &[("DIGI_FRAMES_PER_10_S_MAX", "10")]).await;
    let ann = Browser::of(&stage, "ann").await;
    let mut refused = false;
    // The time may end in between, once.
    for _ in 0..11 {
        let page = ann.get("/search/?q=hi").await.status;
        let found = stage.ask("ann", "GET search/?q=hi", "").await.status;
        assert!([page, found].iter().all(|status| [200, 429].contains(status)));
        refused |= page == 429 || found == 429;
    }
    assert!(refused);
    assert_eq!(stage.ask("bob", "GET search/?q=hi", "").await.status, 200);
    stage.end().await;
}
