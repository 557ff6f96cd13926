//! The benchmark under TLS: that it measures what it says, not how fast that is.

use serde_json::Value;
use std::process::Command;

#[test]
fn a_fan_out_under_tls_delivers_all_that_the_plain_one_does() {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        eprintln!("not run, because a benchmark takes two cores");
        return;
    }
    let words = "bench fanout --tls --without floor --connections 20 --publications 10 --rounds 1";
    let output = Command::new(env!("CARGO_BIN_EXE_campanile"))
        .args(words.split(' '))
        .arg("--json")
        .output()
        .expect("the binary is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let result: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = result["sections"][0]["rows"].as_array().expect("there are rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["campanile tls", "campanile"]);
    for row in rows {
        assert_eq!((&row["operations"], &row["faults"]["lost"]), (&200.into(), &0.into()), "{row}");
    }
}
