//! How many spots of which band on which day: SHOW/HFSTATS, SHOW/VHFSTATS, SHOW/DXSTATS.
//!
//! Counted as spots arrive, so the figures outlive the rings; repeats do not count.

use super::history::Shelf;
use super::query::Sources;
use crate::spot::{Band, Spot, Utc, Verdicts, month_name};
use std::collections::VecDeque;
use std::io::Write;

/// Days that are counted. 31 × 3 × 21 counters of 4 bytes = 8 KB.
pub const TALLY_DAYS: usize = 31;

const DAY_MS: i64 = 86_400_000;
const BANDS: usize = Band::ALL.len() + 1;
const HF: [Band; 10] =
    [Band::M160, Band::M80, Band::M60, Band::M40, Band::M30, Band::M20, Band::M17, Band::M15, Band::M12, Band::M10];
const VHF: [Band; 8] = [Band::M6, Band::M4, Band::M2, Band::M125, Band::Cm70, Band::Cm33, Band::Cm23, Band::Cm13];

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stats {
    /// 160 m to 10 m, by band.
    Hf,
    /// 6 m and above, by band.
    Vhf,
    /// By kind of reporter, and HF and VHF together.
    Dx,
}

/// A question for a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatsWanted {
    /// Which.
    pub stats: Stats,
    /// How many days back, at most [`TALLY_DAYS`].
    pub days: usize,
    /// The last day.
    pub until: Utc,
    /// Whose spots count in [`Stats::Hf`] and [`Stats::Vhf`].
    pub sources: Sources,
}

/// Counts of the last days, oldest first.
#[derive(Debug, Default)]
pub struct Tally {
    days: VecDeque<Day>,
}

#[derive(Clone, Copy, Debug)]
struct Day {
    /// Days since 1970.
    number: i64,
    counts: [[u32; BANDS]; Shelf::COUNT],
}

impl Day {
    fn sum(&self, sources: Sources, is_in: impl Fn(Band) -> bool) -> u64 {
        let shelves = Shelf::ALL.into_iter().filter(|shelf| sources.has(*shelf));
        let counts = shelves.flat_map(|shelf| self.counts[shelf as usize].iter().enumerate());
        counts.filter(|(band, _)| is_in(Band::from_u8(*band as u8))).map(|(_, n)| u64::from(*n)).sum()
    }
}

impl Tally {
    /// Counts a spot, unless it is a repeat or older than the days that are counted.
    pub fn count(&mut self, spot: &Spot, shelf: Shelf) {
        if spot.verdicts == Verdicts::default() {
            return;
        }
        let number = spot.time.ms().div_euclid(DAY_MS);
        let at = match self.days.iter().rposition(|day| day.number <= number) {
            Some(at) if self.days[at].number == number => at,
            older => {
                let at = older.map_or(0, |at| at + 1);
                if at == 0 && self.days.len() == TALLY_DAYS {
                    return;
                }
                self.days.insert(at, Day { number, counts: [[0; BANDS]; Shelf::COUNT] });
                if self.days.len() > TALLY_DAYS {
                    self.days.pop_front();
                    at - 1
                } else {
                    at
                }
            }
        };
        let count = &mut self.days[at].counts[shelf as usize][spot.band() as usize];
        *count = count.saturating_add(1);
    }

    /// Appends a table, the newest day first, with the sum of all days below.
    pub fn print(&self, wanted: &StatsWanted, out: &mut Vec<u8>) {
        let last = wanted.until.ms().div_euclid(DAY_MS);
        let first = last.saturating_sub(wanted.days.clamp(1, TALLY_DAYS) as i64 - 1);
        let days: Vec<&Day> = self.days.iter().rev().filter(|day| (first..=last).contains(&day.number)).collect();
        if days.is_empty() {
            return out.extend_from_slice(b"No spots counted for these days.\r\n");
        }
        match wanted.stats {
            Stats::Hf => by_band(&days, &HF, wanted.sources, out),
            Stats::Vhf => by_band(&days, &VHF, wanted.sources, out),
            Stats::Dx => by_reporter(&days, out),
        }
    }
}

fn by_band(days: &[&Day], bands: &[Band], sources: Sources, out: &mut Vec<u8>) {
    let names: Vec<&str> = bands.iter().map(|band| band.name()).collect();
    header(&names, out);
    let rows = days.iter().map(|day| {
        let counts: Vec<u64> = bands.iter().map(|band| day.sum(sources, |other| other == *band)).collect();
        (counts.iter().sum(), counts, day.number)
    });
    table(rows, out);
}

