//! What the fuzzers found worth keeping.

use std::fs;
use std::path::Path;

#[test]
fn no_text_of_the_corpus_is_taken_for_what_it_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/digi_id");
    let files = fs::read_dir(&folder).expect("the corpus is committed");
    let mut played = 0;
    for file in files {
        let path = file.expect("a folder can be listed").path();
        campanile_digi::fuzz::id(&fs::read(&path).expect("a corpus has files only"));
        played += 1;
    }
    assert!(played > 30, "{played} files");
}
