//! What systemd hears, by a path and by a name.

use super::{Systemd, connect};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

#[test]
fn systemd_hears_each_state() {
    let name = format!("campanile-systemd-{}", std::process::id());
    let path = std::env::temp_dir().join(&name);
    let by_path = UnixDatagram::bind(&path).expect("the temporary folder can be written");
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let by_name = UnixDatagram::bind_addr(&address).expect("nobody else has it");
    for (listening, at) in
        [(by_path, path.clone().into_os_string()), (by_name, format!("@{name}").into())]
    {
        let systemd = Systemd { socket: connect(&at).ok(), watchdog: None };
        systemd.is_ready();
        systemd.is_reloading();
        systemd.is_stopping(Duration::from_secs(3));
        let mut buffer = [0; 200];
        let mut hear = || {
            let bytes = listening.recv(&mut buffer).expect("it was said");
            String::from_utf8_lossy(&buffer[..bytes]).into_owned()
        };
        assert_eq!(hear(), "READY=1");
        let reloading = hear();
        let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
        assert!(since.is_some_and(|since| since.parse::<u64>().is_ok()), "{reloading}");
        assert_eq!(hear(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=3000000");
    }
    let _ = std::fs::remove_file(path);
    let nobody = Systemd { socket: None, watchdog: None };
    nobody.is_ready();
}
