//! What a user sets about himself and his stream.

use super::resolve::Args;
use super::{Command, ECHO_BYTES_MAX, Exec, Next};
use crate::config::Dedupe;
use crate::telnet::wash::excerpt;
use crate::wire::LineFormat;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "SHOW/DEDUPE",
        run: show_dedupe,
        usage: "SHOW/DEDUPE",
        brief: "your dedupe policy and the windows of all",
        more: "",
    },
    Command {
        path: "SET/DEDUPE",
        run: dedupe,
        usage: "SET/DEDUPE FAST|MED|SLOW|OFF",
        brief: "how long a station stays quiet after a spot",
        more: "One station on one frequency is shown once per window. FAST has the shortest\n\
               window, SLOW the longest, OFF shows every report.",
    },
    Command {
        path: "SET/ECHO",
        run: echo,
        usage: "SET/ECHO, UNSET/ECHO",
        brief: "accepted for other programs' sake",
        more: "This node never echoes: your terminal shows what you type.",
    },
    Command {
        path: "SET/FORMAT",
        run: format,
        usage: "SET/FORMAT CLASSIC|GOCLUSTER",
        brief: "layout of spot lines",
        more: "CLASSIC is the 75-column line that every logging program reads. GOCLUSTER has\n\
               grid and confidence as well.",
    },
    Command {
        path: "SET/PAGE",
        run: page,
        usage: "SET/PAGE n",
        brief: "accepted for other programs' sake",
        more: "Replies are never cut into pages here.",
    },
    Command {
        path: "SET/UPDATES",
        run: updates,
        usage: "SET/UPDATES [ON|OFF]",
        brief: "show repeats that are much stronger",
        more: "A repeat at least 6 dB stronger is then shown once per window. Off at first.",
    },
    Command { path: "UNSET/DEDUPE", run: no_dedupe, usage: "UNSET/DEDUPE", brief: "same as SET/DEDUPE OFF", more: "" },
    Command {
        path: "UNSET/ECHO",
        run: echo,
        usage: "UNSET/ECHO",
        brief: "accepted for other programs' sake",
        more: "",
    },
    Command {
        path: "UNSET/UPDATES",
        run: no_updates,
        usage: "UNSET/UPDATES",
        brief: "same as SET/UPDATES OFF",
        more: "",
    },
];

/// SET/FORMAT.
pub(super) fn format(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    let choices = [("CLASSIC", LineFormat::Classic), ("GOCLUSTER", LineFormat::Gocluster)];
    if let Some(format) = choose(exec, args, "SET/FORMAT CLASSIC|GOCLUSTER", &choices) {
        exec.change(|s| s.preferences.style.format = format);
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
        exec.change(|s| s.preferences.dedupe = dedupe);
        tell_dedupe(exec);
    }
    Next::Prompt
}

/// UNSET/DEDUPE.
pub(super) fn no_dedupe(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    exec.change(|s| s.preferences.dedupe = Dedupe::Off);
    tell_dedupe(exec);
    Next::Prompt
}

/// One line: the policy and what it means.
pub(super) fn tell_dedupe(exec: &mut Exec<'_>) {
    let windows = &exec.node.settings.dedup;
    let window_s = match exec.user.settings.preferences.dedupe {
        Dedupe::Fast => windows.fast_s,
        Dedupe::Med => windows.med_s,
        Dedupe::Slow => windows.slow_s,
        Dedupe::Off => return exec.line(format_args!("Dedupe: OFF, every report is shown.")),
    };
    let name = dedupe_name(exec.user.settings.preferences.dedupe);
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
    exec.change(|s| s.preferences.updates = on);
    match on {
        true => {
            let db = exec.node.settings.dedup.update_db;
            exec.line(format_args!("Updates: ON, a repeat at least {db} dB stronger is shown."));
        }
        false => exec.line(format_args!("Updates: OFF.")),
    }
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

/// SHOW/DEDUPE.
fn show_dedupe(exec: &mut Exec<'_>, _: &Args<'_>) -> Next {
    tell_dedupe(exec);
    let windows = &exec.node.settings.dedup;
    let text = |seconds: u32| if seconds == 0 { "off".to_string() } else { format!("{seconds} s") };
    let (fast, med, slow) = (text(windows.fast_s), text(windows.med_s), text(windows.slow_s));
    exec.line(format_args!("Windows of this node: FAST {fast}, MED {med}, SLOW {slow}."));
    Next::Prompt
}
