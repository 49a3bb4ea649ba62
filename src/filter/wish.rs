//! What a user said, as he said it: the part that is shown, saved, and changed command by command.

use super::{Expr, Filter};
use crate::reference::Cty;
use crate::spot::Grid;

/// What commands need to know beside the words.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Country data: prefixes to entities.
    pub cty: &'a Cty,
    /// Names of the feeds, by their place in the configuration.
    pub feeds: &'a [String],
    /// The user's locator; none = unknown.
    pub grid: Grid,
    /// Commands of the node's default filter (`telnet.default_filter`): what RESET FILTER runs.
    pub default_filter: &'a [String],
}

/// Answer to a filter command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Lines for the user, without line ends.
    pub reply: Vec<String>,
    /// Whether the command was understood and done; else nothing changed.
    pub done: bool,
}

/// A user's filter in all dialects at once. A spot passes when every part lets it pass.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wish {}

impl Wish {
    /// Passes everything.
    pub fn open() -> Wish {
        Wish::default()
    }
    /// What the node gives to new users.
    pub fn of_node(context: &Context<'_>) -> Wish {
        let mut wish = Wish::open();
        for line in context.default_filter {
            wish.command(line, context);
        }
        wish
    }
    /// Runs a filter command of any dialect, in full words: `PASS BAND 20M`, `REJECT/SPOTS 1 on hf/cw`,
    /// `SET/DX/FILTER not skimmer`. `None` when it is no filter command at all.
    pub fn command(&mut self, _line: &str, _context: &Context<'_>) -> Option<Outcome> {
        None
    }
    /// The commands that make this wish from an open one; saved with the user, shown by SHOW FILTER.
    pub fn commands(&self) -> Vec<String> {
        Vec::new()
    }
    /// All parts as one expression.
    pub fn expr(&self) -> Expr {
        Expr::All
    }
    /// Compiled.
    pub fn filter(&self) -> Filter {
        Filter::compile(&self.expr())
    }
}
