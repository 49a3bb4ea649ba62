//! What a user says about himself: name and place, password, buddies.

use super::resolve::Args;
use super::settings::{row, trailer};
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{Dialect, Question, Reply, Secret, Settings};
use crate::config::Registration;
use crate::spot::{Call, Grid, canonical, is_plausible};
use crate::telnet::wash::excerpt;
use crate::wire::Trailers;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    row("SET/NAME", name, "SET/NAME name", "your first name", "Without a name it shows the one you have."),
    row("SET/QTH", qth, "SET/QTH place", "where your station is", "Without a place it shows the one you have."),
    row(
        "SET/QRA",
        qra,
        "SET/QRA locator",
        "your locator, 4 or 6 characters",
        "Headings, distances and NEARBY count from there. SET/GRID with a locator does\n\
         the same.",
    ),
    row("UNSET/QRA", no_qra, "UNSET/QRA", "forget your locator", ""),
    row(
        "SET/GRID",
        grid,
        "SET/GRID locator",
        "your locator, 4 or 6 characters",
        "In the cc dialect SET/GRID alone shows the spotter's locator behind each line,\n\
         as SET/DXGRID does in all.",
    ),
    row(
        "SET/LOCATION",
        location,
        "SET/LOCATION 52 22 N 0 57 E",
        "latitude and longitude of your station",
        "Degrees and minutes, or decimals: 52.37 N 0.95 E, 52.37 0.95, where south and\n\
         west are negative. Your locator follows from it.",
    ),
    row("SET/STATION/NAME", name, "SET/STATION/NAME name", "same as SET/NAME", ""),
    row("SET/STATION/QTH", qth, "SET/STATION/QTH place", "same as SET/QTH", ""),
    row("SET/STATION/GRID", qra, "SET/STATION/GRID locator", "same as SET/QRA", ""),
    row("SET/STATION/LATLON", location, "SET/STATION/LATLON 32 0 N 111 0 W", "same as SET/LOCATION", ""),
    row("SET/STATION/EMAIL", email, "SET/STATION/EMAIL address", "same as SET/EMAIL", ""),
    row("SET/HOMENODE", home_node, "SET/HOMENODE call", "the node you call home", ""),
    row("SET/HERE", here, "SET/HERE", "you are at the radio", ""),
    row("UNSET/HERE", not_here, "UNSET/HERE", "you are away from the radio", "Others see it; nothing else changes."),
    row("SET/EMAIL", email, "SET/EMAIL address", "answered for other programs' sake", "This node keeps no addresses."),
    row("SET/ADDRESS", email, "SET/ADDRESS text", "answered for other programs' sake", "This node keeps no addresses."),
    row("SET/LANGUAGE", language, "SET/LANGUAGE en", "answered for other programs' sake", "This node speaks English."),
    row(
        "SET/PASSWORD",
        password,
        "SET/PASSWORD password",
        "protect your call with a password",
        "From then on log-in asks for it, and nobody comes in under your call without.\n\
         Where registration is open it registers you. Telnet is not encrypted: use a\n\
         password that you use nowhere else.",
    ),
    row("UNSET/PASSWORD", no_password, "UNSET/PASSWORD", "log in without a password again", ""),
    row("REGISTER", register, "REGISTER", "how to become a registered user", ""),
    row(
        "SET/BUDDY",
        buddy,
        "SET/BUDDY call",
        "be told when a call logs in or out",
        "Without a call it shows your buddies; up to 50.",
    ),
    row("UNSET/BUDDY", no_buddy, "UNSET/BUDDY call|ALL", "no longer", ""),
];

/// A text of a user as UTF-8, at most [`Settings::TEXT_MAX`] bytes. What is no UTF-8 is taken for Latin-1.
pub(super) fn text_of(typed: &[u8]) -> String {
    let typed = typed.trim_ascii();
    let mut text: String = match std::str::from_utf8(typed) {
        Ok(text) => text.into(),
        Err(_) => typed.iter().map(|&b| char::from(b)).filter(|c| !c.is_control()).collect(),
    };
    while text.len() > Settings::TEXT_MAX {
        text.pop();
    }
    text
}

pub(super) fn or_not_set(text: &str) -> &str {
    if text.is_empty() { "not set" } else { text }
}

