//! Search: inside, equal and around; active and not.

use super::browser::Browser;
use crate::stage::Stage;
use crate::world::{World, add, found_by, on_both};
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::Author;

async fn all_that_was_ever_said_about_a_network_is_found(world: World) {
    let stage = Stage::start(world, &[]).await;
    let store = stage.app().store.with_limits(PrefixLimits { v4: 8, v6: 32 });
    for route in ["192.0.2.0/24", "192.0.2.4", "192.0.2.0/28", "192.0.0.0/16", "198.51.100.1"] {
        add(&store, route).await;
    }
    let ada = Author { user: Some("ada".to_owned()), may_write: true, client: None };
    store.remove(found_by("2"), &ada).await.unwrap();
    let mut cleo = Browser::of(&stage, "cleo").await;
    let page = cleo.fill("/search/", &[("cidr", " 192.0.2.9/ 24 ")]).await;
    assert_eq!(page.status, 200);
    page.has(&["All that is known of <span class=\"cidr\">192.0.2.0/24</span>"]);
    let exactly = page.between("Exactly this network", "</table>");
    assert!(exactly.contains(">192.0.2.0/24<") && !exactly.contains(">192.0.2.4/32<"));
    let around = page.between("Around it", "</table>");
    assert!(around.contains(">192.0.0.0/16<"));
    let inside = page.between("Inside it", "</table>");
    assert!(inside.contains(">192.0.2.4/32<") && inside.contains(">192.0.2.0/28<"));
    assert!(inside.contains(r#"class="inactive""#) && inside.contains("removed by ada"));
    page.lacks(&["198.51.100.1"]);

    let page = Browser::new(&stage).fill("/search/", &[("cidr", "192.0.2.4")]).await;
    page.has(&["192.0.2.4/32", "inactive", "192.0.0.0/16"]);
    page.lacks(&["because of", "removed by ada"]);
    let page = cleo.fill("/search/", &[("cidr", "203.0.113.0/24")]).await;
    page.has(&["No entry, active or not, overlaps this network."]);
    stage.end().await;
}

async fn what_is_no_network_is_not_searched_for(world: World) {
    let stage = Stage::start(world, &[]).await;
    let mut browser = Browser::new(&stage);
    for asked in ["", " ", "asdf", "192.0.2.0/33"] {
        let page = browser.fill("/search/", &[("cidr", asked)]).await;
        assert_eq!(page.status, 400, "{asked}");
        page.has(&["Search query was not a valid CIDR address"]);
    }
    assert_eq!(browser.get("/search/?cidr=192.0.2.4").await.led(), (302, "/"));
    assert_eq!(browser.post("/search/", &[("cidr", "192.0.2.4")]).await.status, 403);
    stage.end().await;
}

on_both! {
    all_that_was_ever_said_about_a_network_is_found
    what_is_no_network_is_not_searched_for
}
