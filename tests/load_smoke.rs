//! The load generator against the bare writer, on real sockets: what is delivered is counted, and
//! what is lost is noticed.

use std::path::PathBuf;
use std::process::{Command, Output};

const LOAD: &str = env!("CARGO_BIN_EXE_dxring-load");
const LIMIT: &str = env!("CARGO_BIN_EXE_dxring-limit");

/// 200 spots in 300 ms to 20 users. The machine may be busy, so the generator may be late.
const SMALL: &str = "--users 20 --burst 200 --within-ms 300 --warmup 20 --late-ms-max 20000 --login-timeout-s 30";

fn load(more: &[&str], json: &PathBuf) -> (Output, String) {
    let output = Command::new(LOAD)
        .args(["--spawn-limit", LIMIT, "--json"])
        .arg(json)
        .args(SMALL.split(' '))
        .args(more)
        .output()
        .expect("the generator starts");
    let text = std::fs::read_to_string(json).unwrap_or_default();
    (output, text)
}

fn assert_has(text: &str, parts: &[&str], output: &Output) {
    for part in parts {
        assert!(
            text.contains(part),
            "no {part} in {text}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn every_line_is_delivered_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (json, hgrm, record) = (dir.path().join("a.json"), dir.path().join("a.hgrm"), dir.path().join("record"));
    let more = ["--feeders", "2", "--receiver-threads", "2", "--limit-arg=--threads=2"];
    let files = ["--hgrm", hgrm.to_str().unwrap(), "--record", record.to_str().unwrap()];
    let (output, text) = load(&[&more[..], &files[..]].concat(), &json);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_has(&text, &["\"delivered\":4000,", "\"missing\":0,", "\"duplicates\":0,", "\"out_of_order\":0,"], &output);
    assert_has(&text, &["\"failures\":[]", "\"foreign\":0,", "lines per send"], &output);
    assert!(std::fs::read_to_string(hgrm).unwrap().contains("Total count    =         4000"));
    let record = std::fs::read_to_string(record).unwrap();
    assert!(record.contains("commit") && record.contains("delivered 100.00 %"), "{record}");
}

#[test]
fn a_lost_line_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    // Line 110 of 220 never leaves; every one of 20 users lacks it, and then line 220.
    let (output, text) = load(&["--limit-arg=--lose=110", "--drain-s", "1"], &dir.path().join("b.json"));
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_has(&text, &["\"missing\":40,", "\"delivered\":3960,", "40 lines missing"], &output);
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAILED"));
}

#[test]
fn idle_users_cost_what_they_cost() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("c.json");
    let output = Command::new(LOAD)
        .args(["--spawn-limit", LIMIT, "--idle", "30", "--seconds", "1", "--json"])
        .arg(&json)
        .output()
        .expect("the generator starts");
    let text = std::fs::read_to_string(json).unwrap_or_default();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_has(&text, &["\"kind\":\"idle\"", "\"users\":30,", "\"users_lost\":0,"], &output);
}
