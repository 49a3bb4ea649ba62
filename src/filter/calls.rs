//! Call patterns of a compiled filter.
//!
//! A call is one integer whose order is the order of texts. No canonical list holds a pattern that another
//! covers, so of all prefixes at most one fits a call, and it is the greatest that is not above the call:
//! one binary search, however many there are. Suffixes are the same, read backwards.

use super::Pattern;
use super::tables::Pairs;
use crate::spot::{Call, base_call, metadata_call};

// Most calls fit nothing: two tables of pairs of characters say so before any search.

/// Patterns by kind. Those longer than any call are left out.
#[derive(Debug)]
pub(super) struct Calls {
    /// First two characters of `exact` and `prefixes`.
    first: Pairs,
    /// Last two of `suffixes`, from the end.
    last: Pairs,
    /// `K1ABC`.
    exact: Box<[u128]>,
    /// `K1*`.
    prefixes: Box<[u128]>,
    /// `*ABC`, backwards.
    suffixes: Box<[u128]>,
    /// `*1A*`.
    inner: Box<[Box<[u8]>]>,
    /// All others.
    other: Box<[Pattern]>,
}

impl Calls {
    /// From patterns of a canonical expression.
    pub(super) fn of(patterns: &[Pattern]) -> Calls {
        let (mut exact, mut prefixes, mut suffixes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut inner, mut other) = (Vec::new(), Vec::new());
        let (mut first, mut last) = (Pairs::default(), Pairs::default());
        for pattern in patterns {
            let text = pattern.0.as_bytes();
            let (open_start, rest) = text.strip_prefix(b"*").map_or((false, text), |rest| (true, rest));
            let (open_end, letters) = rest.strip_suffix(b"*").map_or((false, rest), |rest| (true, rest));
            let plain = !letters.is_empty() && letters.iter().all(|b| b.is_ascii_graphic() && !b"*?".contains(b));
            match (open_start, open_end) {
                _ if !plain => other.push(pattern.clone()),
                _ if letters.len() > Call::LEN_MAX => {}
                (false, open_end) => {
                    first.add(letters, open_end);
                    if open_end { &mut prefixes } else { &mut exact }.push(order_of(letters));
                }
                (true, false) => {
                    let order = backwards(order_of(letters));
                    last.add(&order.to_be_bytes()[..letters.len()], true);
                    suffixes.push(order);
                }
                (true, true) => inner.push(letters.into()),
            }
        }
        for list in [&mut exact, &mut prefixes, &mut suffixes] {
            list.sort_unstable();
        }
        Calls {
            first,
            last,
            exact: exact.into(),
            prefixes: prefixes.into(),
            suffixes: suffixes.into(),
            inner: inner.into(),
            other: other.into(),
        }
    }

    /// Whether the call of a station heard fits, with or without its portable suffix.
    pub(super) fn fit_dx(&self, call: &Call) -> bool {
        self.fit(call) || (call.as_bytes().contains(&b'/') && self.fit_other(call, base_call(call)))
    }
    /// Whether the call of a spotter fits, with or without SSID and mark.
    pub(super) fn fit_de(&self, call: &Call) -> bool {
        self.fit(call) || (call.as_bytes().contains(&b'-') && self.fit_other(call, metadata_call(call)))
    }
    fn fit_other(&self, call: &Call, base: Call) -> bool {
        base != *call && self.fit(&base)
    }

    /// Whether a call fits as it stands.
    pub(super) fn fit(&self, call: &Call) -> bool {
        let order = u128::from_be(call.key());
        let starts = || self.exact.binary_search(&order).is_ok() || begins(&self.prefixes, order);
        (self.first.has((order >> 120) as u8, (order >> 112) as u8) && starts())
            || (!self.suffixes.is_empty() && {
                let order = backwards(order);
                self.last.has((order >> 120) as u8, (order >> 112) as u8) && begins(&self.suffixes, order)
            })
            || self.inner.iter().any(|part| call.as_bytes().windows(part.len()).any(|at| at == &**part))
            || self.other.iter().any(|pattern| pattern.fits(call.as_bytes()))
    }
}

/// The text as an integer, first character on top.
fn order_of(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(bytes)
}

/// The text read from its end.
#[inline]
fn backwards(order: u128) -> u128 {
    // The padding comes first then, and goes. (No text: nothing is left of 16 bytes of padding.)
    order.swap_bytes().checked_shl(order.trailing_zeros() & !7).unwrap_or(0)
}

/// Whether one of these, ascending and none the beginning of another, is the beginning of a text.
#[inline]
fn begins(list: &[u128], order: u128) -> bool {
    let above = list.partition_point(|prefix| *prefix <= order);
    above > 0 && {
        let prefix = list[above - 1];
        (prefix ^ order) >> (prefix.trailing_zeros() & !7) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_pattern_has_its_table() {
        let list = ["K1ABC", "W9*", "*ZZ", "*77*", "DL?A*", "K1ABCDEFGHIJKLMNOP*"];
        let calls = Calls::of(&list.map(|text| Pattern(text.into())));
        let sizes =
            (calls.exact.len(), calls.prefixes.len(), calls.suffixes.len(), calls.inner.len(), calls.other.len());
        assert_eq!(sizes, (1, 1, 1, 1, 1));
        for (call, fits) in [
            ("K1ABC", true),
            ("K1ABC/P", true),
            ("K1ABCD", false),
            ("W9", true),
            ("W99AA", true),
            ("W8AA", false),
            ("DK7ZZ", true),
            ("ZZ", true),
            ("ZZ1A", false),
            ("DF77AB", true),
            ("DL1AX", true),
            ("DL1BX", false),
            ("", false),
        ] {
            assert_eq!(calls.fit_dx(&Call::literal(call)), fits, "{call}");
        }
        let skimmers = Calls::of(&[Pattern("W3LPL".into()), Pattern("K3LR-#".into())]);
        for (call, fits) in [("W3LPL-#", true), ("W3LPL-1-#", true), ("K3LR-#", true), ("K3LR", false)] {
            assert_eq!(skimmers.fit_de(&Call::literal(call)), fits, "{call}");
        }
    }
}
