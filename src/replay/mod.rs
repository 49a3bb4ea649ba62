//! Captures through the stages on virtual time: `dxring replay`.
//!
//! A clock that moves when the capture does, the same gate, stages and encoders as the live node. The same
//! files and options give the same bytes, always, on one thread and on two.
//!
//! Several captures are merged by (moment, feed, line); a capture's place in the list is its feed.

mod capture;
mod csv;
mod live;
mod message;
mod open;
mod road;
mod source;
mod summary;
mod threads;

pub use capture::Capture;
pub use live::ReplaySource;
pub use open::Form;
pub use summary::{FileSummary, Stage, StageTime, Summary, Timing};

use crate::config::{self, Dedupe, LineFormat};
use crate::engine::{Bell, edge};
use crate::measure::Sampler;
use crate::reference::{Cty, SharedCty};
use crate::spot::{Spot, Utc};
use road::Road;
use source::Source;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use summary::Stage as Lap;

/// Lines of one capture and one moment that go through the stages together.
const BATCH_LINES_MAX: usize = 256;
/// Slots of the ring after the gate: a batch must fit beside the largest class reserve (50 %).
const RING_SPOTS: usize = 1_024;
/// Captures played at once: feeds have one byte, and the last number is our users'.
pub const FILES_MAX: usize = 64;
/// Threads that a replay can use: parse, and the rest.
pub const THREADS_MAX: usize = 2;
/// Samples per second of `--profile`; a prime, so that no period hides between them.
const PROFILE_HZ: i32 = 997;

/// What to play and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Captures: plain, `.gz`, `.zst`; RBN telnet lines, telnet sessions, RBN daily CSV,
    /// PSKReporter messages.
    pub files: Vec<PathBuf>,
    /// 1.0 = as it happened; `None` = as fast as it goes.
    pub speed: Option<f64>,
    /// Layout of the lines.
    pub format: LineFormat,
    /// Policy of the imagined user.
    pub dedupe: Dedupe,
    /// The date, and perhaps the minute, on which captures without a date in their names begin.
    pub start: Option<(Utc, bool)>,
    /// Whether examples and stage times are gathered for the summary.
    pub summary: bool,
    /// Where to write a flame graph of the run; folded stacks instead, if its name ends in `.folded`.
    pub profile: Option<PathBuf>,
    /// 1 = everything on the calling thread; 2 = parse on a thread of its own.
    pub threads: usize,
    /// Captures are read into memory before the clock of the run starts, so that neither disk nor decompression is
    /// in the times.
    pub timing: bool,
}

/// Why a capture could not be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No capture was named.
    #[error("no capture to play: name at least one file")]
    NoFile,
    /// More captures than feeds can have numbers.
    #[error("{0} captures are too many at once: play at most {FILES_MAX}")]
    TooManyFiles(usize),
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("{}: no capture that replay reads: {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Nobody says when the capture was made.
    #[error("{}: its name has no date: add one (2017-07-15) to the name, or say --start YYYY-MM-DD", path.display())]
    Date {
        /// The file.
        path: PathBuf,
    },
    /// The country file is not usable.
    #[error("{0}")]
    Country(String),
    /// The lines could not be written.
    #[error("writing the lines: {0}")]
    Write(std::io::Error),
    /// No thread, or nothing for it to sleep on.
    #[error("no second thread: {0}; --threads 1 needs none")]
    Thread(std::io::Error),
    /// The profiler failed.
    #[error("profile: {0}")]
    Profile(String),
}

impl ReplayError {
    fn read(path: &Path, source: std::io::Error) -> ReplayError {
        ReplayError::Read { path: path.into(), source }
    }
}

/// Plays captures; writes what the imagined user gets to `out`, a line each, ended by LF.
///
/// # Errors
/// Named by file; what was written before stays written.
pub fn run(options: &Options, settings: &config::Node, out: &mut dyn Write) -> Result<Summary, ReplayError> {
    if options.files.is_empty() {
        return Err(ReplayError::NoFile);
    }
    if options.files.len() > FILES_MAX {
        return Err(ReplayError::TooManyFiles(options.files.len()));
    }
    let cty = match &settings.reference.cty {
        Some(path) => Cty::load(path).map_err(|e| ReplayError::Country(e.to_string()))?,
        None => Cty::embedded(),
    };
    let cty: SharedCty = Arc::new(arc_swap::ArcSwap::from_pointee(cty));
    let sampler = match &options.profile {
        Some(path) => Some((path, Sampler::start(PROFILE_HZ).map_err(ReplayError::Profile)?)),
        None => None,
    };
    let summary = play(options, settings, cty, out)?;
    if let Some((path, sampler)) = sampler {
        let profile = sampler.finish().map_err(ReplayError::Profile)?;
        let text = match path.extension() {
            Some(folded) if folded == "folded" => profile.folded().into_bytes(),
            _ => profile.svg("dxring replay").map_err(ReplayError::Profile)?,
        };
        std::fs::write(path, text).map_err(|e| ReplayError::Profile(format!("{}: {e}", path.display())))?;
    }
    Ok(summary)
}

fn play(
    options: &Options,
    settings: &config::Node,
    cty: SharedCty,
    out: &mut dyn Write,
) -> Result<Summary, ReplayError> {
    let mut road = Road::new(settings, options);
    let (source, began, wall, threads);
    if options.threads > 1 {
        let (producer, rings) = threads::rings()?;
        let opened = Source::open(options, settings, cty, producer)?;
        began = Instant::now();
        let mut times = StageTime::start();
        let parse_times;
        (source, parse_times) = threads::play(opened, rings, &mut road, &mut times, out)?;
        out.flush().map_err(ReplayError::Write)?;
        times.done();
        threads = vec![parse_times, times];
    } else {
        let (producer, mut consumer) = edge("parse>correct", RING_SPOTS, Bell::silent());
        let mut opened = Source::open(options, settings, cty, producer)?;
        began = Instant::now();
        let mut times = StageTime::start();
        let mut spots: Vec<Spot> = Vec::new();
        while let Some(due) = opened.due() {
            if let Some(wait) = opened.wait(due) {
                out.flush().map_err(ReplayError::Write)?;
                std::thread::sleep(wait);
                times.waited();
            }
            let (now, _) = opened.turn(due, &mut times)?;
            spots.clear();
            consumer.pop_into(&mut spots, RING_SPOTS);
            times.lap(Lap::Ring);
            road.travel(now, &spots, &mut times, out)?;
        }
        out.flush().map_err(ReplayError::Write)?;
        times.done();
        source = opened;
        threads = vec![times];
    }
    wall = began.elapsed();
    let (captures, inputs) = source.into_books();
    Ok(road.summary(&captures, &inputs, wall, threads))
}
