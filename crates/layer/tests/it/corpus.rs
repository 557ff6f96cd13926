//! What the fuzzers found worth keeping.

use std::fs;
use std::path::Path;

#[test]
fn every_message_of_the_corpus_keeps_the_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/layer_message");
    let files = fs::read_dir(&folder).expect("the corpus is committed");
    let mut played = 0;
    for file in files {
        let path = file.expect("a folder can be listed").path();
        campanile_layer::fuzz::layer_message(&fs::read(&path).expect("a corpus has files only"));
        played += 1;
    }
    assert!(played > 50, "{played} files");
}
