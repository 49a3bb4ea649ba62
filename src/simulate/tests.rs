//! What a band must be.

use super::*;
use crate::config::Profile;
use crate::spot::{Call, Utc, is_plausible, normalize};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PROFILES: [Profile; 3] = [Profile::Quiet, Profile::Contest, Profile::Ft8Burst];

/// Lines and rows of the first `seconds`.
fn played(seed: u64, profile: Profile, seconds: i64) -> Vec<(Vec<u8>, TruthRow)> {
    let mut band = Band::new(seed, profile, 1.0, DEFAULT_START);
    let end = Utc::from_ms(DEFAULT_START.ms() + seconds * 1000);
    let mut all = Vec::new();
    while band.next_at() < end {
        all.push(band.next(|line, row| (line.to_vec(), *row)));
    }
    all
}

fn fingerprint(lines: &[(Vec<u8>, TruthRow)]) -> u64 {
    // SipHash with fixed keys: the same on every machine.
    #[allow(deprecated)]
    let mut hasher = std::hash::SipHasher::new();
    for (line, row) in lines {
        line.hash(&mut hasher);
        row.at.hash(&mut hasher);
        row.truth.hash(&mut hasher);
    }
    hasher.finish()
}

#[test]
fn same_seed_same_bytes() {
    for profile in PROFILES {
        let first = fingerprint(&played(42, profile, 120));
        assert_eq!(first, fingerprint(&played(42, profile, 120)), "{profile:?}");
        assert_ne!(first, fingerprint(&played(43, profile, 120)), "{profile:?}");
    }
}

#[test]
fn the_first_second_is_not_silent_and_nobody_waits_two() {
    for profile in PROFILES {
        for seed in 0..6 {
            let lines = played(seed, profile, 60);
            assert!(lines[0].1.at.ms() < DEFAULT_START.ms() + 1000, "{profile:?} {seed}");
            // Lines that a new user's default filter passes, of stations not heard for a while.
            let mut heard = BTreeSet::new();
            let mut last = DEFAULT_START.ms();
            for (_, row) in lines.iter().filter(|(_, row)| !row.mode.name().starts_with("FT")) {
                if heard.insert((row.truth, row.true_hz / 1_000_000)) {
                    assert!(row.at.ms() - last <= 2_200, "{profile:?} {seed}: silence until {}", row.at.hhmmz());
                    last = row.at.ms();
                }
            }
        }
    }
}

#[test]
fn lines_stand_in_their_columns() {
    for profile in PROFILES {
        for (line, row) in played(7, profile, 300) {
            let text = std::str::from_utf8(&line).expect("ASCII");
            assert!(text.starts_with("DX de ") && text.ends_with('Z') && text.is_ascii(), "{text}");
            let spotter = row.spotter.as_str();
            assert_eq!(&text[6..6 + spotter.len() + 1], format!("{spotter}:"), "{text}");
            if spotter.len() > 8 {
                continue; // Pushes the rest to the right, as the relay does.
            }
            if spotter.ends_with("-#") {
                let shift = text.len() - 75;
                assert_eq!(shift, row.reported.len().saturating_sub(14), "{text}");
                let point = if text.as_bytes()[22] == b'.' { 22 } else { 21 };
                assert_eq!(text.as_bytes()[point], b'.', "{text}");
                assert_eq!(text[26..].split(' ').next(), Some(row.reported.as_str()), "{text}");
                assert!(text[41 + shift..].starts_with(row.mode.name()), "{text}");
                assert_eq!(text[46 + shift..49 + shift].trim(), row.snr_db.unwrap().to_string(), "{text}");
                assert_eq!(&text[49 + shift..52 + shift], " dB", "{text}");
            } else {
                assert_eq!(text.as_bytes()[22], b'.', "{text}");
                assert_eq!(&text[26..26 + row.reported.len()], row.reported.as_str(), "{text}");
                assert_eq!(text.len(), 75, "{text}");
                assert_eq!(text.as_bytes()[69], b' ', "{text}");
            }
        }
    }
}

