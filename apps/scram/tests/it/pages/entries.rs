//! The list of entries: its sections, its pages, and what translators really announce.

use super::browser::Browser;
use crate::stage::Stage;
use crate::world::{World, network, on_both, wanted};
use campanile_scram::app::App;
use campanile_scram::store::Author;
use campanile_scram::store::entries::NewEntry;
use std::collections::BTreeSet;

async fn add(app: &App, action_type: &str, route: &str) {
    let author = Author { user: Some("ada".to_owned()), may_write: true, client: None };
    let wanted = NewEntry { action_type: action_type.to_owned(), ..wanted(route) };
    app.store.add(&wanted, &author).await.expect("it is added");
}

/// The networks of a page in their order.
fn shown(body: &str) -> Vec<String> {
    let links = body.split(r#"<a class="cidr" "#).skip(1);
    let text = |link: &str| link.split(['>', '<']).nth(1).unwrap_or_default().to_owned();
    links.map(text).collect()
}

async fn each_action_type_has_pages_of_its_own(world: World) {
    let stage = Stage::start(world, &[("PAGINATION_SIZE", "2")]).await;
    stage.app().store.add_action_type("Redirect", "ada").await.unwrap();
    for number in 1..=5 {
        add(stage.app(), "block", &format!("192.0.2.{number}")).await;
        add(stage.app(), "Redirect", &format!("2001:db8::{number}")).await;
    }
    let mut browser = Browser::new(&stage);
    let page = browser.get("/entries/").await;
    let first = ["192.0.2.5/32", "192.0.2.4/32", "2001:db8::5/128", "2001:db8::4/128"];
    assert_eq!(shown(&page.body), first);
    page.has(&["Page 1 of 3", r#"href="/entries/?page_block=2#section-block""#]);
    let page = browser.get("/entries/?page_block=3&page_redirect=2&else=1").await;
    assert_eq!(shown(&page.body), ["192.0.2.1/32", "2001:db8::3/128", "2001:db8::2/128"]);
    page.has(&[
        r#"href="/entries/?page_redirect=2&#38;page_block=2#section-block""#,
        r#"href="/entries/?page_block=3&#38;page_redirect=3#section-Redirect""#,
    ]);
    page.lacks(&["else=1", "page_block=4"]);
    for bad in ["0", "-1", "4", "x", "99999999999999999999999", ""] {
        let page = browser.get(&format!("/entries/?page_block={bad}&page_redirect=3")).await;
        let networks = ["192.0.2.5/32", "192.0.2.4/32", "2001:db8::1/128"];
        assert_eq!(shown(&page.body), networks, "{bad}");
    }
    stage.end().await;
}

async fn a_page_can_know_that_it_is_old(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut browser = Browser::new(&stage);
    add(stage.app(), "block", "192.0.2.1").await;
    browser.get("/entries/").await.has(&[r#"data-event="1""#]);
    assert_eq!(browser.get("/entries/last-event/").await.body, "1");
    add(stage.app(), "block", "192.0.2.2").await;
    assert_eq!(browser.get("/entries/last-event/").await.body, "2");
    stage.end().await;
}

async fn a_disabled_type_is_listed_while_it_has_entries(world: World) {
    let stage = Stage::start(world, &[]).await;
    for name in ["shunt", "spare"] {
        stage.app().store.add_action_type(name, "ada").await.unwrap();
    }
    add(stage.app(), "shunt", "192.0.2.1").await;
    for name in ["shunt", "spare"] {
        stage.app().store.set_available(name, false, "ada").await.unwrap();
    }
    let mut bob = Browser::of(&stage, "bob").await;
    let page = bob.get("/entries/").await;
    page.has(&["section-shunt", "not available", "192.0.2.1/32"]);
    page.lacks(&["spare"]);
    bob.get("/").await.lacks(&["shunt", "spare"]);
    stage.end().await;
}

async fn what_strangers_see_is_the_networks_alone(world: World) {
    let stage = Stage::start(world, &[]).await;
    add(stage.app(), "block", "192.0.2.1").await;
    let _seat = stage.app().translators.seat("block", "edge-1", "192.0.2.77");
    let mut stranger = Browser::new(&stage);
    let mut cleo = Browser::of(&stage, "cleo").await;
    for path in ["/", "/entries/"] {
        let page = stranger.get(path).await;
        page.has(&["192.0.2.1/32"]);
        page.lacks(&["because of", "ada", "edge-1", "192.0.2.77", "status.js"]);
        cleo.get(path).await.has(&["because of 192.0.2.1"]);
    }
    cleo.get("/entries/").await.has(&["edge-1", "192.0.2.77", "status.js", "entry_status_1"]);
    stage.end().await;
}

async fn a_ghost_is_shown_and_withdrawn_by_who_may(world: World) {
    let stage = Stage::start(world, &[]).await;
    let seat = stage.app().translators.seat("block", "edge-1", "192.0.2.77");
    seat.set_ghosts(&BTreeSet::from([network("192.0.2.66/32")]));
    let form = [("action_type", "block"), ("route", "192.0.2.66/32")];
    let mut cleo = Browser::of(&stage, "cleo").await;
    let page = cleo.get("/entries/").await;
    page.has(&["Announced, but not active", "192.0.2.66/32", "edge-1"]);
    page.lacks(&["/entries/withdraw/"]);
    assert_eq!(cleo.fill("/entries/withdraw/", &form).await.status, 403);
    let mut bob = Browser::of(&stage, "bob").await;
    bob.get("/entries/").await.has(&["/entries/withdraw/"]);
    assert_eq!(bob.fill("/entries/withdraw/", &form).await.led(), (302, "/entries/"));
    bob.get("/entries/").await.has(&["Translators are told to withdraw 192.0.2.66/32"]);
    for wrong in [
        [("action_type", "none"), ("route", "192.0.2.66/32")],
        [("action_type", "block"), ("route", "x")],
    ] {
        assert_eq!(bob.fill("/entries/withdraw/", &wrong).await.status, 404);
    }
    stage.end().await;
}

on_both! {
    each_action_type_has_pages_of_its_own
    a_page_can_know_that_it_is_old
    a_disabled_type_is_listed_while_it_has_entries
    what_strangers_see_is_the_networks_alone
    a_ghost_is_shown_and_withdrawn_by_who_may
}
