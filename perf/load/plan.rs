//! What is sent and when: intended times and feed lines, all fixed before the start.

use super::calls::{self, BOOK_CALLS, BookCall};
use super::recorded::Recording;
use dxring::spot::Utc;
use std::io::Write as _;
use std::sync::Arc;

/// Feed lines are RBN lines of 75 columns and CR LF.
pub const LINE_BYTES: usize = 77;

/// Pages of the call book that no plan uses: users of the test log in with them.
pub const USER_CALLS: u64 = 100_000;

/// DX calls a plan can use before it repeats one: 7,030,400 − 100,000.
pub const DX_CALLS: u64 = BOOK_CALLS - USER_CALLS;

/// When spots are meant to be sent.
#[derive(Clone, PartialEq, Debug)]
pub enum Profile {
    /// `per_s` evenly for `seconds`.
    Rate {
        /// Spots per second.
        per_s: u64,
        /// Length.
        seconds: u64,
    },
    /// `spots` evenly within `within_ms` (0 = at once), `times` times, `every_ms` from start to start.
    Burst {
        /// Spots of one burst.
        spots: u64,
        /// Length of one burst.
        within_ms: u64,
        /// From start to start; at least `within_ms`.
        every_ms: u64,
        /// Bursts.
        times: u64,
    },
    /// Such bursts, and beneath and between them an even rate until `every_ms` after the last one's start.
    BurstsOverRate {
        /// Spots of one burst.
        spots: u64,
        /// Length of one burst.
        within_ms: u64,
        /// From start to start; at least `within_ms`.
        every_ms: u64,
        /// Bursts.
        times: u64,
        /// Spots per second beneath.
        per_s: u64,
    },
    /// As a capture came.
    Recorded(Arc<Recording>),
}

/// Parts are told apart up to so many: 200 bursts every 15 s are 50 minutes.
pub const PARTS_MAX: u64 = 200;

/// A spot of no burst.
pub const NO_PART: u8 = u8::MAX;

impl Profile {
    /// Intended times in ns from the start, never decreasing.
    pub fn offsets_ns(&self) -> Vec<u64> {
        self.timed().into_iter().map(|(offset_ns, _)| offset_ns).collect()
    }

    /// Intended times, and which burst each spot belongs to, [`NO_PART`] when to none.
    pub fn timed(&self) -> Vec<(u64, u8)> {
        match self {
            Profile::Rate { per_s, seconds } => even(*per_s, *seconds * 1000),
            Profile::Burst { spots, within_ms, every_ms, times } => bursts(*spots, *within_ms, *every_ms, *times),
            Profile::BurstsOverRate { spots, within_ms, every_ms, times, per_s } => {
                let every_ms = *(every_ms.max(within_ms));
                let mut all = even(*per_s, every_ms * times);
                all.extend(bursts(*spots, *within_ms, every_ms, *times));
                // Stable: at one moment the even ones come first, as they stand.
                all.sort_by_key(|(offset_ns, _)| *offset_ns);
                all
            }
            Profile::Recorded(recording) => recording.offsets_ns.iter().map(|ns| (*ns, NO_PART)).collect(),
        }
    }

    /// Spots.
    pub fn spots(&self) -> u64 {
        match self {
            Profile::Rate { per_s, seconds } => per_s.saturating_mul(*seconds),
            Profile::Burst { spots, times, .. } => spots.saturating_mul(*times),
            Profile::BurstsOverRate { spots, within_ms, every_ms, times, per_s } => {
                let length_ms = every_ms.max(within_ms).saturating_mul(*times);
                spots.saturating_mul(*times).saturating_add((per_s.saturating_mul(length_ms)).div_ceil(1000))
            }
            Profile::Recorded(recording) => recording.offsets_ns.len() as u64,
        }
    }

    /// Bursts whose figures are kept apart; 0 when there is only one or none.
    pub fn parts(&self) -> usize {
        match self {
            Profile::Burst { times, .. } | Profile::BurstsOverRate { times, .. } if (2..=PARTS_MAX).contains(times) => {
                *times as usize
            }
            _ => 0,
        }
    }

    /// When to look at the server's memory: half a second before each next burst, or in the middle. ns from the
    /// start, increasing.
    pub fn looks_ns(&self) -> Vec<u64> {
        match self {
            Profile::Burst { every_ms, within_ms, times, .. }
            | Profile::BurstsOverRate { every_ms, within_ms, times, .. }
                if *times > 1 =>
            {
                let every_ms = every_ms.max(within_ms);
                (1..=*times).map(|n| (n * every_ms).saturating_sub(500.min(every_ms / 2)) * 1_000_000).collect()
            }
            Profile::Rate { seconds, .. } => vec![seconds * 500_000_000],
            Profile::Recorded(recording) => vec![recording.offsets_ns.last().map_or(0, |ns| ns / 2)],
            _ => Vec::new(),
        }
    }

