//! `dedup.txt`.

use super::steps::cases;
use dxring::config;
use dxring::dedup::{Outcome, Windows};
use dxring::engine::TestClock;
use dxring::spot::{Utc, Verdicts};

fn settings(list: &[(String, String)]) -> config::Dedup {
    let mut dedup = config::Dedup { entries_max: 1_000, ..config::Dedup::default() };
    for (key, value) in list {
        let number: u32 = value.parse().expect("a number");
        match key.as_str() {
            "identity" => dedup.identity_s = number,
            "fast" => dedup.fast_s = number,
            "med" => dedup.med_s = number,
            "slow" => dedup.slow_s = number,
            "db" => dedup.update_db = number as u16,
            "max" => dedup.entries_max = number,
            _ => panic!("unknown setting {key:?}"),
        }
    }
    dedup
}

#[test]
fn verdicts_are_as_written() {
    // Windows move by the spots' stamps: the clock of the turn stands still and nothing changes.
    let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
    let mut wrong = Vec::new();
    let cases = cases(include_str!("dedup.txt"));
    for case in &cases {
        let mut windows = Windows::new(&settings(&case.settings));
        for (line, given, expected) in &case.steps {
            let mut spot = *given;
            let got = match windows.judge(now, &mut spot) {
                Outcome::Duplicate { of, age_s } => format!("dup of={of} age={age_s}"),
                Outcome::New if spot.verdicts == Verdicts::default() => "none".into(),
                Outcome::New => {
                    [(Verdicts::FAST, 'F'), (Verdicts::MED, 'M'), (Verdicts::SLOW, 'S'), (Verdicts::UPDATE, 'U')]
                        .iter()
                        .filter(|(bit, _)| spot.verdicts.has(*bit))
                        .map(|(_, letter)| *letter)
                        .collect()
                }
            };
            let expected = expected.join(" ");
            if got != expected {
                wrong.push(format!("dedup.txt:{line}: {}: expected {expected}, got {got}", case.name));
            }
        }
        if case.name == "full" {
            assert_eq!(windows.stats().evicted, [0, 2, 2, 2], "each policy lost two of its oldest");
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(cases.len() >= 20);
}
