//! A timer wheel: when each connection wants to be looked at.
//!
//! A connection's deadline moves with every message, so moving one costs nothing here: a timer
//! rings at the time it was first set for, and the loop sets it again if that was too early.

use std::time::{Duration, Instant};

/// How long one spoke stands for: deadlines are kept at most so much late.
const TICK: Duration = Duration::from_millis(64);

/// Spokes of the wheel. A deadline over a turn of the wheel away (16 s) stays on its spoke for more
/// turns.
const SPOKES: usize = 256;

/// Timers for which a spoke keeps memory, so that it need not ask for it at each turn.
const SPOKE_KEPT: usize = 16;

/// The timers of a loop's connections, at most one alive for each.
#[derive(Debug)]
pub struct Timers {
    started: Instant,
    /// The tick up to which everything has rung.
    rung: Tick,
    spokes: Vec<Vec<Timer>>,
    count: usize,
}

/// Ticks since the wheel started.
pub(crate) type Tick = u32;

/// A connection without a timer.
pub(crate) const UNSET: Tick = Tick::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timer {
    slot: u32,
    tick: Tick,
}

impl Timers {
    /// Makes a wheel that starts to turn at `now`.
    pub fn new(now: Instant) -> Self {
        Self { started: now, rung: 0, spokes: vec![Vec::new(); SPOKES], count: 0 }
    }

    /// Sees to it that `slot` rings at `deadline`, or earlier if `armed` says that it does already.
    pub(crate) fn arm(&mut self, slot: u32, armed: &mut Tick, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        let tick = self.tick_after(deadline);
        if tick < *armed {
            *armed = tick;
            self.spokes[tick as usize % SPOKES].push(Timer { slot, tick });
            self.count += 1;
        }
    }

    /// Appends the slots whose time has come, each with the tick it was armed for. One that has
    /// been armed for another since is stale.
    pub(crate) fn ring(&mut self, now: Instant, due: &mut Vec<(u32, Tick)>) {
        let until = self.tick_before(now);
        let turns = (until.saturating_sub(self.rung) as usize).min(SPOKES);
        let first = until - turns as u32;
        for tick in first..until {
            let spoke = &mut self.spokes[(tick as usize + 1) % SPOKES];
            spoke.retain(|timer| {
                let rings = timer.tick <= until;
                if rings {
                    due.push((timer.slot, timer.tick));
                }
                !rings
            });
            if spoke.capacity() > 4 * spoke.len().max(SPOKE_KEPT) {
                spoke.shrink_to(2 * spoke.len());
            }
        }
        self.count -= due.len();
        self.rung = until;
    }

    /// Returns how long the loop may sleep; none: as long as it likes.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let next = (1..=SPOKES as Tick)
            .map(|ahead| self.rung + ahead)
            .find(|tick| !self.spokes[*tick as usize % SPOKES].is_empty())?;
        let at = self.started + TICK * next;
        Some(at.saturating_duration_since(now))
    }

    /// The first tick at or after `instant`, and after all that has rung.
    fn tick_after(&self, instant: Instant) -> Tick {
        let elapsed = instant.saturating_duration_since(self.started).as_nanos();
        let tick = elapsed.div_ceil(TICK.as_nanos()).min(u128::from(UNSET - 1)) as Tick;
        tick.max(self.rung + 1)
    }

    fn tick_before(&self, now: Instant) -> Tick {
        let elapsed = now.saturating_duration_since(self.started).as_nanos();
        (elapsed / TICK.as_nanos()).min(u128::from(UNSET - 1)) as Tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arms each (slot, milliseconds), lets the wheel ring at each of `looks`, and tells who rang.
    fn rings(arms: &[(u32, u64)], looks: &[u64]) -> Vec<(u64, Vec<u32>)> {
        let start = Instant::now();
        let mut timers = Timers::new(start);
        for (slot, ms) in arms {
            timers.arm(*slot, &mut UNSET.clone(), Some(start + Duration::from_millis(*ms)));
        }
        let look = |ms: &u64| {
            let mut due = Vec::new();
            timers.ring(start + Duration::from_millis(*ms), &mut due);
            (*ms, due.into_iter().map(|(slot, _)| slot).collect())
        };
        looks.iter().map(look).collect()
    }

    #[test]
    fn a_timer_rings_once_and_not_before_its_time() {
        let heard = rings(&[(1, 100), (2, 200)], &[0, 99, 128, 199, 256, 10_000]);
        assert_eq!(
            heard,
            [
                (0, vec![]),
                (99, vec![]),
                (128, vec![1]),
                (199, vec![]),
                (256, vec![2]),
                (10_000, vec![])
            ]
        );
    }

    #[test]
    fn a_timer_turns_of_the_wheel_away_waits_for_its_turn() {
        let heard = rings(&[(1, 300_000)], &[16_384, 299_999, 300_032]);
        assert_eq!(heard, [(16_384, vec![]), (299_999, vec![]), (300_032, vec![1])]);
    }

    #[test]
    fn a_loop_that_slept_for_long_hears_all_that_was_due() {
        let arms: Vec<_> = (0..100).map(|slot| (slot, u64::from(slot) * 97)).collect();
        let heard = rings(&arms, &[1_000_000]);
        assert_eq!(heard[0].1.len(), 100);
    }

    #[test]
    fn a_timer_armed_again_for_later_is_not_doubled() {
        let start = Instant::now();
        let mut timers = Timers::new(start);
        let mut armed = UNSET;
        timers.arm(1, &mut armed, Some(start + Duration::from_secs(1)));
        timers.arm(1, &mut armed, Some(start + Duration::from_secs(9)));
        assert_eq!(timers.count, 1);
    }

    #[test]
    fn patience_is_never_longer_than_the_next_timer() {
        let start = Instant::now();
        let mut timers = Timers::new(start);
        assert_eq!(timers.patience(start), None);
        timers.arm(1, &mut UNSET.clone(), Some(start + Duration::from_millis(500)));
        let patience = timers.patience(start).expect("a timer is armed");
        assert!(patience >= Duration::from_millis(500) && patience <= Duration::from_millis(564));
    }
}
