//! Reading and editing lines: any line end, the editing keys of a terminal, a bound.

use super::wash::wash;

/// Longest line a user may send, in bytes without its end. Comments, filters and mail fit; the longest
/// line any known client sends has about 200.
pub const LINE_BYTES_MAX: usize = 512;

/// A line the reader found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// Its text, without control characters, maybe blank. Hand the buffer back with [`LineReader::reuse`].
    Text(Vec<u8>),
    /// It was longer than [`LINE_BYTES_MAX`] and is gone.
    TooLong,
}

/// Collects bytes to lines. Lives as long as its connection; takes any split of the bytes.
#[derive(Debug, Default)]
pub struct LineReader {
    text: Vec<u8>,
    /// The last byte was a CR that ended a line: a LF or NUL now belongs to it.
    after_cr: bool,
    too_long: bool,
}

impl LineReader {
    /// Reads up to the end of the first line. Returns how many bytes were taken and the line, if one
    /// was completed; without a line, all bytes were taken.
    pub fn read(&mut self, input: &[u8]) -> (usize, Option<Line>) {
        let skipped = self.skip_rest_of_end(input);
        for (at, &byte) in input.iter().enumerate().skip(skipped) {
            match byte {
                b'\r' | b'\n' => {
                    self.after_cr = byte == b'\r';
                    return (at + 1, Some(self.finish()));
                }
                BACKSPACE | DELETE => self.erase(1),
                CTRL_U => self.erase(usize::MAX),
                CTRL_W => {
                    let kept = self.text.trim_ascii_end();
                    let word = kept.iter().rposition(|&b| b == b' ').map_or(0, |blank| blank + 1);
                    let chars = self.text[word..].iter().filter(|&&b| !is_continuation(b)).count();
                    self.erase(chars);
                }
                b'\t' => self.add(b' '),
                0..=0x1F => {}
                byte => self.add(byte),
            }
        }
        (input.len(), None)
    }

    /// Takes what still belongs to the end of the last line; returns how many bytes.
    ///
    /// RFC 854 ends a line with CR LF and sends a bare return as CR NUL: both are accepted, and a lone LF.
    pub fn skip_rest_of_end(&mut self, input: &[u8]) -> usize {
        match input.first() {
            Some(b'\n' | 0) => usize::from(std::mem::take(&mut self.after_cr)),
            Some(_) => {
                self.after_cr = false;
                0
            }
            None => 0,
        }
    }

    /// Gives back the buffer of a line that is done with.
    pub fn reuse(&mut self, mut text: Vec<u8>) {
        if self.text.capacity() == 0 {
            text.clear();
            self.text = text;
        }
    }

    fn finish(&mut self) -> Line {
        let mut text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.too_long) {
            return Line::TooLong;
        }
        wash(&mut text);
        Line::Text(text)
    }

    fn add(&mut self, byte: u8) {
        if self.too_long || self.text.len() == LINE_BYTES_MAX {
            self.too_long = true;
            self.text = Vec::new();
            return;
        }
        self.text.push(byte);
    }

    /// Erases up to so many characters. In a line that is too long already, nothing can be saved.
    fn erase(&mut self, chars: usize) {
        for _ in 0..chars {
            while self.text.last().is_some_and(|&b| is_continuation(b)) {
                self.text.pop();
            }
            if self.text.pop().is_none() {
                return;
            }
        }
    }
}

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7F;
const CTRL_U: u8 = 0x15;
const CTRL_W: u8 = 0x17;

/// Whether a byte continues a UTF-8 character. In Latin-1 text such a byte is rare punctuation; there
/// a backspace takes one character too many, and the user sees it.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reader: &mut LineReader, mut input: &[u8]) -> Vec<Line> {
        let mut found = Vec::new();
        while !input.is_empty() {
            let (used, line) = reader.read(input);
            found.extend(line);
            input = &input[used..];
        }
        found
    }
    fn texts(input: &[u8]) -> Vec<Vec<u8>> {
        let whole = lines(&mut LineReader::default(), input);
        let mut reader = LineReader::default();
        let bytewise: Vec<Line> = input.iter().flat_map(|b| lines(&mut reader, &[*b])).collect();
        assert_eq!(whole, bytewise, "the split of the bytes must not matter");
        whole
            .into_iter()
            .map(|line| match line {
                Line::Text(text) => text,
                Line::TooLong => b"(too long)".to_vec(),
            })
            .collect()
    }

    #[test]
    fn every_line_end_ends_one_line() {
        assert_eq!(texts(b"a\r\nb\nc\rd\r\0e\r\n\r\n\n"), [&b"a"[..], b"b", b"c", b"d", b"e", b"", b""]);
    }

    #[test]
    fn editing_keys_edit() {
        assert_eq!(texts(b"DZ\x08X\x7fX 14025\n"), [b"DX 14025"]);
        assert_eq!(texts(b"nonsense\x15bye\n"), [b"bye"]);
        assert_eq!(texts(b"sh/dx one two  \x17three\n"), [b"sh/dx one three"]);
        assert_eq!(texts("ü\x08u\n".as_bytes()), [b"u"]);
        assert_eq!(texts(b"\x08\x08\x17\x15a\n"), [b"a"]);
    }

    #[test]
    fn controls_vanish_and_eight_bits_stay() {
        assert_eq!(texts("\x07über\tall\x1b[1m\n".as_bytes()), ["über all[1m".as_bytes()]);
        assert_eq!(texts(b"caf\xE9\n"), [b"caf\xE9"]);
    }

    #[test]
    fn a_long_line_goes_whole_and_alone() {
        let mut input = vec![b'x'; LINE_BYTES_MAX];
        input.push(b'\n');
        input.extend(vec![b'y'; LINE_BYTES_MAX + 1]);
        input.extend(b"\r\nafter\n");
        assert_eq!(texts(&input), [vec![b'x'; LINE_BYTES_MAX], b"(too long)".to_vec(), b"after".to_vec()]);
    }
}
