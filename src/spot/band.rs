//! Amateur bands.

use super::Freq;

/// A band, or [`Band::None`] where no band holds the frequency. The discriminant is stored in a spot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Band {
    #[default]
    None = 0,
    M2200,
    M630,
    M160,
    M80,
    M60,
    M40,
    M30,
    M20,
    M17,
    M15,
    M12,
    M10,
    M6,
    M4,
    M2,
    M125,
    Cm70,
    Cm33,
    Cm23,
    Cm13,
}

/// Band, name, lower and upper edge in Hz, both inclusive. Pipeline 1.8 plus 4 m.
///
/// Deviation: pipeline 1.8 has 60 m from 5330 to 5405 kHz. National allocations reach further (5250 to 5450,
/// beacons on 5290), and skimmers hear people there every day; a table has to hold them all.
const TABLE: [(Band, &str, u64, u64); 20] = [
    (Band::M2200, "2200m", 135_700, 137_800),
    (Band::M630, "630m", 472_000, 479_000),
    (Band::M160, "160m", 1_800_000, 2_000_000),
    (Band::M80, "80m", 3_500_000, 4_000_000),
    (Band::M60, "60m", 5_250_000, 5_450_000),
    (Band::M40, "40m", 7_000_000, 7_300_000),
    (Band::M30, "30m", 10_100_000, 10_150_000),
    (Band::M20, "20m", 14_000_000, 14_350_000),
    (Band::M17, "17m", 18_068_000, 18_168_000),
    (Band::M15, "15m", 21_000_000, 21_450_000),
    (Band::M12, "12m", 24_890_000, 24_990_000),
    (Band::M10, "10m", 28_000_000, 29_700_000),
    (Band::M6, "6m", 50_000_000, 54_000_000),
    (Band::M4, "4m", 70_000_000, 70_500_000),
    (Band::M2, "2m", 144_000_000, 148_000_000),
    (Band::M125, "1.25m", 222_000_000, 225_000_000),
    (Band::Cm70, "70cm", 420_000_000, 450_000_000),
    (Band::Cm33, "33cm", 902_000_000, 928_000_000),
    (Band::Cm23, "23cm", 1_240_000_000, 1_300_000_000),
    (Band::Cm13, "13cm", 2_300_000_000, 2_310_000_000),
];

impl Band {
    /// Every band, lowest first, without [`Band::None`].
    pub const ALL: [Band; 20] = {
        let mut all = [Band::None; 20];
        let mut i = 0;
        while i < TABLE.len() {
            all[i] = TABLE[i].0;
            i += 1;
        }
        all
    };

    /// The band that holds a frequency. A spot's frequency counts as shown: rounded to 0.1 kHz.
    pub fn of(freq: Freq) -> Band {
        let hz = freq.rounded().hz();
        for (band, _, low, high) in TABLE {
            if hz <= high {
                return if hz >= low { band } else { Band::None };
            }
        }
        Band::None
    }

    /// Whether a frequency lies above the highest band of the table and below [`Freq::MICROWAVE_MAX`]: people
    /// work bands there that have no name here.
    pub fn is_microwave(freq: Freq) -> bool {
        let top = Freq::from_hz(TABLE[TABLE.len() - 1].3);
        freq <= Freq::MICROWAVE_MAX && freq.rounded() > top
    }

    /// `20m`, `70cm`; `???` for none.
    pub fn name(self) -> &'static str {
        match self {
            Band::None => "???",
            band => TABLE[band as usize - 1].1,
        }
    }

    /// Lower and upper edge in Hz, inclusive; zero width for none.
    pub fn edges_hz(self) -> (u64, u64) {
        match self {
            Band::None => (0, 0),
            band => (TABLE[band as usize - 1].2, TABLE[band as usize - 1].3),
        }
    }

    /// From a stored discriminant; anything unknown is none.
    pub fn from_u8(raw: u8) -> Band {
        Band::ALL.get(usize::from(raw).wrapping_sub(1)).copied().unwrap_or(Band::None)
    }

    /// Reads what people write: `20`, `20m`, `20 Meters`, `70 centimeters`, any case.
    pub fn parse(text: &str) -> Option<Band> {
        let mut t: String = text.trim().to_ascii_lowercase();
        t.retain(|c| c != ' ');
        for (word, unit) in [
            ("centimeters", "cm"),
            ("centimetres", "cm"),
            ("centimeter", "cm"),
            ("centimetre", "cm"),
            ("meters", "m"),
            ("metres", "m"),
            ("meter", "m"),
            ("metre", "m"),
        ] {
            if let Some(number) = t.strip_suffix(word) {
                t = format!("{number}{unit}");
                break;
            }
        }
        if t.ends_with(|c: char| c.is_ascii_digit()) {
            t.push('m');
        }
        Band::ALL.into_iter().find(|b| b.name() == t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_indexed_by_discriminant() {
        for (i, (band, _, low, high)) in TABLE.iter().enumerate() {
            assert_eq!(*band as usize, i + 1);
            assert!(low < high && (i == 0 || TABLE[i - 1].3 < *low));
        }
    }

    #[test]
    fn both_edges_belong_to_the_band() {
        assert_eq!(Band::of(Freq::from_khz(1800)), Band::M160);
        assert_eq!(Band::of(Freq::from_khz(2000)), Band::M160);
        assert_eq!(Band::of(Freq::from_hz(2_000_100)), Band::None);
        assert_eq!(Band::of(Freq::from_khz(70_200)), Band::M4);
        for khz in [5250, 5290, 5330, 5450] {
            assert_eq!(Band::of(Freq::from_khz(khz)), Band::M60, "{khz}");
        }
        for hz in [5_249_900, 5_450_100] {
            assert_eq!(Band::of(Freq::from_hz(hz)), Band::None, "{hz}");
        }
    }

    #[test]
    fn microwaves_begin_above_the_table() {
        for (hz, is) in [
            (2_310_000_000, false),
            (2_310_000_049, false),
            (2_310_000_050, true),
            (10_368_100_000, true),
            (300_000_000_000, true),
            (300_000_000_001, false),
            (u64::MAX, false),
            (14_025_000, false),
        ] {
            assert_eq!(Band::is_microwave(Freq::from_hz(hz)), is, "{hz}");
        }
    }

    #[test]
    fn names_people_write() {
        for (text, band) in [
            ("20", Band::M20),
            ("20 Meters", Band::M20),
            ("70cm", Band::Cm70),
            ("70 centimeters", Band::Cm70),
            ("1.25m", Band::M125),
        ] {
            assert_eq!(Band::parse(text), Some(band), "{text}");
        }
        assert_eq!(Band::parse("21m"), None);
    }
}
