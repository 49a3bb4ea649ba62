//! Lines from user to user: TALK, ANNOUNCE, WX.

use super::resolve::Args;
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::is_sysop;
use crate::spot::{Bulletin, BulletinKind, Call, canonical};
use crate::telnet::Action;
use crate::telnet::wash::{excerpt, wash};

/// Longest text that users send each other; longer ones are cut, and the sender is told. A command line holds more.
pub const TEXT_BYTES_MAX: usize = 160;

/// Sysops that one ANN SYSOP reaches.
const SYSOPS_MAX: usize = 16;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "TALK",
        run: talk,
        usage: "TALK call text",
        brief: "say something to one user of this node",
        more: "Without SSID all log-ins of the call get it. You are told when nobody is here.",
    },
    Command {
        path: "ANNOUNCE",
        run: announce,
        usage: "ANNOUNCE [FULL|LOCAL] text",
        brief: "say something to all users of this node",
        more: "This node has no links to other nodes, so FULL and LOCAL reach the same users.\n\
               Everybody may turn announcements off: UNSET/ANN.",
    },
    Command {
        path: "ANNOUNCE/FULL",
        run: announce_full,
        usage: "ANNOUNCE/FULL text",
        brief: "the same, to all nodes",
        more: "",
    },
    Command {
        path: "ANNOUNCE/LOCAL",
        run: announce_local,
        usage: "ANNOUNCE/LOCAL text",
        brief: "the same, to this node",
        more: "",
    },
    Command {
        path: "WX",
        run: weather,
        usage: "WX [FULL] text",
        brief: "tell your weather to all users",
        more: "Everybody may turn weather off: UNSET/WX.",
    },
];

fn talk(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let rest = args.rest.trim_ascii();
    let end = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    let (to, text) = (&rest[..end], rest[end..].trim_ascii());
    // `TALK CALL > NODE text` names the addressee's node; he is here or nowhere.
    let text = match text.strip_prefix(b">") {
        Some(routed) => {
            let routed = routed.trim_ascii_start();
            let node_end = routed.iter().position(|&b| b == b' ').unwrap_or(routed.len());
            routed[node_end..].trim_ascii()
        }
        None => text,
    };
    let Some(call) = canonical(to).filter(|call| !call.is_empty() && !text.is_empty()) else {
        exec.line(format_args!("Usage: TALK call text, for example TALK G1ABC are you there?"));
        return Next::Prompt;
    };
    let text = cut(exec, text);
    exec.out.actions.push(Action::Talk { to: call, text });
    exec.line(format_args!("Passed on to {call}."));
    Next::Prompt
}

fn announce(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let rest = args.rest.trim_ascii();
    let (word, text) = first_word(rest);
    match word.to_ascii_uppercase().as_slice() {
        b"FULL" => to_all(exec, "ALL", text),
        b"LOCAL" => to_all(exec, "LOCAL", text),
        b"SYSOP" => to_sysops(exec, text),
        _ => to_all(exec, "ALL", rest),
    }
}

fn announce_full(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    to_all(exec, "ALL", args.rest.trim_ascii())
}

fn announce_local(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    to_all(exec, "LOCAL", args.rest.trim_ascii())
}

fn weather(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let rest = args.rest.trim_ascii();
    let text = match first_word(rest) {
        (word, text) if word.eq_ignore_ascii_case(b"FULL") => text,
        _ => rest,
    };
    let head = format!("WX de {}: ", exec.user.call);
    send(exec, BulletinKind::Wx, head, text, "WX text, for example WX rain, 8 C, wind from the west")
}

fn to_all(exec: &mut Exec<'_>, whom: &str, text: &[u8]) -> Next {
    let head = format!("To {whom} de {}: ", exec.user.call);
    send(exec, BulletinKind::Announce, head, text, "ANNOUNCE text, for example ANNOUNCE net on 3650 at 18Z")
}

/// Sysops who are here, each by talk.
fn to_sysops(exec: &mut Exec<'_>, text: &[u8]) -> Next {
    if text.is_empty() {
        exec.line(format_args!("Usage: ANNOUNCE SYSOP text"));
        return Next::Prompt;
    }
    let text = cut(exec, text);
    let sysops: Vec<Call> = sysops(exec);
    for to in &sysops {
        exec.out.actions.push(Action::Talk { to: *to, text: text.clone() });
    }
    match sysops.is_empty() {
        true => exec.line(format_args!("No sysop is here now.")),
        false => exec.line(format_args!("Sent to the sysops who are logged in.")),
    }
    Next::Prompt
}

/// Those who are here, with any SSID.
fn sysops(exec: &Exec<'_>) -> Vec<Call> {
    let accounts = &exec.node.settings.accounts;
    exec.node.users.iter().map(|user| user.call).filter(|call| is_sysop(accounts, call)).take(SYSOPS_MAX).collect()
}

fn send(exec: &mut Exec<'_>, kind: BulletinKind, head: String, text: &[u8], usage: &str) -> Next {
    if text.is_empty() {
        exec.line(format_args!("Usage: {usage}."));
        return Next::Prompt;
    }
    if !exec.user.may_post {
        exec.line(format_args!("{}", exec.user.guest_line(exec.node.settings)));
        return Next::Prompt;
    }
    let mut line = head.into_bytes();
    let text = cut(exec, text);
    line.extend_from_slice(&text);
    // The sender sees his own line like everybody else: that is the acknowledgement.
    exec.out.actions.push(Action::Announce(Bulletin { kind, line }));
    Next::Prompt
}

/// The text without control characters, cut to [`TEXT_BYTES_MAX`].
fn cut(exec: &mut Exec<'_>, text: &[u8]) -> Vec<u8> {
    let mut clean = text.to_vec();
    wash(&mut clean);
    if clean.len() > TEXT_BYTES_MAX {
        let mut end = TEXT_BYTES_MAX;
        // Not inside a character of UTF-8.
        while end > 0 && clean[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        exec.line(format_args!("Cut to {TEXT_BYTES_MAX} bytes; lost: {}", excerpt(&clean[end..], ECHO_BYTES_MAX)));
        clean.truncate(end);
    }
    clean
}

fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    (&text[..end], text[end..].trim_ascii())
}
