//! SHOW/STATION: who somebody is, and where.

use super::myself::{degrees, or_not_set};
use super::resolve::Args;
use super::sky::{ground, home, middle, path_text};
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{Question, Reply, Settings, owner};
use crate::spot::{Call, Utc};
use crate::telnet::login::{self, LoginLine};
use crate::telnet::wash::{excerpt, wash};

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[Command {
    path: "SHOW/STATION",
    run: station,
    usage: "SHOW/STATION [call]",
    brief: "who a user of this node is, and where",
    more: "Name, QTH, locator, bearing and distance from you, home node, last log-in: what\n\
           he told with SET/NAME and the like. Nobody is shown an address.",
}];

fn station(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let call = match args.words().next() {
        None => exec.user.call,
        // As at log-in, for that is how people are known.
        Some(word) => match login::read(word) {
            LoginLine::Call(call) => call,
            _ => {
                let word = excerpt(word, ECHO_BYTES_MAX);
                exec.line(format_args!("{word} is no call. Usage: SHOW/STATION [call]"));
                return Next::Prompt;
            }
        },
    };
    if call == exec.user.call {
        let settings = exec.user.settings.clone();
        let last = exec.user.last_login;
        tell(exec, call, Some(&settings), last);
        return Next::Prompt;
    }
    exec.ask_accounts(Question::Look { call }, call.as_str(), |exec, about, reply| {
        let Some(call) = Call::new(about.as_bytes()) else { return };
        match reply {
            Reply::Account(Some(account)) => tell(exec, call, account.settings.as_ref(), account.last_login),
            Reply::Account(None) if is_here(exec, &call).is_some() => tell(exec, call, None, None),
            Reply::Account(None) => exec.line(format_args!("{call} has never been here.")),
            Reply::Done(Err(why)) => exec.line(format_args!("Not known now: {why}")),
            _ => exec.line(format_args!("Not known now. Try again.")),
        }
    })
}

/// Since when he is logged in, and whether he is away.
fn is_here(exec: &Exec<'_>, call: &Call) -> Option<(Utc, bool)> {
    let user = exec.node.users.iter().find(|user| user.call == *call)?;
    Some((user.since, user.standing.is_away))
}

fn tell(exec: &mut Exec<'_>, call: Call, settings: Option<&Settings>, last_login: Option<Utc>) {
    let is_own = call == exec.user.call;
    let mut row = |name: &str, value: &str| exec.line(format_args!("{name:<10}{}", clean(value)));
    row("Call", call.as_str());
    row("Name", or_not_set(settings.map_or("", |s| &s.name)));
    row("QTH", or_not_set(settings.map_or("", |s| &s.qth)));
    let grid = settings.map_or("", |s| s.grid.as_str());
    let place = settings.and_then(|s| s.location).map_or(String::new(), |at| format!(" ({})", degrees(at)));
    row("Grid", &format!("{}{place}", or_not_set(grid)));
    if !is_own {
        let heading = heading_of(exec, call, settings);
        exec.line(format_args!("{:<10}{heading}", "Heading"));
    }
    let home_node = settings.map(|s| s.home_node).filter(|node| !node.is_empty());
    let home_node = home_node.map_or("not set".into(), |node| node.to_string());
    exec.line(format_args!("{:<10}{home_node}", "Home node"));
    let moment = |at: Utc| format!("{} {}", at.date_text(), at.hhmmz());
    if is_own {
        let away = if exec.user.settings.away { ", away" } else { "" };
        let since = moment(exec.user.since);
        exec.line(format_args!("{:<10}here since {since}{away}", "Seen"));
        if let Some(at) = last_login {
            exec.line(format_args!("{:<10}{}", "Before", moment(at)));
        }
        return;
    }
    let seen = match (is_here(exec, &call), last_login) {
        (Some((since, is_away)), _) => {
            format!("here since {}{}", moment(since), if is_away { ", away" } else { "" })
        }
        (None, Some(at)) => format!("last log-in {}, not here now", moment(at)),
        (None, None) => "not here now".into(),
    };
    exec.line(format_args!("{:<10}{seen}", "Seen"));
}

/// The way to him from where the asker is; with how far it may be trusted.
fn heading_of(exec: &Exec<'_>, call: Call, settings: Option<&Settings>) -> String {
    let told = settings.and_then(|s| ground(s.location, s.grid));
    let guessed = || exec.node.cty.lookup(&owner(&call)).place().map(middle);
    let (to, guess) = match (told, guessed()) {
        (Some(at), _) => (at, ""),
        (None, Some(at)) => (at, ", to the middle of the country"),
        (None, None) => return "not known".into(),
    };
    match home(exec) {
        None => "not known: SET/GRID tells where you are".into(),
        Some((from, None)) => format!("{}{guess}", path_text(from, to)),
        Some((from, Some(_))) => format!("{}{guess}, your own place is not set (SET/GRID)", path_text(from, to)),
    }
}

/// What somebody else typed, without anything that a terminal obeys.
fn clean(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    wash(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
