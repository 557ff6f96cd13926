//! The smaller lists: action types (the original's scenario E), users, collections, and what is none.

use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;

on_both! {
    each_collection_tells_what_it_holds
    what_is_not_there_is_answered_in_json
}

async fn each_collection_tells_what_it_holds(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            r#"
            dan GET /api/v1/
            cleo GET actiontypes/
            cleo GET actiontypes/?page=2
            cleo GET actiontypes/block/
            cleo GET actiontypes/shunt/
            cleo GET actiontypes/%00/
            cleo POST actiontypes/ {}
            dan GET users/
            dan GET users/me/
            dan GET users/dan/
            dan GET users/ada/
            dan DELETE users/dan/
            nobody POST /auth-token/ {"username":"dan","password":"wrong"}
            nobody POST /auth-token/ {"username":"dan"}
            "#,
        )
        .await;
    expect![[r#"
        dan GET /api/v1/
          200 {"actiontypes":"http://scram.example/api/v1/actiontypes/","entries":"http://scram.example/api/v1/entries/","ignore_entries":"http://scram.example/api/v1/ignore_entries/","is_active":"http://scram.example/api/v1/is_active/","register_client":"http://scram.example/api/v1/register_client/","users":"http://scram.example/api/v1/users/"}
        cleo GET actiontypes/
          200 {"count":1,"next":null,"previous":null,"results":[{"pk":1,"name":"block","available":true}]}
        cleo GET actiontypes/?page=2
          404 {"detail":"Invalid page."}
        cleo GET actiontypes/block/
          200 {"pk":1,"name":"block","available":true}
        cleo GET actiontypes/shunt/
          404 {"detail":"Not found."}
        cleo GET actiontypes/%00/
          404 {"detail":"Not found."}
        cleo POST actiontypes/ {}
          405 (Allow: GET,HEAD) {"detail":"Method \"POST\" not allowed."}
        dan GET users/
          200 {"count":1,"next":null,"previous":null,"results":[{"username":"dan","name":"","url":"http://scram.example/api/v1/users/dan/"}]}
        dan GET users/me/
          200 {"username":"dan","name":"","url":"http://scram.example/api/v1/users/dan/"}
        dan GET users/dan/
          200 {"username":"dan","name":"","url":"http://scram.example/api/v1/users/dan/"}
        dan GET users/ada/
          404 {"detail":"Not found."}
        dan DELETE users/dan/
          405 (Allow: GET,HEAD) {"detail":"Method \"DELETE\" not allowed."}
        nobody POST /auth-token/ {"username":"dan","password":"wrong"}
          400 {"non_field_errors":["Unable to log in with provided credentials."]}
        nobody POST /auth-token/ {"username":"dan"}
          400 {"password":["This field is required."]}
    "#]].assert_eq(&transcript);
    let sent = format!(r#"{{"username":"dan","password":"{}"}}"#, crate::stage::PASSWORD);
    let answer = stage.ask("nobody", "POST /auth-token/", &sent).await;
    assert_eq!(answer.json()["token"], stage.token("dan").await);
    stage.end().await;
}

async fn what_is_not_there_is_answered_in_json(world: World) {
    let stage = Stage::start(world, &[]).await;
    let transcript = stage
        .play(
            "
            nobody GET /api/
            nobody GET /api/v2/entries/
            nobody GET nothing/
            ada GET entries
            ada POST nothing/ {}
            ada PUT /api/v1/
            ",
        )
        .await;
    expect![[r#"
        nobody GET /api/
          404 {"detail":"Not found."}
        nobody GET /api/v2/entries/
          404 {"detail":"Not found."}
        nobody GET nothing/
          404 {"detail":"Not found."}
        ada GET entries
          404 {"detail":"Not found."}
        ada POST nothing/ {}
          404 {"detail":"Not found."}
        ada PUT /api/v1/
          405 (Allow: GET,HEAD) {"detail":"Method \"PUT\" not allowed."}
    "#]]
    .assert_eq(&transcript);
    stage.end().await;
}
