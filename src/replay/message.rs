//! A PSKReporter message of a capture: where its payload lies, when it came, what time it tells.
//!
//! A line is one object: the payload itself, `{"sq":...}`, or an envelope around it,
//! `{"at":1790000000.004,"topic":"...","payload":{"sq":...}}`; `at` is the arrival in Unix seconds.

use std::ops::Range;

/// Deepest nesting that is walked through.
const DEPTH_MAX: usize = 16;

/// What a line holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The payload within the line.
    pub payload: Range<usize>,
    /// When it came, Unix ms.
    pub at_ms: Option<i64>,
}

/// Finds the payload; `None` for a line that is no object.
pub fn cut(line: &[u8]) -> Option<Cut> {
    let mut whole = Cut { payload: 0..line.len(), at_ms: None };
    for_each_pair(line, |key, value, range| match key {
        b"at" => whole.at_ms = number(value).filter(|s| (0.0..=4e9).contains(s)).map(|s| (s * 1000.0).round() as i64),
        b"payload" if value.starts_with(b"{") => whole.payload = range,
        _ => {}
    })?;
    Some(whole)
}

/// The time that a payload tells, Unix ms.
pub fn told_ms(payload: &[u8]) -> Option<i64> {
    let mut told = None;
    for_each_pair(payload, |key, value, _| {
        if key == b"t" {
            let bare = value.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
            told = number(bare.unwrap_or(value));
        }
    })?;
    told.filter(|s| (1.0..=4e9).contains(s)).map(|s| (s * 1000.0) as i64)
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Walks the keys of an object. Not a judge of JSON: the reader of the payload is.
fn for_each_pair<'a>(line: &'a [u8], mut on_pair: impl FnMut(&'a [u8], &'a [u8], Range<usize>)) -> Option<()> {
    let mut at = blanks(line, 0);
    if line.get(at) != Some(&b'{') {
        return None;
    }
    at += 1;
    loop {
        at = blanks(line, at);
        match line.get(at)? {
            b'}' => return Some(()),
            b',' => at += 1,
            b'"' => {
                let key_ends = string_end(line, at)?;
                let key = &line[at + 1..key_ends - 1];
                at = blanks(line, key_ends);
                if line.get(at) != Some(&b':') {
                    return None;
                }
                let begins = blanks(line, at + 1);
                at = value_end(line, begins)?;
                on_pair(key, &line[begins..at], begins..at);
            }
            _ => return None,
        }
    }
}

fn blanks(line: &[u8], from: usize) -> usize {
    line[from..].iter().position(|b| !b.is_ascii_whitespace()).map_or(line.len(), |n| from + n)
}

/// The place behind a string that begins at `from`.
fn string_end(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The place behind a value that begins at `from`.
fn value_end(line: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0;
    let mut at = from;
    loop {
        match line.get(at)? {
            b'"' => {
                at = string_end(line, at)?;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            b'{' | b'[' if depth == DEPTH_MAX => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(&str, Option<i64>)> {
        cut(line.as_bytes()).map(|cut| (&line[cut.payload], cut.at_ms))
    }

    #[test]
    fn an_envelope_is_taken_off() {
        let payload = r#"{"sq":1,"t":1789999905,"sc":"K1ABC","x":{"a":["}",1]},"b":"20m"}"#;
        assert_eq!(read(payload), Some((payload, None)));
        for line in [
            format!(r#"{{"at":1790000000.004,"topic":"pskr/a","payload":{payload}}}"#),
            format!(r#"{{"payload":{payload},"src":"\"}}","at" : 1790000000.004 }}"#),
        ] {
            assert_eq!(read(&line), Some((payload, Some(1_790_000_000_004))), "{line}");
        }
        assert_eq!(told_ms(payload.as_bytes()), Some(1_789_999_905_000));
        assert_eq!(told_ms(br#"{"t":"1789999905"}"#), Some(1_789_999_905_000));
        assert_eq!(told_ms(br#"{"t":null}"#), None);
        assert_eq!(read(r#"{"at":"soon","payload":7}"#), Some((r#"{"at":"soon","payload":7}"#, None)));
        for none in ["", "[1]", "{", r#"{"a":"#, r#"{"a"}"#, r#"{"a":{"b":1}"#, &"{\"a\":".repeat(40)] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn no_bytes_panic() {
        let line = br#"{"at":1.5,"payload":{"sq":1,"x":["\\\"",{}]},"topic":"a"}"#;
        for end in 0..line.len() {
            let _ = cut(&line[..end]);
            for junk in [b'"', b'{', b'}', b'\\', 0xFF] {
                let mut line = line.to_vec();
                line[end] = junk;
                let _ = (cut(&line), told_ms(&line));
            }
        }
    }
}
