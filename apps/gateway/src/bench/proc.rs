//! What /proc says about a process.

use std::fs;

use serde::{Deserialize, Serialize};

use super::failure::{Doing, Failure};

/// Returns the nanoseconds that all threads of process `pid` have run.
pub(super) fn cpu_ns(pid: u32) -> Result<u64, Failure> {
    let tasks = format!("/proc/{pid}/task");
    let mut sum = 0;
    for task in fs::read_dir(&tasks).doing(&format!("read {tasks}"))? {
        let task = task.doing(&format!("read {tasks}"))?.path();
        // A thread may end between being listed and being read: what it ran is not counted then.
        let of_thread = fs::read_to_string(task.join("schedstat"))
            .ok()
            .and_then(|text| schedstat_ns(&text))
            .or_else(|| fs::read_to_string(task.join("stat")).ok().and_then(|text| stat_ns(&text)));
        sum += of_thread.unwrap_or(0);
    }
    Ok(sum)
}

/// Reads `schedstat`: nanoseconds run, nanoseconds waited, slices. Kernels without it say 0 0 0.
pub(super) fn schedstat_ns(text: &str) -> Option<u64> {
    let run: u64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    (run > 0).then_some(run)
}

/// Reads user and system time from `stat`, whose second field may hold spaces and parentheses.
pub(super) fn stat_ns(text: &str) -> Option<u64> {
    // USER_HZ is 100 on every Linux that Rust runs on.
    const TICK_NS: u64 = 10_000_000;
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_NS)
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Pages that only this process holds and has written to.
    pub(super) private_dirty: u64,
    /// All its pages, shared ones in proportion.
    pub(super) proportional: u64,
    /// All its pages.
    pub(super) resident: u64,
}

/// Returns how much memory process `pid` holds.
pub(super) fn memory(pid: u32) -> Result<Memory, Failure> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).doing(&format!("read {path}"))?;
    smaps_rollup(&text).ok_or_else(|| Failure::new(format!("{path} has no Private_Dirty")))
}

/// Reads `smaps_rollup`, whose lines are `Name:  123 kB`.
pub(super) fn smaps_rollup(text: &str) -> Option<Memory> {
    let bytes = |name: &str| -> Option<u64> {
        let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.split_ascii_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    };
    Some(Memory {
        private_dirty: bytes("Private_Dirty")?,
        proportional: bytes("Pss")?,
        resident: bytes("Rss")?,
    })
}
