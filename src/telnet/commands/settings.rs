//! What a user sets about his terminal, his lines and his stream.

use super::myself::{degrees, or_not_set, tell_buddies, text_of};
use super::resolve::Args;
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::{Dialect, Noise, PAGE_AUTO, Streams};
use crate::config::Dedupe;
use crate::telnet::wash::excerpt;
use crate::wire::{LineFormat, LineStyle, Trailers};

/// Pages of so many lines and more are none: programs send 9999 (clients 5.10).
const PAGE_LINES_MAX: u16 = 1_000;

pub(super) const fn row(
    path: &'static str,
    run: fn(&mut Exec<'_>, &Args<'_>) -> Next,
    usage: &'static str,
    brief: &'static str,
    more: &'static str,
) -> Command {
    Command { path, run, usage, brief, more }
}

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    // --- the terminal
    row(
        "DIALECT",
        dialect,
        "DIALECT [GO|CC|SPIDER|AR|LIST]",
        "whose habits the prompt follows",
        "Commands that mean one thing work in every dialect. The dialect decides where\n\
         clusters differ: what SH/DX shows, SET/GRID alone, wordings of replies.",
    ),
    row("SET/DIALECT", dialect, "SET/DIALECT GO|CC|SPIDER|AR", "same as DIALECT", ""),
    row(
        "SET/PAGE",
        page,
        "SET/PAGE n|AUTO|OFF",
        "cut long replies into pages",
        "n lines a page; 0 or 9999 = off; AUTO = as long as your window, if your\n\
         program tells it. Enter goes on, A aborts, another command ends the\n\
         reply and is run.\n\
         Spots go on meanwhile.",
    ),
    row("UNSET/PAGE", no_page, "UNSET/PAGE", "same as SET/PAGE OFF", ""),
    row(
        "SET/PROMPT",
        own_prompt,
        "SET/PROMPT text",
        "a prompt of your own",
        "%C is your call, %M the node's, %D the date, %T the time, %% a percent sign.",
    ),
    row("UNSET/PROMPT", no_prompt, "UNSET/PROMPT", "the node's prompt", ""),
    row(
        "SET/ECHO",
        |exec, _| set_echo(exec, true),
        "SET/ECHO",
        "accepted for other programs' sake",
        "This node never echoes: your terminal shows what you type.",
    ),
    row("UNSET/ECHO", |exec, _| set_echo(exec, false), "UNSET/ECHO", "accepted for other programs' sake", ""),
    row("SET/BEEP", |exec, args| beep(exec, args, true), "SET/BEEP", "a bell with each spot", ""),
    row("UNSET/BEEP", |exec, args| beep(exec, args, false), "UNSET/BEEP", "no bell", ""),
    row(
        "SET/LINEWISE",
        |exec, args| linewise(exec, args, true),
        "SET/LINEWISE [ON|OFF]",
        "one spot per network packet",
        "For programs that read one spot at a time and lose the others; at most 50 a\n\
         second.",
    ),
    row("UNSET/LINEWISE", |exec, args| linewise(exec, args, false), "UNSET/LINEWISE", "same as OFF", ""),
    // --- the line
    row(
        "SET/FORMAT",
        format,
        "SET/FORMAT CLASSIC|GOCLUSTER|CC11|JSON",
        "layout of spot lines",
        "CLASSIC is the 75-column line that every logging program reads. GOCLUSTER has\n\
         grid and confidence as well. CC11 is the line of SET/VE7CC, JSON that of\n\
         SET/JSON: both are for programs.",
    ),
    row("SET/VE7CC", ve7cc, "SET/VE7CC", "CC11 lines, for logging programs", ""),
    row("UNSET/VE7CC", normal, "UNSET/VE7CC", "classic lines again", ""),
    row("SET/JSON", json, "SET/JSON", "one JSON object per spot", ""),
    row("UNSET/JSON", normal, "UNSET/JSON", "classic lines again", ""),
    row("SET/NORMAL", normal, "SET/NORMAL", "classic lines again", ""),
    row(
        "SET/WIDTH",
        width,
        "SET/WIDTH n",
        "columns of your screen, 45 to 130",
        "The comment of classic lines grows or shrinks with it; 80 is usual.",
    ),
    row("UNSET/WIDTH", no_width, "UNSET/WIDTH", "80 columns again", ""),
    row("SET/RES", res, "SET/RES 1|2", "one or two decimals of kHz", ""),
    row("UNSET/RES", |exec, _| set_res(exec, false), "UNSET/RES", "one decimal again", ""),
    row(
        "SET/DXGRID",
        |exec, args| trailer(exec, args, Trailers::GRID, true),
        "SET/DXGRID",
        "locators behind the line",
        "",
    ),
    row("UNSET/DXGRID", |exec, args| trailer(exec, args, Trailers::GRID, false), "UNSET/DXGRID", "no locators", ""),
    row("UNSET/GRID", |exec, args| trailer(exec, args, Trailers::GRID, false), "UNSET/GRID", "no locators", ""),
    row("SET/DXCQ", |exec, args| trailer(exec, args, Trailers::CQ, true), "SET/DXCQ", "CQ zones on the line", ""),
    row("UNSET/DXCQ", |exec, args| trailer(exec, args, Trailers::CQ, false), "UNSET/DXCQ", "no CQ zones", ""),
    row("SET/DXITU", |exec, args| trailer(exec, args, Trailers::ITU, true), "SET/DXITU", "ITU zones on the line", ""),
    row("UNSET/DXITU", |exec, args| trailer(exec, args, Trailers::ITU, false), "UNSET/DXITU", "no ITU zones", ""),
    row(
        "SET/USSTATE",
        |exec, args| trailer(exec, args, Trailers::STATE, true),
        "SET/USSTATE",
        "US states on the line",
        "",
    ),
    row("UNSET/USSTATE", |exec, args| trailer(exec, args, Trailers::STATE, false), "UNSET/USSTATE", "no US states", ""),
    row("SET/OWN", own, "SET/OWN", "not here", "CC Cluster's own country names on the line; this node has none."),
    row("UNSET/OWN", own, "UNSET/OWN", "not here", ""),
    row(
        "SET/DX/EXTENSION",
        extension,
        "SET/DX/EXTENSION [GRID] [CQZONE] [ITUZONE] [STATE]",
        "what stands beside comment and time",
        "AR-Cluster's way to say SET/DXGRID, DXCQ, DXITU and USSTATE at once.",
    ),
    row("UNSET/DX/EXTENSION", no_extension, "UNSET/DX/EXTENSION", "nothing", ""),
    row(
        "SET/SKIMMERTAG",
        |exec, args| skimmer_tag(exec, args, true),
        "SET/SKIMMERTAG [ON|OFF]",
        "the -# behind skimmers' calls",
        "OFF for programs that stumble over it.",
    ),
    row("UNSET/SKIMMERTAG", |exec, args| skimmer_tag(exec, args, false), "UNSET/SKIMMERTAG", "same as OFF", ""),
    row(
        "SET/DIAG",
        diag,
        "SET/DIAG ON|OFF",
        "why a spot came to you, in place of its comment",
        "Source letter, the spotter's country by ADIF number, its field or zone, band,\n\
         and the letter of your dedupe policy. For this session only.",
    ),
    row("UNSET/DIAG", |exec, _| set_diag(exec, false), "UNSET/DIAG", "same as OFF", ""),
    // --- the stream
    row("SHOW/DEDUPE", show_dedupe, "SHOW/DEDUPE", "your dedupe policy and the windows of all", ""),
    row(
        "SET/DEDUPE",
        dedupe,
        "SET/DEDUPE FAST|MED|SLOW|OFF",
        "how long a station stays quiet after a spot",
        "One station on one frequency is shown once per window. FAST has the shortest\n\
         window, SLOW the longest, OFF shows every report.",
    ),
    row("UNSET/DEDUPE", no_dedupe, "UNSET/DEDUPE", "same as SET/DEDUPE OFF", ""),
    row(
        "SET/UPDATES",
        updates,
        "SET/UPDATES [ON|OFF]",
        "show repeats that are much stronger",
        "A repeat at least 6 dB stronger is then shown once per window. Off at first.",
    ),
    row("UNSET/UPDATES", no_updates, "UNSET/UPDATES", "same as SET/UPDATES OFF", ""),
    row(
        "SET/DX",
        |exec, args| stream(exec, args, DX, true),
        "SET/DX",
        "live spots",
        "UNSET/DX stops them; filters stay.",
    ),
    row("UNSET/DX", |exec, args| stream(exec, args, DX, false), "UNSET/DX", "no live spots", ""),
    row("SET/DX/OUTPUT", |exec, args| stream(exec, args, DX, true), "SET/DX/OUTPUT ON|OFF", "live spots on or off", ""),
    row("SET/ANN", |exec, args| stream(exec, args, ANN, true), "SET/ANN", "announcements", ""),
    row("UNSET/ANN", |exec, args| stream(exec, args, ANN, false), "UNSET/ANN", "no announcements", ""),
    row(
        "SET/ANN/OUTPUT",
        |exec, args| stream(exec, args, ANN, true),
        "SET/ANN/OUTPUT ON|OFF",
        "announcements on or off",
        "",
    ),
    row("SET/TALK", |exec, args| stream(exec, args, TALK, true), "SET/TALK", "what others say to you", ""),
    row(
        "UNSET/TALK",
        |exec, args| stream(exec, args, TALK, false),
        "UNSET/TALK",
        "nothing of what others say to you",
        "",
    ),
    row("SET/WX", |exec, args| stream(exec, args, WX, true), "SET/WX", "others' weather", ""),
    row("UNSET/WX", |exec, args| stream(exec, args, WX, false), "UNSET/WX", "no weather", ""),
    row("SET/WX/OUTPUT", |exec, args| stream(exec, args, WX, true), "SET/WX/OUTPUT ON|OFF", "weather on or off", ""),
    row("SET/WWV", |exec, args| stream(exec, args, WWV, true), "SET/WWV", "solar data of WWV", ""),
    row("UNSET/WWV", |exec, args| stream(exec, args, WWV, false), "UNSET/WWV", "no WWV", ""),
    row("SET/WWV/OUTPUT", |exec, args| stream(exec, args, WWV, true), "SET/WWV/OUTPUT ON|OFF", "WWV on or off", ""),
    row("SET/WCY", |exec, args| stream(exec, args, WCY, true), "SET/WCY", "solar data of DK0WCY", ""),
    row("UNSET/WCY", |exec, args| stream(exec, args, WCY, false), "UNSET/WCY", "no WCY", ""),
    row(
        "SET/LOGININFO",
        |exec, args| stream(exec, args, LOGINS, true),
        "SET/LOGININFO",
        "others' log-ins and log-outs",
        "",
    ),
    row(
        "UNSET/LOGININFO",
        |exec, args| stream(exec, args, LOGINS, false),
        "UNSET/LOGININFO",
        "no log-ins of others",
        "",
    ),
    row(
        "SET/SELF",
        |exec, args| stream(exec, args, OWN_CALL, true),
        "SET/SELF",
        "spots of your own call",
        "They come whatever your filter says. UNSET/SELF: they never come.",
    ),
    row("UNSET/SELF", |exec, args| stream(exec, args, OWN_CALL, false), "UNSET/SELF", "never", ""),
    row(
        "SET/SEEME",
        |exec, args| stream(exec, args, SEEME, true),
        "SET/SEEME",
        "every skimmer report of your own call",
        "Also those that the dedupe policy would hold back: who hears you, how well.",
    ),
    row("UNSET/SEEME", |exec, args| stream(exec, args, SEEME, false), "UNSET/SEEME", "not every one", ""),
    row(
        "SET/NOISE",
        noise,
        "SET/NOISE QUIET|RURAL|SUBURBAN|URBAN|INDUSTRIAL",
        "how noisy your place is",
        "Kept for predictions of what you can hear, which this node does not make yet.",
    ),
    row(
        "SET/SOLAR",
        solar,
        "SET/SOLAR 15|30|60|OFF",
        "minutes between solar summaries",
        "Kept; this node sends none yet.",
    ),
    row("UNSET/SOLAR", |exec, _| set_solar(exec, 0), "UNSET/SOLAR", "same as OFF", ""),
    row("SHOW/SETTINGS", show_settings, "SHOW/SETTINGS", "everything you set, on one screen", ""),
];

