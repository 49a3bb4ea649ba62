//! Zones by call area.
//!
//! The contest form of the country files gives large countries one pair of zones and leaves call
//! areas to the contest program; the "big" form spells them out. These rules bring the small form to
//! the same answers: a generated key never replaces zones that the file itself gives.

/// Zones of one call area, or of some districts of it.
pub(super) struct AreaZone {
    /// Entity.
    pub adif: u16,
    /// Digit of the call area.
    pub digit: u8,
    /// First letters of the suffix for which the row holds; empty = all.
    pub letters: &'static str,
    /// CQ zone.
    pub cq: u8,
    /// ITU zone.
    pub itu: u8,
}

const fn area(adif: u16, digit: u8, letters: &'static str, cq: u8, itu: u8) -> AreaZone {
    AreaZone { adif, digit, letters, cq, itu }
}

const CANADA: u16 = 1;
const ASIATIC_RUSSIA: u16 = 15;
const AUSTRALIA: u16 = 150;
const USA: u16 = 291;
const CHINA: u16 = 318;

/// General rows of an area stand before its districts.
pub(super) const AREA_ZONES: &[AreaZone] = &[
    area(USA, b'0', "", 4, 7),
    area(USA, b'1', "", 5, 8),
    area(USA, b'2', "", 5, 8),
    area(USA, b'3', "", 5, 8),
    area(USA, b'4', "", 5, 8),
    area(USA, b'5', "", 4, 7),
    area(USA, b'6', "", 3, 6),
    area(USA, b'7', "", 3, 6),
    area(USA, b'8', "", 4, 8),
    area(USA, b'9', "", 4, 8),
    area(CANADA, b'1', "", 5, 9),
    area(CANADA, b'2', "", 5, 4),
    area(CANADA, b'3', "", 4, 4),
    area(CANADA, b'4', "", 4, 3),
    area(CANADA, b'5', "", 4, 3),
    area(CANADA, b'6', "", 4, 2),
    area(CANADA, b'7', "", 3, 2),
    area(CANADA, b'8', "", 1, 3),
    area(CANADA, b'9', "", 5, 9),
    area(AUSTRALIA, b'4', "", 30, 55),
    area(AUSTRALIA, b'6', "", 29, 58),
    area(AUSTRALIA, b'8', "", 29, 55),
    area(ASIATIC_RUSSIA, b'0', "", 19, 33),
    area(ASIATIC_RUSSIA, b'0', "ABHORSTUV", 18, 32),
    area(ASIATIC_RUSSIA, b'0', "CEFLMN", 19, 34),
    area(ASIATIC_RUSSIA, b'0', "I", 19, 24),
    area(ASIATIC_RUSSIA, b'0', "K", 19, 25),
    area(ASIATIC_RUSSIA, b'0', "Q", 19, 23),
    area(ASIATIC_RUSSIA, b'0', "W", 18, 31),
    area(ASIATIC_RUSSIA, b'0', "XZ", 19, 35),
    area(ASIATIC_RUSSIA, b'0', "Y", 23, 32),
    area(ASIATIC_RUSSIA, b'8', "HIOPUVYZ", 18, 31),
    area(ASIATIC_RUSSIA, b'8', "JK", 17, 20),
    area(ASIATIC_RUSSIA, b'8', "STW", 16, 30),
    area(ASIATIC_RUSSIA, b'9', "HIOPUVYZ", 18, 31),
    area(ASIATIC_RUSSIA, b'9', "JK", 17, 20),
    area(ASIATIC_RUSSIA, b'9', "STW", 16, 30),
    area(CHINA, b'0', "", 23, 42),
    area(CHINA, b'2', "ABCDEFGHIJKLMNOP", 24, 33),
    area(CHINA, b'3', "GHIJKL", 23, 33),
    area(CHINA, b'6', "QRSTUVWX", 24, 43),
    area(CHINA, b'7', "ABCDEFGHQRSTUVWX", 24, 43),
    area(CHINA, b'8', "ABCDEFGHIJKLMNOPQRSTUVWX", 24, 43),
    area(CHINA, b'9', "", 23, 43),
    area(CHINA, b'9', "ABCDEF", 24, 43),
    area(CHINA, b'9', "STUVWX", 23, 42),
];

/// The stems to which a call-area digit is joined: the key itself when its area is open (`AA`, `3H`),
/// and for a single letter every two-letter stem too (`K` covers `KA1`); a key that ends in its area
/// digit (`RA0`) is a stem for that digit only, without it.
pub(super) fn stems(key: &str) -> Vec<(String, Option<u8>)> {
    let bytes = key.as_bytes();
    let Some(first_letter) = bytes.iter().position(u8::is_ascii_uppercase) else {
        return Vec::new();
    };
    let last = bytes[bytes.len() - 1];
    let inner = &bytes[first_letter + 1..bytes.len() - usize::from(bytes.len() > first_letter + 1)];
    if inner.iter().any(u8::is_ascii_digit) || bytes.contains(&b'/') {
        return Vec::new();
    }
    if last.is_ascii_digit() && bytes.len() > first_letter + 1 {
        return vec![(key[..key.len() - 1].to_string(), Some(last))];
    }
    let mut stems = vec![(key.to_string(), None)];
    if bytes.len() == 1 {
        stems.extend((b'A'..=b'Z').map(|b| (format!("{key}{}", char::from(b)), None)));
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_leave_the_area_open() {
        assert_eq!(stems("AA"), vec![("AA".to_string(), None)]);
        assert_eq!(stems("3H"), vec![("3H".to_string(), None)]);
        assert_eq!(stems("RA0"), vec![("RA".to_string(), Some(b'0'))]);
        assert_eq!(stems("R9"), vec![("R".to_string(), Some(b'9'))]);
        assert_eq!(stems("K").len(), 27);
        assert!(stems("RA0T").is_empty());
        assert!(stems("FO/").is_empty());
    }
}
