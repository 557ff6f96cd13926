//! What is beside the entries: action types, the ignore list, clients, templates.

use crate::world::{World, add, network, on_both};
use campanile_scram::store::ChangeError;
use campanile_scram::store::clients::Registered;
use campanile_scram::store::pages::PageNumber;
use campanile_scram::store::templates::{NewMessage, Verb};
use serde_json::Map;
use uuid::Uuid;

on_both! {
    out_of_the_box_networks_can_be_blocked
    the_ignore_list_is_read_changed_and_remembered
    action_types_have_names_that_fit_into_paths
    a_client_is_registered_by_name_and_value_of_its_uuid
    templates_have_places_once_each
}

async fn out_of_the_box_networks_can_be_blocked(world: World) {
    let store = world.instance("scram1").await;
    // A second start finds all there.
    let again = world.instance("scram1").await;
    let action_types = again.action_types().await.expect("they are read");
    assert_eq!(action_types.len(), 1);
    assert_eq!((&*action_types[0].name, action_types[0].available), ("block", true));
    let templates = store.templates(action_types[0].id).await.expect("they are read");
    let frames = templates.add_frames(&network("192.0.2.4"));
    assert_eq!(
        serde_json::to_string(&frames).expect("a frame is JSON"),
        r#"[{"type":"translator_add","message":{"route":"192.0.2.4/32"}}]"#
    );
}

async fn the_ignore_list_is_read_changed_and_remembered(world: World) {
    let store = world.instance("scram1").await;
    let ours = network("10.0.0.0/8");
    let row = store.ignore(&ours, "ours", "ada").await.expect("it is ignored");
    let twice = store.ignore(&ours, "ours", "ada").await;
    assert!(matches!(twice, Err(ChangeError::Duplicate("ignore entry"))));
    let page = store.ignore_entries(PageNumber { number: 1, size: 10 }).await;
    assert_eq!(
        page.expect("it is read").expect("there is a page").results,
        std::slice::from_ref(&row)
    );
    store.comment_on_ignored(&ours, "still ours", "bob").await.expect("it is changed");
    let read = store.ignored(&ours).await.expect("it is read").expect("it is there");
    assert_eq!(read.comment, "still ours");
    store.unignore(&ours, "ada").await.expect("it is removed");
    assert!(matches!(store.unignore(&ours, "ada").await, Err(ChangeError::NotFound)));
    let history = store.history_of_ignore_entry(row.id).await.expect("it is read");
    let told: Vec<_> =
        history.iter().map(|change| (&*change.kind, &*change.comment, &*change.author)).collect();
    let expected = [("-", "still ours", "ada"), ("~", "still ours", "bob"), ("+", "ours", "ada")];
    assert_eq!(told, expected);
}

async fn action_types_have_names_that_fit_into_paths(world: World) {
    let store = world.instance("scram1").await;
    for name in ["", "a b", "a-b", "é", "a/b", &"a".repeat(31)] {
        let refused = store.add_action_type(name, "ada").await;
        assert!(matches!(refused, Err(ChangeError::Invalid("name", _))), "{name}");
    }
    let twice = store.add_action_type("block", "ada").await;
    assert!(matches!(twice, Err(ChangeError::Duplicate("action type"))));
    let shunt = store.add_action_type("Shunt_2", "ada").await.expect("it is added");
    store.remove_action_type("Shunt_2", "ada").await.expect("it is removed");
    let history = store.history_of_action_type(shunt.id).await.expect("it is read");
    let kinds: Vec<_> = history.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(kinds, ["-", "+"]);
    add(&store, "192.0.2.1").await;
    let used = store.remove_action_type("block", "ada").await;
    assert!(matches!(used, Err(ChangeError::InUse(_))));
}

async fn a_client_is_registered_by_name_and_value_of_its_uuid(world: World) {
    let store = world.instance("scram1").await;
    let uuid: Uuid = "0EAB4C6A-1111-4222-8333-444455556666".parse().expect("it is a UUID");
    let register = async |name, uuid| store.register(name, uuid).await.expect("it is answered");
    assert!(matches!(register("zeek", Some(uuid)).await, Registered::New(_)));
    let lower = "0eab4c6a-1111-4222-8333-444455556666".parse().expect("it is a UUID");
    let Registered::Known(known) = register("zeek", Some(lower)).await else {
        panic!("it is known")
    };
    assert!(!known.is_authorized);
    assert_eq!(register("zeek", None).await, Registered::Refused);
    assert_eq!(register("zeek", Some(Uuid::new_v4())).await, Registered::Refused);
    assert_eq!(register("suricata", Some(uuid)).await, Registered::Refused);
    store.authorize("zeek", true, &[1]).await.expect("it is changed");
    assert_eq!(store.client_action_types(known.id).await.expect("it is read"), [1]);
    let client = store.client("zeek").await.expect("it is read").expect("it is there");
    assert!(client.is_authorized);
    store.remove_client("zeek").await.expect("it is removed");
    assert_eq!(store.clients().await.expect("they are read"), []);
    assert_eq!(store.client_action_types(known.id).await.expect("it is read"), [0; 0]);
}

async fn templates_have_places_once_each(world: World) {
    let store = world.instance("scram1").await;
    let twice = store.place_message(1, 1, Verb::Add, 0).await;
    assert!(matches!(twice, Err(ChangeError::Duplicate("sequence element"))));
    let new = NewMessage {
        msg_type: "translator_remove".to_owned(),
        msg_data: Map::new(),
        msg_data_route_field: "dst".to_owned(),
    };
    let message = store.write_message(None, new.clone()).await.expect("it is written");
    store.place_message(message.id, 1, Verb::Remove, 3).await.expect("it has a place");
    assert_eq!(store.messages().await.expect("they are read").len(), 2);
    assert_eq!(store.sequence_elements().await.expect("they are read").len(), 2);
    let changed = NewMessage { msg_data_route_field: "net".to_owned(), ..new };
    assert!(matches!(
        store.write_message(Some(99), changed.clone()).await,
        Err(ChangeError::NotFound)
    ));
    store.write_message(Some(message.id), changed).await.expect("it is changed");
    let frames = store.templates(1).await.expect("they are read").remove_frames(&network("::"));
    assert_eq!(
        serde_json::to_string(&frames).expect("a frame is JSON"),
        r#"[{"type":"translator_remove","message":{"net":"::/128"}}]"#
    );
    store.remove_message(message.id).await.expect("it is removed");
    assert_eq!(store.sequence_elements().await.expect("they are read").len(), 1);
    store.remove_sequence_element(1).await.expect("it is removed");
    assert!(matches!(store.remove_sequence_element(1).await, Err(ChangeError::NotFound)));
}