    /// `5000 in 1000 ms`, `10000/s for 15 s`.
    pub fn text(&self) -> String {
        match self {
            Profile::Rate { per_s, seconds } => format!("{per_s}/s for {seconds} s"),
            Profile::Burst { spots, within_ms, times: 1, .. } => format!("{spots} in {within_ms} ms"),
            Profile::Burst { spots, within_ms, every_ms, times } => {
                format!("{spots} in {within_ms} ms, {times} times every {every_ms} ms")
            }
            Profile::BurstsOverRate { spots, within_ms, every_ms, times, per_s } => {
                format!("{spots} in {within_ms} ms, {times} times every {every_ms} ms, over {per_s}/s")
            }
            Profile::Recorded(recording) => recording.text(),
        }
    }
}

fn even(per_s: u64, length_ms: u64) -> Vec<(u64, u8)> {
    let spots = (per_s * length_ms).div_ceil(1000);
    (0..spots).map(|i| ((u128::from(i) * 1_000_000_000 / u128::from(per_s)) as u64, NO_PART)).collect()
}

fn bursts(spots: u64, within_ms: u64, every_ms: u64, times: u64) -> Vec<(u64, u8)> {
    let every_ms = every_ms.max(within_ms);
    (0..times)
        .flat_map(|burst| {
            (0..spots).map(move |i| {
                let within_ns = u128::from(within_ms) * 1_000_000 * u128::from(i) / u128::from(spots);
                let part = if burst < PARTS_MAX { burst as u8 } else { NO_PART };
                (burst * every_ms * 1_000_000 + within_ns as u64, part)
            })
        })
        .collect()
}

/// A fixed plan: spot `seq` is meant to leave `offsets_ns[seq]` after the start of its part (warm-up
/// or measured), through feed `seq % feeds`.
pub struct Plan {
    /// Intended times from the start of the part.
    pub offsets_ns: Vec<u64>,
    /// Spots before this one are warm-up.
    pub warmup: usize,
    /// DX calls as they stand in a line.
    pub keys: Vec<u64>,
    /// Which burst each spot belongs to; empty when none is told apart.
    parts: Vec<u8>,
    part_count: usize,
    /// Band and mode of each spot, when a recording says them; else [`Plan::kind`] follows the number.
    kinds: Vec<Kind>,
    /// Lines of each feed, each [`LINE_BYTES`] long.
    pub feed_bytes: Vec<Vec<u8>>,
    first_page: u64,
}

impl Plan {
    /// Lays down `warmup` then `measured` over `feeds` feeds. `first_page` is the call of spot 0.
    /// Lines are dated as if both parts began at `utc`: a minute more or less is nothing to a feed.
    pub fn lay(warmup: &Profile, measured: &Profile, feeds: usize, first_page: u64, utc: Utc) -> Plan {
        let mut offsets_ns = warmup.offsets_ns();
        let warmup = offsets_ns.len();
        let timed = measured.timed();
        offsets_ns.extend(timed.iter().map(|(offset_ns, _)| *offset_ns));
        let mut parts = Vec::new();
        if measured.parts() > 0 {
            parts = vec![NO_PART; warmup];
            parts.extend(timed.iter().map(|(_, part)| *part));
        }
        let mut kinds = Vec::new();
        if let Profile::Recorded(recording) = measured
            && !recording.kinds.is_empty()
        {
            kinds = (0..warmup).map(kind_of).collect();
            kinds.extend(&recording.kinds);
        }
        let feed_bytes = vec![Vec::with_capacity((offsets_ns.len() / feeds + 1) * LINE_BYTES); feeds];
        let keys = Vec::with_capacity(offsets_ns.len());
        let mut plan = Plan {
            offsets_ns,
            warmup,
            keys,
            parts,
            part_count: measured.parts(),
            kinds,
            feed_bytes,
            first_page: first_page % DX_CALLS,
        };
        for seq in 0..plan.spots() {
            let page = (first_page + seq as u64) % DX_CALLS;
            let call = calls::call_at(page);
            plan.keys.push(call.key());
            let heard = Utc::from_ms(utc.ms() + (plan.offsets_ns[seq] / 1_000_000) as i64);
            let kind = plan.kind(seq);
            write_rbn_line(&mut plan.feed_bytes[seq % feeds], seq, call, heard, kind);
        }
        plan
    }

