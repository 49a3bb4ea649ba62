//! What `dxring simulate` can be told.

use super::Band;
use crate::config::Profile;
use crate::spot::Utc;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Start of a band that nobody gave one: the CQ WW CW Saturday of 2025, noon UTC. Fixed, so that the
/// same seed gives the same bytes.
pub const DEFAULT_START: Utc = Utc::from_civil(2025, 11, 29, 12, 0, 0);

/// Makes the lines of a band: to stdout as fast as it goes, or in real time on a socket.
#[derive(clap::Args, Clone, Debug, PartialEq)]
pub struct Options {
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long, in minutes of the band's time (default: 10, with --serve or --mqtt without end).
    #[arg(long, value_name = "M", value_parser = positive)]
    pub minutes: Option<f64>,
    /// Which band.
    #[arg(long, value_enum, default_value_t = Profile::Quiet)]
    pub profile: Profile,
    /// Stations and people times this (0.05 to 50).
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = rate)]
    pub rate: f64,
    /// Write what each line truly was, one row per line.
    #[arg(long, value_name = "FILE.tsv")]
    pub truth: Option<PathBuf>,
    /// Serve the lines like an RBN relay on this address, in real time.
    #[arg(long, value_name = "ADDR")]
    pub serve: Option<SocketAddr>,
    /// Publish the skimmers' reports like PSKReporter to the MQTT broker at this address, in real time.
    #[arg(long, value_name = "ADDR", conflicts_with = "serve")]
    pub mqtt: Option<SocketAddr>,
    /// With --serve or --mqtt: the band's clock runs this much faster than ours.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    pub speed: f64,
    /// The band's clock at the first line, UTC: `2025-11-29T12:00` (default: that, with --serve or --mqtt now).
    #[arg(long, value_name = "TIME", value_parser = start)]
    pub start: Option<Utc>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            minutes: None,
            profile: Profile::Quiet,
            rate: 1.0,
            truth: None,
            serve: None,
            mqtt: None,
            speed: 1.0,
            start: None,
        }
    }
}

impl Options {
    /// The band these options describe, starting at `start` unless they say otherwise.
    pub(super) fn band(&self, start: Utc) -> Band {
        Band::new(self.seed, self.profile, self.rate, self.start.unwrap_or(start))
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("must be above zero".into()) }
}

fn rate(text: &str) -> Result<f64, String> {
    let value = positive(text)?;
    if (0.05..=super::RATE_MAX).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must lie between 0.05 and {}", super::RATE_MAX))
    }
}

fn start(text: &str) -> Result<Utc, String> {
    Utc::parse(text).map(|(at, _)| at).ok_or_else(|| format!("`{text}` is no time: write 2025-11-29T12:00 (UTC)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_people_write() {
        let noon = Utc::from_civil(2025, 11, 29, 12, 0, 0);
        for text in ["2025-11-29T12:00", "2025-11-29T12:00Z", "2025-11-29 12:00:00", "2025-11-29t12:00:00z"] {
            assert_eq!(start(text), Ok(noon), "{text}");
        }
        assert_eq!(start("2025-11-29"), Ok(Utc::from_civil(2025, 11, 29, 0, 0, 0)));
        for text in ["", "12:00", "2025-02-30T00:00", "2025-11-29T24:00", "2025-13-01", "2025-11-29T1", "20251-1-+1"] {
            assert!(start(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_told() {
        assert!(rate("51").is_err() && rate("NaN").is_err() && rate("-1").is_err());
        assert_eq!(rate("2.5"), Ok(2.5));
    }
}
