//! What can be changed while it runs.

use crate::config::load::{Sources, load};
use crate::config::{Change, Config, Key};

#[test]
fn what_takes_a_restart_stays_and_what_does_not_go_with_it_is_refused() {
    let config = |settings: &[(&str, &str)]| {
        let flags = settings
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*path).to_owned(), (*value).to_owned()));
        let file = Some("/dev/null".into());
        let sources = Sources { file, flags: flags.collect(), ..Sources::default() };
        load(&sources).expect("a good configuration").config
    };
    let say = |running: &Config, read: &Config| {
        let names = |keys: &[&Key]| keys.iter().map(|key| key.path()).collect::<Vec<_>>().join(" ");
        match Change::between(running, read) {
            Ok(change) => format!("{} | {}", names(&change.live), names(&change.later)),
            Err(errors) => errors.to_string(),
        }
    };
    let default = Config::default();
    assert_eq!(say(&default, &default), " | ");
    let other = config(&[("public.path", "/live/"), ("loops.count", "3"), ("internal.key", "k")]);
    assert_eq!(say(&default, &other), "public.path internal.key | loops.count");
    // The internal listener stays where others reach it, so it cannot lose its key.
    let open = config(&[("internal.listen", "0.0.0.0:8002"), ("internal.key", "k")]);
    assert!(
        say(&open, &default).contains("there is no [internal] key"),
        "{}",
        say(&open, &default)
    );
    let with_tls = |name: &str| {
        config(&[("public.certificate", &format!("/{name}")), ("public.private_key", "/key")])
    };
    assert_eq!(say(&with_tls("a"), &with_tls("b")), "public.certificate | ");
    let begins = " | public.certificate public.private_key";
    assert_eq!(say(&default, &with_tls("a")), begins);
    assert_eq!(say(&with_tls("a"), &default), begins);
}
