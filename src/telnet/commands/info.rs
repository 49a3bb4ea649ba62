//! What runs here, who is here, what time it is; and the small talk with programs.

use super::resolve::{Args, words};
use super::settings::{dedupe_name, format_name};
use super::{Command, Exec, Next, help};
use crate::spot::{Band, UserInfo};
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
        more: "With the beginning of a call, only those. (CALL) is away: SET/NOHERE.",
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
        path: "SHOW/CLUSTER",
        run: cluster,
        usage: "SHOW/CLUSTER",
        brief: "how many nodes and users, since when",
        more: "Nodes: linked here/known. Users: here/known. Max: places here/known.",
    },
    Command {
        path: "SHOW/NODE",
        run: node,
        usage: "SHOW/NODE",
        brief: "the nodes, and who is on them",
        more: "SH/CONFIGURATION and SH/C/N do the same.",
    },
    Command {
        path: "SHOW/LINKS",
        run: links,
        usage: "SHOW/LINKS",
        brief: "links to other nodes, and the feeds of this one",
        more: "",
    },
    Command {
        path: "SHOW/BANDS",
        run: bands,
        usage: "SHOW/BANDS",
        brief: "the bands and their limits in kHz",
        more: "These names are used by all filters and by SHOW/DX.",
    },
    Command {
        path: "BLANK",
        run: blank,
        usage: "BLANK [text] [n]",
        brief: "prints a line, once or n times",
        more: "For the command lists of other programs.",
    },
    Command {
        path: "MAIL",
        run: mail,
        usage: "MAIL",
        brief: "why there is none",
        more: "DIRECTORY, READ, SEND, REPLY and KILL get the same answer.",
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
    Command {
        path: "APROPOS",
        run: help::apropos,
        usage: "APROPOS word",
        brief: "which commands have to do with a word",
        more: "",
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
            let _ = write!(exec.out.bytes, "{:<12} ", shown(user));
        }
        let end = exec.out.bytes[start..].trim_ascii_end().len() + start;
        exec.out.bytes.truncate(end);
        exec.out.bytes.extend_from_slice(b"\r\n");
    }
    tell_more(exec, more);
    Next::Prompt
}

/// The call, in brackets when its user is away (clients 1.12).
fn shown(user: &UserInfo) -> String {
    if user.standing.is_away { format!("({})", user.call) } else { user.call.to_string() }
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

/// The numbers that users of other nodes compare (clients 1.5).
fn cluster(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let (users, node) = (exec.node.users.len(), exec.node);
    let (max, up) = (node.settings.limits.connections, uptime(node.started, node.now.utc));
    exec.line(format_args!("Nodes: 0/1 Users [Loc/Clr]: {users}/{users} Max: {max}/{max} - Uptime: {up}"));
    Next::Prompt
}

/// One node, this one, and its users in six columns.
fn node(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let (users, more) = listed(exec, &Args { tied: None, rest: b"" });
    exec.line(format_args!("Node         Callsigns"));
    let callsign = exec.node.settings.callsign.clone();
    let mut label = callsign.as_str();
    for row in users.chunks(USERS_PER_LINE) {
        let mut line = format!("{label:<12}");
        for user in row {
            line.push_str(&format!(" {:<10}", shown(user)));
        }
        exec.line(format_args!("{}", line.trim_end()));
        label = "";
    }
    if users.is_empty() {
        exec.line(format_args!("{label}"));
    }
    tell_more(exec, more);
    Next::Prompt
}

fn links(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("This node has no links to other nodes."));
    let on: Vec<&str> = exec.node.settings.feeds.iter().filter(|f| f.enabled).map(|f| f.name.as_str()).collect();
    let feeds = if on.is_empty() { "none".to_string() } else { on.join(", ") };
    exec.line(format_args!("Its feeds: {feeds}."));
    Next::Prompt
}

fn bands(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("Band        from kHz      to kHz"));
    for band in Band::ALL {
        let (from, to) = band.edges_hz();
        let khz = |hz: u64| format!("{}.{}", hz / 1_000, hz / 100 % 10);
        exec.line(format_args!("{:<7} {:>12} {:>11}", band.name(), khz(from), khz(to)));
    }
    Next::Prompt
}

/// A line of DXSpider's start-up scripts.
fn blank(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    const LINES_MAX: usize = 9;
    const COLUMNS: usize = 79;
    let typed: Vec<&[u8]> = args.words().collect();
    let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<usize>().ok();
    let (text, times) = match typed[..] {
        [] => (None, 1),
        [one] => number(one).map_or((Some(one), 1), |n| (None, n)),
        [text, n, ..] => (Some(text), number(n).unwrap_or(1)),
    };
    let mut line = Vec::new();
    while let Some(text) = text
        && line.len() + text.len() <= COLUMNS
    {
        line.extend_from_slice(text);
    }
    for _ in 0..times.min(LINES_MAX) {
        exec.out.bytes.extend_from_slice(&line);
        exec.out.bytes.extend_from_slice(b"\r\n");
    }
    Next::Prompt
}

fn mail(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("This node keeps no mail. TALK reaches users, ANN SYSOP text reaches the sysops."));
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
