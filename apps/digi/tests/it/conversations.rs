//! How two come to talk, and how they stop.

use crate::world::{World, add, member, on_both, people, refused, talking, text};
use campanile_digi::store::{
    Answer, ConversationError, FindError, Page, Requested, Standing, Store, UNREAD_AMONG,
};
use sea_orm::ConnectionTrait as _;

on_both! {
    a_request_waits_for_the_others_answer
    asking_who_has_asked_is_an_answer
    who_is_blocked_is_told_of_nobody
    who_leaves_sees_nothing_more_and_alone_may_come_back
    leaving_makes_nobodys_request_accepted
    where_both_have_left_who_asks_asks_anew
    who_accepts_after_the_other_has_left_talks_when_that_one_comes_back
    the_list_has_the_last_active_first_with_what_is_unread
    of_very_many_that_were_not_read_only_the_newest_are_counted
    so_many_may_be_asked_in_a_day
    strangers_find_nothing
}

async fn standing(store: &Store, user: i64, conversation: i64) -> Standing {
    member(store, user, conversation).await.standing()
}

async fn a_request_waits_for_the_others_answer(world: World) {
    let store = world.process("digi1").await;
    let [ann, bob] = people(&store, ["ann", "bob"]).await;
    let asked = store.request(bob, ann).await.unwrap();
    assert!(asked.is_new);
    let id = asked.conversation;
    assert_eq!(store.request(bob, ann).await.unwrap(), Requested { is_new: false, ..asked });
    assert_eq!(standing(&store, bob, id).await, Standing::PendingOut);
    assert_eq!(standing(&store, ann, id).await, Standing::PendingIn);
    let hasty = store.add(&member(&store, bob, id).await, &text("hi")).await;
    assert_eq!(refused(hasty), "Not found.");
    let own = store.answer(bob, id, Answer::Accept).await;
    assert!(matches!(own, Err(ConversationError::Forbidden)), "{own:?}");
    store.answer(ann, id, Answer::Decline).await.unwrap();
    assert_eq!(standing(&store, bob, id).await, Standing::Declined);
    // Who was declined may not nag; who has declined may think better of it.
    store.request(bob, ann).await.unwrap();
    assert_eq!(standing(&store, ann, id).await, Standing::Declined);
    store.answer(ann, id, Answer::Accept).await.unwrap();
    add(&store, &member(&store, bob, id).await, "hi").await;
    let oneself = store.request(ann, ann).await;
    assert!(matches!(oneself, Err(ConversationError::Oneself)), "{oneself:?}");
}

async fn asking_who_has_asked_is_an_answer(world: World) {
    let store = world.process("digi1").await;
    let [ann, bob] = people(&store, ["ann", "bob"]).await;
    let other = world.process("digi2").await;
    let (one, two) = tokio::join!(store.request(ann, bob), other.request(bob, ann));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.conversation, two.conversation);
    assert_ne!(one.is_new, two.is_new);
    assert_eq!(standing(&store, ann, one.conversation).await, Standing::Accepted);
}

async fn who_is_blocked_is_told_of_nobody(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let id = ann.conversation().id;
    store.answer(bob.user(), id, Answer::Block).await.unwrap();
    assert_eq!(refused(store.add(&ann, &text("hi")).await), "Not found.");
    let again = store.request(ann.user(), bob.user()).await;
    assert!(matches!(again, Err(ConversationError::NotFound)), "{again:?}");
    for answer in [Answer::Unblock, Answer::Accept] {
        let refused = store.answer(ann.user(), id, answer).await;
        assert!(matches!(refused, Err(ConversationError::Forbidden)), "{refused:?}");
    }
    assert_eq!(standing(&store, bob.user(), id).await, Standing::Blocked);
    store.answer(bob.user(), id, Answer::Unblock).await.unwrap();
    add(&store, &ann, "hi").await;
}

async fn who_leaves_sees_nothing_more_and_alone_may_come_back(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let id = ann.conversation().id;
    add(&store, &ann, "farewell").await;
    store.answer(ann.user(), id, Answer::Leave).await.unwrap();
    assert!(store.membership(ann.user(), id).await.is_err());
    assert_eq!(store.line(ann.user(), id).await.unwrap(), None);
    assert_eq!(store.last_active(ann.user(), 10).await.unwrap(), [id]);
    assert_eq!(store.search(ann.user(), "farewell", None, 10).await.unwrap(), []);
    assert_eq!(store.search(bob.user(), "farewell", None, 10).await.unwrap().len(), 1);
    assert_eq!(refused(store.add(&bob, &text("stay")).await), "Not found.");
    store.request(bob.user(), ann.user()).await.unwrap();
    assert_eq!(standing(&store, bob.user(), id).await, Standing::Declined);
    store.request(ann.user(), bob.user()).await.unwrap();
    assert_eq!(standing(&store, ann.user(), id).await, Standing::Accepted);
}

async fn leaving_makes_nobodys_request_accepted(world: World) {
    let store = world.process("digi1").await;
    let [ann, bob, cleo] = people(&store, ["ann", "bob", "cleo"]).await;
    let declined = store.request(bob, ann).await.unwrap().conversation;
    store.answer(ann, declined, Answer::Decline).await.unwrap();
    let pending = store.request(bob, cleo).await.unwrap().conversation;
    for _ in 0..2 {
        for (id, other, stands) in
            [(declined, ann, Standing::Declined), (pending, cleo, Standing::PendingOut)]
        {
            store.answer(bob, id, Answer::Leave).await.unwrap();
            assert!(!store.request(bob, other).await.unwrap().is_new);
            assert_eq!(standing(&store, bob, id).await, stands);
        }
    }
    assert_eq!(standing(&store, cleo, pending).await, Standing::PendingIn);
    // Whoever leaves the request of another has not asked.
    store.answer(cleo, pending, Answer::Leave).await.unwrap();
    store.answer(bob, pending, Answer::Leave).await.unwrap();
    store.request(bob, cleo).await.unwrap();
    assert_eq!(standing(&store, bob, pending).await, Standing::PendingOut);
    assert!(store.membership(cleo, pending).await.is_err());
}

