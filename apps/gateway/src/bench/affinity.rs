//! Cores and descriptors: what a process may use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::failure::{Doing, Failure};

/// Runs this thread, and the threads and processes it starts from now on, on `core` alone. Leaves
/// things as they are when this process may not use that core, as on a machine that has only one.
pub(super) fn stay_on(core: usize) -> Result<(), Failure> {
    if core >= CpuSet::MAX_CPU {
        return Err(Failure::new(format!("there is no core {core}")));
    }
    let mut cores = CpuSet::new();
    cores.set(core);
    match sched_setaffinity(None, &cores) {
        Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error).doing(&format!("stay on core {core}")),
    }
}

/// Returns how many cores this thread may use.
pub(super) fn cores() -> u32 {
    sched_getaffinity(None).map_or(1, |cores| cores.count())
}

/// Raises the limit of open descriptors as far as it goes, and returns it.
pub(super) fn raise_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let raised = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    raised.unwrap_or(u64::MAX)
}