type Stream = (Streams, &'static str);
const DX: Stream = (Streams::DX, "Live spots");
const ANN: Stream = (Streams::ANN, "Announcements");
const TALK: Stream = (Streams::TALK, "Talk");
const WX: Stream = (Streams::WX, "Weather");
const WWV: Stream = (Streams::WWV, "WWV");
const WCY: Stream = (Streams::WCY, "WCY");
const LOGINS: Stream = (Streams::LOGINS, "Log-ins of others");
const OWN_CALL: Stream = (Streams::SELF, "Spots of your own call");
const SEEME: Stream = (Streams::SEEME, "All skimmer reports of your own call");

// --- the terminal

/// DIALECT and its replies (server 2.10), with our four.
fn dialect(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let now = exec.user.settings.dialect;
    let Some(word) = args.first() else {
        exec.line(format_args!("Current dialect: {}", now.name()));
        return Next::Prompt;
    };
    let word = excerpt(word, ECHO_BYTES_MAX).to_uppercase();
    match Dialect::parse(&word) {
        _ if word == "LIST" => tell_dialects(exec),
        Some(wanted) if wanted == now => exec.line(format_args!("Dialect already set to {}", now.name())),
        Some(wanted) => {
            exec.change(|s| s.dialect = wanted);
            exec.line(format_args!("Dialect set to {}", wanted.name()));
        }
        None => {
            exec.line(format_args!("Unknown dialect: {word}"));
            tell_dialects(exec);
        }
    }
    Next::Prompt
}

fn tell_dialects(exec: &mut Exec<'_>) {
    let mut names = Dialect::ALL.map(Dialect::name);
    names.sort_unstable();
    exec.line(format_args!("Available dialects: {}", names.join(", ")));
}

fn page(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let word = args.first().unwrap_or_default().to_ascii_uppercase();
    let number = std::str::from_utf8(&word).ok().and_then(|text| text.parse::<u32>().ok());
    let lines = match (&word[..], number) {
        (b"", _) => exec.user.settings.page_lines,
        (b"AUTO", _) => PAGE_AUTO,
        (b"OFF", _) => 0,
        (_, Some(n)) => u16::try_from(n).ok().filter(|n| *n < PAGE_LINES_MAX).unwrap_or(0),
        _ => {
            exec.line(format_args!("Usage: SET/PAGE n|AUTO|OFF"));
            return Next::Prompt;
        }
    };
    set_page(exec, lines)
}

fn no_page(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_page(exec, 0)
}

fn set_page(exec: &mut Exec<'_>, lines: u16) -> Next {
    if exec.user.settings.page_lines != lines {
        exec.change(|s| s.page_lines = lines);
    }
    let text = page_text(lines, exec.user.window_rows);
    exec.line(format_args!("Page: {text}"));
    Next::Prompt
}

fn page_text(lines: u16, window_rows: u16) -> String {
    match (lines, window_rows) {
        (0, _) => "off, replies come whole.".into(),
        (PAGE_AUTO, 0) => "as long as your window, whose size your program has not told.".into(),
        (PAGE_AUTO, rows) => format!("as long as your window, which has {rows} rows."),
        (lines, _) => format!("{lines} lines."),
    }
}

fn own_prompt(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let text = text_of(args.rest);
    if text.is_empty() {
        exec.line(format_args!("Usage: SET/PROMPT text, where %C is your call, %M the node's, %D date, %T time"));
        return Next::Prompt;
    }
    exec.change(|s| s.prompt = Some(text));
    exec.line(format_args!("Prompt: your own. UNSET/PROMPT brings the node's back."));
    Next::Prompt
}

fn no_prompt(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.prompt = None);
    exec.line(format_args!("Prompt: the node's."));
    Next::Prompt
}

