//! Small sets as bit masks. Bit 0 of every set is "unknown", so a spot that lacks a fact fails a list
//! of wanted values and passes the complement of a list of unwanted ones.

use crate::spot::{Band, Class, Continent, Mode};

macro_rules! bit_set {
    ($(#[$doc:meta])* $name:ident, $words:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name([u64; $words]);

        impl Default for $name {
            fn default() -> Self {
                Self::EMPTY
            }
        }

        #[allow(clippy::modulo_one)]
        impl $name {
            /// Greatest member.
            pub const MAX: usize = $max;
            /// Nothing.
            pub const EMPTY: $name = $name([0; $words]);
            /// Every member, "unknown" included.
            pub const ALL: $name = {
                let mut words = [0; $words];
                let mut bit = 0;
                while bit <= $max {
                    words[bit / 64] |= 1 << (bit % 64);
                    bit += 1;
                }
                $name(words)
            };
            /// Whether a value is inside; values beyond [`Self::MAX`] count as unknown.
            #[inline]
            pub const fn has_bit(&self, bit: usize) -> bool {
                let bit = if bit > $max { 0 } else { bit };
                self.0[bit / 64] >> (bit % 64) & 1 == 1
            }
            /// Adds a value; one beyond [`Self::MAX`] is left out.
            pub const fn add_bit(&mut self, bit: usize) {
                if bit <= $max {
                    self.0[bit / 64] |= 1 << (bit % 64);
                }
            }
            /// Takes a value out.
            pub const fn remove_bit(&mut self, bit: usize) {
                if bit <= $max {
                    self.0[bit / 64] &= !(1 << (bit % 64));
                }
            }
            /// The members as bits, 64 values a word.
            pub const fn words(&self) -> &[u64] {
                &self.0
            }
            /// Members, ascending.
            pub fn bits(&self) -> impl Iterator<Item = usize> + '_ {
                (0..=$max).filter(|bit| self.has_bit(*bit))
            }
            /// How many.
            pub fn len(&self) -> usize {
                self.0.iter().map(|word| word.count_ones() as usize).sum()
            }
            /// Whether nothing is inside.
            pub fn is_empty(&self) -> bool {
                self.0.iter().all(|word| *word == 0)
            }
            /// Whether everything is inside.
            pub fn is_all(&self) -> bool {
                *self == Self::ALL
            }
            /// What is in both.
            #[must_use]
            pub fn and(mut self, other: Self) -> Self {
                self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= b);
                self
            }
            /// What is in either.
            #[must_use]
            pub fn or(mut self, other: Self) -> Self {
                self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
                self
            }
            /// Everything else.
            #[must_use]
            pub fn complement(mut self) -> Self {
                self.0.iter_mut().zip(Self::ALL.0).for_each(|(a, all)| *a = !*a & all);
                self
            }
        }

        impl FromIterator<usize> for $name {
            fn from_iter<T: IntoIterator<Item = usize>>(bits: T) -> Self {
                let mut set = Self::EMPTY;
                bits.into_iter().for_each(|bit| set.add_bit(bit));
                set
            }
        }
    };
}

bit_set!(
    /// Bands, by [`Band`]; bit 0 = no band.
    BandSet, 1, 20
);
bit_set!(
    /// Modes, by [`Mode`]; bit 0 = no mode known.
    ModeSet, 1, 26
);
bit_set!(
    /// Source classes: bit = [`Class`] + 1.
    ClassSet, 1, 6
);
bit_set!(
    /// Continents, by [`Continent`].
    ContinentSet, 1, 7
);
bit_set!(
    /// CQ zones 1 to 40.
    CqSet, 1, 40
);
bit_set!(
    /// ITU zones 1 to 90.
    ItuSet, 2, 90
);
bit_set!(
    /// Entities, by ADIF number.
    EntitySet, 16, 1023
);
bit_set!(
    /// States and provinces, by the number that a spot carries.
    StateSet, 2, 127
);
bit_set!(
    /// Feeds, by place in the configuration; 255 = this node's users. (Bit 0 is feed 0: a spot always has one.)
    FeedSet, 4, 255
);
bit_set!(
    /// Confidence glyphs: bit = place in [`GlyphSet::GLYPHS`] + 1; bit 0 = none printed.
    GlyphSet, 1, 6
);
bit_set!(
    /// Kinds of reference in a comment: bit = place in [`RefSet::KINDS`] + 1.
    RefSet, 1, 5
);

impl BandSet {
    /// Whether a band is inside.
    #[inline]
    pub fn has(&self, band: Band) -> bool {
        self.has_bit(band as usize)
    }
    /// Of these bands.
    pub fn of(bands: &[Band]) -> BandSet {
        bands.iter().map(|band| *band as usize).collect()
    }
}

impl ModeSet {
    /// Whether a mode is inside.
    #[inline]
    pub fn has(&self, mode: Mode) -> bool {
        self.has_bit(mode as usize)
    }
    /// Of these modes. PSK stands for the whole family, as [`Mode::normalized`] has it.
    pub fn of(modes: &[Mode]) -> ModeSet {
        let is_in = |mode: &Mode| modes.contains(mode) || modes.contains(&mode.normalized());
        let mut set: ModeSet = Mode::all().filter(is_in).map(|mode| mode as usize).collect();
        if modes.contains(&Mode::Unknown) {
            set.add_bit(0);
        }
        set
    }
}

impl ClassSet {
    /// Whether a class is inside.
    #[inline]
    pub fn has(&self, class: Class) -> bool {
        self.has_bit(class as usize + 1)
    }
    /// Of these classes.
    pub fn of(classes: &[Class]) -> ClassSet {
        classes.iter().map(|class| *class as usize + 1).collect()
    }
}

impl ContinentSet {
    /// Whether a continent is inside.
    #[inline]
    pub fn has(&self, continent: Continent) -> bool {
        self.has_bit(continent as usize)
    }
    /// Of these continents.
    pub fn of(continents: &[Continent]) -> ContinentSet {
        continents.iter().map(|continent| *continent as usize).collect()
    }
}

impl GlyphSet {
    /// The glyphs, in the order of their bits.
    pub const GLYPHS: [u8; 6] = *b"?SPVBC";
    /// The bit of a spot's confidence byte.
    #[inline]
    pub fn bit(glyph: u8) -> usize {
        Self::GLYPHS.iter().position(|g| *g == glyph).map_or(0, |at| at + 1)
    }
}

impl RefSet {
    /// The kinds, in the order of their bits.
    pub const KINDS: [&str; 5] = ["POTA", "SOTA", "WWFF", "IOTA", "BOTA"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_know_their_members() {
        assert_eq!(BandSet::MAX, Band::ALL.len());
        assert_eq!(ModeSet::MAX, Mode::all().count());
        assert_eq!(ClassSet::MAX, Class::COUNT);
        let set = EntitySet::from_iter([1, 291, 5000]);
        assert_eq!(set.bits().collect::<Vec<_>>(), [1, 291]);
        assert!(set.has_bit(291) && !set.has_bit(0) && !set.has_bit(70_000));
        assert_eq!(set.complement().complement(), set);
        assert!(set.or(set.complement()).is_all() && set.and(set.complement()).is_empty());
        assert!(ModeSet::of(&[Mode::Psk]).has(Mode::Psk31) && !ModeSet::of(&[Mode::Psk31]).has(Mode::Psk));
    }
}
