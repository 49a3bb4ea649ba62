//! Parks, summits and islands named in a comment.
//!
//! | kind | reference | words |
//! |---|---|---|
//! | POTA | `K-1234`, `US-12345`, `DE-0123`, `9A-0001`: country, four or five digits | POTA |
//! | SOTA | `G/LD-001`, `W4C/CM-001`: association, region of two letters, three digits | SOTA |
//! | WWFF | `DLFF-0001`, `KFF-1234`: country and FF, four or five digits | WWFF, KFF |
//! | IOTA | `EU-064`, `EU064`: continent, three digits | IOTA |
//! | BOTA | `B/G-0123`: B, country, four or five digits | BOTA, WWBOTA ... |
//!
//! Number of digits and country tell `EU-064` (an island) from `NA-0641` (a park of Namibia).

use super::RefSet;

const POTA: usize = 1;
const SOTA: usize = 2;
const WWFF: usize = 3;
const IOTA: usize = 4;
const BOTA: usize = 5;

/// What a comment names, case aside; only bit 0 ("none") when it names nothing. Does not allocate.
///
/// It looks at runs of letters and digits, each with the two runs before it when single characters stand
/// between them, so time is linear in the comment.
pub fn references(comment: &[u8]) -> RefSet {
    let mut found = RefSet::EMPTY;
    let mut before = Run::default();
    let mut last = Run::default();
    let mut at = 0;
    while at < comment.len() {
        let len = comment[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        if len == 0 {
            at += 1;
            continue;
        }
        let joint = match last.end {
            Some(end) if end + 1 == at => comment[end],
            _ => 0,
        };
        let run = Run { text: &comment[at..at + len], joint, end: Some(at + len) };
        if let Some(kind) = word(run.text).or_else(|| reference(&before, &last, &run)) {
            found.add_bit(kind);
        }
        (before, last) = (last, run);
        at += len;
    }
    if found.is_empty() {
        found.add_bit(0);
    }
    found
}

/// Letters and digits.
#[derive(Clone, Copy, Default)]
struct Run<'a> {
    text: &'a [u8],
    /// The one character between the run before and this one; 0 = none or more.
    joint: u8,
    end: Option<usize>,
}

fn word(text: &[u8]) -> Option<usize> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    match text.len() {
        3 if is(b"KFF") => Some(WWFF),
        4 if is(b"POTA") => Some(POTA),
        4 if is(b"SOTA") => Some(SOTA),
        4 if is(b"WWFF") => Some(WWFF),
        4 if is(b"IOTA") => Some(IOTA),
        // The programme calls itself WWBOTA, and UKBOTA, DLBOTA in its countries.
        4..=6 if text[text.len() - 4..].eq_ignore_ascii_case(b"BOTA") => Some(BOTA),
        _ => None,
    }
}

/// `before/last-run` or `last-run`.
fn reference(before: &Run<'_>, last: &Run<'_>, run: &Run<'_>) -> Option<usize> {
    let text = run.text;
    if text.len() == 5 && run.joint != b'-' && is_continent(&text[..2]) && is_number(&text[2..]) {
        return Some(IOTA);
    }
    if run.joint != b'-' || !is_number(text) {
        return None;
    }
    let slash = last.joint == b'/';
    match text.len() {
        3 if slash && is_letters(last.text, 2) && is_country(before.text, 3) => Some(SOTA),
        3 if is_continent(last.text) => Some(IOTA),
        4 | 5 if slash && before.text.eq_ignore_ascii_case(b"B") && is_country(last.text, 3) => Some(BOTA),
        4 | 5 if is_flora_fauna(last.text) => Some(WWFF),
        4 | 5 if is_country(last.text, 2) => Some(POTA),
        _ => None,
    }
}

/// Digits, not all zero.
fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit) && text.iter().any(|b| *b != b'0')
}
fn is_letters(text: &[u8], len: usize) -> bool {
    text.len() == len && text.iter().all(u8::is_ascii_alphabetic)
}
fn is_continent(text: &[u8]) -> bool {
    [b"AF", b"AN", b"AS", b"EU", b"NA", b"OC", b"SA"].iter().any(|code| text.eq_ignore_ascii_case(*code))
}
/// A prefix or country code.
fn is_country(text: &[u8], len_max: usize) -> bool {
    (1..=len_max).contains(&text.len()) && text.iter().any(u8::is_ascii_alphabetic)
}
fn is_flora_fauna(text: &[u8]) -> bool {
    (3..=5).contains(&text.len())
        && text[text.len() - 2..].eq_ignore_ascii_case(b"FF")
        && is_country(&text[..text.len() - 2], 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_name_what_they_name() {
        for (comment, kinds) in [
            ("", ""),
            ("up 2 tnx Paul", ""),
            ("POTA US-1241", "POTA"),
            ("[-POTA-]", "POTA"),
            ("K-0744", "POTA"),
            ("k-0744 73", "POTA"),
            ("de-0123,de-0124", "POTA"),
            ("9A-0001", "POTA"),
            ("US-12345", "POTA"),
            ("US-123456", ""),
            ("US-0641", "POTA"),
            ("NA-0641", "POTA"),
            ("@US-1234 Park", "POTA"),
            ("POTA/US-1234", "POTA"),
            ("POTA-US-1234", "POTA"),
            ("K-1234/K-2345", "POTA"),
            ("#POTA", "POTA"),
            ("WWFF DLFF-0001", "WWFF"),
            ("KFF-1234", "WWFF"),
            ("KFF 1234", "WWFF"),
            ("vkff-0056", "WWFF"),
            ("9AFF-0010", "WWFF"),
            ("FFF-0123", "WWFF"),
            ("DLFF-0001 DE-0001", "POTA WWFF"),
            ("SOTA G/LD-001", "SOTA"),
            ("g/ld-001 20m", "SOTA"),
            ("W4C/CM-001", "SOTA"),
            ("W7A/NA-012", "SOTA"),
            ("HB0/LI-003", "SOTA"),
            ("LD-001", ""),
            ("G / LD-001", ""),
            ("IOTA EU-064", "IOTA"),
            ("EU-064", "IOTA"),
            ("eu064 island", "IOTA"),
            ("IOTA/EU-064", "IOTA"),
            ("OC-001/P", "IOTA"),
            ("EU-000", ""),
            ("XX-064", ""),
            ("EU 064", ""),
            ("BOTA", "BOTA"),
            ("B/G-0123", "BOTA"),
            ("WWBOTA b/dl-1234", "BOTA"),
            ("POTA SOTA WWFF IOTA BOTA", "POTA SOTA WWFF IOTA BOTA"),
            ("iota's", "IOTA"),
            // What looks like one and is none.
            ("POTATO", ""),
            ("JN79<ES>IO82WX", ""),
            ("QSX 14205", ""),
            ("QSX-14205", ""),
            ("2026-11-24", ""),
            ("599-1234", ""),
            ("73-4567", ""),
            ("FT8 -12 dB", ""),
            ("K1ABC-2", ""),
            ("W3LPL-1234", ""),
            ("EU-064-", "IOTA"),
            ("1234Z", ""),
            ("US-1234Z", ""),
        ] {
            let found = references(comment.as_bytes());
            let names: Vec<&str> = found.bits().filter(|bit| *bit > 0).map(|bit| RefSet::KINDS[bit - 1]).collect();
            assert_eq!(names.join(" "), kinds, "{comment}");
            assert_eq!(found.has_bit(0), kinds.is_empty(), "{comment}");
        }
        assert_eq!(references(b"\xFF\xC3POTA\xFF-\0US-1234"), RefSet::from_iter([POTA]));
    }
}
