//! How many hooks are told at the same time, and how many wait.

use super::{Answer, ROOMS, comes_to, metric, open, start};

#[tokio::test(flavor = "multi_thread")]
async fn hooks_beyond_the_limits_wait_then_are_left_out_and_ends_are_told_all_the_same() {
    let (campanile, backend) = start(&[
        ("hooks.connect", "on"),
        ("hooks.disconnect", "off"),
        ("hooks.concurrent_max", "1"),
        ("hooks.queue_max", "1"),
    ])
    .await;
    backend.answer(|_| Answer::json(200, ROOMS));
    backend.hold("/api/on");
    let hooks = |outcome| format!("campanile_hooks_total{{outcome=\"{outcome}\"}}");
    // One is being told, one waits, and one is left out.
    let mut told = open(&campanile, &[]).await;
    backend.take_seen(2).await;
    let mut waits = open(&campanile, &[]).await;
    comes_to(&campanile, "campanile_hooks_waiting", 1).await;
    let mut left_out = open(&campanile, &[]).await;
    comes_to(&campanile, &hooks("dropped"), 1).await;
    assert_eq!(metric(&campanile, "campanile_hooks_waiting").await, 1);
    assert_eq!(backend.take_seen(2).await.len(), 2, "two bootstraps, and no second hook");
    // The ends of those that the backend knows of, or will, are never left out.
    for client in [&mut told, &mut waits, &mut left_out] {
        assert!(client.close().await);
    }
    comes_to(&campanile, "campanile_connections", 0).await;
    backend.release();
    comes_to(&campanile, &hooks("sent"), 4).await;
    let paths: Vec<_> = backend.take_seen(3).await.into_iter().map(|seen| seen.path).collect();
    let of = |path: &str| paths.iter().filter(|seen| *seen == path).count();
    assert_eq!((of("/api/on"), of("/api/off")), (1, 2), "beside the first");
    assert_eq!(metric(&campanile, &hooks("dropped")).await, 1);
}
