//! A book of valid calls that can be read both ways in constant time, so that a line's DX call tells
//! which spot of the plan it is, without a table of strings and without help from the comment.
//!
//! A call is prefix, digit, three letters. Page `i` of the book is not the `i`-th call of that list:
//! a multiplication modulo the size of the book scatters neighbours, so that a stage that corrects
//! busted calls finds no reason to.

/// Prefixes of entities that issue them with every call area 0–9 (or whose country file entry does
/// not care). At most two letters, so the leading-letters rule lets them pass.
const PREFIXES: [&[u8]; 40] = [
    b"K", b"N", b"W", b"G", b"M", b"F", b"I", b"R", b"AA", b"DF", b"DJ", b"DK", b"DL", b"EA", b"ES", b"HA", b"HB",
    b"IK", b"IZ", b"JA", b"JE", b"JH", b"JR", b"LA", b"LY", b"LZ", b"OE", b"OH", b"OK", b"OM", b"ON", b"OZ", b"PA",
    b"SM", b"SP", b"UA", b"UR", b"YL", b"YO", b"YU",
];

/// Calls with one prefix: 10 digits × 26³ suffixes.
const PER_PREFIX: u64 = 10 * 26 * 26 * 26;

/// Calls in the book: 40 × 175,760 = 7,030,400.
pub const BOOK_CALLS: u64 = PREFIXES.len() as u64 * PER_PREFIX;

/// Step of the scattering: near the golden section of the book, and prime to it.
const STEP: u64 = {
    let mut step = BOOK_CALLS / 1000 * 618;
    while gcd(step, BOOK_CALLS) != 1 {
        step += 1;
    }
    step
};
const STEP_INVERSE: u64 = inverse(STEP, BOOK_CALLS);

const fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `a`⁻¹ modulo `m` for `a` prime to `m` (extended Euclid).
const fn inverse(a: u64, m: u64) -> u64 {
    let (mut old_r, mut r) = (a as i64, m as i64);
    let (mut old_s, mut s) = (1i64, 0i64);
    while r != 0 {
        let q = old_r / r;
        (old_r, r) = (r, old_r - q * r);
        (old_s, s) = (s, old_s - q * s);
    }
    old_s.rem_euclid(m as i64) as u64
}

/// A call of the book, padded with blanks to eight bytes: as it stands in a classic line, and as
/// cheap to compare as an integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookCall([u8; 8]);

impl BookCall {
    /// The call without padding.
    pub fn text(&self) -> &str {
        // Only letters, digits and blanks are ever put in.
        std::str::from_utf8(&self.0).unwrap_or("").trim_end()
    }

    /// The padded bytes as one integer.
    pub fn key(&self) -> u64 {
        u64::from_ne_bytes(self.0)
    }
}

/// The call on page `index`, counted around the book's end.
pub fn call_at(index: u64) -> BookCall {
    let mut code = index % BOOK_CALLS * STEP % BOOK_CALLS;
    let mut letters = [0u8; 3];
    for letter in letters.iter_mut().rev() {
        *letter = b'A' + (code % 26) as u8;
        code /= 26;
    }
    let digit = b'0' + (code % 10) as u8;
    let prefix = PREFIXES[(code / 10) as usize];
    let mut bytes = [b' '; 8];
    let at = prefix.len();
    bytes[..at].copy_from_slice(prefix);
    bytes[at] = digit;
    bytes[at + 1..at + 4].copy_from_slice(&letters);
    BookCall(bytes)
}

/// The page of a call; `None` when it is not in the book. The exact inverse of [`call_at`].
pub fn index_of(call: &[u8]) -> Option<u64> {
    let at = match call.len() {
        5 => 1,
        6 => 2,
        _ => return None,
    };
    let (prefix, rest) = call.split_at(at);
    let mut code = u64::from(prefix_number(prefix)?);
    code = code * 10 + u64::from(rest[0].checked_sub(b'0').filter(|d| *d < 10)?);
    for &letter in &rest[1..] {
        code = code * 26 + u64::from(letter.checked_sub(b'A').filter(|l| *l < 26)?);
    }
    Some(code * STEP_INVERSE % BOOK_CALLS)
}

/// Place of a prefix in [`PREFIXES`], by a table over its one or two letters.
fn prefix_number(prefix: &[u8]) -> Option<u8> {
    const NONE: u8 = u8::MAX;
    const TABLE: [u8; 27 * 26] = {
        let mut table = [NONE; 27 * 26];
        let mut i = 0;
        while i < PREFIXES.len() {
            let p = PREFIXES[i];
            let slot = if p.len() == 1 {
                (p[0] - b'A') as usize
            } else {
                (p[0] - b'A' + 1) as usize * 26 + (p[1] - b'A') as usize
            };
            table[slot] = i as u8;
            i += 1;
        }
        table
    };
    let letter = |b: u8| b.checked_sub(b'A').filter(|l| *l < 26).map(usize::from);
    let slot = match *prefix {
        [a] => letter(a)?,
        [a, b] => (letter(a)? + 1) * 26 + letter(b)?,
        _ => return None,
    };
    Some(TABLE[slot]).filter(|n| *n != NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dxring::spot::{Call, is_plausible, too_many_leading_letters};

    #[test]
    fn pages_read_back_and_are_valid_calls() {
        // 61 does not divide the size of the book, so all prefixes, digits and letters come up.
        for index in (0..BOOK_CALLS).step_by(61) {
            let call = call_at(index);
            assert_eq!(index_of(call.text().as_bytes()), Some(index), "{}", call.text());
            let parsed = Call::new(call.text().as_bytes()).unwrap();
            assert!(is_plausible(&parsed) && !too_many_leading_letters(&parsed), "{}", call.text());
        }
    }

    #[test]
    fn two_million_calls_in_a_row_differ() {
        const { assert!(BOOK_CALLS >= 2_000_000) };
        let mut seen = vec![false; BOOK_CALLS as usize];
        for index in 0..2_000_000 {
            // Two pages with one call would read back as one number, and one of them would be wrong.
            let back = index_of(call_at(index).text().as_bytes()).unwrap();
            assert!(back == index && !seen[back as usize], "page {index} reads back as {back}");
            seen[back as usize] = true;
        }
    }

    #[test]
    fn what_is_not_in_the_book_has_no_page() {
        for text in ["", "K", "K1", "K1AB", "K1ABCD", "ZZ1ABC", "KK1ABC", "KAABC", "K1AB3", "k1abc", "K1AB ", "3D2AG"] {
            assert_eq!(index_of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn neighbours_are_far_apart() {
        for index in 0..10_000 {
            let (a, b) = (call_at(index), call_at(index + 1));
            let same = a.0.iter().zip(&b.0).filter(|(x, y)| x == y && **x != b' ').count();
            assert!(same <= 4, "{} and {}", a.text(), b.text());
        }
    }
}
