//! What superusers manage on pages.

use super::browser::Browser;
use crate::stage::{PASSWORD, Stage};
use crate::world::{World, add, on_both};

async fn action_types_are_added_disabled_and_removed_with_their_history(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let here = "/admin/action-types/";
    assert_eq!(ada.fill(here, &[("name", "shunt")]).await.led(), (302, here));
    ada.get(here).await.has(&["shunt was added. Give it a template", "Disable<span"]);
    let again = ada.fill(here, &[("name", "shunt")]).await;
    assert_eq!(again.status, 400);
    again.has(&["This action type exists already.", r#"value="shunt""#]);
    let bad = ada.fill(here, &[("name", "a b")]).await;
    bad.has(&["1 to 30 letters, digits and _ of ASCII."]);
    let path = "/admin/action-types/shunt/";
    assert_eq!(ada.fill(path, &[("available", "no")]).await.led(), (302, here));
    ada.get(here).await.has(&["shunt is not available any more", "Enable<span"]);
    ada.get(path).await.has(&["<td>added</td><td>ada</td>", "<td>changed</td><td>ada</td>"]);
    add(&stage.app().store, "192.0.2.1").await;
    ada.fill("/admin/action-types/block/remove/", &[]).await;
    ada.get(here).await.has(&["It is still used by entries, active or not."]);
    ada.fill("/admin/action-types/shunt/remove/", &[]).await;
    ada.get(here).await.has(&["shunt was removed"]);
    assert_eq!(ada.get(path).await.status, 404);
    stage.end().await;
}

async fn an_ignored_network_tells_what_is_active_in_it(world: World) {
    let stage = Stage::start(world, &[]).await;
    add(&stage.app().store, "192.0.2.1").await;
    add(&stage.app().store, "192.0.2.2").await;
    add(&stage.app().store, "198.51.100.1").await;
    let mut ada = Browser::of(&stage, "ada").await;
    let form = [("route", "192.0.2.0/24"), ("comment", "documentation")];
    let one = "/admin/ignore/one/?route=192.0.2.0%2F24";
    assert_eq!(ada.fill("/admin/ignore/", &form).await.led(), (302, one));
    let page = ada.get(one).await;
    page.has(&["192.0.2.0/24 is ignored from now on", "Active all the same", ">192.0.2.1/32<"]);
    page.has(&["Deactivate 2 entries", "<td>added</td><td>ada</td>"]);
    page.lacks(&["198.51.100.1"]);
    let this = [("route", "192.0.2.0/24")];
    let ended = ada.fill("/admin/ignore/one/end-entries/", &this).await;
    assert_eq!(ended.led(), (302, one));
    let page = ada.get(one).await;
    page.has(&["2 entries are no longer active", "Blocks: 1"]);
    page.lacks(&["Active all the same"]);
    ada.get("/1/").await.has(&["removed by ada"]);
    let refused = [("route", "192.0.2.7"), ("actiontype", "block"), ("comment", "x")];
    let refused = ada.fill("/add/", &refused).await;
    refused.has(&["This CIDR is on the ignore list.", "It overlaps 192.0.2.0/24."]);

    let changed = [("route", "192.0.2.0/24"), ("comment", "for documents")];
    assert_eq!(ada.fill("/admin/ignore/one/", &changed).await.led(), (302, one));
    ada.get(one).await.has(&["The comment was changed", "for documents", "<td>changed</td>"]);
    for (route, fault) in [("192.0.2.1/24", "Must be a network address."), ("", "required")] {
        let answer = ada.fill("/admin/ignore/", &[("route", route), ("comment", "x")]).await;
        assert_eq!(answer.status, 400);
        answer.has(&[fault]);
    }
    ada.fill("/admin/ignore/", &form).await.has(&["This ignore entry exists already."]);
    let gone = ada.fill("/admin/ignore/one/remove/", &this).await;
    assert_eq!(gone.led(), (302, "/admin/ignore/"));
    ada.get("/admin/ignore/").await.has(&["Every network may be acted on."]);
    assert_eq!(ada.get(one).await.status, 404);
    stage.end().await;
}

async fn a_client_is_given_what_it_may_do(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let uuid = "0e7e1cbd-7d73-4968-bc4c-2a2b3e3e5ac9";
    let form = [("client_name", "zeek"), ("uuid", uuid)];
    let path = "/admin/clients/1/";
    assert_eq!(ada.fill("/admin/clients/", &form).await.led(), (302, path));
    let page = ada.get(path).await;
    page.has(&[uuid, "zeek is known"]);
    page.lacks(&["checked", r#"name="uuid""#]);
    let form = [("is_authorized", "on"), ("action_type", "1"), ("action_type", "99")];
    assert_eq!(ada.fill(path, &form).await.led(), (302, "/admin/clients/"));
    ada.get("/admin/clients/").await.has(&["zeek was changed", ">authorized<", "<td>block</td>"]);
    let taken = ada.fill("/admin/clients/", &[("client_name", "zeek")]).await;
    taken.has(&["another client"]);
    let bad = [("client_name", "other"), ("uuid", "7")];
    ada.fill("/admin/clients/", &bad).await.has(&["Must be a valid UUID."]);
    ada.fill("/admin/clients/1/remove/", &[]).await;
    ada.get("/admin/clients/").await.has(&["zeek was removed", "No program is known yet."]);
    assert_eq!(ada.get(path).await.status, 404);
    stage.end().await;
}

async fn templates_are_placed_and_show_what_they_send(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let here = "/admin/templates/";
    let add = "{&#34;type&#34;:&#34;translator_add&#34;,&#34;message&#34;:{&#34;route&#34;:&#34;192.0.2.4/32&#34;}}";
    let page = ada.get(here).await;
    page.has(&[add, &add.replace("_add", "_remove"), "translator_check"]);
    let form = |data| {
        [("msg_type", "translator_add"), ("msg_data", data), ("msg_data_route_field", "dst")]
    };
    assert_eq!(ada.fill(here, &form(r#"{"asn":65550}"#)).await.led(), (302, here));
    for (data, fault) in [("[]", "It must be a JSON object"), ("{", "It is not JSON")] {
        let answer = ada.fill(here, &form(data)).await;
        assert_eq!(answer.status, 400);
        answer.has(&[fault]);
    }
    let place = [("message", "2"), ("action_type", "1"), ("verb", "A"), ("order_num", "3")];
    let places = "/admin/templates/places/";
    assert_eq!(ada.fill(places, &place).await.led(), (302, here));
    ada.get(here).await.has(&["65550", "&#34;dst&#34;:&#34;192.0.2.4/32&#34;"]);
    ada.fill(places, &place).await.has(&["This sequence element exists already."]);
    let bad = [("message", "2"), ("action_type", "1"), ("verb", "A"), ("order_num", "x")];
    ada.fill(places, &bad).await.has(&["A whole number"]);
    ada.get("/admin/templates/2/").await.has(&["65550", r#"value="dst""#]);
    assert_eq!(ada.fill("/admin/templates/2/", &form("{}")).await.led(), (302, here));
    ada.get(here).await.lacks(&["65550"]);
    ada.fill("/admin/templates/places/2/remove/", &[]).await;
    ada.get(here).await.lacks(&["&#34;dst&#34;:&#34;192.0.2.4/32&#34;"]);
    ada.fill("/admin/templates/2/remove/", &[]).await;
    assert_eq!(ada.get("/admin/templates/2/").await.status, 404);
    ada.fill("/admin/templates/places/1/remove/", &[]).await;
    ada.get(here).await.has(&["Nothing is sent"]);
    stage.end().await;
}

async fn entries_are_filtered_by_state_by_who_and_by_text(world: World) {
    let stage = Stage::start(world, &[("PAGINATION_SIZE", "1")]).await;
    let mut bob = Browser::of(&stage, "bob").await;
    for (route, comment) in [("192.0.2.1", "100% Scanner"), ("192.0.2.2", "100 scanners")] {
        let form = [("route", route), ("actiontype", "block"), ("comment", comment)];
        bob.fill("/add/", &form).await;
    }
    add(&stage.app().store, "2001:db8::1").await;
    bob.fill("/delete/2/", &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    for (query, count, first) in [
        ("", 3, "2001:db8::1/128"),
        ("?active=no", 1, "192.0.2.2/32"),
        ("?who=bob", 2, "192.0.2.2/32"),
        ("?who=bob&active=yes", 1, "192.0.2.1/32"),
        ("?text=SCANNER&page=2", 2, "192.0.2.1/32"),
        ("?text=100%25", 1, "192.0.2.1/32"),
        ("?text=192.0.2.0/24&page=7", 2, "192.0.2.2/32"),
        ("?text=2001:db8::/32", 1, "2001:db8::1/128"),
    ] {
        let page = ada.get(&format!("/admin/entries/{query}")).await;
        page.has(&[&format!("All entries <span class=\"count\">{count}<")]);
        assert!(page.between("<tbody>", "</tbody>").contains(first), "{query}: {}", page.body);
    }
    ada.get("/admin/entries/?who=nobody").await.has(&["No entry is like that."]);
    let page = ada.get("/admin/entries/?who=bob").await;
    page.has(&["Page 1 of 2", "/admin/entries/?active=&#38;who=bob&#38;text=&#38;page=2"]);
    stage.end().await;
}

async fn users_are_added_changed_and_deactivated(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let here = "/admin/users/";
    let form = [("username", "eve"), ("password", PASSWORD), ("group", "readonly")];
    assert_eq!(ada.fill(here, &form).await.led(), (302, here));
    let weak = ada.fill(here, &[("username", "eve"), ("password", "short")]).await;
    assert_eq!(weak.status, 400);
    weak.has(&["already exists", "This password is too short.", r#"value="eve""#]);
    weak.lacks(&["\"short\""]);
    let mut eve = Browser::of(&stage, "eve").await;
    assert_eq!(eve.get("/1/").await.status, 404);
    let path = "/admin/users/5/";
    ada.get(path).await.has(&[r#"value="readonly" checked"#]);
    let changed = [("name", "Eve"), ("group", "readwrite"), ("is_active", "on")];
    assert_eq!(ada.fill(path, &changed).await.led(), (302, here));
    ada.get(here).await.has(&["eve was changed", "<td>Eve</td>", "<td>readwrite</td>"]);
    // Who may do something else than before logs in anew.
    assert_eq!(eve.get("/users/eve/").await.status, 302);
    let weak = ada.fill("/admin/users/5/password/", &[("password", "eve")]).await;
    assert_eq!(weak.status, 400);
    let other = [("password", "nine ravens fly")];
    assert_eq!(ada.fill("/admin/users/5/password/", &other).await.led(), (302, here));
    assert_eq!(eve.log_in("eve", "nine ravens fly").await.led(), (302, "/"));
    assert_eq!(ada.fill(path, &[("name", "Eve")]).await.led(), (302, here));
    ada.get(here).await.has(&["deactivated"]);
    assert_ne!(eve.log_in("eve", "nine ravens fly").await.status, 302);
    let oneself = ada.fill("/admin/users/1/", &[("is_active", "on")]).await;
    assert_eq!(oneself.status, 400);
    oneself.has(&["You cannot take this from yourself"]);
    stage.end().await;
}

async fn a_translators_token_is_shown_once(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut ada = Browser::of(&stage, "ada").await;
    let here = "/admin/tokens/";
    let made = ada.fill(here, &[("name", "edge <1>"), ("action_type", "block")]).await;
    assert_eq!(made.status, 200);
    let token = made.between(r#"<code class="token">"#, "</code>").to_owned();
    assert_eq!(token.len(), 40);
    let known = stage.app().store.translator_token(&token).await.unwrap();
    assert_eq!(known.unwrap().name, "edge <1>");
    let page = ada.get(here).await;
    page.has(&["edge &#60;1&#62;", "<td>block</td>"]);
    page.lacks(&[&token]);
    let none = ada.fill(here, &[("name", "edge-2")]).await;
    assert_eq!(none.status, 400);
    none.has(&["Choose at least one."]);
    let taken = ada.fill(here, &[("name", "edge <1>"), ("action_type", "block")]).await;
    taken.has(&["This translator token exists already."]);
    ada.fill("/admin/tokens/remove/", &[("name", "edge <1>")]).await;
    ada.get(here).await.has(&["was removed", "No translator has a token yet."]);
    stage.end().await;
}

on_both! {
    action_types_are_added_disabled_and_removed_with_their_history
    an_ignored_network_tells_what_is_active_in_it
    a_client_is_given_what_it_may_do
    templates_are_placed_and_show_what_they_send
    entries_are_filtered_by_state_by_who_and_by_text
    users_are_added_changed_and_deactivated
    a_translators_token_is_shown_once
}
