use std::task::{Context, Poll, Waker};

use campanile_hub::Match;

use super::*;
use crate::publication::Envelope;

type TestPost = Post<(), (), u32>;

fn post(loops: usize, letters_max: usize, bytes_max: usize) -> TestPost {
    let waker = || Box::new(|| {}) as Box<dyn Fn() + Send + Sync>;
    Post::new((0..loops).map(|_| waker()).collect(), letters_max, bytes_max)
}

fn publication(text: &str) -> Arc<Publication> {
    let envelope = Envelope { shared: Bytes::from(text.to_owned()), closing: "" };
    Arc::new(Publication::new(Vec::new(), Match::Literal, envelope))
}

/// Takes a loop's letters, and returns the publications among them.
fn take(post: &TestPost, of: usize) -> Vec<(u64, String)> {
    let mut letters = VecDeque::new();
    post.collect(of, &mut letters);
    let publications = letters.into_iter().filter_map(|letter| match letter {
        Letter::Publish { sequence, publication, .. } => {
            post.worked_off(of, publication.bytes());
            let text = String::from_utf8(publication.shared().to_vec());
            Some((sequence, text.expect("it was a text")))
        }
        _ => {
            post.worked_off(of, 0);
            None
        }
    });
    publications.collect()
}

#[test]
fn whoever_publishes_at_once_all_loops_see_one_order() {
    let post = post(3, usize::MAX, usize::MAX);
    let taken: Vec<Vec<_>> = std::thread::scope(|scope| {
        for thread in 0..4 {
            let post = &post;
            scope.spawn(move || {
                for number in 0..500 {
                    post.publish(&publication(&format!("{thread} {number}")), None).expect("room");
                }
            });
        }
        let readers: Vec<_> = (0..3)
            .map(|of| {
                let post = &post;
                scope.spawn(move || {
                    let mut all = Vec::new();
                    while all.len() < 2000 {
                        all.extend(take(post, of));
                        std::thread::yield_now();
                    }
                    all
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("it reads")).collect()
    });
    assert_eq!(taken[0], taken[1]);
    assert_eq!(taken[0], taken[2]);
    let numbers: Vec<u64> = taken[0].iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(numbers, (1..=2000).collect::<Vec<u64>>());
    for thread in 0..4 {
        let prefix = format!("{thread} ");
        let of_thread: Vec<usize> = taken[0]
            .iter()
            .filter_map(|(_, text)| text.strip_prefix(&prefix)?.parse().ok())
            .collect();
        assert_eq!(of_thread, (0..500).collect::<Vec<usize>>(), "its own order");
    }
    assert_eq!(post.waiting(), 0);
}

#[test]
fn a_publication_that_one_loop_has_no_room_for_reaches_none() {
    let post = post(2, 2, usize::MAX);
    assert!(post.send(1, Letter::Command(1)).is_ok());
    assert_eq!(post.publish(&publication("one"), None), Ok(1));
    assert_eq!(post.publish(&publication("two"), None), Err(PostError::Full));
    assert!(matches!(post.send(1, Letter::Command(2)), Err(Letter::Command(2))));
    assert!(post.send(0, Letter::Command(3)).is_ok());
    assert!(post.send(1, Letter::Stop { deadline: Instant::now() }).is_ok(), "always possible");
    assert_eq!(take(&post, 0), [(1, "one".to_owned())]);
    assert_eq!(take(&post, 1), [(1, "one".to_owned())]);
    assert_eq!(post.publish(&publication("three"), None), Ok(2));
    assert_eq!(take(&post, 1), [(2, "three".to_owned())], "what was refused has no number");
}

#[test]
fn bytes_are_limited_but_one_large_publication_may_pass_alone() {
    let post = post(1, usize::MAX, 10);
    assert_eq!(post.publish(&publication("123456789012345"), None), Ok(1));
    assert_eq!(post.publish(&publication("1"), None), Err(PostError::Full));
    assert_eq!(take(&post, 0).len(), 1);
    assert_eq!(post.publish(&publication("12345"), None), Ok(2));
    assert_eq!(post.publish(&publication("12345"), None), Ok(3));
    assert_eq!(post.publish(&publication("1"), None), Err(PostError::Full));
}

#[test]
fn letters_taken_but_not_worked_off_still_count() {
    let post = post(1, 1, usize::MAX);
    assert_eq!(post.publish(&publication("one"), None), Ok(1));
    let mut letters = VecDeque::new();
    post.collect(0, &mut letters);
    assert_eq!(letters.len(), 1);
    assert_eq!(post.publish(&publication("two"), None), Err(PostError::Full));
    post.worked_off(0, 3);
    assert_eq!(post.publish(&publication("two"), None), Ok(2));
}

#[test]
fn a_receipt_tells_the_sum_once_every_loop_has_counted() {
    let mut posted = None;
    let post = |tally: &Arc<Tally>| {
        posted = Some(Arc::clone(tally));
        Ok(5)
    };
    let mut receipt = Receipt::of(2, post).expect("it was taken");
    assert_eq!(receipt.sequence(), 5);
    let tally = posted.expect("it was handed over");
    let mut context = Context::from_waker(Waker::noop());
    tally.add(3);
    assert_eq!(receipt.wait(Duration::from_millis(5)), None);
    assert_eq!(std::pin::pin!(&mut receipt).poll(&mut context), Poll::Pending);
    let counts = std::thread::spawn(move || tally.add(4));
    assert_eq!(receipt.wait(Duration::from_secs(60)), Some(7));
    counts.join().expect("it counts");
    assert_eq!(std::pin::pin!(&mut receipt).poll(&mut context), Poll::Ready(7));
}
