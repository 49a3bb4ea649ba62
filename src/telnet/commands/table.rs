//! The table of commands.

use super::resolve::Args;
use super::{Exec, Next, bye, dx, echo, help, ping, set, show};

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

/// All commands, in the order of HELP.
pub static COMMANDS: &[Command] = &[
    Command {
        path: "DX",
        run: dx::post,
        usage: "DX freq call [comment]   or   DX call freq [comment]",
        brief: "post a spot",
        more: "The frequency is in kHz (14025.3) or MHz (14.0253). You are told what became\n\
               of the spot: how many users here got it, whose duplicate it was, or why it was\n\
               refused. A mode and a report in the comment are understood: CW 599, FT8 -12\n\
               dB, UP 2.",
    },
    Command {
        path: "SHOW/DX",
        run: show::dx,
        usage: "SHOW/DX [count] [call] [band] [mode] [PEOPLE|SKIMMER|DIGITAL]",
        brief: "the last spots, newest first",
        more: "Ten spots, or as many as you say, up to 500: SH/DX 25, SH/DX/25; SH/DX 10-20\n\
               skips the newest nine. A call may be its beginning: SH/DX 3D2. Bands and\n\
               modes: SH/DX 20m CW. PEOPLE, SKIMMER and DIGITAL choose who reported; without\n\
               them all do.",
    },
    Command {
        path: "SHOW/DEDUPE",
        run: show::dedupe,
        usage: "SHOW/DEDUPE",
        brief: "your dedupe policy and the windows of all",
        more: "",
    },
    Command { path: "SHOW/TIME", run: show::time, usage: "SHOW/TIME", brief: "date and time in UTC", more: "" },
    Command {
        path: "SHOW/USERS",
        run: show::users,
        usage: "SHOW/USERS [call]",
        brief: "who is connected here",
        more: "With the beginning of a call, only those.",
    },
    Command { path: "SHOW/VERSION", run: show::version, usage: "SHOW/VERSION", brief: "what runs here", more: "" },
    Command {
        path: "WHO",
        run: show::who,
        usage: "WHO [call]",
        brief: "who is connected here, since when",
        more: "Addresses are not shown to other users.",
    },
    Command {
        path: "SET/DEDUPE",
        run: set::dedupe,
        usage: "SET/DEDUPE FAST|MED|SLOW|OFF",
        brief: "how long a station stays quiet after a spot",
        more: "One station on one frequency is shown once per window. FAST has the shortest\n\
               window, SLOW the longest, OFF shows every report.",
    },
    Command {
        path: "SET/ECHO",
        run: set::echo,
        usage: "SET/ECHO, UNSET/ECHO",
        brief: "accepted for other programs' sake",
        more: "This node never echoes: your terminal shows what you type.",
    },
    Command {
        path: "SET/FORMAT",
        run: set::format,
        usage: "SET/FORMAT CLASSIC|GOCLUSTER",
        brief: "layout of spot lines",
        more: "CLASSIC is the 75-column line that every logging program reads. GOCLUSTER has\n\
               grid and confidence as well.",
    },
    Command {
        path: "SET/NOFILTER",
        run: set::no_filter,
        usage: "SET/NOFILTER",
        brief: "show everything",
        more: "Your dedupe policy stays; for every single report, SET/DEDUPE OFF too.",
    },
    Command {
        path: "SET/PAGE",
        run: set::page,
        usage: "SET/PAGE n",
        brief: "accepted for other programs' sake",
        more: "Replies are never cut into pages here.",
    },
    Command {
        path: "SET/UPDATES",
        run: set::updates,
        usage: "SET/UPDATES [ON|OFF]",
        brief: "show repeats that are much stronger",
        more: "A repeat at least 6 dB stronger is then shown once per window. Off at first.",
    },
    Command {
        path: "UNSET/DEDUPE",
        run: set::no_dedupe,
        usage: "UNSET/DEDUPE",
        brief: "same as SET/DEDUPE OFF",
        more: "",
    },
    Command {
        path: "UNSET/ECHO",
        run: set::echo,
        usage: "UNSET/ECHO",
        brief: "accepted for other programs' sake",
        more: "",
    },
    Command {
        path: "UNSET/UPDATES",
        run: set::no_updates,
        usage: "UNSET/UPDATES",
        brief: "same as SET/UPDATES OFF",
        more: "",
    },
    Command {
        path: "ECHO",
        run: echo,
        usage: "ECHO text",
        brief: "says the text back",
        more: "Programs use it to find the end of a reply.",
    },
    Command { path: "PING", run: ping, usage: "PING", brief: "answers PONG", more: "" },
    Command {
        path: "HELP",
        run: help::help,
        usage: "HELP [command]",
        brief: "this list, or more about one command",
        more: "Words may be shortened as long as they stay clear, and joined by a blank or a\n\
               slash: SHOW/USERS, show users, sh/u. UNSET/X and SET/NOX mean the same.",
    },
    Command { path: "BYE", run: bye, usage: "BYE", brief: "leave", more: "QUIT, EXIT and B do the same." },
];

/// Other spellings, and short forms that would be ambiguous: what is typed, and the path that is meant.
pub static ALIASES: &[(&str, &str)] = &[
    ("?", "HELP"),
    ("APROPOS", "HELP"),
    ("B", "BYE"),
    ("D", "DX"),
    ("EXIT", "BYE"),
    ("H", "HELP"),
    ("LOGOUT", "BYE"),
    ("QUIT", "BYE"),
    ("SHOW/D", "SHOW/DX"),
    ("SHOW/DATE", "SHOW/TIME"),
    ("UNSET/FILTER", "SET/NOFILTER"),
    ("W", "WHO"),
];
