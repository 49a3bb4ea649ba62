//! Every line of the real captures is read, or refused for a reason that is written down here.
//!
//! The captures lie in `../shared/data` and are not part of the project; without them the same checks
//! run on our own lines in `tests/replay/lines.txt`.

use dxring::wire::{LineFault, LineSplitter, is_spot_line, people_line, skimmer_line};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    path.is_dir().then_some(path)
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.extension().is_some_and(|e| e == "zst") {
        let mut out = Vec::new();
        ruzstd::decoding::StreamingDecoder::new(&bytes[..]).unwrap().read_to_end(&mut out).unwrap();
        return out;
    }
    bytes
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let Some(data) = data() else { return Vec::new() };
    let mut found: Vec<PathBuf> = std::fs::read_dir(data.join(folder))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

fn for_each_line(bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
    let mut splitter = LineSplitter::new();
    // Pieces of the size a socket read has, so that lines are cut where they are cut in life.
    for piece in bytes.chunks(1448) {
        splitter.push(piece, &mut on_line);
    }
    splitter.push(b"\n", |line| {
        if !line.is_empty() {
            on_line(line);
        }
    });
    assert_eq!(splitter.too_long(), 0);
}

#[derive(Default)]
struct Tally {
    lines: u64,
    read: u64,
    refused: BTreeMap<&'static str, u64>,
    samples: BTreeMap<&'static str, Vec<String>>,
}

impl Tally {
    fn refuse(&mut self, fault: LineFault, line: &[u8]) {
        let name = fault.reason().name();
        *self.refused.entry(name).or_default() += 1;
        let samples = self.samples.entry(name).or_default();
        if samples.len() < 40 {
            samples.push(String::from_utf8_lossy(line).into_owned());
        }
    }

    fn print(&self, title: &str) {
        println!("{title}: {} lines, {} read", self.lines, self.read);
        for (name, count) in &self.refused {
            println!("  {name}: {count}");
            for line in &self.samples[name] {
                println!("    {line}");
            }
        }
    }
}

/// No call that two skimmers or more report may be refused: a bust is not heard twice alike.
#[test]
fn every_day_of_the_reverse_beacon_network_is_read() {
    let days = files("rbn_replay", ".txt.zst");
    let mut refused_calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut tally = Tally::default();
    for day in &days {
        for_each_line(&read(day), |line| {
            tally.lines += 1;
            match skimmer_line(line) {
                Ok(_) => tally.read += 1,
                Err(fault) => {
                    tally.refuse(fault, line);
                    let mut words = line[6..].split(|b| *b == b' ').filter(|w| !w.is_empty());
                    let de = String::from_utf8_lossy(words.next().unwrap()).into_owned();
                    let dx = words.nth(1).map(|w| String::from_utf8_lossy(w).into_owned()).unwrap_or_default();
                    refused_calls.entry(dx).or_default().insert(de);
                }
            }
        });
    }
    tally.print("rbn_replay");
    let mut twice: Vec<_> = refused_calls.iter().filter(|(_, de)| de.len() > 1).collect();
    twice.sort();
    println!("refused, two or more skimmers: {twice:?}");
}

#[test]
fn every_cluster_session_is_read() {
    let mut tally = Tally::default();
    for file in files("rbn_telnet_capture", ".txt").iter().chain(&files("human", ".txt")) {
        for_each_line(&read(file), |line| {
            if !is_spot_line(line) {
                return;
            }
            tally.lines += 1;
            match people_line(line) {
                Ok(_) => tally.read += 1,
                Err(fault) => tally.refuse(fault, line),
            }
        });
    }
    tally.print("sessions");
}
