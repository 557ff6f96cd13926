//! The arrows between the crates, held to the picture in ARCHITECTURE.md.

use serde_json::Value;

/// Each crate of the workspace and those of the others that it may use.
const PICTURE: &[(&str, &[&str])] = &[
    ("campanile-wire", &[]),
    ("campanile-hub", &[]),
    ("campanile-manager", &["campanile-wire", "campanile-hub"]),
    ("campanile-broker", &[]),
    ("campanile-layer", &[]),
    ("campanile-consumer", &["campanile-layer", "campanile-manager"]),
    (
        "campanile-gateway",
        &[
            "campanile-broker",
            "campanile-manager",
            "campanile-hub",
            "campanile-wire",
            "campanile-openapi-page",
        ],
    ),
    ("campanile-accounts", &[]),
    ("campanile-application", &["campanile-accounts"]),
    ("campanile-database", &[]),
    ("campanile-environment", &[]),
    ("campanile-openapi-page", &[]),
    (
        "campanile-scram",
        &[
            "campanile-accounts",
            "campanile-application",
            "campanile-consumer",
            "campanile-database",
            "campanile-environment",
            "campanile-layer",
            "campanile-openapi-page",
            "campanile-wire",
        ],
    ),
    (
        "campanile-digi",
        &[
            "campanile-accounts",
            "campanile-application",
            "campanile-consumer",
            "campanile-database",
            "campanile-environment",
            "campanile-layer",
            "campanile-openapi-page",
        ],
    ),
    ("campanile-binder", &[]),
    ("xtask", &[]),
];

/// Those that only a crate's tests may use, for what these have for tests.
const TESTS: &[(&str, &str)] = &[
    ("campanile-layer", "campanile-broker"),
    ("campanile-consumer", "campanile-broker"),
    ("campanile-accounts", "campanile-broker"),
    ("campanile-accounts", "campanile-consumer"),
    ("campanile-database", "campanile-broker"),
    ("campanile-scram", "campanile-broker"),
    ("campanile-digi", "campanile-broker"),
    ("campanile-binder", "campanile-broker"),
];

/// What a crate without socket, clock, thread and log has no use for.
const EFFECTS: &[&str] = &["tokio", "mio", "tracing", "log", "libc", "socket2", "hyper", "axum"];

/// Returns what `cargo metadata` says about the workspace.
pub(super) fn metadata() -> Result<Value, String> {
    let mut cargo = crate::cargo();
    cargo.args(["metadata", "--no-deps", "--format-version=1", "--quiet"]);
    let output = cargo.output().map_err(|error| format!("{cargo:?}: {error}"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("{cargo:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Returns the arrows that are not in the picture.
pub(super) fn check(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, may_use)) = PICTURE.iter().find(|(drawn, _)| *drawn == name) else {
            complaints.push(format!("{name} is not in the picture of the crates (tidy/arrows.rs)"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
        for dependency in dependencies {
            let used = dependency["name"].as_str().unwrap_or_default();
            let shipped = dependency["kind"] != "dev";
            let ours = used.starts_with("campanile-") || used == "xtask";
            // Its own name stands among the dependencies of its tests, with the features for them.
            let itself = used == name && !shipped;
            let tested = !shipped && TESTS.contains(&(name, used));
            if ours && !itself && !tested && !may_use.contains(&used) {
                complaints.push(format!("{name} uses {used}: that arrow is not in the picture"));
            }
            if shipped && super::purity::is_pure(name) && EFFECTS.contains(&used) {
                complaints.push(format!("{name} is pure, but uses {used}"));
            }
        }
    }
    complaints
}
