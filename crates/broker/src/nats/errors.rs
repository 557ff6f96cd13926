//! NATS' refusals, with what to do.

/// Says what happened and what to do.
pub(super) fn explain(said: &str) -> String {
    let lower = said.to_ascii_lowercase();
    if lower.starts_with("authorization") || lower.starts_with("user authentication") {
        format!(
            "NATS refuses the login: check user, password or token of the [broker] url ({said})"
        )
    } else if lower.starts_with("permissions violation") {
        format!(
            "NATS does not permit it: this user must be allowed to publish and subscribe to \
             everything below the [broker] exchange ({said})"
        )
    } else {
        format!("NATS refused: {said}")
    }
}
