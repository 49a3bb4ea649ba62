//! Questions about the past: SHOW/DX and its kin, announcements and reports of the sun, counts of spots.
//!
//! Nothing is looked up here. A command becomes a question to the store, whose answer is the reply.

use super::resolve::Args;
use super::show_dx::{ShowDx, ShowDxFault, read_show_dx};
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::Dialect;
use crate::config::Dedupe;
use crate::filter::Filter;
use crate::spot::{BulletinKind, Call, Utc, collapse_ssid, month_name};
use crate::store::{HISTORY_COUNT_MAX, Layout, Sources, SpotsWanted, Stats, StatsWanted, TALLY_DAYS, What};
use crate::telnet::wash::excerpt;
use crate::wire::{LineFormat, LineStyle};

/// Bulletins shown when no number is given.
const BULLETINS_DEFAULT: usize = 10;
const DAY_MS: i64 = 86_400_000;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "SHOW/DX",
        run: dx,
        usage: "SHOW/DX [count] [call] [band] [mode] [options]",
        brief: "the last spots",
        more: "Options in any order: SH/DX 25, SH/DX 10-20 (from the tenth newest on),\n\
               SH/DX 9a, SH/DX *ABC, EXACT call, 20m, 20m/cw, 14000-14100, HF, WARC,\n\
               BY call, INFO word or 'text' or {expression}, DAY 1-3 (days back), DXCC g,\n\
               BY_DXCC w,ve, ZONE 14, BY_ZONE 14,15, ITU, STATE, ORIGIN node, QSL,\n\
               IOTA [eu064], QRA [jn], and every term of ACCEPT/SPOTS.\n\
               AND, OR, NOT and brackets join them: SH/DX (by_zone 4 or by_zone 5) on 20m.\n\
               PEOPLE, SKIMMER, DIGITAL and ALL choose who reported. REAL prints live lines,\n\
               FILTER applies your filter. In the go dialect your filter always applies and\n\
               everybody's reports are shown; in the others people's only, unless you ask.",
    },
    Command {
        path: "SHOW/MYDX",
        run: my_dx,
        usage: "SHOW/MYDX [count] [options]",
        brief: "SHOW/DX through your filter",
        more: "",
    },
    Command {
        path: "SHOW/FDX",
        run: live_dx,
        usage: "SHOW/FDX [count] [options]",
        brief: "SHOW/DX in the layout of live spots",
        more: "",
    },
    Command {
        path: "SHOW/MYFDX",
        run: my_live_dx,
        usage: "SHOW/MYFDX [count] [options]",
        brief: "SHOW/FDX through your filter",
        more: "",
    },
    Command {
        path: "SHOW/DXBY",
        run: dx_by,
        usage: "SHOW/DXBY call [count] [options]",
        brief: "the last spots by this spotter",
        more: "The same as SHOW/DX BY call.",
    },
    Command {
        path: "SET/DX/COUNT",
        run: dx_count,
        usage: "SET/DX/COUNT n",
        brief: "how many spots SHOW/DX shows",
        more: "Up to 500. 0 goes back to what is usual in your dialect.",
    },
    Command {
        path: "SHOW/WWV",
        run: wwv,
        usage: "SHOW/WWV [count]",
        brief: "the last WWV reports: solar flux, A and K index",
        more: "",
    },
    Command { path: "SHOW/WCY", run: wcy, usage: "SHOW/WCY [count]", brief: "the last WCY reports", more: "" },
    Command {
        path: "SHOW/ANNOUNCE",
        run: announce,
        usage: "SHOW/ANNOUNCE [count]",
        brief: "the last announcements",
        more: "",
    },
    Command { path: "SHOW/WX", run: wx, usage: "SHOW/WX [count]", brief: "the last weather reports", more: "" },
    Command {
        path: "SHOW/HFSTATS",
        run: hf_stats,
        usage: "SHOW/HFSTATS [days] [date] [PEOPLE|SKIMMER|DIGITAL|ALL]",
        brief: "spots per day and band, 160 to 10 m",
        more: STATS_MORE,
    },
    Command {
        path: "SHOW/VHFSTATS",
        run: vhf_stats,
        usage: "SHOW/VHFSTATS [days] [date] [PEOPLE|SKIMMER|DIGITAL|ALL]",
        brief: "spots per day and band, 6 m and up",
        more: STATS_MORE,
    },
    Command {
        path: "SHOW/DXSTATS",
        run: dx_stats,
        usage: "SHOW/DXSTATS [days] [date]",
        brief: "spots per day by kind of reporter",
        more: STATS_MORE,
    },
];

