//! `dxring-load`: the load generator. `perf/README.md` tells the method.

mod calls;
mod check;
mod cli;
mod clock;
mod cpu;
mod feeder;
mod filters;
mod growth;
mod hostile;
mod json;
mod machine;
mod pairs;
mod plan;
mod recorded;
mod report;
#[path = "../rig/mod.rs"]
mod rig;
mod run;
mod scenario;
mod svg;
mod target;
mod users;

use clap::Parser;
use cli::Cli;
use clock::Clock;
use feeder::Feeder;
use json::Json;
use machine::Machine;
use plan::DX_CALLS;
use run::{Run, Settings};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use target::Target;

/// Descriptors beside the users': listeners, epolls, logs, standard streams.
const OTHER_DESCRIPTORS: u64 = 50;

fn main() -> ExitCode {
    let cli = match scenario::arguments(std::env::args_os()) {
        Ok(arguments) => Cli::parse_from(arguments),
        Err(e) => {
            eprintln!("dxring-load: {e}");
            return ExitCode::from(2);
        }
    };
    match work(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(e) => {
            eprintln!("dxring-load: {e}");
            ExitCode::from(2)
        }
    }
}

/// True when every run counts.
fn work(cli: &Cli) -> Result<bool, String> {
    let targets = cli.targets()?;
    let settings = cli.settings()?;
    let limit = rig::os::raise_descriptor_limit();
    let needed = settings.places() as u64 + OTHER_DESCRIPTORS;
    if limit < needed {
        return Err(format!(
            "{} users need {needed} descriptors here (and as many in the server), the hard limit is {limit}: raise it (ulimit -Hn) or use fewer users",
            settings.users
        ));
    }
    rig::os::sharpen_sleep();
    let clock = Clock::start();
    let mut feeder = Feeder::listen(cli.feed_listen, settings.feeds, cli.feed_tick_us * 1000)?;
    let machine = Machine::read();
    let mut out = Output { cli, record: String::new(), json: Vec::new() };
    out.say_block(&machine.text(), None);
    let good = if cli.storm {
        storms(cli, &settings, &targets, &mut feeder, &clock, &mut out)?
    } else if cli.is_idle() {
        idle_rounds(cli, &settings, &targets, &mut feeder, &clock, &mut out)?
    } else {
        rounds(cli, &settings, &targets, &mut feeder, &clock, &mut out)?
    };
    out.write(&machine)?;
    Ok(good)
}

fn rounds(
    cli: &Cli,
    settings: &Settings,
    targets: &[Target],
    feeder: &mut Feeder,
    clock: &Clock,
    out: &mut Output,
) -> Result<bool, String> {
    let workload = workload(settings);
    let spots = cli.spots(settings);
    let mut page = first_page();
    let mut runs: Vec<Run> = Vec::new();
    let mut retries = cli.noise_retries;
    let mut rounds = cli.repeat;
    let mut round = 0;
    while round < rounds {
        round += 1;
        let mut noisy = false;
        for at in 0..targets.len() {
            // Who goes first changes from round to round, so that neither always finds the machine warm.
            let at = if round % 2 == 1 { at } else { targets.len() - 1 - at };
            let target = &targets[at];
            if !matches!(target, Target::Running { .. }) {
                feeder.disconnect();
            }
            let settings = &cli.settings_of(settings, target);
            let server = target.start(settings.places(), feeder.address()?, settings.feeds, clock)?;
            let result = run::run(&target.name(), round, &server, feeder, settings, page, clock);
            page = (page + spots) % DX_CALLS;
            let last_words = server.finish(clock);
            let mut run = match result {
                Ok(run) => run,
                Err(e) => {
                    let said = last_words.map_or(String::new(), |w| format!("\nthe server's last words:\n{w}"));
                    return Err(format!("{}, run {round}: {e}{said}", target.name()));
                }
            };
            run.last_words = last_words;
            noisy |= run.is_noisy();
            out.say_block(&report::block(&run, &workload), run.last_words.as_deref());
            if let Some(file) = &cli.hgrm {
                write_file(&numbered(file, runs.len() + 1), &report::hgrm(&run.delivery_us))?;
            }
            out.json.push(report::json(&run, &workload));
            runs.push(run);
        }
        if noisy && retries > 0 {
            retries -= 1;
            rounds += 1;
        }
    }
    out.say(&format!("\n{workload} -> {} users\n\n{}", settings.users, report::table(&runs)));
    if let Some(file) = &cli.svg {
        svg::percentiles(file, &format!("{workload} -> {} users", settings.users), &runs)?;
    }
    let bars = report::bars(&runs, &cli.bars());
    out.say(&bars.text());
    let good = runs.iter().all(|run| run.failures().is_empty());
    if !good {
        out.say("\nFAILED\n");
    }
    Ok(good && bars.are_met())
}

