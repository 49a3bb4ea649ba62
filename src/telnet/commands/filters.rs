//! What a user wants to see: the commands of all dialects over one [`crate::filter::Wish`].
//!
//! A row here is a name, a help and a path; what the command means is the business of [`crate::filter`].

use super::resolve::Args;
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{Dialect, Streams};
use crate::telnet::wash::excerpt;

/// A row whose command goes to the wish under its path.
macro_rules! row {
    ($path:literal, $usage:literal, $brief:literal, $more:expr) => {
        Command {
            path: $path,
            run: |exec, args| {
                change(exec, $path, args);
                Next::Prompt
            },
            usage: $usage,
            brief: $brief,
            more: $more,
        }
    };
}

const SWITCH: &str = "People's spots are not touched. SET/SKIMMER tells what is on.";
const SLOTS: &str = "A slot is a digit, 1 when none is given. Slots are asked in order, REJECT\n\
                     before ACCEPT; the first that fits decides. Terms: on (band, kHz/kHz), call,\n\
                     by, info, call_dxcc, by_dxcc, call_zone, by_zone, state, db, mode; and, or,\n\
                     not, brackets. CLEAR/SPOTS ALL forgets them. Works in every dialect.";
const TOGGLE: &str = "On or off as a whole, without terms.";

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    row!(
        "PASS",
        "PASS type list, PASS type ALL",
        "let spots pass by band, mode, place and more",
        "Types: BAND, MODE, SOURCE, DXCALL, DECALL, CONFIDENCE, DXCONT, DECONT, DXZONE,\n\
         DEZONE, DXDXCC, DEDXCC, DXITU, DEITU, DXGRID2, DEGRID2, DXGRID, DEGRID,\n\
         DXSTATE, DESTATE, FREQ, SNR, WPM, TIME, COMMENT, REFERENCE; switches BEACON,\n\
         WWV, WCY, ANNOUNCE, SELF, NEARBY. The first PASS of a type lets only that pass,\n\
         the next ones add. What is rejected never passes. PASS BAND ALL opens a type.\n\
         Example: PASS BAND 20,40    PASS DXCALL K1*,*/P    PASS NEARBY 500"
    ),
    row!(
        "REJECT",
        "REJECT type list, REJECT type ALL",
        "hold spots back by band, mode, place and more",
        "The types are those of PASS. When the last element that was passed is rejected,\n\
         nothing of the type passes until PASS. Example: REJECT MODE FT8"
    ),
    row!(
        "RESET/FILTER",
        "RESET/FILTER",
        "back to the filter of new users",
        "Unlike SET/NOFILTER, which opens everything."
    ),
    Command {
        path: "SHOW/FILTER",
        run: show_filter,
        usage: "SHOW/FILTER",
        brief: "your filter, and the commands that make it",
        more: "The last lines can be typed back, here or on another day.",
    },
    row!(
        "SET/FILTER",
        "SET/FILTER name/PASS|REJECT|ON|OFF list",
        "filter as CC Cluster has it",
        "Names: DXBM (20-CW, 15-SSB, 6, HF, VHF), DXCTY (K,VE), DXSTATE, DOC and DOS\n\
         (country and state of the spotter), and the types of PASS.\n\
         Example: SET/FILTER DXBM/PASS 20-CW,15-SSB    SET/FILTER K,VE/PASS"
    ),
    row!(
        "UNSET/FILTER",
        "UNSET/FILTER [name list]",
        "reject a list; alone: show everything",
        "Example: UNSET/FILTER DXBM 160,80"
    ),
    row!(
        "SET/NOFILTER",
        "SET/NOFILTER",
        "show everything",
        "Your dedupe policy stays; for every single report, SET/DEDUPE OFF too."
    ),
    row!(
        "SET/SKIMMER",
        "SET/SKIMMER [modes]",
        "show spots of skimmers",
        "Modes: CW, RTTY, PSK, FT8, FT4 (FT for both), BEACON, OTHER; none = all.\n\
         Example: SET/SKIMMER CW,FT"
    ),
    row!("UNSET/SKIMMER", "UNSET/SKIMMER [modes]", "no spots of skimmers, or not of these modes", SWITCH),
    row!("SET/CW", "SET/CW", "show CW of skimmers", SWITCH),
    row!("UNSET/CW", "UNSET/CW", "no CW of skimmers", SWITCH),
    row!("SET/RTTY", "SET/RTTY", "show RTTY of skimmers", SWITCH),
    row!("UNSET/RTTY", "UNSET/RTTY", "no RTTY of skimmers", SWITCH),
    row!("SET/PSK", "SET/PSK", "show PSK of skimmers", SWITCH),
    row!("UNSET/PSK", "UNSET/PSK", "no PSK of skimmers", SWITCH),
    row!("SET/FT8", "SET/FT8", "show FT8 of skimmers", SWITCH),
    row!("UNSET/FT8", "UNSET/FT8", "no FT8 of skimmers", SWITCH),
    row!("SET/FT4", "SET/FT4", "show FT4 of skimmers", SWITCH),
    row!("UNSET/FT4", "UNSET/FT4", "no FT4 of skimmers", SWITCH),
    row!("SET/FTX", "SET/FTX", "show FT8 and FT4 of skimmers", SWITCH),
    row!("UNSET/FTX", "UNSET/FTX", "no FT8 and FT4 of skimmers", SWITCH),
    row!("SET/BEACON", "SET/BEACON", "show beacons", "Same as PASS BEACON."),
    row!("UNSET/BEACON", "UNSET/BEACON", "no beacons", "Same as REJECT BEACON."),
    row!("ACCEPT", "ACCEPT/SPOTS [slot] terms", "see ACCEPT/SPOTS", ""),
    row!("ACCEPT/SPOTS", "ACCEPT/SPOTS [slot] terms", "let spots pass, as DXSpider has it", SLOTS),
    row!("REJECT/SPOTS", "REJECT/SPOTS [slot] terms", "hold spots back, as DXSpider has it", SLOTS),
    row!("CLEAR", "CLEAR/SPOTS slot|ALL", "see CLEAR/SPOTS", ""),
    row!("CLEAR/SPOTS", "CLEAR/SPOTS slot|ALL", "forget slots", SLOTS),
    row!("ACCEPT/RBN", "ACCEPT/RBN [slot] terms", "the same for spots of skimmers", SLOTS),
    row!("REJECT/RBN", "REJECT/RBN [slot] terms", "the same for spots of skimmers", SLOTS),
    row!("CLEAR/RBN", "CLEAR/RBN slot|ALL", "forget slots for skimmers", SLOTS),
    row!("ACCEPT/ANNOUNCE", "ACCEPT/ANNOUNCE", "show announcements", TOGGLE),
    row!("REJECT/ANNOUNCE", "REJECT/ANNOUNCE [ALL]", "no announcements", TOGGLE),
    row!("CLEAR/ANNOUNCE", "CLEAR/ANNOUNCE", "show announcements", TOGGLE),
    row!("ACCEPT/WWV", "ACCEPT/WWV", "show WWV", TOGGLE),
    row!("REJECT/WWV", "REJECT/WWV [ALL]", "no WWV", TOGGLE),
    row!("CLEAR/WWV", "CLEAR/WWV", "show WWV", TOGGLE),
    row!("ACCEPT/WCY", "ACCEPT/WCY", "show WCY", TOGGLE),
    row!("REJECT/WCY", "REJECT/WCY [ALL]", "no WCY", TOGGLE),
    row!("CLEAR/WCY", "CLEAR/WCY", "show WCY", TOGGLE),
    row!(
        "SET/DX/FILTER",
        "SET/DX/FILTER [expression]",
        "filter as AR-Cluster has it",
        "Fields such as call, spotter, band, mode, freq, cty, cont, state, skimmer;\n\
         = <> < > [a,b], and, or, not, brackets. Empty: no such filter.\n\
         Example: SET/DX/FILTER not skimmer or (band=20 and cont=EU)"
    ),
    row!("UNSET/DX/FILTER", "UNSET/DX/FILTER", "forget the SET/DX/FILTER expression", ""),
    row!(
        "SET/DX/MODE",
        "SET/DX/MODE OPEN|FILTER",
        "put the SET/DX/FILTER expression out of force, or in",
        "The expression is kept."
    ),
    row!("SET/DX/DEFAULT", "SET/DX/DEFAULT", "AR-Cluster's filter of new users", ""),
];

