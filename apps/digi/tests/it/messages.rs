//! Messages are added, edited and deleted, and each change is told.

use crate::world::{World, add, bodies, on_both, people, refused, talking, text, told};
use campanile_digi::store::{Answer, NewMessage, Page};
use chrono::TimeDelta;

on_both! {
    a_text_is_kept_exactly_and_what_is_none_is_refused
    what_is_sent_twice_by_one_name_is_one_message
    only_the_sender_edits_and_deletes_and_nothing_of_the_text_is_left
    who_does_not_talk_any_more_may_still_delete_what_it_has_said
    who_was_away_is_told_all_in_order_or_to_begin_anew
}

async fn a_text_is_kept_exactly_and_what_is_none_is_refused(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    for exact in ["  hi\r\n", "<b>&amp;</b>", "Zoë 🦜\u{202e}", "a' OR 1=1 --", "%_\\"] {
        assert_eq!(add(&store, &ann, exact).await.body, exact);
        let last = store.history(&bob, Page::Newest, 1).await.unwrap();
        assert_eq!(bodies(&last.messages), [exact]);
    }
    for blank in ["", " \n\u{3000}"] {
        assert_eq!(refused(store.add(&ann, &text(blank)).await), "A message has a text.");
    }
    let long = "é".repeat(20);
    add(&store, &ann, &long).await;
    let too_long = store.add(&ann, &text(&format!("{long}é"))).await;
    assert_eq!(refused(too_long), "A message has at most 20 characters.");
    assert_eq!(refused(store.add(&ann, &text("a\0b")).await), "A message has no NUL in it.");
    let nameless = NewMessage { client_id: Some(String::new()), ..text("hi") };
    assert_eq!(refused(store.add(&ann, &nameless).await), "A client_id has 1 to 64 characters.");
    assert_eq!(told(&store, &bob, 5).await.len(), 1);
}

async fn what_is_sent_twice_by_one_name_is_one_message(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let named = |body: &str| NewMessage { client_id: Some("a1".to_owned()), ..text(body) };
    let first = store.add(&ann, &named("hi")).await.unwrap();
    let again = store.add(&ann, &named("other")).await.unwrap();
    assert!(first.is_new && !again.is_new);
    assert_eq!(again.message, first.message);
    // Another's names are others.
    assert!(store.add(&bob, &named("hi")).await.unwrap().is_new);
    store.delete(&ann, first.message.id).await.unwrap();
    assert!(!store.add(&ann, &named("hi")).await.unwrap().is_new);
    assert_eq!(told(&store, &bob, 0).await, ["1 Add \"\"", "2 Add \"hi\"", "3 Delete \"\""]);
}

async fn only_the_sender_edits_and_deletes_and_nothing_of_the_text_is_left(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let message = add(&store, &ann, "Secret plan").await;
    for tried in [store.edit(&bob, message.id, "mine").await, store.delete(&bob, message.id).await]
    {
        assert_eq!(refused(tried), "This message is not yours.");
    }
    // In another conversation, it is not there.
    let [cleo] = people(&store, ["cleo"]).await;
    let other = store.request(ann.user(), cleo).await.unwrap().conversation;
    store.answer(cleo, other, Answer::Accept).await.unwrap();
    let wrong = store.membership(ann.user(), other).await.unwrap();
    assert_eq!(refused(store.edit(&wrong, message.id, "there").await), "Not found.");
    let edited = store.edit(&ann, message.id, "Secret, better").await.unwrap();
    assert!(edited.edited_at.is_some() && edited.seq == message.seq);
    assert_eq!(store.search(bob.user(), "BETTER", None, 10).await.unwrap(), [edited]);
    let deleted = store.delete(&ann, message.id).await.unwrap();
    assert!(deleted.deleted_at.is_some());
    assert_eq!((deleted.body.as_str(), deleted.folded.as_str()), ("", ""));
    assert_eq!(store.search(bob.user(), "secret", None, 10).await.unwrap(), []);
    for gone in [store.edit(&ann, message.id, "back").await, store.delete(&ann, message.id).await] {
        assert_eq!(refused(gone), "Not found.");
    }
    // What was refused has taken no number.
    assert_eq!(told(&store, &bob, 0).await, ["1 Add \"\"", "2 Edit \"\"", "3 Delete \"\""]);
}

async fn who_does_not_talk_any_more_may_still_delete_what_it_has_said(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let (one, two) = (add(&store, &ann, "one").await, add(&store, &ann, "two").await);
    for (answer, message) in [(Answer::Block, one), (Answer::Leave, two)] {
        store.answer(bob.user(), ann.conversation().id, answer).await.unwrap();
        assert_eq!(refused(store.edit(&ann, message.id, "other").await), "Not found.");
        assert_eq!(refused(store.add(&ann, &text("more")).await), "Not found.");
        assert_eq!(refused(store.delete(&bob, message.id).await), "This message is not yours.");
        assert_eq!(store.delete(&ann, message.id).await.unwrap().body, "");
    }
    assert_eq!(told(&store, &ann, 2).await, ["3 Delete \"\"", "4 Delete \"\""]);
}

async fn who_was_away_is_told_all_in_order_or_to_begin_anew(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    add(&store, &ann, "one").await;
    let two = add(&store, &bob, "two").await;
    store.edit(&bob, two.id, "zwei").await.unwrap();
    assert_eq!(told(&store, &bob, 1).await, ["2 Add \"zwei\"", "3 Edit \"zwei\""]);
    assert_eq!(told(&store, &bob, 3).await, [""; 0]);
    // Who knows more than there is has another past.
    assert_eq!(told(&store, &bob, 4).await, ["resync 3"]);
    assert_eq!(store.purge_events(TimeDelta::days(1)).await.unwrap(), 0);
    assert_eq!(store.purge_events(TimeDelta::zero()).await.unwrap(), 3);
    add(&store, &ann, "four").await;
    assert_eq!(told(&store, &bob, 2).await, ["resync 4"]);
    assert_eq!(told(&store, &bob, 3).await, ["4 Add \"four\""]);
}
