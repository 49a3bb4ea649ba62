//! `dxring replay` as a library: golden lines, and every real capture when `../shared/data` is there.
//!
//! `BLESS=1 cargo test --test replay` writes the golden files anew; read the difference before you commit it.

use dxring::config::{Dedupe, LineFormat, Node};
use dxring::measure::Reason;
use dxring::replay::{Options, ReplayError, ReplaySource, Summary, run};
use std::path::{Path, PathBuf};

fn options(files: &[PathBuf]) -> Options {
    Options {
        files: files.to_vec(),
        speed: None,
        format: LineFormat::Classic,
        dedupe: Dedupe::Med,
        start: None,
        summary: true,
        profile: None,
        threads: 1,
        timing: false,
    }
}

fn play(options: &Options) -> (Vec<u8>, Summary) {
    let mut out = Vec::new();
    let summary = run(options, &Node::default(), &mut out).unwrap_or_else(|e| panic!("{e}"));
    assert!(summary.is_balanced(), "{summary}");
    assert_eq!(summary.lines_out(), out.iter().filter(|b| **b == b'\n').count() as u64);
    (out, summary)
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay").join(path)
}

fn shared(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.file_name().is_some_and(|n| wanted(&n.to_string_lossy())))
        .collect();
    files.sort();
    files
}

/// Reason and count of everything that ended, without the tail that depends on the clock.
fn ends(summary: &Summary) -> String {
    let mut text = String::new();
    for reason in Reason::ALL {
        let n = summary.ended_by(*reason);
        if n > 0 {
            text.push_str(&format!("{} {n}\n", reason.name()));
        }
    }
    text
}

