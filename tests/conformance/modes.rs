//! Pipeline 27.5: the mode that each spot gets.

use super::steps::{number, read};
use dxring::config;
use dxring::correct::ModeStage;
use dxring::engine::{Now, Outlet, Stage, TestClock};
use dxring::measure::Ledger;
use dxring::spot::{Flags, Spot, Utc};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let (pairs, spots) = read(given)?;
    let mut settings = config::Modes { seeds: Vec::new(), ..config::Modes::default() };
    let mut with_glyphs = false;
    for pair in &pairs {
        match pair.0.as_str() {
            "memory_s" => settings.call_memory_s = number(pair)?,
            "window_s" => settings.digital_window_s = number(pair)?,
            "spotters" => settings.digital_min_spotters = number(pair)?,
            "seed_ttl_s" => settings.seed_ttl_s = number(pair)?,
            "seeds" => settings.seeds = pair.1.split(',').map(seed).collect::<Result<_, _>>()?,
            "glyphs" => with_glyphs = true,
            other => return Err(format!("setting {other}")),
        }
    }
    let mut stage = ModeStage::new(&settings);
    // Memory ages by the spots' stamps: the clock of the turn stands still.
    let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
    let mut answers = Vec::new();
    for spot in spots {
        let out = through(&mut stage, now, spot)?;
        let mut words = vec![out.mode().name().to_string()];
        if out.flags.has(Flags::MODE_INFERRED) {
            words.push("inferred".into());
        }
        match out.confidence {
            _ if !with_glyphs => {}
            0 => words.push("none".into()),
            glyph => words.push(char::from(glyph).into()),
        }
        answers.push(words.join(" "));
    }
    Ok(answers.join("; ").into_bytes())
}

fn seed(text: &str) -> Result<(u32, String), String> {
    let (khz, mode) = text.split_once(':').ok_or("KHZ:MODE is expected")?;
    Ok((khz.parse().map_err(|_| format!("{khz} kHz"))?, mode.to_string()))
}

/// The stage passes everything on, one for one.
fn through(stage: &mut ModeStage, now: Now, spot: Spot) -> Result<Spot, String> {
    let mut spots = Vec::new();
    let ledger = Ledger::new("correct");
    stage.on_spot(now, spot, &mut Outlet { spots: &mut spots, ledger: &ledger });
    match spots[..] {
        [spot] if ledger.view().total_ended() == 0 => Ok(spot),
        _ => Err(format!("{} spots came out for one", spots.len())),
    }
}
