//! Headings, distances, sun and moon, countries: what is asked about a place.

use super::resolve::{Args, words};
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::reference::{Lookup, Place};
use crate::sky::{Body, Day, Spot2d, heading, moon};
use crate::spot::{Call, Grid, Utc, canonical};
use crate::telnet::wash::excerpt;

/// Places that one command is answered about.
const PLACES_MAX: usize = 20;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "SHOW/HEADING",
        run: show_heading,
        usage: "SHOW/HEADING call [call...]",
        brief: "bearing and distance to a station",
        more: "From your place: SET/LOCATION, else SET/GRID, else the middle of your country.\n\
               A prefix or a locator will do: SH/HEADING 3D2, SH/HEADING JO65.",
    },
    Command {
        path: "SHOW/GRID",
        run: show_grid,
        usage: "SHOW/GRID locator [locator]",
        brief: "bearing and distance between locators",
        more: "With one locator, from your place. SH/QRA does the same.",
    },
    Command {
        path: "SHOW/PREFIX",
        run: show_prefix,
        usage: "SHOW/PREFIX call [call...]",
        brief: "entity, zones and position of a call",
        more: "CC is the ADIF number of the entity, IZ and CZ are the ITU and CQ zone.",
    },
    Command {
        path: "SHOW/DXCC",
        run: show_dxcc,
        usage: "SHOW/DXCC prefix|call",
        brief: "the DXCC entity of a prefix or call",
        more: "For spots of an entity: SH/DX DXCC prefix.",
    },
    Command {
        path: "SHOW/SUN",
        run: show_sun,
        usage: "SHOW/SUN [call|locator...]",
        brief: "sunrise and sunset, and where the sun stands",
        more: "Times are UTC, of today. Without a call, at your place and at this node.",
    },
    Command {
        path: "SHOW/MOON",
        run: show_moon,
        usage: "SHOW/MOON [call|locator...]",
        brief: "moonrise and moonset, its light and path loss",
        more: "Loss is what the path to the moon and back costs today beyond its least.",
    },
    Command {
        path: "SHOW/GRAYLINE",
        run: show_grayline,
        usage: "SHOW/GRAYLINE [call|locator...]",
        brief: "begin and end of twilight",
        more: "Civil twilight: the sun 6 degrees below the horizon.",
    },
];

/// A place that has a name.
struct Named {
    label: String,
    name: String,
    at: Spot2d,
}

/// Where the user is, and how we know: a line to say first, when it is a guess.
pub(super) fn home(exec: &Exec<'_>) -> Option<(Spot2d, Option<String>)> {
    let settings = &exec.user.settings;
    if let Some(at) = ground(settings.location, settings.grid) {
        return Some((at, None));
    }
    let guess = |call: &Call| exec.node.cty.lookup(call).place().map(middle);
    const WHY: &str = "Your place is not set (SET/GRID):";
    if let Some(at) = guess(&exec.user.call) {
        return Some((at, Some(format!("{WHY} reckoned from the middle of your country."))));
    }
    let node = Call::new(exec.node.settings.callsign.as_bytes())?;
    guess(&node).map(|at| (at, Some(format!("{WHY} reckoned from this node's country."))))
}

/// Where somebody is by what he told: the location before the middle of the locator.
pub(super) fn ground(location: Option<(f32, f32)>, grid: Grid) -> Option<Spot2d> {
    if let Some((lat, lon)) = location {
        return Some(Spot2d { lat_deg: lat.into(), lon_deg: lon.into() });
    }
    grid.center().map(|(lat_deg, lon_deg)| Spot2d { lat_deg, lon_deg })
}

pub(super) fn middle(place: &Place) -> Spot2d {
    Spot2d { lat_deg: place.lat_deg.into(), lon_deg: place.lon_deg.into() }
}