#[test]
fn rows_tell_of_their_lines() {
    let mut before = 0;
    for (number, (line, row)) in played(9, Profile::Contest, 300).iter().enumerate() {
        assert_eq!(row.line, number as u64 + 1);
        assert!(row.at.ms() >= before, "time goes forward");
        before = row.at.ms();
        assert_eq!(row.bust == Bust::None, row.reported == row.truth, "{row:?}");
        let text = std::str::from_utf8(line).unwrap();
        let khz: f64 = text[6 + row.spotter.len() + 1..].split_ascii_whitespace().next().unwrap().parse().unwrap();
        assert_eq!((khz * 1000.0).round() as u64, row.reported_hz, "{text}");
        let off_hz = if row.mode.name().starts_with("FT") { 3_000 } else { 1_100 };
        assert!(row.reported_hz.abs_diff(row.true_hz) <= off_hz, "{row:?}");
        assert!(normalize(row.reported.as_bytes()).is_some_and(|call| is_plausible(&call)), "{row:?}");
    }
}

#[test]
fn rates_fit_the_profiles() {
    let rate = |profile, seconds: i64| played(1, profile, seconds).len() as f64 / seconds as f64;
    let quiet = rate(Profile::Quiet, 1_800);
    assert!((3.0..8.0).contains(&quiet), "quiet {quiet}");
    let contest = rate(Profile::Contest, 600);
    assert!((50.0..120.0).contains(&contest), "contest {contest}");
    let ft8 = rate(Profile::Ft8Burst, 600);
    assert!((40.0..120.0).contains(&ft8), "ft8 {ft8}");
    // Twice the stations, about twice the lines.
    let mut twice = Band::new(1, Profile::Quiet, 2.0, DEFAULT_START);
    let mut lines = 0;
    while twice.next_at().ms() < DEFAULT_START.ms() + 1_800_000 {
        twice.next(|_, _| lines += 1);
    }
    let factor = f64::from(lines) / 1_800.0 / quiet;
    assert!((1.6..2.4).contains(&factor), "{factor}");
}

#[test]
fn about_one_morse_report_in_a_hundred_is_wrong() {
    let lines = played(3, Profile::Contest, 600);
    let mut seen: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (_, row) in lines.iter().filter(|(_, row)| row.spotter.is_skimmer()) {
        let entry = seen.entry(row.mode.name()).or_default();
        entry.0 += 1;
        entry.1 += u32::from(row.bust != Bust::None);
    }
    let permyriad = |mode: &str| seen[mode].1 * 10_000 / seen[mode].0;
    assert!((60..160).contains(&permyriad("CW")), "{seen:?}");
    assert!((30..200).contains(&permyriad("RTTY")), "{seen:?}");
    assert_eq!(seen["FT8"].1, 0);
    let people: Vec<_> = lines.iter().filter(|(_, row)| !row.spotter.is_skimmer()).collect();
    assert!(people.len() > 100 && people.iter().all(|(_, row)| row.bust == Bust::None));
}

#[test]
fn slot_reports_come_in_bursts() {
    let lines = played(5, Profile::Ft8Burst, 300);
    let mut bursts: BTreeMap<i64, u32> = BTreeMap::new();
    for (line, row) in lines.iter().filter(|(_, row)| row.spotter.is_skimmer()) {
        let slot_ms = match row.mode.name() {
            "FT8" => 15_000,
            "FT4" => 7_500,
            _ => continue,
        };
        let late_ms = row.at.ms() % slot_ms;
        assert!((100..1_500).contains(&late_ms), "{late_ms} ms: {}", String::from_utf8_lossy(line));
        if slot_ms == 15_000 {
            *bursts.entry(row.at.ms() / slot_ms).or_default() += 1;
        }
    }
    let mean = bursts.values().sum::<u32>() / bursts.len() as u32;
    assert!((500..2_000).contains(&mean), "{mean} per slot");
}

#[test]
fn skimmers_repeat_after_ten_minutes() {
    let mut last: BTreeMap<(Call, Call, u64), i64> = BTreeMap::new();
    let (mut early, mut all) = (0u32, 0u32);
    for (_, row) in played(2, Profile::Contest, 1_300) {
        if row.bust == Bust::None && row.spotter.is_skimmer() {
            let key = (row.spotter, row.truth, row.true_hz);
            if let Some(before) = last.insert(key, row.at.ms()) {
                all += 1;
                early += u32::from(row.at.ms() - before < 600_000);
            }
        }
    }
    let percent = early * 100 / all;
    assert!(all > 5_000 && (5..30).contains(&percent), "{percent} % of {all}");
}

