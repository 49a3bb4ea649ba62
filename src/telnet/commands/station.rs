//! SHOW/STATION: what a user says of his station, and where that is.

use super::resolve::Args;
use super::settings::{degrees, or_not_set};
use super::sky::{home, middle, title, whole};
use super::{ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{Question, Reply, Settings};
use crate::sky::{Spot2d, heading};
use crate::spot::{Call, Utc, canonical, is_plausible};
use crate::telnet::wash::excerpt;

/// Runs SHOW/STATION.
pub(super) fn show_station(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let own = exec.user.call;
    let asked = args.first().map(|word| canonical(word).filter(is_plausible).ok_or(word));
    match asked.unwrap_or(Ok(own)) {
        Ok(call) if call == own => {
            // What he has now: his record may be on its way to the disk.
            let settings = exec.user.settings.clone();
            tell(exec, own, Some(&settings), exec.user.last_login);
            Next::Prompt
        }
        Ok(call) => exec.ask_accounts(Question::Look { call }, call.as_str(), |exec, about, reply| {
            let Some(call) = Call::new(about.as_bytes()) else { return };
            let (settings, last) = match reply {
                Reply::Account(Some(account)) => (account.settings, account.last_login),
                _ => (None, None),
            };
            tell(exec, call, settings.as_ref(), last);
        }),
        Err(word) => {
            let word = excerpt(word, ECHO_BYTES_MAX);
            exec.line(format_args!("{word} is no call. Usage: SHOW/STATION [call], for example SHOW/STATION K1ABC."));
            Next::Prompt
        }
    }
}

fn tell(exec: &mut Exec<'_>, call: Call, settings: Option<&Settings>, last: Option<Utc>) {
    let row = |exec: &mut Exec<'_>, name: &str, value: &str| exec.line(format_args!("{name:<10}{value}"));
    let away = if settings.is_some_and(|settings| settings.away) { ", away" } else { "" };
    let since = |at: Utc| format!("{} {}", at.date_text(), at.hhmmz());
    let seen = match (exec.node.users.iter().find(|user| user.call == call), last) {
        (Some(user), _) => format!("here since {}{away}", since(user.since)),
        (None, Some(last)) => format!("last here {}", since(last)),
        (None, None) => "never seen here".into(),
    };
    row(exec, "Call", &format!("{call}, {seen}"));
    if let Some(settings) = settings {
        let place = settings.location.map_or(String::new(), |place| format!(" ({})", degrees(place)));
        row(exec, "Name", or_not_set(&settings.name));
        row(exec, "QTH", or_not_set(&settings.qth));
        row(exec, "Grid", &format!("{}{place}", or_not_set(settings.grid.as_str())));
        row(exec, "Home node", or_not_set(settings.home_node.as_str()));
    }
    let country = exec.node.cty.lookup(&call).place();
    if let Some(place) = country {
        row(exec, "Country", &format!("{}, CQ {}, ITU {}", title(place), place.cq, place.itu));
    }
    let said = settings.and_then(|settings| {
        let located = settings.location.map(|(lat, lon)| (lat.into(), lon.into()));
        let (lat_deg, lon_deg) = located.or_else(|| settings.grid.center())?;
        Some(Spot2d { lat_deg, lon_deg })
    });
    let (Some(to), Some((from, _))) = (said.or(country.map(middle)), home(exec)) else { return };
    if call != exec.user.call {
        let path = heading(from, to);
        let (to, back) = (whole(path.to_deg), whole(path.back_deg));
        let (mi, km) = (path.miles(), path.km);
        let text = format!("{to:.0} degs - dist: {mi:.0} mi, {km:.0} km Reciprocal heading: {back:.0} degs");
        row(exec, "Heading", &text);
    }
}