/// SET/ECHO and UNSET/ECHO. Loggers send the latter at every log-in; nothing is ever echoed.
fn set_echo(exec: &mut Exec<'_>, on: bool) -> Next {
    if exec.user.settings.echo != on {
        exec.change(|s| s.echo = on);
    }
    exec.line(format_args!("Echo: OFF, your terminal shows what you type."));
    Next::Prompt
}

fn beep(exec: &mut Exec<'_>, args: &Args<'_>, on: bool) -> Next {
    if let Some(on) = switch_or(exec, args, "SET/BEEP [ON|OFF]", on) {
        exec.change(|s| s.preferences.style.beep = on);
        exec.line(format_args!("Beep: {}", on_off(on)));
    }
    Next::Prompt
}

fn linewise(exec: &mut Exec<'_>, args: &Args<'_>, on: bool) -> Next {
    if let Some(on) = switch_or(exec, args, "SET/LINEWISE [ON|OFF]", on) {
        exec.change(|s| s.linewise = on);
        exec.line(format_args!("Linewise: {}", on_off(on)));
    }
    Next::Prompt
}

// --- the line

fn format(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    const USAGE: &str = "SET/FORMAT CLASSIC|GOCLUSTER|CC11|JSON";
    let choices = [
        ("CLASSIC", LineFormat::Classic),
        ("GOCLUSTER", LineFormat::Gocluster),
        ("CC11", LineFormat::Cc11),
        ("JSON", LineFormat::Json),
    ];
    match choose(exec, args, USAGE, &choices) {
        Some(format) => set_format(exec, format),
        None => Next::Prompt,
    }
}

