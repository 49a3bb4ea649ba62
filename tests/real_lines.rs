//! Every line of the real captures is read, or refused for a reason that is written down here; and
//! every line that we print of it is read back by an independent parser and by column slicers.
//!
//! The captures lie in `../shared/data` and are not part of the project; without them the same checks
//! run on our own lines in `tests/replay/`.

use dxring::spot::{Flags, Spot, Utc};
use dxring::wire::{LineSplitter, SpotLine, bulletin_kind, classic, is_spot_line, people_line, skimmer_line};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Of the 3.1 million lines of the replay days, a build without optimisation reads every 16th of every
/// fifth day: unpacking takes most of the time.
const STRIDE: u64 = if cfg!(debug_assertions) { 16 } else { 1 };
const DAY_STRIDE: usize = if cfg!(debug_assertions) { 5 } else { 1 };
/// The independent parser is a regular expression of 40 µs: every so many read lines.
const ORACLE_STRIDE: u64 = if cfg!(debug_assertions) { 64 } else { 256 };

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Our own lines, and the captures of a folder where they are there.
fn files(fixture: &str, folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = vec![root().join("tests/replay").join(fixture)];
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(root().join("../shared/data").join(folder)) else { continue };
        found.extend(entries.map(|e| e.unwrap().path()).filter(|p| p.to_string_lossy().ends_with(ending)));
    }
    found.sort();
    found
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.extension().is_none_or(|e| e != "zst") {
        return bytes;
    }
    let mut out = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(&bytes[..]).unwrap().read_to_end(&mut out).unwrap();
    out
}

