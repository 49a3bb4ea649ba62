//! SET/DX/FILTER, as AR-Cluster has it.

use super::{Context, Expr, Outcome};

/// The expression of a user.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ar {}

impl Ar {
    /// Runs `SET/DX/FILTER`, `SET/DX/MODE`, `SET/DX/DEFAULT`.
    pub fn command(&mut self, _line: &str, _context: &Context<'_>) -> Option<Outcome> {
        None
    }
    /// The commands that make this from none.
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
