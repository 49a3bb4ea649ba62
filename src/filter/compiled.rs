//! The form that is asked per spot.
//!
//! A filter becomes a list of steps. Each asks one question and names the step to go to for either answer,
//! so `and`, `or` and `not` cost nothing by themselves, and integers are asked before strings.
//!
//! The band is asked first of all, by an index: for each band the steps are those of the expression with
//! every band term answered. What people say by band and mode, `20m CW or 40m SSB or ...`, comes down to the
//! few terms of one band.

use super::ask::Ask;
use super::{BandSet, Expr, Term, canon};
use crate::spot::Spot;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A compiled filter, shared. Two are equal when their canonical expressions are.
#[derive(Clone, Debug)]
pub struct Filter(Arc<Inner>);

/// What the band alone says: [`Filter::by_band`]. On a band in neither set nothing passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByBand {
    /// Every spot passes.
    pub passes: BandSet,
    /// [`Filter::passes`] must be asked.
    pub asks: BandSet,
}

#[derive(Debug)]
struct Inner {
    canonical: Expr,
    fingerprint: u64,
    program: Program,
}

#[derive(Debug, Default)]
struct Program {
    /// Where asking starts, by band: a step, or an end when nothing has to be asked.
    starts: [u32; BandSet::MAX + 1],
    /// A step only leads to later ones. At most one for each term and band.
    steps: Box<[Step]>,
    /// Questions, each once.
    asks: Box<[Ask]>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// Index of the question.
    ask: u32,
    yes: u32,
    no: u32,
}

/// Where the steps end.
const PASSED: u32 = u32::MAX;
const HELD: u32 = u32::MAX - 1;

impl Filter {
    /// Passes everything.
    pub fn all() -> Filter {
        Filter::compile(&Expr::All)
    }
    /// Canonicalises and compiles. Bounds on size are the business of whoever parsed the expression.
    pub fn compile(expr: &Expr) -> Filter {
        let canonical = canon::canonical(expr);
        let mut hasher = DefaultHasher::new();
        canonical.hash(&mut hasher);
        let program = Program::of(&canonical);
        Filter(Arc::new(Inner { canonical, fingerprint: hasher.finish(), program }))
    }
    /// Whether a spot passes. Does not allocate.
    #[inline]
    pub fn passes(&self, spot: &Spot) -> bool {
        self.0.program.passes(spot)
    }
    /// The bands on which everything passes, and those on which it depends on more than the band.
    pub fn by_band(&self) -> ByBand {
        let starts = &self.0.program.starts;
        let where_it = |is: fn(u32) -> bool| {
            let mut set = BandSet::EMPTY;
            (0..=BandSet::MAX).filter(|band| is(starts[*band])).for_each(|band| set.add_bit(band));
            set
        };
        ByBand { passes: where_it(|start| start == PASSED), asks: where_it(|start| start < HELD) }
    }
    /// Whether everything passes.
    pub fn is_all(&self) -> bool {
        self.0.canonical == Expr::All
    }
    /// The canonical expression.
    pub fn expr(&self) -> &Expr {
        &self.0.canonical
    }
    /// A number for reports: equal filters have equal ones. Means nothing beyond this process.
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprint
    }
}

impl Filter {
    /// Whether both are the same one in memory; equal ones need not be.
    #[cfg(test)]
    pub(crate) fn is_one_with(&self, other: &Filter) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Filter) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.fingerprint == other.0.fingerprint && self.0.canonical == other.0.canonical)
    }
}
impl Eq for Filter {}
impl Hash for Filter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.fingerprint);
    }
}
impl Default for Filter {
    fn default() -> Filter {
        Filter::all()
    }
}

