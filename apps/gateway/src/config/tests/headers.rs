//! What the backend is shown of a request.

use super::check;
use expect_test::expect;

#[test]
fn header_sources_are_read_and_refused_with_their_lines() {
    check(
        r#"
[backend.headers]
X-Session-Token = { param = "session_token" }
Referer = { fixed = "http://app.example/" }
X-Tenant = { param = "tenant", prefix = "tenant/" }
X-Device = { header = "X-Device-Id" }
X-Lang = { cookie = "lang" }
"#,
        "",
        "",
        &expect![[r#"
            headers = { x-session-token = { param = "session_token" }, referer = { fixed = "…" }, x-tenant = { param = "tenant", prefix = "tenant/" }, x-device = { header = "x-device-id" }, x-lang = { cookie = "lang" } }
        "#]],
    );
    for (line, expected) in [
        (
            "X-A = \"text\"",
            expect![[r#"
            campanile.toml:2: [backend] headers: "text" is not the source of a header; write { header = "X-Name" }, { param = "name" }, { cookie = "name" } or { fixed = "text" }
        "#]],
        ),
        (
            "X-A = { parm = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: unknown source "parm" of a header; did you mean "param"?
        "#]],
        ),
        (
            "X-A = { prefix = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "x-a" has no source; write { header = "X-Name" }, { param = "name" }, { cookie = "name" } or { fixed = "text" }
        "#]],
        ),
        (
            "X-A = { param = \"a\", cookie = \"b\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "x-a" has two sources
        "#]],
        ),
        (
            "X-A = { fixed = \"a\\nb\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: this text cannot stand in a header
        "#]],
        ),
        (
            "\"X A\" = { fixed = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: "X A" is not the name of a header
        "#]],
        ),
        (
            "Connection = { fixed = \"a\" }",
            expect![[r#"
            campanile.toml:2: [backend] headers: the header "Connection" cannot be passed on
        "#]],
        ),
    ] {
        check(&format!("[backend.headers]\n{line}\n"), "", "", &expected);
    }
}
