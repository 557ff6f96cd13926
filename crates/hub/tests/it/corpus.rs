//! Plays what the fuzzer found once more.

use std::fs;
use std::path::Path;

use campanile_hub::fuzz;

#[test]
fn every_file_of_the_corpus_keeps_the_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/hub");
    let mut played = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let data = fs::read(&path).unwrap();
        // Seen only when a harness panics.
        eprintln!("{}", path.display());
        for harness in [fuzz::hub, fuzz::room, fuzz::permissions, fuzz::request_id] {
            harness(&data);
        }
        played += 1;
    }
    assert!(played > 0, "{folder:?} is empty");
}
