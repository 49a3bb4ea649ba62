//! The load generator against the bare writer, on real sockets: what is delivered is counted, and
//! what is lost is noticed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
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

/// The node that this test builds, calm and with hostile users in turn: whoever does no harm gets every line, and
/// those who do are counted apart.
#[test]
fn hostile_users_are_counted_and_cost_nobody_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let (json, svg) = (dir.path().join("d.json"), dir.path().join("d.svg"));
    let output = Command::new(LOAD)
        .args(["--spawn", env!("CARGO_BIN_EXE_dxring"), "--users", "20", "--burst", "100", "--within-ms", "300"])
        .args(["--every-ms", "1500", "--times", "2", "--base-rate", "20", "--warmup", "20", "--late-ms-max", "20000"])
        .args(["--hostile-pairs", "--logins-per-s", "40", "--login-timeout-s", "30", "--quiet", "--json"])
        .args([&json, &PathBuf::from("--svg"), &svg])
        .output()
        .expect("the generator starts");
    let text = std::fs::read_to_string(json).unwrap_or_default();
    // 1 = the bar on p99, which a busy machine may miss; 2 = nothing was measured.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    // 20 users calm; one of them never reads and one is reset in the hostile run. 2 x 100 + 3 s x 20 spots.
    assert_has(&text, &["\"target\":\"dxring\"", "\"users\":20,\"spots\":260,", "\"delivered\":5200,"], &output);
    assert_has(&text, &["\"target\":\"dxring hostile\"", "\"users\":18,", "\"delivered\":4680,"], &output);
    assert_eq!(text.matches("\"failures\":[]").count(), 2, "{text}");
    assert_eq!(text.matches("\"users_lost\":0,").count(), 2, "{text}");
    assert_has(&text, &["\"hostile\":null", "\"never_read\":1,\"never_read_ended\":0,"], &output);
    let after = |key: &str| -> u64 {
        let rest = text.split(key).nth(1).expect(key);
        rest.split(',').next().and_then(|n| n.parse().ok()).expect(key)
    };
    assert!(after("\"resets\":") >= 2 && after("\"logged_in_again\":") >= 2, "{text}");
    assert!(after("\"accepted\":") >= 20, "{text}");
    assert_eq!(after("\"refused\":"), 0, "{text}");
    assert!(std::fs::read_to_string(svg).unwrap().contains("dxring hostile"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("p99 of dxring hostile: at most 1.1 x dxring's"), "{said}");
}

/// A broker's program; `None` when it is not installed and need not be (`scripts/test brokers` says that it must).
fn broker(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let program = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    if program.is_none() {
        assert_ne!(std::env::var("DXRING_BROKERS").as_deref(), Ok("required"), "no {name} here: apt install {name}");
        println!("skipped: no {name}");
    }
    program
}

/// 200 spots in 300 ms to 50 subscribers of a broker.
fn through_broker(option: &str, program: &Path, more: &[&str]) -> (Output, String) {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("e.json");
    let output = Command::new(LOAD)
        .arg(option)
        .arg(program)
        .args(["--users", "50", "--burst", "200", "--within-ms", "300", "--warmup", "20", "--late-ms-max", "20000"])
        .args(["--login-timeout-s", "30", "--drain-s", "2", "--json"])
        .arg(&json)
        .args(more)
        .output()
        .expect("the generator starts");
    let text = std::fs::read_to_string(json).unwrap_or_default();
    (output, text)
}

#[test]
fn brokers_deliver_every_line_to_the_same_users() {
    for (option, name) in [("--spawn-nats", "nats-server"), ("--spawn-redis", "redis-server")] {
        let Some(program) = broker(name) else { continue };
        let (output, text) = through_broker(option, &program, &["--feeders", "2", "--receiver-threads", "2"]);
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), text);
        assert_has(&text, &["\"delivered\":10000,", "\"missing\":0,", "\"duplicates\":0,", "\"foreign\":0,"], &output);
        assert_has(&text, &[&format!("\"target\":\"{name}\""), "\"users_lost\":0,", "\"failures\":[]"], &output);
    }
}

/// redis as tight as can be: whoever has more than a byte waiting behind the first 16 KiB is cut off. Those users are
/// lost, the run fails, and what was delivered is told all the same.
#[test]
fn users_whom_a_broker_cuts_off_fail_the_run() {
    let Some(program) = broker("redis-server") else { return };
    let dir = tempfile::tempdir().unwrap();
    let tight = dir.path().join("tight");
    let script =
        format!("#!/bin/sh\nsed -i 's/pubsub 0 0 0/pubsub 1 0 0/' \"$1\"\nexec '{}' \"$@\"\n", program.display());
    std::fs::write(&tight, script).unwrap();
    std::fs::set_permissions(&tight, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (output, text) = through_broker("--spawn-redis", &tight, &["--burst", "1000", "--within-ms", "0"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_has(&text, &["\"delivered_share\":0", "lines missing", "50 users lost", "\"due\":50000,"], &output);
}

/// Reports through mosquitto and a relay's lines together, to users with narrow filters: what each is due comes.
#[test]
fn reports_and_relays_together_reach_narrow_filters() {
    let Some(program) = broker("mosquitto") else { return };
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("f.json");
    let output = Command::new(LOAD)
        .args(["--spawn", env!("CARGO_BIN_EXE_dxring"), "--rate", "300", "--mqtt-rate", "100", "--seconds", "1"])
        .args(["--users", "52", "--narrow", "26", "--late-ms-max", "20000", "--login-timeout-s", "30", "--quiet"])
        .arg("--spawn-mosquitto")
        .arg(program)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("the generator starts");
    let text = std::fs::read_to_string(json).unwrap_or_default();
    // 1 = the bar on the reports' p99, which a busy machine may miss; 2 = nothing was measured.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    // Each spot has two users; the last of four feeds, warm-up included, goes through the broker.
    assert_has(&text, &["\"delivered\":800,", "\"failures\":[]", "\"unwanted\":0,"], &output);
    assert_has(&text, &["\"published\":225,\"received\":225,\"lost_in_broker\":0,\"unseen\":0,"], &output);
}
