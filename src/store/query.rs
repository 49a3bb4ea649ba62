//! A question to the history, and its run over the rings in bounded steps.

use super::brief::FirstLook;
use super::history::{History, Shelf};
use super::tally::StatsWanted;
use crate::filter::{Context, Explainer, Expr, Filter, headline};
use crate::spot::{BulletinKind, Call, SessionId, Spot, Utc, Verdicts};
use crate::wire::{JSON_LINE_BYTES_MAX, LineStyle, history_line, history_line_cc, spot_line};

/// Most spots or lines one question gets: HRD asks for 450 (clients 5.10).
pub const HISTORY_COUNT_MAX: usize = 500;
/// Most bytes for one spot: the longest JSON object fits, and what EXPLAIN says of a spot.
const LINE_BYTES_MAX: usize = 2_046;
const _: () = assert!(JSON_LINE_BYTES_MAX < LINE_BYTES_MAX);
/// Largest answer: as many of the longest lines as one question gets, 1,024,000 bytes. A usual one, 500 lines
/// of 77 columns, has 40 KB.
pub const REPLY_BYTES_MAX: usize = HISTORY_COUNT_MAX * (LINE_BYTES_MAX + 2);

/// A question with its return address. `ask` numbers the questions of a session, so that a late answer is
/// not taken for that to another question.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryRequest {
    /// Who asks.
    pub session: SessionId,
    /// Which question of this session.
    pub ask: u32,
    /// What is asked.
    pub what: What,
}

/// What can be asked.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The last spots that fit.
    Spots(SpotsWanted),
    /// The last lines of a kind, WWV and WCY as tables.
    Bulletins {
        /// Kind.
        kind: BulletinKind,
        /// How many, at most [`HISTORY_COUNT_MAX`].
        count: usize,
    },
    /// Spots per day and band.
    Stats(StatsWanted),
    /// For each of the last spots: which part of a filter lets it pass or holds it back.
    Explain {
        /// The parts with their names; a spot passes when all let it pass.
        parts: Vec<(String, Expr)>,
        /// How many spots, at most [`HISTORY_COUNT_MAX`].
        count: usize,
    },
}

/// Layouts of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// The SH/DX table that logging programs read (clients 5.2).
    #[default]
    Table,
    /// The same in CC Cluster's columns.
    CcTable,
    /// Live lines.
    Live(LineStyle),
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
    pub const fn has(self, shelf: Shelf) -> bool {
        self.0 & (1 << shelf as u8) != 0
    }
    /// Both together.
    #[must_use]
    pub const fn or(self, other: Sources) -> Sources {
        Sources(self.0 | other.0)
    }
}

/// The last spots that fit.
#[derive(Clone, PartialEq, Debug)]
pub struct SpotsWanted {
    /// How many, at most [`HISTORY_COUNT_MAX`].
    pub count: usize,
    /// How many of the newest that fit are left out first.
    pub skip: usize,
    /// Layout.
    pub layout: Layout,
    /// The oldest of the found is printed first.
    pub oldest_first: bool,
    /// Only these reporters.
    pub sources: Sources,
    /// What is asked about the spot.
    pub terms: Filter,
    /// The user's own filter, where it applies.
    pub through: Filter,
    /// This DX call passes `through` in any case; empty = none.
    pub own_call: Call,
    /// Also spots that were repeats for every dedup policy.
    pub repeats: bool,
    /// Not before this moment.
    pub since: Utc,
    /// Before this moment.
    pub until: Utc,
    /// The answer when nothing fits, without line end; empty = an empty answer.
    pub nothing: &'static str,
}

impl SpotsWanted {
    /// The last `count` spots of all, in the table layout.
    pub fn last(count: usize) -> SpotsWanted {
        SpotsWanted {
            count,
            skip: 0,
            layout: Layout::Table,
            oldest_first: false,
            sources: Sources::ALL,
            terms: Filter::all(),
            through: Filter::all(),
            own_call: Call::EMPTY,
            repeats: false,
            since: Utc::from_ms(i64::MIN),
            until: Utc::from_ms(i64::MAX),
            nothing: "",
        }
    }