fn set_format(exec: &mut Exec<'_>, format: LineFormat) -> Next {
    exec.change(|s| s.preferences.style.format = format);
    exec.line(format_args!("Spot lines: {}.", format_name(format)));
    Next::Prompt
}

/// The words that clients wait for (clients 5.9), and what was done.
fn ve7cc(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.preferences.style.format = LineFormat::Cc11);
    exec.line(format_args!("Enhanced Spots Enabled: spot lines are set to CC11."));
    Next::Prompt
}

fn json(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_format(exec, LineFormat::Json)
}

fn normal(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_format(exec, LineFormat::Classic)
}

fn width(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let number = args.first().map(|word| std::str::from_utf8(word).ok().and_then(|text| text.parse::<u32>().ok()));
    match number {
        Some(Some(columns)) => {
            let range = u32::from(LineStyle::WIDTH_MIN)..=u32::from(LineStyle::WIDTH_MAX);
            if !range.contains(&columns) {
                exec.line(format_args!("Width goes from {} to {}.", range.start(), range.end()));
                return Next::Prompt;
            }
            exec.change(|s| s.preferences.style.width = columns as u8);
        }
        Some(None) => {
            exec.line(format_args!("Usage: SET/WIDTH n"));
            return Next::Prompt;
        }
        None => {}
    }
    let width = exec.user.settings.preferences.style.width;
    exec.line(format_args!("Width: {width} columns"));
    Next::Prompt
}

