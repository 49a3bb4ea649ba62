//! Which kHz carry FT8, FT4 or JS8, as skimmers report it.

use super::recent::Recent;
use crate::spot::{Call, Mode};
use hashbrown::HashMap;

/// Votes remembered: one per station, kHz and mode. Some 2,000 stations report, on about a dozen bands with
/// three busy kHz each; 131,072 hold what they say in five minutes, 64 bytes each.
const VOTES_MAX: u32 = 131_072;
/// Distinct kHz with votes. All HF bands together have 3,100; a feed that names more is not believed there.
const KHZ_MAX: usize = 16_384;

/// The modes that the map knows, in the order of its columns.
const MODES: [Mode; 3] = [Mode::Ft8, Mode::Ft4, Mode::Js8];

/// Votes of skimmers per kHz, and seeded standard frequencies.
pub(super) struct DigitalMap {
    window_ms: i64,
    stations_min: u32,
    seed_ttl_ms: i64,
    votes: Recent<Vote, ()>,
    /// Never iterated: only asked by kHz. A kHz is in it while it has votes or a seed, so it is bounded by
    /// both.
    buckets: HashMap<u32, Bucket, ahash::RandomState>,
    seeds: Vec<(u32, usize)>,
    started: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Vote {
    station: Call,
    khz: u32,
    mode: u8,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    stations: [u32; 3],
    heard_ms: [i64; 3],
    seeded: [bool; 3],
    seed_until_ms: [i64; 3],
}

/// Column of a mode, when the map knows it.
pub(super) fn column(mode: Mode) -> Option<usize> {
    MODES.iter().position(|m| *m == mode)
}

impl DigitalMap {
    /// `seeds`: kHz and mode; other modes than FT8, FT4 and JS8 and kHz 0 are left out.
    pub fn new(window_s: u32, stations_min: u32, seed_ttl_s: u32, seeds: &[(u32, Mode)]) -> DigitalMap {
        DigitalMap {
            window_ms: i64::from(window_s) * 1000,
            stations_min: stations_min.max(1),
            seed_ttl_ms: i64::from(seed_ttl_s) * 1000,
            votes: Recent::new(VOTES_MAX),
            buckets: HashMap::with_capacity_and_hasher(
                // Twice the bound: removals leave marks, and a table more than half full would grow to clear them.
                2 * KHZ_MAX + seeds.len(),
                ahash::RandomState::with_seeds(0x5EED_0021, 0x5EED_0022, 0x5EED_0023, 0x5EED_0024),
            ),
            seeds: seeds.iter().filter(|s| s.0 > 0).filter_map(|(khz, mode)| Some((*khz, column(*mode)?))).collect(),
            started: false,
        }
    }

    /// Moves time; it never goes back. The first call starts the life of the seeds.
    pub fn advance(&mut self, at_ms: i64) {
        if !self.started {
            self.started = true;
            for (khz, column) in &self.seeds {
                let bucket = self.buckets.entry(*khz).or_default();
                bucket.seeded[*column] = true;
                bucket.seed_until_ms[*column] = at_ms + self.seed_ttl_ms;
            }
        }
        while let Some((vote, ())) = self.votes.pop_before(at_ms - self.window_ms) {
            self.withdraw(vote);
        }
    }

    fn withdraw(&mut self, vote: Vote) {
        let Some(bucket) = self.buckets.get_mut(&vote.khz) else { return };
        let stations = &mut bucket.stations[usize::from(vote.mode)];
        *stations = stations.saturating_sub(1);
        if bucket.stations == [0; 3] && bucket.seeded == [false; 3] {
            self.buckets.remove(&vote.khz);
        }
    }

    /// A skimmer said that it hears this mode. Renews the seed of that kHz and mode, if there is one.
    pub fn observe(&mut self, at_ms: i64, khz: u32, column: usize, station: Call) {
        if self.buckets.len() >= KHZ_MAX && !self.buckets.contains_key(&khz) {
            return;
        }
        let (before, gone) = self.votes.put(Vote { station, khz, mode: column as u8 }, (), at_ms);
        let bucket = self.buckets.entry(khz).or_default();
        bucket.stations[column] += u32::from(before.is_none());
        bucket.heard_ms[column] = at_ms;
        if bucket.seeded[column] {
            bucket.seed_until_ms[column] = at_ms + self.seed_ttl_ms;
        }
        if let Some((vote, ())) = gone {
            self.withdraw(vote);
        }
    }

