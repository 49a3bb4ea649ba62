//! Against the real captures and files beside the checkout; without them these tests have nothing to ask.

use dxring::config;
use dxring::dedup::{Outcome, Windows};
use dxring::engine::TestClock;
use dxring::reference::{Cty, Lookup, enrich};
use dxring::spot::{Call, Class, Flags, Spot, Utc, Verdicts, canonical};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Every so many lines of a day are looked up.
const STRIDE: usize = 7;

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if !path.exists() {
        eprintln!("{} is not here: nothing to ask", path.display());
        return None;
    }
    Some(path)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    ruzstd::decoding::StreamingDecoder::new(file).unwrap().read_to_end(&mut out).unwrap();
    out
}

/// Calls of a skimmer line: `DX de SPOTTER: FREQ CALL ...`.
fn calls(line: &[u8]) -> Option<(Call, Call)> {
    let mut words = line.split(|b| *b == b' ').filter(|w| !w.is_empty()).skip(2);
    let de = words.next()?.strip_suffix(b":")?;
    let dx = words.nth(1)?;
    Some((canonical(dx)?, canonical(de)?))
}

#[test]
fn nearly_every_call_of_real_days_has_a_country() {
    let cty = Cty::embedded();
    for day in ["20170715", "20170722", "20200723"] {
        let Some(path) = shared(&format!("rbn_replay/rbn_{day}.txt.zst")) else { return };
        let text = unpacked(&path);
        let (mut dx_unknown, mut de_unknown, mut afloat, mut asked) = (0, 0, 0, 0);
        let mut names = std::collections::BTreeMap::<String, u32>::new();
        for (dx, de) in text.split(|b| *b == b'\n').step_by(STRIDE).filter_map(calls) {
            asked += 1;
            match cty.lookup(&dx) {
                Lookup::Unknown => {
                    dx_unknown += 1;
                    *names.entry(dx.to_string()).or_default() += 1;
                }
                Lookup::Afloat => afloat += 1,
                Lookup::Found(_) => {}
            }
            de_unknown += u32::from(cty.lookup(&de) == Lookup::Unknown);
        }
        eprintln!(
            "{day}: {asked} spots asked; unknown: {dx_unknown} DX ({:.3} %), {de_unknown} spotters; {afloat} afloat; {:?}",
            100.0 * f64::from(dx_unknown) / f64::from(asked),
            names.iter().take(20).collect::<Vec<_>>()
        );
        assert!(asked > 10_000);
        assert!(dx_unknown * 200 < asked, "under 0.5 %: busted calls only");
        assert_eq!(de_unknown, 0, "skimmers are real stations");
    }
}

/// The big form, in both layouts, and the compiled-in contest form agree about common calls.
#[test]
fn big_and_contest_files_agree() {
    let (Some(dat), Some(csv)) =
        (shared("reference/cty/bigcty_20230502.dat"), shared("reference/cty/bigcty_20230502.csv"))
    else {
        return;
    };
    let (small, dat, csv) = (Cty::embedded(), Cty::load(&dat).unwrap(), Cty::load(&csv).unwrap());
    eprintln!("{:?}\n{:?}\n{:?}", small.summary(), dat.summary(), csv.summary());
    assert_eq!(dat.summary().without_adif, 0, "every entity of the .dat form has its number");
    let Some(day) = shared("rbn_replay/rbn_20200723.txt.zst") else { return };
    let text = unpacked(&day);
    let mut seen = std::collections::BTreeSet::new();
    seen.extend(text.split(|b| *b == b'\n').filter_map(calls).flat_map(|(dx, de)| [dx, de]));
    let (mut entity, mut zones, mut differ) = (0, 0, Vec::new());
    for call in &seen {
        let (a, b, c) = (small.lookup(call), dat.lookup(call), csv.lookup(call));
        let adif = |l: Lookup<'_>| l.place().map_or(0, |p| p.adif);
        assert_eq!(adif(b), adif(c), "{call}: .dat and .csv of one release");
        if adif(a) != adif(b) {
            entity += 1;
            differ.push(format!("{call} {} {}", adif(a), adif(b)));
        } else if a.place().map(|p| (p.cq, p.itu)) != b.place().map(|p| (p.cq, p.itu)) {
            zones += 1;
        }
    }
    eprintln!("{} calls: {entity} with another entity, {zones} with other zones {differ:?}", seen.len());
    assert!(seen.len() > 3_000);
    // Three years lie between the files, and the big one lists thousands of calls one by one.
    assert!(entity * 100 < seen.len(), "under 1 %");
    assert!(zones * 20 < seen.len(), "under 5 %: {zones}");
}

/// A day through the windows: no report of one skimmer is taken for another, and repeats are held back.
#[test]
fn a_real_day_has_few_identical_reports_and_many_repeats() {
    let (Some(path), Some(seconds)) =
        (shared("rbn_replay/rbn_20200723.txt.zst"), shared("rbn_replay/rbn_20200723.sec.zst"))
    else {
        return;
    };
    let cty = Cty::embedded();
    let (text, seconds) = (unpacked(&path), unpacked(&seconds));
    let midnight = Utc::from_civil(2020, 7, 23, 0, 0, 0);
    let now = TestClock::at(midnight).now();
    let mut windows = Windows::new(&config::Dedup::default());
    let mut passed = [0u32; 4];
    let (mut spots, mut duplicates) = (0u32, 0u32);
    for (line, second) in text.split(|b| *b == b'\n').zip(seconds.split(|b| *b == b'\n')) {
        let Ok(parsed) = dxring::wire::skimmer_line(line) else { continue };
        let mut spot: Spot = parsed.spot;
        let second: i64 = std::str::from_utf8(second).unwrap().trim().parse().unwrap();
        // As live: the line tells the minute.
        spot.time = Utc::from_ms(midnight.ms() + second / 60 * 60_000);
        spot.set_class(Class::Rbn);
        spot.flags.set(Flags::SKIMMER, true);
        enrich(&cty, &mut spot);
        spots += 1;
        match windows.judge(now, &mut spot) {
            Outcome::Duplicate { .. } => duplicates += 1,
            Outcome::New => {
                let bits = [Verdicts::FAST, Verdicts::MED, Verdicts::SLOW, Verdicts::UPDATE];
                bits.iter().zip(&mut passed).for_each(|(bit, n)| *n += u32::from(spot.verdicts.has(*bit)));
            }
        }
    }
    let share = |n: u32| 100.0 * f64::from(n) / f64::from(spots);
    eprintln!(
        "{spots} spots: {duplicates} duplicates ({:.2} %); FAST {:.1} % MED {:.1} % SLOW {:.1} % UPDATE {:.1} %; {:?}",
        share(duplicates),
        share(passed[0]),
        share(passed[1]),
        share(passed[2]),
        share(passed[3]),
        windows.stats()
    );
    assert!(spots > 190_000);
    // The archive holds some reports twice, and stations with several skimmers send equal ones in one minute.
    assert!(share(duplicates) < 0.5, "nothing but equal reports");
    assert!(passed[2] <= passed[1] && passed[1] <= passed[0], "a longer window lets less through");
    assert!(share(passed[1]) < 90.0, "MED holds repeats back");
    assert_eq!(windows.stats().evicted, [0; 4]);
}
