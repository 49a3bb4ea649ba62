//! Words, locators, places and regular expressions of a compiled filter.

use super::GridPrefix;
use super::ask::{REGEX_BYTES_MAX, check_regex};
use crate::spot::{COMMENT_BYTES_MAX, Grid};
use memchr::memmem;
use regex::bytes::{RegexSet, RegexSetBuilder};

/// Which two bytes texts begin with, by the low six bits of each: letters and digits do not collide.
#[derive(Debug)]
pub(super) struct Pairs(Box<[u64; 64]>);

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs(Box::new([0; 64]))
    }
}

impl Pairs {
    /// Adds a text that is not empty; an open one may go on.
    pub(super) fn add(&mut self, text: &[u8], open: bool) {
        let word = &mut self.0[usize::from(text[0] & 63)];
        *word |= match text.get(1) {
            Some(b) => 1 << (b & 63),
            None if open => !0,
            None => 1,
        };
    }
    /// Whether a text that begins so may be one of them; 0 = no more bytes.
    #[inline]
    pub(super) fn has(&self, first: u8, second: u8) -> bool {
        self.0[usize::from(first & 63)] >> (second & 63) & 1 == 1
    }
}

/// Words to look for in comments.
#[derive(Debug)]
pub(super) enum Words {
    /// One.
    One(Box<memmem::Finder<'static>>),
    /// Several, ascending, none part of another: the one that a text begins with, if any, is the greatest
    /// that is not above the text. With their first two bytes.
    Many(Box<[Box<[u8]>]>, Pairs),
}

impl Words {
    /// From words of a canonical expression.
    pub(super) fn of(words: &[Box<str>]) -> Words {
        if let [word] = words {
            return Words::One(Box::new(memmem::Finder::new(word.as_bytes()).into_owned()));
        }
        let mut first = Pairs::default();
        words.iter().for_each(|word| first.add(word.as_bytes(), true));
        let mut list: Vec<Box<[u8]>> = words.iter().map(|word| word.as_bytes().into()).collect();
        list.sort();
        Words::Many(list.into(), first)
    }

    /// Whether a comment holds one of them.
    pub(super) fn are_in(&self, comment: &[u8]) -> bool {
        if comment.is_empty() {
            return false;
        }
        let mut upper = [0; COMMENT_BYTES_MAX];
        let Some(upper) = upper.get_mut(..comment.len()) else { return false };
        upper.copy_from_slice(comment);
        upper.make_ascii_uppercase();
        match self {
            Words::One(finder) => finder.find(upper).is_some(),
            Words::Many(words, first) => upper.iter().enumerate().any(|(at, b)| {
                first.has(*b, upper.get(at + 1).copied().unwrap_or(0)) && {
                    let rest = &upper[at..];
                    let above = words.partition_point(|word| **word <= *rest);
                    above > 0 && rest.starts_with(&words[above - 1])
                }
            }),
        }
    }
}

/// Beginnings of locators.
#[derive(Debug)]
pub(super) struct Grids {
    /// Fields, by [`Grid::field_index`].
    fields: [u64; 6],
    /// All others, as integers in the order of texts, none the beginning of another.
    longer: Box<[u64]>,
}

impl Grids {
    /// From prefixes of a canonical expression.
    pub(super) fn of(prefixes: &[GridPrefix]) -> Grids {
        let (mut fields, mut longer) = ([0; 6], Vec::new());
        for prefix in prefixes {
            match *prefix.as_bytes() {
                [a @ b'A'..=b'R', b @ b'A'..=b'R'] => {
                    let index = usize::from(a - b'A') * 18 + usize::from(b - b'A') + 1;
                    fields[index / 64] |= 1 << (index % 64);
                }
                ref other => longer.push(order_of(other)),
            }
        }
        longer.sort_unstable();
        Grids { fields, longer: longer.into() }
    }

    /// Whether a locator begins with one of them.
    pub(super) fn fit(&self, grid: &Grid) -> bool {
        let index = usize::from(grid.field_index());
        if self.fields.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1) {
            return true;
        }
        if self.longer.is_empty() {
            return false;
        }
        let order = order_of(bytemuck::bytes_of(grid));
        let above = self.longer.partition_point(|prefix| *prefix <= order);
        above > 0 && {
            let prefix = self.longer[above - 1];
            (prefix ^ order) >> (prefix.trailing_zeros() & !7) == 0
        }
    }
}

/// At most six characters as an integer, first on top.
fn order_of(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

/// Radius of the earth as a ball, in km.
pub(super) const EARTH_KM: f64 = 6371.0;

/// A place and a distance.
#[derive(Debug)]
pub(super) struct Around {
    lat_deg: f64,
    lon: f64,
    sin_lat: f64,
    cos_lat: f64,
    /// Cosine of the angle at the distance; further is less.
    cos_far: f64,
    /// Degrees of latitude that are too far in any case.
    lat_far_deg: f64,
}

impl Around {
    pub(super) fn new(lat_e4: i32, lon_e4: i32, km: u32) -> Around {
        let (lat_deg, lon_deg) = (f64::from(lat_e4) / 1e4, f64::from(lon_e4) / 1e4);
        let angle = f64::from(km) / EARTH_KM;
        Around {
            lat_deg,
            lon: lon_deg.to_radians(),
            sin_lat: lat_deg.to_radians().sin(),
            cos_lat: lat_deg.to_radians().cos(),
            // Beyond half the way round everything is inside.
            cos_far: if angle < std::f64::consts::PI { angle.cos() } else { -1.0 },
            // A little more, so that rounding never decides here.
            lat_far_deg: angle.to_degrees() + 0.01,
        }
    }

    /// Whether the centre of a locator is within the distance. No locator is nowhere.
    pub(super) fn holds(&self, grid: &Grid) -> bool {
        let Some((lat_deg, lon_deg)) = grid.center() else { return false };
        if (lat_deg - self.lat_deg).abs() > self.lat_far_deg {
            return false;
        }
        let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
        let cos = sin_lat * self.sin_lat + cos_lat * self.cos_lat * (lon_deg.to_radians() - self.lon).cos();
        cos.clamp(-1.0, 1.0) >= self.cos_far
    }
}

/// Greatest memory of the states that one set of expressions remembers per thread, in bytes. When it is
/// full it starts over; a set that fills it all the time goes on without, slower but still linear.
const REGEX_STATES_BYTES_MAX: usize = 256 << 10;

/// Those of the sources that compile, as one. The others never fit.
///
/// Working memory is made here, for the thread that compiles; another thread that asks makes its own the
/// first time.
pub(super) fn regexes(sources: &[Box<str>]) -> RegexSet {
    let sources: Vec<&str> = sources.iter().map(|s| &**s).filter(|s| check_regex(s).is_ok()).collect();
    let set = RegexSetBuilder::new(&sources)
        .unicode(false)
        .case_insensitive(true)
        // Each is within its own limit; together they are a little more than their sum.
        .size_limit((sources.len() + 1) * 2 * REGEX_BYTES_MAX)
        .dfa_size_limit(REGEX_STATES_BYTES_MAX)
        .build()
        .unwrap_or_else(|_| RegexSet::empty());
    set.is_match(&[b' '; COMMENT_BYTES_MAX]);
    set
}
