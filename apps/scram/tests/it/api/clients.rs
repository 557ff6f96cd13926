//! `register_client/`, and what clients may do: the original's scenarios B and G.

use super::asking::HOST;
use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;

on_both! {
    a_program_makes_itself_known
    a_client_may_do_what_it_is_authorized_for_and_nothing_else
    who_registers_too_often_is_told_to_wait
}

const MANY: &[(&str, &str)] = &[("SCRAM_REGISTRATIONS_PER_MINUTE_MAX", "1000")];

async fn a_program_makes_itself_known(world: World) {
    let stage = Stage::start(world, MANY).await;
    let transcript = stage
        .play(
            r#"
            nobody POST register_client/ {"client_name":"zeek","uuid":"0EAB4C6A-1111-4222-8333-444455556666"}
            nobody POST register_client/ {"client_name":"zeek","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
            nobody POST register_client/ {"client_name":"zeek"}
            nobody POST register_client/ {"client_name":"zeek","uuid":"1eab4c6a-1111-4222-8333-444455556666"}
            nobody POST register_client/ {"client_name":"suricata","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
            nobody POST register_client/ form:client_name=form&uuid=2eab4c6a-1111-4222-8333-444455556666
            nobody POST register_client/ {"uuid":"3eab4c6a-1111-4222-8333-444455556666"}
            nobody POST register_client/ {"client_name":""}
            nobody POST register_client/ {"client_name":null}
            nobody POST register_client/ {"client_name":"012345678901234567890123456789012345678901234567890"}
            nobody POST register_client/ {"client_name":"x","uuid":"nonsense"}
            nobody POST register_client/ {"client_name":"x","uuid":null}
            nobody POST register_client/ {"client_name":["x"]}
            nobody POST register_client/ {"client_name":"a\u0000b"}
            nobody POST register_client/ "x"
            nobody GET register_client/
            nobody DELETE register_client/
            "#,
        )
        .await;
    expect![[r#"
        nobody POST register_client/ {"client_name":"zeek","uuid":"0EAB4C6A-1111-4222-8333-444455556666"}
          201 {"client_name":"zeek","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
        nobody POST register_client/ {"client_name":"zeek","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
          200 {"client_name":"zeek","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
        nobody POST register_client/ {"client_name":"zeek"}
          400 {"detail":"Invalid client registration request."}
        nobody POST register_client/ {"client_name":"zeek","uuid":"1eab4c6a-1111-4222-8333-444455556666"}
          400 {"detail":"Invalid client registration request."}
        nobody POST register_client/ {"client_name":"suricata","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
          400 {"detail":"Invalid client registration request."}
        nobody POST register_client/ form:client_name=form&uuid=2eab4c6a-1111-4222-8333-444455556666
          201 {"client_name":"form","uuid":"2eab4c6a-1111-4222-8333-444455556666"}
        nobody POST register_client/ {"uuid":"3eab4c6a-1111-4222-8333-444455556666"}
          400 {"detail":"client_name is required."}
        nobody POST register_client/ {"client_name":""}
          400 {"detail":"client_name is required."}
        nobody POST register_client/ {"client_name":null}
          400 {"detail":"client_name is required."}
        nobody POST register_client/ {"client_name":"012345678901234567890123456789012345678901234567890"}
          400 {"client_name":["Ensure this field has no more than 50 characters."]}
        nobody POST register_client/ {"client_name":"x","uuid":"nonsense"}
          400 {"uuid":["Must be a valid UUID."]}
        nobody POST register_client/ {"client_name":"x","uuid":null}
          400 {"uuid":["This field may not be null."]}
        nobody POST register_client/ {"client_name":["x"]}
          400 {"client_name":["Not a valid string."]}
        nobody POST register_client/ {"client_name":"a\u0000b"}
          400 {"client_name":["Null characters are not allowed."]}
        nobody POST register_client/ "x"
          400 {"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}
        nobody GET register_client/
          405 (Allow: POST) {"detail":"Method \"GET\" not allowed."}
        nobody DELETE register_client/
          405 (Allow: POST) {"detail":"Method \"DELETE\" not allowed."}
    "#]].assert_eq(&transcript);
    let made = stage.ask("nobody", "POST register_client/", r#"{"client_name":"made"}"#).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["uuid"].as_str().map(str::len), Some(36));
    assert!(!stage.app().store.client("made").await.unwrap().unwrap().is_authorized);
    stage.end().await;
}

async fn a_client_may_do_what_it_is_authorized_for_and_nothing_else(world: World) {
    let stage = Stage::start(world, MANY).await;
    let store = &stage.app().store;
    store.add_action_type("shunt", "ada").await.unwrap();
    let register = r#"{"client_name":"zeek","uuid":"0eab4c6a-1111-4222-8333-444455556666"}"#;
    assert_eq!(stage.ask("nobody", "POST register_client/", register).await.status, 201);
    let script = r#"
        nobody POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
        ada POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0EAB4C6A-1111-4222-8333-444455556666"}
        nobody POST entries/ {"route":"192.0.2.2","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666","actiontype":"shunt"}
        nobody POST entries/ form:route=192.0.2.3&comment=x&who=zeek-7&uuid=0eab4c6a-1111-4222-8333-444455556666
        nobody POST entries/ {"route":"192.0.2.4","comment":"x","uuid":"ffffffff-1111-4222-8333-444455556666"}
        "#;
    let unauthorized = stage.play(script).await;
    expect![[r#"
        nobody POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
          403 {"detail":"This client is not allowed to use this actiontype"}
        ada POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0EAB4C6A-1111-4222-8333-444455556666"}
          403 {"detail":"This client is not allowed to use this actiontype"}
        nobody POST entries/ {"route":"192.0.2.2","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666","actiontype":"shunt"}
          403 {"detail":"This client is not allowed to use this actiontype"}
        nobody POST entries/ form:route=192.0.2.3&comment=x&who=zeek-7&uuid=0eab4c6a-1111-4222-8333-444455556666
          403 {"detail":"This client is not allowed to use this actiontype"}
        nobody POST entries/ {"route":"192.0.2.4","comment":"x","uuid":"ffffffff-1111-4222-8333-444455556666"}
          403 {"detail":"Client does not exist"}
    "#]].assert_eq(&unauthorized);
    store.authorize("zeek", true, &[1]).await.unwrap();
    let authorized = stage.play(script).await.replace(HOST, "host");
    expect![[r#"
        nobody POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666"}
          201 {"route":"192.0.2.1/32","actiontype":"block","url":"http://host/api/v1/entries/192.0.2.1/32/","comment":"x","who":"","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        ada POST entries/ {"route":"192.0.2.1","comment":"x","uuid":"0EAB4C6A-1111-4222-8333-444455556666"}
          201 {"route":"192.0.2.1/32","actiontype":"block","url":"http://host/api/v1/entries/192.0.2.1/32/","comment":"x","who":"ada","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        nobody POST entries/ {"route":"192.0.2.2","comment":"x","uuid":"0eab4c6a-1111-4222-8333-444455556666","actiontype":"shunt"}
          403 {"detail":"This client is not allowed to use this actiontype"}
        nobody POST entries/ form:route=192.0.2.3&comment=x&who=zeek-7&uuid=0eab4c6a-1111-4222-8333-444455556666
          201 {"route":"192.0.2.3/32","actiontype":"block","url":"http://host/api/v1/entries/192.0.2.3/32/","comment":"x","who":"zeek-7","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        nobody POST entries/ {"route":"192.0.2.4","comment":"x","uuid":"ffffffff-1111-4222-8333-444455556666"}
          403 {"detail":"Client does not exist"}
    "#]].assert_eq(&authorized);
    stage.end().await;
}

async fn who_registers_too_often_is_told_to_wait(world: World) {
    let stage = Stage::start(world, &[("SCRAM_REGISTRATIONS_PER_MINUTE_MAX", "2")]).await;
    let register = async |name: &str| {
        let body = format!(r#"{{"client_name":"{name}"}}"#);
        stage.ask("nobody", "POST register_client/", &body).await
    };
    assert_eq!(register("one").await.status, 201);
    assert_eq!(register("").await.status, 400);
    let refused = register("three").await;
    assert_eq!(refused.status, 429);
    assert!(
        refused.body.starts_with(r#"{"detail":"Request was throttled. Expected available in "#)
    );
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(stage.app().surface.answered().get(&429), Some(&1));
    stage.end().await;
}
