//! How calls are misheard: Morse by elements, letters and gaps, RTTY by bits and shifts.

use super::chance::{byte, hit, pick};
use super::knobs::{self, CwBust};
use super::truth::Bust;
use crate::spot::{Call, canonical, is_plausible};
use fastrand::Rng;

/// Attempts at a mistake that still looks like a call; skimmers validate what they report.
const TRIES: usize = 12;
/// Longest call in elements and gaps: 15 letters of 5 elements, a gap after each.
const STREAM_MAX: usize = 96;

const MORSE: [(u8, &[u8]); 37] = [
    (b'A', b".-"),
    (b'B', b"-..."),
    (b'C', b"-.-."),
    (b'D', b"-.."),
    (b'E', b"."),
    (b'F', b"..-."),
    (b'G', b"--."),
    (b'H', b"...."),
    (b'I', b".."),
    (b'J', b".---"),
    (b'K', b"-.-"),
    (b'L', b".-.."),
    (b'M', b"--"),
    (b'N', b"-."),
    (b'O', b"---"),
    (b'P', b".--."),
    (b'Q', b"--.-"),
    (b'R', b".-."),
    (b'S', b"..."),
    (b'T', b"-"),
    (b'U', b"..-"),
    (b'V', b"...-"),
    (b'W', b".--"),
    (b'X', b"-..-"),
    (b'Y', b"-.--"),
    (b'Z', b"--.."),
    (b'0', b"-----"),
    (b'1', b".----"),
    (b'2', b"..---"),
    (b'3', b"...--"),
    (b'4', b"....-"),
    (b'5', b"....."),
    (b'6', b"-...."),
    (b'7', b"--..."),
    (b'8', b"---.."),
    (b'9', b"----."),
    (b'/', b"-..-."),
];

/// Five-bit codes, letters and figures shift; zero where the code prints nothing in a call.
const BAUDOT: [(u8, u8); 32] = {
    let mut table = [(0u8, 0u8); 32];
    let pairs: [(u8, u8, u8); 26] = [
        (0b00011, b'A', 0),
        (0b11001, b'B', 0),
        (0b01110, b'C', 0),
        (0b01001, b'D', 0),
        (0b00001, b'E', b'3'),
        (0b01101, b'F', 0),
        (0b11010, b'G', 0),
        (0b10100, b'H', 0),
        (0b00110, b'I', b'8'),
        (0b01011, b'J', 0),
        (0b01111, b'K', 0),
        (0b10010, b'L', 0),
        (0b11100, b'M', 0),
        (0b01100, b'N', 0),
        (0b11000, b'O', b'9'),
        (0b10110, b'P', b'0'),
        (0b10111, b'Q', b'1'),
        (0b01010, b'R', b'4'),
        (0b00101, b'S', 0),
        (0b10000, b'T', b'5'),
        (0b00111, b'U', b'7'),
        (0b11110, b'V', 0),
        (0b10011, b'W', b'2'),
        (0b11101, b'X', b'/'),
        (0b10101, b'Y', b'6'),
        (0b10001, b'Z', 0),
    ];
    let mut i = 0;
    while i < pairs.len() {
        table[pairs[i].0 as usize] = (pairs[i].1, pairs[i].2);
        i += 1;
    }
    table
};

/// The call as some skimmer could have misheard it in CW, and how. `None` when no attempt gave a
/// different text that looks like a call.
pub(super) fn cw(rng: &mut Rng, call: &Call) -> Option<(Call, Bust)> {
    let weights = knobs::CW_BUSTS.map(|(_, weight)| weight);
    attempt(rng, call, |rng, text| {
        let (kind, _) = knobs::CW_BUSTS[pick(rng, &weights)];
        let bust = match kind {
            CwBust::Element => {
                garble_letter(rng, text)?;
                Bust::Element
            }
            CwBust::TwoLetters => {
                garble_letter(rng, text)?;
                garble_letter(rng, text)?;
                Bust::TwoLetters
            }
            CwBust::CutEnd1 => cut_end(text, 1),
            CwBust::CutEnd2 => cut_end(text, 2),
            CwBust::CutStart1 => cut_start(text),
            CwBust::AddEnd1 => add_end(rng, text, 1),
            CwBust::AddEnd2 => add_end(rng, text, 2),
            CwBust::AddStart1 => add_start(rng, text),
            CwBust::Lost => lose_inside(rng, text)?,
            CwBust::Spacing => {
                shift_gap(rng, text, false)?;
                Bust::Spacing
            }
            CwBust::SpacingElement => {
                shift_gap(rng, text, true)?;
                Bust::Spacing
            }
        };
        Some(bust)
    })
}

