//! AR-Cluster's SET/DX/FILTER.

use super::{Context, Expr, Outcome};

/// The one expression of a user, and whether it is applied.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ar {
    /// As typed; empty = none.
    text: String,
    expr: Option<Expr>,
    is_off: bool,
}

impl Ar {
    /// Runs `SET/DX/FILTER [expression]`, `SET/DX/MODE OPEN|FILTER`, `SET/DX/DEFAULT`; `None` when the line is none of these.
    pub fn command(&mut self, _line: &str, _context: &Context<'_>) -> Option<Outcome> {
        None
    }
    /// The commands that make this from an empty one.
    pub fn commands(&self) -> Vec<String> {
        Vec::new()
    }
    /// What passes.
    pub fn expr(&self) -> Expr {
        match &self.expr {
            Some(expr) if !self.is_off => expr.clone(),
            _ => Expr::All,
        }
    }
    /// The expression with the command that made it.
    pub fn parts(&self) -> Vec<(String, Expr)> {
        Vec::new()
    }
    /// Whether no expression is kept.
    pub fn is_open(&self) -> bool {
        self.expr.is_none()
    }
}
