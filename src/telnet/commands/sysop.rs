//! What only a sysop may do.

use super::info::users;
use super::myself::tell_done;
use super::resolve::{Args, words};
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{BAN_REASON_MAX, Ban, BanTarget, Question};
use crate::spot::{Call, Note, Utc, canonical};
use crate::telnet::wash::excerpt;
use crate::telnet::{Action, Operation};
use std::net::{IpAddr, Ipv6Addr};

/// Bans that one SHOW/BANS lists.
const BANS_TOLD_MAX: usize = 200;
/// Longest ban with an end: ten years, in seconds. Beyond it leave the end out.
const BAN_MAX_S: i64 = 10 * 366 * 86_400;

const fn row(
    path: &'static str,
    run: fn(&mut Exec<'_>, &Args<'_>) -> Next,
    usage: &'static str,
    brief: &'static str,
    more: &'static str,
) -> Command {
    Command { path, run, usage, brief, more }
}

/// Whether a path is one of the sysops'.
pub(super) fn has(path: &str) -> bool {
    ROWS.iter().any(|row| row.path == path)
}

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    row(
        "KICK",
        |exec, args| if_sysop(exec, args, kick),
        "KICK call [reason]",
        "sysop: end a user's sessions",
        "Without SSID all of them. He is told the reason and may come again.",
    ),
    row("DISCONNECT", |exec, args| if_sysop(exec, args, kick), "DISCONNECT call [reason]", "sysop: same as KICK", ""),
    row(
        "BAN",
        |exec, args| if_sysop(exec, args, ban),
        "BAN target [3d|2h|30m] reason",
        "sysop: keep a call, an address or a network out",
        "BAN K1ABC 3d false spots; BAN 192.0.2.7; BAN 192.0.2.0/24 for 2h; a call\n\
         means all its SSIDs. Whoever is here goes, and is told the reason. Without an\n\
         end it holds for good.",
    ),
    row(
        "UNBAN",
        |exec, args| if_sysop(exec, args, unban),
        "UNBAN target",
        "sysop: lift a ban",
        "As SHOW/BANS shows it.",
    ),
    row("SHOW/BANS", |exec, args| if_sysop(exec, args, bans), "SHOW/BANS", "sysop: bans in force", ""),
    row(
        "SHOW/DROPS",
        |exec, args| if_sysop(exec, args, drops),
        "SHOW/DROPS",
        "sysop: spots that ended early, and why",
        "",
    ),
    row("SHOW/REPORT", |exec, args| if_sysop(exec, args, report), "SHOW/REPORT", "sysop: the node's report", ""),
    row(
        "RELOAD",
        |exec, args| if_sysop(exec, args, reload),
        "RELOAD",
        "sysop: read the configuration anew",
        "What can change without a restart changes; SHOW/RELOAD tells what did, and\n\
         what waits. With mistakes in the file everything stays as it is.",
    ),
    row(
        "SHOW/RELOAD",
        |exec, args| if_sysop(exec, args, reloaded),
        "SHOW/RELOAD",
        "sysop: what the last RELOAD did",
        "",
    ),
    row(
        "SHUTDOWN",
        |exec, args| if_sysop(exec, args, shutdown),
        "SHUTDOWN NOW",
        "sysop: stop the node",
        "Users are told, and what is on its way to them is sent first.",
    ),
    row(
        "SHOW/USER",
        user,
        "SHOW/USER call",
        "sysop: what a user's sessions have and do",
        "Each core that has a session of the call answers with a few lines.",
    ),
    row(
        "SET/REGISTER",
        |exec, args| if_sysop(exec, args, |exec, args| register(exec, args, true)),
        "SET/REGISTER call",
        "sysop: register a call",
        "",
    ),
    row(
        "UNSET/REGISTER",
        |exec, args| if_sysop(exec, args, |exec, args| register(exec, args, false)),
        "UNSET/REGISTER call",
        "sysop: take a registration back",
        "",
    ),
    row(
        "RESET/PASSWORD",
        |exec, args| if_sysop(exec, args, reset_password),
        "RESET/PASSWORD call",
        "sysop: remove a call's password",
        "For users who forgot it: they come in without one and set a new one.",
    ),
];

/// Runs a command for sysops, and tells the others in one line.
fn if_sysop(exec: &mut Exec<'_>, args: &Args<'_>, run: fn(&mut Exec<'_>, &Args<'_>) -> Next) -> Next {
    if exec.user.is_sysop {
        return run(exec, args);
    }
    exec.line(format_args!("Only a sysop who logged in with a password may do that."));
    Next::Prompt
}

/// The call in the first word and what follows; else the usage is told.
fn call_and_rest<'a>(exec: &mut Exec<'_>, args: &Args<'a>, usage: &str) -> Option<(Call, &'a [u8])> {
    let (word, rest) = first_word(args.rest);
    let call = canonical(word).filter(|call| !call.is_empty());
    if call.is_none() {
        exec.line(format_args!("Usage: {usage}"));
    }
    Some((call?, rest))
}

fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii();
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    (&text[..end], text[end..].trim_ascii())
}

fn kick(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let Some((call, reason)) = call_and_rest(exec, args, "KICK call [reason]") else { return Next::Prompt };
    let why = match reason {
        [] => "You are disconnected by the sysop.".to_string(),
        reason => format!("You are disconnected by the sysop: {}", excerpt(reason, BAN_REASON_MAX)),
    };
    order(exec, format_args!("KICK {call}"), Note::Kick { call, why });
    exec.line(format_args!("{call} is told to go."));
    Next::Prompt
}

/// Sends an order on its way. The log tells who gave it.
fn order(exec: &mut Exec<'_>, what: std::fmt::Arguments<'_>, note: Note) {
    tracing::info!(sysop = %exec.user.call, order = %what, "a sysop's order");
    exec.out.actions.push(Action::Order(note));
}

fn ban(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    const USAGE: &str = "Usage: BAN target [3d|2h|30m] reason";
    let (word, rest) = first_word(args.rest);
    let Ok(typed) = std::str::from_utf8(word) else {
        exec.line(format_args!("{USAGE}"));
        return Next::Prompt;
    };
    let target = match BanTarget::parse(typed) {
        Ok(target) => target,
        Err(wrong) => {
            exec.line(format_args!("Not banned: {wrong}. {USAGE}"));
            return Next::Prompt;
        }
    };
    let now = exec.node.now.utc;
    let (word, after) = first_word(rest);
    let length = match word.eq_ignore_ascii_case(b"FOR") {
        true => Some(first_word(after)),
        // A length without the word: what looks like one is never taken for the reason, and the ban for good.
        false => is_like_length(word).then_some((word, after)),
    };
    let (until, reason) = match length {
        None => (None, rest),
        Some((length, reason)) => match read_length_s(length) {
            Some(seconds) => (Some(Utc::from_secs(now.secs() + seconds)), reason),
            None => {
                exec.line(format_args!("For how long? 3d, 2h or 30m. {USAGE}"));
                return Next::Prompt;
            }
        },
    };
    let reason = excerpt(reason, BAN_REASON_MAX);
    let ban = Ban { target: target.to_string(), until, reason, by: exec.user.call, since: now };
    tracing::info!(sysop = %exec.user.call, target = %ban.target, reason = %ban.reason, "a sysop bans");
    // The line that those who are here are told goes with the question, and the target before it.
    let about = format!("{}\n{}", ban.target, ban.line());
    exec.ask_accounts(Question::Ban(ban), about, |exec, about, reply| {
        if let (crate::accounts::Reply::Done(Ok(_)), Some((target, why))) = (&reply, about.split_once('\n')) {
            let note = match BanTarget::parse(target) {
                Ok(BanTarget::Call(call)) => Some(Note::Kick { call, why: why.into() }),
                Ok(BanTarget::Network { net, fixed }) => {
                    Some(Note::KickFrom { network: network(net, fixed), why: why.into() })
                }
                Err(_) => None,
            };
            exec.out.actions.extend(note.map(Action::Order));
        }
        tell_done(exec, reply);
    })
}

/// Address and prefix length as people write them.
fn network(net: u128, fixed: u32) -> (IpAddr, u8) {
    let address = IpAddr::V6(Ipv6Addr::from(net)).to_canonical();
    let bits = if address.is_ipv4() && fixed >= 96 { fixed - 96 } else { fixed };
    // A network shorter than the mapped prefix is one of IPv6.
    let address = if fixed < 96 { IpAddr::V6(Ipv6Addr::from(net)) } else { address };
    (address, bits as u8)
}

