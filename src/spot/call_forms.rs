//! Which texts are calls, and the forms one call takes (pipeline 5, with the design's corrections).

use super::Call;

/// Suffixes that say how a station is out and about, not who it is; one is removed, the first that
/// matches in this order.
const PORTABLE_SUFFIXES: [&[u8]; 5] = [b"/QRP", b"/MM", b"/AM", b"/M", b"/P"];

/// Words that look like calls to a counting rule but are the hobby's own vocabulary.
const RESERVED: [&[u8]; 16] = [
    b"FT8", b"FT4", b"FT2", b"JS8", b"JT65", b"JT9", b"Q65", b"MSK144", b"PSK31", b"PSK63", b"PSK125", b"FST4",
    b"FST4W", b"5NN", b"59NN", b"WSPR2",
];

/// A call as heard: trimmed, upper-case, `.` made `/`, one trailing `/` off. Portable suffixes stay.
///
/// `None` when the result does not fit a [`Call`] or holds something that is not printable ASCII.
/// The result may still be no valid call: see [`is_plausible`].
pub fn canonical(text: &[u8]) -> Option<Call> {
    let text = text.trim_ascii();
    if text.len() > Call::LEN_MAX + 1 {
        return None;
    }
    let mut buf = [0u8; Call::LEN_MAX + 1];
    for (to, &from) in buf.iter_mut().zip(text) {
        *to = if from == b'.' { b'/' } else { from };
    }
    let rest = &buf[..text.len()];
    Call::new(rest.strip_suffix(b"/").unwrap_or(rest).trim_ascii())
}

/// [`canonical`], then one portable suffix off: the key under which a station is counted.
pub fn normalize(text: &[u8]) -> Option<Call> {
    canonical(text).map(|call| base_call(&call))
}

/// A canonical call without its portable suffix (`/QRP /MM /AM /M /P`; one only).
pub fn base_call(call: &Call) -> Call {
    let text = call.as_bytes();
    for suffix in PORTABLE_SUFFIXES {
        if let Some(cut) = text.strip_suffix(suffix) {
            return Call::new(cut).unwrap_or(*call);
        }
    }
    *call
}

/// Whether a normalized text has the shape of a call.
///
/// Length 3 to 15; groups of `A-Z 0-9` joined by `/` or `-` (`#` allowed after the first); and, the
/// structural rule that the peers lack, at least one group that has a letter *and* a digit in an
/// order that licences use, so that `FT8`, `599`, `1234Z` and `73` are not calls.
pub fn is_plausible(call: &Call) -> bool {
    let text = call.as_bytes();
    if text.len() < 3 || RESERVED.contains(&text) {
        return false;
    }
    let mut station = false;
    for (at, group) in text.split(|&b| b == b'/' || b == b'-').enumerate() {
        if group.is_empty() {
            return false;
        }
        for &b in group {
            let ok = b.is_ascii_uppercase() || b.is_ascii_digit() || (b == b'#' && at > 0);
            if !ok {
                return false;
            }
        }
        station |= is_station_group(group);
    }
    station
}

/// Whether one group could be a licensed call: one to four characters of prefix with a letter, a
/// digit, and a suffix that ends in a letter (`K1ABC`, `3DA0RU`, `2E0XYZ`, `9A800VZ`, `VK100WIA`,
/// `II4FMOB`, `R2022K`). All digits, all letters, `1234Z` and `73DE` fail.
fn is_station_group(group: &[u8]) -> bool {
    if group.len() < 3 {
        return false;
    }
    let letters = group.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let Some(first_letter) = group.iter().position(u8::is_ascii_alphabetic) else {
        return false;
    };
    if letters < 2 && group.len() > 3 && first_letter + 1 == group.len() {
        return false; // 1234Z
    }
    // Two digits may precede the first letter in no series of the ITU.
    if first_letter > 1 {
        return false;
    }
    let Some(last_digit) = group.iter().rposition(u8::is_ascii_digit) else {
        return false;
    };
    // A digit must separate prefix and suffix: not before the first letter only (`3DX`), and the
    // text must not end in it (`FT8`, `JT65`) unless a longer special call does (`TM100`).
    if last_digit < first_letter {
        return false;
    }
    if last_digit + 1 == group.len() {
        return group.len() >= 5 && letters >= 2 && group[2].is_ascii_digit();
    }
    true
}