fn name(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let name = text_of(args.rest);
    if !name.is_empty() {
        exec.change(|s| s.name = name);
    }
    exec.line(format_args!("Name: {}", or_not_set(&exec.user.settings.name.clone())));
    Next::Prompt
}

fn qth(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let qth = text_of(args.rest);
    if !qth.is_empty() {
        exec.change(|s| s.qth = qth);
    }
    exec.line(format_args!("QTH: {}", or_not_set(&exec.user.settings.qth.clone())));
    Next::Prompt
}

fn qra(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first() {
        Some(word) => set_grid(exec, word),
        None => {
            let grid = exec.user.settings.grid;
            exec.line(format_args!("Grid: {}", or_not_set(grid.as_str())));
        }
    }
    Next::Prompt
}

/// SET/GRID: with a word the user's locator; alone CC Cluster's switch, or GoCluster's usage line (server 2.9).
fn grid(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first() {
        None if exec.user.settings.dialect == Dialect::Cc => return trailer(exec, args, Trailers::GRID, true),
        None => exec.line(format_args!("Usage: SET GRID <4-6 char maidenhead>")),
        Some(word) => match (&*word.to_ascii_uppercase(), exec.user.settings.dialect) {
            (b"ON" | b"OFF", Dialect::Cc) => return trailer(exec, args, Trailers::GRID, true),
            _ => set_grid(exec, word),
        },
    }
    Next::Prompt
}

fn set_grid(exec: &mut Exec<'_>, word: &[u8]) {
    if word.len() < 4 {
        return exec.line(format_args!("Grid must be at least 4 characters (e.g., FN31)"));
    }
    match Grid::parse(word).filter(|_| word.len() <= 6) {
        None => exec.line(format_args!("Invalid grid. Please provide a 4-6 character Maidenhead locator.")),
        Some(grid) => {
            exec.change(|s| {
                s.location = None;
                live_at(s, grid);
            });
            exec.line(format_args!("Grid set to {}", grid.as_str()));
        }
    }
}

fn live_at(settings: &mut Settings, grid: Grid) {
    settings.grid = grid;
    settings.wish.set_home(grid);
}

fn no_qra(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| {
        s.location = None;
        live_at(s, Grid::NONE);
    });
    exec.line(format_args!("Grid: not set"));
    Next::Prompt
}

fn location(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if args.first().is_none() {
        let (grid, location) = (exec.user.settings.grid, exec.user.settings.location);
        let text = location.map_or("not set".into(), degrees);
        exec.line(format_args!("Location: {text}, grid {}", or_not_set(grid.as_str())));
        return Next::Prompt;
    }
    let place = read_location(args.rest).and_then(|place| Some((place, grid_of(place)?)));
    match place {
        Some(((lat, lon), grid)) => {
            exec.change(|s| {
                s.location = Some((lat as f32, lon as f32));
                live_at(s, grid);
            });
            exec.line(format_args!("Location: {}, grid {}", degrees((lat as f32, lon as f32)), grid.as_str()));
        }
        None => {
            exec.line(format_args!("That is no place. Usage: SET/LOCATION 52 22 N 0 57 E, or SET/LOCATION 52.37 0.95"))
        }
    }
    Next::Prompt
}

/// `52 22 N 0 57 E`, with seconds, with decimals, with a sign instead of a letter; degrees, north and east positive.
fn read_location(text: &[u8]) -> Option<(f64, f64)> {
    let text = std::str::from_utf8(text).ok()?.to_ascii_uppercase();
    let mut sides: Vec<f64> = Vec::new();
    let mut numbers: Vec<f64> = Vec::new();
    let mut has_letters = false;
    let is_break = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '°' | '\'' | '"');
    for word in text.split(is_break).filter(|word| !word.is_empty()) {
        let (number, letter) = match word.char_indices().next_back() {
            Some((at, letter @ ('N' | 'S' | 'E' | 'W'))) => (&word[..at], Some(letter)),
            _ => (word, None),
        };
        if !number.is_empty() {
            numbers.push(number.parse::<f64>().ok().filter(|n| n.is_finite())?);
        }
        if let Some(letter) = letter {
            has_letters = true;
            let is_latitude = matches!(letter, 'N' | 'S');
            if is_latitude != sides.is_empty() || sides.len() == 2 {
                return None;
            }
            // A letter says the side; AR-Cluster's programs send a sign beside it.
            let value = sexagesimal(&numbers)?.abs();
            sides.push(if matches!(letter, 'S' | 'W') { -value } else { value });
            numbers.clear();
        }
    }
    let (lat, lon) = match (has_letters, &sides[..], &numbers[..]) {
        (true, [lat, lon], []) => (*lat, *lon),
        (false, _, [lat, lon]) => (*lat, *lon),
        _ => return None,
    };
    (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some((lat, lon))
}