const STATS_MORE: &str = "Counted since this node started, at most 31 days; repeats are left out. A date,\n\
                          as 6-Dec-2025 or 2025-12-06, is the last day shown. Without a word for whose\n\
                          reports, people's.";

// --- spots

/// SHOW/DX.
pub(super) fn dx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    show(exec, args, |_| {})
}

fn my_dx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    show(exec, args, |asked| asked.own_filter = true)
}

fn live_dx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    show(exec, args, |asked| asked.live = true)
}

fn my_live_dx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    show(exec, args, |asked| (asked.live, asked.own_filter) = (true, true))
}

fn dx_by(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if args.rest.trim_ascii().is_empty() {
        exec.line(format_args!("Usage: SHOW/DXBY call [count] [options], for example SHOW/DXBY G7BRN 5."));
        return Next::Prompt;
    }
    let by = [b"by ", args.rest].concat();
    show(exec, &Args { tied: args.tied, rest: &by }, |_| {})
}

fn show(exec: &mut Exec<'_>, args: &Args<'_>, also: fn(&mut ShowDx)) -> Next {
    match read_show_dx(args, &exec.filter_context()) {
        Ok(mut asked) => {
            also(&mut asked);
            let wanted = wanted(exec, asked);
            exec.ask_history(What::Spots(wanted))
        }
        Err(ShowDxFault { what, example }) => {
            exec.line(format_args!("{what}"));
            exec.line(format_args!("Example: {example}"));
            Next::Prompt
        }
    }
}

/// What the store is asked: the words, and the habits of the user and his dialect.
fn wanted(exec: &Exec<'_>, asked: ShowDx) -> SpotsWanted {
    let user = &exec.user;
    let is_go = user.settings.dialect == Dialect::Go;
    let is_filtered = is_go || asked.own_filter;
    let (since, until) = period(exec.node.now.utc, asked.days);
    SpotsWanted {
        count: asked.count.filter(|count| *count > 0).unwrap_or(count_default(exec)),
        skip: asked.skip,
        layout: layout(exec, asked.live),
        oldest_first: is_go,
        sources: asked.sources.unwrap_or(if is_go { Sources::ALL } else { Sources::PEOPLE }),
        terms: Filter::compile(&asked.terms),
        through: if is_filtered { user.filter.clone() } else { Filter::all() },
        own_call: if is_filtered { collapse_ssid(&user.call) } else { Call::EMPTY },
        repeats: user.settings.preferences.dedupe == Dedupe::Off,
        since,
        until,
        nothing: if is_go { "No spots available." } else { "No spots found." },
    }
}

/// Spots of SHOW/DX without a count: the user's choice, or what his dialect's users are used to.
fn count_default(exec: &Exec<'_>) -> usize {
    match (exec.user.settings.dx_count, exec.user.settings.dialect) {
        (0, Dialect::Go) => 50,
        (0, Dialect::Cc) => 30,
        (0, _) => 10,
        (count, _) => usize::from(count),
    }
}

/// The table of the dialect for classic lines; other formats stay as they are live, because who chose them
/// reads nothing else.
fn layout(exec: &Exec<'_>, live: bool) -> Layout {
    let settings = &exec.user.settings;
    let style = LineStyle { beep: false, diag: 0, ..settings.preferences.style };
    match (style.format, settings.dialect) {
        _ if live => Layout::Live(LineStyle { format: LineFormat::Classic, ..style }),
        (LineFormat::Classic, Dialect::Cc) => Layout::CcTable,
        (LineFormat::Classic, _) => Layout::Table,
        _ => Layout::Live(style),
    }
}

