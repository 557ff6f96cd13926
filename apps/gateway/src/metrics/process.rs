//! What the operating system says of the process, by the names that Prometheus' own clients use.

use super::Page;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes what can be read; where there is no `/proc`, nothing.
pub(super) fn process(page: &mut Page) {
    if let Some(stat) = Stat::read() {
        let Stat { cpu_s, started_s } = stat;
        let help = "User and system CPU time spent.";
        page.plain("process_cpu_seconds_total", "counter", help, cpu_s);
        let help = "When the process was started, in seconds since 1970.";
        page.plain("process_start_time_seconds", "gauge", help, started_s);
    }
    if let Some(bytes) = resident_bytes() {
        let help = "Memory that the process has in RAM.";
        page.plain("process_resident_memory_bytes", "gauge", help, bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        page.plain("process_open_fds", "gauge", "Open files and sockets.", files.count());
    }
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(most) = most {
        page.plain("process_max_fds", "gauge", "Files and sockets that may be open.", most);
    }
}

struct Stat {
    cpu_s: f64,
    started_s: f64,
}

impl Stat {
    /// Reads `/proc/self/stat`. Its name of the program may hold spaces and brackets, so only what
    /// follows the last bracket is counted: from field 3 on, of which 14 and 15 are the CPU time and
    /// 22 is the start.
    fn read() -> Option<Stat> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        // Only what was configured at build time of very old kernels differs from this.
        let ticks_per_s = rustix::param::clock_ticks_per_second() as f64;
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime_s: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
        Some(Stat {
            cpu_s: (ticks(14)? + ticks(15)?) / ticks_per_s,
            started_s: (now_s - uptime_s + ticks(22)? / ticks_per_s).round(),
        })
    }
}

fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
