use super::{Frame, Template, Templates, Verb};
use crate::cidr::Network;
use serde_json::{Map, Value, json};

fn template(msg_type: &str, data: &Value, route_field: &str) -> Template {
    let data = data.as_object().cloned().unwrap_or_default();
    Template { msg_type: msg_type.to_owned(), data, route_field: route_field.to_owned() }
}

fn said(frames: &[Frame]) -> Value {
    serde_json::to_value(frames).expect("a frame is JSON")
}

fn network() -> Network {
    Network::parse_strict("192.0.2.4/32").expect("it is a network")
}

#[test]
fn frames_go_in_their_order_each_with_the_route_in_its_own_field() {
    let templates = Templates::new([
        (Verb::Add, template("translator_add", &json!({"asn": 65550, "route": "x"}), "route")),
        (Verb::Remove, template("unrelated", &json!({}), "route")),
        (Verb::Add, template("translator_add", &json!({"community": 100}), "bar")),
    ]);
    let expected = json!([
        {"type": "translator_add", "message": {"asn": 65550, "route": "192.0.2.4/32"}},
        {"type": "translator_add", "message": {"community": 100, "bar": "192.0.2.4/32"}},
    ]);
    assert_eq!(said(&templates.frames(&network(), true)), expected);
}

#[test]
fn without_templates_of_its_own_a_removal_says_all_that_the_add_has_said() {
    let templates =
        Templates::new([(Verb::Add, template("translator_add", &json!({"asn": 65550}), "dst"))]);
    let expected =
        json!([{"type": "translator_remove", "message": {"asn": 65550, "dst": "192.0.2.4/32"}}]);
    assert_eq!(said(&templates.frames(&network(), false)), expected);
}

#[test]
fn a_removal_is_one_whatever_its_template_is_called_unless_that_names_a_removal() {
    let templates = Templates::new([
        (Verb::Add, template("translator_add", &json!({"a": 1}), "route")),
        (Verb::Remove, template("translator_add", &json!({"r": 1}), "route")),
        (Verb::Remove, template("shunt_remove", &json!({}), "dst")),
    ]);
    let expected = json!([
        {"type": "translator_remove", "message": {"r": 1, "route": "192.0.2.4/32"}},
        {"type": "shunt_remove", "message": {"dst": "192.0.2.4/32"}},
    ]);
    assert_eq!(said(&templates.frames(&network(), false)), expected);
}

#[test]
fn without_templates_nothing_is_said_but_a_check_is_passed_on() {
    let templates = Templates::default();
    assert!(templates.frames(&network(), true).is_empty());
    assert!(templates.frames(&network(), false).is_empty());
    let asked: Map<String, Value> =
        json!({"route": "192.0.2.4/32", "row": "12"}).as_object().cloned().expect("an object");
    assert_eq!(templates.check_messages(&network(), &asked), vec![asked.clone()]);
    let templates =
        Templates::new([(Verb::Check, template("translator_check", &json!({"asn": 1}), "route"))]);
    let expected = json!([{"route": "192.0.2.4/32", "row": "12", "asn": 1}]);
    assert_eq!(json!(templates.check_messages(&network(), &asked)), expected);
}
