//! The little language of `modes.txt` and `dedup.txt`: cases of steps.
//!
//! `case NAME key=value...` opens a case with settings; every other line is one spot: words `key=value`,
//! then `->` and what is expected.

use dxring::spot::{Call, Class, Flags, Freq, Grid, Mode, Spot, Utc};

/// A case: name, settings, steps.
pub struct Case {
    pub name: String,
    pub settings: Vec<(String, String)>,
    /// Line in the file, spot, what is expected.
    pub steps: Vec<(usize, Spot, Vec<String>)>,
}

/// Reads a file of cases.
pub fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.split('|').next().unwrap_or("").trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix("case ") {
            let mut words = head.split_whitespace();
            let name = words.next().expect("a case has a name").to_string();
            cases.push(Case { name, settings: words.map(pair).collect(), steps: Vec::new() });
            continue;
        }
        let (given, expected) = line.split_once("->").unwrap_or_else(|| panic!("line {}: no `->`", i + 1));
        let case = cases.last_mut().expect("a `case` line comes first");
        let expected = expected.split_whitespace().map(str::to_string).collect();
        case.steps.push((i + 1, spot(given), expected));
    }
    cases
}

fn pair(word: &str) -> (String, String) {
    let (key, value) = word.split_once('=').unwrap_or_else(|| panic!("{word:?}: key=value expected"));
    (key.to_string(), value.to_string())
}

/// `t=` seconds from 12:00:00 UTC, `dx= de= khz= mode= snr= adif= cq= grid= derived= class= text=`. A spotter
/// with `-#` is a skimmer.
fn spot(given: &str) -> Spot {
    let mut spot = Spot::empty();
    spot.dx = Call::literal("K1ABC");
    spot.de = Call::literal("W3LPL-#");
    spot.set_freq(Freq::from_khz(14_025));
    spot.set_class(Class::Rbn);
    spot.de_adif = 291;
    spot.de_cq = 5;
    let noon = Utc::from_civil(2026, 11, 24, 12, 0, 0);
    spot.time = noon;
    for (key, value) in given.split_whitespace().map(pair) {
        let number = || value.parse::<i64>().unwrap_or_else(|_| panic!("{key}={value}: a number expected"));
        match key.as_str() {
            "t" => spot.time = Utc::from_ms(noon.ms() + number() * 1000),
            "dx" => spot.dx = Call::literal(&value),
            "de" => spot.de = Call::literal(&value),
            "khz" => spot.set_freq(Freq::parse_khz(value.as_bytes()).expect("a frequency")),
            "mode" => spot.set_mode(Mode::all().find(|m| m.name() == value).expect("a mode")),
            "snr" => spot.set_snr(Some(number() as i16)),
            "adif" => spot.de_adif = number() as u16,
            "cq" => spot.de_cq = number() as u8,
            "grid" => spot.de_grid = Grid::parse(value.as_bytes()).expect("a grid"),
            "derived" => spot.flags.set(Flags::DE_GRID_DERIVED, true),
            "class" => spot.set_class(Class::ALL.into_iter().find(|c| c.name() == value).expect("a class")),
            "text" => {
                spot.set_comment(value.replace('_', " ").as_bytes());
            }
            "beacon" => spot.flags.set(Flags::BEACON, true),
            _ => panic!("unknown key {key:?}"),
        }
    }
    spot.flags.set(Flags::SKIMMER, spot.de.is_skimmer() || spot.class() == Class::PskReporter);
    spot
}