fn no_width(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.preferences.style.width = LineStyle::WIDTH);
    exec.line(format_args!("Width: {} columns", LineStyle::WIDTH));
    Next::Prompt
}

fn res(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first() {
        Some(b"1") => set_res(exec, false),
        Some(b"2") => set_res(exec, true),
        _ => {
            exec.line(format_args!("Usage: SET/RES 1|2"));
            Next::Prompt
        }
    }
}

fn set_res(exec: &mut Exec<'_>, two: bool) -> Next {
    exec.change(|s| s.preferences.style.two_decimals = two);
    exec.line(format_args!("Decimals of kHz: {}", if two { 2 } else { 1 }));
    Next::Prompt
}

pub(super) fn trailer(exec: &mut Exec<'_>, args: &Args<'_>, which: Trailers, on: bool) -> Next {
    if let Some(on) = switch_or(exec, args, "SET/DXGRID [ON|OFF]", on) {
        exec.change(|s| s.preferences.style.trailers.set(which, on));
        tell_trailers(exec);
    }
    Next::Prompt
}

fn tell_trailers(exec: &mut Exec<'_>) {
    let text = trailers_text(exec.user.settings.preferences.style.trailers);
    exec.line(format_args!("On the line: {text}"));
}

const TRAILERS: [(&str, Trailers); 4] =
    [("GRID", Trailers::GRID), ("CQZONE", Trailers::CQ), ("ITUZONE", Trailers::ITU), ("STATE", Trailers::STATE)];

fn trailers_text(trailers: Trailers) -> String {
    let names: Vec<&str> = TRAILERS.iter().filter(|(_, one)| trailers.has(*one)).map(|(name, _)| *name).collect();
    if names.is_empty() { "nothing more".into() } else { names.join(", ") }
}

fn own(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("This node has no country names of its own. SH/PREFIX call tells the country."));
    Next::Prompt
}

fn extension(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let mut wanted = Trailers::default();
    let mut unknown: Vec<String> = Vec::new();
    for word in args.words().flat_map(|word| word.split(|&b| b == b',')).filter(|word| !word.is_empty()) {
        match TRAILERS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())) {
            Some((_, one)) => wanted.set(*one, true),
            None if unknown.len() < WORDS_TOLD_MAX => unknown.push(excerpt(word, ECHO_BYTES_MAX)),
            None => {}
        }
    }
    // A list of which nothing is known changes nothing: it was meant for another cluster.
    if wanted != Trailers::default() {
        exec.change(|s| s.preferences.style.trailers = wanted);
    }
    match unknown.is_empty() {
        true => tell_trailers(exec),
        false => {
            let text = trailers_text(exec.user.settings.preferences.style.trailers);
            exec.line(format_args!("On the line: {text}. Not known here: {}", unknown.join(", ")));
        }
    }
    Next::Prompt
}

/// Unknown words of a list that are repeated.
const WORDS_TOLD_MAX: usize = 8;

fn no_extension(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.preferences.style.trailers = Trailers::default());
    tell_trailers(exec);
    Next::Prompt
}