    /// What is on a kHz: the mode that enough stations report (more stations, then heard later, then the
    /// order FT8, FT4, JS8), else the one live seed; two live seeds cancel out.
    pub fn infer(&self, at_ms: i64, khz: u32) -> Option<Mode> {
        let bucket = self.buckets.get(&khz)?;
        let heard = (0..3)
            .filter(|c| bucket.stations[*c] >= self.stations_min)
            .max_by_key(|c| (bucket.stations[*c], bucket.heard_ms[*c], std::cmp::Reverse(*c)));
        if let Some(column) = heard {
            return Some(MODES[column]);
        }
        let mut live = (0..3).filter(|c| bucket.seeded[*c] && at_ms <= bucket.seed_until_ms[*c]);
        match (live.next(), live.next()) {
            (Some(column), None) => Some(MODES[column]),
            _ => None,
        }
    }

    /// Votes and kHz remembered.
    pub fn len(&self) -> (usize, usize) {
        (self.votes.len(), self.buckets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(stations_min: u32, seeds: &[(u32, Mode)]) -> DigitalMap {
        DigitalMap::new(300, stations_min, 3600, seeds)
    }

    #[test]
    fn a_station_has_one_vote_that_ages() {
        let mut map = map(2, &[]);
        map.advance(0);
        map.observe(0, 14074, 0, Call::literal("A1A"));
        map.observe(1_000, 14074, 0, Call::literal("A1A"));
        assert_eq!(map.infer(1_000, 14074), None, "one station twice");
        map.observe(2_000, 14074, 0, Call::literal("B1B"));
        assert_eq!(map.infer(2_000, 14074), Some(Mode::Ft8));
        map.advance(301_000);
        assert_eq!(map.infer(301_000, 14074), Some(Mode::Ft8), "as old as the window is still in it");
        map.advance(301_001);
        assert_eq!(map.infer(301_001, 14074), None);
        map.advance(1_000_000);
        assert_eq!(map.len(), (0, 0), "nothing is left behind");
    }

    #[test]
    fn ties_go_to_what_was_heard_later_then_to_the_first_column() {
        let mut map = map(1, &[]);
        map.advance(0);
        map.observe(0, 14080, 0, Call::literal("A1A"));
        map.observe(5, 14080, 1, Call::literal("B1B"));
        assert_eq!(map.infer(5, 14080), Some(Mode::Ft4));
        map.observe(5, 14080, 0, Call::literal("A1A"));
        assert_eq!(map.infer(5, 14080), Some(Mode::Ft8));
        map.observe(5, 14080, 1, Call::literal("C1C"));
        assert_eq!(map.infer(5, 14080), Some(Mode::Ft4), "more stations");
    }

    #[test]
    fn seeds_live_by_being_heard_and_yield_to_evidence() {
        let mut map = map(2, &[(7074, Mode::Ft8), (18104, Mode::Ft4), (18104, Mode::Js8), (7030, Mode::Cw)]);
        map.advance(0);
        assert_eq!(map.infer(0, 7074), Some(Mode::Ft8));
        assert_eq!(map.infer(0, 18104), None, "two seeds cancel out");
        assert_eq!(map.infer(0, 7030), None, "no seed for CW");
        map.observe(3_000_000, 7074, 0, Call::literal("A1A"));
        map.advance(3_600_001);
        assert_eq!(map.infer(3_600_001, 7074), Some(Mode::Ft8), "renewed");
        assert_eq!(map.infer(6_600_001, 7074), None, "nobody was heard for an hour");
        map.observe(6_700_000, 7074, 1, Call::literal("A1A"));
        map.observe(6_700_000, 7074, 1, Call::literal("B1B"));
        assert_eq!(map.infer(6_700_000, 7074), Some(Mode::Ft4));
    }
}
