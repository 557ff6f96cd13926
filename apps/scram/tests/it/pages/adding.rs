//! Entries are added, looked at and deactivated.

use super::browser::Browser;
use crate::stage::Stage;
use crate::world::{World, on_both};

async fn what_was_added_is_told_and_shown(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut bob = Browser::of(&stage, "bob").await;
    let form = [("route", " 2001:DB8::1 "), ("actiontype", "block"), ("comment", "a scanner")];
    let answer = bob.fill("/add/", &form).await;
    assert_eq!(answer.led(), (302, "/"));
    let home = bob.get("/").await;
    home.has(&["Entry successfully added", ">2001:db8::1/128</a>", "a scanner", "Blocks: 1"]);
    home.lacks(&["2001:DB8"]);
    let entry = bob.get("/1/").await;
    entry.has(&["2001:db8::1/128", "a scanner", ">bob<", "scram_hostname_not_set", "never"]);
    entry.has(&["Deactivate Entry", r#"id="entry_status_1""#, "<td class=\"whole\">added</td>"]);

    assert_eq!(bob.fill("/delete/1/", &[]).await.led(), (302, "/"));
    bob.get("/").await.has(&["2001:db8::1/128 is no longer active", "Blocks: 0"]);
    let entry = bob.get("/1/").await;
    entry.has(&["inactive", "removed by bob", "<td class=\"whole\">ended</td>"]);
    entry.lacks(&["Deactivate Entry"]);
    assert_eq!(bob.fill("/delete/1/", &[]).await.led(), (302, "/"));
    bob.get("/").await.has(&["was not active"]);

    let again = [("route", "2001:db8::1"), ("actiontype", "block"), ("comment", "it came back")];
    bob.fill("/add/", &again).await;
    bob.get("/1/").await.has(&["it came back", "added again", "a scanner"]);
    for nobody in ["/2/", "/0/", "/99999999999999999999/", "/-1/", "/one/"] {
        assert_eq!(bob.get(nobody).await.status, 404, "{nobody}");
    }
    assert_eq!(bob.fill("/delete/2/", &[]).await.status, 404);
    stage.end().await;
}

async fn what_cannot_be_added_stands_in_the_form_again(world: World) {
    let stage = Stage::start(world, &[("V4_MINPREFIX", "24")]).await;
    let mut bob = Browser::of(&stage, "bob").await;
    let form = [
        ("route", "192.0.2.1/24"),
        ("actiontype", "nothing"),
        ("comment", ""),
        ("expiration", "tomorrow"),
    ];
    let answer = bob.fill("/add/", &form).await;
    assert_eq!(answer.status, 400);
    answer.has(&[
        "<li>'route' error: Must be a network address.</li>",
        "<li>'comment' error: This field is required.</li>",
        "<li>'expiration' error: Enter a valid date and time",
        r#"value="192.0.2.1/24""#,
        r#"value="tomorrow""#,
        r#"aria-describedby="fault-route""#,
    ]);
    answer.lacks(&["&lt;br", "<br"]);
    let refused = [
        ("192.0.2", "block", "Invalid CIDR address."),
        ("", "block", "'route' error: This field is required."),
        ("192.0.0.0/16", "block", "too large of a network. settings.V4_MINPREFIX = 24"),
        ("192.0.2.1", "nothing", "'actiontype' error: There is no action type"),
    ];
    for (route, action_type, fault) in refused {
        let form = [("route", route), ("actiontype", action_type), ("comment", "x")];
        let answer = bob.fill("/add/", &form).await;
        assert_eq!(answer.status, 400, "{route}");
        answer.has(&[fault]);
    }
    bob.get("/").await.has(&["Blocks: 0"]);
    stage.end().await;
}

async fn an_expiration_is_taken_as_utc(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut bob = Browser::of(&stage, "bob").await;
    let form = |route: &'static str, expiration: &'static str| {
        [("route", route), ("actiontype", "block"), ("comment", "x"), ("expiration", expiration)]
    };
    for (route, expiration) in [
        ("192.0.2.1", "2099-11-21T18:30"),
        ("192.0.2.2", "2099-11-21T18:30:00"),
        ("192.0.2.3", "2099-11-21T19:30:00+01:00"),
    ] {
        assert_eq!(bob.fill("/add/", &form(route, expiration)).await.led(), (302, "/"));
    }
    let home = bob.get("/").await;
    assert_eq!(home.body.matches(r#"datetime="2099-11-21T18:30:00Z""#).count(), 3);
    stage.end().await;
}

async fn hostile_texts_are_shown_as_text(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut bob = Browser::of(&stage, "bob").await;
    let hostile = r#""><script>alert(1)</script>{{ 7 }}"#;
    let update = bob.fill("/users/~update/", &[("name", hostile)]).await;
    assert_eq!(update.led(), (302, "/users/bob/"));
    let form = [("route", "192.0.2.1"), ("actiontype", "block"), ("comment", hostile)];
    assert_eq!(bob.fill("/add/", &form).await.led(), (302, "/"));
    let bad = [("route", hostile), ("actiontype", hostile), ("comment", hostile)];
    let mut pages = vec![bob.fill("/add/", &bad).await];
    pages.push(bob.fill("/search/", &[("cidr", hostile)]).await);
    pages.push(bob.fill("/search/", &[("cidr", "192.0.2.1")]).await);
    let mut ada = Browser::of(&stage, "ada").await;
    for path in ["/", "/entries/", "/1/", "/users/bob/", "/admin/entries/", "/admin/users/"] {
        pages.push(ada.get(path).await);
    }
    for (number, page) in pages.iter().enumerate() {
        assert!(page.body.contains("&#60;script&#62;"), "{number}: {}", page.body);
        page.lacks(&["<script>", "style=", "onclick"]);
    }
    stage.end().await;
}

on_both! {
    what_was_added_is_told_and_shown
    what_cannot_be_added_stands_in_the_form_again
    an_expiration_is_taken_as_utc
    hostile_texts_are_shown_as_text
}
