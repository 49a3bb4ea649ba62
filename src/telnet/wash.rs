//! Text of one user that others will see: nothing in it may steer their terminals.

/// Takes out of `text`, in place: ASCII controls, DEL, the C1 controls in both their forms (bare
/// 0x80 to 0x9F, and U+0080 to U+009F as UTF-8, which terminals obey as well), 0xFF, which would
/// open a telnet command, and the characters that turn the direction of writing, for the rest of the
/// line would be read from its end. A TAB becomes a blank. Everything else stays: UTF-8 and Latin-1 alike.
pub fn wash(text: &mut Vec<u8>) {
    if text.iter().all(|b| (0x20..0x7F).contains(b)) {
        return;
    }
    let dirty = std::mem::take(text);
    for chunk in dirty.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\t' {
                text.push(b' ');
            } else if !c.is_control() && !turns_writing(c) {
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        text.extend(chunk.invalid().iter().filter(|&&b| b >= 0xA0 && b != 0xFF));
    }
}

/// Unicode's embeddings, overrides and isolates, and its line and paragraph separators. The marks U+200E and
/// U+200F only help a single word and stay.
fn turns_writing(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A washed copy of at most `max` bytes, for a reply that repeats what somebody typed.
pub fn excerpt(text: &[u8], max: usize) -> String {
    let mut clean = text.to_vec();
    wash(&mut clean);
    let text = String::from_utf8_lossy(&clean);
    match text.char_indices().find(|(at, c)| at + c.len_utf8() > max) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.into_owned(),
    }
}

/// Whether a byte may be sent to a user as part of a text.
#[cfg(test)]
pub fn is_clean(text: &[u8]) -> bool {
    let mut copy = text.to_vec();
    wash(&mut copy);
    copy == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_survives() {
        for (dirty, clean) in [
            (&b"up 2 tnx"[..], &b"up 2 tnx"[..]),
            (b"a\tb\x07\x1b[2Jc\x7f", b"a b[2Jc"),
            ("für Ø 日本".as_bytes(), "für Ø 日本".as_bytes()),
            (b"f\xFCr Latin-1", b"f\xFCr Latin-1"),
            (b"\x9b31m csi", b"31m csi"),
            (b"\xC2\x9b31m csi", b"31m csi"),
            (b"\xFF\xFB\x01 iac", b"\xFB iac"),
            ("up 2 \u{202E}CBA1K ed\u{2066}".as_bytes(), b"up 2 CBA1K ed"),
            ("one\u{2028}two".as_bytes(), b"onetwo"),
        ] {
            let mut text = dirty.to_vec();
            wash(&mut text);
            assert_eq!(text, clean, "{dirty:?}");
        }
    }

    #[test]
    fn washing_twice_changes_nothing() {
        // Removing one byte must not glue its neighbours into a new control character.
        let mut text = b"\xC2\x01\x9b".to_vec();
        wash(&mut text);
        assert!(is_clean(&text), "{text:?}");
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(excerpt(b"abc", 3), "abc");
        assert_eq!(excerpt(b"abcd", 3), "abc...");
        assert_eq!(excerpt("äöü".as_bytes(), 3), "ä...");
    }
}