fn skimmer_tag(exec: &mut Exec<'_>, args: &Args<'_>, on: bool) -> Next {
    if let Some(on) = switch_or(exec, args, "SET/SKIMMERTAG [ON|OFF]", on) {
        exec.change(|s| s.preferences.style.bare_skimmers = !on);
        exec.line(format_args!("-# behind skimmers' calls: {}", on_off(on)));
    }
    Next::Prompt
}

fn diag(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first().map(<[u8]>::to_ascii_uppercase).as_deref() {
        Some(b"ON") => set_diag(exec, true),
        Some(b"OFF") => set_diag(exec, false),
        _ => {
            exec.line(format_args!("Usage: SET DIAG <ON|OFF>"));
            Next::Prompt
        }
    }
}

fn set_diag(exec: &mut Exec<'_>, on: bool) -> Next {
    exec.change(|s| s.preferences.style.diag = if on { policy_letter(s.preferences.dedupe) } else { 0 });
    exec.line(format_args!("Diagnostic comments: {}", on_off(on)));
    Next::Prompt
}

fn policy_letter(dedupe: Dedupe) -> u8 {
    dedupe_name(dedupe).as_bytes()[0]
}

// --- the stream

/// SET/DEDUPE. In the go dialect the replies are GoCluster's (server 2.6).
fn dedupe(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    const CHOICES: [(&str, Dedupe); 5] = [
        ("FAST", Dedupe::Fast),
        ("MEDIUM", Dedupe::Med),
        ("SLOW", Dedupe::Slow),
        ("OFF", Dedupe::Off),
        ("NONE", Dedupe::Off),
    ];
    let is_go = exec.user.settings.dialect == Dialect::Go;
    let usage = if is_go { "SET DEDUPE <FAST|MED|SLOW|OFF>" } else { "SET/DEDUPE FAST|MED|SLOW|OFF" };
    match args.first().map(|word| short_for(word, &CHOICES)) {
        Some(Some(wanted)) => set_dedupe(exec, wanted),
        None if !is_go && exec.user.settings.dialect == Dialect::Cc => {
            // CC Cluster's SET/DEDUPE has no argument: on again.
            let of_node = exec.node.settings.telnet.dedupe;
            set_dedupe(exec, if of_node == Dedupe::Off { Dedupe::Med } else { of_node });
        }
        _ => exec.line(format_args!("Usage: {usage}")),
    }
    Next::Prompt
}

fn set_dedupe(exec: &mut Exec<'_>, wanted: Dedupe) {
    let chosen = resolved(exec, wanted);
    exec.change(|s| {
        s.preferences.dedupe = chosen;
        if s.preferences.style.diag != 0 {
            s.preferences.style.diag = policy_letter(chosen);
        }
    });
    if exec.user.settings.dialect != Dialect::Go {
        return tell_dedupe(exec);
    }
    let name = dedupe_name(chosen);
    match window_s(exec, chosen) {
        _ if chosen == wanted && chosen == Dedupe::Off => exec.line(format_args!("Dedupe policy set to {name}")),
        0 => exec.line(format_args!("Dedupe policy set to {name} (secondary disabled)")),
        _ if chosen != wanted => {
            exec.line(format_args!("Dedupe policy set to {name} (requested {} disabled)", dedupe_name(wanted)));
        }
        _ => exec.line(format_args!("Dedupe policy set to {name}")),
    }
}

/// The policy itself when the node has it on, else the first that it has; none = FAST (server 2.6).
fn resolved(exec: &Exec<'_>, wanted: Dedupe) -> Dedupe {
    if wanted == Dedupe::Off || window_s(exec, wanted) > 0 {
        return wanted;
    }
    let mut all = [Dedupe::Fast, Dedupe::Med, Dedupe::Slow].into_iter();
    all.find(|policy| window_s(exec, *policy) > 0).unwrap_or(Dedupe::Fast)
}

/// The window of a policy here; 0 = turned off.
fn window_s(exec: &Exec<'_>, dedupe: Dedupe) -> u32 {
    let windows = &exec.node.settings.dedup;
    match dedupe {
        Dedupe::Fast => windows.fast_s,
        Dedupe::Med => windows.med_s,
        Dedupe::Slow => windows.slow_s,
        Dedupe::Off => 0,
    }
}

fn no_dedupe(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_dedupe(exec, Dedupe::Off);
    Next::Prompt
}

