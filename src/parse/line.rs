//! A line of a feed becomes a spot of its class, with its time.

use crate::config::FeedKind;
use crate::engine::Now;
use crate::measure::Reason;
use crate::spot::{BulletinKind, Call, Class, Family, Flags, Spot, Utc};
use crate::wire;

/// The last millisecond of a minute.
const MINUTE_END_MS: i64 = 59_999;

/// What a line that is no spot was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineEnd {
    /// It ends here.
    Reason(Reason),
    /// It is for everybody, as it stands.
    Bulletin(BulletinKind),
}

/// A time of day as a line tells it: hour 0..=23, minute 0..=59.
pub type Told = (u32, u32);

/// Reads one line of a feed. The spot has class, feed, node, line number, times and what the line
/// says; whether it may enter is the gate's business.
///
/// Skimmers' lines are read strictly, whatever the feed; people's gently. Behind a cluster node a
/// spotter with `-#` whose line is no skimmer's (nodes aggregate and rewrite) is read gently too.
///
/// # Errors
/// What the line is instead.
pub fn read_line(kind: FeedKind, feed: u8, node: Call, now: Now, line_no: u64, line: &[u8]) -> Result<Spot, LineEnd> {
    let read = match kind {
        // Its messages are no lines: `Reports` reads them.
        FeedKind::PskReporter => return Err(LineEnd::Reason(Reason::NotASpot)),
        FeedKind::Rbn | FeedKind::RbnDigital => wire::skimmer_line(line),
        _ if !spotter_is_skimmer(line) => wire::people_line(line),
        FeedKind::Cluster => wire::skimmer_line(line).or_else(|_| wire::people_line(line)),
        FeedKind::Replay | FeedKind::Simulator => wire::skimmer_line(line),
    };
    let read = match read {
        Ok(read) => read,
        Err(fault) => {
            let reason = fault.reason();
            if reason == Reason::NotASpot
                && matches!(kind, FeedKind::Cluster | FeedKind::Replay)
                && let Some(kind) = wire::bulletin_kind(line)
            {
                return Err(LineEnd::Bulletin(kind));
            }
            return Err(LineEnd::Reason(reason));
        }
    };
    let mut spot = read.spot;
    spot.set_class(class_of(kind, &spot));
    spot.flags.set(Flags::SIMULATED, kind == FeedKind::Simulator);
    spot.feed = feed;
    spot.node = node;
    spot.line = line_no;
    spot.read_ns = now.mono_ns;
    match read.time {
        Some(told) => {
            spot.time = told_time(now.utc, u32::from(told.hour), u32::from(told.minute));
            spot.flags.set(Flags::TIME_TOLD, true);
        }
        None => spot.time = now.utc,
    }
    Ok(spot)
}

/// The row of the books for a line of a feed that became no spot.
pub fn class_of_feed(kind: Option<FeedKind>) -> Class {
    match kind {
        Some(FeedKind::Rbn) => Class::Rbn,
        Some(FeedKind::RbnDigital) => Class::RbnDigital,
        Some(FeedKind::PskReporter) => Class::PskReporter,
        Some(FeedKind::Simulator) => Class::Simulator,
        Some(FeedKind::Cluster | FeedKind::Replay) | None => Class::Human,
    }
}

fn class_of(kind: FeedKind, spot: &Spot) -> Class {
    if kind == FeedKind::Simulator {
        return Class::Simulator;
    }
    if !spot.is_skimmer() {
        return Class::Human;
    }
    match spot.mode().family() {
        Family::Slot => Class::RbnDigital,
        Family::Unknown if kind == FeedKind::RbnDigital => Class::RbnDigital,
        _ => Class::Rbn,
    }
}

/// The moment a told minute stands for.
///
/// A line tells a minute, an arrival has milliseconds, and every window moves by this stamp. So the
/// stamp is the arrival where the arrival lies in the told minute, the end of that minute where it
/// came later (the shown minute is always the told one), and the arrival where the minute has not
/// begun yet (a clock ahead of ours is clamped). How old is too old is the age policy's business.
pub fn told_time(now: Utc, hour: u32, minute: u32) -> Utc {
    let begins = now.nearest(hour, minute);
    if begins > now { now } else { now.min(Utc::from_ms(begins.ms() + MINUTE_END_MS)) }
}

/// Whether the spotter of a line ends in `-#`.
fn spotter_is_skimmer(line: &[u8]) -> bool {
    // `DX de ` and a call of at most 15 characters with its colon.
    let head = &line[..line.len().min(6 + Call::LEN_MAX + 3)];
    let spotter = head.split(|b| *b == b':').next().unwrap_or(b"");
    spotter.trim_ascii_end().ends_with(b"-#")
}

