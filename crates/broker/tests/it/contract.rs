//! What every broker promises while nothing goes wrong.

use crate::node::{Node, settings};
use campanile_broker::{BrokerUrl, PublishError, Settings, To};

/// Holds a broker to all of it.
pub(crate) async fn check(url: &BrokerUrl, tune: impl Fn(&mut Settings) + Copy) {
    for (name, nodes) in [("once", 2), ("rooms", 2), ("listen", 2), ("control", 2), ("refused", 1)]
    {
        let settings = settings(url.clone(), &format!("contract-{name}"), tune);
        let mut both = Vec::new();
        for _ in 0..nodes {
            both.push(Node::start(&settings).await);
        }
        match name {
            "once" => every_node_hears_each_once_and_each_publisher_in_order(both).await,
            "rooms" => several_rooms_are_heard_once(both).await,
            "listen" => a_node_hears_what_it_listens_to(both).await,
            "control" => nodes_hear_each_others_messages(both).await,
            _ => what_no_node_would_take_is_refused(both).await,
        }
    }
}

async fn every_node_hears_each_once_and_each_publisher_in_order(nodes: Vec<Node>) {
    const EACH: usize = 200;
    for node in &nodes {
        node.listen(r#"{"room":1}"#).await;
    }
    let publish = async |name: &str, node: &Node| {
        for number in 0..EACH {
            node.publish(To::Rooms(&[r#"{"room":1}"#]), &format!("{name} {number}")).await;
        }
    };
    let (mut one, mut other) = two(nodes);
    tokio::join!(publish("one", &one), publish("other", &other));
    one.publish(To::Everybody, "end").await;
    for node in [&mut one, &mut other] {
        let heard = node.hears_until("end").await;
        assert_eq!(heard.len(), 2 * EACH);
        for name in ["one", "other"] {
            let of_one = heard.iter().filter(|text| text.starts_with(&format!("{name} ")));
            let expected = (0..EACH).map(|number| format!("{name} {number}"));
            assert!(of_one.eq(expected.collect::<Vec<_>>().iter()), "{heard:?}");
        }
    }
}

async fn several_rooms_are_heard_once(nodes: Vec<Node>) {
    let (mut one, mut other) = two(nodes);
    for topic in ["a", "b", "c"] {
        one.listen(topic).await;
    }
    other.listen("c").await;
    for number in 0..50 {
        one.publish(To::Rooms(&["a"]), &format!("a {number}")).await;
        one.publish(To::Rooms(&["a", "b", "c"]), &format!("abc {number}")).await;
        one.publish(To::Rooms(&["c"]), &format!("c {number}")).await;
    }
    let many: Vec<String> = (0..500).map(|number| format!("room {number}")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("c");
    other.publish(To::Rooms(&many), "many").await;
    // Nobody, where a node hears only what it listens to.
    one.try_to_publish(To::Rooms(&[]), "nowhere").await.expect("there is nothing to refuse");
    one.publish(To::Everybody, "end").await;
    let hears_all = !one.broker.listens_by_room();
    let all = ["a", "abc", "c"].map(|name| move |number| format!("{name} {number}"));
    let mut expected: Vec<String> =
        (0..50).flat_map(|number| all.map(|text| text(number))).collect();
    expected.extend(hears_all.then(|| String::from("nowhere")));
    expected.push(String::from("many"));
    assert_eq!(sorted_as(one.hears_until("end").await, "many"), expected);
    if !hears_all {
        expected.retain(|text| !text.starts_with("a "));
    }
    assert_eq!(sorted_as(other.hears_until("end").await, "many"), expected);
}

/// Moves what another publisher sent, which may come at any place, to the end.
fn sorted_as(mut heard: Vec<String>, anywhere: &str) -> Vec<String> {
    let place = heard.iter().position(|text| text == anywhere).expect("it is heard");
    let text = heard.remove(place);
    heard.push(text);
    heard
}

async fn a_node_hears_what_it_listens_to(nodes: Vec<Node>) {
    let (one, mut other) = two(nodes);
    let by_room = other.broker.listens_by_room();
    one.publish(To::Rooms(&["x"]), "before").await;
    other.listen("x").await;
    other.listen("x").await;
    one.publish(To::Rooms(&["x"]), "while").await;
    one.publish(To::Everybody, "end").await;
    let heard = other.hears_until("end").await;
    assert_eq!(heard.last().map(String::as_str), Some("while"));
    assert_eq!(heard.len(), if by_room { 1 } else { 2 });
    other.broker.unlisten("x");
    // Nothing confirms that; a listen that is confirmed comes after it.
    other.listen("y").await;
    one.publish(To::Rooms(&["x"]), "after").await;
    one.publish(To::Rooms(&["y"]), "y").await;
    let expected = if by_room { vec![] } else { vec!["after"] };
    assert_eq!(other.hears_until("y").await, expected);
}

async fn nodes_hear_each_others_messages(nodes: Vec<Node>) {
    let (mut one, mut other) = two(nodes);
    one.publish(To::Nodes, "revalidate").await;
    assert_eq!(one.hears_control().await, "revalidate");
    assert_eq!(other.hears_control().await, "revalidate");
    other.publish(To::Everybody, "news").await;
    assert_eq!((one.hears().await, other.hears().await), ("news".into(), "news".into()));
}

async fn what_no_node_would_take_is_refused(mut nodes: Vec<Node>) {
    let mut node = nodes.pop().expect("there is one");
    let too_long = "x".repeat((16 << 20) + 1);
    let refused = node.try_to_publish(To::Everybody, &too_long).await;
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    let not_text = bytes::Bytes::from_static(&[b'"', 0xff, b'"']);
    let refused = node.broker.publish(To::Everybody, not_text).await;
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    let long = "ü".repeat(400_000);
    node.publish(To::Everybody, &long).await;
    assert!(node.hears().await == long);
}

fn two(nodes: Vec<Node>) -> (Node, Node) {
    let [one, other] = nodes.try_into().unwrap_or_else(|_| panic!("there are two"));
    (one, other)
}
