//! The pages in docs/ show the examples: what they say compiles, and is tested.

const TUTORIAL: &str = include_str!("../../../../docs/consumers.md");
const FROM_DJANGO: &str = include_str!("../../../../docs/from-django-channels.md");
const CHAT: &str = include_str!("../../examples/chat.rs");
const BROWSER: &str = include_str!("../../examples/chat.html");
const FROM_DJANGO_EXAMPLE: &str = include_str!("../../examples/from_django.rs");

/// Returns the lines of all blocks of one language, without empty ones.
fn shown(page: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&*fence).skip(1).filter_map(|block| block.split("```").next());
    lines(blocks.flat_map(str::lines))
}

fn lines(lines: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// Returns an example's lines, without what it says of itself.
fn program(example: &'static str) -> Vec<&'static str> {
    lines(example.lines().filter(|line| !line.starts_with("//!")))
}

#[test]
fn the_tutorial_shows_its_example_line_by_line() {
    assert_eq!(shown(TUTORIAL, "rust"), program(CHAT));
    assert_eq!(shown(TUTORIAL, "html"), lines(BROWSER.lines()));
}

#[test]
fn the_tutorials_chat_has_sixty_lines() {
    let chat = CHAT.split("#[cfg(test)]").next().map(program).unwrap_or_default();
    assert_eq!(chat.iter().filter(|line| !line.trim_start().starts_with("//")).count(), 60);
}

#[test]
fn the_page_for_users_of_django_channels_shows_its_example_line_by_line() {
    assert_eq!(shown(FROM_DJANGO, "rust"), program(FROM_DJANGO_EXAMPLE));
}
