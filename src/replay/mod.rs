//! Captures through the stages on virtual time: `dxring replay`.
//!
//! One thread, a clock that moves when the capture does, the same gate, stages and encoders as the
//! live node. The same files and options give the same bytes, always.
//!
//! Several captures are merged by (moment, feed, line); a capture's place in the list is its feed.

mod capture;
mod csv;
mod live;
mod message;
mod open;
mod road;
mod summary;

pub use capture::Capture;
pub use live::ReplaySource;
pub use open::Form;
pub use summary::{FileSummary, Stage, StageTime, Summary};

use crate::config::{self, Dedupe, FeedKind, LineFormat};
use crate::engine::{Bell, Control, FaultPoint, Mailbox, TestClock, edge};
use crate::parse::{AgePolicy, Desk, FeedStats, Gate, Input, Notes, PSKREPORTER, ReportPolicy};
use crate::reference::{Cty, SharedCty};
use crate::spot::{Call, Spot, Utc};
use road::Road;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use summary::Stage as Lap;

/// Lines of one capture and one moment that go through the stages together.
const BATCH_LINES_MAX: usize = 256;
/// Slots of the ring after the gate: a batch must fit beside the largest class reserve (50 %).
const RING_SPOTS: usize = 1_024;
/// Captures played at once: feeds have one byte, and the last number is our users'.
pub const FILES_MAX: usize = 64;
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
    /// Where to write a flame graph of the run.
    pub profile: Option<PathBuf>,
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
    let profiler = match &options.profile {
        Some(path) => Some((path, profiler()?)),
        None => None,
    };
    let summary = play(options, settings, cty, out)?;
    if let Some((path, guard)) = profiler {
        let report = guard.report().build().map_err(|e| ReplayError::Profile(e.to_string()))?;
        let file = std::fs::File::create(path).map_err(|e| ReplayError::read(path, e))?;
        report.flamegraph(file).map_err(|e| ReplayError::Profile(e.to_string()))?;
    }
    Ok(summary)
}

fn profiler() -> Result<pprof::ProfilerGuard<'static>, ReplayError> {
    pprof::ProfilerGuardBuilder::default()
        .frequency(PROFILE_HZ)
        .build()
        .map_err(|e| ReplayError::Profile(e.to_string()))
}

/// What the node would take of PSKReporter: its first feed of that kind says, or the shipped one.
struct PskReporterFeed {
    age: AgePolicy,
    policy: ReportPolicy,
}

impl PskReporterFeed {
    fn of(settings: &config::Node) -> PskReporterFeed {
        let shipped = config::Node::default();
        let is_one = |feed: &&config::Feed| feed.kind == FeedKind::PskReporter;
        let feed = settings.feeds.iter().chain(&shipped.feeds).find(is_one);
        PskReporterFeed {
            age: AgePolicy { max_age_s: feed.map_or(0, |feed| feed.max_age_s) },
            policy: feed.map(ReportPolicy::of).unwrap_or_default(),
        }
    }
}

fn play(
    options: &Options,
    settings: &config::Node,
    cty: SharedCty,
    out: &mut dyn Write,
) -> Result<Summary, ReplayError> {
    let mut captures = Vec::new();
    let mut inputs = Vec::new();
    let psk = PskReporterFeed::of(settings);
    for (index, path) in options.files.iter().enumerate() {
        let capture = Capture::open(path, options.start)?;
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        let stats = Arc::new(FeedStats::new(&name, index as u8, Some(FeedKind::Replay)));
        let (node, age) = match capture.form() {
            Form::PskJson => (PSKREPORTER, psk.age),
            Form::Telnet | Form::RbnCsv => ("REPLAY", AgePolicy { max_age_s: config::Feed::default().max_age_s }),
        };
        let mut input = Input::new(stats, Call::literal(node), age, BATCH_LINES_MAX).taking(psk.policy.clone());
        if options.summary {
            input.keep_examples();
        }
        captures.push(capture);
        inputs.push(input);
    }

    let (producer, mut consumer) = edge("parse>correct", RING_SPOTS, Bell::silent());
    let notes = Notes::new(Arc::new(Mailbox::new(1, Bell::silent())));
    let mut desk = Desk::new(
        Gate::new(cty, settings.limits.posts_per_minute),
        producer,
        notes,
        Arc::new(Control::new()),
        FaultPoint::default(),
    );
    let mut road = Road::new(settings, options);
    let first_ms = captures.iter().filter_map(Capture::next_ms).min().unwrap_or(0);
    let mut clock = TestClock::at(Utc::from_ms(first_ms));
    let began = Instant::now();
    let mut times = StageTime::start();
    let mut spots: Vec<Spot> = Vec::new();

    while let Some((ms, feed)) = captures.iter().enumerate().filter_map(|(f, c)| Some((c.next_ms()?, f))).min() {
        clock.advance_to(Utc::from_ms(ms));
        let now = clock.now();
        if let Some(speed) = options.speed.filter(|s| *s > 0.0) {
            out.flush().map_err(ReplayError::Write)?;
            let due = Duration::from_secs_f64((ms - first_ms) as f64 / 1000.0 / speed);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let (capture, input) = (&mut captures[feed], &mut inputs[feed]);
        for _ in 0..BATCH_LINES_MAX {
            if capture.next_ms() != Some(ms) {
                break;
            }
            let batch = &mut input.batch;
            capture.take(&mut |line| batch.push(line))?;
        }
        for (reason, lines) in capture.take_unread() {
            input.end_unread(reason, lines);
        }
        times.lap(Lap::Read);
        desk.lines(input, now);
        spots.clear();
        consumer.pop_into(&mut spots, RING_SPOTS);
        times.lap(Lap::Parse);
        road.travel(now, &spots, &mut times, out)?;
    }
    for (capture, input) in captures.iter_mut().zip(&mut inputs) {
        for (reason, lines) in capture.take_unread() {
            input.end_unread(reason, lines);
        }
    }
    out.flush().map_err(ReplayError::Write)?;
    Ok(road.summary(&captures, &inputs, times))
}
