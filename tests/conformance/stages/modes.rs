//! `modes.txt`.

use super::steps::cases;
use dxring::config;
use dxring::correct::ModeStage;
use dxring::engine::{Now, Outlet, Stage, TestClock};
use dxring::measure::Ledger;
use dxring::spot::{Flags, Spot, Utc};

fn settings(list: &[(String, String)]) -> config::Modes {
    let mut modes = config::Modes { seeds: Vec::new(), ..config::Modes::default() };
    for (key, value) in list {
        let number = || value.parse().expect("a number");
        match key.as_str() {
            "memory_s" => modes.call_memory_s = number(),
            "window_s" => modes.digital_window_s = number(),
            "spotters" => modes.digital_min_spotters = number(),
            "seed_ttl_s" => modes.seed_ttl_s = number(),
            "seeds" => {
                for seed in value.split(',') {
                    let (khz, mode) = seed.split_once(':').expect("KHZ:MODE");
                    modes.seeds.push((khz.parse().expect("kHz"), mode.to_string()));
                }
            }
            _ => panic!("unknown setting {key:?}"),
        }
    }
    modes
}

fn through(stage: &mut ModeStage, now: Now, spot: Spot) -> Spot {
    let mut spots = Vec::new();
    let ledger = Ledger::new("correct");
    stage.on_spot(now, spot, &mut Outlet { spots: &mut spots, ledger: &ledger });
    assert_eq!(spots.len(), 1, "the stage passes everything on");
    assert_eq!(ledger.view().total_ended(), 0);
    spots[0]
}

#[test]
fn modes_are_as_written() {
    let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
    let mut wrong = Vec::new();
    let cases = cases(include_str!("modes.txt"));
    for case in &cases {
        let mut stage = ModeStage::new(&settings(&case.settings));
        for (line, given, expected) in &case.steps {
            let out = through(&mut stage, now, *given);
            let mut got = vec![out.mode().name().to_string()];
            if out.flags.has(Flags::MODE_INFERRED) {
                got.push("inferred".into());
            }
            let glyph = match out.confidence {
                0 => "none".to_string(),
                b => char::from(b).to_string(),
            };
            if expected.last().is_some_and(|e| e == "none" || e.len() == 1) {
                got.push(glyph);
            }
            if got != *expected {
                wrong.push(format!("modes.txt:{line}: {}: expected {expected:?}, got {got:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(cases.len() >= 12);
}

/// The shipped seeds are all taken, and none cancels another.
#[test]
fn shipped_seeds_answer() {
    let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
    let modes = config::Modes::default();
    let mut stage = ModeStage::new(&modes);
    for (khz, mode) in &modes.seeds {
        let mut spot = Spot::empty();
        spot.dx = dxring::spot::Call::literal("K1ABC");
        spot.time = now.utc;
        spot.set_freq(dxring::spot::Freq::from_khz(u64::from(*khz)));
        assert_eq!(through(&mut stage, now, spot).mode().name(), mode, "{khz}");
    }
    assert_eq!(stage.counts().plan, 0);
}
