//! How much may come from one peer.

use std::time::Instant;

/// So many at once, and so many each second afterwards.
#[derive(Debug)]
pub(super) struct Pace {
    left: f64,
    at: Instant,
    at_once: f64,
    each_second: f64,
}

impl Pace {
    pub(super) fn new(at_once: u32, each_second: u32) -> Pace {
        let (at_once, each_second) = (f64::from(at_once), f64::from(each_second));
        Pace { left: at_once, at: Instant::now(), at_once, each_second }
    }

    /// Says whether one more may come now, and counts it.
    pub(super) fn allows_one(&mut self) -> bool {
        self.allows_one_at(Instant::now())
    }

    fn allows_one_at(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * self.each_second).min(self.at_once);
        let allows = self.left >= 1.0;
        if allows {
            self.left -= 1.0;
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::{Duration, Instant};

    #[test]
    fn so_many_may_come_at_once_and_then_so_many_each_second() {
        let mut pace = Pace::new(3, 2);
        let start = Instant::now();
        let allowed = |pace: &mut Pace, milliseconds| {
            let now = start + Duration::from_millis(milliseconds);
            (0..10).filter(|_| pace.allows_one_at(now)).count()
        };
        assert_eq!(allowed(&mut pace, 0), 3);
        assert_eq!(allowed(&mut pace, 400), 0);
        assert_eq!(allowed(&mut pace, 1000), 2);
        assert_eq!(allowed(&mut pace, 60_000), 3);
    }
}
