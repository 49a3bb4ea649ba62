//! Numbered accept and reject slots, as DXSpider has them.

use super::{Context, Expr, Outcome};

/// The slots of a user.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Slots {}

impl Slots {
    /// Runs `ACCEPT/SPOTS`, `REJECT/SPOTS`, `CLEAR/SPOTS` and the same with `RBN`.
    pub fn command(&mut self, _line: &str, _context: &Context<'_>) -> Option<Outcome> {
        None
    }
    /// The commands that make these slots from none.
    pub fn commands(&self) -> Vec<String> {
        Vec::new()
    }
    /// As one expression.
    pub fn expr(&self) -> Expr {
        Expr::All
    }
    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        true
    }
}
