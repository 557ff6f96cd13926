//! `is_active/`.

use crate::stage::Stage;
use crate::world::{World, network, on_both};
use campanile_scram::store::import::Imported;
use expect_test::expect;

on_both! {
    strangers_are_told_a_thousand_and_that_there_are_more
    anybody_may_ask_whether_something_is_done_about_a_network
}

async fn strangers_are_told_a_thousand_and_that_there_are_more(world: World) {
    let stage = Stage::start(world, &[]).await;
    let imported = |host: u32| Imported {
        network: network(&format!("10.0.{}.{}", host / 250, host % 250)),
        action_type: "block".to_owned(),
        comment: "one of many".to_owned(),
        who: "ada".to_owned(),
        expiration: None,
        is_active: true,
        expiration_reason: String::new(),
        originating_scram_instance: None,
        made: None,
    };
    let many: Vec<Imported> = (0..1001).map(imported).collect();
    stage.app().store.add_many(&many, "ada").await.unwrap();
    for (who, count) in [("nobody", 1000), ("cleo", 1001)] {
        let answer = stage.ask(who, "GET is_active/?cidr=10.0.0.0/8", "").await.json();
        assert_eq!(answer["results"].as_array().map(Vec::len), Some(count), "{who}");
        let warning = answer["warning"].as_str().unwrap_or_default();
        assert_eq!(warning.contains("Only the first 1000"), who == "nobody", "{warning}");
    }
    stage.end().await;
}

async fn anybody_may_ask_whether_something_is_done_about_a_network(world: World) {
    let stage = Stage::start(world, &[("V4_MINPREFIX", "8"), ("V6_MINPREFIX", "32")]).await;
    stage.app().store.add_action_type("shunt", "ada").await.unwrap();
    let transcript = stage
        .play(
            r#"
            nobody GET is_active/?cidr=192.0.2.6
            bob POST entries/ {"route":"192.0.2.6","comment":"x"}
            bob POST entries/ {"route":"192.0.2.6","comment":"x","actiontype":"shunt"}
            bob POST entries/ {"route":"198.51.100.0/24","comment":"x"}
            bob POST entries/ {"route":"2001:db8::/48","comment":"x"}
            nobody GET is_active/?cidr=192.0.2.6
            nobody GET is_active/?cidr=192.0.2.6/32
            nobody GET is_active/?cidr=192.0.2.7%2F24
            nobody GET is_active/?cidr=198.51.100.7/32
            nobody GET is_active/?cidr=2001:DB8::1
            nobody GET is_active/?cidr=0.0.0.0/0
            nobody GET is_active/
            nobody GET is_active/?cidr=
            nobody GET is_active/?cidr=1.2.3.256
            nobody GET is_active/?cidr=%00
            nobody GET is_active/?cidr=%ff%fe
            nobody POST is_active/ {}
            nobody DELETE is_active/?cidr=192.0.2.6
            "#,
        )
        .await;
    expect![[r#"
        nobody GET is_active/?cidr=192.0.2.6
          200 {"results":[{"is_active":false,"route":"192.0.2.6/32"}],"warning":"Input CIDR '192.0.2.6' was not canonical and was normalized to '192.0.2.6/32' for the search.","covered_by":[]}
        bob POST entries/ {"route":"192.0.2.6","comment":"x"}
          201 {"route":"192.0.2.6/32","actiontype":"block","url":"http://scram.example/api/v1/entries/192.0.2.6/32/","comment":"x","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"192.0.2.6","comment":"x","actiontype":"shunt"}
          201 {"route":"192.0.2.6/32","actiontype":"shunt","url":"http://scram.example/api/v1/entries/192.0.2.6/32/","comment":"x","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"198.51.100.0/24","comment":"x"}
          201 {"route":"198.51.100.0/24","actiontype":"block","url":"http://scram.example/api/v1/entries/198.51.100.0/24/","comment":"x","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST entries/ {"route":"2001:db8::/48","comment":"x"}
          201 {"route":"2001:db8::/48","actiontype":"block","url":"http://scram.example/api/v1/entries/2001:db8::/48/","comment":"x","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        nobody GET is_active/?cidr=192.0.2.6
          200 {"results":[{"is_active":true,"route":"192.0.2.6/32"},{"is_active":true,"route":"192.0.2.6/32"}],"warning":"Input CIDR '192.0.2.6' was not canonical and was normalized to '192.0.2.6/32' for the search.","covered_by":[]}
        nobody GET is_active/?cidr=192.0.2.6/32
          200 {"results":[{"is_active":true,"route":"192.0.2.6/32"},{"is_active":true,"route":"192.0.2.6/32"}],"warning":null,"covered_by":[]}
        nobody GET is_active/?cidr=192.0.2.7%2F24
          200 {"results":[{"is_active":true,"route":"192.0.2.6/32"},{"is_active":true,"route":"192.0.2.6/32"}],"warning":"Input CIDR '192.0.2.7/24' was not canonical and was normalized to '192.0.2.0/24' for the search.","covered_by":[]}
        nobody GET is_active/?cidr=198.51.100.7/32
          200 {"results":[{"is_active":false,"route":"198.51.100.7/32"}],"warning":null,"covered_by":["198.51.100.0/24"]}
        nobody GET is_active/?cidr=2001:DB8::1
          200 {"results":[{"is_active":false,"route":"2001:db8::1/128"}],"warning":"Input CIDR '2001:DB8::1' was not canonical and was normalized to '2001:db8::1/128' for the search.","covered_by":["2001:db8::/48"]}
        nobody GET is_active/?cidr=0.0.0.0/0
          200 {"results":[{"is_active":true,"route":"192.0.2.6/32"},{"is_active":true,"route":"192.0.2.6/32"},{"is_active":true,"route":"198.51.100.0/24"}],"warning":null,"covered_by":[]}
        nobody GET is_active/
          400 {"error":"cidr parameter is required"}
        nobody GET is_active/?cidr=
          400 {"error":"cidr parameter is required"}
        nobody GET is_active/?cidr=1.2.3.256
          400 {"error":"invalid ip address or network"}
        nobody GET is_active/?cidr=%00
          400 {"error":"invalid ip address or network"}
        nobody GET is_active/?cidr=%ff%fe
          400 {"error":"invalid ip address or network"}
        nobody POST is_active/ {}
          405 (Allow: GET,HEAD) {"detail":"Method \"POST\" not allowed."}
        nobody DELETE is_active/?cidr=192.0.2.6
          405 (Allow: GET,HEAD) {"detail":"Method \"DELETE\" not allowed."}
    "#]].assert_eq(&transcript);
    stage.end().await;
}