impl Program {
    /// From a canonical expression.
    fn of(expr: &Expr) -> Program {
        let mut maker = Maker::default();
        let mut known: HashMap<Part<'_>, u32> = HashMap::new();
        let mut starts = [HELD; BandSet::MAX + 1];
        for (band, start) in starts.iter_mut().enumerate() {
            let part = Part::on_band(expr, band);
            *start = match known.get(&part) {
                Some(at) => *at,
                None => {
                    let at = maker.emit(&part, PASSED, HELD);
                    known.insert(part, at);
                    at
                }
            };
        }
        // Made backwards, so that the step to go to was there already.
        let len = maker.steps.len() as u32;
        let turned = |at: u32| if at >= HELD { at } else { len - 1 - at };
        let turn = |step: &Step| Step { ask: step.ask, yes: turned(step.yes), no: turned(step.no) };
        let steps = maker.steps.iter().rev().map(turn).collect();
        Program { starts: starts.map(turned), steps, asks: maker.asks.into() }
    }

    #[inline]
    fn passes(&self, spot: &Spot) -> bool {
        let mut at = self.starts[spot.band() as usize];
        while let Some(step) = self.steps.get(at as usize) {
            at = if self.asks[step.ask as usize].holds(spot) { step.yes } else { step.no };
        }
        at == PASSED
    }
}

