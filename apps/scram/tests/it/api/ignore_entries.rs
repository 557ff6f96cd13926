//! `ignore_entries/`: the original's scenario D, and what it could not do.

use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;

on_both! {
    the_ignore_list_is_written_read_changed_and_cleared
}

async fn the_ignore_list_is_written_read_changed_and_cleared(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            r#"
            bob POST entries/ {"route":"10.1.2.3","comment":"blocked already"}
            bob POST ignore_entries/ {"route":"10.0.0.0/8","comment":"ours"}
            bob POST ignore_entries/ {"route":"192.0.2.1","comment":"a host"}
            bob POST ignore_entries/ form:route=2001:DB8::%2F32&comment=ours,+too
            bob POST ignore_entries/ {"route":"2001:db8::1","comment":"a host of it"}
            cleo GET ignore_entries/
            bob POST ignore_entries/ {"route":"10.0.0.0/8","comment":"twice"}
            bob POST ignore_entries/ {"route":"10.0.0.1/8","comment":""}
            bob POST ignore_entries/ {}
            cleo GET ignore_entries/10.0.0.0/8/
            cleo GET ignore_entries/10.0.0.0%2F8/
            cleo GET ignore_entries/10.0.0.0/9/
            cleo GET ignore_entries/nonsense/
            bob PATCH ignore_entries/10.0.0.0/8/ {"comment":"still ours"}
            bob PATCH ignore_entries/10.0.0.0/8/ {}
            bob PUT ignore_entries/10.0.0.0/8/ {"route":"10.0.0.0/8","comment":"ours for ever"}
            bob PUT ignore_entries/10.0.0.0/8/ {"route":"10.0.0.0/9","comment":"another"}
            bob PUT ignore_entries/10.0.0.0/8/ {"comment":"no route"}
            bob PATCH ignore_entries/11.0.0.0/8/ {"comment":"not there"}
            bob DELETE ignore_entries/10.0.0.0/8/
            bob DELETE ignore_entries/10.0.0.0/8/
            bob POST ignore_entries/10.0.0.0/8/ {}
            bob DELETE ignore_entries/
            cleo GET ignore_entries/10.0.0.0/8/
            "#,
        )
        .await;
    expect![[r#"
        bob POST entries/ {"route":"10.1.2.3","comment":"blocked already"}
          201 {"route":"10.1.2.3/32","actiontype":"block","url":"http://scram.example/api/v1/entries/10.1.2.3/32/","comment":"blocked already","who":"bob","expiration":"9999-12-31T00:00:00Z","originating_scram_instance":"scram_hostname_not_set","is_active":true}
        bob POST ignore_entries/ {"route":"10.0.0.0/8","comment":"ours"}
          201 {"route":"10.0.0.0/8","comment":"ours","still_active":["10.1.2.3/32"]}
        bob POST ignore_entries/ {"route":"192.0.2.1","comment":"a host"}
          201 {"route":"192.0.2.1/32","comment":"a host","still_active":[]}
        bob POST ignore_entries/ form:route=2001:DB8::%2F32&comment=ours,+too
          201 {"route":"2001:db8::/32","comment":"ours, too","still_active":[]}
        bob POST ignore_entries/ {"route":"2001:db8::1","comment":"a host of it"}
          201 {"route":"2001:db8::1/128","comment":"a host of it","still_active":[]}
        cleo GET ignore_entries/
          200 {"count":4,"next":null,"previous":null,"results":[{"route":"10.0.0.0/8","comment":"ours"},{"route":"192.0.2.1/32","comment":"a host"},{"route":"2001:db8::/32","comment":"ours, too"},{"route":"2001:db8::1/128","comment":"a host of it"}]}
        bob POST ignore_entries/ {"route":"10.0.0.0/8","comment":"twice"}
          400 {"route":["ignore entry with this route already exists."]}
        bob POST ignore_entries/ {"route":"10.0.0.1/8","comment":""}
          400 {"route":["Must be a network address."],"comment":["This field may not be blank."]}
        bob POST ignore_entries/ {}
          400 {"route":["This field is required."],"comment":["This field is required."]}
        cleo GET ignore_entries/10.0.0.0/8/
          200 {"route":"10.0.0.0/8","comment":"ours"}
        cleo GET ignore_entries/10.0.0.0%2F8/
          200 {"route":"10.0.0.0/8","comment":"ours"}
        cleo GET ignore_entries/10.0.0.0/9/
          404 {"detail":"Not found."}
        cleo GET ignore_entries/nonsense/
          400 {"detail":"Not a valid CIDR."}
        bob PATCH ignore_entries/10.0.0.0/8/ {"comment":"still ours"}
          200 {"route":"10.0.0.0/8","comment":"still ours"}
        bob PATCH ignore_entries/10.0.0.0/8/ {}
          200 {"route":"10.0.0.0/8","comment":"still ours"}
        bob PUT ignore_entries/10.0.0.0/8/ {"route":"10.0.0.0/8","comment":"ours for ever"}
          200 {"route":"10.0.0.0/8","comment":"ours for ever"}
        bob PUT ignore_entries/10.0.0.0/8/ {"route":"10.0.0.0/9","comment":"another"}
          400 {"route":["The route of an ignore entry cannot change: add another, and delete this one."]}
        bob PUT ignore_entries/10.0.0.0/8/ {"comment":"no route"}
          400 {"route":["This field is required."]}
        bob PATCH ignore_entries/11.0.0.0/8/ {"comment":"not there"}
          404 {"detail":"Not found."}
        bob DELETE ignore_entries/10.0.0.0/8/
          204 
        bob DELETE ignore_entries/10.0.0.0/8/
          204 
        bob POST ignore_entries/10.0.0.0/8/ {}
          405 (Allow: GET,HEAD,PUT,PATCH,DELETE) {"detail":"Method \"POST\" not allowed."}
        bob DELETE ignore_entries/
          405 (Allow: GET,HEAD,POST) {"detail":"Method \"DELETE\" not allowed."}
        cleo GET ignore_entries/10.0.0.0/8/
          404 {"detail":"Not found."}
    "#]].assert_eq(&transcript);
    let long = format!(r#"{{"route":"11.0.0.0/8","comment":"{}"}}"#, "é".repeat(101));
    let answer = stage.ask("bob", "POST ignore_entries/", &long).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (400, r#"{"comment":["Ensure this field has no more than 100 characters."]}"#)
    );
    stage.end().await;
}