/// A locator, a call or a prefix.
fn find(exec: &Exec<'_>, word: &[u8]) -> Result<Named, String> {
    let text = excerpt(word, ECHO_BYTES_MAX).to_uppercase();
    if let Some((lat_deg, lon_deg)) = Grid::parse(word).and_then(|grid| grid.center()) {
        return Ok(Named { label: text, name: "locator".into(), at: Spot2d { lat_deg, lon_deg } });
    }
    match canonical(word).map(|call| exec.node.cty.lookup(&call)) {
        Some(Lookup::Found(place)) => Ok(Named { label: text, name: title(place), at: middle(place) }),
        Some(Lookup::Afloat) => Err(format!("{text} is afloat: nobody knows where.")),
        _ => Err(format!("{text} is neither a call of a known country nor a locator.")),
    }
}

/// Entity, and the country inside it when there is one.
fn title(place: &Place) -> String {
    match &place.area {
        Some(area) => format!("{area}, {}", place.name),
        None => place.name.clone(),
    }
}

/// What was asked about, at most [`PLACES_MAX`] words; bad ones are answered at once.
fn asked(exec: &mut Exec<'_>, args: &Args<'_>) -> Vec<Named> {
    let mut places = Vec::new();
    for word in words(args.rest).take(PLACES_MAX) {
        match find(exec, word) {
            Ok(place) => places.push(place),
            Err(why) => exec.line(format_args!("{why}")),
        }
    }
    places
}

fn show_heading(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if args.rest.trim_ascii().is_empty() {
        exec.line(format_args!("Usage: SHOW/HEADING call, for example SHOW/HEADING 3D2AG."));
        return Next::Prompt;
    }
    let Some((from, guess)) = home(exec) else {
        exec.line(format_args!("Your place is not known. Set it: SET/GRID JO31 or SET/LOCATION 51 30 N 7 0 E."));
        return Next::Prompt;
    };
    if let Some(guess) = guess {
        exec.line(format_args!("{guess}"));
    }
    for Named { label, name, at } in asked(exec, args) {
        exec.line(format_args!("{label} {name}: {}", path_text(from, at)));
    }
    Next::Prompt
}

/// Bearing, distance and bearing back (clients 1.12).
pub(super) fn path_text(from: Spot2d, to: Spot2d) -> String {
    let path = heading(from, to);
    format!(
        "{:.0} degs - dist: {:.0} mi, {:.0} km Reciprocal heading: {:.0} degs",
        whole(path.to_deg),
        path.miles(),
        path.km,
        whole(path.back_deg)
    )
}

/// Rounded, and 360 is 0.
fn whole(degrees: f64) -> f64 {
    degrees.round() % 360.0
}

fn show_grid(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let mut typed = words(args.rest);
    let (first, second) = (typed.next(), typed.next());
    let usage = "Usage: SHOW/GRID locator [locator], for example SHOW/GRID JO01 JN65.";
    let center = |word: &[u8]| {
        let (lat_deg, lon_deg) = Grid::parse(word)?.center()?;
        Some((excerpt(word, ECHO_BYTES_MAX).to_uppercase(), Spot2d { lat_deg, lon_deg }))
    };
    let ends = match (first, second) {
        (Some(first), Some(second)) => center(first).zip(center(second)),
        (Some(first), None) => home(exec).zip(center(first)).map(|((at, _), to)| (("You".to_string(), at), to)),
        (None, _) => None,
    };
    let Some(((from_label, from), (to_label, to))) = ends else {
        exec.line(format_args!("{usage}"));
        return Next::Prompt;
    };
    let path = heading(from, to);
    exec.line(format_args!(
        "{from_label}->{to_label} To: {:.0} Fr: {:.0} Dst: {:.0}Mi {:.0}Km",
        whole(path.to_deg),
        whole(path.back_deg),
        path.miles(),
        path.km
    ));
    Next::Prompt
}

