//! What a user can say. A command is one row of [`GROUPS`]: its path, its help, and the function
//! that runs it. Adding a command is adding a row.

mod dx;
mod explain;
mod filters;
mod help;
mod history;
mod info;
mod myself;
mod resolve;
mod settings;
mod show_dx;
mod sky;
mod station;
mod sysop;
mod table;
mod talk;

pub use dx::{Draft, PostFault, read_post};
pub use resolve::{Args, Parsed, parse_command};
pub use show_dx::{ShowDx, ShowDxFault, read_show_dx};
pub use table::{ALIASES, Command, GROUPS, commands};

pub(super) use dx::{Posted, tell_fate};
pub(super) use settings::dedupe_name;

use super::session::User;
use super::{Action, NodeView, SessionOut, wash};
use crate::accounts::{Question, Reply, Settings};
use crate::filter::Context;
use crate::store::{HistoryRequest, What};
use std::fmt::Arguments;
use std::io::Write;

/// Longest piece of a command that is repeated to its sender.
const ECHO_BYTES_MAX: usize = 40;
/// Columns of a terminal.
const LINE_COLUMNS: usize = 80;

/// What a running command works with.
#[derive(Debug)]
pub struct Exec<'a> {
    pub(super) user: &'a mut User,
    pub(super) node: &'a NodeView<'a>,
    pub(super) out: &'a mut SessionOut,
}

impl Exec<'_> {
    /// Changes the user's settings: they are saved and his stream follows when the command is done.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.user.settings);
        self.user.changed = true;
    }
    /// Asks the accounts; `tell` writes the reply when the answer comes. `about` is handed on to it.
    pub(super) fn ask_accounts(&mut self, question: Question, about: impl Into<String>, tell: TellReply) -> Next {
        let ask = self.user.ask_accounts(question, self.out);
        Next::Wait(Wait::Accounts { ask, about: about.into(), tell })
    }
    /// Asks the history; the reply is its answer.
    pub(super) fn ask_history(&mut self, what: What) -> Next {
        self.user.asks = self.user.asks.wrapping_add(1);
        let ask = self.user.asks;
        self.out.actions.push(Action::AskHistory(HistoryRequest { session: self.user.id, ask, what }));
        Next::Wait(Wait::History(ask))
    }
    /// What filter commands need to know.
    pub(super) fn filter_context(&self) -> Context<'_> {
        Context {
            cty: self.node.cty,
            feeds: self.node.feeds,
            grid: self.user.settings.grid,
            default_filter: &self.node.settings.telnet.default_filter,
        }
    }
    /// Appends one line to the reply.
    fn line(&mut self, text: Arguments<'_>) {
        // Writing to a vector cannot fail.
        let _ = self.out.bytes.write_fmt(text);
        self.out.bytes.extend_from_slice(b"\r\n");
    }
}

/// What follows a command.
#[derive(Debug)]
pub enum Next {
    /// The reply is complete.
    Prompt,
    /// The reply comes from elsewhere; input is held until then.
    #[doc(hidden)]
    Wait(Wait),
    /// The user leaves.
    Close,
}

/// What a command waits for.
#[derive(Clone, Debug)]
pub enum Wait {
    /// The fate of this post.
    Verdict(Posted),
    /// The history's answer to the question of this number.
    History(u32),
    /// An answer of the accounts.
    Accounts {
        /// Number of the question.
        ask: u32,
        /// What it was about, for the reply.
        about: String,
        /// Writes the reply.
        tell: TellReply,
    },
}

/// Writes the reply to a question to the accounts: with what it was about, and the answer.
pub type TellReply = fn(&mut Exec<'_>, &str, Reply);

/// Asks back which command is meant, with as many as one line of a terminal holds.
fn which(typed: &str, choices: &[&str]) -> String {
    let mut line = format!("{typed} could be {}. Say which.", help::or_list(choices));
    for shown in (2..choices.len()).rev() {
        if line.len() < LINE_COLUMNS {
            break;
        }
        line = format!("{typed} could be {} or others. Say which.", choices[..shown].join(", "));
    }
    line
}

/// Runs one line that is not blank.
pub(super) fn run(exec: &mut Exec<'_>, line: &[u8]) -> Next {
    match parse_command(line) {
        Parsed::Blank => Next::Prompt,
        Parsed::Command { command, args } => {
            exec.out.counts.commands += 1;
            (command.run)(exec, &args)
        }
        Parsed::Ambiguous { typed, choices } => {
            exec.out.counts.commands_unknown += 1;
            let typed = wash::excerpt(typed, ECHO_BYTES_MAX).to_uppercase();
            // A user is not pointed to what he may not do.
            let is_sysop = exec.user.is_sysop;
            let open: Vec<&str> = choices.into_iter().filter(|path| is_sysop || !sysop::has(path)).collect();
            match open.is_empty() {
                true => exec.line(format_args!("Unknown command {typed}. HELP lists all commands.")),
                false => exec.line(format_args!("{}", which(&typed, &open))),
            }
            Next::Prompt
        }
        Parsed::Unknown { typed, nearest } => {
            exec.out.counts.commands_unknown += 1;
            let typed = wash::excerpt(typed, ECHO_BYTES_MAX);
            match nearest.filter(|near| exec.user.is_sysop || !sysop::has(near.path)) {
                Some(near) => exec.line(format_args!(
                    "Unknown command {typed}. Did you mean {}? HELP lists all commands.",
                    near.path
                )),
                None => exec.line(format_args!("Unknown command {typed}. HELP lists all commands.")),
            }
            Next::Prompt
        }
    }
}

/// Says that a reply did not come.
pub(super) fn tell_missed(wait: &Wait, out: &mut Vec<u8>) {
    let _ = match wait {
        Wait::Verdict(post) => write!(out, "{post}: no answer from the node within 2 s; its fate is unknown.\r\n"),
        Wait::History(_) => write!(out, "The history did not answer within 2 s. Try again.\r\n"),
        Wait::Accounts { .. } => {
            write!(out, "The accounts did not answer in time; whether it was done is unknown.\r\n")
        }
    };
}
