//! Terms joined by and, or, not.

use super::Term;
use crate::spot::Spot;

/// What passes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Expr {
    /// Everything.
    All,
    /// Nothing.
    Nothing,
    /// One term.
    Is(Term),
    /// Everything else.
    Not(Box<Expr>),
    /// All of these; of none: everything.
    And(Vec<Expr>),
    /// Any of these; of none: nothing.
    Or(Vec<Expr>),
}

impl Expr {
    /// Most terms of one user's filter.
    pub const TERMS_MAX: usize = 64;
    /// Deepest nesting of brackets.
    pub const DEPTH_MAX: usize = 32;
    /// Most text of all patterns, words and regular expressions, in bytes: a command line is shorter, and
    /// comparing every two texts of a filter stays within milliseconds.
    pub const TEXT_BYTES_MAX: usize = 4 << 10;

    /// `not self`.
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Expr {
        match self {
            Expr::All => Expr::Nothing,
            Expr::Nothing => Expr::All,
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }
    /// `self and other`.
    #[must_use]
    pub fn and(self, other: Expr) -> Expr {
        Expr::And(vec![self, other])
    }
    /// `self or other`.
    #[must_use]
    pub fn or(self, other: Expr) -> Expr {
        Expr::Or(vec![self, other])
    }
    /// The plain meaning, the yardstick of the compiled form.
    pub fn passes(&self, spot: &Spot) -> bool {
        match self {
            Expr::All => true,
            Expr::Nothing => false,
            Expr::Is(term) => term.holds(spot),
            Expr::Not(inner) => !inner.passes(spot),
            Expr::And(all) => all.iter().all(|e| e.passes(spot)),
            Expr::Or(any) => any.iter().any(|e| e.passes(spot)),
        }
    }
    /// Bytes of all texts in terms: patterns, words, regular expressions, locators.
    pub fn text_bytes(&self) -> usize {
        match self {
            Expr::All | Expr::Nothing => 0,
            Expr::Is(term) => term.text_bytes(),
            Expr::Not(inner) => inner.text_bytes(),
            Expr::And(list) | Expr::Or(list) => list.iter().map(Expr::text_bytes).sum(),
        }
    }
    /// How many terms.
    pub fn terms(&self) -> usize {
        match self {
            Expr::All | Expr::Nothing => 0,
            Expr::Is(_) => 1,
            Expr::Not(inner) => inner.terms(),
            Expr::And(list) | Expr::Or(list) => list.iter().map(Expr::terms).sum(),
        }
    }
}
