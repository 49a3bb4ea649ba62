//! The band plan: what a spot is taken for where nobody has been heard.

use crate::spot::{Band, Freq, Mode};
use serde::Deserialize;

/// The band plan of `config/mode_allocations.ron`, compiled in.
#[derive(Debug)]
pub struct Allocations {
    /// By band discriminant: up to which Hz (inclusive) which mode, ascending.
    bands: Vec<Vec<(u64, Mode)>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    band: String,
    segments: Vec<(f64, String)>,
}

impl Allocations {
    /// The plan compiled in.
    ///
    /// # Panics
    /// When the committed file is damaged, which a test rules out.
    pub fn embedded() -> Allocations {
        let text = include_str!("../../config/mode_allocations.ron");
        Allocations::parse(text).unwrap_or_else(|what| panic!("config/mode_allocations.ron: {what}"))
    }

    /// Reads a plan: a list of `(band: "40m", segments: [(up to kHz, "CW"), ...])`.
    ///
    /// # Errors
    /// No RON (with line and column), an unknown band or mode, segments out of order, or a row that does
    /// not end at the band's upper edge. A band may be missing: [`Allocations::mode_at`] has a rule for it.
    pub fn parse(text: &str) -> Result<Allocations, String> {
        let rows: Vec<Row> = ron::from_str(text).map_err(|e| e.to_string())?;
        let mut bands = vec![Vec::new(); Band::ALL.len() + 1];
        for row in rows {
            let band = Band::parse(&row.band).ok_or_else(|| format!("unknown band {:?}", row.band))?;
            let (mut from, top) = band.edges_hz();
            for (khz, name) in &row.segments {
                let mode = Mode::all().find(|m| m.name() == name).ok_or_else(|| format!("unknown mode {name:?}"))?;
                let hz = (khz * 1000.0).round() as u64;
                if hz < from {
                    return Err(format!("{}: {khz} kHz lies below what comes before it", row.band));
                }
                from = hz;
                bands[band as usize].push((hz, mode));
            }
            if from != top {
                return Err(format!("{}: ends at {from} Hz, the band ends at {top} Hz", row.band));
            }
        }
        Ok(Allocations { bands })
    }

    /// The mode of the segment that holds a frequency. Outside the plan: USB from 10 MHz up, CW below.
    pub fn mode_at(&self, freq: Freq) -> Mode {
        let freq = freq.rounded();
        let band = &self.bands[Band::of(freq) as usize];
        match band.iter().find(|(to, _)| freq.hz() <= *to) {
            Some((_, mode)) => *mode,
            None if freq.hz() >= 10_000_000 => Mode::Usb,
            None => Mode::Cw,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_band_is_planned_to_its_edges() {
        let plan = Allocations::embedded();
        for band in Band::ALL {
            assert!(!plan.bands[band as usize].is_empty(), "{}", band.name());
            let (low, high) = band.edges_hz();
            for hz in [low, high] {
                assert_ne!(plan.mode_at(Freq::from_hz(hz)), Mode::Unknown);
            }
        }
    }

    #[test]
    fn damage_is_named() {
        for (text, what) in [
            (r#"[(band: "41m", segments: [])]"#, "41m"),
            (r#"[(band: "40m", segments: [(7300.0, "XX")])]"#, "XX"),
            (r#"[(band: "40m", segments: [(7200.0, "LSB")])]"#, "7300000"),
            (r#"[(band: "40m", segments: [(7200.0, "CW"), (7100.0, "LSB")])]"#, "7100"),
            (r#"[(band: "40m", segment: [])]"#, "segment"),
        ] {
            assert!(Allocations::parse(text).is_err_and(|e| e.contains(what)), "{text}");
        }
    }
}
