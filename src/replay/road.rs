//! The stages behind the gate in one thread: correct, dedup, the imagined user's lines.

use super::capture::Capture;
use super::summary::{FileSummary, Stage as Lap, StageTime, Summary, Timing};
use super::{Options, ReplayError};
use crate::config::{self, Dedupe, LineFormat};
use crate::correct::ModeStage;
use crate::dedup::{Outcome, Windows};
use crate::engine::{Now, Outlet, Stage};
use crate::measure::{Ledger, Reason};
use crate::parse::Input;
use crate::spot::{Hop, Spot, Verdicts};
use crate::wire;
use crate::wire::LineStyle;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// Stages and books behind the gate.
pub struct Road {
    correct: ModeStage,
    correct_books: Ledger,
    corrected: Vec<Spot>,
    dedup: Windows,
    dedup_books: Ledger,
    published: Vec<Spot>,
    user_books: Ledger,
    seq: u64,
    policy: Option<Verdicts>,
    format: LineFormat,
    line: Vec<u8>,
    is_watched: bool,
    keep_examples: bool,
    examples: BTreeMap<Reason, String>,
}

impl Road {
    pub fn new(settings: &config::Node, options: &Options) -> Road {
        Road {
            correct: ModeStage::new(&settings.modes),
            correct_books: Ledger::new("correct"),
            corrected: Vec::new(),
            dedup: Windows::new(&settings.dedup),
            dedup_books: Ledger::new("dedup"),
            published: Vec::new(),
            user_books: Ledger::new("user"),
            seq: 0,
            policy: match options.dedupe {
                Dedupe::Fast => Some(Verdicts::FAST),
                Dedupe::Med => Some(Verdicts::MED),
                Dedupe::Slow => Some(Verdicts::SLOW),
                Dedupe::Off => None,
            },
            format: options.format,
            line: Vec::new(),
            is_watched: options.speed.is_some(),
            keep_examples: options.summary,
            examples: BTreeMap::new(),
        }
    }

    /// Whether somebody reads the lines as they happen.
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Takes what passed the gate to the end of the road.
    ///
    /// # Errors
    /// When a line cannot be written.
    pub fn travel(
        &mut self,
        now: Now,
        spots: &[Spot],
        times: &mut StageTime,
        out: &mut dyn Write,
    ) -> Result<(), ReplayError> {
        self.corrected.clear();
        let mut outlet = Outlet { spots: &mut self.corrected, ledger: &self.correct_books };
        self.correct.on_timer(now, &mut outlet);
        for spot in spots {
            self.correct_books.enter(spot.class(), 1);
            self.correct.on_spot(now, *spot, &mut outlet);
        }
        for spot in &mut self.corrected {
            spot.stamp(Hop::Corrected, now.mono_ns);
            self.correct_books.leave(spot.class(), 1);
        }
        self.correct_books.hold(self.correct.held());
        times.lap(Lap::Correct);

        self.published.clear();
        for mut spot in self.corrected.drain(..) {
            self.dedup_books.enter(spot.class(), 1);
            match self.dedup.judge(now, &mut spot) {
                Outcome::New => {
                    self.seq += 1;
                    spot.seq = self.seq;
                    spot.stamp(Hop::Published, now.mono_ns);
                    self.dedup_books.leave(spot.class(), 1);
                    self.published.push(spot);
                }
                Outcome::Duplicate { .. } => {
                    self.dedup_books.end(spot.class(), Reason::Duplicate, 1);
                    if self.keep_examples {
                        self.examples.entry(Reason::Duplicate).or_insert_with(|| shown(&spot));
                    }
                }
            }
        }
        times.lap(Lap::Dedup);

        for spot in &self.published {
            self.user_books.enter(spot.class(), 1);
            if self.policy.is_some_and(|policy| !spot.verdicts.has(policy)) {
                self.user_books.end(spot.class(), Reason::Policy, 1);
                if self.keep_examples {
                    self.examples.entry(Reason::Policy).or_insert_with(|| shown(spot));
                }
                continue;
            }
            self.line.clear();
            wire::spot_line(spot, LineStyle::of(self.format), &mut self.line);
            self.line.push(b'\n');
            out.write_all(&self.line).map_err(ReplayError::Write)?;
            self.user_books.leave(spot.class(), 1);
        }
        times.lap(Lap::Encode);
        Ok(())
    }

    /// The summary of everything.
    pub fn summary(self, captures: &[Capture], inputs: &[Input], wall: Duration, threads: Vec<StageTime>) -> Summary {
        let mut examples = self.examples;
        for (reason, line) in inputs.iter().flat_map(Input::examples) {
            examples.entry(reason).or_insert_with(|| String::from_utf8_lossy(line).escape_debug().to_string());
        }
        let files =
            captures.iter().zip(inputs).map(|(capture, input)| FileSummary::new(capture, input.stats().ledger.view()));
        let spots = inputs.iter().map(|input| input.stats().ledger.view().total_out()).sum();
        let timing = Timing { wall, threads, bytes: captures.iter().map(Capture::bytes).sum(), spots };
        Summary {
            files: files.collect(),
            stages: [&self.correct_books, &self.dedup_books, &self.user_books].map(Ledger::view).into(),
            examples: examples.into_iter().collect(),
            timing,
        }
    }
}

/// A spot as an example.
fn shown(spot: &Spot) -> String {
    let mut line = Vec::new();
    wire::classic(spot, &mut line);
    String::from_utf8_lossy(&line).escape_debug().to_string()
}
