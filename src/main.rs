//! The `dxring` program.

use clap::Parser;
use dxring::cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::parse().asked() {
        Command::Check(options) => finish(options.check()),
        other => finish(Err::<String, _>(format!("not wired yet: {other:?}"))),
    }
}

/// Prints what a command has to say: results on standard output, what is wrong on standard error.
fn finish(result: Result<String, impl std::fmt::Display>) -> ExitCode {
    match result {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
