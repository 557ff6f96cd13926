use super::{SourceFile, arrows, check, functions, links, purity, transcripts, words};
use serde_json::json;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn the_house_is_tidy() {
    let complaints = check(&crate::root()).expect("the tree can be read");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn an_arrow_that_turns_back_is_named() {
    let metadata = json!({"packages": [
        {"name": "campanile-hub", "dependencies": [
            {"name": "campanile-manager", "kind": null},
            {"name": "tokio", "kind": null},
            {"name": "tokio", "kind": "dev"},
        ]},
        {"name": "campanile-tower", "dependencies": []},
    ]});
    assert_eq!(
        arrows::check(&metadata),
        [
            "campanile-hub uses campanile-manager: that arrow is not in the picture",
            "campanile-hub is pure, but uses tokio",
            "campanile-tower is not in the picture of the crates (tidy/arrows.rs)",
        ]
    );
}

#[test]
fn unfinished_work_and_sleeping_tests_are_named() {
    let text =
        format!("fn f() {{\n    {}!()\n}}\n// {}\n#[{}]\n", "todo", concat!("FIX", "ME"), "ignore");
    let complaints = words::check(&file("crates/hub/src/hub.rs", &text));
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    assert!(words::check(&file("notes.txt", &text)).is_empty());
}

#[test]
fn a_function_is_as_long_as_its_indentation_says() {
    let text = "\
pub(crate) const fn one() -> u8 { 1 }
trait T {
    fn declared(&self);
    fn declared_over_lines(
        &self,
    ) -> u8;
}
impl S {
    async fn four(
        &self,
    ) {
    }
}
// a comment about fn nothing
";
    let lengths = functions::lengths(text);
    let expected = [("one", 1), ("declared", 1), ("declared_over_lines", 3), ("four", 4)];
    assert_eq!(lengths, expected.map(|(name, lines)| (name.to_owned(), lines)));
}

#[test]
fn a_function_of_71_lines_is_named() {
    let text = format!("fn long() {{\n{}}}\n", "    f();\n".repeat(69));
    assert_eq!(functions::check(&file("a.rs", &text)), ["a.rs: fn long has 71 lines"]);
}

#[test]
fn a_clock_in_a_pure_crate_is_named_and_in_its_tests_is_not() {
    let text = "// Instant::now is not here\nlet now = Instant::now();\n#[cfg(test)]\nmod tests {\nInstant::now()\n}";
    let complaints = purity::check(&file("crates/wire/src/websocket.rs", text));
    assert_eq!(complaints, ["crates/wire/src/websocket.rs:2: Instant::now in a pure crate"]);
    assert!(purity::check(&file("crates/wire/src/websocket/tests.rs", text)).is_empty());
    assert!(purity::check(&file("crates/manager/src/turn.rs", text)).is_empty());
}

#[test]
fn links_are_read_without_fragments_and_addresses() {
    let text =
        "[a](ARCHITECTURE.md#road) [b](https://example.org/x) [c](#here) ![d](docs/demo.png)";
    assert_eq!(links::targets(text), ["ARCHITECTURE.md", "docs/demo.png"]);
}

#[test]
fn a_transcript_without_a_word_in_the_protocol_page_is_named() {
    let files = [
        file("PROTOCOL.md", "`protocol/subscribe.txt`"),
        file("protocol/subscribe.txt", ""),
        file("protocol/status.txt", ""),
    ];
    assert_eq!(transcripts::check(&files), ["protocol/status.txt is not named in PROTOCOL.md"]);
}
