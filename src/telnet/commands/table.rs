//! The table of commands: each file of commands has its rows, here they come together.

use super::resolve::Args;
use super::{Exec, Next, dx, explain, filters, history, info, myself, settings, sky, station, sysop, talk};

/// One command.
#[derive(Debug)]
pub struct Command {
    /// Its words joined by `/`, upper case.
    pub path: &'static str,
    /// What runs it.
    pub run: fn(&mut Exec<'_>, &Args<'_>) -> Next,
    /// How it is typed.
    pub usage: &'static str,
    /// What it does, in half a line.
    pub brief: &'static str,
    /// More for HELP, lines separated by `\n`; may be empty.
    pub more: &'static str,
}

/// All commands, in groups, in the order of HELP.
pub static GROUPS: &[(&str, &[Command])] = &[
    ("Spots", dx::ROWS),
    ("History", history::ROWS),
    ("Filters", filters::ROWS),
    ("Filters explained", explain::ROWS),
    ("About you", myself::ROWS),
    ("Settings", settings::ROWS),
    ("People", talk::ROWS),
    ("People here", station::ROWS),
    ("Information", info::ROWS),
    ("Sky and earth", sky::ROWS),
    ("Sysop", sysop::ROWS),
];

/// All commands, in the order of HELP.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|(_, rows)| rows.iter())
}

/// Other spellings, and short forms that would be ambiguous: what is typed, and the path that is meant.
pub static ALIASES: &[(&str, &str)] = &[
    ("?", "HELP"),
    ("A", "ANNOUNCE"),
    ("ANN", "ANNOUNCE"),
    ("ANN/FULL", "ANNOUNCE/FULL"),
    ("ANN/LOCAL", "ANNOUNCE/LOCAL"),
    ("B", "BYE"),
    ("D", "DX"),
    ("DEL", "MAIL"),
    ("DIRECTORY", "MAIL"),
    ("DM", "TALK"),
    ("DISABLE/FTX", "UNSET/FTX"),
    ("ENABLE/FTX", "SET/FTX"),
    ("EXIT", "BYE"),
    ("H", "HELP"),
    ("K", "MAIL"),
    ("KILL", "MAIL"),
    ("L", "MAIL"),
    ("LINKS", "SHOW/LINKS"),
    ("LL", "MAIL"),
    ("LM", "MAIL"),
    ("LOGOUT", "BYE"),
    ("MSG", "TALK"),
    ("QUIT", "BYE"),
    ("R", "MAIL"),
    ("READ", "MAIL"),
    ("REPLY", "MAIL"),
    ("S", "MAIL"),
    ("SB", "MAIL"),
    ("SEND", "MAIL"),
    ("SET/RBN", "SET/SKIMMER"),
    ("SET/WANTRBN", "SET/SKIMMER"),
    ("SET/ANNTALK", "SET/ANN"),
    ("SET/PASSPHRASE", "SET/PASSWORD"),
    ("SHOW/C", "SHOW/CLUSTER"),
    ("SHOW/C/N", "SHOW/NODE"),
    ("SHOW/CONFIGURATION", "SHOW/NODE"),
    ("SHOW/D", "SHOW/DX"),
    ("SHOW/DATE", "SHOW/TIME"),
    ("SHOW/F", "SHOW/FILTER"),
    ("SHOW/H", "SHOW/HEADING"),
    ("SHOW/N", "SHOW/NODE"),
    ("SHOW/NEWCONFIGURATION", "SHOW/NODE"),
    ("SHOW/QRA", "SHOW/GRID"),
    ("SHOW/ST", "SHOW/STATION"),
    ("SHOW/U", "SHOW/USERS"),
    ("SP", "MAIL"),
    ("T", "TALK"),
    ("UNSET/RBN", "UNSET/SKIMMER"),
    ("UNSET/WANTRBN", "UNSET/SKIMMER"),
    ("UPTIME", "SHOW/CLUSTER"),
    ("UNSET/ANNTALK", "UNSET/ANN"),
    ("W", "WHO"),
];
