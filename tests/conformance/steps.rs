//! Several spots in a row: `set NAME=VALUE ...; SPOT; SPOT`.

use dxring::spot::{Call, Class, Flags, Freq, Grid, Mode, Spot, Utc};

/// Name and value.
pub type Pair = (String, String);

/// Settings, and the spots in their order.
pub fn read(given: &[u8]) -> Result<(Vec<Pair>, Vec<Spot>), String> {
    let text = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let mut settings = Vec::new();
    let mut spots = Vec::new();
    for step in text.split(';') {
        match step.trim().strip_prefix("set ") {
            Some(pairs) => settings = pairs.split_whitespace().map(pair).collect::<Result<_, _>>()?,
            None => spots.push(spot(step)?),
        }
    }
    Ok((settings, spots))
}

/// A setting's number.
pub fn number((name, value): &Pair) -> Result<u32, String> {
    value.parse().map_err(|_| format!("{name}={value}: a number is expected"))
}

fn pair(word: &str) -> Result<Pair, String> {
    let (key, value) = word.split_once('=').ok_or_else(|| format!("{word:?}: name=value is expected"))?;
    Ok((key.to_string(), value.to_string()))
}

/// `t=` seconds from 12:00:00 UTC, `dx= de= khz= mode= snr= adif= cq= grid= derived= class= text=`. A spotter
/// with `-#` is a skimmer.
fn spot(given: &str) -> Result<Spot, String> {
    let mut spot = Spot::empty();
    spot.dx = Call::literal("K1ABC");
    spot.de = Call::literal("W3LPL-#");
    spot.set_freq(Freq::from_khz(14_025));
    spot.set_class(Class::Rbn);
    spot.de_adif = 291;
    spot.de_cq = 5;
    let noon = Utc::from_civil(2026, 11, 24, 12, 0, 0);
    spot.time = noon;
    for word in given.split_whitespace() {
        let (key, value) = pair(word)?;
        let bad = || format!("{key}={value}");
        let number = || value.parse::<i64>().map_err(|_| bad());
        match key.as_str() {
            "t" => spot.time = Utc::from_ms(noon.ms() + number()? * 1000),
            "dx" => spot.dx = Call::new(value.as_bytes()).ok_or_else(bad)?,
            "de" => spot.de = Call::new(value.as_bytes()).ok_or_else(bad)?,
            "khz" => spot.set_freq(Freq::parse_khz(value.as_bytes()).ok_or_else(bad)?),
            "mode" => spot.set_mode(Mode::all().find(|m| m.name() == value).ok_or_else(bad)?),
            "snr" => spot.set_snr(Some(number()? as i16)),
            "adif" => spot.de_adif = number()? as u16,
            "cq" => spot.de_cq = number()? as u8,
            "grid" => spot.de_grid = Grid::parse(value.as_bytes()).ok_or_else(bad)?,
            "derived" => spot.flags.set(Flags::DE_GRID_DERIVED, true),
            "class" => spot.set_class(Class::ALL.into_iter().find(|c| c.name() == value).ok_or_else(bad)?),
            "text" => {
                spot.set_comment(value.replace('_', " ").as_bytes());
            }
            "beacon" => spot.flags.set(Flags::BEACON, true),
            _ => return Err(bad()),
        }
    }
    spot.flags.set(Flags::SKIMMER, spot.de.is_skimmer() || spot.class() == Class::PskReporter);
    Ok(spot)
}
