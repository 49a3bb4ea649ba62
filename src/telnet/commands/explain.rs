//! EXPLAIN: what the user's filter lets pass, and why it lets one spot pass and holds back another.

use super::dx::{PostFault, read_post};
use super::resolve::Args;
use super::settings::dedupe_name;
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::accounts::Streams;
use crate::config::Dedupe;
use crate::filter::{explain_in, headline, sentence_in, wrapped};
use crate::reference::enrich;
use crate::spot::{Class, Flags, Mode, Spot, base_call, collapse_ssid};
use crate::store::What;
use crate::telnet::wash::excerpt;
use crate::wire;

/// Spots explained when no number is given.
const LAST_DEFAULT: usize = 5;
/// Most spots explained at once: each takes several lines.
const LAST_MAX: usize = 100;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "EXPLAIN",
        run: spot,
        usage: "EXPLAIN call freq [mode]",
        brief: "would this spot reach you, and what decides",
        more: "The spot is taken as one that you post: EXPLAIN K1ABC 14025 CW. The answer\n\
               names the command that holds it back or lets it through, and the fact that\n\
               decides. See EXPLAIN/FILTER and EXPLAIN/LAST too.",
    },
    Command {
        path: "EXPLAIN/FILTER",
        run: filter,
        usage: "EXPLAIN/FILTER",
        brief: "your filter in one sentence",
        more: "SHOW/FILTER shows the commands that make it.",
    },
    Command {
        path: "EXPLAIN/LAST",
        run: last,
        usage: "EXPLAIN/LAST [count]",
        brief: "why you got the last spots, or did not",
        more: "Up to 100, the newest first, with what held each back or let it through.",
    },
];

/// EXPLAIN/FILTER.
fn filter(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    let sentence = sentence_in(&exec.user.settings.wish.expr(), &exec.filter_context());
    for line in wrapped(&sentence) {
        exec.line(format_args!("{line}"));
    }
    if !exec.user.settings.streams.has(Streams::DX) {
        exec.line(format_args!("But spots are switched off: SET/DX switches them on."));
    }
    Next::Prompt
}

/// EXPLAIN/LAST.
fn last(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let count = match args.first() {
        None => LAST_DEFAULT,
        Some(word) => match std::str::from_utf8(word).ok().and_then(|word| word.parse::<usize>().ok()) {
            Some(count @ 1..) => count.min(LAST_MAX),
            _ => {
                let word = excerpt(word, ECHO_BYTES_MAX);
                exec.line(format_args!("{word} is no number of spots. Example: EXPLAIN LAST 10"));
                return Next::Prompt;
            }
        },
    };
    let parts = exec.user.settings.wish.parts();
    exec.ask_history(What::Explain { parts, count })
}

/// EXPLAIN with a call and a frequency.
fn spot(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let draft = match read_post(args.rest) {
        Ok(draft) => draft,
        Err(PostFault::Usage | PostFault::NoFrequency) => {
            exec.line(format_args!("Usage: EXPLAIN call freq [mode], for example EXPLAIN K1ABC 14025 CW"));
            exec.line(format_args!("or EXPLAIN FILTER, EXPLAIN LAST 10."));
            return Next::Prompt;
        }
        Err(fault) => {
            exec.line(format_args!("{fault}"));
            return Next::Prompt;
        }
    };
    let said = wire::comment(draft.comment, draft.freq);
    let mut spot = Spot::empty();
    (spot.dx, spot.de, spot.de_grid) = (draft.dx, exec.user.call, exec.user.settings.grid);
    spot.set_freq(draft.freq);
    spot.time = exec.node.now.utc;
    spot.set_class(Class::Human);
    spot.feed = Spot::FEED_POSTS;
    spot.flags.set(Flags::BEACON, draft.dx.as_bytes().ends_with(b"/B"));
    spot.set_comment(draft.comment);
    spot.set_mode(said.mode);
    spot.set_snr(said.snr);
    spot.speed = said.speed;
    if matches!(said.mode, Mode::Cw | Mode::Rtty | Mode::Usb | Mode::Lsb) {
        // Nobody else has been heard there: the mark of a lone report.
        spot.confidence = b'?';
    }
    enrich(exec.node.cty, &mut spot);
    let reasons = explain_in(&exec.user.settings.wish.parts(), &spot, &exec.filter_context());
    exec.line(format_args!("{}", headline(&spot)));
    for line in reasons.iter().flat_map(|reason| wrapped(reason)) {
        exec.line(format_args!("{line}"));
    }
    if spot.mode() == Mode::Unknown {
        match excerpt(draft.comment.trim_ascii(), ECHO_BYTES_MAX) {
            word if word.is_empty() => {
                exec.line(format_args!("No mode was said: a live spot gets one by its frequency."))
            }
            word => exec.line(format_args!("{word} tells no mode: a live spot gets one by its frequency.")),
        }
    }
    tell_rules(exec, &spot);
    Next::Prompt
}

/// What decides beside the filter.
fn tell_rules(exec: &mut Exec<'_>, spot: &Spot) {
    if base_call(&spot.dx) == base_call(&collapse_ssid(&exec.user.call)) {
        match exec.user.settings.streams.has(Streams::SELF) {
            true => exec.line(format_args!("It is your own call: you get it whatever the filter says (SELF is on).")),
            false => exec.line(format_args!("It is your own call: you never get it (SELF is off).")),
        }
    }
    let windows = &exec.node.settings.dedup;
    let dedupe = exec.user.settings.preferences.dedupe;
    let window_s = match dedupe {
        Dedupe::Fast => windows.fast_s,
        Dedupe::Med => windows.med_s,
        Dedupe::Slow => windows.slow_s,
        Dedupe::Off => 0,
    };
    let name = dedupe_name(dedupe);
    match window_s {
        0 => exec.line(format_args!("Dedupe {name}: no repeat is held back.")),
        s => exec.line(format_args!("Dedupe {name}: held back if it repeats a spot of the last {s} s.")),
    }
    if !exec.user.settings.streams.has(Streams::DX) {
        exec.line(format_args!("But spots are switched off: SET/DX switches them on."));
    }
}
