//! Pipeline 27.6, clients 5.1 to 5.3 and 9.1, server 2.7: `format; key=value; ...` → the line byte for byte.
//!
//! Formats: `classic`, `gocluster` (with `length=`), `cc11`, `json`, `history`, `history_cc`, `beacon` (yes or no).
//! Keys of the spot: `de dx khz mode inferred snr speed bps type grid derived de_grid de_derived adif zones states
//! continents node class feed seq hops verdicts conf date time comment skimmer`, lists with commas, DX first; or `line` /
//! `people` for a spot read from a line. Keys of the style: `width trailers beep bare two diag`.

use dxring::spot::{Call, Class, Continent, Flags, Freq, Grid, Mode, Spot, State, Utc, Verdicts};
use dxring::wire::{
    LineFormat, LineStyle, Trailers, gocluster, history_line, history_line_cc, people_line, skimmer_line, spot_line,
};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let mut spot = Spot::empty();
    spot.time = Utc::from_civil(2023, 12, 6, 0, 0, 0);
    let mut length = None;
    let mut style = LineStyle::default();
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
            b"length" => length = Some(number()? as usize),
            b"de_grid" => spot.de_grid = Grid::parse(value).ok_or("grid")?,
            b"de_derived" => spot.flags.set(Flags::DE_GRID_DERIVED, true),
            b"inferred" => spot.flags.set(Flags::MODE_INFERRED, true),
            b"adif" => [spot.dx_adif, spot.de_adif] = numbers(text)?.map(|n| n as u16),
            b"zones" => {
                [spot.dx_cq, spot.dx_itu, spot.de_cq, spot.de_itu] = numbers(text)?.map(|n| n as u8);
            }
            b"states" => {
                let (dx, de) = text.split_once(',').ok_or("two states")?;
                let state = |code: &str| if code.is_empty() { Some(State::NONE) } else { State::parse(code) };
                (spot.dx_state, spot.de_state) = (state(dx).ok_or("state")?.0, state(de).ok_or("state")?.0);
            }
            b"continents" => {
                let (dx, de) = text.split_once(',').ok_or("two continents")?;
                spot.set_dx_continent(Continent::parse(dx).ok_or("continent")?);
                spot.set_de_continent(Continent::parse(de).ok_or("continent")?);
            }
            b"node" => spot.node = Call::new(value).ok_or("node")?,
            b"class" => spot.set_class(Class::ALL.into_iter().find(|c| c.name() == text).ok_or("class")?),
            b"feed" => spot.feed = number()? as u8,
            b"seq" => spot.seq = number()? as u64,
            b"hops" => spot.hop_ns = numbers(text)?,
            b"verdicts" => spot.verdicts = Verdicts(number()? as u8),
            b"width" => style.width = number()? as u8,
            b"trailers" => {
                for name in text.split(',') {
                    let known = [Trailers::GRID, Trailers::CQ, Trailers::ITU, Trailers::STATE];
                    let at = ["grid", "cq", "itu", "state"].iter().position(|n| *n == name).ok_or("trailer")?;
                    style.trailers.set(known[at], true);
                }
            }
            b"beep" => style.beep = true,
            b"bare" => style.bare_skimmers = true,
            b"two" => style.two_decimals = true,
            b"diag" => style.diag = *value.first().ok_or("diag")?,
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
    style.format = match &format[..] {
        b"classic" => LineFormat::Classic,
        b"gocluster" => match length {
            Some(length) => {
                gocluster(&spot, length, &mut out);
                return Ok(out);
            }
            None => LineFormat::Gocluster,
        },
        b"cc11" => LineFormat::Cc11,
        b"json" => LineFormat::Json,
        other => {
            match other {
                b"history" => history_line(&spot, &mut out),
                b"history_cc" => history_line_cc(&spot, &mut out),
                b"beacon" => out.extend_from_slice(if spot.flags.has(Flags::BEACON) { b"yes" } else { b"no" }),
                _ => return Err(format!("format {}", format.escape_ascii())),
            }
            return Ok(out);
        }
    };
    spot_line(&spot, style, &mut out);
    Ok(out)
}

/// `1,2,3`: so many numbers.
fn numbers<const N: usize>(text: &str) -> Result<[u32; N], String> {
    let all: Vec<u32> =
        text.split(',').map(|n| n.parse().map_err(|e| format!("{n}: {e}"))).collect::<Result<_, _>>()?;
    all.try_into().map_err(|_| format!("{N} numbers"))
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