/// One line: the policy and what it means.
fn tell_dedupe(exec: &mut Exec<'_>) {
    let chosen = exec.user.settings.preferences.dedupe;
    let name = dedupe_name(chosen);
    match (chosen, window_s(exec, chosen)) {
        (Dedupe::Off, _) => exec.line(format_args!("Dedupe: OFF, every report is shown.")),
        (_, 0) => exec.line(format_args!("Dedupe: {name}, which this node has turned off: every report is shown.")),
        (_, s) => exec.line(format_args!("Dedupe: {name}, a repeat within {s} s is not shown.")),
    }
}

fn show_dedupe(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    if exec.user.settings.dialect == Dialect::Go {
        let chosen = exec.user.settings.preferences.dedupe;
        let (name, key) = match chosen {
            Dedupe::Off => ("OFF", "every report"),
            Dedupe::Slow => ("SLOW", "cqzone"),
            other => (dedupe_name(other), "grid2"),
        };
        let is_on = |policy| if window_s(exec, policy) > 0 { "on" } else { "off" };
        let (fast, med, slow) = (is_on(Dedupe::Fast), is_on(Dedupe::Med), is_on(Dedupe::Slow));
        match (fast, med, slow) {
            ("off", "off", "off") => exec.line(format_args!("Dedupe: {name} ({key}) (secondary disabled)")),
            _ => exec.line(format_args!("Dedupe: {name} ({key}) (fast={fast} med={med} slow={slow})")),
        }
        return Next::Prompt;
    }
    tell_dedupe(exec);
    let windows = &exec.node.settings.dedup;
    let text = |seconds: u32| if seconds == 0 { "off".to_string() } else { format!("{seconds} s") };
    let (fast, med, slow) = (text(windows.fast_s), text(windows.med_s), text(windows.slow_s));
    exec.line(format_args!("Windows of this node: FAST {fast}, MED {med}, SLOW {slow}."));
    Next::Prompt
}

fn updates(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if let Some(on) = switch_or(exec, args, "SET/UPDATES [ON|OFF]", true) {
        set_updates(exec, on);
    }
    Next::Prompt
}

fn no_updates(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_updates(exec, false);
    Next::Prompt
}

fn set_updates(exec: &mut Exec<'_>, on: bool) {
    exec.change(|s| s.preferences.updates = on);
    match on {
        true => {
            let db = exec.node.settings.dedup.update_db;
            exec.line(format_args!("Updates: ON, a repeat at least {db} dB stronger is shown."));
        }
        false => exec.line(format_args!("Updates: OFF.")),
    }
}

fn stream(exec: &mut Exec<'_>, args: &Args<'_>, (which, name): Stream, on: bool) -> Next {
    if let Some(on) = switch_or(exec, args, "ON or OFF, or nothing", on) {
        if exec.user.settings.streams.has(which) != on {
            exec.change(|s| s.streams.set(which, on));
        }
        exec.line(format_args!("{name}: {}", on_off(on)));
    }
    Next::Prompt
}

fn noise(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let Some(word) = args.first() else {
        exec.line(format_args!("Usage: SET NOISE <QUIET|RURAL|SUBURBAN|URBAN|INDUSTRIAL>"));
        return Next::Prompt;
    };
    match Noise::ALL.into_iter().find(|noise| word.eq_ignore_ascii_case(noise.name().as_bytes())) {
        Some(noise) => {
            exec.change(|s| s.noise = noise);
            exec.line(format_args!("Noise class set to {}", noise.name()));
        }
        None => exec.line(format_args!("Unknown noise class. Use QUIET, RURAL, SUBURBAN, URBAN, or INDUSTRIAL.")),
    }
    Next::Prompt
}

fn solar(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match args.first().map(<[u8]>::to_ascii_uppercase).as_deref() {
        Some(b"15") => set_solar(exec, 15),
        Some(b"30") => set_solar(exec, 30),
        Some(b"60") => set_solar(exec, 60),
        Some(b"OFF") => set_solar(exec, 0),
        _ => {
            exec.line(format_args!("Usage: SET SOLAR <15|30|60|OFF>"));
            Next::Prompt
        }
    }
}

fn set_solar(exec: &mut Exec<'_>, minutes: u8) -> Next {
    exec.change(|s| s.solar_min = minutes);
    match minutes {
        0 => exec.line(format_args!("Solar summaries: OFF")),
        n => exec.line(format_args!("Solar summaries: every {n} minutes")),
    }
    Next::Prompt
}

