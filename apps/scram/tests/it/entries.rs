//! Adding, removing and finding.

use crate::world::{World, ada, add, found_by, network, networks, on_both, refused, wanted};
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::clients::Registered;
use campanile_scram::store::entries::{Find, NewEntry};
use campanile_scram::store::pages::PageNumber;
use campanile_scram::store::{Author, FindError, RemoveError, never};
use chrono::{DateTime, Utc};
use uuid::Uuid;

on_both! {
    an_entry_is_added_once_and_takes_what_is_said_last
    the_checks_come_in_their_order
    a_client_needs_its_action_type_and_users_answer_for_others
    overlap_is_found_and_removed_either_way_round
    two_connections_add_the_same_network_and_make_one_entry
    pages_are_in_order_and_do_not_overlap
    activity_tells_what_is_inside_and_what_covers
}

async fn an_entry_is_added_once_and_takes_what_is_said_last(world: World) {
    let store = world.instance("scram1").await;
    let first = store.add(&wanted("2001:DB8:94BC::"), &ada()).await.expect("it is added");
    assert!(first.is_new);
    assert_eq!(first.entry.network.to_string(), "2001:db8:94bc::/128");
    assert_eq!(first.entry.expiration, never());
    store.remove(Find::Id(first.entry.id), &ada()).await.expect("it is removed");
    let end: DateTime<Utc> = "2030-01-02T03:04:05.678901Z".parse().expect("it is a time");
    let wanted = NewEntry {
        comment: "again".to_owned(),
        expiration: Some(end),
        ..wanted("2001:db8:94bc::/128")
    };
    let other = world.instance("scram2").await;
    let again = other.add(&wanted, &ada()).await.expect("it is added");
    assert!(!again.is_new);
    let read = store.entry(first.entry.id).await.expect("it is read").expect("it is there");
    assert_eq!(read, again.entry);
    assert!(read.is_active && read.expiration_reason.is_empty());
    assert_eq!((read.comment.as_str(), read.expiration), ("again", end));
    assert_eq!((read.made, &*read.originating_scram_instance), (first.entry.made, "scram2"));
    let history = store.history_of_entry(read.id).await.expect("it is read");
    let told: Vec<_> = history
        .iter()
        .map(|change| (&*change.kind, change.is_active, &*change.author, &*change.reason))
        .collect();
    assert_eq!(
        told,
        [
            ("~", true, "ada", "again"),
            ("~", false, "ada", "removed by ada"),
            ("+", true, "ada", "because of 2001:DB8:94BC::"),
        ]
    );
    assert_eq!(history[1].expiration_reason, "removed by ada");
}

async fn the_checks_come_in_their_order(world: World) {
    let store = world.instance("scram1").await.with_limits(PrefixLimits { v4: 16, v6: 48 });
    store.ignore(&network("10.1.2.0/24"), "ours", "ada").await.expect("it is ignored");
    let nobody = Author::default();
    let mut everything = NewEntry { action_type: "shunt".to_owned(), ..wanted("10.0.0.0/15") };
    let refusal =
        async |wanted: &NewEntry, author: &Author| refused(store.add(wanted, author).await);
    assert_eq!(refusal(&everything, &nobody).await, "There is no action type \"shunt\".");
    store.add_action_type("shunt", "ada").await.expect("it is added");
    store.set_available("shunt", false, "ada").await.expect("it is changed");
    assert_eq!(refusal(&everything, &nobody).await, "The action type \"shunt\" is not available.");
    "block".clone_into(&mut everything.action_type);
    assert_eq!(
        refusal(&everything, &nobody).await,
        "You've supplied too large of a network. settings.V4_MINPREFIX = 16 \
         settings.V6_MINPREFIX = 48"
    );
    for inside_around_or_same in ["10.1.2.4", "10.1.0.0/16", "10.1.2.0/24"] {
        let wanted = wanted(inside_around_or_same);
        let stranger = Author { client: Some(Uuid::new_v4()), ..ada() };
        assert_eq!(refusal(&wanted, &stranger).await, "Client does not exist");
        let may_not = "You do not have permission to perform this action.";
        assert_eq!(refusal(&wanted, &nobody).await, may_not);
        let ignored = "This CIDR is on the ignore list. You are not allowed to add it here.";
        assert_eq!(refusal(&wanted, &ada()).await, ignored);
    }
    assert_eq!(store.last_event().await.expect("it is read"), 0);
}

async fn a_client_needs_its_action_type_and_users_answer_for_others(world: World) {
    let store = world.instance("scram1").await;
    let Ok(Registered::New(client)) = store.register("zeek", None).await else {
        panic!("it is new");
    };
    let mut author = Author { client: Some(client.uuid), ..Author::default() };
    let not_allowed = "This client is not allowed to use this actiontype";
    let zeeks = NewEntry { who: Some("zeek-7".to_owned()), ..wanted("192.0.2.4") };
    assert_eq!(refused(store.add(&zeeks, &author).await), not_allowed);
    store.authorize("zeek", true, &[]).await.expect("it is changed");
    assert_eq!(refused(store.add(&zeeks, &author).await), not_allowed);
    store.authorize("zeek", true, &[1]).await.expect("it is changed");
    let added = store.add(&zeeks, &author).await.expect("it is added");
    assert_eq!(added.entry.who, "zeek-7");
    author.user = Some("ada".to_owned());
    let added = store.add(&wanted("192.0.2.5"), &author).await.expect("it is added");
    assert_eq!(added.entry.who, "ada");
    let added = store.add(&zeeks, &ada()).await.expect("it is added");
    assert_eq!(added.entry.who, "ada (on behalf of zeek-7)");
}

