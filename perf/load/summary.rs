//! One row of a table of many workloads: the targets side by side, and how the first one stands to the others.

use super::pairs::{self, Compared, Entry, FIGURES, State, Verdict};
use super::report::Bars;
use super::run::Run;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Above the first row.
const HEAD: &str = "| workload | p50 / p99 / max ms, CPU us per line; delivered | p50 | p99 | last line | bars |\n|---|---|---|---|---|---|\n";

/// Appends a row to a table; an empty file gets the head first.
pub fn append(file: &Path, title: &str, runs: &[Run], bars: &Bars) -> Result<(), String> {
    let name = |e: std::io::Error| format!("{}: {e}", file.display());
    let mut out = OpenOptions::new().create(true).append(true).open(file).map_err(name)?;
    let is_empty = out.metadata().map_err(name)?.len() == 0;
    let text = format!("{}{}", if is_empty { HEAD } else { "" }, row(title, runs, bars));
    out.write_all(text.as_bytes()).map_err(name)
}

fn row(title: &str, runs: &[Run], bars: &Bars) -> String {
    let entries: Vec<Entry> = runs.iter().map(Entry::of).collect();
    let delivered = |target: &str| {
        let shares = runs.iter().filter(|run| run.target == target).map(Run::delivered_share);
        shares.fold(1.0, f64::min)
    };
    let pairings = pairs::pairings(&entries);
    let verdicts = |figure: &str| -> String {
        let against = |pairing: &pairs::Pairing| {
            let found = pairing.figures.iter().find(|c| FIGURES[c.figure].name == figure);
            format!("{}: {}", pairing.other, found.map_or("not measured".into(), verdict))
        };
        pairings.iter().map(against).collect::<Vec<_>>().join("<br>")
    };
    let told: Vec<String> = targets(&entries)
        .iter()
        .map(|target| {
            let mut text = format!("{target}: {}", medians(&entries, target));
            // Writing to a String cannot fail.
            let _ = write!(text, "; {:.2} %", delivered(target) * 100.0);
            text
        })
        .collect();
    format!(
        "| {title} | {} | {} | {} | {} | {} |\n",
        told.join("<br>"),
        verdicts("p50"),
        verdicts("p99"),
        verdicts("max"),
        bars_text(bars)
    )
}

fn targets(entries: &[Entry]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for entry in entries {
        if !names.contains(&entry.target.as_str()) {
            names.push(&entry.target);
        }
    }
    names
}

/// Medians over the undisturbed runs of a target, and how many those are.
fn medians(entries: &[Entry], target: &str) -> String {
    let undisturbed: Vec<&Entry> =
        entries.iter().filter(|entry| entry.target == target && entry.state != State::Noisy).collect();
    let of = |name: &str| {
        let at = FIGURES.iter().position(|figure| figure.name == name)?;
        let median = pairs::median(undisturbed.iter().filter_map(|entry| entry.figures[at]).collect())?;
        Some(median / FIGURES[at].scale)
    };
    let text = |name: &str| of(name).map_or("?".into(), |v| format!("{v:.*}", if v < 10.0 { 2 } else { 0 }));
    let times = ["p50", "p99", "max"].map(text).join(" / ");
    format!("{times}, {} ({} runs)", text("CPU per line"), undisturbed.len())
}

fn verdict(compared: &Compared) -> String {
    let word = match compared.verdict {
        Verdict::Behind => "**behind**",
        other => other.word(),
    };
    format!("{word} {:.2}", compared.ratio)
}

/// All met, or those that are not.
fn bars_text(bars: &Bars) -> String {
    let missed: Vec<&str> = bars.0.iter().filter(|(_, met)| !met).map(|(text, _)| text.as_str()).collect();
    match (bars.0.len(), missed.len()) {
        (0, _) => "-".into(),
        (all, 0) => format!("all {all} met"),
        _ => format!("**MISSED** {}", missed.join("<br>")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &str, round: usize, state: State, p50_ms: f64) -> Entry {
        let mut figures = [None; FIGURES.len()];
        figures[0] = Some(p50_ms * 1000.0);
        Entry { target: target.into(), round, state, figures }
    }

    #[test]
    fn medians_leave_disturbed_runs_out() {
        let entries =
            [entry("a", 1, State::Counts, 2.0), entry("a", 2, State::Noisy, 90.0), entry("a", 3, State::Counts, 4.0)];
        assert_eq!(medians(&entries, "a"), "3.00 / ? / ?, ? (2 runs)");
        assert_eq!(targets(&entries), ["a"]);
    }

    #[test]
    fn what_is_missed_is_named() {
        assert_eq!(bars_text(&Bars(vec![("p99: 0.4".into(), true)])), "all 1 met");
        assert_eq!(
            bars_text(&Bars(vec![("p50: 0.4".into(), true), ("p99: 0.7".into(), false)])),
            "**MISSED** p99: 0.7"
        );
    }
}
