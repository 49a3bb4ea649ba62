//! A question to the history, and its run over the rings in bounded steps.

use super::history::{History, Shelf};
use crate::spot::{Band, Call, Family, Mode, SessionId, Spot, base_call};
use crate::wire::{GOCLUSTER_LINE_BYTES, gocluster, history_line};

/// Most spots one question gets: HRD asks for 450 (clients 5.10).
pub const HISTORY_COUNT_MAX: usize = 500;

/// Layouts of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HistoryFormat {
    /// The SH/DX table that logging programs read.
    #[default]
    Classic,
    /// GoCluster's live lines.
    Gocluster,
}

/// Whose reports are asked for: a set of shelves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sources(u8);

impl Sources {
    /// People, here and on other nodes.
    pub const PEOPLE: Sources = Sources(1 << Shelf::People as u8);
    /// Skimmers: CW, RTTY, PSK.
    pub const SKIMMER: Sources = Sources(1 << Shelf::Skimmer as u8);
    /// Skimmers: FT8 and the like.
    pub const DIGITAL: Sources = Sources(1 << Shelf::Digital as u8);
    /// Everybody.
    pub const ALL: Sources = Sources(Self::PEOPLE.0 | Self::SKIMMER.0 | Self::DIGITAL.0);

    /// Whether a shelf is asked for.
    pub fn has(self, shelf: Shelf) -> bool {
        self.0 & (1 << shelf as u8) != 0
    }
}

/// The last spots that fit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HistoryRequest {
    /// Who asks.
    pub session: SessionId,
    /// How many, at most [`HISTORY_COUNT_MAX`].
    pub count: usize,
    /// How many of the newest that fit are left out first.
    pub skip: usize,
    /// Layout.
    pub format: HistoryFormat,
    /// The DX call begins so; portable suffixes aside.
    pub call_prefix: Option<Call>,
    /// Only this band.
    pub band: Option<Band>,
    /// Only this mode.
    pub mode: Option<Mode>,
    /// Only voice.
    pub voice: bool,
    /// Only these reporters.
    pub sources: Sources,
}

impl HistoryRequest {
    /// The last `count` spots of all, in the classic layout.
    pub fn last(session: SessionId, count: usize) -> HistoryRequest {
        HistoryRequest {
            session,
            count,
            skip: 0,
            format: HistoryFormat::Classic,
            call_prefix: None,
            band: None,
            mode: None,
            voice: false,
            sources: Sources::ALL,
        }
    }

    fn fits(&self, spot: &Spot) -> bool {
        self.band.is_none_or(|band| spot.band() == band)
            && self.mode.is_none_or(|mode| spot.mode().normalized() == mode.normalized())
            && (!self.voice || spot.mode().family() == Family::Voice)
            && self.call_prefix.is_none_or(|prefix| base_call(&spot.dx).as_bytes().starts_with(prefix.as_bytes()))
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryReply {
    /// Who asked.
    pub session: SessionId,
    /// Lines with CR LF, newest first; empty when nothing fits.
    pub bytes: Vec<u8>,
}

/// A question on its way through the rings, newest spot first.
///
/// It looks at every spot at most once, in steps of any size; what arrives after it began is not
/// looked at, and what is overwritten before it gets there is missed.
#[derive(Debug)]
pub struct Query {
    request: HistoryRequest,
    /// Per shelf: spots below this number are still to be looked at.
    below: [u64; Shelf::COUNT],
    to_skip: usize,
    found: usize,
    bytes: Vec<u8>,
}

impl Query {
    /// Starts at the newest spot.
    pub fn start(request: HistoryRequest, history: &History) -> Query {
        let below = Shelf::ALL.map(|shelf| if request.sources.has(shelf) { history.ring(shelf).end() } else { 0 });
        Query { request, below, to_skip: request.skip, found: 0, bytes: Vec::new() }
    }

    /// Looks at up to `spots_max` spots; returns how many it looked at and, when done, the answer.
    pub fn step(&mut self, history: &History, spots_max: usize) -> (usize, Option<HistoryReply>) {
        let wanted = self.request.count.min(HISTORY_COUNT_MAX);
        let mut heads = Shelf::ALL.map(|shelf| self.head(history, shelf));
        for looked_at in 0..spots_max {
            let newest = heads.iter().flatten().max_by_key(|spot| spot.seq).copied();
            let Some(spot) = newest.filter(|_| self.found < wanted) else {
                return (looked_at, Some(self.answer()));
            };
            let shelf = Shelf::of(spot);
            self.below[shelf as usize] -= 1;
            heads[shelf as usize] = self.head(history, shelf);
            if !self.request.fits(spot) {
                continue;
            }
            if self.to_skip > 0 {
                self.to_skip -= 1;
                continue;
            }
            self.found += 1;
            self.render(spot);
        }
        (spots_max, None)
    }

    /// The newest spot of a shelf that was not looked at yet.
    fn head<'h>(&self, history: &'h History, shelf: Shelf) -> Option<&'h Spot> {
        history.ring(shelf).spot(self.below[shelf as usize].checked_sub(1)?)
    }

    fn render(&mut self, spot: &Spot) {
        match self.request.format {
            HistoryFormat::Classic => history_line(spot, &mut self.bytes),
            HistoryFormat::Gocluster => gocluster(spot, GOCLUSTER_LINE_BYTES, &mut self.bytes),
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    fn answer(&mut self) -> HistoryReply {
        HistoryReply { session: self.request.session, bytes: std::mem::take(&mut self.bytes) }
    }
}
