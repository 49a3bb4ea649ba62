//! What a replay did: the books of every stage, an example of every reason, the time it took.

use super::capture::Capture;
use crate::measure::{LedgerView, Reason};
use crate::spot::Utc;
use std::fmt;
use std::time::Instant;

/// One capture.
#[derive(Clone, Debug)]
pub struct FileSummary {
    /// The file's name.
    pub name: String,
    /// Its form, in words.
    pub form: &'static str,
    /// Where its moments came from.
    pub clock: &'static str,
    /// The moment of its first and last line; `None` for a capture without lines.
    pub span: Option<(Utc, Utc)>,
    /// The books of its gate: in = lines.
    pub ledger: LedgerView,
}

impl FileSummary {
    pub(super) fn new(capture: &Capture, ledger: LedgerView) -> FileSummary {
        let name = ledger.name.trim_start_matches("parse/").to_string();
        FileSummary { name, form: capture.form().name(), clock: capture.clock_name(), span: capture.span(), ledger }
    }
}

/// Wall time by stage, in ns. Not part of what is the same in every run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Stage {
    /// Reading, decompressing, cutting into lines, finding moments.
    Read = 0,
    /// Line to spot, gate.
    Parse,
    /// Mode inference.
    Correct,
    /// Windows.
    Dedup,
    /// Spot to line, and writing.
    Encode,
}

/// Measures laps between stages.
#[derive(Clone, Copy, Debug)]
pub struct StageTime {
    last: Instant,
    ns: [u64; StageTime::STAGES],
}

impl StageTime {
    const STAGES: usize = 5;
    const NAMES: [&'static str; StageTime::STAGES] = ["read", "parse+gate", "correct", "dedup", "encode+write"];

    pub(super) fn start() -> StageTime {
        StageTime { last: Instant::now(), ns: [0; StageTime::STAGES] }
    }
    /// Books the time since the last lap to a stage.
    pub(super) fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        self.ns[stage as usize] += (now - self.last).as_nanos() as u64;
        self.last = now;
    }
    /// Wall ns of one stage.
    pub fn ns(&self, stage: Stage) -> u64 {
        self.ns[stage as usize]
    }
    /// Wall ns of all stages.
    pub fn total_ns(&self) -> u64 {
        self.ns.iter().sum()
    }
}

/// What a replay did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// One per capture.
    pub files: Vec<FileSummary>,
    /// `correct`, `dedup`, `user` (the imagined one).
    pub stages: Vec<LedgerView>,
    /// The first line that ended under each reason.
    pub examples: Vec<(Reason, String)>,
    /// Wall time.
    pub times: StageTime,
}

impl Summary {
    /// Lines of all captures.
    pub fn lines_in(&self) -> u64 {
        self.files.iter().map(|f| f.ledger.total_in()).sum()
    }
    /// Spots that passed the gate.
    pub fn spots_in(&self) -> u64 {
        self.files.iter().map(|f| f.ledger.total_out()).sum()
    }
    /// Lines the imagined user got.
    pub fn lines_out(&self) -> u64 {
        self.stages.last().map_or(0, LedgerView::total_out)
    }
    /// Ends under one reason, everywhere.
    pub fn ended_by(&self, reason: Reason) -> u64 {
        self.ledgers().map(|l| l.ended_by(reason)).sum()
    }
    /// Whether in = out + ended + held at every stage, and each stage took what the one before let go.
    pub fn is_balanced(&self) -> bool {
        let mut handed = self.spots_in();
        let joined = self.stages.iter().all(|stage| {
            let fits = stage.total_in() == handed;
            handed = stage.total_out();
            fits
        });
        joined && self.ledgers().all(|l| l.imbalance() == 0)
    }
    fn ledgers(&self) -> impl Iterator<Item = &LedgerView> {
        self.files.iter().map(|f| &f.ledger).chain(&self.stages)
    }
    fn example(&self, reason: Reason) -> Option<&str> {
        self.examples.iter().find(|(r, _)| *r == reason).map(|(_, line)| line.as_str())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "captures")?;
        for file in &self.files {
            let span = file.span.map_or_else(
                || "no lines".to_string(),
                |(from, to)| format!("{} {} to {} {}", from.date_text(), from.hhmmz(), to.date_text(), to.hhmmz()),
            );
            writeln!(f, "  {}: {}, {span}, time from {}", file.name, file.form, file.clock)?;
        }
        let width = self.ledgers().map(|l| l.name.len()).max().unwrap_or(0);
        writeln!(f, "{:<width$}   {:>10} {:>10} {:>10} {:>8}", "stages", "in", "out", "ended", "held")?;
        for ledger in self.ledgers() {
            let (took, gave, ended) = (ledger.total_in(), ledger.total_out(), ledger.total_ended());
            writeln!(f, "  {:<width$} {took:>10} {gave:>10} {ended:>10} {:>8}", ledger.name, ledger.held)?;
        }
        writeln!(f, "ended")?;
        for reason in Reason::ALL {
            let n = self.ended_by(*reason);
            if n > 0 {
                let example = self.example(*reason).map_or(String::new(), |line| format!("  e.g. {line}"));
                writeln!(f, "  {:<20} {n:>10}{example}", reason.name())?;
            }
        }
        writeln!(
            f,
            "lines in {}, spots through the gate {}, lines out {}",
            self.lines_in(),
            self.spots_in(),
            self.lines_out()
        )?;
        writeln!(f, "balance: {}", if self.is_balanced() { "ok" } else { "BROKEN" })?;
        let spots = self.spots_in().max(1);
        write!(f, "time per spot:")?;
        for (name, ns) in StageTime::NAMES.iter().zip(self.times.ns) {
            write!(f, " {name} {} ns,", ns / spots)?;
        }
        let per_s = spots as f64 * 1e9 / self.times.total_ns().max(1) as f64;
        writeln!(f, " {per_s:.0} spots/s")
    }
}
