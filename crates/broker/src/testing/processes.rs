//! What the processes of a group do, as Linux tells it.

use std::fs;
use std::path::Path;

/// Says whether any thread of a process group still runs or may run.
pub(super) fn any_moves(group: u32) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| {
        let is_member = read(&process.path()).is_some_and(|(_, member_of)| member_of == group);
        is_member && any_thread_moves(&process.path())
    })
}

fn any_thread_moves(process: &Path) -> bool {
    let Ok(threads) = fs::read_dir(process.join("task")) else { return false };
    // T is stopped, Z and X are over.
    threads.flatten().any(|thread| {
        read(&thread.path()).is_some_and(|(state, _)| !matches!(state, 'T' | 't' | 'Z' | 'X'))
    })
}

/// Returns the state and the group of a process or a thread.
fn read(folder: &Path) -> Option<(char, u32)> {
    let line = fs::read_to_string(folder.join("stat")).ok()?;
    // The name before this may have anything in it.
    let mut words = line.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?.chars().next()?;
    let group = words.nth(1)?.parse().ok()?;
    Some((state, group))
}
