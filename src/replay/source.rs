//! What lies before the ring: captures merged by moment, the desk with the gate.

use super::capture::Capture;
use super::open::Form;
use super::summary::{Stage as Lap, StageTime};
use super::{BATCH_LINES_MAX, Options, ReplayError};
use crate::config::{self, FeedKind};
use crate::engine::{Bell, Control, EdgeStats, FaultPoint, Mailbox, Now, Producer, TestClock};
use crate::parse::{AgePolicy, Desk, FeedStats, Gate, Input, Notes, PSKREPORTER, ReportPolicy};
use crate::reference::SharedCty;
use crate::spot::{Call, Spot, Utc};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Captures and everything up to the ring behind the gate.
pub struct Source {
    captures: Vec<Capture>,
    inputs: Vec<Input>,
    desk: Desk,
    ring: Arc<EdgeStats>,
    clock: TestClock,
    first_ms: i64,
    /// Capture seconds per second; `None` = as fast as it goes.
    speed: Option<f64>,
    began: Instant,
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

/// Lines of one capture and one moment.
#[derive(Clone, Copy)]
pub struct Due {
    ms: i64,
    feed: usize,
}

impl Source {
    /// Opens the captures of `options`; what passes the gate goes to `ring`.
    ///
    /// # Errors
    /// As [`Capture::open`].
    pub fn open(
        options: &Options,
        settings: &config::Node,
        cty: SharedCty,
        ring: Producer<Spot>,
    ) -> Result<Source, ReplayError> {
        let mut captures = Vec::new();
        let mut inputs = Vec::new();
        let psk = PskReporterFeed::of(settings);
        for (index, path) in options.files.iter().enumerate() {
            let mut capture = Capture::open(path, options.start)?;
            if options.timing {
                capture.read_into_memory()?;
            }
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
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
        let notes = Notes::new(Arc::new(Mailbox::new(1, Bell::silent())));
        let stats = Arc::clone(ring.stats());
        let gate = Gate::new(cty, settings.limits.posts_per_minute);
        let desk = Desk::new(gate, ring, notes, Arc::new(Control::new()), FaultPoint::default());
        let first_ms = captures.iter().filter_map(Capture::next_ms).min().unwrap_or(0);
        Ok(Source {
            captures,
            inputs,
            desk,
            ring: stats,
            clock: TestClock::at(Utc::from_ms(first_ms)),
            first_ms,
            speed: options.speed.filter(|s| *s > 0.0),
            began: Instant::now(),
        })
    }

    /// What comes next; `None` at the end.
    pub fn due(&self) -> Option<Due> {
        let moments = self.captures.iter().enumerate().filter_map(|(feed, c)| Some((c.next_ms()?, feed)));
        moments.min().map(|(ms, feed)| Due { ms, feed })
    }

    /// How long until then; `None` when it plays as fast as it goes.
    pub fn wait(&self, due: Due) -> Option<Duration> {
        let speed = self.speed?;
        let at = Duration::from_secs_f64((due.ms - self.first_ms) as f64 / 1000.0 / speed);
        Some(at.saturating_sub(self.began.elapsed()))
    }

    /// Puts a batch of at most [`BATCH_LINES_MAX`] lines through the gate; returns its moment and how many spots
    /// are in the ring for it. The ring must have room for a batch beside the largest class reserve.
    ///
    /// # Errors
    /// When a file cannot be read on.
    pub fn turn(&mut self, due: Due, times: &mut StageTime) -> Result<(Now, usize), ReplayError> {
        self.clock.advance_to(Utc::from_ms(due.ms));
        let now = self.clock.now();
        let (capture, input) = (&mut self.captures[due.feed], &mut self.inputs[due.feed]);
        for _ in 0..BATCH_LINES_MAX {
            if capture.next_ms() != Some(due.ms) {
                break;
            }
            let batch = &mut input.batch;
            capture.take(&mut |line| batch.push(line))?;
        }
        capture.take_unread(|reason, lines| input.end_unread(reason, lines));
        times.lap(Lap::Read);
        let before = self.ring.pushed.get();
        self.desk.lines(input, now);
        times.lap(Lap::Parse);
        Ok((now, (self.ring.pushed.get() - before) as usize))
    }

    /// Rings the bell of the ring's reader.
    pub fn announce(&mut self) {
        self.desk.announce();
    }

    /// What remains when all is read: the captures and the books of their gates. The ring is given up.
    pub fn into_books(mut self) -> (Vec<Capture>, Vec<Input>) {
        for (capture, input) in self.captures.iter_mut().zip(&mut self.inputs) {
            capture.take_unread(|reason, lines| input.end_unread(reason, lines));
        }
        (self.captures, self.inputs)
    }
}
