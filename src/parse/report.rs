//! A message of PSKReporter becomes a spot, or ends by what its feed takes.

use super::sequence::{Seen, Sequence};
use crate::config::Feed;
use crate::engine::Now;
use crate::measure::Reason;
use crate::spot::{Class, Flags, Mode, Spot};
use crate::wire::{ModeName, PskReport, pskreporter};

/// A list of modes as operators write it.
#[derive(Clone, Debug, Default)]
struct ModeList {
    /// Bit [`Mode`] of every mode that is meant.
    modes: u32,
    /// Names that we do not know; their reports are [`Mode::Digi`].
    others: Vec<ModeName>,
}

const _: () = assert!(Mode::COUNT < 32);

impl ModeList {
    /// `PSK` means the whole family.
    fn of(names: &[String]) -> ModeList {
        let mut list = ModeList::default();
        for text in names {
            let name = ModeName::of(text.trim().as_bytes());
            match name.mode() {
                Mode::Digi => list.others.push(name),
                Mode::Psk => Mode::all().filter(|m| m.normalized() == Mode::Psk).for_each(|m| list.add(m)),
                mode => list.add(mode),
            }
        }
        list
    }
    fn add(&mut self, mode: Mode) {
        self.modes |= 1 << mode as u32;
    }
    fn is_empty(&self) -> bool {
        self.modes == 0 && self.others.is_empty()
    }
    #[inline]
    fn has(&self, report: &PskReport) -> bool {
        match report.spot.mode() {
            Mode::Digi => self.others.contains(&report.mode_name),
            mode => self.modes & 1 << mode as u32 != 0,
        }
    }
}

/// Which reports are spots.
#[derive(Clone, Debug, Default)]
pub struct ReportPolicy {
    /// Empty = all.
    taken: ModeList,
    path_only: ModeList,
}

impl ReportPolicy {
    /// What a feed's `modes` and `path_only_modes` say.
    pub fn of(feed: &Feed) -> ReportPolicy {
        ReportPolicy { taken: ModeList::of(&feed.modes), path_only: ModeList::of(&feed.path_only_modes) }
    }

    /// Whether the report is a spot. A mode on both lists tells of the path only (pipeline 4.4).
    ///
    /// # Errors
    /// [`Reason::PathOnly`] or [`Reason::ModeNotTaken`].
    #[inline]
    pub fn judge(&self, report: &PskReport) -> Result<(), Reason> {
        if self.path_only.has(report) {
            return Err(Reason::PathOnly);
        }
        if self.taken.is_empty() || self.taken.has(report) { Ok(()) } else { Err(Reason::ModeNotTaken) }
    }
}

/// What reads the reports of one feed.
#[derive(Debug, Default)]
pub struct Reports {
    policy: ReportPolicy,
    pub(super) sequence: Sequence,
}

impl Reports {
    /// A reader that has seen nothing yet.
    pub fn new(policy: ReportPolicy) -> Reports {
        Reports { policy, sequence: Sequence::new() }
    }

    /// Reads one message. The spot has class, times and what the report says; feed, node and line number are
    /// the caller's. Every message with a number counts in the sequence, good or not.
    ///
    /// The time is the receiver's, to the second: it is what lines show, even minutes late; one ahead of ours
    /// is ours (pipeline 28.1 #14). It moves no window back, for those follow the latest stamp. How old is too
    /// old is the gate's business.
    ///
    /// # Errors
    /// The reason under which the message ends.
    pub fn read(&mut self, now: Now, payload: &[u8]) -> Result<Spot, Reason> {
        let message = pskreporter(payload);
        if let Some(number) = message.sq
            && self.sequence.see(number) == Seen::Again
        {
            return Err(Reason::Duplicate);
        }
        let report = message.report.map_err(|fault| fault.reason())?;
        self.policy.judge(&report)?;
        let mut spot = report.spot;
        spot.set_class(Class::PskReporter);
        spot.read_ns = now.mono_ns;
        spot.time = report.heard.min(now.utc);
        spot.flags.set(Flags::TIME_TOLD, true);
        Ok(spot)
    }
}

