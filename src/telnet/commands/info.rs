//! What runs here, who is here, what time it is; and the small talk with programs.

use super::resolve::{Args, words};
use super::settings::{dedupe_name, format_name};
use super::{Command, Exec, Next, help};
use crate::spot::UserInfo;
use crate::telnet::prompt::{VERSION, uptime};
use std::io::Write;

/// Users one reply lists: 1,000 × 13 columns = 13 KB for SHOW/USERS, 60 KB for WHO.
const USERS_MAX: usize = 1_000;
/// Calls per line of SHOW/USERS (clients 1.12).
const USERS_PER_LINE: usize = 5;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command { path: "SHOW/TIME", run: time, usage: "SHOW/TIME", brief: "date and time in UTC", more: "" },
    Command {
        path: "SHOW/USERS",
        run: users,
        usage: "SHOW/USERS [call]",
        brief: "who is connected here",
        more: "With the beginning of a call, only those.",
    },
    Command { path: "SHOW/VERSION", run: version, usage: "SHOW/VERSION", brief: "what runs here", more: "" },
    Command {
        path: "WHO",
        run: who,
        usage: "WHO [call]",
        brief: "who is connected here, since when",
        more: "Addresses are not shown to other users.",
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

/// SHOW/TIME.
pub(super) fn time(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let utc = exec.node.now.utc;
    exec.line(format_args!("{} {} UTC", utc.date_text(), utc.hhmmz()));
    Next::Prompt
}

/// SHOW/VERSION.
pub(super) fn version(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let node = exec.node;
    let up = uptime(node.started, node.now.utc);
    exec.line(format_args!("{} runs dxring {VERSION}, up {up}.", node.settings.callsign));
    let preferences = exec.user.settings.preferences;
    let format = format_name(preferences.style.format);
    let (dedupe, updates) = (dedupe_name(preferences.dedupe), if preferences.updates { "ON" } else { "OFF" });
    exec.line(format_args!("You have format {format}, dedupe {dedupe}, updates {updates}."));
    Next::Prompt
}

/// SHOW/USERS.
pub(super) fn users(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let (users, more) = listed(exec, args);
    exec.line(format_args!("Callsigns connected to {}", exec.node.settings.callsign));
    for row in users.chunks(USERS_PER_LINE) {
        let start = exec.out.bytes.len();
        for user in row {
            // Writing to a vector cannot fail.
            let _ = write!(exec.out.bytes, "{:<12} ", user.call);
        }
        let end = exec.out.bytes[start..].trim_ascii_end().len() + start;
        exec.out.bytes.truncate(end);
        exec.out.bytes.extend_from_slice(b"\r\n");
    }
    tell_more(exec, more);
    Next::Prompt
}

/// WHO. The last column of other nodes shows addresses; here they are nobody's business.
pub(super) fn who(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let (users, more) = listed(exec, args);
    exec.line(format_args!("  Callsign Type      Started           Link"));
    for user in users {
        let (date, time) = (user.since.date_text(), user.since.hhmmz());
        exec.line(format_args!("{:>10} USER     {date:>11} {time} telnet", user.call));
    }
    tell_more(exec, more);
    Next::Prompt
}

/// The users whose calls begin as asked, in order of their calls, and how many more there are.
fn listed<'a>(exec: &Exec<'a>, args: &Args<'_>) -> (Vec<&'a UserInfo>, usize) {
    let prefix = words(args.rest).next().unwrap_or_default().to_ascii_uppercase();
    let is_asked = |user: &&UserInfo| user.call.as_bytes().starts_with(&prefix);
    let mut users: Vec<&UserInfo> = exec.node.users.iter().filter(is_asked).collect();
    users.sort_unstable_by_key(|user| user.call);
    let more = users.len().saturating_sub(USERS_MAX);
    users.truncate(USERS_MAX);
    (users, more)
}

fn tell_more(exec: &mut Exec<'_>, more: usize) {
    if more > 0 {
        exec.line(format_args!("and {more} more"));
    }
}

fn bye(_: &mut Exec<'_>, _: &Args<'_>) -> Next {
    Next::Close
}

/// Loggers find the end of a reply by sending a mark and waiting for it to come back alone on a line.
fn echo(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    exec.out.bytes.extend_from_slice(args.rest);
    exec.out.bytes.extend_from_slice(b"\r\n");
    Next::Prompt
}

fn ping(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("PONG"));
    Next::Prompt
}