/// Degrees, minutes and seconds as degrees.
fn sexagesimal(numbers: &[f64]) -> Option<f64> {
    let (first, rest) = numbers.split_first()?;
    if rest.len() > 2 || rest.iter().any(|n| !(0.0..60.0).contains(n)) {
        return None;
    }
    let parts = rest.iter().zip([60.0, 3600.0]).map(|(n, unit)| n / unit).sum::<f64>();
    Some(first.abs() + parts)
}

/// The locator of a place, 6 characters.
fn grid_of((lat, lon): (f64, f64)) -> Option<Grid> {
    let square = Grid::from_lat_lon(lat, lon)?;
    let part = |degrees: f64, size: f64| b'A' + ((degrees.rem_euclid(size) / size * 24.0) as u8).min(23);
    let mut text = square.as_bytes().to_vec();
    text.push(part(lon.min(179.999_999) + 180.0, 2.0));
    text.push(part(lat.min(89.999_999) + 90.0, 1.0));
    Grid::parse(&text)
}

/// `52 22 N 0 57 E`.
pub(super) fn degrees((lat, lon): (f32, f32)) -> String {
    let side = |value: f32, plus: char, minus: char| {
        let minutes = (f64::from(value.abs()) * 60.0).round() as u32;
        format!("{} {} {}", minutes / 60, minutes % 60, if value < 0.0 { minus } else { plus })
    };
    format!("{} {}", side(lat, 'N', 'S'), side(lon, 'E', 'W'))
}

fn home_node(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if let Some(word) = args.first() {
        match canonical(word).filter(is_plausible) {
            Some(call) => exec.change(|s| s.home_node = call),
            None => {
                let word = excerpt(word, ECHO_BYTES_MAX);
                exec.line(format_args!("{word} is no call of a node."));
                return Next::Prompt;
            }
        }
    }
    let home = exec.user.settings.home_node;
    exec.line(format_args!("Home node: {}", or_not_set(home.as_str())));
    Next::Prompt
}

fn here(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.away = false);
    exec.line(format_args!("You are here."));
    Next::Prompt
}

fn not_here(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.away = true);
    exec.line(format_args!("You are away."));
    Next::Prompt
}

fn email(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("Not kept: this node stores no addresses."));
    Next::Prompt
}

fn language(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("Language: en, the only one of this node."));
    Next::Prompt
}

// --- password and registration

fn password(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let typed = args.rest.trim_ascii();
    if typed.is_empty() {
        exec.line(format_args!("Usage: SET/PASSWORD password"));
        return Next::Prompt;
    }
    let question = Question::SetPassword { call: exec.user.call, password: Some(Secret(typed.to_vec())) };
    exec.ask_accounts(question, "", |exec, _, reply| {
        if let Reply::Done(Ok(_)) = reply {
            let accounts = &exec.node.settings.accounts;
            exec.user.has_given_password = true;
            exec.user.is_registered |= accounts.registration == Registration::Open;
            exec.user.settle_posting(accounts.posting);
        }
        tell_done(exec, reply);
    })
}

fn no_password(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let question = Question::SetPassword { call: exec.user.call, password: None };
    exec.ask_accounts(question, "", |exec, _, reply| {
        if let Reply::Done(Ok(_)) = reply {
            let posting = exec.node.settings.accounts.posting;
            exec.user.has_given_password = false;
            exec.user.is_sysop = false;
            exec.user.settle_posting(posting);
        }
        tell_done(exec, reply);
    })
}

/// The accounts' own line, or why it was not done.
pub(super) fn tell_done(exec: &mut Exec<'_>, reply: Reply) {
    match reply {
        Reply::Done(Ok(line)) if line.is_empty() => exec.line(format_args!("Done.")),
        Reply::Done(Ok(line)) => exec.line(format_args!("{line}")),
        Reply::Done(Err(why)) => exec.line(format_args!("Not done: {why}")),
        _ => exec.line(format_args!("Not done.")),
    }
}

