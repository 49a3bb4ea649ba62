//! HELP.

use super::resolve::{Args, find_topic};
use super::table::commands;
use super::{ECHO_BYTES_MAX, Exec, Next};
use crate::telnet::wash::excerpt;

/// Runs HELP.
pub(super) fn help(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let topic = args.rest.trim_ascii();
    if topic.is_empty() {
        list(exec);
        return Next::Prompt;
    }
    let Some(command) = find_topic(topic) else {
        let topic = excerpt(topic, ECHO_BYTES_MAX);
        exec.line(format_args!("No help about {topic}. HELP lists all commands."));
        return Next::Prompt;
    };
    exec.line(format_args!("{}: {}.", command.path, command.brief));
    exec.line(format_args!("Usage: {}", command.usage));
    for line in command.more.lines() {
        exec.line(format_args!("{line}"));
    }
    Next::Prompt
}

fn list(exec: &mut Exec<'_>) {
    exec.line(format_args!("Commands of this node (HELP command tells more):"));
    for command in commands() {
        exec.line(format_args!("  {:<15} {}", command.path, command.brief));
    }
    exec.line(format_args!("Words may be shortened and joined by / or a blank: SH/DX 20, show dx 20."));
}

/// `A`, `A or B`, `A, B or C`.
pub(super) fn or_list(choices: &[&str]) -> String {
    match choices {
        [] => String::new(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
