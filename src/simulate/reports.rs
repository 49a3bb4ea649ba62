//! Lines of a band as reports of PSKReporter: late as the network's are, numbered, with entities and locators.

use super::psk::{PskText, psk_payload, psk_topic};
use super::truth::TruthRow;
use crate::reference::{Cty, enrich};
use crate::spot::{Family, Mode, Spot};
use fastrand::Rng;

/// Quantiles of the time from a transmission to the arrival of its report, permille and seconds (field notes:
/// median 69, p90 277, p99 459, most 2,696).
const DELAY_S: [(u32, u32); 5] = [(0, 3), (500, 69), (900, 277), (990, 459), (1_000, 2_696)];
/// First number: those of 2026 have 11 digits.
const FIRST_SQ: u64 = 73_000_000_000;
/// Length of an FT8 cycle in seconds; FT4's is half of it, and reports tell whole seconds.
const CYCLE_S: i64 = 15;

/// Makes reports of a band's lines.
pub(super) struct Reporter {
    rng: Rng,
    cty: Cty,
    sq: u64,
}

impl Reporter {
    pub(super) fn new(seed: u64) -> Reporter {
        Reporter { rng: Rng::with_seed(seed ^ 0x5053_4B52), cty: Cty::embedded(), sq: FIRST_SQ }
    }

    /// Writes topic and payload of a skimmer's line, with the next number. A person's line, and one without a
    /// report, is none: `false`.
    ///
    /// The network's batches of one receiver are not played: a line becomes a report when it is due, and was
    /// heard before.
    pub(super) fn report(&mut self, row: &TruthRow, topic: &mut Vec<u8>, payload: &mut Vec<u8>) -> bool {
        let Some(snr_db) = row.snr_db.filter(|_| row.spotter.is_skimmer() && row.mode != Mode::Unknown) else {
            return false;
        };
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (row.reported, row.spotter);
        enrich(&self.cty, &mut spot);
        let heard_s = row.at.ms().div_euclid(1_000) - i64::from(self.delay_s());
        let is_slot = row.mode.family() == Family::Slot;
        let (sent_s, heard_s) = if is_slot {
            let begins = heard_s - heard_s.rem_euclid(CYCLE_S);
            (begins - CYCLE_S, begins)
        } else {
            (heard_s, heard_s)
        };
        let de = row.spotter.as_bytes();
        let text = PskText {
            sq: self.sq,
            freq_hz: row.reported_hz,
            mode: row.mode.name(),
            snr_db,
            heard_s,
            sent_s,
            dx: row.reported.as_bytes(),
            dx_grid: spot.dx_grid.as_bytes(),
            dx_adif: spot.dx_adif,
            de: de.strip_suffix(b"-#").unwrap_or(de),
            de_grid: spot.de_grid.as_bytes(),
            de_adif: spot.de_adif,
        };
        self.sq += 1;
        topic.clear();
        payload.clear();
        psk_topic(&text, topic);
        psk_payload(&text, payload);
        true
    }

    fn delay_s(&mut self) -> u32 {
        let at = self.rng.u32(0..1_000);
        let upper = DELAY_S.iter().position(|(permille, _)| *permille > at).unwrap_or(1);
        let ((from, least), (to, most)) = (DELAY_S[upper - 1], DELAY_S[upper]);
        least + (most - least) * (at - from) / (to - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;
    use crate::simulate::{Band, DEFAULT_START};
    use crate::wire::pskreporter;

    #[test]
    fn a_band_becomes_a_network() {
        let mut band = Band::new(3, Profile::Ft8Burst, 1.0, DEFAULT_START);
        let mut reporter = Reporter::new(3);
        let (mut topic, mut payload) = (Vec::new(), Vec::new());
        let mut delays = Vec::new();
        let (mut next, mut slots) = (FIRST_SQ, 0);
        for _ in 0..5_000 {
            band.next(|_, row| {
                if !reporter.report(row, &mut topic, &mut payload) {
                    assert!(!row.spotter.is_skimmer(), "{row:?}");
                    return;
                }
                let message = pskreporter(&payload);
                let report = message.report.unwrap_or_else(|e| panic!("{e:?} {}", payload.escape_ascii()));
                assert_eq!(message.sq, Some(next));
                next += 1;
                assert_eq!((report.spot.dx, report.spot.mode()), (row.reported, row.mode));
                assert_eq!((report.spot.snr(), report.spot.freq.hz()), (row.snr_db, row.reported_hz));
                assert!(!report.spot.de_grid.is_none(), "skimmers stand somewhere");
                if row.mode == Mode::Ft8 {
                    slots += 1;
                    assert_eq!(report.heard.ms() % 15_000, 0);
                }
                delays.push((row.at.ms() - report.heard.ms()) / 1_000);
                let levels = topic.split(|b| *b == b'/').count();
                assert_eq!(levels, 11, "{}", topic.escape_ascii());
            });
        }
        assert!(slots > 1_000 && delays.len() > 4_000);
        delays.sort_unstable();
        let at = |permille: usize| delays[delays.len() * permille / 1_000];
        // A cycle is cut off at its beginning: up to 15 s more.
        assert!((60..=90).contains(&at(500)) && (270..=300).contains(&at(900)), "{} {}", at(500), at(900));
        assert!((410..=480).contains(&at(980)), "{}", at(980));
    }
}
