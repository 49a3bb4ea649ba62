//! One JSON object per spot and line (SET/JSON), for programs of people's own.
//!
//! Every line is one complete object, ASCII only, with every key in the order of this table, always; what is
//! not known is `null`. Keys may be added behind the last one, none changes its meaning. Numbers are whole.
//!
//! | Key | Value |
//! |---|---|
//! | `seq` | number given on publication, 1, 2, 3...; grows by one per spot of the node, so gaps are what filter and dedup policy left out |
//! | `time` | when the DX was heard: ISO 8601, UTC, `2026-11-24T14:48:00.000Z` |
//! | `time_told` | `true`: the source said the time; `false`: it is the arrival |
//! | `dx` | station heard, portable suffix kept, never with an SSID |
//! | `dx_adif` | ADIF number of its entity |
//! | `dx_continent` | `AF AN AS EU NA OC SA` |
//! | `dx_cq`, `dx_itu` | zones |
//! | `dx_state` | US state or Canadian province, `NY` |
//! | `dx_grid` | locator of 4 or 6 characters |
//! | `dx_grid_derived` | `true`: from country data, not from the station |
//! | `de`, `de_adif`, `de_continent`, `de_cq`, `de_itu`, `de_state`, `de_grid`, `de_grid_derived` | the same of the spotter; `de` with SSID and, for a skimmer, `-#` |
//! | `freq_hz` | frequency in Hz |
//! | `band` | `20m`, `70cm` |
//! | `mode` | `CW`, `FT8`, `USB`... |
//! | `mode_inferred` | `true`: from frequency or history, nobody said it |
//! | `snr_db` | report in dB |
//! | `speed`, `speed_unit` | `25`, `"WPM"` or `45`, `"BPS"` |
//! | `comment` | of a person, as written; of a machine, what is left beside mode, report, speed, locator, type |
//! | `comment_cut` | `true`: it was longer |
//! | `skimmer` | `true`: a machine reported |
//! | `cq`, `beacon`, `ncdxf` | what a machine said the DX was doing; beacons also by their call |
//! | `class` | `human peer rbn rbn_digital pskreporter simulator` |
//! | `feed` | place of the feed in the configuration, from 0; `null` = posted by a user of this node |
//! | `line` | number of the line within its feed |
//! | `node` | node or network it came from |
//! | `hops_left` | hops left on node links |
//! | `post`, `test_spotter`, `simulated` | posted here; by a test call; by the band simulator |
//! | `confidence` | glyph `?`, `S`, `C`, `P`, `V`, `B` |
//! | `verdicts` | `{"fast":true,"med":true,"slow":false,"update":false}`: for which dedup policies it is new; a repeat that is much stronger |
//! | `read_ns` | monotonic clock of the node when its bytes were read, ns; only differences mean something |
//! | `hop_us` | `{"parsed":4,"corrected":9,"published":15,"taken":21}`: microseconds since its bytes were read, at each point of its road |
//! | `latency_us` | the same so far: at the last point it passed before this line was written |

use super::print::{four_digits, two_digits, without_ssid};
use crate::spot::{Band, COMMENT_BYTES_MAX, Flags, Hop, Spot, State, Utc, Verdicts};

/// A byte that is no ASCII, or a control, becomes `\uXXXX`.
const ESCAPED_BYTES: usize = 6;
/// Bytes of keys and punctuation, and of values of fixed length: the longest of `true`/`false`/`null`, times,
/// names of bands, modes, classes, continents, states.
const FRAME_BYTES_MAX: usize = 760;
/// Digits of the numbers: 4 of 64 bits, 5 of microseconds up to 4.29 s, 4 of 16 bits with a sign, 6 of 8.
const DIGITS_MAX: usize = 4 * 20 + 5 * 7 + 4 * 6 + 6 * 3;
/// Longest JSON line without its end: frame and digits, and every byte of three calls, two locators, a
/// confidence glyph and the comment escaped. A spot that came in through a feed has plain calls: 280 less.
pub const JSON_LINE_BYTES_MAX: usize =
    FRAME_BYTES_MAX + DIGITS_MAX + ESCAPED_BYTES * (3 * 16 + 2 * 6 + 1 + COMMENT_BYTES_MAX);

