//! Comment text: how people's words are made safe and cut without losing what machines read in them.

/// Longest comment a spot carries, in bytes. A classic line shows 30, a wide one more; history and
/// archive keep all 96.
pub const COMMENT_BYTES_MAX: usize = 96;

/// A comment of a spot: bytes without control characters, otherwise as written.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a>(pub &'a [u8]);

impl Comment<'_> {
    /// Copies `text` into `out` with every control character made harmless: a run of blanks, TAB and
    /// line ends becomes blanks of the same meaning (TAB and line ends one blank each), other
    /// controls and DEL vanish, outer blanks go. Bytes above 0x7F stay as they are.
    ///
    /// Returns the length and whether something had to be cut. The cut falls on a blank when there is
    /// one in the second half, so that a park reference or a grid is never halved.
    pub fn sanitize_into(text: &[u8], out: &mut [u8; COMMENT_BYTES_MAX]) -> (usize, bool) {
        let mut len = 0;
        let mut cut = false;
        for &b in text.trim_ascii() {
            let b = match b {
                b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => b' ',
                // 0xFF would open a telnet command in the stream of every user.
                0..=0x1F | 0x7F | 0xFF => continue,
                b => b,
            };
            if len == COMMENT_BYTES_MAX {
                cut = true;
                break;
            }
            out[len] = b;
            len += 1;
        }
        if cut {
            if let Some(blank) = out[..len].iter().rposition(|&b| b == b' ').filter(|&at| at > COMMENT_BYTES_MAX / 2) {
                len = blank;
            }
            // Do not leave half of a UTF-8 character behind.
            while len > 0 && out[len - 1] >= 0xC0 {
                len -= 1;
            }
        }
        while len > 0 && out[len - 1] == b' ' {
            len -= 1;
        }
        (len, cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &[u8]) -> (Vec<u8>, bool) {
        let mut out = [0; COMMENT_BYTES_MAX];
        let (len, cut) = Comment::sanitize_into(text, &mut out);
        (out[..len].to_vec(), cut)
    }

    #[test]
    fn controls_go_words_stay() {
        assert_eq!(clean(b" up 2\ttnx\x07 Paul! "), (b"up 2 tnx Paul!".to_vec(), false));
        assert_eq!(clean("für Jürgen".as_bytes()), ("für Jürgen".as_bytes().to_vec(), false));
        assert_eq!(clean(b"\x1b[31mred"), (b"[31mred".to_vec(), false));
        assert_eq!(clean(b"\xFF\xFB\x01 caf\xE9"), (b"\xFB caf\xE9".to_vec(), false));
    }

    #[test]
    fn long_text_is_cut_at_a_blank() {
        let text = format!("{} JN79>JO90", "x".repeat(90));
        let (kept, cut) = clean(text.as_bytes());
        assert!(cut);
        assert_eq!(kept.len(), 90, "the grid pair is dropped whole");
        let (kept, cut) = clean(&[b'y'; 200]);
        assert!(cut && kept.len() == COMMENT_BYTES_MAX);
    }
}