    /// Whether a spot is one of those asked for; its shelf and its place in the order aside.
    #[inline]
    pub fn fits(&self, spot: &Spot) -> bool {
        (self.repeats || spot.verdicts != Verdicts::default())
            && self.since <= spot.time
            && spot.time < self.until
            && self.terms.passes(spot)
            && (self.through.passes(spot) || (spot.dx == self.own_call && !spot.dx.is_empty()))
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryReply {
    /// Who asked.
    pub session: SessionId,
    /// Which of his questions.
    pub ask: u32,
    /// Lines with CR LF, at most [`REPLY_BYTES_MAX`]; empty when nothing fits.
    pub bytes: Vec<u8>,
}

/// A question on its way through the rings, newest spot first.
///
/// It looks at every spot at most once, in steps of any size; what arrives after it began is not
/// looked at, and what is overwritten before it gets there is missed.
#[derive(Debug)]
pub struct Query {
    session: SessionId,
    ask: u32,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Spots(SpotsWanted, Walk),
    Explain(Explainer, Walk),
    /// Answered when it was asked.
    Ready(Vec<u8>),
}

impl Query {
    /// Starts at the newest spot.
    pub fn start(request: HistoryRequest, history: &History) -> Query {
        let HistoryRequest { session, ask, what } = request;
        let work = match what {
            What::Spots(wanted) => {
                let look = FirstLook::of(wanted.terms.expr(), wanted.since, wanted.until, wanted.repeats);
                let walk = Walk::start(history, wanted.sources, look, wanted.skip, wanted.count);
                Work::Spots(wanted, walk)
            }
            What::Explain { parts, count } => {
                Work::Explain(Explainer::new(&parts), Walk::start(history, Sources::ALL, FirstLook::ALL, 0, count))
            }
            What::Bulletins { kind, count } => {
                let mut bytes = Vec::new();
                history.bulletins().print(kind, count.min(HISTORY_COUNT_MAX), &mut bytes);
                Work::Ready(bytes)
            }
            What::Stats(wanted) => {
                let mut bytes = Vec::new();
                history.tally().print(&wanted, &mut bytes);
                Work::Ready(bytes)
            }
        };
        Query { session, ask, work }
    }

    /// Looks at up to `spots_max` spots; returns how many it looked at and, when done, the answer.
    pub fn step(&mut self, history: &History, spots_max: usize) -> (usize, Option<HistoryReply>) {
        let (looked_at, is_done) = match &mut self.work {
            Work::Spots(wanted, walk) => {
                walk.step(history, spots_max, |spot| wanted.fits(spot), |spot, out| print(spot, wanted.layout, out))
            }
            Work::Explain(explainer, walk) => {
                let names = history.names();
                walk.step(history, spots_max, |_| true, |spot, out| explained(spot, explainer, names.as_ref(), out))
            }
            Work::Ready(_) => (0, true),
        };
        let reply = is_done.then(|| HistoryReply { session: self.session, ask: self.ask, bytes: self.take_bytes() });
        (looked_at, reply)
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        match &mut self.work {
            Work::Ready(bytes) => std::mem::take(bytes),
            Work::Explain(_, walk) => std::mem::take(&mut walk.bytes),
            Work::Spots(wanted, walk) if walk.found == 0 && !wanted.nothing.is_empty() => {
                format!("{}\r\n", wanted.nothing).into_bytes()
            }
            Work::Spots(wanted, walk) if wanted.oldest_first => walk.reversed(),
            Work::Spots(_, walk) => std::mem::take(&mut walk.bytes),
        }
    }
}

/// Appends a spot's line without its end.
fn print(spot: &Spot, layout: Layout, out: &mut Vec<u8>) {
    match layout {
        Layout::Table => history_line(spot, out),
        Layout::CcTable => history_line_cc(spot, out),
        Layout::Live(style) => spot_line(spot, style, out),
    }
}

/// The way down the three rings, by sequence, and what was found on it.
#[derive(Debug)]
struct Walk {
    look: FirstLook,
    /// Per shelf: spots below this number are still to be looked at.
    below: [u64; Shelf::COUNT],
    /// Per shelf: the newest spot that may fit and was not taken yet, by number and sequence.
    next: [Option<(u64, u64)>; Shelf::COUNT],
    to_skip: usize,
    wanted: usize,
    found: usize,
    bytes: Vec<u8>,
    /// Where each found line begins.
    starts: Vec<u32>,
}

impl Walk {
    fn start(history: &History, sources: Sources, look: FirstLook, skip: usize, count: usize) -> Walk {
        Walk {
            look,
            below: Shelf::ALL.map(|shelf| if sources.has(shelf) { history.ring(shelf).end() } else { 0 }),
            next: [None; Shelf::COUNT],
            to_skip: skip,
            wanted: count.min(HISTORY_COUNT_MAX),
            found: 0,
            bytes: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Looks at up to `spots_max` spots; returns how many, and whether the walk is over.
    fn step(
        &mut self,
        history: &History,
        spots_max: usize,
        fits: impl Fn(&Spot) -> bool,
        print: impl Fn(&Spot, &mut Vec<u8>),
    ) -> (usize, bool) {
        let mut left = spots_max;
        while self.found < self.wanted {
            if !self.look_ahead(history, &mut left) {
                return (spots_max, false);
            }
            let next = Shelf::ALL.into_iter().filter_map(|shelf| Some((shelf, self.next[shelf as usize]?)));
            let Some((shelf, (number, _))) = next.max_by_key(|(_, (_, seq))| *seq) else { break };
            self.next[shelf as usize] = None;
            // It may have been overwritten since.
            let Some(spot) = history.ring(shelf).spot(number).filter(|spot| fits(spot)) else { continue };
            if self.to_skip > 0 {
                self.to_skip -= 1;
                continue;
            }
            let start = self.bytes.len();
            print(spot, &mut self.bytes);
            self.bytes.extend_from_slice(b"\r\n");
            if self.bytes.len() > REPLY_BYTES_MAX {
                // No layout comes near; if one did, the answer would end with its last whole line.
                self.bytes.truncate(start);
                break;
            }
            self.starts.push(start as u32);
            self.found += 1;
        }
        (spots_max - left, true)
    }

    /// Finds the next spot of each shelf that may fit. `false` when `left` is used up before.
    fn look_ahead(&mut self, history: &History, left: &mut usize) -> bool {
        for shelf in Shelf::ALL {
            let (ring, below) = (history.ring(shelf), &mut self.below[shelf as usize]);
            if self.next[shelf as usize].is_some() {
                continue;
            }
            let (looked_at, found) = ring.find_below(*below, *left, |brief| self.look.may_fit(brief));
            *left -= looked_at;
            *below -= looked_at as u64;
            self.next[shelf as usize] = found;
            if found.is_none() && *left == 0 && *below > ring.oldest() {
                return false;
            }
        }
        true
    }

    /// The lines found, the last first.
    fn reversed(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut end = self.bytes.len();
        for start in self.starts.iter().rev().map(|start| *start as usize) {
            out.extend_from_slice(&self.bytes[start..end]);
            end = start;
        }
        out
    }
}

/// Appends a spot and, set in by two blanks, which parts of a filter let it pass or hold it back.
fn explained(spot: &Spot, explainer: &Explainer, names: Option<&Context<'_>>, out: &mut Vec<u8>) {
    out.extend_from_slice(headline(spot).as_bytes());
    for line in explainer.lines(spot, names) {
        out.extend_from_slice(b"\r\n  ");
        out.extend_from_slice(line.as_bytes());
    }
}