/// Appends the object described above, without line end. It has no options.
pub fn json(spot: &Spot, out: &mut Vec<u8>) {
    // Once, instead of at every few keys.
    out.reserve(JSON_LINE_BYTES_MAX);
    let flags = spot.flags;
    let mut o = Object { out };
    o.number("{\"seq\":", spot.seq);
    o.time(",\"time\":", spot.time);
    o.flag(",\"time_told\":", flags.has(Flags::TIME_TOLD));

    o.text(",\"dx\":", without_ssid(spot.dx.as_bytes()));
    o.known(",\"dx_adif\":", spot.dx_adif);
    o.text(",\"dx_continent\":", spot.dx_continent().name().as_bytes());
    o.known(",\"dx_cq\":", spot.dx_cq.into());
    o.known(",\"dx_itu\":", spot.dx_itu.into());
    o.text(",\"dx_state\":", State(spot.dx_state).code().as_bytes());
    o.text(",\"dx_grid\":", spot.dx_grid.as_bytes());
    o.flag(",\"dx_grid_derived\":", flags.has(Flags::DX_GRID_DERIVED));

    o.text(",\"de\":", spot.de.as_bytes());
    o.known(",\"de_adif\":", spot.de_adif);
    o.text(",\"de_continent\":", spot.de_continent().name().as_bytes());
    o.known(",\"de_cq\":", spot.de_cq.into());
    o.known(",\"de_itu\":", spot.de_itu.into());
    o.text(",\"de_state\":", State(spot.de_state).code().as_bytes());
    o.text(",\"de_grid\":", spot.de_grid.as_bytes());
    o.flag(",\"de_grid_derived\":", flags.has(Flags::DE_GRID_DERIVED));

    o.number(",\"freq_hz\":", spot.freq.hz());
    o.text(",\"band\":", if spot.band() == Band::None { b"" } else { spot.band().name().as_bytes() });
    o.text(",\"mode\":", spot.mode().name().as_bytes());
    o.flag(",\"mode_inferred\":", flags.has(Flags::MODE_INFERRED));
    match spot.snr() {
        Some(snr_db) => o.number(",\"snr_db\":", snr_db),
        None => o.null(",\"snr_db\":"),
    }
    o.known(",\"speed\":", spot.speed);
    let unit: &[u8] = match (spot.speed, flags.has(Flags::SPEED_BPS)) {
        (0, _) => b"",
        (_, true) => b"BPS",
        (_, false) => b"WPM",
    };
    o.text(",\"speed_unit\":", unit);
    o.string(",\"comment\":", spot.comment());
    o.flag(",\"comment_cut\":", flags.has(Flags::COMMENT_CUT));

    o.flag(",\"skimmer\":", spot.is_skimmer());
    o.flag(",\"cq\":", flags.has(Flags::CQ));
    o.flag(",\"beacon\":", flags.has(Flags::BEACON));
    o.flag(",\"ncdxf\":", flags.has(Flags::NCDXF));
    o.text(",\"class\":", spot.class().name().as_bytes());
    match spot.feed {
        Spot::FEED_POSTS => o.null(",\"feed\":"),
        feed => o.number(",\"feed\":", feed),
    }
    o.number(",\"line\":", spot.line);
    o.text(",\"node\":", spot.node.as_bytes());
    o.number(",\"hops_left\":", spot.hops);
    o.flag(",\"post\":", flags.has(Flags::POST));
    o.flag(",\"test_spotter\":", flags.has(Flags::TEST_SPOTTER));
    o.flag(",\"simulated\":", flags.has(Flags::SIMULATED));
    let glyph = [spot.confidence];
    o.text(",\"confidence\":", if spot.confidence == 0 { b"" } else { &glyph });

    o.flag(",\"verdicts\":{\"fast\":", spot.verdicts.has(Verdicts::FAST));
    o.flag(",\"med\":", spot.verdicts.has(Verdicts::MED));
    o.flag(",\"slow\":", spot.verdicts.has(Verdicts::SLOW));
    o.flag(",\"update\":", spot.verdicts.has(Verdicts::UPDATE));
    o.number("},\"read_ns\":", spot.read_ns);
    o.hop(",\"hop_us\":{\"parsed\":", spot.hop_ns[Hop::Parsed as usize]);
    o.hop(",\"corrected\":", spot.hop_ns[Hop::Corrected as usize]);
    o.hop(",\"published\":", spot.hop_ns[Hop::Published as usize]);
    o.hop(",\"taken\":", spot.hop_ns[Hop::Taken as usize]);
    o.hop("},\"latency_us\":", spot.hop_ns.into_iter().rfind(|ns| *ns > 0).unwrap_or(0));
    o.out.push(b'}');
}