/// Gives a command to the wish, says its reply, and takes the change over when there is one.
fn change(exec: &mut Exec<'_>, path: &str, args: &Args<'_>) {
    let mut line = path.to_string();
    for part in args.tied.into_iter().chain([args.rest]) {
        line.push(' ');
        // What a client sends between the printable characters is no part of a filter.
        line.extend(String::from_utf8_lossy(part).chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    let mut wish = exec.user.settings.wish.clone();
    let Some(outcome) = wish.command(&line, &exec.filter_context()) else {
        exec.line(format_args!("{path} cannot be run as it stands here. HELP {path} shows how."));
        return;
    };
    if outcome.done {
        exec.change(|settings| {
            settings.wish = wish;
            for (stream, on) in outcome.streams {
                settings.streams.set(stream, on);
            }
        });
    }
    for line in &outcome.reply {
        exec.line(format_args!("{line}"));
    }
    if path == "SET/NOFILTER" || path == "UNSET/FILTER" && args.first().is_none() {
        tell_switches(exec);
    }
}

/// What stays away without any filter, because it was switched off by a command of its own.
fn tell_switches(exec: &mut Exec<'_>) {
    let streams = exec.user.settings.streams;
    let switches = [
        (Streams::DX, "DX"),
        (Streams::SELF, "SELF"),
        (Streams::ANN, "ANN"),
        (Streams::WWV, "WWV"),
        (Streams::WCY, "WCY"),
    ];
    let off: Vec<&str> = switches.iter().filter(|(one, _)| !streams.has(*one)).map(|(_, name)| *name).collect();
    if let Some(first) = off.first() {
        exec.line(format_args!("Still switched off: {}. SET/{first} switches on.", off.join(", ")));
    }
}

/// SHOW/FILTER.
fn show_filter(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let settings = &exec.user.settings;
    let wish = &settings.wish;
    let is_spider = settings.dialect == Dialect::Spider;
    let mut lines = match is_spider {
        true => wish.show_spider(exec.user.call.as_str(), &exec.filter_context()),
        false => wish.show(exec.user.call.as_str(), settings.streams, &exec.filter_context()),
    };
    // GoCluster's users once typed SHOW FILTER BAND; DXSpider's type SH/FILTER of another's call.
    if let Some(word) = args.first() {
        let word = excerpt(word, ECHO_BYTES_MAX).to_uppercase();
        lines.push(match settings.dialect {
            Dialect::Go => format!("Note: SHOW FILTER {word} is deprecated. Use SHOW FILTER."),
            _ => format!("Note: SHOW/FILTER {word} is deprecated. Use SHOW/FILTER or SH/FILTER."),
        });
    }
    lines.extend(wish.show_commands());
    for line in &lines {
        exec.line(format_args!("{line}"));
    }
    Next::Prompt
}
