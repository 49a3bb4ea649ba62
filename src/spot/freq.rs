//! Frequencies as whole hertz.

use bytemuck::{Pod, Zeroable};

/// A frequency in Hz. Zero means "none". No floats: text goes in and out by fixed point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Freq(u64);

impl Freq {
    /// No frequency.
    pub const NONE: Freq = Freq(0);
    /// The range a number on a spot line must lie in to be a frequency (pipeline 2.5).
    pub const LINE_MIN: Freq = Freq(100_000);
    /// Upper end of that range: 3 GHz... in kHz 3,000,000.0; microwave spots above are kept up to
    /// [`Freq::MICROWAVE_MAX`] for people.
    pub const LINE_MAX: Freq = Freq(3_000_000_000);
    /// The highest frequency anyone spots: 300 GHz.
    pub const MICROWAVE_MAX: Freq = Freq(300_000_000_000);

    /// From Hz.
    pub const fn from_hz(hz: u64) -> Freq {
        Freq(hz)
    }
    /// From whole kHz.
    pub const fn from_khz(khz: u64) -> Freq {
        Freq(khz * 1000)
    }
    /// In Hz.
    #[inline]
    pub const fn hz(self) -> u64 {
        self.0
    }
    /// In whole kHz, cut, not rounded.
    #[inline]
    pub const fn khz(self) -> u64 {
        self.0 / 1000
    }
    /// In tenths of a kHz, rounded half up: what the lines show.
    #[inline]
    pub const fn tenths_khz(self) -> u64 {
        (self.0 + 50) / 100
    }
    /// Rounded half up to 0.1 kHz.
    pub const fn rounded(self) -> Freq {
        Freq(self.tenths_khz() * 100)
    }

    /// Reads a kHz number: digits, optionally one `.` and more digits; nothing else (no sign, no
    /// exponent, no comma). Digits beyond the hertz are cut. `None` also when it is out of `u64`.
    pub fn parse_khz(text: &[u8]) -> Option<Freq> {
        let mut hz: u64 = 0;
        let mut decimals: Option<u32> = None;
        let mut digits = 0;
        for &b in text {
            match b {
                b'0'..=b'9' => {
                    digits += 1;
                    match &mut decimals {
                        Some(3) => continue,
                        Some(n) => *n += 1,
                        None => {}
                    }
                    hz = hz.checked_mul(10)?.checked_add(u64::from(b - b'0'))?;
                }
                b'.' if decimals.is_none() => decimals = Some(0),
                _ => return None,
            }
        }
        if digits == 0 || digits > 15 {
            return None;
        }
        let scale = 10u64.pow(3 - decimals.unwrap_or(0));
        hz.checked_mul(scale).map(Freq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn khz_text_is_fixed_point() {
        assert_eq!(Freq::parse_khz(b"14025.3").unwrap().hz(), 14_025_300);
        assert_eq!(Freq::parse_khz(b"7018.20").unwrap().hz(), 7_018_200);
        assert_eq!(Freq::parse_khz(b"14074").unwrap().hz(), 14_074_000);
        assert_eq!(Freq::parse_khz(b"1294068.2").unwrap().hz(), 1_294_068_200);
        assert_eq!(Freq::parse_khz(b"7000.12349").unwrap().hz(), 7_000_123);
        for bad in [&b"1e4"[..], b"NaN", b"0x10", b"-1", b"+1", b"7,5", b"", b".", b"1.2.3", b"inf"] {
            assert_eq!(Freq::parse_khz(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn rounding_is_half_up() {
        for (hz, tenths) in [(14_074_040, 140_740), (14_074_050, 140_741), (7_000_150, 70_002), (10_100_250, 101_003)] {
            assert_eq!(Freq::from_hz(hz).tenths_khz(), tenths);
        }
    }
}
