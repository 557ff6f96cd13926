//! What stands in `deploy/` and in the guides, held to what the binary really does.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Start, backend_address, own_address};
use crate::support::http;
use crate::support::tls::Certificate;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Files that name metrics.
const NAMING: [&str; 3] = [
    "deploy/grafana/campanile.json",
    "deploy/prometheus/campanile-alerts.yml",
    "docs/operation.md",
];

/// Returns the metrics page of a gateway on which everything is configured that has metrics.
async fn page() -> String {
    let own = own_address();
    let _backend = Backend::start(backend_address(own), |_| Answer::json(403, "{}")).await;
    let certificate = Certificate::new();
    let campanile = Start::new(own)
        .env("CAMPANILE_PUBLIC_CERTIFICATE", &certificate.certificate())
        .env("CAMPANILE_PUBLIC_PRIVATE_KEY", &certificate.key())
        .env("CAMPANILE_HOOKS_CONNECT", "online/")
        .ready()
        .await;
    http::get(campanile.internal, "/metrics").await.expect("metrics are served").body
}

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the family of each sample of a page, with its type.
fn families(page: &str) -> BTreeMap<String, String> {
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let types = types.filter_map(|line| line.split_once(' '));
    types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Returns the family that a sample's name belongs to.
fn family_of<'a>(name: &'a str, families: &BTreeMap<String, String>) -> Option<&'a str> {
    let parts = ["", "_bucket", "_sum", "_count"];
    parts.into_iter().find_map(|part| {
        let family = name.strip_suffix(part)?;
        let is_histogram = families.get(family)? == "histogram";
        (is_histogram != part.is_empty()).then_some(family)
    })
}

/// Returns the words of a text that are names of metrics.
fn metrics_named(text: &str) -> BTreeSet<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_name(letter));
    words
        .filter(|word| word.starts_with("campanile_") || word.starts_with("process_"))
        // A module in a log filter.
        .filter(|word| *word != "campanile_gateway")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_a_dashboard_an_alert_or_a_guide_names_exists() {
    let page = page().await;
    let families = families(&page);
    let mut missing = Vec::new();
    for path in NAMING {
        let text = read(path);
        let named = metrics_named(&text);
        assert!(!named.is_empty(), "{path} names no metric");
        let is_known =
            |name: &str| families.contains_key(name) || family_of(name, &families).is_some();
        let unknown = named.into_iter().filter(|name| !is_known(name));
        missing.extend(unknown.map(|name| format!("{path}: {name}")));
    }
    assert_eq!(missing, Vec::<String>::new(), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_and_reason_that_an_alert_names_exists() {
    let page = page().await;
    let alerts = read("deploy/prometheus/campanile-alerts.yml");
    for label in ["outcome", "reason"] {
        let begins = format!("{{{label}=");
        let named = alerts.split(&begins).skip(1);
        let named = named.filter_map(|rest| rest.split('"').nth(1)).flat_map(|all| all.split('|'));
        for value in named {
            assert!(page.contains(&format!("{{{label}=\"{value}\"}}")), "{label} {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_has_a_help_a_type_and_a_name_by_prometheus_conventions() {
    let page = page().await;
    let families = families(&page);
    let mut complaints = Vec::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        if family_of(name, &families).is_none() {
            complaints.push(format!("{name} has no type that fits"));
        }
    }
    for (name, kind) in &families {
        if !page.contains(&format!("# HELP {name} ")) {
            complaints.push(format!("{name} has no help"));
        }
        if (kind == "counter") != name.ends_with("_total") {
            complaints.push(format!("{name} is a {kind}"));
        }
        let base = name.strip_suffix("_total").unwrap_or(name);
        for unit in ["bytes", "seconds"] {
            if base.contains(unit) && !base.ends_with(unit) {
                complaints.push(format!("{name}: the unit stands last"));
            }
        }
    }
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_own_tool_accepts_the_metrics_and_the_alerts() {
    if Command::new("promtool").arg("--version").output().is_err() {
        println!("not run, because promtool is not here (Debian's package prometheus)");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/prometheus");
    let checked = Command::new("promtool")
        .args(["check", "config", "prometheus.yml"])
        .current_dir(folder)
        .output()
        .expect("promtool can be run");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let mut checking = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be run");
    let mut input = checking.stdin.take().expect("it is piped");
    input.write_all(page().await.as_bytes()).expect("promtool reads");
    drop(input);
    let checked = checking.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&checked.stdout) + String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_dashboard_is_json_and_each_of_its_panels_asks_something() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("deploy/grafana/campanile.json")).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().expect("it has targets");
        assert!(targets.iter().all(|target| target["expr"].is_string()), "{}", panel["title"]);
    }
}

/// Pages that name settings as `[section] name`, or show a file of them.
const GUIDES: [&str; 4] = [
    "docs/operation.md",
    "docs/moving-from-high-templar.md",
    "docs/listeners.md",
    "deploy/prometheus/campanile-alerts.yml",
];

fn campanile(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
    command.env_clear().args(arguments).output().expect("the binary was built for this test")
}

/// Returns every setting of `default-config`, as `section.name`.
fn settings() -> BTreeSet<String> {
    let text = String::from_utf8(campanile(&["default-config"]).stdout).expect("it is UTF-8");
    let (mut section, mut settings) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((name, _)) =
            line.strip_prefix('#').and_then(|line| line.split_once(" ="))
            && !name.contains(' ')
        {
            settings.insert(format!("{section}.{name}"));
        }
    }
    settings
}

/// Returns every setting that a text names, as `section.name`.
fn settings_named(text: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let mut named = BTreeSet::new();
    for part in text.split('[').skip(1) {
        let Some((section, rest)) = part.split_once("] ") else { continue };
        let name: String = rest.chars().take_while(|letter| is_name(*letter)).collect();
        if section.chars().all(is_name) && !section.is_empty() && !name.is_empty() {
            named.insert(format!("{section}.{name}"));
        }
    }
    named
}

#[test]
fn every_setting_that_a_guide_names_exists() {
    let settings = settings();
    assert!(settings.contains("public.listen") && settings.contains("limits.drain_s"));
    let mut missing = Vec::new();
    for path in GUIDES {
        let text = read(path);
        let is_known = |name: &String| settings.contains(name);
        let unknown = settings_named(&text).into_iter().filter(|name| !is_known(name));
        missing.extend(unknown.map(|name| format!("{path}: {name}")));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_file_of_settings_that_a_guide_shows_is_in_order() {
    let file = std::env::temp_dir().join(format!("campanile-guide-{}.toml", std::process::id()));
    let mut wrong = Vec::new();
    for path in GUIDES {
        let text = read(path);
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            // The certificates that a guide names are not on this machine.
            if block.contains("private_key") {
                continue;
            }
            fs::write(&file, block).expect("the temporary folder can be written");
            let name = file.to_str().expect("it is named in ASCII");
            let checked = campanile(&["check-config", "--config", name]);
            if !checked.status.success() {
                wrong.push(format!("{path}: {}", String::from_utf8_lossy(&checked.stderr)));
            }
        }
    }
    let _ = fs::remove_file(&file);
    assert_eq!(wrong, Vec::<String>::new());
}
