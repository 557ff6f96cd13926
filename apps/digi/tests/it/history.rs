//! Pages of a long history, read marks and search.

use crate::world::{World, add, bodies, on_both, talking};
use campanile_digi::store::{Membership, Page, Store, UNREAD_AMONG};
use sea_orm::{ConnectionTrait, DbBackend};

on_both! {
    pages_lead_through_the_whole_history_in_both_directions
    marks_of_what_was_read_only_move_forward
    every_character_that_is_searched_stands_for_itself
    a_hundred_thousand_messages_are_paged_and_searched
}

async fn pages_lead_through_the_whole_history_in_both_directions(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(add(&store, &ann, &number.to_string()).await.id);
    }
    let page = async |page, limit| {
        let history = store.history(&bob, page, limit).await.unwrap();
        (bodies(&history.messages).join(" "), history.has_more)
    };
    assert_eq!(page(Page::Newest, 3).await, ("5 6 7".to_owned(), true));
    assert_eq!(page(Page::Before(ids[4]), 3).await, ("2 3 4".to_owned(), true));
    assert_eq!(page(Page::Before(ids[1]), 3).await, ("1".to_owned(), false));
    assert_eq!(page(Page::Before(ids[0]), 3).await, (String::new(), false));
    assert_eq!(page(Page::After(ids[1]), 3).await, ("3 4 5".to_owned(), true));
    assert_eq!(page(Page::After(ids[3]), 3).await, ("5 6 7".to_owned(), false));
    assert_eq!(page(Page::Around(ids[3]), 3).await, ("3 4 5".to_owned(), true));
    assert_eq!(page(Page::Around(ids[0]), 4).await, ("1 2 3".to_owned(), false));
    assert_eq!(page(Page::Newest, 0).await, ("7".to_owned(), true));
    for unknown in [Page::Before(0), Page::After(i64::MAX), Page::Around(-1)] {
        assert!(store.history(&bob, unknown, 3).await.is_err(), "{unknown:?}");
    }
}

async fn marks_of_what_was_read_only_move_forward(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    let one = add(&store, &ann, "one").await;
    let two = add(&store, &ann, "two").await;
    assert!(store.mark_read(&bob, two.id).await.unwrap().is_some());
    assert!(store.mark_read(&bob, one.id).await.unwrap().is_none());
    assert!(store.mark_read(&bob, two.id).await.unwrap().is_none());
    assert!(store.mark_read(&bob, 0).await.is_err());
    add(&store, &ann, "three").await;
    let bob = store.membership(bob.user(), bob.conversation().id).await.unwrap();
    assert_eq!((bob.last_read_seq(), store.unread(&bob).await.unwrap()), (two.seq, 1));
    assert_eq!(store.unread(&ann).await.unwrap(), 0);
}

async fn every_character_that_is_searched_stands_for_itself(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    for body in ["100 % sure", "100 times", "snake_case", "snakeXcase", "ÄRGER über\\alles"] {
        add(&store, &ann, body).await;
    }
    for (text, found) in [
        ("100", vec!["100 times", "100 % sure"]),
        ("0 %", vec!["100 % sure"]),
        ("%%", vec![]),
        ("e_c", vec!["snake_case"]),
        ("SNAKE", vec!["snakeXcase", "snake_case"]),
        ("ärger ÜBER\\", vec!["ÄRGER über\\alles"]),
        ("'; --", vec![]),
        ("1", vec![]),
        ("a\0b", vec![]),
    ] {
        for within in [None, Some(&bob)] {
            let hits = store.search(bob.user(), text, within, 10).await.unwrap();
            assert_eq!(bodies(&hits), found, "{text:?}");
        }
    }
}

async fn a_hundred_thousand_messages_are_paged_and_searched(world: World) {
    let store = world.process("digi1").await;
    let (ann, bob) = talking(&store).await;
    fill(&store, &ann).await;
    let last = store.history(&bob, Page::Newest, 50).await.unwrap();
    assert_eq!(last.messages.last().map(|message| message.seq), Some(100_000));
    let early = store.history(&bob, Page::Before(last.messages[0].id), 50).await.unwrap();
    assert_eq!(early.messages.last().map(|message| message.seq), Some(99_950));
    let hits = store.search(bob.user(), "message 4711 ", Some(&bob), 50).await.unwrap();
    assert_eq!(hits.iter().map(|hit| hit.seq).collect::<Vec<_>>(), [4711]);
    let around = store.history(&bob, Page::Around(hits[0].id), 3).await.unwrap();
    let seqs: Vec<i64> = around.messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [4710, 4711, 4712]);
    assert_eq!(store.lines(bob.user(), 10).await.unwrap()[0].unread.cast_unsigned(), UNREAD_AMONG);
}

/// Writes messages without a word to anybody.
async fn fill(store: &Store, by: &Membership) {
    let (id, user) = (by.conversation().id, by.user());
    let numbers = if store.database().backend() == DbBackend::Postgres {
        "generate_series(1, 100000) AS numbers (n)"
    } else {
        "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
            WHERE n < 100000) SELECT n FROM numbers)"
    };
    for statement in [
        format!(
            "INSERT INTO chat_message (conversation_id, sender_id, body, folded, created, seq)
             SELECT {id}, {user}, 'Message ' || n || ' of many', 'message ' || n || ' of many',
                '2026-01-01T00:00:00+00:00', n FROM {numbers}"
        ),
        format!("UPDATE conversation SET last_seq = 100000 WHERE id = {id}"),
        "ANALYZE".to_owned(),
    ] {
        store.database().writer().execute_unprepared(&statement).await.expect(&statement);
    }
}
