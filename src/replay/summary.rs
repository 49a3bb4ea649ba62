//! What a replay did: the books of every stage, an example of every reason, the time it took.

use super::capture::Capture;
use crate::measure::{LedgerView, Reason};
use crate::os;
use crate::spot::Utc;
use std::fmt;
use std::time::{Duration, Instant};

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
    /// Out of the ring behind the gate.
    Ring,
    /// Mode inference.
    Correct,
    /// Windows.
    Dedup,
    /// Spot to line, and writing.
    Encode,
}

/// Measures laps between stages on one thread.
#[derive(Clone, Copy, Debug)]
pub struct StageTime {
    last: Instant,
    ns: [u64; StageTime::STAGES],
    waited_ns: u64,
    /// CPU clock of the thread at the start, then what it used.
    cpu_ns: Option<u64>,
}

impl StageTime {
    const STAGES: usize = 6;
    const NAMES: [&'static str; StageTime::STAGES] = ["read", "parse+gate", "ring", "correct", "dedup", "encode+write"];

    /// Starts both clocks of the calling thread.
    pub(super) fn start() -> StageTime {
        StageTime { last: Instant::now(), ns: [0; StageTime::STAGES], waited_ns: 0, cpu_ns: os::thread_cpu_ns() }
    }
    /// Books the time since the last lap to a stage.
    pub(super) fn lap(&mut self, stage: Stage) {
        self.ns[stage as usize] += self.since_last_ns();
    }
    /// Books the time since the last lap as waiting: for the other thread, or for a moment.
    pub(super) fn waited(&mut self) {
        self.waited_ns += self.since_last_ns();
    }
    /// Ends the measurement, on the thread that started it.
    pub(super) fn done(&mut self) {
        self.cpu_ns = os::thread_cpu_ns().zip(self.cpu_ns).map(|(now, start)| now.saturating_sub(start));
    }
    fn since_last_ns(&mut self) -> u64 {
        let now = Instant::now();
        (now - std::mem::replace(&mut self.last, now)).as_nanos() as u64
    }
    /// Wall ns of one stage.
    pub fn ns(&self, stage: Stage) -> u64 {
        self.ns[stage as usize]
    }
    /// Wall ns of waiting.
    pub fn waited_ns(&self) -> u64 {
        self.waited_ns
    }
    /// CPU ns of the thread; `None` where the system does not count it.
    pub fn cpu_ns(&self) -> Option<u64> {
        self.cpu_ns
    }
}

/// How long a replay took. Not part of what is the same in every run.
#[derive(Clone, Debug)]
pub struct Timing {
    /// From the first line to the last.
    pub wall: Duration,
    /// One per thread: everything, or parse and the rest.
    pub threads: Vec<StageTime>,
    /// Bytes of text, decompressed.
    pub bytes: u64,
    /// Spots that passed the gate.
    pub spots: u64,
}

impl Timing {
    /// Wall ns of one stage.
    pub fn ns(&self, stage: Stage) -> u64 {
        self.threads.iter().map(|t| t.ns(stage)).sum()
    }
    /// CPU ns of all threads.
    pub fn cpu_ns(&self) -> Option<u64> {
        self.threads.iter().map(StageTime::cpu_ns).sum()
    }
    /// Spots per second of wall time.
    pub fn spots_per_s(&self) -> f64 {
        self.spots as f64 / self.wall.as_secs_f64().max(1e-9)
    }
    /// `time per spot: read 150 ns, ... 1000000 spots/s`
    fn per_spot(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time per spot:")?;
        for (name, stage) in StageTime::NAMES.iter().zip(0..) {
            let ns: u64 = self.threads.iter().map(|t| t.ns[stage]).sum();
            write!(f, " {name} {} ns,", ns / self.spots.max(1))?;
        }
        writeln!(f, " {:.0} spots/s", self.spots_per_s())
    }
}

/// The block of `replay --timing`.
impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let mb_per_s = |ns: u64| self.bytes as f64 * 1e3 / ns.max(1) as f64;
        writeln!(f, "timing (captures in memory, decompressed, before the clock starts)")?;
        write!(f, "  {} thread{}, ", self.threads.len(), if self.threads.len() == 1 { "" } else { "s" })?;
        write!(f, "wall {:.3} s", self.wall.as_secs_f64())?;
        if let Some(cpu_ns) = self.cpu_ns() {
            write!(f, ", CPU {:.3} s", seconds(cpu_ns))?;
            let each = self.threads.iter().filter_map(|t| t.cpu_ns());
            let each: Vec<String> = each.map(|ns| format!("{:.3}", seconds(ns))).collect();
            if each.len() > 1 {
                write!(f, " (parse and the rest: {})", each.join(" + "))?;
            }
        }
        let waited: Vec<String> = self.threads.iter().map(|t| format!("{:.3}", seconds(t.waited_ns))).collect();
        writeln!(f, ", waited {} s", waited.join(" + "))?;
        write!(f, "  {} spots, {:.0} spots/s", self.spots, self.spots_per_s())?;
        if let Some(cpu_ns) = self.cpu_ns() {
            write!(f, ", {:.0} per CPU second", self.spots as f64 / seconds(cpu_ns.max(1)))?;
        }
        let (read_ns, parse_ns) = (self.ns(Stage::Read), self.ns(Stage::Parse));
        let read_and_parsed = mb_per_s(read_ns + parse_ns);
        writeln!(
            f,
            "\n  {:.1} MB of text: {:.1} MB/s parsed, {read_and_parsed:.1} MB/s cut into lines and parsed, on one core",
            self.bytes as f64 / 1e6,
            mb_per_s(parse_ns)
        )?;
        write!(f, "  ")?;
        self.per_spot(f)
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
    /// How long it took.
    pub timing: Timing,
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
        self.timing.per_spot(f)
    }
}
