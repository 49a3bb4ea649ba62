//! What a user wants to see: one expression over the facts of a spot, whatever dialect it was said in.
//!
//! ```text
//! a command of any dialect ──▶ Wish (lists, slots, AR expression, switches)   said, shown, saved
//! Wish ──▶ Expr (terms joined by and, or, not) ──▶ canonical Expr             compared, explained
//! canonical Expr ──▶ Filter (bitsets and small tables)                        asked, per spot
//! ```
//!
//! Equal wishes give equal canonical expressions, and so one [`Filter`] and one cohort. Nothing here
//! knows users, sockets or time: a filter is a function of a spot. Compiling allocates; asking does not.

mod ask;
mod calls;
mod canon;
mod compiled;
mod expr;
#[cfg(test)]
mod properties;
mod references;
mod sets;
mod tables;
mod term;
mod wish;

pub use ask::{REGEX_BYTES_MAX, check_regex};
pub use compiled::Filter;
pub use expr::Expr;
pub use references::references;
pub use sets::{
    BandSet, ClassSet, ContinentSet, CqSet, EntitySet, FeedSet, GlyphSet, ItuSet, ModeSet, RefSet, StateSet,
};
pub use term::{GridPrefix, MinuteRange, Pattern, Side, Term};
pub use wish::{Context, Outcome, Wish};
