//! The `dxring` program: the command line, and which room answers it.

use clap::Parser;
use dxring::accounts::{PASSWORD_BYTES_MAX, Secret, Users};
use dxring::cli::{Cli, Command, FlameOptions, LookupOptions, ReplayOptions, RunOptions, UserAction, UserOptions};
use dxring::engine::RealClock;
use dxring::measure::Profile;
use dxring::reference::{Cty, lookup_report};
use dxring::{config, node, replay, simulate};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let answer = match Cli::parse().asked() {
        Command::Run(options) => run(&options),
        Command::Check(options) => options.check().map_err(|e| e.to_string()),
        Command::Plan(options) => options.plan().map_err(|e| e.to_string()),
        Command::Replay(options) => play(&options),
        Command::Simulate(options) => {
            let made = simulate::run(&options, &mut BufWriter::new(io::stdout().lock()));
            made.map(|_| String::new()).or_else(quiet_if_closed)
        }
        Command::Lookup(options) => look_up(&options),
        Command::User(options) => user(&options),
        Command::Flame(options) => flame(&options),
    };
    match answer {
        Ok(text) => {
            // A reader that has gone (`| head`) is no failure of ours.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{}", problem.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn run(options: &RunOptions) -> Result<String, String> {
    let loaded = options.load().map_err(|e| e.to_string())?;
    let _log = node::start_log(&options.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    node::run(loaded.node, || options.load()).map(|()| String::new())
}

fn user(options: &UserOptions) -> Result<String, String> {
    let node = options.load().map_err(|e| e.to_string())?;
    let users = Users::of(&node, RealClock::start().now().utc)?;
    match &options.action {
        UserAction::List => users.list(),
        UserAction::Show { call } => users.show(call),
        UserAction::Set { call, .. } => users.set(call, options.action.changes(ask_password)?),
        UserAction::Import { paths, dry_run, replace } => {
            users.import(paths, *dry_run, *replace, &mut io::stdout().lock()).map(|()| String::new())
        }
    }
}

/// The first line of standard input.
fn ask_password() -> Result<Secret, String> {
    if io::stdin().is_terminal() {
        eprint!("New password (it is seen as you type): ");
    }
    let mut line = Vec::new();
    let read = io::stdin().lock().take(PASSWORD_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line);
    read.map_err(|e| format!("standard input: {e}"))?;
    while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
        line.pop();
    }
    if line.is_empty() {
        return Err("no password on standard input; to remove it say --no-password".into());
    }
    Ok(Secret(line))
}

fn play(options: &ReplayOptions) -> Result<String, String> {
    let loaded = options.config.load().map_err(|e| e.to_string())?;
    let asked = options.for_replay(&loaded.node);
    if options.summary || options.timing {
        let summary = replay::run(&asked, &loaded.node, &mut io::sink()).map_err(|e| e.to_string())?;
        let books = if options.summary { summary.to_string() } else { String::new() };
        return Ok(if options.timing { format!("{books}{}", summary.timing) } else { books });
    }
    match replay::run(&asked, &loaded.node, &mut BufWriter::new(io::stdout().lock())) {
        Ok(summary) => eprint!("{summary}"),
        Err(replay::ReplayError::Write(error)) => return quiet_if_closed(error),
        Err(error) => return Err(error.to_string()),
    }
    Ok(String::new())
}

fn flame(options: &FlameOptions) -> Result<String, String> {
    let name = options.file.as_ref().map_or("standard input".into(), |f| f.display().to_string());
    let wrong = |e: String| format!("{name}: {e}");
    let mut profile = match &options.file {
        Some(file) => Profile::read(BufReader::new(std::fs::File::open(file).map_err(|e| wrong(e.to_string()))?)),
        None => Profile::read(io::stdin().lock()),
    }
    .map_err(wrong)?;
    if let Some(thread) = &options.thread {
        let one = profile.of_thread(thread);
        if one.samples() == 0 {
            let names: Vec<&str> = profile.threads().iter().map(|(name, _)| *name).collect();
            return Err(format!("{name}: no sample of thread `{thread}`; there are: {}", names.join(", ")));
        }
        profile = one;
    }
    let svg = profile.svg(&options.title)?;
    io::stdout().write_all(&svg).map(|()| String::new()).or_else(quiet_if_closed)
}

fn look_up(options: &LookupOptions) -> Result<String, String> {
    let loaded = options.config.load().map_err(|e| e.to_string())?;
    let cty = country_data(&loaded.node)?;
    Ok(options.calls.iter().map(|call| lookup_report(&cty, call)).collect())
}

fn country_data(node: &config::Node) -> Result<Cty, String> {
    node.reference.cty.as_deref().map_or_else(|| Ok(Cty::embedded()), |path| Cty::load(path).map_err(|e| e.to_string()))
}

fn quiet_if_closed(error: io::Error) -> Result<String, String> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(String::new()) } else { Err(error.to_string()) }
}
