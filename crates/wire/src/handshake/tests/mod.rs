mod client;
mod pieces;
mod server;

/// Puts a head together: a line of the script is a line of the head.
fn head(script: &str) -> Vec<u8> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut head: Vec<u8> = lines.flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
    head.extend_from_slice(b"\r\n");
    head
}