async fn overlap_is_found_and_removed_either_way_round(world: World) {
    let store = world.instance("scram1").await;
    let entry = add(&store, "198.51.100.160/29").await;
    for asked in ["198.51.100.163", "198.51.100.160/28", "198.51.100.163/26", "198.51.100.160/29"] {
        assert_eq!(store.find(found_by(asked)).await.expect(asked), entry);
    }
    assert_eq!(store.find(Find::Id(entry.id)).await.expect("by number"), entry);
    for asked in ["198.51.100.159", "::198.51.100.160", "4294967296", "99999999999999999999"] {
        assert!(matches!(store.find(found_by(asked)).await, Err(FindError::NotOne)), "{asked}");
    }
    add(&store, "198.51.100.160").await;
    assert!(matches!(store.find(found_by("198.51.100.160/29")).await, Err(FindError::NotOne)));
    assert!(matches!(store.find(found_by("198.0.0.0/7")).await, Err(FindError::TooLarge(_))));
    let too_large = store.remove(found_by("198.0.0.0/7"), &ada()).await;
    assert!(matches!(too_large, Err(RemoveError::TooLarge(_))));
    let forbidden = store.remove(found_by("198.51.100.0/24"), &Author::default()).await;
    assert!(matches!(forbidden, Err(RemoveError::NotPermitted)));
    let removed = store.remove(found_by("198.51.100.0/24"), &ada()).await.expect("removed");
    assert_eq!(networks(&removed), ["198.51.100.160/29", "198.51.100.160/32"]);
    assert!(removed.iter().all(|entry| !entry.is_active));
    let again = store.remove(found_by("198.51.100.0/24"), &ada()).await.expect("nothing is there");
    assert!(again.is_empty());
    let search = store.search(&network("198.51.100.160/32"), 10).await.expect("it is searched");
    assert_eq!(networks(&search.inside), ["198.51.100.160/32"]);
    assert_eq!(networks(&search.containing), ["198.51.100.160/29"]);
}

async fn two_connections_add_the_same_network_and_make_one_entry(world: World) {
    let (one, two) = (world.instance("scram1").await, world.instance("scram2").await);
    for host in 0..20 {
        let text = format!("192.0.2.{host}");
        let (first, second) = tokio::join!(
            async { one.add(&wanted(&text), &ada()).await.expect("it is added") },
            async { two.add(&wanted(&text), &ada()).await.expect("it is added") },
        );
        assert_eq!(first.entry.id, second.entry.id);
        assert!(first.is_new != second.is_new, "one of them is the first");
        let history = one.history_of_entry(first.entry.id).await.expect("it is read");
        let kinds: Vec<_> = history.iter().map(|change| change.kind.as_str()).collect();
        assert_eq!(kinds, ["~", "+"]);
    }
    assert_eq!(one.last_event().await.expect("it is read"), 40);
    assert_eq!(one.active_counts().await.expect("it is read"), [("block".to_owned(), 20)]);
}

async fn pages_are_in_order_and_do_not_overlap(world: World) {
    let store = world.instance("scram1").await;
    for host in 0..7 {
        add(&store, &format!("192.0.2.{host}")).await;
    }
    store.remove(found_by("192.0.2.1"), &ada()).await.expect("it is removed");
    add(&store, "192.0.2.0").await;
    let page = async |number| {
        let page = store.active_entries(PageNumber { number, size: 4 }).await;
        page.expect("it is read").map(|page| (page.count, page.has_next, networks(&page.results)))
    };
    let hosts = |hosts: &[u8]| hosts.iter().map(|host| format!("192.0.2.{host}/32")).collect();
    assert_eq!(page(1).await, Some((6, true, hosts(&[0, 2, 3, 4]))));
    assert_eq!(page(2).await, Some((6, false, hosts(&[5, 6]))));
    assert_eq!(page(3).await, None);
    assert_eq!(page(0).await, None);
    let newest = store.newest_entries(1, PageNumber { number: 1, size: 2 }).await;
    let newest = newest.expect("it is read").expect("there is a first page");
    assert_eq!(networks(&newest.results), hosts(&[6, 5]));
}

async fn activity_tells_what_is_inside_and_what_covers(world: World) {
    let store = world.instance("scram1").await;
    for text in ["192.0.2.0/24", "192.0.2.6", "2001:db8::/48", "2001:db8::/128"] {
        add(&store, text).await;
    }
    let activity = store.activity(&network("192.0.2.6")).await.expect("it is read");
    assert_eq!(networks(&activity.inside), ["192.0.2.6/32"]);
    assert_eq!(networks(&activity.covered_by), ["192.0.2.0/24"]);
    let activity = store.activity(&network("2001:db8::/32")).await.expect("it is read");
    assert_eq!(networks(&activity.inside), ["2001:db8::/48", "2001:db8::/128"]);
    assert!(activity.covered_by.is_empty());
    store.remove(Find::Id(1), &ada()).await.expect("it is removed");
    let activity = store.activity(&network("192.0.2.7")).await.expect("it is read");
    assert!(activity.inside.is_empty() && activity.covered_by.is_empty());
}
