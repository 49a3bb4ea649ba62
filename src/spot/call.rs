//! A callsign as sixteen bytes.

use bytemuck::{Pod, Zeroable};
use std::fmt;

/// A callsign, inline: upper-case ASCII, zero padded, at most [`Call::LEN_MAX`] bytes.
///
/// The empty call (all zero) means "none". Equality and hashing look at one `u128`, so a call is as
/// cheap a key as an integer. Which texts *are* calls is decided in `call_forms`; this type only
/// promises the alphabet: every byte is printable ASCII without blanks.
#[derive(Clone, Copy, Pod, Zeroable, Default)]
#[repr(transparent)]
pub struct Call([u8; 16]);

impl Call {
    /// Longest call that fits, in bytes. The last byte is always zero.
    pub const LEN_MAX: usize = 15;
    /// No call.
    pub const EMPTY: Call = Call([0; 16]);

    /// Takes a text as it is, upper-casing ASCII letters. `None` when it is longer than
    /// [`Call::LEN_MAX`] or holds a byte that is not printable ASCII.
    pub fn new(text: &[u8]) -> Option<Call> {
        if text.len() > Self::LEN_MAX {
            return None;
        }
        let mut bytes = [0u8; 16];
        for (to, &from) in bytes.iter_mut().zip(text) {
            if !from.is_ascii_graphic() {
                return None;
            }
            *to = from.to_ascii_uppercase();
        }
        Some(Call(bytes))
    }

    /// [`Call::new`] for literals in tests, simulators and tables.
    ///
    /// # Panics
    /// When the text is no call; never give it text from a peer.
    pub fn literal(text: &str) -> Call {
        Call::new(text.as_bytes()).unwrap_or_else(|| panic!("not a call: {text:?}"))
    }

    /// The text without padding.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0[..self.len()]
    }

    /// The text without padding.
    #[inline]
    pub fn as_str(&self) -> &str {
        // Only printable ASCII can get in, except through `bytemuck` casts of damaged files.
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }

    /// Length in bytes, 0 to 15.
    #[inline]
    pub fn len(&self) -> usize {
        // Big-endian order puts the padding in the low bytes: count its zero bits.
        let padding = u128::from_be_bytes(self.0).trailing_zeros() as usize / 8;
        16 - padding.min(16)
    }

    /// Whether this is the empty call.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 16]
    }

    /// The call as one integer: equal calls, equal integers. Not an order of the texts.
    #[inline]
    pub fn key(&self) -> u128 {
        u128::from_ne_bytes(self.0)
    }

    /// Whether the call ends in `-#`, the mark of a skimmer.
    #[inline]
    pub fn is_skimmer(&self) -> bool {
        self.as_bytes().ends_with(b"-#")
    }
}

impl PartialEq for Call {
    #[inline]
    fn eq(&self, other: &Call) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Call {}
impl std::hash::Hash for Call {
    #[inline]
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u128(self.key());
    }
}
impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Call) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Call {
    fn cmp(&self, other: &Call) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_text() {
        for text in ["", "A", "K1ABC", "K1ABCDEF/GHIJKL"] {
            assert_eq!(Call::new(text.as_bytes()).unwrap().len(), text.len(), "{text}");
        }
        assert!(Call::new(b"K1ABCDEF/GHIJKLM").is_none(), "16 bytes do not fit");
    }

    #[test]
    fn only_printable_ascii_gets_in() {
        assert!(Call::new(b"K1 ABC").is_none());
        assert!(Call::new(b"K1\x07BC").is_none());
        assert!(Call::new("K1ÄBC".as_bytes()).is_none());
        assert_eq!(Call::new(b"k1abc").unwrap().as_str(), "K1ABC");
    }

    #[test]
    fn display_obeys_width() {
        assert_eq!(format!("{:<8}|", Call::literal("K1ABC")), "K1ABC   |");
    }
}