fn workload(settings: &Settings) -> String {
    let mut text = settings.profile.text();
    match settings.filters {
        0 => {}
        1 => text += ", 1 filter",
        filters => text += &format!(", {filters} filters"),
    }
    if let Some(hostile) = &settings.hostile {
        text += &format!(", {}", hostile.text());
    }
    text
}

fn storms(
    cli: &Cli,
    settings: &Settings,
    targets: &[Target],
    feeder: &mut Feeder,
    clock: &Clock,
    out: &mut Output,
) -> Result<bool, String> {
    let mut good = true;
    let mut page = first_page();
    for _ in 0..cli.repeat {
        for target in targets {
            if !matches!(target, Target::Running { .. }) {
                feeder.disconnect();
            }
            let server = target.start(settings.users, feeder.address()?, settings.feeds, clock)?;
            let what = (cli.seconds, &cli.storm_commands[..]);
            let result = run::storm(&target.name(), &server, feeder, settings, what, page, clock);
            page = (page + cli.spots(settings)) % DX_CALLS;
            let last_words = server.finish(clock);
            let mut storm = result.map_err(|e| format!("{}: {e}", target.name()))?;
            storm.last_words = last_words;
            good &= report::storm_failure(&storm).is_none();
            out.say_block(&report::storm_block(&storm), storm.last_words.as_deref());
            out.json.push(report::storm_json(&storm));
        }
    }
    Ok(good)
}

fn idle_rounds(
    cli: &Cli,
    settings: &Settings,
    targets: &[Target],
    feeder: &mut Feeder,
    clock: &Clock,
    out: &mut Output,
) -> Result<bool, String> {
    let mut good = true;
    for _ in 0..cli.repeat {
        for target in targets {
            if !matches!(target, Target::Running { .. }) {
                feeder.disconnect();
            }
            let server = target.start(settings.users, feeder.address()?, settings.feeds, clock)?;
            let result = run::idle(&target.name(), &server, feeder, settings, cli.seconds, clock);
            let last_words = server.finish(clock);
            let mut idle = result.map_err(|e| format!("{}: {e}", target.name()))?;
            idle.last_words = last_words;
            good &= report::idle_failure(&idle).is_none();
            out.say_block(&report::idle_block(&idle), idle.last_words.as_deref());
            out.json.push(report::idle_json(&idle));
        }
    }
    Ok(good)
}

/// Two programs started one after the other must not repeat a call within a dedup window (480 s) to
/// one server: every second of wall time owns 10,000 pages of the book, and they come again after
/// 693 s. A burst of more runs ahead of its time, and so do others after it only if they follow at once.
fn first_page() -> u64 {
    const PAGES_PER_S: u64 = 10_000;
    run::utc_now().secs().unsigned_abs() * PAGES_PER_S % DX_CALLS
}

/// What is printed also goes into the record, as Markdown.
struct Output<'a> {
    cli: &'a Cli,
    record: String,
    json: Vec<Json>,
}

impl Output<'_> {
    /// Markdown already.
    fn say(&mut self, text: &str) {
        print!("{text}");
        self.record.push_str(text);
    }

    /// Lines that keep their columns, and what the server itself said at the end.
    fn say_block(&mut self, block: &str, last_words: Option<&str>) {
        let words = last_words.filter(|_| !self.cli.quiet).unwrap_or_default();
        let quoted: String = words.lines().map(|l| format!("  | {l}\n")).collect();
        print!("\n{block}{quoted}");
        self.record.push_str(&format!("\n```text\n{block}{quoted}```\n"));
    }

    fn write(&self, machine: &Machine) -> Result<(), String> {
        if let Some(file) = &self.cli.json {
            let all = Json::Object(vec![
                ("commit", Json::text(&machine.commit)),
                ("date", Json::text(&machine.date)),
                ("build", Json::text(machine.build)),
                ("cpu", Json::text(&machine.cpu)),
                ("kernel", Json::text(&machine.kernel)),
                ("arguments", Json::List(std::env::args().skip(1).map(Json::Text).collect())),
                ("runs", Json::List(self.json.clone())),
            ]);
            write_file(file, &format!("{all}\n"))?;
        }
        if let Some(file) = &self.cli.record {
            let mut record = OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .map_err(|e| format!("{}: {e}", file.display()))?;
            record.write_all(self.record.as_bytes()).map_err(|e| format!("{}: {e}", file.display()))?;
        }
        Ok(())
    }
}

/// `FILE` for the first run, `FILE.2` for the second...
fn numbered(file: &Path, n: usize) -> PathBuf {
    if n == 1 {
        return file.to_path_buf();
    }
    let mut name = file.as_os_str().to_os_string();
    name.push(format!(".{n}"));
    PathBuf::from(name)
}

fn write_file(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}
