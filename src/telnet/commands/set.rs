//! SET and UNSET.

use super::resolve::Args;
use super::{ECHO_BYTES_MAX, Exec, Next};
use crate::config::{Dedupe, LineFormat};
use crate::telnet::wash::excerpt;

/// SET/FORMAT.
pub(super) fn format(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let choices = [("CLASSIC", LineFormat::Classic), ("GOCLUSTER", LineFormat::Gocluster)];
    if let Some(format) = choose(exec, args, "SET/FORMAT CLASSIC|GOCLUSTER", &choices) {
        exec.user.preferences.format = format;
        exec.line(format_args!("Spot lines: {}.", format_name(format)));
    }
    Next::Prompt
}

/// SET/DEDUPE.
pub(super) fn dedupe(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let choices = [
        ("FAST", Dedupe::Fast),
        ("MEDIUM", Dedupe::Med),
        ("SLOW", Dedupe::Slow),
        ("OFF", Dedupe::Off),
        ("NONE", Dedupe::Off),
    ];
    if let Some(dedupe) = choose(exec, args, "SET/DEDUPE FAST|MED|SLOW|OFF", &choices) {
        exec.user.preferences.dedupe = dedupe;
        tell_dedupe(exec);
    }
    Next::Prompt
}

/// UNSET/DEDUPE.
pub(super) fn no_dedupe(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.user.preferences.dedupe = Dedupe::Off;
    tell_dedupe(exec);
    Next::Prompt
}

/// One line: the policy and what it means.
pub(super) fn tell_dedupe(exec: &mut Exec<'_>) {
    let windows = &exec.node.settings.dedup;
    let window_s = match exec.user.preferences.dedupe {
        Dedupe::Fast => windows.fast_s,
        Dedupe::Med => windows.med_s,
        Dedupe::Slow => windows.slow_s,
        Dedupe::Off => return exec.line(format_args!("Dedupe: OFF, every report is shown.")),
    };
    let name = dedupe_name(exec.user.preferences.dedupe);
    match window_s {
        0 => exec.line(format_args!("Dedupe: {name}, which this node has turned off: every report is shown.")),
        s => exec.line(format_args!("Dedupe: {name}, a repeat within {s} s is not shown.")),
    }
}

/// SET/UPDATES.
pub(super) fn updates(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if let Some(on) = switch(exec, args, "SET/UPDATES [ON|OFF]") {
        set_updates(exec, on);
    }
    Next::Prompt
}

/// UNSET/UPDATES.
pub(super) fn no_updates(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    set_updates(exec, false);
    Next::Prompt
}

fn set_updates(exec: &mut Exec<'_>, on: bool) {
    exec.user.preferences.updates = on;
    match on {
        true => {
            let db = exec.node.settings.dedup.update_db;
            exec.line(format_args!("Updates: ON, a repeat at least {db} dB stronger is shown."));
        }
        false => exec.line(format_args!("Updates: OFF.")),
    }
}

/// SET/NOFILTER.
pub(super) fn no_filter(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("No filter: every spot is shown."));
    Next::Prompt
}

/// SET/ECHO and UNSET/ECHO. Loggers send the latter at every log-in; nothing is ever echoed.
pub(super) fn echo(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("Echo: OFF, your terminal shows what you type."));
    Next::Prompt
}

/// SET/PAGE. Programs send `set/page 0` or `9999` so that nothing waits for a key; nothing ever does.
pub(super) fn page(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.line(format_args!("Page: 0, replies are never cut into pages."));
    Next::Prompt
}

/// The choice that the first argument is short for; else says what could be said.
fn choose<T: Copy>(exec: &mut Exec<'_>, args: &Args<'_>, usage: &str, choices: &[(&str, T)]) -> Option<T> {
    let typed = args.first();
    let chosen = typed.and_then(|word| {
        let fits = |name: &str| word.len() <= name.len() && word.eq_ignore_ascii_case(&name.as_bytes()[..word.len()]);
        let mut fitting = choices.iter().filter(|(name, _)| fits(name));
        let (_, choice) = fitting.next()?;
        fitting.next().is_none().then_some(*choice)
    });
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

/// ON or OFF; nothing said means ON.
fn switch(exec: &mut Exec<'_>, args: &Args<'_>, usage: &str) -> Option<bool> {
    match args.first() {
        None => Some(true),
        Some(_) => choose(exec, args, usage, &[("ON", true), ("OFF", false), ("YES", true), ("NO", false)]),
    }
}

/// The name of a layout as it is typed.
pub(super) fn format_name(format: LineFormat) -> &'static str {
    match format {
        LineFormat::Classic => "CLASSIC",
        LineFormat::Gocluster => "GOCLUSTER",
    }
}

/// The name of a policy as it is typed.
pub(super) fn dedupe_name(dedupe: Dedupe) -> &'static str {
    match dedupe {
        Dedupe::Fast => "FAST",
        Dedupe::Med => "MED",
        Dedupe::Slow => "SLOW",
        Dedupe::Off => "OFF",
    }
}
