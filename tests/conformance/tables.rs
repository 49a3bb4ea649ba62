//! Pipeline 27.4: times, modes, frequencies, bands, bulletins.

use dxring::spot::{Band, Freq, Mode, Utc};
use dxring::wire::{HhMm, bulletin_kind, is_spot_line};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let words: Vec<&str> = text.split(' ').collect();
    Ok(match words[..] {
        ["time", token, "at", now] => time(token, now)?,
        ["ssb", khz] => Mode::ssb_at(freq(khz)?).name().into(),
        ["normalized", name] => {
            let mode = Mode::all().find(|m| m.name() == name).ok_or("no such mode")?;
            format!("{} {}", mode.name(), mode.normalized().name())
        }
        ["round", khz] => {
            let hz = freq(khz)?.rounded().hz();
            format!("{}.{}", hz / 1000, hz / 100 % 10)
        }
        ["band", khz] => Band::of(freq(khz)?).name().into(),
        ["kind", ..] => {
            let line = &given[5..];
            bulletin_kind(line)
                .map_or(if is_spot_line(line) { "spot".into() } else { "-".into() }, |k| format!("{k:?}"))
        }
        _ => return Err(text.into()),
    }
    .into_bytes())
}

fn freq(khz: &str) -> Result<Freq, String> {
    Freq::parse_khz(khz.as_bytes()).ok_or_else(|| format!("no frequency: {khz}"))
}

/// The moment that a line's time means, as a caller finds it: nearest day, no future.
fn time(token: &str, now: &str) -> Result<String, String> {
    let parts: Vec<u32> = now.split(':').map_while(|p| p.parse().ok()).collect();
    let [hour, minute, second] = parts[..] else { return Err(now.into()) };
    let now = Utc::from_civil(2025, 11, 22, hour, minute, second);
    let Some(told) = HhMm::parse(token.as_bytes()) else { return Ok("now".into()) };
    let then = now.nearest(told.hour.into(), told.minute.into()).min(now);
    if then == now {
        return Ok("now".into());
    }
    let day = if then.civil() == now.civil() { "today" } else { "yesterday" };
    Ok(format!("{day} {:02}:{:02}", then.hour_minute().0, then.hour_minute().1))
}
