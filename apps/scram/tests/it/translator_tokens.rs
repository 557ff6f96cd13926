//! Translator tokens in the store.

use crate::world::{World, on_both};
use campanile_scram::entities::translator_token;
use campanile_scram::store::ChangeError;
use sea_orm::EntityTrait;

on_both! {
    a_translator_is_known_by_its_token_and_for_its_action_types
    a_token_has_a_name_of_its_own_and_action_types_that_exist
    a_token_that_was_taken_back_is_nobodys
}

async fn a_translator_is_known_by_its_token_and_for_its_action_types(world: World) {
    let store = world.instance("scram1").await;
    store.add_action_type("shunt", "ada").await.expect("it is added");
    let both = store.add_translator_token("edge-1", &["shunt", "block", "block"]).await;
    let both = both.expect("it is made");
    let one = store.add_translator_token("edge-2", &["block"]).await.expect("it is made");
    assert!(both.len() == 40 && both.bytes().all(|byte| byte.is_ascii_hexdigit()), "{both}");
    assert_ne!(both, one);

    let other = world.instance("scram2").await;
    let known = other.translator_token(&both).await.expect("it is read").expect("it is known");
    assert_eq!(known.name, "edge-1");
    assert_eq!(known.action_types, ["block", "shunt"]);
    for stranger in ["", "edge-1", &both.to_uppercase(), &both[..39]] {
        assert_eq!(other.translator_token(stranger).await.expect("it is read"), None);
    }
    let tokens = store.translator_tokens().await.expect("they are read");
    let told = tokens.iter().map(|it| (&*it.name, it.action_types.len(), it.last_used_at));
    let used = tokens[0].last_used_at;
    assert!(used.is_some());
    assert_eq!(told.collect::<Vec<_>>(), [("edge-1", 2, used), ("edge-2", 1, None)]);
    let rows = translator_token::Entity::find().all(store.database().read()).await;
    assert!(!format!("{rows:?}").contains(&both), "the table keeps no token");
}

async fn a_token_has_a_name_of_its_own_and_action_types_that_exist(world: World) {
    let store = world.instance("scram1").await;
    let add = async |name: &str, types: &[&str]| {
        store.add_translator_token(name, types).await.expect_err("it is refused")
    };
    assert!(matches!(add("", &["block"]).await, ChangeError::Invalid("name", _)));
    assert!(matches!(add(&"n".repeat(51), &["block"]).await, ChangeError::Invalid("name", _)));
    assert!(matches!(add("edge", &[]).await, ChangeError::Invalid("action_types", _)));
    assert!(matches!(add("edge", &["block", "blok"]).await, ChangeError::Invalid(_, _)));
    store.add_translator_token("edge", &["block"]).await.expect("it is made");
    assert!(matches!(add("edge", &["block"]).await, ChangeError::Duplicate(_)));
}

async fn a_token_that_was_taken_back_is_nobodys(world: World) {
    let store = world.instance("scram1").await;
    store.add_action_type("shunt", "ada").await.expect("it is added");
    let token = store.add_translator_token("edge", &["block", "shunt"]).await.expect("it is made");
    store.remove_action_type("shunt", "ada").await.expect("it is removed");
    let known = store.translator_token(&token).await.expect("it is read").expect("it is known");
    assert_eq!(known.action_types, ["block"]);
    store.remove_translator_token("edge").await.expect("it is removed");
    assert_eq!(store.translator_token(&token).await.expect("it is read"), None);
    let twice = store.remove_translator_token("edge").await;
    assert!(matches!(twice, Err(ChangeError::NotFound)));
}
