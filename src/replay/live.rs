//! A capture as a feed of a live node: lines come when the node's clock reaches their moments.

use super::capture::Capture;
use super::{FILES_MAX, ReplayError};
use crate::config::Feed;
use crate::engine::Now;
use crate::parse::LineSource;
use crate::spot::Utc;

/// `speed: 0` ("as fast as it goes") for a node whose users watch: a day in a minute and a half.
const FASTEST: f64 = 1_000.0;
/// Lines handed out per call when the node is behind: a few ms of work.
const LINES_PER_CALL_MAX: usize = 2_048;

/// A feed of kind `Replay`. The node must run on [`ReplaySource::starts_at`] and
/// [`ReplaySource::speed`] ([`crate::engine::RealClock::playing`]): then told times, ages and windows
/// are those of the capture.
pub struct ReplaySource {
    captures: Vec<Capture>,
    speed: f64,
    /// Node time last seen: monotonic ns and UTC ms.
    seen: Option<(u64, i64)>,
}

impl ReplaySource {
    /// Opens the files of a feed.
    ///
    /// # Errors
    /// As [`Capture::open`].
    pub fn open(feed: &Feed) -> Result<ReplaySource, ReplayError> {
        if feed.files.is_empty() {
            return Err(ReplayError::NoFile);
        }
        if feed.files.len() > FILES_MAX {
            return Err(ReplayError::TooManyFiles(feed.files.len()));
        }
        let captures = feed.files.iter().map(|path| Capture::open(path, None)).collect::<Result<_, _>>()?;
        let speed = if feed.speed > 0.0 { feed.speed.min(FASTEST) } else { FASTEST };
        Ok(ReplaySource { captures, speed, seen: None })
    }

    /// The moment of the first line.
    pub fn starts_at(&self) -> Utc {
        Utc::from_ms(self.next().map_or(0, |(ms, _)| ms))
    }

    /// Capture seconds per real second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Moment and place of the next line.
    fn next(&self) -> Option<(i64, usize)> {
        self.captures.iter().enumerate().filter_map(|(i, c)| Some((c.next_ms()?, i))).min()
    }
}

impl LineSource for ReplaySource {
    fn next_due_ns(&self) -> u64 {
        match (self.next(), self.seen) {
            (None, _) => u64::MAX,
            (Some(_), None) => 0,
            (Some((ms, _)), Some((mono_ns, utc_ms))) => {
                mono_ns + ((ms - utc_ms).max(0) as f64 * 1e6 / self.speed) as u64
            }
        }
    }

    fn lines(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8])) {
        self.seen = Some((now.mono_ns, now.utc.ms()));
        for _ in 0..LINES_PER_CALL_MAX {
            let Some((_, i)) = self.next().filter(|(ms, _)| *ms <= now.utc.ms()) else { return };
            if let Err(error) = self.captures[i].take(on_line) {
                tracing::error!("replay stops: {error}");
                self.captures.remove(i);
            }
        }
    }
}
