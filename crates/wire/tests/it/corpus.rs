//! Plays what fuzzers found once more.

use std::fs;
use std::path::Path;

use campanile_wire::fuzz;

#[test]
fn every_frame_of_the_corpus_keeps_the_promises() {
    play("frame", fuzz::frame);
}

#[test]
fn every_websocket_of_the_corpus_keeps_the_promises() {
    play("websocket", fuzz::websocket);
}

#[test]
fn every_handshake_of_the_corpus_keeps_the_promises() {
    play("handshake", fuzz::handshake);
}

fn play(target: &str, harness: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut played = 0;
    for file in files {
        let path = file.expect("a folder is readable").path();
        let data = fs::read(&path).expect("a corpus has files only");
        // Seen only when the harness panics.
        eprintln!("{}", path.display());
        harness(&data);
        played += 1;
    }
    assert!(played > 0, "{folder:?} is empty");
}