async fn where_both_have_left_who_asks_asks_anew(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let (id, pair) = (ann.conversation().id, [ann.user(), bob.user()]);
    for (first, second) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        for user in [first, second] {
            store.answer(user, id, Answer::Leave).await.unwrap();
        }
        store.request(second, first).await.unwrap();
        assert_eq!(standing(&store, second, id).await, Standing::PendingOut);
        assert_eq!(standing(&store, first, id).await, Standing::PendingIn);
        store.request(second, first).await.unwrap();
        assert_eq!(standing(&store, second, id).await, Standing::PendingOut);
        store.request(first, second).await.unwrap();
        assert_eq!(standing(&store, first, id).await, Standing::Accepted);
    }
}

async fn who_accepts_after_the_other_has_left_talks_when_that_one_comes_back(world: World) {
    let store = world.process("digi1").await;
    let [ann, bob] = people(&store, ["ann", "bob"]).await;
    let id = store.request(bob, ann).await.unwrap().conversation;
    store.answer(bob, id, Answer::Leave).await.unwrap();
    store.answer(ann, id, Answer::Accept).await.unwrap();
    assert_eq!(standing(&store, ann, id).await, Standing::Declined);
    store.request(bob, ann).await.unwrap();
    assert_eq!(standing(&store, bob, id).await, Standing::Accepted);
}

async fn the_list_has_the_last_active_first_with_what_is_unread(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let [cleo] = people(&store, ["Cleo"]).await;
    store.request(cleo, bob.user()).await.unwrap();
    add(&store, &ann, "one").await;
    let two = add(&store, &ann, "two").await;
    add(&store, &bob, "mine").await;
    let gone = add(&store, &ann, "gone").await;
    store.delete(&ann, gone.id).await.unwrap();
    let lines = store.lines(bob.user(), 10).await.unwrap();
    let shown = lines.iter().map(|line| {
        let last = line.last_message.as_ref().map(|message| message.body.as_str());
        (line.peer_username.as_str(), line.standing, line.unread, last)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [("ann", Standing::Accepted, 2, Some("")), ("Cleo", Standing::PendingIn, 0, None),]
    );
    assert!(store.mark_read(&bob, two.id).await.unwrap().is_some());
    let line = store.line(bob.user(), bob.conversation().id).await.unwrap().unwrap();
    assert_eq!((line.unread, line.peer), (0, ann.user()));
}

async fn of_very_many_that_were_not_read_only_the_newest_are_counted(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let (by, id) = (ann.user(), bob.conversation().id);
    let many = format!(
        "WITH RECURSIVE said(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM said WHERE seq < {})
        INSERT INTO chat_message (conversation_id, sender_id, body, folded, created, seq)
            SELECT {id}, {by}, 'hi', 'hi', c.created, seq
            FROM said JOIN conversation c ON c.id = {id}",
        UNREAD_AMONG + 500
    );
    store.database().writer().execute_unprepared(&many).await.unwrap();
    assert_eq!(store.unread(&bob).await.unwrap().cast_unsigned(), UNREAD_AMONG);
    assert_eq!(store.unread(&ann).await.unwrap(), 0);
    let newest = store.history(&bob, Page::Newest, 10).await.unwrap().messages;
    assert!(store.mark_read(&bob, newest[0].id).await.unwrap().is_some());
    assert_eq!(store.unread(&bob).await.unwrap(), 9);
}

async fn so_many_may_be_asked_in_a_day(world: World) {
    let store = world.process("digi1").await;
    let [ann, bob, cleo, dan, eve] = people(&store, ["ann", "bob", "cleo", "dan", "eve"]).await;
    for other in [bob, cleo, dan] {
        let asked = store.request(ann, other).await.unwrap();
        // That it is left gives nothing back, and counts for nobody else.
        store.answer(ann, asked.conversation, Answer::Leave).await.unwrap();
    }
    let one_more = store.request(ann, eve).await;
    assert!(matches!(one_more, Err(ConversationError::TooMany(3))), "{one_more:?}");
    assert!(!store.request(ann, bob).await.unwrap().is_new);
    for other in [ann, cleo, dan] {
        assert!(store.request(eve, other).await.unwrap().is_new);
    }
}

async fn strangers_find_nothing(world: World) {
    let store = world.process("digi1").await;
    let (ann, _) = talking(&store).await;
    let [cleo] = people(&store, ["cleo"]).await;
    let id = ann.conversation().id;
    add(&store, &ann, "secret").await;
    for conversation in [id, 0, i64::MAX] {
        let found = store.membership(cleo, conversation).await;
        assert!(matches!(found, Err(FindError::NotFound)), "{found:?}");
        let answered = store.answer(cleo, conversation, Answer::Block).await;
        assert!(matches!(answered, Err(ConversationError::NotFound)), "{answered:?}");
        assert_eq!(store.line(cleo, conversation).await.unwrap(), None);
    }
    assert_eq!(store.search(cleo, "secret", None, 10).await.unwrap(), []);
    assert_eq!(store.search(cleo, "secret", Some(&ann), 10).await.unwrap(), []);
}
