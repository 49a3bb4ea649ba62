//! Pipeline 27.6, clients 9.1: `format; key=value; ...` → the line byte for byte.
//!
//! Formats: `classic`, `history`, `gocluster` (with `length=`), `beacon` (yes or no). Keys: `de dx khz mode snr speed bps type
//! grid derived conf date time comment skimmer`, or `line` / `people` for a spot read from a line.

use dxring::spot::{Call, Flags, Freq, Grid, Mode, Spot, Utc};
use dxring::wire::{classic, gocluster, history_line, people_line, skimmer_line};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let mut spot = Spot::empty();
    spot.time = Utc::from_civil(2023, 12, 6, 0, 0, 0);
    let mut length = 0;
    let mut fields = split_fields(given).into_iter();
    let format = fields.next().ok_or("no format")?;
    for field in fields {
        let equals = field.iter().position(|&b| b == b'=').ok_or("key=value")?;
        let (key, value) = (&field[..equals], &field[equals + 1..]);
        let text = std::str::from_utf8(value).unwrap_or("");
        let number = || text.parse::<i32>().map_err(|e| format!("{text}: {e}"));
        match key {
            b"de" => spot.de = Call::new(value).ok_or("de")?,
            b"dx" => spot.dx = Call::new(value).ok_or("dx")?,
            b"khz" => spot.set_freq(Freq::parse_khz(value).ok_or("khz")?),
            b"mode" => spot.set_mode(Mode::all().find(|m| m.name() == text).ok_or("mode")?),
            b"snr" => spot.set_snr(Some(number()? as i16)),
            b"speed" => spot.speed = number()? as u16,
            b"bps" => spot.flags.set(Flags::SPEED_BPS, true),
            b"skimmer" => spot.flags.set(Flags::SKIMMER, true),
            b"derived" => spot.flags.set(Flags::DX_GRID_DERIVED, true),
            b"grid" => spot.dx_grid = Grid::parse(value).ok_or("grid")?,
            b"conf" => spot.confidence = *value.first().ok_or("conf")?,
            b"date" => {
                let parts: Vec<i64> = text.split('-').map_while(|p| p.parse().ok()).collect();
                let [year, month, day] = parts[..] else { return Err("date".into()) };
                spot.time = Utc::from_civil(year, month as u32, day as u32, 0, 0, 0);
            }
            b"time" => {
                let hhmm = number()?;
                spot.time = Utc::from_ms(spot.time.ms() + i64::from(hhmm / 100 * 60 + hhmm % 100) * 60_000);
            }
            b"comment" => {
                spot.set_comment(value);
            }
            b"length" => length = number()? as usize,
            b"type" => spot.flags.set(
                match value {
                    b"CQ" => Flags::CQ,
                    b"BEACON" => Flags::BEACON,
                    b"NCDXF" => Flags(Flags::NCDXF.0 | Flags::BEACON.0),
                    _ => return Err("type".into()),
                },
                true,
            ),
            b"line" | b"people" => {
                let read = if key == b"line" { skimmer_line(value) } else { people_line(value) };
                let read = read.map_err(|fault| format!("{fault:?}"))?;
                spot = read.spot;
                let (hour, minute) = read.time.map_or((0, 0), |t| (t.hour.into(), t.minute.into()));
                spot.time = Utc::from_civil(2023, 12, 6, hour, minute, 0);
            }
            _ => return Err(format!("key {}", key.escape_ascii())),
        }
    }
    let mut out = Vec::new();
    match &format[..] {
        b"classic" => classic(&spot, &mut out),
        b"history" => history_line(&spot, &mut out),
        b"gocluster" => gocluster(&spot, length, &mut out),
        b"beacon" => out.extend_from_slice(if spot.flags.has(Flags::BEACON) { b"yes" } else { b"no" }),
        _ => return Err(format!("format {}", format.escape_ascii())),
    }
    Ok(out)
}

/// Splits at `; `; a comment comes last and may hold anything.
fn split_fields(given: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    let mut rest = given;
    loop {
        let last = [&b"comment="[..], b"line=", b"people="].iter().any(|key| rest.starts_with(key));
        let end = rest.windows(2).position(|w| w == b"; ").filter(|_| !last);
        match end {
            Some(end) => {
                fields.push(rest[..end].to_vec());
                rest = &rest[end + 2..];
            }
            None => {
                fields.push(rest.to_vec());
                return fields;
            }
        }
    }
}
