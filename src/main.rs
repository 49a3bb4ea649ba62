//! The `dxring` program: the command line, and which room answers it.

use clap::Parser;
use dxring::cli::{Cli, Command, LookupOptions, ReplayOptions, RunOptions};
use dxring::reference::{Cty, lookup_report};
use dxring::{config, node, replay, simulate};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let answer = match Cli::parse().asked() {
        Command::Run(options) => run(&options),
        Command::Check(options) => options.check().map_err(|e| e.to_string()),
        Command::Plan(options) => {
            options.config.load().map(|l| node::plan(&l.node).0.to_string()).map_err(|e| e.to_string())
        }
        Command::Replay(options) => play(&options),
        Command::Simulate(options) => {
            let made = simulate::run(&options, &mut BufWriter::new(io::stdout().lock()));
            made.map(|_| String::new()).or_else(quiet_if_closed)
        }
        Command::Lookup(options) => look_up(&options),
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

fn play(options: &ReplayOptions) -> Result<String, String> {
    let loaded = options.config.load().map_err(|e| e.to_string())?;
    let asked = options.for_replay(&loaded.node);
    if options.summary {
        return replay::run(&asked, &loaded.node, &mut io::sink()).map(|s| s.to_string()).map_err(|e| e.to_string());
    }
    match replay::run(&asked, &loaded.node, &mut BufWriter::new(io::stdout().lock())) {
        Ok(summary) => eprint!("{summary}"),
        Err(replay::ReplayError::Write(error)) => return quiet_if_closed(error),
        Err(error) => return Err(error.to_string()),
    }
    Ok(String::new())
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
