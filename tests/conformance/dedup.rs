//! Pipeline 27.10: what the windows say of each spot.

use super::steps::{number, read};
use dxring::config;
use dxring::dedup::{Outcome, Windows};
use dxring::engine::TestClock;
use dxring::spot::{Spot, Utc, Verdicts};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let (pairs, spots) = read(given)?;
    let mut settings = config::Dedup { entries_max: 1_000, ..config::Dedup::default() };
    for pair in &pairs {
        match pair.0.as_str() {
            "identity" => settings.identity_s = number(pair)?,
            "fast" => settings.fast_s = number(pair)?,
            "med" => settings.med_s = number(pair)?,
            "slow" => settings.slow_s = number(pair)?,
            "db" => settings.update_db = number(pair)? as u16,
            "max" => settings.entries_max = number(pair)?,
            other => return Err(format!("setting {other}")),
        }
    }
    let mut windows = Windows::new(&settings);
    let answers: Vec<String> = spots.into_iter().map(|spot| answer(&mut windows, spot)).collect();
    Ok(answers.join("; ").into_bytes())
}

fn answer(windows: &mut Windows, mut spot: Spot) -> String {
    // Windows move by the spots' stamps: the clock of the turn stands still and nothing changes.
    let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
    match windows.judge(now, &mut spot) {
        Outcome::Duplicate { of, age_s } => format!("dup of={of} age={age_s}"),
        Outcome::New if spot.verdicts == Verdicts::default() => "none".into(),
        Outcome::New => [(Verdicts::FAST, 'F'), (Verdicts::MED, 'M'), (Verdicts::SLOW, 'S'), (Verdicts::UPDATE, 'U')]
            .iter()
            .filter(|(bit, _)| spot.verdicts.has(*bit))
            .map(|(_, letter)| *letter)
            .collect(),
    }
}