/// The same for RTTY.
pub(super) fn rtty(rng: &mut Rng, call: &Call) -> Option<(Call, Bust)> {
    attempt(rng, call, |rng, text| match pick(rng, &knobs::RTTY_BUSTS) {
        0 => {
            let at = rng.u32(0..text.len as u32) as usize;
            let bit = 1u8 << rng.u32(0..5);
            let (code, figures) = baudot(text.bytes[at])?;
            text.bytes[at] = print(code ^ bit, figures)?;
            Some(Bust::Bit)
        }
        1 => {
            // A missed figures shift prints the digit as the letter of its code, and the reverse.
            let at = rng.u32(0..text.len as u32) as usize;
            let (code, figures) = baudot(text.bytes[at])?;
            text.bytes[at] = print(code, !figures)?;
            Some(Bust::Shift)
        }
        2 => Some(cut_end(text, 1)),
        3 => Some(cut_start(text)),
        _ => Some(add_end(rng, text, 1)),
    })
}

/// A call being changed.
struct Text {
    bytes: [u8; Call::LEN_MAX + 3],
    len: usize,
}

impl Text {
    fn of(call: &Call) -> Text {
        let mut text = Text { bytes: [0; Call::LEN_MAX + 3], len: call.len() };
        text.bytes[..text.len].copy_from_slice(call.as_bytes());
        text
    }
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn attempt(
    rng: &mut Rng,
    call: &Call,
    mut change: impl FnMut(&mut Rng, &mut Text) -> Option<Bust>,
) -> Option<(Call, Bust)> {
    for _ in 0..TRIES {
        let mut text = Text::of(call);
        let Some(bust) = change(rng, &mut text) else { continue };
        let Some(wrong) = canonical(text.as_bytes()) else { continue };
        if wrong != *call && wrong.len() == text.len && is_plausible(&wrong) {
            return Some((wrong, bust));
        }
    }
    None
}

fn cut_end(text: &mut Text, letters: usize) -> Bust {
    text.len = text.len.saturating_sub(letters);
    Bust::CutEnd
}

fn cut_start(text: &mut Text) -> Bust {
    text.bytes.copy_within(1..text.len, 0);
    text.len = text.len.saturating_sub(1);
    Bust::CutStart
}

fn add_end(rng: &mut Rng, text: &mut Text, letters: usize) -> Bust {
    for _ in 0..letters {
        text.bytes[text.len] = byte(rng, knobs::STRAY_LETTERS);
        text.len += 1;
    }
    Bust::AddEnd
}

fn add_start(rng: &mut Rng, text: &mut Text) -> Bust {
    text.bytes.copy_within(0..text.len, 1);
    text.bytes[0] = byte(rng, knobs::STRAY_LETTERS);
    text.len += 1;
    Bust::AddStart
}

fn lose_inside(rng: &mut Rng, text: &mut Text) -> Option<Bust> {
    if text.len < 4 {
        return None;
    }
    let at = rng.u32(1..text.len as u32 - 1) as usize;
    text.bytes.copy_within(at + 1..text.len, at);
    text.len -= 1;
    Some(Bust::Lost)
}

/// Changes elements of one letter, chosen as skimmers do: mostly the last.
fn garble_letter(rng: &mut Rng, text: &mut Text) -> Option<()> {
    let last = text.len - 1;
    let at = match pick(rng, &knobs::WHERE) {
        0 => 0,
        1 => 1,
        2 if last > 3 => rng.u32(2..last as u32 - 1) as usize,
        2 | 3 => last - 1,
        _ => last,
    };
    let mut elements = [0u8; 8];
    let code = morse(text.bytes[at])?;
    elements[..code.len()].copy_from_slice(code);
    let len = garble_elements(rng, &mut elements, code.len())?;
    text.bytes[at] = letter(&elements[..len])?;
    Some(())
}

/// One event on a run of elements; the new length.
fn garble_elements(rng: &mut Rng, elements: &mut [u8; 8], len: usize) -> Option<usize> {
    let run = (pick(rng, &knobs::ELEMENT_RUN) + 1).min(len);
    match pick(rng, &knobs::ELEMENT_OPS) {
        0 => Some(len - run),
        1 => {
            elements.copy_within(run..len, 0);
            Some(len - run)
        }
        2 if len > 2 => {
            let at = rng.u32(1..len as u32 - 1) as usize;
            elements.copy_within(at + 1..len, at);
            Some(len - 1)
        }
        3 => {
            let at = rng.u32(0..len as u32) as usize;
            elements[at] = if elements[at] == b'.' { b'-' } else { b'.' };
            Some(len)
        }
        4 if len < 5 => {
            let at = rng.u32(0..=len as u32) as usize;
            elements.copy_within(at..len, at + 1);
            elements[at] = byte(rng, b"...-");
            Some(len + 1)
        }
        _ => None,
    }
}

/// Hears a gap that is not there or misses one, and maybe an element too; decodes the rest anew.
fn shift_gap(rng: &mut Rng, text: &mut Text, element_too: bool) -> Option<()> {
    let mut stream = [0u8; STREAM_MAX];
    let mut len = 0;
    for (at, &b) in text.as_bytes().iter().enumerate() {
        if at > 0 {
            stream[len] = b' ';
            len += 1;
        }
        let code = morse(b)?;
        stream[len..len + code.len()].copy_from_slice(code);
        len += code.len();
    }
    let at = rng.u32(1..len as u32 - 1) as usize;
    if stream[at] == b' ' {
        stream.copy_within(at + 1..len, at);
        len -= 1;
    } else {
        stream.copy_within(at..len, at + 1);
        stream[at] = b' ';
        len += 1;
    }
    if element_too {
        // The neighbour of a lost gap suffers most: take one element near it.
        let near = (at + rng.u32(0..3) as usize).min(len - 1);
        if stream[near] == b' ' {
            return None;
        }
        if hit(rng, 700) {
            stream.copy_within(near + 1..len, near);
            len -= 1;
        } else {
            stream[near] = if stream[near] == b'.' { b'-' } else { b'.' };
        }
    }
    text.len = 0;
    for code in stream[..len].split(|&b| b == b' ') {
        if text.len == Call::LEN_MAX {
            return None;
        }
        text.bytes[text.len] = letter(code)?;
        text.len += 1;
    }
    Some(())
}

fn morse(b: u8) -> Option<&'static [u8]> {
    MORSE.iter().find(|(letter, _)| *letter == b).map(|(_, code)| *code)
}

