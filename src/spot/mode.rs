//! Modes and their families.

use super::Freq;

/// What the transmission is. The discriminant is stored in a spot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Mode {
    /// Not said and not inferred yet.
    #[default]
    Unknown = 0,
    Cw,
    Rtty,
    Psk31,
    Psk63,
    Psk125,
    Ft8,
    Ft4,
    Ft2,
    Js8,
    Msk144,
    Usb,
    Lsb,
    Am,
    Fm,
    Sstv,
    Jt65,
    Jt9,
    Q65,
    Fst4,
    Wspr,
    Olivia,
    Vara,
    Bpsk,
    Psk,
    Digi,
    Dv,
}

/// Modes that share windows and look-alikes: what may confirm or duplicate what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Family {
    /// No mode known.
    Unknown = 0,
    /// Morse.
    Cw = 1,
    /// RTTY and the PSK modes: keyboard modes on a channel of their own.
    Keyboard = 2,
    /// USB, LSB, AM, FM, digital voice.
    Voice = 3,
    /// Slot modes that share one audio channel per band: FT8, FT4, JS8, WSPR...
    Slot = 4,
    /// Pictures and the rest.
    Other = 5,
}

const NAMES: [(Mode, &str, Family); Mode::COUNT] = [
    (Mode::Cw, "CW", Family::Cw),
    (Mode::Rtty, "RTTY", Family::Keyboard),
    (Mode::Psk31, "PSK31", Family::Keyboard),
    (Mode::Psk63, "PSK63", Family::Keyboard),
    (Mode::Psk125, "PSK125", Family::Keyboard),
    (Mode::Ft8, "FT8", Family::Slot),
    (Mode::Ft4, "FT4", Family::Slot),
    (Mode::Ft2, "FT2", Family::Slot),
    (Mode::Js8, "JS8", Family::Slot),
    (Mode::Msk144, "MSK144", Family::Slot),
    (Mode::Usb, "USB", Family::Voice),
    (Mode::Lsb, "LSB", Family::Voice),
    (Mode::Am, "AM", Family::Voice),
    (Mode::Fm, "FM", Family::Voice),
    (Mode::Sstv, "SSTV", Family::Other),
    (Mode::Jt65, "JT65", Family::Slot),
    (Mode::Jt9, "JT9", Family::Slot),
    (Mode::Q65, "Q65", Family::Slot),
    (Mode::Fst4, "FST4", Family::Slot),
    (Mode::Wspr, "WSPR", Family::Slot),
    (Mode::Olivia, "OLIVIA", Family::Keyboard),
    (Mode::Vara, "VARA", Family::Other),
    (Mode::Bpsk, "BPSK", Family::Keyboard),
    (Mode::Psk, "PSK", Family::Keyboard),
    (Mode::Digi, "DIGI", Family::Other),
    (Mode::Dv, "DV", Family::Voice),
];

impl Mode {
    /// How many there are, without [`Mode::Unknown`].
    pub const COUNT: usize = 26;
    /// Every mode but [`Mode::Unknown`], in order of their discriminants.
    pub const ALL: [Mode; Mode::COUNT] = {
        let mut all = [Mode::Unknown; Mode::COUNT];
        let mut at = 0;
        while at < Mode::COUNT {
            all[at] = NAMES[at].0;
            at += 1;
        }
        all
    };

    /// Every mode but [`Mode::Unknown`].
    pub fn all() -> impl Iterator<Item = Mode> {
        Mode::ALL.into_iter()
    }

    /// The name on a line; empty for unknown.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Unknown => "",
            mode => NAMES[mode as usize - 1].1,
        }
    }

    /// The family.
    #[inline]
    pub fn family(self) -> Family {
        match self {
            Mode::Unknown => Family::Unknown,
            mode => NAMES[mode as usize - 1].2,
        }
    }

    /// From a stored discriminant; anything unknown is [`Mode::Unknown`].
    pub fn from_u8(raw: u8) -> Mode {
        NAMES.get(usize::from(raw).wrapping_sub(1)).map_or(Mode::Unknown, |n| n.0)
    }

    /// The name filters and statistics use: the PSK family is one.
    pub fn normalized(self) -> Mode {
        match self {
            Mode::Psk31 | Mode::Psk63 | Mode::Psk125 | Mode::Bpsk => Mode::Psk,
            mode => mode,
        }
    }

    /// SSB by frequency: USB from 10 MHz up, LSB below (pipeline 1.9).
    pub fn ssb_at(freq: Freq) -> Mode {
        if freq.rounded().hz() >= 10_000_000 { Mode::Usb } else { Mode::Lsb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discriminants_index_the_table() {
        for (i, (mode, ..)) in NAMES.iter().enumerate() {
            assert_eq!(*mode as usize, i + 1);
            assert_eq!(Mode::from_u8(*mode as u8), *mode);
        }
        assert_eq!(Mode::from_u8(200), Mode::Unknown);
    }

    #[test]
    fn voice_follows_the_frequency() {
        assert_eq!(Mode::ssb_at(Freq::from_khz(7000)), Mode::Lsb);
        assert_eq!(Mode::ssb_at(Freq::from_khz(14_074)), Mode::Usb);
        assert_eq!(Mode::ssb_at(Freq::from_khz(10_000)), Mode::Usb);
    }
}
