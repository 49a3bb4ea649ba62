//! What is sent and when: intended times and feed lines, all fixed before the start.

use super::calls::{self, BOOK_CALLS, BookCall};
use dxring::spot::Utc;
use std::io::Write as _;

/// Feed lines are RBN lines of 75 columns and CR LF.
pub const LINE_BYTES: usize = 77;

/// Pages of the call book that no plan uses: users of the test log in with them.
pub const USER_CALLS: u64 = 100_000;

/// DX calls a plan can use before it repeats one: 7,030,400 − 100,000.
pub const DX_CALLS: u64 = BOOK_CALLS - USER_CALLS;

/// When spots are meant to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
}

impl Profile {
    /// Intended times in ns from the start, never decreasing.
    pub fn offsets_ns(&self) -> Vec<u64> {
        match *self {
            Profile::Rate { per_s, seconds } => {
                (0..per_s * seconds).map(|i| (u128::from(i) * 1_000_000_000 / u128::from(per_s)) as u64).collect()
            }
            Profile::Burst { spots, within_ms, every_ms, times } => {
                let every_ms = every_ms.max(within_ms);
                (0..times)
                    .flat_map(|burst| {
                        (0..spots).map(move |i| {
                            let within_ns = u128::from(within_ms) * 1_000_000 * u128::from(i) / u128::from(spots);
                            burst * every_ms * 1_000_000 + within_ns as u64
                        })
                    })
                    .collect()
            }
        }
    }

    /// `5000 in 1000 ms`, `10000/s for 15 s`.
    pub fn text(&self) -> String {
        match *self {
            Profile::Rate { per_s, seconds } => format!("{per_s}/s for {seconds} s"),
            Profile::Burst { spots, within_ms, times: 1, .. } => format!("{spots} in {within_ms} ms"),
            Profile::Burst { spots, within_ms, every_ms, times } => {
                format!("{spots} in {within_ms} ms, {times} times every {every_ms} ms")
            }
        }
    }
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
        let measured_ns = measured.offsets_ns();
        offsets_ns.extend(&measured_ns);
        let mut feed_bytes = vec![Vec::with_capacity((offsets_ns.len() / feeds + 1) * LINE_BYTES); feeds];
        let mut keys = Vec::with_capacity(offsets_ns.len());
        for (seq, offset) in offsets_ns.iter().enumerate() {
            let page = (first_page + seq as u64) % DX_CALLS;
            let call = calls::call_at(page);
            keys.push(call.key());
            let heard = Utc::from_ms(utc.ms() + (*offset / 1_000_000) as i64);
            write_rbn_line(&mut feed_bytes[seq % feeds], seq, call, heard);
        }
        Plan { offsets_ns, warmup, keys, feed_bytes, first_page: first_page % DX_CALLS }
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

/// Bands of a plan; spot `seq` is on band `seq % BANDS`.
pub const BANDS: usize = 6;

/// Their names in commands.
pub const BAND_NAMES: [&str; BANDS] = ["160M", "80M", "40M", "20M", "15M", "10M"];

/// Lower edges of CW segments in Hz, 57 kHz of each are used. No plan needs the band to tell spots
/// apart; several make the traffic like the air's.
const BANDS_HZ: [u64; BANDS] = [1_803_000, 3_503_000, 7_003_000, 14_003_000, 21_003_000, 28_003_000];

/// Skimmers' calls, six columns at most, so that `-#:` still fits the field of nine.
const SPOTTERS: [&str; 24] = [
    "W3LPL", "K9LC", "N7TR", "WZ7I", "VE7CC", "KM3T-2", "NC7J", "K1TTT", "DL8LAS", "DK9IP", "OH6BG", "SM6FMB",
    "OE9GHV", "F6IIT", "IK4VET", "EA5WU", "HA1VHF", "OK1FCJ", "S50ARX", "LZ4UX", "JA4ZRK", "VK4CT", "ZL3X", "PY2PE",
];

/// Two calls that differ in one character lie at least 1.2 kHz apart on their bands, so no
/// consensus can take one for the other: the frequency follows the sum of the call's characters.
fn freq_hz(seq: usize, call: BookCall) -> u64 {
    let sum: u64 = call.text().bytes().map(u64::from).sum();
    BANDS_HZ[seq % BANDS_HZ.len()] + sum % 26 * 2_000 + (seq as u64 / 6) % 8 * 100
}

fn write_rbn_line(out: &mut Vec<u8>, seq: usize, call: BookCall, heard: Utc) {
    let spotter = SPOTTERS[seq % SPOTTERS.len()];
    let hz = freq_hz(seq, call);
    let (hour, minute) = heard.hour_minute();
    // The relay's layout; writing to a Vec cannot fail.
    let _ = write!(
        out,
        "DX de {:<9}{:>7}.{}  {:<14} {:<5}{:>3} dB {:>3} WPM  {:<8}{hour:02}{minute:02}Z\r\n",
        format_args!("{spotter}-#:").to_string(),
        hz / 1000,
        hz / 100 % 10,
        call.text(),
        "CW",
        3 + seq % 40,
        16 + seq % 23,
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
                        let apart = freq_hz(0, call).abs_diff(freq_hz(0, other));
                        assert!(apart - 700 >= 1_200, "{} {}", call.text(), other.text());
                    }
                }
            }
        }
    }
}