/// From the midnight that begins the earliest day to the one that ends the latest.
fn period(now: Utc, days: Option<(u32, u32)>) -> (Utc, Utc) {
    let Some((from, to)) = days else { return (Utc::from_ms(i64::MIN), Utc::from_ms(i64::MAX)) };
    let midnight = now.ms() - now.ms_of_day();
    let back = |days: u32| midnight - i64::from(days) * DAY_MS;
    (Utc::from_ms(back(to)), Utc::from_ms(back(from) + DAY_MS))
}

/// SET/DX/COUNT.
fn dx_count(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let count = args.first().and_then(|word| std::str::from_utf8(word).ok()?.parse::<usize>().ok());
    match count {
        Some(count) => {
            let count = count.min(HISTORY_COUNT_MAX);
            exec.change(|settings| settings.dx_count = count as u16);
            let shown = count_default(exec);
            exec.line(format_args!("SHOW/DX count: {shown}."));
        }
        None => exec.line(format_args!("Usage: SET/DX/COUNT n, up to {HISTORY_COUNT_MAX}. Example: SET/DX/COUNT 25")),
    }
    Next::Prompt
}

// --- bulletins

fn wwv(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    bulletins(exec, args, BulletinKind::Wwv)
}

fn wcy(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    bulletins(exec, args, BulletinKind::Wcy)
}

fn announce(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    bulletins(exec, args, BulletinKind::Announce)
}

fn wx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    bulletins(exec, args, BulletinKind::Wx)
}

/// No count is wrong: HRD says `sh/wwv 0`, others ask for thousands (clients 5.10).
fn bulletins(exec: &mut Exec<'_>, args: &Args<'_>, kind: BulletinKind) -> Next {
    let digits = |word: &[u8]| {
        let number = word.iter().take_while(|b| b.is_ascii_digit());
        number.fold(0usize, |n, b| n.saturating_mul(10).saturating_add(usize::from(b - b'0')))
    };
    let count = match args.first().map_or(0, digits) {
        0 => BULLETINS_DEFAULT,
        count => count.min(HISTORY_COUNT_MAX),
    };
    exec.ask_history(What::Bulletins { kind, count })
}

// --- counts

fn hf_stats(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    stats(exec, args, Stats::Hf)
}

fn vhf_stats(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    stats(exec, args, Stats::Vhf)
}

fn dx_stats(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    stats(exec, args, Stats::Dx)
}

fn stats(exec: &mut Exec<'_>, args: &Args<'_>, stats: Stats) -> Next {
    let mut wanted = StatsWanted { stats, days: TALLY_DAYS, until: exec.node.now.utc, sources: Sources::PEOPLE };
    for word in args.words() {
        let text = String::from_utf8_lossy(word);
        if let Ok(days) = text.parse::<usize>() {
            wanted.days = days.clamp(1, TALLY_DAYS);
        } else if let Some(date) = read_date(&text) {
            wanted.until = date;
        } else if let Some(sources) = super::show_dx::sources(&text) {
            wanted.sources = sources;
        } else {
            let word = excerpt(word, ECHO_BYTES_MAX);
            exec.line(format_args!("{word} is no number of days, no date, and none of PEOPLE, SKIMMER, DIGITAL, ALL."));
            exec.line(format_args!("Example: SH/HFSTATS 7 6-Dec-2025"));
            return Next::Prompt;
        }
    }
    exec.ask_history(What::Stats(wanted))
}

/// `6-Dec-2025`, `2025-12-06`.
fn read_date(text: &str) -> Option<Utc> {
    if let Some((date, _)) = Utc::parse(text) {
        return Some(date);
    }
    let [day, month, year] = text.split('-').collect::<Vec<_>>()[..] else { return None };
    let month = (1..=12).find(|n| month_name(*n).eq_ignore_ascii_case(month))?;
    Utc::parse(&format!("{year}-{month}-{day}")).map(|(date, _)| date)
}