fn for_each_line(bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
    let mut splitter = LineSplitter::new();
    // Pieces as a socket gives them, so that lines are cut where they are cut in life.
    for piece in bytes.chunks(1448) {
        splitter.push(piece, &mut on_line);
    }
    if splitter.pending_bytes() > 0 {
        splitter.push(b"\n", on_line);
    }
    assert_eq!(splitter.too_long(), 0);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The spot with the time of its line on some day: what a parse agent makes of it.
fn dated(line: &SpotLine) -> Spot {
    let mut spot = line.spot;
    let (hour, minute) = line.time.map_or((0, 0), |t| (t.hour, t.minute));
    spot.time = Utc::from_civil(2026, 3, 1, hour.into(), minute.into(), 0);
    spot
}

fn printed(spot: &Spot) -> Vec<u8> {
    let mut out = Vec::new();
    classic(spot, &mut out);
    out
}

/// What a logger that slices columns sees (clients 5.1).
fn check_columns(spot: &Spot, line: &[u8]) {
    let shown = text(line);
    assert_eq!(line.len(), 75, "{shown}");
    assert!(line.iter().all(|b| matches!(b, b' '..=b'~')), "{shown}");
    assert_eq!(&line[..6], b"DX de ");
    assert_eq!((line[69], line[74]), (b' ', b'Z'), "{shown}");
    let standard = spot.de.len() + format!("{:.1}", spot.freq.rounded().hz() as f64 / 1000.0).len() <= 16;
    if standard {
        assert_eq!(line[6..24].trim_ascii_start().split(|&b| b == b':').next(), Some(spot.de.as_bytes()), "{shown}");
        assert_eq!((line[22], line[24], line[25]), (b'.', b' ', b' '), "{shown}");
        if spot.dx.len() <= 12 {
            assert_eq!(line[26..38].trim_ascii_end(), spot.dx.as_bytes(), "{shown}");
            assert_eq!(line[38], b' ', "{shown}");
        }
    }
}

/// What dxclparser reads: an implementation that shares nothing with ours.
fn check_oracle(spot: &Spot, line: &[u8]) {
    let shown = std::str::from_utf8(line).unwrap();
    let Ok(dxclparser::Spot::DX(dx)) = dxclparser::parse(shown) else { panic!("dxclparser does not read {shown}") };
    assert_eq!((dx.call_de.as_str(), dx.call_dx.as_str()), (spot.de.as_str(), spot.dx.as_str()), "{shown}");
    // It multiplies a float and cuts: up to 1 Hz is lost.
    assert!(dx.freq.abs_diff(spot.freq.rounded().hz()) <= 1, "{shown}");
    let (hour, minute) = spot.time.hour_minute();
    assert_eq!(u32::from(dx.utc), hour * 100 + minute, "{shown}");
    assert_eq!(dx.loc, None, "{shown}");
    let comment = dx.comment.unwrap_or_default();
    let Some(snr_db) = spot.snr().filter(|_| spot.is_skimmer()) else { return };
    // Its grammar of RBN comments wants a type word.
    if let Ok(rbn) = dxclparser::parse_rbn(&comment) {
        assert_eq!((rbn.mode.as_str(), rbn.db), (spot.mode().name(), snr_db), "{shown}");
        assert_eq!(rbn.speed.unwrap_or(0), spot.speed, "{shown}");
    } else {
        assert!(!spot.flags.has(Flags::CQ) || !spot.comment().is_empty(), "dxclparser does not read {comment}");
    }
}

/// The fields of an RBN line by their order alone.
fn check_words(spot: &Spot, line: &[u8]) {
    let shown = text(line);
    let words: Vec<&str> = shown.split_whitespace().collect();
    let [_, _, de_and_freq @ .., _] = &words[..] else { panic!("{shown}") };
    let glued = !de_and_freq[0].ends_with(':');
    let (de, khz) = de_and_freq[0].split_once(':').unwrap();
    let (khz, rest) = if glued { (khz, &de_and_freq[1..]) } else { (de_and_freq[1], &de_and_freq[2..]) };
    assert_eq!(spot.de.as_str(), de, "{shown}");
    assert_eq!(spot.freq.hz(), (khz.parse::<f64>().unwrap() * 1000.0).round() as u64, "{shown}");
    let [dx, mode, snr_db, _db, speed, unit, kind, ..] = rest[..] else { panic!("{shown}") };
    assert_eq!((spot.dx.as_str(), spot.mode().name()), (dx, mode), "{shown}");
    assert_eq!(spot.snr(), snr_db.parse().ok(), "{shown}");
    assert_eq!(spot.speed, speed.parse::<u16>().unwrap(), "{shown}");
    assert_eq!(spot.flags.has(Flags::SPEED_BPS), unit == "BPS", "{shown}");
    assert_eq!(spot.flags.has(Flags::CQ), kind == "CQ", "{shown}");
    assert_eq!(spot.flags.has(Flags::NCDXF), kind == "NCDXF", "{shown}");
    let beacon = kind == "NCDXF" || kind == "BEACON" || dx.ends_with("/B");
    assert_eq!(spot.flags.has(Flags::BEACON), beacon, "{shown}");
    assert_eq!(spot.comment(), if kind == "DX" { &b"DX"[..] } else { b"" }, "{shown}");
}

/// No well-formed line of the Reverse Beacon Network is refused, so none at all.
#[test]
fn every_line_of_the_reverse_beacon_network_is_read() {
    let mut lines = 0u64;
    let mut refused = Vec::new();
    let files = files("skimmers.txt", &["rbn_replay"], ".txt.zst");
    let ours = files.iter().filter(|file| file.ends_with("skimmers.txt"));
    let days = files.iter().filter(|file| !file.ends_with("skimmers.txt")).step_by(DAY_STRIDE);
    for file in ours.chain(days) {
        for_each_line(&read(file), |line| {
            lines += 1;
            if !lines.is_multiple_of(STRIDE) && lines > 1_000 {
                return;
            }
            match skimmer_line(line) {
                Ok(read) => {
                    let spot = dated(&read);
                    check_words(&spot, line);
                    let line = printed(&spot);
                    check_columns(&spot, &line);
                    if lines.is_multiple_of(STRIDE * ORACLE_STRIDE) || lines <= 1_000 {
                        check_oracle(&spot, &line);
                    }
                }
                Err(fault) => refused.push(format!("{}: {}", fault.reason().name(), text(line))),
            }
        });
    }
    println!("{lines} lines, {} refused", refused.len());
    assert!(lines >= 30);
    assert!(refused.is_empty(), "{refused:#?}");
}

/// The words of a line, with a blank behind the spotter and one `?` for every foreign character.
fn plain_words(line: &[u8]) -> Vec<String> {
    let plain = text(line).replace(|c: char| !c.is_ascii(), "?").replacen(':', ": ", 1);
    plain.split_whitespace().map(str::to_string).collect()
}

/// Lines of the sessions that are refused, and why.
const REFUSED: [(&str, &str); 2] = [
    // A person put the band where the call belongs; no call follows. The second is ours.
    ("no_dx_call", "DX de DK8JAM:     5353.0  60M "),
    ("no_dx_call", "DX de DK8ZZM:     5353.0  60M "),
];

#[test]
fn every_session_of_a_cluster_is_read() {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for file in files("people.txt", &["rbn_telnet_capture", "human"], ".txt") {
        for_each_line(&read(&file), |line| {
            let mut count = |name: &str| *counts.entry(name.to_string()).or_default() += 1;
            if !is_spot_line(line) {
                let kind = bulletin_kind(line).map_or("other".to_string(), |k| format!("{k:?}"));
                return count(&kind);
            }
            let read = match people_line(line) {
                Ok(read) => read,
                Err(fault) => {
                    let name = fault.reason().name();
                    let known =
                        REFUSED.iter().any(|(reason, begin)| *reason == name && line.starts_with(begin.as_bytes()));
                    assert!(known, "{name}: {}", text(line));
                    return count(name);
                }
            };
            let spot = dated(&read);
            let again = printed(&spot);
            check_columns(&spot, &again);
            check_oracle(&spot, &again);
            if spot.is_skimmer() {
                assert!(spot.snr().is_some(), "{}", text(line));
                return count("skimmers");
            }
            count("people");
            // What a person wrote comes out as it came in, to the byte; or, where the line is not in
            // plain ASCII and columns, word by word.
            if !line.starts_with(&again) {
                count("people, word by word");
                let (came, goes) = (plain_words(line), plain_words(&again));
                assert!(came.starts_with(&goes), "{}\n{}", text(line), text(&again));
            }
        });
    }
    println!("{counts:#?}");
    assert!(counts["people"] >= 20 && counts["skimmers"] >= 5);
}