fn show_prefix(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let mut typed = words(args.rest).take(PLACES_MAX).peekable();
    if typed.peek().is_none() {
        exec.line(format_args!("Usage: SHOW/PREFIX call, for example SHOW/PREFIX 9A1CIG."));
    }
    for word in typed {
        let text = excerpt(word, ECHO_BYTES_MAX).to_uppercase();
        match canonical(word).map(|call| exec.node.cty.lookup(&call)) {
            Some(Lookup::Found(place)) => {
                let (ns, ew) =
                    (if place.lat_deg < 0.0 { 'S' } else { 'N' }, if place.lon_deg < 0.0 { 'W' } else { 'E' });
                exec.line(format_args!(
                    "{text} CC: {} IZ: {} CZ: {} LL: {:.0} {ns} {:.0} {ew} {} ({}, {})",
                    place.adif,
                    place.itu,
                    place.cq,
                    place.lat_deg.abs(),
                    place.lon_deg.abs(),
                    place.grid,
                    place.prefix,
                    title(place)
                ));
            }
            Some(Lookup::Afloat) => exec.line(format_args!("{text} is on a ship or in an aircraft: no entity.")),
            _ => exec.line(format_args!("{text} belongs to no country that this node knows.")),
        }
    }
    Next::Prompt
}

/// GoCluster's line (server 2.5), without its list of other prefixes: country data has entities, not that list.
fn show_dxcc(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let Some(word) = words(args.rest).next() else {
        exec.line(format_args!("Usage: SHOW DXCC <prefix|callsign>"));
        return Next::Prompt;
    };
    let text = excerpt(word, ECHO_BYTES_MAX).to_uppercase();
    match canonical(word).map(|call| exec.node.cty.lookup(&call)) {
        Some(Lookup::Found(place)) => {
            let name = place.area.as_deref().unwrap_or(&place.name);
            exec.line(format_args!(
                "{text} -> ADIF {} | {name} ({}) | Prefix: {} | CQ {} | ITU {}",
                place.adif,
                place.continent.name(),
                place.prefix,
                place.cq,
                place.itu
            ));
        }
        _ => exec.line(format_args!("Unknown DXCC/prefix.")),
    }
    Next::Prompt
}

/// The places asked about, or the user's and the node's.
fn places(exec: &mut Exec<'_>, args: &Args<'_>) -> Vec<Named> {
    if !args.rest.trim_ascii().is_empty() {
        return asked(exec, args);
    }
    let mut places = Vec::new();
    if let Some((at, guess)) = home(exec) {
        let name = if guess.is_some() { "your country" } else { "your place" };
        places.push(Named { label: exec.user.call.to_string(), name: name.into(), at });
    }
    let callsign = exec.node.settings.callsign.clone();
    if let Ok(node) = find(exec, callsign.as_bytes()) {
        places.push(Named { name: format!("this node, {}", node.name), ..node });
    }
    places
}

fn show_sun(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    table(exec, args, Body::Sun, "Rise   Set    Azim Elev");
    Next::Prompt
}

fn show_grayline(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    table(exec, args, Body::Twilight, "Dawn   Dusk   Azim Elev");
    Next::Prompt
}

fn show_moon(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    table(exec, args, Body::Moon, "Rise   Set    Azim Elev");
    let moon = moon(exec.node.now.utc);
    exec.line(format_args!("The moon is {:.0}% lit, extra path loss {:.1} dB.", moon.lit * 100.0, moon.extra_loss_db));
    Next::Prompt
}

/// One line per place, in the columns of other nodes (clients 1.12).
fn table(exec: &mut Exec<'_>, args: &Args<'_>, body: Body, columns: &str) {
    let places = places(exec, args);
    if places.is_empty() {
        return;
    }
    let now = exec.node.now.utc;
    let (year, month, day) = now.civil();
    exec.line(format_args!("{:<37} dd/mm/yyyy {columns}", "Location"));
    for Named { label, name, at } in places {
        let name: String = name.chars().take(29).collect();
        let sight = body.sight(now, at);
        let (up, down) = events(&body.day(now, at));
        exec.line(format_args!(
            "{label:<7} {name:<29} {day:02}/{month:02}/{year:04} {up:<6} {down:<6} {:>4.0} {:>4.0}",
            whole(sight.azimuth_deg),
            sight.elevation_deg
        ));
    }
}

/// Rise and set as text; a day without either says so.
fn events(day: &Day) -> (String, String) {
    let text = |time: Option<Utc>| time.map_or_else(|| "-".to_string(), Utc::hhmmz);
    match (day.rise, day.set, day.up_at_start) {
        (None, None, true) => ("up all".into(), "day".into()),
        (None, None, false) => ("down".into(), "all day".into()),
        (rise, set, _) => (text(rise), text(set)),
    }
}
