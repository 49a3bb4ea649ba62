//! Three rings of spots in order of sequence: what one kind of reporter floods, the others keep.

use super::brief::Brief;
use super::bulletins::Bulletins;
use super::tally::Tally;
use crate::config;
use crate::filter::Context;
use crate::reference::Cty;
use crate::spot::{Bulletin, Family, Grid, Spot, Utc};
use std::sync::Arc;

/// Which ring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Shelf {
    /// People and peers, simulated people included.
    People = 0,
    /// Skimmers: CW, RTTY, PSK.
    Skimmer = 1,
    /// Skimmers and PSKReporter: FT8 and other slot modes.
    Digital = 2,
}

impl Shelf {
    /// How many there are.
    pub const COUNT: usize = 3;
    /// All, in order of their discriminants.
    pub const ALL: [Shelf; Shelf::COUNT] = [Shelf::People, Shelf::Skimmer, Shelf::Digital];

    /// Where a spot lies.
    pub fn of(spot: &Spot) -> Shelf {
        match spot.mode().family() {
            _ if !spot.is_skimmer() => Shelf::People,
            Family::Slot => Shelf::Digital,
            _ => Shelf::Skimmer,
        }
    }
}

/// A ring of spots by value, 256 bytes each and 32 for the first look. Its address space is taken at once,
/// memory as it fills; it never moves.
#[derive(Debug)]
pub struct Ring {
    spots: Vec<Spot>,
    /// Of the spots in the same places.
    briefs: Vec<Brief>,
    capacity: usize,
    /// Spots ever put in: the number of the next one.
    end: u64,
}

impl Ring {
    fn new(capacity: u32) -> Ring {
        let capacity = capacity as usize;
        Ring { spots: Vec::with_capacity(capacity), briefs: Vec::with_capacity(capacity), capacity, end: 0 }
    }

    /// Puts a spot in; the oldest comes out when the ring is full, or the spot itself when it has no room at all.
    fn push(&mut self, spot: Spot) -> Option<Spot> {
        if self.capacity == 0 {
            return Some(spot);
        }
        let slot = (self.end % self.capacity as u64) as usize;
        self.end += 1;
        if self.spots.len() < self.capacity {
            self.briefs.push(Brief::of(&spot));
            self.spots.push(spot);
            return None;
        }
        self.briefs[slot] = Brief::of(&spot);
        Some(std::mem::replace(&mut self.spots[slot], spot))
    }

    /// The number of the next spot; numbers count from 0.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The number of the oldest spot inside; [`Ring::end`] when there is none.
    pub fn oldest(&self) -> u64 {
        self.end - self.spots.len() as u64
    }

    /// The spot of a number; `None` when it is overwritten or not there yet.
    pub fn spot(&self, number: u64) -> Option<&Spot> {
        let is_kept = (self.oldest()..self.end).contains(&number);
        is_kept.then(|| &self.spots[(number % self.capacity as u64) as usize])
    }

    /// Looks for a spot below a number whose brief fits, the newest first, at `max` of them at most. Returns how
    /// many it looked at, and the number and sequence of the one that fits.
    pub(super) fn find_below(
        &self,
        number: u64,
        max: usize,
        fits: impl Fn(&Brief) -> bool,
    ) -> (usize, Option<(u64, u64)>) {
        let oldest = self.oldest();
        let (mut below, mut looked_at) = (number, 0);
        while below > oldest && looked_at < max {
            // The places below it up to where the ring closes.
            let end = ((below - 1) % self.capacity as u64) as usize + 1;
            let len = end.min((below - oldest) as usize).min(max - looked_at);
            let places = &self.briefs[end - len..end];
            if let Some(at) = places.iter().rposition(&fits) {
                return (looked_at + len - at, Some((below - (len - at) as u64, places[at].seq)));
            }
            below -= len as u64;
            looked_at += len;
        }
        (looked_at, None)
    }

    /// Spots inside.
    pub fn len(&self) -> usize {
        self.spots.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }
}

/// What is kept: spots for SHOW/DX, counts of spots, and bulletins.
#[derive(Debug)]
pub struct History {
    rings: [Ring; Shelf::COUNT],
    tally: Tally,
    bulletins: Bulletins,
    names: Option<Names>,
}

/// What the numbers in spots are called.
#[derive(Clone, Debug)]
pub struct Names {
    /// Entities.
    pub cty: Arc<Cty>,
    /// Feeds, by their place in the configuration.
    pub feeds: Arc<[String]>,
}

impl History {
    /// Empty rings of the configured capacities.
    pub fn new(config: &config::History) -> History {
        History {
            rings: [Ring::new(config.human), Ring::new(config.rbn), Ring::new(config.digital)],
            tally: Tally::default(),
            bulletins: Bulletins::default(),
            names: None,
        }
    }

    /// From here on explanations name entities and feeds so; before, they number them.
    pub fn set_names(&mut self, names: Names) {
        self.names = Some(names);
    }

    /// The names, as explanations take them.
    pub(super) fn names(&self) -> Option<Context<'_>> {
        let names = self.names.as_ref()?;
        Some(Context { cty: &names.cty, feeds: &names.feeds, grid: Grid::NONE, default_filter: &[] })
    }

    /// Keeps a published spot; gives back the one that had to go for it.
    pub fn keep(&mut self, spot: Spot) -> Option<Spot> {
        let shelf = Shelf::of(&spot);
        self.tally.count(&spot, shelf);
        self.rings[shelf as usize].push(spot)
    }

    /// Keeps a line for everybody that came at this time.
    pub fn keep_bulletin(&mut self, bulletin: &Bulletin, at: Utc) {
        self.bulletins.keep(bulletin, at);
    }

    /// The counts.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The lines for everybody.
    pub fn bulletins(&self) -> &Bulletins {
        &self.bulletins
    }

    /// One ring.
    pub fn ring(&self, shelf: Shelf) -> &Ring {
        &self.rings[shelf as usize]
    }

    /// Spots in all rings.
    pub fn len(&self) -> usize {
        self.rings.iter().map(Ring::len).sum()
    }

    /// Whether all rings are empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