fn register(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let call = exec.user.call;
    match (exec.user.is_registered, exec.node.settings.accounts.registration) {
        (true, _) => exec.line(format_args!("{call} is registered.")),
        (false, Registration::Open) => {
            exec.line(format_args!("SET/PASSWORD password: with a password of your own {call} is registered."));
        }
        (false, Registration::Sysop) => exec.line(format_args!(
            "{call} is not registered. The sysops register users: ANN SYSOP text reaches those who are here."
        )),
    }
    Next::Prompt
}

fn buddy(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let Some(word) = args.first() else {
        tell_buddies(exec);
        return Next::Prompt;
    };
    let Some(call) = canonical(word).filter(|call| !call.is_empty()) else {
        let word = excerpt(word, ECHO_BYTES_MAX);
        exec.line(format_args!("{word} is no call."));
        return Next::Prompt;
    };
    let buddies = &exec.user.settings.buddies;
    if !buddies.contains(&call) {
        if buddies.len() >= Settings::BUDDIES_MAX {
            exec.line(format_args!("You have {} buddies, that is all there is room for.", Settings::BUDDIES_MAX));
            return Next::Prompt;
        }
        exec.change(|s| s.buddies.push(call));
    }
    tell_buddies(exec);
    Next::Prompt
}

fn no_buddy(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first() {
        None => exec.line(format_args!("Usage: UNSET/BUDDY call|ALL")),
        Some(word) if word.eq_ignore_ascii_case(b"ALL") => {
            exec.change(|s| s.buddies.clear());
            tell_buddies(exec);
        }
        Some(word) => {
            let call = canonical(word).unwrap_or_default();
            exec.change(|s| s.buddies.retain(|buddy| *buddy != call));
            tell_buddies(exec);
        }
    }
    Next::Prompt
}

pub(super) fn tell_buddies(exec: &mut Exec<'_>) {
    let buddies: Vec<&str> = exec.user.settings.buddies.iter().map(Call::as_str).collect();
    let text = if buddies.is_empty() { "none".to_string() } else { buddies.join(", ") };
    exec.line(format_args!("Buddies: {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_people_write_them() {
        let near = |text: &str, lat: f64, lon: f64| {
            let (got_lat, got_lon) = read_location(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert!((got_lat - lat).abs() < 0.001 && (got_lon - lon).abs() < 0.001, "{text}: {got_lat} {got_lon}");
        };
        near("52 22 N 0 57 E", 52.3667, 0.95);
        near("32 0 N -111 0 W", 32.0, -111.0);
        near("33 51 30 S 151 12 30 e", -33.8583, 151.2083);
        near("52.37 0.95", 52.37, 0.95);
        near("-33.86, 151.21", -33.86, 151.21);
        near("52.37N 0.95W", 52.37, -0.95);
        near("52.37 N, 0.95 W", 52.37, -0.95);
        near("0 30 S 0 30 W", -0.5, -0.5);
        for text in [
            "",
            "52",
            "52 N",
            "52 E 0 N",
            "91 0 N 0 0 E",
            "52 61 N 0 0 E",
            "52 0 N 181 0 E",
            "here",
            "1 2 3",
            "N E",
            "nan nan",
            "52 N 0 E 5",
        ] {
            assert_eq!(read_location(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn places_have_locators() {
        for (place, grid) in [
            ((52.3667, 0.95), "JO02LI"),
            ((-33.8583, 151.2083), "QF56OD"),
            ((90.0, 180.0), "RR99XX"),
            ((-90.0, -180.0), "AA00AA"),
        ] {
            assert_eq!(grid_of(place).unwrap().as_str(), grid, "{place:?}");
        }
        assert_eq!(degrees((52.3667, -0.95)), "52 22 N 0 57 W");
    }

    #[test]
    fn texts_are_short_and_any_encoding() {
        assert_eq!(text_of(b"  J\xFCrgen "), "Jürgen");
        assert_eq!(text_of("Jürgen".as_bytes()), "Jürgen");
        assert_eq!(text_of("ü".repeat(100).as_bytes()).len(), Settings::TEXT_MAX);
    }
}
