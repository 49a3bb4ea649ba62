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

mod ar;
mod ask;
mod calls;
mod canon;
mod cc;
mod compiled;
mod dims;
mod explain;
mod expr;
mod facts;
mod fault;
mod go;
mod lists;
mod nearby;
mod nearest;
mod print;
#[cfg(test)]
mod properties;
mod references;
mod segments;
mod sentence;
mod sets;
mod show;
mod skimmers;
mod slots;
mod spider;
mod streams;
mod tables;
mod term;
mod values;
mod wish;

pub use ar::{AR_DEFAULT, Ar, parse as parse_ar};
pub use ask::{REGEX_BYTES_MAX, check_regex};
pub use compiled::{ByBand, Filter};
pub use dims::Dim;
pub use explain::{Explainer, explain, explain_in, headline};
pub use expr::Expr;
pub use fault::{Fault, wrapped};
pub use lists::{ITEMS_MAX, Lists};
pub use nearby::Nearby;
pub use print::{spider, spider_with};
pub use references::references;
pub use sentence::{SENTENCE_CHARS_MAX, sentence, sentence_in, sentence_of};
pub use sets::{
    BandSet, ClassSet, ContinentSet, CqSet, EntitySet, FeedSet, GlyphSet, ItuSet, ModeSet, RefSet, StateSet,
};
pub use skimmers::Skimmers;
pub use slots::{SLOT_MAX, Slots, TEXT_BYTES_MAX};
pub use spider::{parse as parse_spider, takes_values as spider_takes_values};
pub use streams::Streams;
pub use term::{GridPrefix, MinuteRange, Pattern, Side, Term};
pub use wish::{Context, Outcome, Wish};