/// Writes values behind their keys; a key comes with its punctuation.
struct Object<'a> {
    out: &'a mut Vec<u8>,
}

impl Object<'_> {
    #[inline]
    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(key.as_bytes());
    }

    #[inline]
    fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"null");
    }

    #[inline]
    fn flag(&mut self, key: &str, is: bool) {
        self.key(key);
        self.out.extend_from_slice(if is { b"true" } else { b"false" });
    }

    #[inline]
    fn number(&mut self, key: &str, number: impl itoa::Integer) {
        self.key(key);
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// A number of which 0 says that it is not known.
    #[inline]
    fn known(&mut self, key: &str, number: u16) {
        if number == 0 { self.null(key) } else { self.number(key, number) }
    }

    /// A point of the road, in whole microseconds; one that it has not come to is not known.
    #[inline]
    fn hop(&mut self, key: &str, ns: u32) {
        if ns == 0 { self.null(key) } else { self.number(key, ns / 1_000) }
    }

    /// A text of which nothing says that it is not known.
    #[inline]
    fn text(&mut self, key: &str, text: &[u8]) {
        if text.is_empty() { self.null(key) } else { self.string(key, text) }
    }

    #[inline]
    fn string(&mut self, key: &str, text: &[u8]) {
        self.key(key);
        self.out.push(b'"');
        if text.iter().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\')) {
            self.out.extend_from_slice(text);
        } else {
            self.escaped(text);
        }
        self.out.push(b'"');
    }

    #[cold]
    fn escaped(&mut self, text: &[u8]) {
        for chunk in text.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' | '\\' => self.out.extend_from_slice(&[b'\\', c as u8]),
                    ' '..='~' => self.out.push(c as u8),
                    _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.unit(*unit)),
                }
            }
            if !chunk.invalid().is_empty() {
                self.unit(char::REPLACEMENT_CHARACTER as u16);
            }
        }
    }

    /// One UTF-16 unit: characters beyond the first 65,536 take two, as JSON has it.
    fn unit(&mut self, unit: u16) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.extend_from_slice(b"\\u");
        self.out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(unit >> shift & 15)]));
    }

    fn time(&mut self, key: &str, time: Utc) {
        let (year, month, day) = time.civil();
        let (hour, minute) = time.hour_minute();
        let ms = time.ms_of_day() as u32 % 60_000;
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(&four_digits(year));
        for (mark, number) in [(b'-', month), (b'-', day), (b'T', hour), (b':', minute), (b':', ms / 1_000)] {
            let [tens, ones] = two_digits(number);
            self.out.extend_from_slice(&[mark, tens, ones]);
        }
        let [tens, ones] = two_digits(ms % 100);
        self.out.extend_from_slice(&[b'.', b'0' + (ms / 100 % 10) as u8, tens, ones, b'Z', b'"']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Class, Continent, Freq, Mode};

    #[test]
    fn the_longest_line_stays_below_its_bound() {
        // Every byte damaged; then the longest of what these bytes mean nothing in.
        let mut spot = Spot::empty();
        bytemuck::bytes_of_mut(&mut spot).fill(0xFF);
        spot.set_freq(Freq::from_khz(222_000));
        spot.freq = Freq::from_hz(u64::MAX);
        spot.set_mode(Mode::Msk144);
        spot.set_class(Class::PskReporter);
        spot.set_dx_continent(Continent::Eu);
        spot.set_de_continent(Continent::Eu);
        (spot.dx_state, spot.de_state) = (1, 1);
        // `false` is longer than `true`.
        (spot.flags, spot.verdicts) = (Flags(0), Verdicts(0));
        spot.set_snr(Some(i16::MIN));
        let mut out = Vec::new();
        json(&spot, &mut out);
        assert!(out.len() <= JSON_LINE_BYTES_MAX, "{}", out.len());
    }
}