#[test]
fn a_run_is_a_file_and_its_truth() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let truth = folder.path().join("truth.tsv");
    let options = Options { minutes: Some(2.0), truth: Some(truth.clone()), ..Options::default() };
    let mut out = Vec::new();
    let summary = run(&options, &mut out).expect("runs");
    let text = String::from_utf8(out).expect("ASCII");
    let rows = std::fs::read_to_string(&truth).expect("truth");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], TruthRow::HEADER.trim_end());
    assert_eq!(rows.len() as u64 - 1, summary.lines);
    assert_eq!(text.split_terminator("\r\n").count() as u64, summary.lines);
    for (line, row) in text.split_terminator("\r\n").zip(&rows[1..]) {
        let cells: Vec<&str> = row.split('\t').collect();
        assert_eq!(cells.len(), TruthRow::HEADER.split('\t').count());
        assert!(line.contains(&format!(" {} ", cells[2])) && line.contains(&format!(" {}:", cells[4])), "{line} {row}");
    }
}

/// A client that waits at most ten seconds for anything.
fn client(server: &Server) -> BufReader<TcpStream> {
    let socket = TcpStream::connect(server.local_addr()).expect("connects");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("has a timeout");
    BufReader::new(socket)
}

fn logged_in(server: &Server, call: &str) -> BufReader<TcpStream> {
    let mut client = client(server);
    let mut prompt = [0u8; 24];
    client.read_exact(&mut prompt).expect("prompt without line end");
    assert_eq!(&prompt, b"Please enter your call: ");
    client.get_mut().write_all(format!("{call}\r\n").as_bytes()).expect("sends");
    client
}

fn next_spot(client: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        assert!(client.read_line(&mut line).expect("a line within ten seconds") > 0, "closed");
        assert!(line.ends_with("\r\n"), "{line:?}");
        if line.starts_with("DX de ") {
            return line;
        }
    }
}

#[test]
fn a_served_session() {
    let options = Options { start: Some(DEFAULT_START), ..Options::default() };
    let server = serve("127.0.0.1:0".parse().unwrap(), &options).expect("listens");
    let mut first = logged_in(&server, "n0call");
    let mut greeting = Vec::new();
    while greeting.last().is_none_or(|line: &String| !line.contains(" >")) {
        let mut line = String::new();
        first.read_line(&mut line).expect("greeting");
        greeting.push(line);
    }
    assert!(greeting.iter().any(|line| line.contains("Hello, N0CALL! Connected.")), "{greeting:?}");
    assert!(greeting.iter().any(|line| line.starts_with("Spot rate: ")), "{greeting:?}");
    let mut second = logged_in(&server, "dl1abc-2");
    let joined = next_spot(&mut second);
    // Both get the same lines from there on.
    while next_spot(&mut first) != joined {}
    for _ in 0..5 {
        assert_eq!(next_spot(&mut first), next_spot(&mut second));
    }
    drop(first);
    drop(second);
    let report = server.stop().expect("ends");
    assert_eq!(report.clients, 2);
    assert!(report.summary.lines >= 6 && report.slow_clients == 0, "{report:?}");
}

#[test]
fn a_server_ends_by_itself_and_drops_who_does_not_read() {
    // 40 minutes of a band in a few seconds: more than a socket and a backlog hold.
    let options =
        Options { minutes: Some(40.0), profile: Profile::Contest, speed: 400.0, rate: 2.0, ..Options::default() };
    let server = serve("127.0.0.1:0".parse().unwrap(), &options).expect("listens");
    let deaf = logged_in(&server, "W1DEAF");
    let mut reader = logged_in(&server, "W1EAR");
    let mut received = 0u64;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).expect("within ten seconds") > 0 {
        received += u64::from(line.starts_with(b"DX de "));
        line.clear();
    }
    let report = server.wait().expect("ends");
    drop(deaf);
    assert!(received > 100_000 && received <= report.summary.lines, "{received} of {report:?}");
    assert_eq!((report.clients, report.slow_clients), (2, 1), "{report:?}");
}
