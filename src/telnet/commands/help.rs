//! HELP: the list, a page about one command, pages about subjects, and a search.

use super::resolve::{Args, find_topic};
use super::table::{ALIASES, Command, GROUPS, commands};
use super::{ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::Dialect;
use crate::spot::{Band, Mode};
use crate::telnet::wash::excerpt;

/// Columns of a help line.
const COLUMNS: usize = 78;
/// Finds of one search.
const FINDS_MAX: usize = 20;

/// A page about something that is no command.
struct Subject {
    name: &'static str,
    brief: &'static str,
    page: fn(&mut Exec<'_>),
}

static SUBJECTS: &[Subject] = &[
    Subject { name: "FILTERS", brief: "how to say what you want to see, with examples", page: filters },
    Subject { name: "DIALECTS", brief: "the habits of other clusters that work here", page: dialects },
    Subject { name: "BANDS", brief: "names of bands", page: bands },
    Subject { name: "MODES", brief: "names of modes", page: modes },
];

/// Runs HELP.
pub(super) fn help(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let topic = args.rest.trim_ascii();
    if topic.is_empty() {
        list(exec);
        return Next::Prompt;
    }
    if let Some(subject) = SUBJECTS.iter().find(|subject| begins(subject.name, topic)) {
        (subject.page)(exec);
        return Next::Prompt;
    }
    match find_topic(topic) {
        Some(command) => page(exec, command),
        None => search(exec, topic),
    }
    Next::Prompt
}

/// Runs APROPOS: the search without the page.
pub(super) fn apropos(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.rest.trim_ascii() {
        [] => exec.line(format_args!("Usage: APROPOS word, for example APROPOS grid")),
        word => search(exec, word),
    }
    Next::Prompt
}

/// Three letters of a subject are enough; fewer belong to commands.
fn begins(name: &str, topic: &[u8]) -> bool {
    topic.len() >= 3 && topic.len() <= name.len() && name.as_bytes()[..topic.len()].eq_ignore_ascii_case(topic)
}

/// The dialect whose users know a command; `None` for what everybody has.
fn home(path: &str) -> Option<Dialect> {
    let (first, second) = path.split_once('/').unwrap_or((path, ""));
    match (first, second) {
        ("PASS" | "REJECT", "") | ("RESET", "FILTER") => Some(Dialect::Go),
        ("SET" | "UNSET", "FILTER") => Some(Dialect::Cc),
        ("ACCEPT" | "REJECT" | "CLEAR", _) => Some(Dialect::Spider),
        ("SET" | "UNSET", rest) if rest.starts_with("DX/") => Some(Dialect::Ar),
        _ => None,
    }
}

/// A path as the dialect writes it.
fn spelt(path: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Go => path.replace('/', " "),
        _ => path.to_string(),
    }
}

fn list(exec: &mut Exec<'_>) {
    let dialect = exec.user.settings.dialect;
    let is_sysop = exec.user.is_sysop;
    exec.line(format_args!("Available commands of the {} dialect:", dialect.name()));
    for (group, rows) in GROUPS {
        let mut shown = rows.iter().filter(|command| home(command.path).is_none_or(|home| home == dialect)).peekable();
        if shown.peek().is_none() || (*group == "Sysop" && !is_sysop) {
            continue;
        }
        exec.line(format_args!("{group}"));
        for command in shown {
            exec.line(format_args!("  {:<17} - {}", spelt(command.path, dialect), command.brief));
        }
    }
    exec.line(format_args!("Type HELP <command> for details, HELP <word> to search. More pages:"));
    for subject in SUBJECTS {
        exec.line(format_args!("  HELP {:<12} - {}", subject.name, subject.brief));
    }
}

fn page(exec: &mut Exec<'_>, command: &Command) {
    let dialect = exec.user.settings.dialect;
    exec.line(format_args!("{} - {}.", spelt(command.path, dialect), command.brief));
    exec.line(format_args!("Usage: {}", command.usage));
    let aliases: Vec<&str> =
        ALIASES.iter().filter(|(_, path)| *path == command.path).map(|(alias, _)| *alias).collect();
    if !aliases.is_empty() {
        wrapped(exec, "Aliases: ", &aliases);
    }
    for line in command.more.lines() {
        exec.line(format_args!("{line}"));
    }
    if let Some(home) = home(command.path).filter(|home| *home != dialect) {
        exec.line(format_args!("A command of the {} dialect; it works in all.", home.name()));
    }
}

/// Commands whose help has the word.
fn search(exec: &mut Exec<'_>, word: &[u8]) {
    let dialect = exec.user.settings.dialect;
    let is_sysop = exec.user.is_sysop;
    let wanted = excerpt(word, ECHO_BYTES_MAX).to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let hidden = |command: &Command| {
        !is_sysop
            && GROUPS.iter().any(|(group, rows)| *group == "Sysop" && rows.iter().any(|row| std::ptr::eq(row, command)))
    };
    let finds: Vec<&Command> = commands()
        .filter(|c| has(c.path) || has(&c.path.replace('/', " ")) || has(c.brief) || has(c.more) || has(c.usage))
        .filter(|command| !hidden(command))
        .collect();
    if finds.is_empty() {
        exec.line(format_args!("No help about {}. HELP lists all commands.", excerpt(word, ECHO_BYTES_MAX)));
        return;
    }
    exec.line(format_args!("No command {}, but these speak of it:", excerpt(word, ECHO_BYTES_MAX)));
    for command in finds.iter().take(FINDS_MAX) {
        exec.line(format_args!("  {:<17} - {}", spelt(command.path, dialect), command.brief));
    }
    if finds.len() > FINDS_MAX {
        exec.line(format_args!("and {} more", finds.len() - FINDS_MAX));
    }
}

/// Items separated by commas over as many lines as it takes, further lines indented.
fn wrapped(exec: &mut Exec<'_>, head: &str, items: &[&str]) {
    let mut line = head.to_string();
    for (at, item) in items.iter().enumerate() {
        let last = at + 1 == items.len();
        if line.len() + item.len() + 1 > COLUMNS {
            exec.line(format_args!("{}", line.trim_end()));
            line = " ".repeat(head.len());
        }
        line.push_str(item);
        line.push_str(if last { "" } else { ", " });
    }
    exec.line(format_args!("{}", line.trim_end()));
}

fn filters(exec: &mut Exec<'_>) {
    for line in [
        "A filter says which spots you get. Every dialect works at any time; all that you",
        "say in them holds together, and EXPLAIN FILTER says it back in one sentence.",
        "",
        "GO      PASS BAND 20,40          only these bands",
        "        REJECT MODE FT8          everything but FT8",
        "        PASS DXCONT EU, PASS DECONT NA, PASS DXCALL K1*, PASS NEARBY ON",
        "CC      SET/FILTER DXBM/PASS 20-CW,15-SSB",
        "        SET/FILTER DXCTY/REJECT K,VE",
        "        SET/NOFT8, SET/SKIMMER",
        "SPIDER  ACCEPT/SPOTS 1 on hf/cw and by_zone 14,15",
        "        REJECT/SPOTS 2 info {ft8|ft4}     CLEAR/SPOTS ALL",
        "AR      SET/DX/FILTER not skimmer or (band=20 and cont=EU)",
        "",
        "PASS adds to what is allowed of a type, REJECT to what is blocked; blocked wins.",
        "ALL means the whole type: PASS BAND ALL. RESET FILTER gives the filter of new",
        "users, SET/NOFILTER opens everything. SHOW FILTER shows all and how to type it.",
        "EXPLAIN K1ABC 14025 CW says whether such a spot would reach you, and why not;",
        "EXPLAIN LAST 20 says it of the last twenty.",
    ] {
        exec.line(format_args!("{line}"));
    }
    exec.line(format_args!("List types:"));
    wrapped(
        exec,
        "  ",
        &[
            "BAND",
            "MODE",
            "SOURCE",
            "DXCALL",
            "DECALL",
            "CONFIDENCE",
            "DXCONT",
            "DECONT",
            "DXZONE",
            "DEZONE",
            "DXITU",
            "DEITU",
            "DXDXCC",
            "DEDXCC",
            "DXGRID2",
            "DEGRID2",
            "DXSTATE",
            "DESTATE",
            "SNR",
            "WPM",
            "FREQ",
            "COMMENT",
            "REFERENCE",
            "TIME",
        ],
    );
    exec.line(format_args!("Switches: BEACON, WWV, WCY, ANNOUNCE, SELF, NEARBY."));
    exec.line(format_args!("Names: HELP BANDS, HELP MODES."));
}

fn dialects(exec: &mut Exec<'_>) {
    for line in [
        "DIALECT GO|CC|SPIDER|AR chooses the habits of GoCluster, CC Cluster, DXSpider or",
        "AR-Cluster. Commands of all of them work always; the dialect decides how HELP",
        "spells them, what SHOW/DX shows without options, and how answers are worded.",
        "GO      SHOW DX goes through your filter, 50 spots, oldest first",
        "CC      SHOW/DX shows people's spots, 30, newest first",
        "SPIDER  SHOW/DX shows people's spots, 10, newest first",
        "AR      SHOW/DX shows people's spots, 10 or SET/DX/COUNT n, newest first",
    ] {
        exec.line(format_args!("{line}"));
    }
}

fn bands(exec: &mut Exec<'_>) {
    let names: Vec<&str> = Band::ALL.iter().map(|band| band.name()).collect();
    wrapped(exec, "Supported bands: ", &names);
    exec.line(format_args!("The m may be left out. SHOW BANDS has the limits."));
}

fn modes(exec: &mut Exec<'_>) {
    let names: Vec<&str> = Mode::all().map(Mode::name).collect();
    wrapped(exec, "Supported modes: ", &names);
    exec.line(format_args!("SSB means USB and LSB; PSK means PSK31, PSK63 and PSK125 too."));
}

/// `A`, `A or B`, `A, B or C`.
pub(super) fn or_list(choices: &[&str]) -> String {
    match choices {
        [] => String::new(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