/// An expression with its band terms answered.
#[derive(PartialEq, Eq, Hash)]
enum Part<'a> {
    All,
    Nothing,
    Is(&'a Term),
    Not(Box<Part<'a>>),
    And(Vec<Part<'a>>),
    Or(Vec<Part<'a>>),
}

impl<'a> Part<'a> {
    fn on_band(expr: &'a Expr, band: usize) -> Part<'a> {
        match expr {
            Expr::All => Part::All,
            Expr::Nothing => Part::Nothing,
            Expr::Is(Term::Band(set)) if set.has_bit(band) => Part::All,
            Expr::Is(Term::Band(_)) => Part::Nothing,
            Expr::Is(term) => Part::Is(term),
            // Canonical: a term, and no band.
            Expr::Not(inner) => Part::Not(Box::new(Part::on_band(inner, band))),
            Expr::And(all) => Part::fold(all, band, (Part::All, Part::Nothing), Part::And),
            Expr::Or(any) => Part::fold(any, band, (Part::Nothing, Part::All), Part::Or),
        }
    }

    /// Of a list: what changes nothing goes, what decides alone stays alone.
    fn fold(
        list: &'a [Expr],
        band: usize,
        (neutral, decided): (Part<'a>, Part<'a>),
        wrap: fn(Vec<Part<'a>>) -> Part<'a>,
    ) -> Part<'a> {
        let mut rest = Vec::with_capacity(list.len());
        for part in list {
            let part = Part::on_band(part, band);
            if part == decided {
                return decided;
            }
            if part != neutral {
                rest.push(part);
            }
        }
        match rest.len() {
            0 => neutral,
            1 => rest.remove(0),
            _ => wrap(rest),
        }
    }
}

#[derive(Default)]
struct Maker<'a> {
    steps: Vec<Step>,
    asks: Vec<Ask>,
    known: HashMap<&'a Term, u32>,
}

impl<'a> Maker<'a> {
    /// Puts the steps of a part that goes on to `yes` or `no`; returns where it starts.
    fn emit(&mut self, part: &Part<'a>, yes: u32, no: u32) -> u32 {
        match part {
            Part::All => yes,
            Part::Nothing => no,
            Part::Is(term) => {
                let ask = self.ask(term);
                self.steps.push(Step { ask, yes, no });
                self.steps.len() as u32 - 1
            }
            Part::Not(inner) => self.emit(inner, no, yes),
            Part::And(all) => all.iter().rev().fold(yes, |next, part| self.emit(part, next, no)),
            Part::Or(any) => any.iter().rev().fold(no, |next, part| self.emit(part, yes, next)),
        }
    }

    fn ask(&mut self, term: &'a Term) -> u32 {
        let asks = &mut self.asks;
        *self.known.entry(term).or_insert_with(|| {
            asks.push(Ask::of(term));
            asks.len() as u32 - 1
        })
    }
}

/// The plain meaning of every term.
pub(super) mod naive {
    use crate::filter::ask::regex_of;
    use crate::filter::sets::GlyphSet;
    use crate::filter::{Side, Term, references};
    use crate::spot::{Flags, Grid, Spot, base_call, collapse_ssid, metadata_call};

    pub(in crate::filter) fn holds(term: &Term, spot: &Spot) -> bool {
        let grid = |side: Side| if side == Side::Dx { spot.dx_grid } else { spot.de_grid };
        match term {
            Term::Band(set) => set.has(spot.band()),
            Term::Mode(set) => set.has(spot.mode()),
            Term::Class(set) => set.has(spot.class()),
            Term::Feed(set) => set.has_bit(usize::from(spot.feed)),
            Term::Skimmer => spot.is_skimmer(),
            Term::Beacon => spot.flags.has(Flags::BEACON),
            Term::CallingCq => spot.flags.has(Flags::CQ),
            Term::Continent(Side::Dx, set) => set.has(spot.dx_continent()),
            Term::Continent(Side::De, set) => set.has(spot.de_continent()),
            Term::Cq(Side::Dx, set) => set.has_bit(usize::from(spot.dx_cq)),
            Term::Cq(Side::De, set) => set.has_bit(usize::from(spot.de_cq)),
            Term::Itu(Side::Dx, set) => set.has_bit(usize::from(spot.dx_itu)),
            Term::Itu(Side::De, set) => set.has_bit(usize::from(spot.de_itu)),
            Term::Entity(Side::Dx, set) => set.has_bit(usize::from(spot.dx_adif)),
            Term::Entity(Side::De, set) => set.has_bit(usize::from(spot.de_adif)),
            Term::State(Side::Dx, set) => set.has_bit(usize::from(spot.dx_state)),
            Term::State(Side::De, set) => set.has_bit(usize::from(spot.de_state)),
            Term::Confidence(set) => set.has_bit(GlyphSet::bit(spot.confidence)),
            Term::Freq(ranges) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&spot.freq.hz())),
            Term::Snr(ranges) => {
                spot.snr().is_some_and(|db| ranges.iter().any(|(from, to)| (*from..=*to).contains(&db)))
            }
            Term::Speed(ranges) => {
                spot.speed > 0 && ranges.iter().any(|(from, to)| (*from..=*to).contains(&spot.speed))
            }
            Term::Time(ranges) => {
                let minute = (spot.time.secs().rem_euclid(86_400) / 60) as u16;
                ranges.iter().any(|range| range.has(minute))
            }
            Term::Grid(side, prefixes) => prefixes.iter().any(|prefix| prefix.fits(grid(*side).as_bytes())),
            Term::Near { side, lat_e4, lon_e4, km } => near(grid(*side), *lat_e4, *lon_e4, *km),
            Term::Call(Side::Dx, patterns) => {
                let (whole, base) = (spot.dx, base_call(&spot.dx));
                patterns.iter().any(|p| p.fits(whole.as_bytes()) || p.fits(base.as_bytes()))
            }
            Term::Call(Side::De, patterns) => {
                let (whole, base) = (spot.de, collapse_ssid(&metadata_call(&spot.de)));
                patterns.iter().any(|p| p.fits(whole.as_bytes()) || p.fits(base.as_bytes()))
            }
            Term::Node(patterns) => patterns.iter().any(|p| p.fits(spot.node.as_bytes())),
            Term::Words(words) => {
                let comment = spot.comment().to_ascii_uppercase();
                let has = |word: &[u8]| word.is_empty() || comment.windows(word.len()).any(|part| part == word);
                words.iter().any(|word| has(word.as_bytes()))
            }
            Term::Regex(sources) => {
                let fits = |source: &str| regex_of(source).is_ok_and(|regex| regex.is_match(spot.comment()));
                sources.iter().any(|source| fits(source))
            }
            Term::Reference(set) => !set.and(references(spot.comment())).is_empty(),
        }
    }

    fn near(grid: Grid, lat_e4: i32, lon_e4: i32, km: u32) -> bool {
        let Some((lat, lon)) = grid.center() else { return false };
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        let (home_lat, home_lon) = ((f64::from(lat_e4) / 1e4).to_radians(), (f64::from(lon_e4) / 1e4).to_radians());
        let cos = lat.sin() * home_lat.sin() + lat.cos() * home_lat.cos() * (lon - home_lon).cos();
        6371.0 * cos.clamp(-1.0, 1.0).acos() <= f64::from(km)
    }
}