/// The call that reports carry as their node.
pub const NODE: &str = "PSKREPORTER";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TestClock;
    use crate::simulate::{PskText, psk_payload};
    use crate::spot::Utc;

    fn payload(sq: u64, mode: &str, heard: Utc) -> Vec<u8> {
        let mut out = Vec::new();
        let heard_s = heard.ms() / 1000;
        let text = PskText {
            sq,
            freq_hz: 14_074_554,
            mode,
            snr_db: 0,
            heard_s,
            sent_s: heard_s - 15,
            dx: b"K1ABC",
            dx_grid: b"FN42",
            dx_adif: 291,
            de: b"DL1XYZ",
            de_grid: b"JO31",
            de_adif: 230,
        };
        psk_payload(&text, &mut out);
        out
    }

    fn feed(modes: &[&str], path_only: &[&str]) -> Feed {
        let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
        Feed { modes: names(modes), path_only_modes: names(path_only), ..Feed::default() }
    }

    #[test]
    fn lists_of_modes_are_names_families_and_strangers() {
        let noon = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
        let end = |modes: &[&str], path_only: &[&str], mode: &str| {
            let mut reports = Reports::new(ReportPolicy::of(&feed(modes, path_only)));
            reports.read(noon, &payload(1, mode, noon.utc)).err()
        };
        assert_eq!(end(&[], &[], "WSPR"), None, "empty = all");
        assert_eq!(end(&["FT8", "FT4"], &[], "ft4"), None);
        assert_eq!(end(&["ft8"], &[], "FT4"), Some(Reason::ModeNotTaken));
        assert_eq!(end(&["PSK"], &[], "PSK31"), None, "the family");
        assert_eq!(end(&["PSK31"], &[], "PSK63"), Some(Reason::ModeNotTaken));
        assert_eq!(end(&["FT8", "WSPR"], &["WSPR"], "WSPR"), Some(Reason::PathOnly));
        assert_eq!(end(&[], &["PSK"], "PSK125"), Some(Reason::PathOnly));
        assert_eq!(end(&["OPERA"], &[], "OPERA"), None, "a mode that we do not know");
        assert_eq!(end(&["OPERA"], &[], "FST4W"), Some(Reason::ModeNotTaken));
        assert_eq!(end(&[], &["FST4W"], "OPERA"), None);
        assert_eq!(end(&[], &["FST4W"], "FST4W"), Some(Reason::PathOnly));
        assert_eq!(end(&["FT8"], &[], ""), Some(Reason::NoMode));
    }

    #[test]
    fn the_time_is_the_receivers_and_never_ahead() {
        let clock = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 7, 30));
        let now = clock.now();
        let mut reports = Reports::default();
        let late = Utc::from_civil(2026, 11, 24, 12, 0, 15);
        let spot = reports.read(now, &payload(1, "FT8", late)).unwrap();
        assert_eq!((spot.time, spot.read_ns, spot.class()), (late, now.mono_ns, Class::PskReporter));
        assert!(spot.flags.has(Flags::TIME_TOLD) && spot.is_skimmer());
        assert_eq!((spot.snr(), spot.de.as_str()), (Some(0), "DL1XYZ-#"));
        let ahead = Utc::from_civil(2026, 11, 24, 13, 8, 30);
        assert_eq!(reports.read(now, &payload(2, "FT8", ahead)).unwrap().time, now.utc);
        assert_eq!(reports.read(now, &payload(3, "FT8", Utc::from_secs(0))).unwrap_err(), Reason::NoTime);
    }

    #[test]
    fn every_numbered_message_counts_in_the_sequence() {
        let now = TestClock::at(Utc::from_civil(2026, 11, 24, 12, 0, 0)).now();
        let mut reports = Reports::new(ReportPolicy::of(&feed(&["FT8"], &["WSPR"])));
        let mut read = |sq, mode| reports.read(now, &payload(sq, mode, now.utc)).err();
        assert_eq!(read(10, "FT8"), None);
        assert_eq!(read(11, "WSPR"), Some(Reason::PathOnly));
        assert_eq!(read(12, "FT4"), Some(Reason::ModeNotTaken));
        assert_eq!(read(13, ""), Some(Reason::NoMode));
        assert_eq!(read(11, "WSPR"), Some(Reason::Duplicate));
        assert_eq!(read(15, "FT8"), None);
        reports.sequence.ended();
        assert_eq!((reports.sequence.counts().missing, reports.sequence.counts().again), (1, 1));
    }
}