/// A number and one of the letters of [`read_length_s`].
fn is_like_length(word: &[u8]) -> bool {
    matches!(word.split_last(), Some((b'd' | b'D' | b'h' | b'H' | b'm' | b'M', number))
        if !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// `3d`, `2h`, `30m` in seconds; at most [`BAN_MAX_S`].
fn read_length_s(text: &[u8]) -> Option<i64> {
    let (unit, number) = text.split_last()?;
    let seconds = match unit.to_ascii_lowercase() {
        b'd' => 86_400,
        b'h' => 3_600,
        b'm' => 60,
        _ => return None,
    };
    let number: i64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    let length = number.checked_mul(seconds)?;
    (1..=BAN_MAX_S).contains(&length).then_some(length)
}

fn unban(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let (word, _) = first_word(args.rest);
    if word.is_empty() {
        exec.line(format_args!("Usage: UNBAN target"));
        return Next::Prompt;
    }
    let target = String::from_utf8_lossy(word).into_owned();
    tracing::info!(sysop = %exec.user.call, target, "a sysop lifts a ban");
    exec.ask_accounts(Question::Unban { target }, "", |exec, _, reply| tell_done(exec, reply))
}

fn bans(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let node = exec.node;
    let mut told = 0;
    let mut more = 0;
    for ban in node.bans.in_force(node.now.utc) {
        if told == BANS_TOLD_MAX {
            more += 1;
            continue;
        }
        told += 1;
        let until = ban.until.map_or("for good".into(), |at| format!("until {} {}", at.date_text(), at.hhmmz()));
        let reason = if ban.reason.is_empty() { "no reason given" } else { &ban.reason };
        exec.line(format_args!("{:<20} {until}, by {} on {}: {reason}", ban.target, ban.by, ban.since.date_text()));
    }
    match (told, more) {
        (0, _) => exec.line(format_args!("No bans.")),
        (_, 0) => {}
        (_, more) => exec.line(format_args!("and {more} more")),
    }
    Next::Prompt
}

fn drops(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    tell_text(exec, |node| &node.digest.drops, "Nothing was dropped, or nothing is written yet: ask again in a second.")
}

fn report(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    tell_text(exec, |node| &node.digest.report, "Not written yet: ask again in a second.")
}

fn reloaded(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    tell_text(exec, |node| &node.digest.reload, "Nobody has reloaded the configuration since the start.")
}

fn tell_text<'a>(
    exec: &mut Exec<'a>,
    text: impl Fn(&'a crate::telnet::NodeView<'a>) -> &'a Vec<String>,
    nothing: &str,
) -> Next {
    let lines = text(exec.node);
    if lines.is_empty() {
        exec.line(format_args!("{nothing}"));
    }
    for line in lines {
        exec.line(format_args!("{line}"));
    }
    Next::Prompt
}

fn reload(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    operate(exec, Operation::Reload);
    exec.line(format_args!("The configuration is read anew. SHOW/RELOAD tells the outcome in a second."));
    Next::Prompt
}

fn shutdown(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    // One word more than a slip of the finger.
    match words(args.rest).next() {
        Some(word) if word.eq_ignore_ascii_case(b"NOW") => {
            operate(exec, Operation::Shutdown);
            exec.line(format_args!("The node stops."));
        }
        _ => exec.line(format_args!("SHUTDOWN NOW stops the node for everybody.")),
    }
    Next::Prompt
}

fn operate(exec: &mut Exec<'_>, operation: Operation) {
    tracing::info!(sysop = %exec.user.call, ?operation, "a sysop's order");
    exec.out.actions.push(Action::Operate(operation));
}

/// For everybody else it is short for SHOW/USERS.
fn user(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if !exec.user.is_sysop {
        return users(exec, args);
    }
    let Some((call, _)) = call_and_rest(exec, args, "SHOW/USER call") else { return Next::Prompt };
    let asker = exec.user.id;
    exec.out.actions.push(Action::Order(Note::Inspect { call, asker }));
    let is_same = |user: &Call| *user == call || crate::accounts::owner(user) == call;
    if !exec.node.users.iter().any(|user| is_same(&user.call)) {
        let call = excerpt(call.as_bytes(), ECHO_BYTES_MAX);
        exec.line(format_args!("{call} is not here."));
    }
    Next::Prompt
}

fn register(exec: &mut Exec<'_>, args: &Args<'_>, on: bool) -> Next {
    let usage = if on { "SET/REGISTER call" } else { "UNSET/REGISTER call" };
    let Some((call, _)) = call_and_rest(exec, args, usage) else { return Next::Prompt };
    tracing::info!(sysop = %exec.user.call, %call, on, "a sysop registers");
    exec.ask_accounts(Question::Register { call, on }, "", |exec, _, reply| tell_done(exec, reply))
}

fn reset_password(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let Some((call, _)) = call_and_rest(exec, args, "RESET/PASSWORD call") else { return Next::Prompt };
    tracing::info!(sysop = %exec.user.call, %call, "a sysop removes a password");
    exec.ask_accounts(Question::SetPassword { call, password: None }, "", |exec, _, reply| tell_done(exec, reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_bans() {
        for (text, seconds) in [
            ("3d", Some(259_200)),
            ("2H", Some(7_200)),
            ("30m", Some(1_800)),
            ("0d", None),
            ("-1d", None),
            ("3", None),
            ("d", None),
            ("", None),
            ("99999999999999d", None),
            ("4000d", None),
        ] {
            assert_eq!(read_length_s(text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn networks_as_people_write_them() {
        for (text, address, bits) in
            [("192.0.2.0/24", "192.0.2.0", 24), ("192.0.2.7", "192.0.2.7", 32), ("2001:db8::/32", "2001:db8::", 32)]
        {
            let Ok(BanTarget::Network { net, fixed }) = BanTarget::parse(text) else { panic!("{text}") };
            assert_eq!(network(net, fixed), (address.parse().unwrap(), bits), "{text}");
        }
    }
}