fn by_reporter(days: &[&Day], out: &mut Vec<u8>) {
    header(&["People", "CW/RTTY", "Digital", "HF", "VHF+"], out);
    let rows = days.iter().map(|day| {
        let counts = vec![
            day.sum(Sources::PEOPLE, |_| true),
            day.sum(Sources::SKIMMER, |_| true),
            day.sum(Sources::DIGITAL, |_| true),
            day.sum(Sources::ALL, |band| HF.contains(&band)),
            day.sum(Sources::ALL, |band| VHF.contains(&band)),
        ];
        (day.sum(Sources::ALL, |_| true), counts, day.number)
    });
    table(rows, out);
}

/// `  Date| Total| 160m|` (clients 1.12): columns of 6, 6, and 5 or as wide as the name.
fn header(names: &[&str], out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "  Date| Total|");
    for name in names {
        let _ = write!(out, "{name:>5}|");
    }
    out.extend_from_slice(b"\r\n");
}

fn table(rows: impl Iterator<Item = (u64, Vec<u64>, i64)>, out: &mut Vec<u8>) {
    let header_at = out[..out.len() - 2].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let widths: Vec<usize> = out[header_at..out.len() - 3].split(|b| *b == b'|').skip(2).map(<[u8]>::len).collect();
    let mut print = |name: &str, total: u64, counts: &[u64]| {
        let _ = write!(out, "{name:>6}|{total:>6}|");
        for (count, width) in counts.iter().zip(&widths) {
            let _ = write!(out, "{count:>width$}|");
        }
        out.extend_from_slice(b"\r\n");
    };
    let (mut days, mut sum, mut sums) = (0, 0, Vec::new());
    for (total, counts, number) in rows {
        let (_, month, day) = Utc::from_ms(number * DAY_MS).civil();
        print(&format!("{day}{}", month_name(month)), total, &counts);
        sums.resize(counts.len(), 0);
        sums.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        (days, sum) = (days + 1, sum + total);
    }
    if days > 1 {
        print("Total", sum, &sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::Freq;

    fn count(tally: &mut Tally, day: u32, khz: u64, shelf: Shelf) {
        let mut spot = Spot::empty();
        spot.time = Utc::from_civil(2025, 12, day, 13, 59, 0);
        spot.set_freq(Freq::from_khz(khz));
        spot.verdicts = Verdicts::FAST;
        tally.count(&spot, shelf);
    }

    fn printed(tally: &Tally, stats: Stats, days: usize, sources: Sources) -> String {
        let until = Utc::from_civil(2025, 12, 7, 3, 0, 0);
        let mut out = Vec::new();
        tally.print(&StatsWanted { stats, days, until, sources }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn days_and_bands_are_counted() {
        let mut tally = Tally::default();
        assert_eq!(printed(&tally, Stats::Hf, 31, Sources::PEOPLE), "No spots counted for these days.\r\n");
        count(&mut tally, 7, 7_010, Shelf::People);
        count(&mut tally, 6, 14_010, Shelf::People);
        count(&mut tally, 6, 14_020, Shelf::People);
        count(&mut tally, 6, 14_020, Shelf::Skimmer);
        count(&mut tally, 6, 50_100, Shelf::Digital);
        tally.count(&Spot::empty(), Shelf::People);
        assert_eq!(
            printed(&tally, Stats::Hf, 31, Sources::PEOPLE),
            "  Date| Total| 160m|  80m|  60m|  40m|  30m|  20m|  17m|  15m|  12m|  10m|\r\n  \
             7Dec|     1|    0|    0|    0|    1|    0|    0|    0|    0|    0|    0|\r\n  \
             6Dec|     2|    0|    0|    0|    0|    0|    2|    0|    0|    0|    0|\r\n \
             Total|     3|    0|    0|    0|    1|    0|    2|    0|    0|    0|    0|\r\n"
        );
        assert!(printed(&tally, Stats::Hf, 1, Sources::ALL).lines().count() == 2);
        assert_eq!(
            printed(&tally, Stats::Vhf, 9, Sources::ALL).lines().nth(2).unwrap(),
            "  6Dec|     1|    1|    0|    0|    0|    0|    0|    0|    0|"
        );
        assert_eq!(
            printed(&tally, Stats::Dx, 9, Sources::ALL),
            "  Date| Total|People|CW/RTTY|Digital|   HF| VHF+|\r\n  \
             7Dec|     1|     1|      0|      0|    1|    0|\r\n  \
             6Dec|     4|     2|      1|      1|    3|    1|\r\n \
             Total|     5|     3|      1|      1|    4|    1|\r\n"
        );
    }

    #[test]
    fn old_days_go() {
        let mut tally = Tally::default();
        let mut spot = Spot::empty();
        spot.verdicts = Verdicts::MED;
        for day in (0..100).rev().chain(0..100) {
            spot.time = Utc::from_ms(day * DAY_MS + 5);
            tally.count(&spot, Shelf::People);
        }
        let days: Vec<i64> = tally.days.iter().map(|day| day.number).collect();
        assert_eq!(days, (69..100).collect::<Vec<_>>());
        assert!(tally.days.iter().all(|day| day.counts[0][0] == 2));
    }
}
