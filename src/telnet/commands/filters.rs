//! What a user wants to see: the commands of all dialects over one [`crate::filter::Wish`].

use super::resolve::Args;
use super::{Command, Exec, Next};

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[Command {
    path: "SET/NOFILTER",
    run: no_filter,
    usage: "SET/NOFILTER",
    brief: "show everything",
    more: "Your dedupe policy stays; for every single report, SET/DEDUPE OFF too.",
}];

/// SET/NOFILTER.
pub(super) fn no_filter(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("No filter: every spot is shown."));
    Next::Prompt
}