    /// Band and mode of a spot.
    pub fn kind(&self, seq: usize) -> Kind {
        self.kinds.get(seq).copied().unwrap_or_else(|| kind_of(seq))
    }

    /// Bursts that are told apart.
    pub fn part_count(&self) -> usize {
        self.part_count
    }

    /// The burst that a spot belongs to, when bursts are told apart.
    #[inline]
    pub fn part(&self, seq: usize) -> Option<usize> {
        self.parts.get(seq).filter(|part| **part != NO_PART).map(|part| usize::from(*part))
    }

    /// Spots, warm-up included.
    pub fn spots(&self) -> usize {
        self.offsets_ns.len()
    }

    /// The spot with this DX call; `None` when the plan has none. O(1), no table.
    pub fn seq_of(&self, dx: &[u8]) -> Option<u32> {
        let page = calls::index_of(dx).filter(|page| *page < DX_CALLS)?;
        let seq = (page + DX_CALLS - self.first_page) % DX_CALLS;
        (seq < self.spots() as u64).then_some(seq as u32)
    }
}

/// The call that user `n` logs in with: never a DX call of a plan.
pub fn user_call(n: usize) -> BookCall {
    calls::call_at(DX_CALLS + n as u64 % USER_CALLS)
}

/// Band and mode of a spot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// Place in [`BANDS_HZ`]; the first [`BANDS`] are those of filters.
    pub band: u8,
    /// Its mode.
    pub mode: SpotMode,
}

/// Modes that skimmers report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpotMode {
    /// Morse.
    Cw,
    /// Teletype.
    Rtty,
    /// Phase shift, 31 baud.
    Psk31,
    /// Phase shift, 63 baud.
    Psk63,
    /// Slots of 15 s.
    Ft8,
    /// Slots of 7.5 s.
    Ft4,
}

/// Without a recording: CW, the bands in turn.
fn kind_of(seq: usize) -> Kind {
    Kind { band: (seq % BANDS) as u8, mode: SpotMode::Cw }
}

/// Bands of a plan without a recording; spot `seq` is on band `seq % BANDS`.
pub const BANDS: usize = 6;

/// Their names in commands.
pub const BAND_NAMES: [&str; BANDS] = ["160M", "80M", "40M", "20M", "15M", "10M"];

/// Lower edges of CW segments in Hz, 50.7 kHz of each are used; behind the six of every plan those that only recordings
/// have: 60, 30, 17, 12 and 6 m. No plan needs the band to tell spots apart; several make the traffic like the air's.
const BANDS_HZ: [u64; 11] = [
    1_803_000, 3_503_000, 7_003_000, 14_003_000, 21_003_000, 28_003_000, 5_351_000, 10_100_000, 18_069_000, 24_891_000,
    50_003_000,
];

/// 30 m is 50 kHz wide: there the jitter has no room.
const NARROW_BAND: u8 = 7;

/// Skimmers' calls, six columns at most, so that `-#:` still fits the field of nine.
const SPOTTERS: [&str; 24] = [
    "W3LPL", "K9LC", "N7TR", "WZ7I", "VE7CC", "KM3T-2", "NC7J", "K1TTT", "DL8LAS", "DK9IP", "OH6BG", "SM6FMB",
    "OE9GHV", "F6IIT", "IK4VET", "EA5WU", "HA1VHF", "OK1FCJ", "S50ARX", "LZ4UX", "JA4ZRK", "VK4CT", "ZL3X", "PY2PE",
];

/// Two calls that differ in one character lie at least 1.2 kHz apart on their bands, so no
/// consensus can take one for the other: the frequency follows the sum of the call's characters.
fn freq_hz(seq: usize, call: BookCall, band: u8) -> u64 {
    let sum: u64 = call.text().bytes().map(u64::from).sum();
    let jitter = if band == NARROW_BAND { 0 } else { (seq as u64 / 6) % 8 * 100 };
    BANDS_HZ[usize::from(band) % BANDS_HZ.len()] + sum % 26 * 2_000 + jitter
}

