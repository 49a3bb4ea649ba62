//! Scenario files: arguments on lines, so that a row of a table is a file with a reason on top.

use std::ffi::OsString;
use std::path::Path;

/// Replaces every `@FILE` and `--scenario FILE` by the arguments in that file. Later arguments override earlier
/// ones, so what follows on the command line changes the scenario.
///
/// A file has one option a line, its value behind the first blank; `#` begins a comment.
pub fn arguments(given: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut all = Vec::new();
    let mut given = given;
    // The program's own name is no argument.
    all.extend(given.next());
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy();
        if text == "--scenario" {
            let file = given.next().ok_or("--scenario needs a file")?;
            all.extend(read(Path::new(&file))?);
        } else if let Some(file) = text.strip_prefix("--scenario=").or_else(|| text.strip_prefix('@')) {
            all.extend(read(Path::new(file))?);
        } else {
            all.push(argument);
        }
    }
    Ok(all)
}

fn read(file: &Path) -> Result<Vec<OsString>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut arguments = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with("--") {
            return Err(format!("{}, line {}: `{line}` is no option: begin it with --", file.display(), number + 1));
        }
        let (option, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        arguments.push(option.into());
        if !value.trim().is_empty() {
            arguments.push(value.trim().into());
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::super::cli::Cli;
    use super::*;
    use clap::Parser as _;

    fn strings(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(|a| OsString::from(*a)).collect()
    }

    #[test]
    fn a_file_takes_the_place_of_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.args");
        std::fs::write(&file, "# a row\n--users 1000\n\n--burst  5000\n--fair\n--filter-bands PASS BAND {}\n").unwrap();
        let name = file.to_str().unwrap();
        let expected = [
            "load",
            "--quiet",
            "--users",
            "1000",
            "--burst",
            "5000",
            "--fair",
            "--filter-bands",
            "PASS BAND {}",
            "--users",
            "5",
        ];
        for how in [&[&format!("@{name}")[..]][..], &["--scenario", name], &[&format!("--scenario={name}")]] {
            let given = [&["load", "--quiet"], how, &["--users", "5"]].concat();
            assert_eq!(arguments(strings(&given).into_iter()).unwrap(), strings(&expected));
        }
        std::fs::write(&file, "--users 3\nburst 5\n").unwrap();
        assert!(arguments(strings(&["load", &format!("@{name}")]).into_iter()).unwrap_err().contains("line 2"));
        assert!(arguments(strings(&["load", "--scenario"]).into_iter()).is_err());
        assert!(arguments(strings(&["load", "@/nowhere/at.all"]).into_iter()).unwrap_err().contains("/nowhere/at.all"));
    }

    #[test]
    fn every_scenario_of_the_house_is_taken() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("perf/scenarios");
        let mut seen = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|ext| ext == "args") {
                let given = [
                    OsString::from("load"),
                    "--spawn".into(),
                    "dxring".into(),
                    "--scenario".into(),
                    file.clone().into(),
                ];
                let cli = Cli::try_parse_from(arguments(given.into_iter()).unwrap());
                let cli = cli.unwrap_or_else(|e| panic!("{}: {e}", file.display()));
                cli.targets().and_then(|_| cli.settings()).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
                seen += 1;
            }
        }
        assert!(seen >= 9, "{seen} scenarios");
    }
}