/// The time at the end of a spot line, without reading the rest: the last `HHMMZ` that stands alone.
pub fn told_at_end(line: &[u8]) -> Option<Told> {
    let mut words = line.rsplit(|b| *b == b' ').filter(|w| !w.is_empty()).take(4);
    words.find_map(|word| {
        let (digits, rest) = word.split_at_checked(4)?;
        if !digits.iter().all(u8::is_ascii_digit) || rest.first() != Some(&b'Z') {
            return None;
        }
        let n = |i: usize| u32::from(digits[i] - b'0') * 10 + u32::from(digits[i + 1] - b'0');
        (n(0) < 24 && n(2) < 60).then(|| (n(0), n(2)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TestClock;

    fn at(h: u32, m: u32, s: u32) -> Utc {
        Utc::from_civil(2026, 3, 1, h, m, s)
    }

    #[test]
    fn the_shown_minute_is_the_told_one_and_the_stamp_as_near_as_can_be() {
        assert_eq!(told_time(at(12, 34, 25), 12, 34), at(12, 34, 25), "in its minute: the arrival");
        assert_eq!(told_time(at(12, 35, 10), 12, 34).ms(), at(12, 34, 59).ms() + 999, "later: the minute's end");
        assert_eq!(told_time(at(12, 33, 50), 12, 34), at(12, 33, 50), "a minute ahead: clamped");
        assert_eq!(told_time(at(12, 33, 50), 20, 0), at(12, 33, 50), "hours ahead: clamped");
        assert_eq!(told_time(at(12, 33, 50), 12, 3).ms(), at(12, 3, 59).ms() + 999, "old stays old");
        let midnight = Utc::from_civil(2026, 3, 1, 0, 1, 0);
        assert_eq!(told_time(midnight, 23, 59).civil(), (2026, 2, 28));
    }

    #[test]
    fn class_follows_the_line_not_the_feed() {
        let now = TestClock::at(at(12, 34, 0)).now();
        let read = |kind, line: &str| read_line(kind, 3, Call::literal("NODE"), now, 7, line.as_bytes());
        let cw = "DX de W3LPL-#:   14025.0  K1ABC          CW    23 dB  25 WPM  CQ      1234Z";
        let ft = "DX de W3LPL-#:   14074.0  K1ABC          FT8  -12 dB          CQ      1234Z";
        let human = "DX de F5LEN:     14025.3  3D2AG        up 2 tnx Paul                  1234Z";
        for kind in [FeedKind::Rbn, FeedKind::RbnDigital, FeedKind::Cluster, FeedKind::Replay] {
            assert_eq!(read(kind, cw).unwrap().class(), Class::Rbn, "{kind:?}");
            assert_eq!(read(kind, ft).unwrap().class(), Class::RbnDigital, "{kind:?}");
        }
        assert_eq!(read(FeedKind::Cluster, human).unwrap().class(), Class::Human);
        let spot = read(FeedKind::Simulator, human).unwrap();
        assert_eq!(spot.class(), Class::Simulator);
        assert!(spot.flags.has(Flags::SIMULATED) && spot.flags.has(Flags::TIME_TOLD));
        assert_eq!((spot.feed, spot.line, spot.node.as_str()), (3, 7, "NODE"));
        assert_eq!(read(FeedKind::Rbn, "Local users: 208").unwrap_err(), LineEnd::Reason(Reason::NotASpot));
        let wwv = "WWV de VE7CC <00> : SFI=105, A=24, K=4, Minor w/G1 -> No Storms";
        assert_eq!(read(FeedKind::Cluster, wwv).unwrap_err(), LineEnd::Bulletin(BulletinKind::Wwv));
        assert_eq!(read(FeedKind::Rbn, wwv).unwrap_err(), LineEnd::Reason(Reason::NotASpot));
    }

    #[test]
    fn a_time_is_found_behind_trailers() {
        assert_eq!(told_at_end(b"DX de XE1TS:      1851.4  XE1RCS            0333Z DL80\x07\x07"), Some((3, 33)));
        assert_eq!(told_at_end(b"DX de A1A: 7000.0 B1B CW 23 dB 25 WPM CQ 2359Z"), Some((23, 59)));
        assert_eq!(told_at_end(b"DX de A1A: 7000.0 B1B CW 2460Z"), None);
        assert_eq!(told_at_end(b""), None);
    }
}