/// `X-<digits>-#` to `X-#`, `X-<digits>` to `X`; anything else unchanged.
pub fn collapse_ssid(call: &Call) -> Call {
    let text = call.as_bytes();
    let (base, mark): (&[u8], &[u8]) = match text.strip_suffix(b"-#") {
        Some(base) => (base, b"-#"),
        None => (text, b""),
    };
    let Some(dash) = base.iter().rposition(|&b| b == b'-') else {
        return *call;
    };
    let ssid = &base[dash + 1..];
    if dash == 0 || ssid.is_empty() || !ssid.iter().all(u8::is_ascii_digit) {
        return *call;
    }
    let mut out = [0u8; Call::LEN_MAX];
    out[..dash].copy_from_slice(&base[..dash]);
    out[dash..dash + mark.len()].copy_from_slice(mark);
    Call::new(&out[..dash + mark.len()]).unwrap_or(*call)
}

/// The form under which country, grid and known-call tables are asked: within the part after the
/// last `/`, everything from the first `-` on is cut.
pub fn metadata_call(call: &Call) -> Call {
    let text = call.as_bytes();
    let part = text.iter().rposition(|&b| b == b'/').map_or(0, |at| at + 1);
    match text[part..].iter().position(|&b| b == b'-') {
        Some(dash) => Call::new(&text[..part + dash]).unwrap_or(*call),
        None => *call,
    }
}

/// Who a call belongs to: without SSID or `-#`, and without one portable suffix.
pub fn station(call: &Call) -> Call {
    base_call(&metadata_call(call))
}

/// The form under which licences are asked: without `-#`, the longest segment that has a digit (the
/// first on ties; the first segment when none has), cut at its first `-`.
pub fn license_call(call: &Call) -> Call {
    let text = call.as_bytes();
    let text = text.strip_suffix(b"-#").unwrap_or(text);
    let mut best: &[u8] = b"";
    for segment in text.split(|&b| b == b'/') {
        if segment.iter().any(u8::is_ascii_digit) && segment.len() > best.len() {
            best = segment;
        }
    }
    if best.is_empty() {
        best = text.split(|&b| b == b'/').next().unwrap_or(b"");
    }
    let cut = best.iter().position(|&b| b == b'-').filter(|&at| at > 0).unwrap_or(best.len());
    Call::new(&best[..cut]).unwrap_or(*call)
}

/// The leading-letters rule: three letters before the first digit of the licence call reject it.
pub fn too_many_leading_letters(call: &Call) -> bool {
    let licence = license_call(call);
    let letters = licence.as_bytes().iter().take_while(|b| b.is_ascii_alphabetic()).count();
    letters >= 3
}

/// The base of a test spotter: no `/`, ends in `TEST`, optionally followed by `-<digits>`.
pub fn test_spotter_base(call: &Call) -> Option<Call> {
    let text = call.as_bytes();
    if text.contains(&b'/') {
        return None;
    }
    let base = match text.iter().position(|&b| b == b'-') {
        Some(dash) => {
            let ssid = &text[dash + 1..];
            if ssid.is_empty() || !ssid.iter().all(u8::is_ascii_digit) {
                return None;
            }
            &text[..dash]
        }
        None => text,
    };
    base.ends_with(b"TEST").then(|| Call::new(base)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_station_has_many_calls() {
        for text in ["K1ABC", "K1ABC-2", "K1ABC/P", "K1ABC-7-#", "K1ABC/P-3"] {
            assert_eq!(station(&Call::literal(text)), Call::literal("K1ABC"), "{text}");
        }
        assert_eq!(station(&Call::literal("VP2E/K1ABC")), Call::literal("VP2E/K1ABC"));
    }

    fn plausible(text: &str) -> bool {
        normalize(text.as_bytes()).is_some_and(|c| is_plausible(&c))
    }

    #[test]
    fn calls_of_the_air_are_calls() {
        for text in [
            "K1ABC",
            "W3LPL-#",
            "KM3T-2-#",
            "VK9X/G6AY",
            "SP/DH2UAI",
            "N1NSP/B",
            "K1A",
            "3DA0RU",
            "2E0XYZ",
            "9A800VZ",
            "VK100WIA",
            "II4FMOB",
            "R2022K",
            "TM100",
            "4U1UN",
            "DP0GVN",
            "EA8/DF4UI",
            "HB9/TA1EYE",
            "OH0M",
            "OR2M",
            "E7HQ0A",
            "W1AW-2",
            "JA1CTC.P",
            "T5T",
            "8J1RL",
            "5Z4VJ",
            "EG1SDC",
            "LZ1350PM",
            "K1ABCDEF/GHIJKL",
            "EA8-DF4UE",
            "PA0O",
            "K5AN",
            "LM100UKA",
        ] {
            assert!(plausible(text), "{text}");
        }
    }

    #[test]
    fn words_and_numbers_are_not() {
        for text in [
            "FT8", "599", "1234Z", "73", "A1", "W1AW-", "KWS/NM", "ABC/DEF", "MSK144", "14025", "CQ", "QSX", "5NN",
            "JT65", "0318Z", "73DE", "-14", "59", "FT8/FT4",
        ] {
            assert!(!plausible(text), "{text}");
        }
    }
}
