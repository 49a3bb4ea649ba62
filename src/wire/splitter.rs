//! Byte stream to lines.

use memchr::memchr2;

/// Longest line in bytes, without its end. A longer one is discarded whole and counted. Spot lines
/// have 75 to 85 bytes, the longest bulletins about 250; four times that leaves room for all text.
pub const LINE_BYTES_MAX: usize = 1_024;

/// Cuts a byte stream into lines, whatever the pieces it arrives in.
///
/// A line ends with CR LF, LF, CR NUL or a lone CR (RFC 854, and the loggers that ignore it), and is
/// handed out at its CR, without waiting for what follows. Memory: at most [`LINE_BYTES_MAX`].
#[derive(Clone, Debug, Default)]
pub struct LineSplitter {
    /// The unfinished line.
    partial: Vec<u8>,
    /// The last byte was a CR that ended a line: a LF or NUL right after it belongs to it.
    after_cr: bool,
    /// The rest of a line that was too long is being discarded.
    discarding: bool,
    too_long: u64,
}

impl LineSplitter {
    /// With nothing pending.
    pub fn new() -> LineSplitter {
        LineSplitter::default()
    }

    /// Takes bytes and calls `on_line` for every line that ends in them, without its end. Blank lines
    /// are lines. A line that lies whole in `bytes` is not copied.
    pub fn push(&mut self, bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && (first == b'\n' || first == 0) {
                rest = &rest[1..];
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', rest) else {
                self.keep(rest);
                return;
            };
            self.after_cr = rest[end] == b'\r';
            let (piece, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if self.partial.is_empty() && !self.discarding && piece.len() <= LINE_BYTES_MAX {
                on_line(piece);
                continue;
            }
            self.keep(piece);
            if !std::mem::take(&mut self.discarding) {
                on_line(&self.partial);
                self.partial.clear();
            }
        }
    }

    /// Appends to the unfinished line, or gives it up when it gets too long.
    fn keep(&mut self, piece: &[u8]) {
        if self.discarding {
            return;
        }
        if self.partial.len() + piece.len() > LINE_BYTES_MAX {
            self.partial.clear();
            self.discarding = true;
            self.too_long += 1;
            return;
        }
        self.partial.extend_from_slice(piece);
    }

    /// Bytes of a line whose end has not come. When a connection ends with some, a line was cut off;
    /// the rest of a line that was too long is not counted again.
    pub fn pending_bytes(&self) -> usize {
        self.partial.len()
    }

    /// Lines discarded because they were too long, since the splitter was made.
    pub fn too_long(&self) -> u64 {
        self.too_long
    }

    /// Forgets what is pending, for the next connection; the count stays.
    pub fn clear(&mut self) {
        *self = LineSplitter { too_long: self.too_long, partial: std::mem::take(&mut self.partial), ..Self::default() };
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> (Vec<String>, u64, usize) {
        let mut splitter = LineSplitter::new();
        let mut out = Vec::new();
        for piece in pieces {
            splitter.push(piece, |line| out.push(String::from_utf8_lossy(line).into_owned()));
        }
        (out, splitter.too_long(), splitter.pending_bytes())
    }

    #[test]
    fn every_line_end_counts_once() {
        let (got, _, pending) = lines(&[b"a\r\nb\nc\r\0d\re\r", b"\nf\r", b"\0g"]);
        assert_eq!(got, ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(pending, 1);
    }

    #[test]
    fn blank_lines_are_lines() {
        assert_eq!(lines(&[b"\r\n\r\n\n"]).0, ["", "", ""]);
    }

    #[test]
    fn the_longest_line_passes_and_one_more_byte_does_not() {
        let line = "x".repeat(LINE_BYTES_MAX);
        let (got, too_long, _) = lines(&[format!("{line}\r\nok\r\n").as_bytes()]);
        assert_eq!((got.len(), too_long), (2, 0));
        let (got, too_long, _) = lines(&[format!("{line}y\r\nok\r\n").as_bytes()]);
        assert_eq!((got, too_long), (vec!["ok".to_string()], 1));
    }

    #[test]
    fn a_megabyte_without_end_costs_one_line() {
        let mut splitter = LineSplitter::new();
        let mut count = 0;
        for _ in 0..1_000 {
            splitter.push(&[b'z'; 1_000], |_| count += 1);
            assert!(splitter.pending_bytes() <= LINE_BYTES_MAX);
        }
        splitter.push(b"\nnext\n", |_| count += 1);
        assert_eq!((count, splitter.too_long(), splitter.pending_bytes()), (1, 1, 0));
    }
}