fn letter(code: &[u8]) -> Option<u8> {
    MORSE.iter().find(|(_, known)| *known == code).map(|(letter, _)| *letter)
}

/// Code and whether it is in figures shift.
fn baudot(b: u8) -> Option<(u8, bool)> {
    let code = BAUDOT.iter().position(|&(letters, figures)| letters == b || figures == b)?;
    Some((code as u8, BAUDOT[code].1 == b))
}

fn print(code: u8, figures: bool) -> Option<u8> {
    let (letter, figure) = BAUDOT[usize::from(code & 31)];
    let b = if figures { figure } else { letter };
    (b != 0).then_some(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn classic_confusions_come_up() {
        let mut rng = Rng::with_seed(11);
        for (call, wrong) in
            [("K1ABN", "K1ABT"), ("K6ABC", "KBABC"), ("N1MH", "N1MS"), ("K5AR", "K5AN"), ("W4ABC", "W4AB")]
        {
            let seen =
                (0..20_000).filter_map(|_| cw(&mut rng, &Call::literal(call))).any(|(w, _)| w == Call::literal(wrong));
            // 6 for B leaves a call without a digit, which no skimmer would report.
            assert_eq!(seen, wrong != "KBABC", "{call} -> {wrong}");
        }
        let seen = (0..20_000)
            .filter_map(|_| cw(&mut rng, &Call::literal("DL6B1A")))
            .any(|(w, _)| w == Call::literal("DL661A") || w == Call::literal("DLBB1A"));
        assert!(seen, "6 and B differ by one dit");
    }

    #[test]
    fn shares_follow_the_knobs() {
        let mut rng = Rng::with_seed(5);
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        for call in ["DL1ABC", "K3LR", "JA7XYZ", "UA4HW", "IK2PFM", "OK1FDR"] {
            for _ in 0..2_000 {
                let (wrong, bust) = cw(&mut rng, &Call::literal(call)).expect("twelve tries suffice");
                assert_ne!(wrong, Call::literal(call));
                *kinds.entry(bust.name()).or_default() += 1;
            }
        }
        let share = |name: &str| f64::from(kinds.get(name).copied().unwrap_or(0)) / 12_000.0;
        assert!((0.33..0.55).contains(&share("element")), "{kinds:?}");
        assert!((0.10..0.25).contains(&share("cut_end")), "{kinds:?}");
        assert!(share("spacing") > 0.01 && share("add_start") > 0.005, "{kinds:?}");
    }

    #[test]
    fn rtty_errs_by_bits() {
        let mut rng = Rng::with_seed(5);
        let mut bits = 0;
        for _ in 0..5_000 {
            let (wrong, bust) = rtty(&mut rng, &Call::literal("DL1ABC")).expect("twelve tries suffice");
            if bust == Bust::Bit {
                bits += 1;
                let differ: Vec<_> = wrong.as_bytes().iter().zip(b"DL1ABC").filter(|(a, b)| a != b).collect();
                assert_eq!(differ.len(), 1);
                let (a, b) = (baudot(*differ[0].0).unwrap().0, baudot(*differ[0].1).unwrap().0);
                assert_eq!((a ^ b).count_ones(), 1, "{wrong}");
            }
        }
        assert!(bits > 2_000);
    }
}