fn assert_golden(name: &str, got: &[u8]) {
    let path = here("golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let want = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_string).collect::<Vec<_>>();
    let (got_lines, want_lines) = (lines(got), lines(&want));
    for (i, (got, want)) in got_lines.iter().zip(&want_lines).enumerate() {
        assert_eq!(got, want, "{name}, line {}", i + 1);
    }
    assert_eq!(got_lines.len(), want_lines.len(), "{name}");
    assert_eq!(got, want, "{name}: bytes");
}

#[test]
fn a_band_with_seconds() {
    let files = [here("captures/band_2026-03-01.txt")];
    let (out, summary) = play(&options(&files));
    assert_golden("band.med.classic.txt", &out);
    assert_golden("band.ends.txt", ends(&summary).as_bytes());
    let (out, _) = play(&Options { dedupe: Dedupe::Off, format: LineFormat::Gocluster, ..options(&files) });
    assert_golden("band.off.gocluster.txt", &out);
}

#[test]
fn a_session_by_told_minutes() {
    let files = [here("captures/session_2026-03-01.txt")];
    let (out, summary) = play(&options(&files));
    assert_golden("session.med.classic.txt", &out);
    assert_golden("session.ends.txt", ends(&summary).as_bytes());
    let span = summary.files[0].span.unwrap();
    assert_eq!((span.0.civil(), span.1.civil()), ((2026, 3, 1), (2026, 3, 2)));
}

#[test]
fn an_archive_by_its_rows() {
    let (out, summary) = play(&options(&[here("captures/small_20260301.csv")]));
    assert_golden("small.med.classic.txt", &out);
    for (format, golden) in [(LineFormat::Cc11, "small.med.cc11.txt"), (LineFormat::Json, "small.med.json.txt")] {
        let files = [here("captures/small_20260301.csv")];
        let (out, _) = play(&Options { format, ..options(&files) });
        assert_golden(golden, &out);
    }
    assert_eq!(summary.ended_by(Reason::FileFrame), 2);
    assert_eq!(summary.ended_by(Reason::NotASpot), 1);
}

#[test]
fn messages_of_pskreporter() {
    let files = [here("captures/psk.jsonl")];
    let (out, summary) = play(&Options { dedupe: Dedupe::Off, ..options(&files) });
    assert_golden("psk.off.classic.txt", &out);
    assert_golden("psk.ends.txt", ends(&summary).as_bytes());
    let (out, _) = play(&options(&files));
    assert_golden("psk.med.classic.txt", &out);
    // Beside a day of skimmers: a capture of each kind has its own reader.
    let (_, both) = play(&options(&[here("captures/psk.jsonl"), here("captures/band_2026-03-01.txt")]));
    let (_, band) = play(&options(&[here("captures/band_2026-03-01.txt")]));
    assert_eq!(both.spots_in(), summary.spots_in() + band.spots_in());
}

#[test]
fn captures_are_merged_by_moment_and_the_same_bytes_come_every_time() {
    let files = [here("captures/session_2026-03-01.txt"), here("captures/band_2026-03-01.txt")];
    let (first, summary) = play(&options(&files));
    assert_golden("merged.med.classic.txt", &first);
    assert_eq!(summary.files.len(), 2);
    for _ in 0..3 {
        assert_eq!(play(&options(&files)).0, first);
    }
}

/// Everything that is said about a run but the time it took.
fn told(summary: &Summary) -> String {
    let text = summary.to_string();
    text.lines().filter(|line| !line.starts_with("time per spot")).map(|line| format!("{line}\n")).collect()
}

fn assert_the_same_on_two_threads(options: &Options) {
    let (one, summary) = play(options);
    for timing in [false, true] {
        let (two, of_two) = play(&Options { threads: 2, timing, ..options.clone() });
        assert_eq!(told(&of_two), told(&summary));
        assert!(two == one, "two threads write other lines than one");
        assert_eq!(of_two.timing.threads.len(), 2);
    }
}

#[test]
fn two_threads_write_what_one_writes() {
    let captures = ["session_2026-03-01.txt", "band_2026-03-01.txt", "small_20260301.csv", "psk.jsonl"];
    let captures = captures.map(|name| here("captures").join(name));
    assert_the_same_on_two_threads(&options(&captures));
    for capture in captures {
        for dedupe in [Dedupe::Off, Dedupe::Slow] {
            assert_the_same_on_two_threads(&Options { dedupe, ..options(std::slice::from_ref(&capture)) });
        }
    }
}

/// More lines of one moment than the ring holds: the writer must wait for the reader, and loses nothing.
#[test]
fn a_full_ring_blocks() {
    let text = std::fs::read(here("skimmers.txt")).unwrap();
    let spots: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').filter(|l| l.starts_with(b"DX de ")).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("full_20260301.txt");
    let many = spots.iter().cycle().take(30_000).copied().collect::<Vec<_>>().concat();
    std::fs::write(&path, many).unwrap();
    assert_the_same_on_two_threads(&options(&[path]));
}

/// A reader that goes away, as `| head` does: an error, and no thread that waits for ever.
#[test]
fn lines_that_cannot_be_written_end_both_threads() {
    struct Closed(usize);
    impl std::io::Write for Closed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(std::io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let text = std::fs::read(here("captures/band_2026-03-01.txt")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long_20260301.txt");
    std::fs::write(&path, text.repeat(30_000 / text.iter().filter(|b| **b == b'\n').count())).unwrap();
    for lines in [0, 10] {
        let options = Options { threads: 2, dedupe: Dedupe::Off, ..options(std::slice::from_ref(&path)) };
        let end = run(&options, &Node::default(), &mut Closed(lines));
        assert!(matches!(end, Err(ReplayError::Write(_))));
    }
}

#[test]
fn compression_changes_nothing() {
    use std::io::Write;
    let plain = std::fs::read(here("captures/session_2026-03-01.txt")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("session_2026-03-01.txt.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    gz.write_all(&plain).unwrap();
    gz.finish().unwrap();
    let zst = dir.path().join("session_2026-03-01.txt.zst");
    let packed = ruzstd::encoding::compress_to_vec(&plain[..], ruzstd::encoding::CompressionLevel::Fastest);
    std::fs::write(&zst, packed).unwrap();
    let want = play(&options(&[here("captures/session_2026-03-01.txt")])).0;
    assert_eq!(play(&options(&[path])).0, want);
    assert_eq!(play(&options(&[zst])).0, want);
}

#[test]
fn what_is_no_capture_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let fail = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        run(&options(&[path]), &Node::default(), &mut Vec::new()).err().unwrap()
    };
    let dat = "1928.0^Z66BCC^1772323200^^DL6NBC^359^32^DA0BCC-7^28^15^28^14^^^x\n";
    assert!(matches!(fail("a_20260301.dat", dat), ReplayError::Form { what, .. } if what.contains(".dat")));
    let spot = "DX de OH0M:      21044.0  K5OHY        WWFF KFF-2989                  0000Z\n";
    assert!(matches!(fail("a.txt", spot), ReplayError::Date { .. }));
    let mut damaged = vec![0x28, 0xB5, 0x2F, 0xFD];
    damaged.extend([7; 40]);
    let path = dir.path().join("b_20260301.zst");
    std::fs::write(&path, damaged).unwrap();
    assert!(matches!(run(&options(&[path]), &Node::default(), &mut Vec::new()), Err(ReplayError::Read { .. })));
    let missing = run(&options(&[dir.path().join("none")]), &Node::default(), &mut Vec::new());
    assert!(matches!(missing, Err(ReplayError::Read { .. })));
    assert!(matches!(run(&options(&[]), &Node::default(), &mut Vec::new()), Err(ReplayError::NoFile)));
}

#[test]
fn a_live_source_hands_lines_out_when_the_clock_reaches_them() {
    use dxring::config::Feed;
    use dxring::engine::TestClock;
    use dxring::parse::LineSource;
    let feed = Feed { files: vec![here("captures/band_2026-03-01.txt")], speed: 2.0, ..Feed::default() };
    let mut source = ReplaySource::open(&feed).unwrap();
    let mut clock = TestClock::at(source.starts_at());
    let mut lines = Vec::new();
    assert_eq!(source.next_due_ns(), 0);
    source.lines(clock.now(), &mut |l| lines.push(l.to_vec()));
    assert_eq!(lines.len(), 2, "two lines of the first second");
    assert_eq!(source.next_due_ns(), clock.now().mono_ns + 500_000_000, "one second at double speed");
    clock.advance_ms(3_000);
    source.lines(clock.now(), &mut |l| lines.push(l.to_vec()));
    assert_eq!(lines.len(), 7);
    clock.advance_ms(86_400_000);
    source.lines(clock.now(), &mut |l| lines.push(l.to_vec()));
    assert_eq!(source.next_due_ns(), u64::MAX);
}

/// Ends that say that a line is no readable spot.
const UNREADABLE: [Reason; 6] = [
    Reason::NoSpotter,
    Reason::BadSpotter,
    Reason::NoFrequency,
    Reason::NoDxCall,
    Reason::NoReport,
    Reason::LineTooLong,
];

/// The archive and the telnet lines made from it are one day: the same spots, the same lines.
#[test]
fn a_real_day_is_the_same_from_rows_and_from_lines() {
    // The shortest day that exists in both forms, cut to its first hours to keep a debug run short.
    let lines = shared("rbn_replay", |n| n == "rbn_20170728.txt.zst");
    let rows = shared("rbn_csv", |n| n == "20170728.csv.zst");
    let ([lines], [rows]) = (&lines[..], &rows[..]) else { return };
    let cut = |path: &Path, name: &str, n: usize, dir: &Path| {
        let mut text = Vec::new();
        let file = std::fs::File::open(path).unwrap();
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(file).unwrap();
        std::io::Read::read_to_end(&mut decoder, &mut text).unwrap();
        let end = text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(n - 1).map_or(text.len(), |(i, _)| i + 1);
        std::fs::write(dir.join(name), &text[..end]).unwrap();
        dir.join(name)
    };
    let dir = tempfile::tempdir().unwrap();
    let seconds = lines.with_file_name("rbn_20170728.sec.zst");
    cut(&seconds, "rbn_20170728.sec", 40_000, dir.path());
    let lines = cut(lines, "rbn_20170728.txt", 40_000, dir.path());
    let rows = cut(rows, "20170728.csv", 40_001, dir.path());
    let (from_lines, summary) = play(&options(&[lines]));
    let (from_rows, _) = play(&options(&[rows]));
    assert!(UNREADABLE.iter().all(|r| summary.ended_by(*r) == 0), "{summary}");
    assert!(summary.spots_in() > 39_900);
    assert!(from_lines == from_rows, "the two forms of one day differ");
}

/// Every real session: balanced, and no well-formed line rejected.
#[test]
fn real_sessions_lose_no_well_formed_line() {
    let mut files = shared("rbn_telnet_capture", |n| n.ends_with(".txt"));
    files.extend(shared("human", |n| n.ends_with(".txt")));
    for file in files {
        let (_, summary) = play(&options(std::slice::from_ref(&file)));
        let unreadable: u64 = UNREADABLE.iter().map(|r| summary.ended_by(*r)).sum();
        // `DX de DK8JAM: 5353.0 60M cw pse`: a person, and no call. The only one in 21,000 spot lines.
        let known = u64::from(file.ends_with("dxspider_spots_20260301.telnet.txt"));
        assert_eq!(unreadable, known, "{}\n{summary}", file.display());
        assert_eq!(summary.ended_by(Reason::Stale), 0, "the told minutes make a clock\n{summary}");
    }
}

/// Real messages, and 50,000 drawn to the measured rates and delays.
#[test]
fn messages_of_pskreporter_balance() {
    for file in shared("pskreporter", |n| n == "mqtt_real.jsonl") {
        let (_, summary) = play(&options(&[file]));
        assert_eq!(summary.lines_in(), 22);
        // The receiver WCF190 has no call; ten messages were quoted years apart, without their arrivals.
        assert_eq!((summary.ended_by(Reason::DeLeadingLetters), summary.ended_by(Reason::Stale)), (2, 10));
        assert_eq!(summary.spots_in(), 10, "every real message is read\n{summary}");
    }
    for file in shared("pskreporter", |n| n == "mqtt_SYNTHETIC_50k.jsonl.zst") {
        let (_, summary) = play(&options(&[file]));
        assert_eq!(summary.lines_in(), 50_000);
        assert_eq!(summary.ended_by(Reason::BadJson) + summary.ended_by(Reason::LineTooLong), 0, "{summary}");
        let late = summary.ended_by(Reason::Stale);
        assert!((1..1_000).contains(&late), "99 % come within eight minutes, the slowest after 45\n{summary}");
        assert!(summary.spots_in() > 45_000, "{summary}");
    }
}

/// A quiet day whole.
#[test]
fn a_real_day_balances() {
    for file in shared("rbn_replay", |n| n == "rbn_20170717.txt.zst") {
        assert_the_same_on_two_threads(&options(std::slice::from_ref(&file)));
        let (_, summary) = play(&options(&[file]));
        assert_eq!(summary.lines_in(), 89_501);
        assert_eq!(summary.ended_by(Reason::OutOfBand), 0, "four of its lines are on 60 m");
        assert_eq!(summary.spots_in(), 89_501);
    }
}
