use super::{Pace, REMEMBERED, WHILE};
use std::time::{Duration, Instant};

#[test]
fn so_many_are_let_through_in_any_while_and_the_first_that_is_not_is_told_how_long_to_wait() {
    let pace = Pace::new(3);
    let start = Instant::now();
    let at = |seconds| pace.once_more_at(7, start + Duration::from_secs(seconds));
    assert_eq!([at(0), at(1), at(9)], [Ok(()), Ok(()), Ok(())]);
    assert_eq!(at(9), Err(Duration::from_secs(1)));
    assert_eq!(pace.once_more_at(8, start), Ok(()));
    assert_eq!([at(10), at(10)], [Ok(()), Err(Duration::from_secs(1))]);
    assert_eq!([at(11), at(18), at(19)], [Ok(()), Err(Duration::from_secs(1)), Ok(())]);
}

#[test]
fn who_has_done_nothing_in_a_while_is_forgotten() {
    let pace = Pace::new(3);
    let start = Instant::now();
    for user in 0..10 * REMEMBERED as i64 {
        let at = start + WHILE * u32::try_from(user / 100).expect("it is small");
        assert_eq!(pace.once_more_at(user, at), Ok(()));
    }
    assert!(pace.lately.lock().expect("nobody panics").len() <= REMEMBERED);
}