fn write_rbn_line(out: &mut Vec<u8>, seq: usize, call: BookCall, heard: Utc, kind: Kind) {
    let spotter = SPOTTERS[seq % SPOTTERS.len()];
    let hz = freq_hz(seq, call, kind.band);
    let (hour, minute) = heard.hour_minute();
    let (mode, speed, unit) = match kind.mode {
        SpotMode::Cw => ("CW", 16 + seq % 23, "WPM"),
        SpotMode::Rtty => ("RTTY", 45, "BPS"),
        SpotMode::Psk31 => ("PSK31", 31, "BPS"),
        SpotMode::Psk63 => ("PSK63", 63, "BPS"),
        SpotMode::Ft8 => ("FT8", 0, ""),
        SpotMode::Ft4 => ("FT4", 0, ""),
    };
    let speed = if unit.is_empty() { String::new() } else { format!("{speed:>3} {unit}") };
    // The relay's layout; writing to a Vec cannot fail.
    let _ = write!(
        out,
        "DX de {:<9}{:>7}.{}  {:<14} {:<5}{:>3} dB {speed:<7}  {:<8}{hour:02}{minute:02}Z\r\n",
        format_args!("{spotter}-#:").to_string(),
        hz / 1000,
        hz / 100 % 10,
        call.text(),
        mode,
        3 + seq % 40,
        if seq.is_multiple_of(11) { "DX" } else { "CQ" },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use dxring::spot::{Band, Call, Freq, is_plausible};

    #[test]
    fn rates_and_bursts_are_spread_evenly() {
        let rate = Profile::Rate { per_s: 10_000, seconds: 2 }.offsets_ns();
        assert_eq!(rate.len(), 20_000);
        assert_eq!((rate[0], rate[1], rate[19_999]), (0, 100_000, 1_999_900_000));
        let thirds = Profile::Rate { per_s: 3, seconds: 1 }.offsets_ns();
        assert_eq!(thirds, [0, 333_333_333, 666_666_666]);
        let bursts = Profile::Burst { spots: 4, within_ms: 1000, every_ms: 15_000, times: 2 }.offsets_ns();
        assert_eq!(bursts[3], 750_000_000);
        assert_eq!(bursts[4], 15_000_000_000);
        assert_eq!(bursts.len(), 8);
        let at_once = Profile::Burst { spots: 3, within_ms: 0, every_ms: 0, times: 1 }.offsets_ns();
        assert_eq!(at_once, [0, 0, 0]);
    }

    #[test]
    fn lines_have_the_relays_columns() {
        let warmup = Profile::Rate { per_s: 100, seconds: 1 };
        let burst = Profile::Burst { spots: 1000, within_ms: 1000, every_ms: 0, times: 1 };
        let heard = Utc::from_ms(Utc::from_civil(2026, 11, 24, 5, 59, 59).ms() + 500);
        let plan = Plan::lay(&warmup, &burst, 1, DX_CALLS - 50, heard);
        assert_eq!((plan.spots(), plan.warmup), (1100, 100));
        assert_eq!(plan.feed_bytes[0].len(), 1100 * LINE_BYTES);
        for (seq, line) in plan.feed_bytes[0].chunks(LINE_BYTES).enumerate() {
            assert!(line.starts_with(b"DX de ") && line.ends_with(b"Z\r\n"));
            assert_eq!(&line[70..74], if plan.offsets_ns[seq] < 500_000_000 { b"0559" } else { b"0600" });
            let dx = line[26..40].trim_ascii();
            assert_eq!(plan.seq_of(dx), Some(seq as u32));
            assert_eq!(plan.keys[seq].to_ne_bytes(), line[26..34]);
            let freq = Freq::parse_khz(line[15..24].trim_ascii()).unwrap();
            assert_ne!(Band::of(freq), Band::None);
            let spotter = line[6..15].trim_ascii().strip_suffix(b":").unwrap();
            let spotter = Call::new(spotter).unwrap();
            assert!(spotter.is_skimmer() && is_plausible(&spotter), "{spotter}");
        }
    }

    #[test]
    fn the_node_takes_every_line_and_its_own_line_names_the_spot() {
        let cty = dxring::reference::Cty::embedded();
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 20_000, within_ms: 1000, every_ms: 0, times: 1 };
        let plan = Plan::lay(&none, &burst, 1, 0, Utc::from_secs(0));
        for (seq, line) in plan.feed_bytes[0].chunks(LINE_BYTES).enumerate() {
            let text = String::from_utf8_lossy(line);
            let Ok(parsed) = dxring::wire::skimmer_line(line.trim_ascii_end()) else { panic!("{text}") };
            let known = |call: &Call| matches!(cty.lookup(call), dxring::reference::Lookup::Found(_));
            assert!(known(&parsed.spot.dx) && known(&parsed.spot.de), "{text}");
            assert!(parsed.spot.band() != Band::None && parsed.spot.snr().is_some(), "{text}");
            let mut out = Vec::new();
            dxring::wire::classic(&parsed.spot, &mut out);
            assert_eq!(out.len() + 2, LINE_BYTES, "as long as what the bare writer sends");
            assert_eq!(out[26..34], plan.keys[seq].to_ne_bytes(), "{text}");
        }
    }

    #[test]
    fn bursts_lie_over_an_even_rate() {
        let profile = Profile::BurstsOverRate { spots: 50, within_ms: 1000, every_ms: 15_000, times: 3, per_s: 10 };
        let timed = profile.timed();
        assert_eq!((timed.len() as u64, profile.spots(), profile.parts()), (3 * 50 + 450, 600, 3));
        assert!(timed.is_sorted_by_key(|(ns, _)| *ns));
        for burst in 0..3u8 {
            let times: Vec<u64> = timed.iter().filter(|t| t.1 == burst).map(|t| t.0).collect();
            assert_eq!((times.len(), times[0]), (50, u64::from(burst) * 15_000_000_000));
            assert!(times[49] < u64::from(burst) * 15_000_000_000 + 1_000_000_000);
        }
        let even: Vec<u64> = timed.iter().filter(|t| t.1 == NO_PART).map(|t| t.0).collect();
        assert_eq!((even.len(), even[449]), (450, 44_900_000_000));
        assert!(even.windows(2).all(|w| w[1] - w[0] == 100_000_000), "beneath the bursts too");
        assert_eq!(profile.looks_ns(), [14_500_000_000, 29_500_000_000, 44_500_000_000]);
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let plan = Plan::lay(&none, &profile, 1, 9, Utc::from_secs(0));
        assert_eq!((plan.part(0), plan.part(1)), (None, Some(0)), "the even one came first");
    }

    #[test]
    fn a_recorded_plan_has_lines_that_the_node_takes() {
        let mut kinds = Vec::new();
        for band in 0..BANDS_HZ.len() as u8 {
            for mode in [SpotMode::Cw, SpotMode::Rtty, SpotMode::Psk31, SpotMode::Psk63, SpotMode::Ft8, SpotMode::Ft4] {
                kinds.extend([Kind { band, mode }; 60]);
            }
        }
        let offsets_ns = (0..kinds.len() as u64).map(|i| i * 1_000_000).collect();
        let recording = Recording { name: "x".into(), speed: 1.0, offsets_ns, kinds: kinds.clone() };
        let warmup = Profile::Burst { spots: 10, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&warmup, &Profile::Recorded(Arc::new(recording)), 1, 500, Utc::from_secs(0));
        let mut bands = std::collections::HashSet::new();
        for (seq, line) in plan.feed_bytes[0].chunks(LINE_BYTES).enumerate() {
            let text = String::from_utf8_lossy(line);
            let Ok(parsed) = dxring::wire::skimmer_line(line.trim_ascii_end()) else { panic!("{text}") };
            assert_ne!(parsed.spot.band(), Band::None, "{text}");
            assert_eq!(plan.seq_of(parsed.spot.dx.as_bytes()), Some(seq as u32));
            if seq >= 10 {
                bands.insert(parsed.spot.band());
                let mode = parsed.spot.mode().name();
                assert!(text[41..].starts_with(mode) && plan.kind(seq) == kinds[seq - 10], "{text} {mode}");
            }
        }
        assert_eq!(bands.len(), BANDS_HZ.len());
    }

    #[test]
    fn feeds_share_the_spots_in_turn() {
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 7, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&none, &burst, 3, 5, Utc::from_secs(0));
        let lines: Vec<usize> = plan.feed_bytes.iter().map(|b| b.len() / LINE_BYTES).collect();
        assert_eq!(lines, [3, 2, 2]);
        assert_eq!(plan.seq_of(plan.feed_bytes[1][LINE_BYTES + 26..][..14].trim_ascii()), Some(4));
    }

    #[test]
    fn users_are_no_dx_of_any_plan() {
        let burst = Profile::Burst { spots: 100, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&burst, &burst, 1, DX_CALLS - 100, Utc::from_secs(0));
        for n in 0..5_000 {
            assert_eq!(plan.seq_of(user_call(n).text().as_bytes()), None);
        }
    }

    #[test]
    fn calls_one_character_apart_are_far_apart_in_frequency() {
        for page in (0..200_000).step_by(97) {
            let call = calls::call_at(page);
            let text = call.text().as_bytes();
            for at in text.len() - 3..text.len() {
                for letter in b'A'..=b'Z' {
                    let mut near = text.to_vec();
                    near[at] = letter;
                    let other = calls::call_at(calls::index_of(&near).unwrap());
                    if other != call {
                        // Any two places in a plan: only the jitter of up to 700 Hz differs.
                        let apart = freq_hz(0, call, 3).abs_diff(freq_hz(0, other, 3));
                        assert!(apart - 700 >= 1_200, "{} {}", call.text(), other.text());
                    }
                }
            }
        }
    }
}
