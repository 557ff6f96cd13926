//! `entries/`, with the original's scenarios A to C and F to H.

use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;
use std::time::Duration;

on_both! {
    an_entry_is_added_shown_listed_and_removed
    what_is_added_twice_is_one_entry
    what_is_no_network_is_refused_and_nothing_is_added
    every_field_that_is_wrong_is_named
    the_checks_of_a_new_entry_come_in_their_order
    an_entry_is_found_by_its_number_and_by_what_overlaps_it
    an_entry_is_not_changed_but_added_again
    expirations_come_in_all_forms_and_end_entries
    pages_lead_to_each_other
}

const WIDE: &[(&str, &str)] = &[("V4_MINPREFIX", "8"), ("V6_MINPREFIX", "32")];

async fn an_entry_is_added_shown_listed_and_removed(world: World) {
    let stage = Stage::start(world, &[("SCRAM_HOSTNAME", "scram1")]).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {"route":"192.0.2.128","comment":"scans ports"}
            bob POST entries/ {"route":"2001:DB8:94BB::94BC","comment":"  a form's spaces  ","who":"zeek"}
            bob POST entries/ form:route=192.0.2.129%2F32&comment=by+a+form&actiontype=block&expiration=
            cleo GET entries/
            cleo GET entries/192.0.2.128/
            cleo GET entries/192.0.2.128/32/
            cleo GET entries/192.0.2.128%2F32/
            cleo GET entries/2001:db8:94bb::94bc/128/
            cleo HEAD entries/192.0.2.128/
            bob DELETE entries/192.0.2.128/32/
            bob DELETE entries/2001%3ADB8%3A94BB%3A%3A94BC%2F128/
            cleo GET entries/
            cleo GET entries/192.0.2.128/
            bob DELETE entries/192.0.2.128/
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {"route":"192.0.2.128","comment":"scans ports"}
          201 {"route":"192.0.2.128/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.128/32/","comment":"scans ports","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        bob POST entries/ {"route":"2001:DB8:94BB::94BC","comment":"  a form's spaces  ","who":"zeek"}
          201 {"route":"2001:db8:94bb::94bc/128","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94bb::94bc/128/","comment":"a form's spaces","who":"bob (on behalf of zeek)","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        bob POST entries/ form:route=192.0.2.129%2F32&comment=by+a+form&actiontype=block&expiration=
          201 {"route":"192.0.2.129/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.129/32/","comment":"by a form","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        cleo GET entries/
          200 {"count":3,"next":null,"previous":null,"results":[{"route":"192.0.2.128/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.128/32/","comment":"scans ports","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true},{"route":"2001:db8:94bb::94bc/128","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94bb::94bc/128/","comment":"a form's spaces","who":"bob (on behalf of zeek)","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true},{"route":"192.0.2.129/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.129/32/","comment":"by a form","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}]}
        cleo GET entries/192.0.2.128/
          200 {"route":"192.0.2.128/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.128/32/","comment":"scans ports","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        cleo GET entries/192.0.2.128/32/
          200 {"route":"192.0.2.128/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.128/32/","comment":"scans ports","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        cleo GET entries/192.0.2.128%2F32/
          200 {"route":"192.0.2.128/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.128/32/","comment":"scans ports","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        cleo GET entries/2001:db8:94bb::94bc/128/
          200 {"route":"2001:db8:94bb::94bc/128","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94bb::94bc/128/","comment":"a form's spaces","who":"bob (on behalf of zeek)","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}
        cleo HEAD entries/192.0.2.128/
          200 
        bob DELETE entries/192.0.2.128/32/
          204 
        bob DELETE entries/2001%3ADB8%3A94BB%3A%3A94BC%2F128/
          204 
        cleo GET entries/
          200 {"count":1,"next":null,"previous":null,"results":[{"route":"192.0.2.129/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.129/32/","comment":"by a form","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram1","is_active":true}]}
        cleo GET entries/192.0.2.128/
          404 {"detail":"No active entry was found."}
        bob DELETE entries/192.0.2.128/
          204 
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn what_is_added_twice_is_one_entry(world: World) {
    let stage = Stage::start(world, WIDE).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {"route":"192.0.2.130","comment":"once"}
            ada POST entries/ {"route":"192.0.2.130/32","comment":"again","expiration":"2030-01-01T00:00:00Z"}
            bob POST entries/ {"route":"2001:db8:94be::/64","comment":"once"}
            bob POST entries/ {"route":"2001:DB8:94BE:0::/64","comment":"again"}
            bob POST entries/ {"route":"198.51.100.160/29","comment":"a network"}
            bob POST entries/ {"route":"203.0.113.0/255.255.255.0","comment":"a netmask"}
            cleo GET entries/
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {"route":"192.0.2.130","comment":"once"}
          201 {"route":"192.0.2.130/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.130/32/","comment":"once","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        ada POST entries/ {"route":"192.0.2.130/32","comment":"again","expiration":"2030-01-01T00:00:00Z"}
          201 {"route":"192.0.2.130/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.130/32/","comment":"again","who":"ada","expiration":"2030-01-01T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"2001:db8:94be::/64","comment":"once"}
          201 {"route":"2001:db8:94be::/64","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94be::/64/","comment":"once","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"2001:DB8:94BE:0::/64","comment":"again"}
          201 {"route":"2001:db8:94be::/64","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94be::/64/","comment":"again","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"198.51.100.160/29","comment":"a network"}
          201 {"route":"198.51.100.160/29","actiontype":"block","url":"http://scram.example/api/v1/entries/198.51.100.160/29/","comment":"a network","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"203.0.113.0/255.255.255.0","comment":"a netmask"}
          201 {"route":"203.0.113.0/24","actiontype":"block","url":"http://scram.example/api/v1/entries/203.0.113.0/24/","comment":"a netmask","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        cleo GET entries/
          200 {"count":4,"next":null,"previous":null,"results":[{"route":"192.0.2.130/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.130/32/","comment":"again","who":"ada","expiration":"2030-01-01T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true},{"route":"2001:db8:94be::/64","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8:94be::/64/","comment":"again","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true},{"route":"198.51.100.160/29","actiontype":"block","url":"http://scram.example/api/v1/entries/198.51.100.160/29/","comment":"a network","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true},{"route":"203.0.113.0/24","actiontype":"block","url":"http://scram.example/api/v1/entries/203.0.113.0/24/","comment":"a netmask","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}]}
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn what_is_no_network_is_refused_and_nothing_is_added(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {"route":"1.2.3.4/128","comment":"x"}
            bob POST entries/ {"route":"256.0.0.0","comment":"x"}
            bob POST entries/ {"route":"1.2","comment":"x"}
            bob POST entries/ {"route":"gg::","comment":"x"}
            bob POST entries/ {"route":"1:","comment":"x"}
            bob POST entries/ {"route":"2000::1::1","comment":"x"}
            bob POST entries/ {"route":"2000::/129","comment":"x"}
            bob POST entries/ {"route":"192.0.2.1/24","comment":"x"}
            bob POST entries/ {"route":"::ffff:192.0.2.4","comment":"x"}
            bob POST entries/ {"route":123,"comment":"x"}
            cleo GET entries/
            cleo GET entries/1.2.3.256/
            cleo GET entries/193.168.0.0/33/
            cleo GET entries/2001:::::/
            cleo GET entries/201::0/129/
            bob DELETE entries/nonsense/
            cleo GET entries/192.0.2.0/24/
            bob DELETE entries/2001:DB8::/48/
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {"route":"1.2.3.4/128","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"256.0.0.0","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"1.2","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"gg::","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"1:","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"2000::1::1","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"2000::/129","comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        bob POST entries/ {"route":"192.0.2.1/24","comment":"x"}
          400 {"route":["Must be a network address."]}
        bob POST entries/ {"route":"::ffff:192.0.2.4","comment":"x"}
          400 {"route":["This is IPv4 written as IPv6. Write it as IPv4."]}
        bob POST entries/ {"route":123,"comment":"x"}
          400 {"route":["Invalid CIDR address."]}
        cleo GET entries/
          200 {"count":0,"next":null,"previous":null,"results":[]}
        cleo GET entries/1.2.3.256/
          400 {"detail":"Not a valid CIDR or id."}
        cleo GET entries/193.168.0.0/33/
          400 {"detail":"Not a valid CIDR or id."}
        cleo GET entries/2001:::::/
          400 {"detail":"Not a valid CIDR or id."}
        cleo GET entries/201::0/129/
          400 {"detail":"Not a valid CIDR or id."}
        bob DELETE entries/nonsense/
          400 {"detail":"Not a valid CIDR or id."}
        cleo GET entries/192.0.2.0/24/
          400 {"detail":"You've supplied too large of a network. settings.V4_MINPREFIX = 32 settings.V6_MINPREFIX = 128"}
        bob DELETE entries/2001:DB8::/48/
          400 {"detail":"You've supplied too large of a network. settings.V4_MINPREFIX = 32 settings.V6_MINPREFIX = 128"}
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn every_field_that_is_wrong_is_named(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {}
            bob POST entries/ {"route":null,"comment":" ","actiontype":"","who":"0123456789012345678901234567890","uuid":"x","expiration":"soon"}
            bob POST entries/ {"route":"","comment":["a"],"actiontype":{},"who":true,"uuid":7,"expiration":null}
            bob POST entries/ {"route":"192.0.2.1","comment":"x","expiration":""}
            bob POST entries/ {"route":"192.0.2.1","comment":5,"is_active":false,"originating_scram_instance":"forged"}
            bob POST entries/ form:route=&comment=
            bob POST entries/ [1]
            bob POST entries/ {"route"
            nobody POST entries/ {"route":"192.0.2.1/24"}
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {}
          400 {"route":["This field is required."],"comment":["This field is required."]}
        bob POST entries/ {"route":null,"comment":" ","actiontype":"","who":"0123456789012345678901234567890","uuid":"x","expiration":"soon"}
          400 {"uuid":["Must be a valid UUID."],"route":["This field may not be null."],"comment":["This field may not be blank."],"actiontype":["This field may not be blank."],"expiration":["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."],"who":["Ensure this field has no more than 30 characters."]}
        bob POST entries/ {"route":"","comment":["a"],"actiontype":{},"who":true,"uuid":7,"expiration":null}
          400 {"uuid":["Must be a valid UUID."],"route":["This field may not be blank."],"comment":["Not a valid string."],"actiontype":["Not a valid string."],"expiration":["This field may not be null."],"who":["Not a valid string."]}
        bob POST entries/ {"route":"192.0.2.1","comment":"x","expiration":""}
          400 {"expiration":["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]}
        bob POST entries/ {"route":"192.0.2.1","comment":5,"is_active":false,"originating_scram_instance":"forged"}
          201 {"route":"192.0.2.1/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.1/32/","comment":"5","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ form:route=&comment=
          400 {"route":["This field may not be blank."],"comment":["This field may not be blank."]}
        bob POST entries/ [1]
          400 {"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}
        bob POST entries/ {"route"
          400 {"detail":"JSON parse error - EOF while parsing an object at line 1 column 8"}
        nobody POST entries/ {"route":"192.0.2.1/24"}
          400 {"route":["Must be a network address."],"comment":["This field is required."]}
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn the_checks_of_a_new_entry_come_in_their_order(world: World) {
    let stage = Stage::start(world, &[("V4_MINPREFIX", "16"), ("V6_MINPREFIX", "48")]).await;
    let store = &stage.app().store;
    store.add_action_type("shunt", "ada").await.unwrap();
    store.set_available("shunt", false, "ada").await.unwrap();
    let transcript = stage
        .play(
            r#"
            bob POST ignore_entries/ {"route":"10.1.2.0/24","comment":"ours"}
            bob POST ignore_entries/ {"route":"2001:db8:1::/64","comment":"ours"}
            nobody POST entries/ {"route":"10.0.0.0/15","comment":"","actiontype":"redirect"}
            nobody POST entries/ {"route":"10.0.0.0/15","comment":"x","actiontype":"redirect"}
            nobody POST entries/ {"route":"10.0.0.0/15","comment":"x","actiontype":"shunt"}
            nobody POST entries/ {"route":"10.0.0.0/15","comment":"x"}
            nobody POST entries/ {"route":"2001:db8::/47","comment":"x"}
            nobody POST entries/ {"route":"10.1.2.0/24","comment":"x"}
            ada POST entries/ {"route":"10.1.2.0/24","comment":"x","uuid":"00000000-0000-4000-8000-000000000000"}
            ada POST entries/ {"route":"10.1.2.0/24","comment":"same"}
            ada POST entries/ {"route":"10.1.2.4","comment":"inside"}
            ada POST entries/ {"route":"10.1.0.0/16","comment":"around"}
            ada POST entries/ {"route":"2001:db8:1::/64","comment":"same"}
            ada POST entries/ {"route":"2001:db8:1::7","comment":"inside"}
            ada POST entries/ {"route":"2001:db8:1::/48","comment":"around"}
            ada POST entries/ {"route":"10.1.3.0/24","comment":"beside"}
            "#,
        )
        .await;
    expect![[r#"
        bob POST ignore_entries/ {"route":"10.1.2.0/24","comment":"ours"}
          201 {"route":"10.1.2.0/24","comment":"ours","still_active":[]}
        bob POST ignore_entries/ {"route":"2001:db8:1::/64","comment":"ours"}
          201 {"route":"2001:db8:1::/64","comment":"ours","still_active":[]}
        nobody POST entries/ {"route":"10.0.0.0/15","comment":"","actiontype":"redirect"}
          400 {"comment":["This field may not be blank."]}
        nobody POST entries/ {"route":"10.0.0.0/15","comment":"x","actiontype":"redirect"}
          400 {"actiontype":["There is no action type \"redirect\"."]}
        nobody POST entries/ {"route":"10.0.0.0/15","comment":"x","actiontype":"shunt"}
          400 {"actiontype":["The action type \"shunt\" is not available."]}
        nobody POST entries/ {"route":"10.0.0.0/15","comment":"x"}
          400 {"detail":"You've supplied too large of a network. settings.V4_MINPREFIX = 16 settings.V6_MINPREFIX = 48"}
        nobody POST entries/ {"route":"2001:db8::/47","comment":"x"}
          400 {"detail":"You've supplied too large of a network. settings.V4_MINPREFIX = 16 settings.V6_MINPREFIX = 48"}
        nobody POST entries/ {"route":"10.1.2.0/24","comment":"x"}
          403 {"detail":"Authentication credentials were not provided."}
        ada POST entries/ {"route":"10.1.2.0/24","comment":"x","uuid":"00000000-0000-4000-8000-000000000000"}
          403 {"detail":"Client does not exist"}
        ada POST entries/ {"route":"10.1.2.0/24","comment":"same"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"10.1.2.4","comment":"inside"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"10.1.0.0/16","comment":"around"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"2001:db8:1::/64","comment":"same"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"2001:db8:1::7","comment":"inside"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"2001:db8:1::/48","comment":"around"}
          400 {"detail":"This CIDR is on the ignore list. You are not allowed to add it here."}
        ada POST entries/ {"route":"10.1.3.0/24","comment":"beside"}
          201 {"route":"10.1.3.0/24","actiontype":"block","url":"http://scram.example/api/v1/entries/10.1.3.0/24/","comment":"beside","who":"ada","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn an_entry_is_found_by_its_number_and_by_what_overlaps_it(world: World) {
    let stage = Stage::start(world, WIDE).await;
    stage
        .play(
            r#"
            bob POST entries/ {"route":"192.0.2.131/32","comment":"1"}
            bob POST entries/ {"route":"198.51.100.160/28","comment":"2"}
            bob POST entries/ {"route":"2001:db8:94be::/64","comment":"3"}
            bob POST entries/ {"route":"203.0.113.4","comment":"4"}
            bob POST entries/ {"route":"203.0.113.5","comment":"5"}
            "#,
        )
        .await;
    let asked = [
        "1",
        "192.0.2.128/28",
        "192.0.2.131/24",
        "198.51.100.161",
        "198.51.100.160/29",
        "2001:db8:94be::1",
        "2001:db8:94be::/48",
        "2001:DB8:94BE:0:1::/80",
        "203.0.113.4/31",
        "0",
        "99",
        "99999999999999999999",
        "192.0.2.9",
        "192.0.0.0/7",
        "2001::/16",
    ];
    let mut told = String::new();
    for which in asked {
        let answer = stage.ask("cleo", &format!("GET entries/{which}/"), "").await;
        let json = answer.json();
        let what = json["comment"].as_str().or(json["detail"].as_str()).unwrap();
        told += &format!("{which}: {} {what}\n", answer.status);
    }
    for which in ["1", "99", "192.0.2.9", "203.0.113.4/31", "0.0.0.0/0"] {
        let answer = stage.ask("bob", &format!("DELETE entries/{which}/"), "").await;
        told += &format!("DELETE {which}: {} {}\n", answer.status, answer.body);
    }
    let left = stage.ask("cleo", "GET entries/", "").await.json();
    told += &format!("left: {}", left["count"]);
    expect![[r#"
        1: 200 1
        192.0.2.128/28: 200 1
        192.0.2.131/24: 200 1
        198.51.100.161: 200 2
        198.51.100.160/29: 200 2
        2001:db8:94be::1: 200 3
        2001:db8:94be::/48: 200 3
        2001:DB8:94BE:0:1::/80: 200 3
        203.0.113.4/31: 404 No active entry was found.
        0: 404 No active entry was found.
        99: 404 No active entry was found.
        99999999999999999999: 404 No active entry was found.
        192.0.2.9: 404 No active entry was found.
        192.0.0.0/7: 400 You've supplied too large of a network. settings.V4_MINPREFIX = 8 settings.V6_MINPREFIX = 32
        2001::/16: 400 You've supplied too large of a network. settings.V4_MINPREFIX = 8 settings.V6_MINPREFIX = 32
        DELETE 1: 204 
        DELETE 99: 204 
        DELETE 192.0.2.9: 204 
        DELETE 203.0.113.4/31: 204 
        DELETE 0.0.0.0/0: 400 {"detail":"You've supplied too large of a network. settings.V4_MINPREFIX = 8 settings.V6_MINPREFIX = 32"}
        left: 2"#]].assert_eq(&told);
    stage.end().await;
}

async fn an_entry_is_not_changed_but_added_again(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {"route":"192.0.2.208","comment":"one"}
            bob PUT entries/192.0.2.208/ {"route":"192.0.2.209","comment":"two"}
            bob PATCH entries/192.0.2.208/32/ {"route":"192.0.2.209"}
            bob POST entries/192.0.2.208/ {}
            bob DELETE entries/
            cleo GET entries/192.0.2.209/
            cleo GET is_active/?cidr=192.0.2.208/32
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {"route":"192.0.2.208","comment":"one"}
          201 {"route":"192.0.2.208/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.208/32/","comment":"one","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob PUT entries/192.0.2.208/ {"route":"192.0.2.209","comment":"two"}
          405 (Allow: GET,HEAD,DELETE) {"detail":"Method \"PUT\" not allowed."}
        bob PATCH entries/192.0.2.208/32/ {"route":"192.0.2.209"}
          405 (Allow: GET,HEAD,DELETE) {"detail":"Method \"PATCH\" not allowed."}
        bob POST entries/192.0.2.208/ {}
          405 (Allow: GET,HEAD,DELETE) {"detail":"Method \"POST\" not allowed."}
        bob DELETE entries/
          405 (Allow: GET,HEAD,POST) {"detail":"Method \"DELETE\" not allowed."}
        cleo GET entries/192.0.2.209/
          404 {"detail":"No active entry was found."}
        cleo GET is_active/?cidr=192.0.2.208/32
          200 {"results":[{"is_active":true,"route":"192.0.2.208/32"}],"warning":null,"covered_by":[]}
    "#]].assert_eq(&transcript);
    stage.end().await;
}

async fn expirations_come_in_all_forms_and_end_entries(world: World) {
    let stage = Stage::start(world, &[("SCRAM_EXPIRY_SECONDS", "1")]).await;
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(1)).to_rfc3339();
    let wanted = [
        ("192.0.2.1", "1970-01-01T00:00:00Z"),
        ("192.0.2.2", "2000-01-01"),
        ("192.0.2.3", &soon),
        ("192.0.2.4", "2030-01-02T03:04:05.678+01:00"),
        ("192.0.2.5", "2030-01-02 03:04"),
        ("192.0.2.6", "9999-12-31T23:59:59-12:00"),
    ];
    for (route, expiration) in wanted {
        let body = format!(r#"{{"route":"{route}","comment":"x","expiration":"{expiration}"}}"#);
        let answer = stage.ask("bob", "POST entries/", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.json()["is_active"], true);
    }
    // Once ended, once added again: the last expiration counts.
    let again = r#"{"route":"192.0.2.1","comment":"x","expiration":"2030-01-01T00:00:00Z"}"#;
    assert_eq!(stage.ask("bob", "POST entries/", again).await.status, 201);
    let mut left = Vec::new();
    for _ in 0..600 {
        let list = stage.ask("cleo", "GET entries/", "").await.json();
        left = list["results"].as_array().unwrap().clone();
        if left.len() <= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left: Vec<_> =
        left.iter().map(|it| format!("{} {}\n", it["route"], it["expiration"])).collect();
    expect![[r#"
        "192.0.2.1/32" "2030-01-01T00:00:00Z"
        "192.0.2.4/32" "2030-01-02T02:04:05.678000Z"
        "192.0.2.5/32" "2030-01-02T03:04:00Z"
        "192.0.2.6/32" "9999-12-31T00:00:00Z"
    "#]]
    .assert_eq(&left.concat());
    stage.end().await;
}

async fn pages_lead_to_each_other(world: World) {
    let stage = Stage::start(world, &[("PAGINATION_SIZE", "2")]).await;
    for host in 1..=5 {
        let body = format!(r#"{{"route":"192.0.2.{host}","comment":"x"}}"#);
        assert_eq!(stage.ask("bob", "POST entries/", &body).await.status, 201);
    }
    let mut told = String::new();
    let asked = [
        "",
        "?page=1",
        "?page=2",
        "?page=3",
        "?page=4",
        "?page=0",
        "?page=-1",
        "?page=",
        "?page=x",
        "?page=1.5",
        "?page=%2B1",
        "?page=18446744073709551615",
        "?page=99999999999999999999",
    ];
    for page in asked {
        let answer = stage.ask("cleo", &format!("GET entries/{page}"), "").await;
        let mut json = answer.json();
        if let Some(results) = json["results"].as_array() {
            json["results"] = results.iter().map(|entry| entry["route"].clone()).collect();
        }
        told += &format!("{page}: {} {json}\n", answer.status);
    }
    expect![[r#"
        : 200 {"count":5,"next":"http://scram.example/api/v1/entries/?page=2","previous":null,"results":["192.0.2.1/32","192.0.2.2/32"]}
        ?page=1: 200 {"count":5,"next":"http://scram.example/api/v1/entries/?page=2","previous":null,"results":["192.0.2.1/32","192.0.2.2/32"]}
        ?page=2: 200 {"count":5,"next":"http://scram.example/api/v1/entries/?page=3","previous":"http://scram.example/api/v1/entries/","results":["192.0.2.3/32","192.0.2.4/32"]}
        ?page=3: 200 {"count":5,"next":null,"previous":"http://scram.example/api/v1/entries/?page=2","results":["192.0.2.5/32"]}
        ?page=4: 404 {"detail":"Invalid page."}
        ?page=0: 404 {"detail":"Invalid page."}
        ?page=-1: 404 {"detail":"Invalid page."}
        ?page=: 200 {"count":5,"next":"http://scram.example/api/v1/entries/?page=2","previous":null,"results":["192.0.2.1/32","192.0.2.2/32"]}
        ?page=x: 404 {"detail":"Invalid page."}
        ?page=1.5: 404 {"detail":"Invalid page."}
        ?page=%2B1: 404 {"detail":"Invalid page."}
        ?page=18446744073709551615: 404 {"detail":"Invalid page."}
        ?page=99999999999999999999: 404 {"detail":"Invalid page."}
    "#]].assert_eq(&told);
    stage.end().await;
}
