use super::share_by_share;
use std::time::Duration;
use tokio::time::Instant;

const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Returns when which share was closed, if all have gone after `shares` of them.
async fn schedule(drain: Duration, shares: usize) -> Vec<(Duration, u32)> {
    let (began, mut closed) = (Instant::now(), Vec::new());
    let close = |shares_left| closed.push((began.elapsed(), shares_left));
    let mut rests = 0;
    let is_empty = || {
        rests += 1;
        rests == shares
    };
    share_by_share(drain, CLOSE_WITHIN, close, is_empty).await;
    closed
}

#[tokio::test(start_paused = true)]
async fn the_shares_lie_evenly_in_the_time_for_the_drain() {
    let closed = schedule(Duration::from_secs(3), 60).await;
    let expected = (0..60).map(|share| (Duration::from_millis(u64::from(share) * 50), 60 - share));
    assert_eq!(closed, expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn without_a_time_for_the_drain_all_are_closed_at_once() {
    assert_eq!(schedule(Duration::ZERO, 1).await, [(Duration::ZERO, 1)]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_go_is_closed_again_and_not_waited_for_longer_than_for_a_close() {
    let began = Instant::now();
    let closed = schedule(Duration::from_secs(1), usize::MAX).await;
    assert_eq!(began.elapsed(), Duration::from_secs(1) + CLOSE_WITHIN);
    assert_eq!(closed.len(), 20 + 100);
    assert!(closed[19..].iter().all(|(_, shares_left)| *shares_left == 1));
}
