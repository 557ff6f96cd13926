//! When the process, or the machine, has no file descriptor left.

use rustix::io::Errno;
use std::io;

/// Returns whether an error says that there is no descriptor, or no memory for one.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
    )
}