fn show_settings(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let settings = exec.user.settings.clone();
    let style = settings.preferences.style;
    let place = settings.location.map_or(String::new(), |place| format!(" ({})", degrees(place)));
    let home = if settings.home_node.is_empty() { "not set" } else { settings.home_node.as_str() };
    let row = |exec: &mut Exec<'_>, name: &str, value: &str| exec.line(format_args!("{name:<10}{value}"));
    row(exec, "Call", &format!("{}{}", exec.user.call, if settings.away { ", away" } else { "" }));
    row(exec, "Name", or_not_set(&settings.name));
    row(exec, "QTH", or_not_set(&settings.qth));
    row(exec, "Grid", &format!("{}{place}", or_not_set(settings.grid.as_str())));
    row(exec, "Home node", home);
    row(exec, "Dialect", settings.dialect.name());
    let mut extras = vec![format!("{} columns", style.width), trailers_text(style.trailers)];
    for (on, name) in [
        (style.beep, "beep"),
        (style.two_decimals, "two decimals"),
        (style.bare_skimmers, "no -#"),
        (style.diag != 0, "DIAG"),
        (settings.linewise, "linewise"),
    ] {
        if on {
            extras.push(name.into());
        }
    }
    row(exec, "Lines", &format!("{}: {}", format_name(style.format), extras.join(", ")));
    let updates = if settings.preferences.updates { ", updates" } else { "" };
    row(exec, "Dedupe", &format!("{}{updates}", dedupe_name(settings.preferences.dedupe)));
    let names = [
        (Streams::DX, "DX"),
        (Streams::ANN, "ANN"),
        (Streams::TALK, "TALK"),
        (Streams::WX, "WX"),
        (Streams::WWV, "WWV"),
        (Streams::WCY, "WCY"),
        (Streams::LOGINS, "LOGININFO"),
        (Streams::SELF, "SELF"),
        (Streams::SEEME, "SEEME"),
    ];
    let names = |on: bool| {
        let named = names.iter().filter(|(one, _)| settings.streams.has(*one) == on).map(|(_, name)| *name);
        named.collect::<Vec<_>>().join(" ")
    };
    row(exec, "On", &names(true));
    row(exec, "Off", &names(false));
    row(exec, "Page", &page_text(settings.page_lines, exec.user.window_rows));
    row(exec, "Prompt", settings.prompt.as_deref().unwrap_or("the node's"));
    row(exec, "Noise", settings.noise.name());
    if !settings.buddies.is_empty() {
        tell_buddies(exec);
    }
    exec.line(format_args!("SHOW/FILTER tells what you see of the spots."));
    Next::Prompt
}

/// The choice that the first argument is short for; else says what could be said.
fn choose<T: Copy>(exec: &mut Exec<'_>, args: &Args<'_>, usage: &str, choices: &[(&str, T)]) -> Option<T> {
    let typed = args.first();
    let chosen = typed.and_then(|word| short_for(word, choices));
    if chosen.is_none() {
        match typed {
            Some(word) => {
                let word = excerpt(word, ECHO_BYTES_MAX);
                exec.line(format_args!("{word} is not one of the choices. Usage: {usage}"));
            }
            None => exec.line(format_args!("Usage: {usage}")),
        }
    }
    chosen
}

/// The one choice that a word is short for.
fn short_for<T: Copy>(word: &[u8], choices: &[(&str, T)]) -> Option<T> {
    let fits = |name: &str| word.len() <= name.len() && word.eq_ignore_ascii_case(&name.as_bytes()[..word.len()]);
    let mut fitting = choices.iter().filter(|(name, _)| fits(name));
    let (_, choice) = fitting.next()?;
    fitting.next().is_none().then_some(*choice)
}

/// ON or OFF as said; nothing said means `default`. After UNSET a word changes nothing about that.
fn switch_or(exec: &mut Exec<'_>, args: &Args<'_>, usage: &str, default: bool) -> Option<bool> {
    match args.first() {
        Some(_) if default => choose(exec, args, usage, &[("ON", true), ("OFF", false), ("YES", true), ("NO", false)]),
        _ => Some(default),
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

/// The name of a layout as it is typed.
pub(super) fn format_name(format: LineFormat) -> &'static str {
    match format {
        LineFormat::Classic => "CLASSIC",
        LineFormat::Gocluster => "GOCLUSTER",
        LineFormat::Cc11 => "CC11",
        LineFormat::Json => "JSON",
    }
}

/// The name of a policy as it is typed.
pub(in crate::telnet) fn dedupe_name(dedupe: Dedupe) -> &'static str {
    match dedupe {
        Dedupe::Fast => "FAST",
        Dedupe::Med => "MED",
        Dedupe::Slow => "SLOW",
        Dedupe::Off => "OFF",
    }
}
