//! The form that is asked per spot.
//!
//! A filter becomes a list of steps. Each asks one question and names the step to go to for either answer,
//! so `and`, `or` and `not` cost nothing by themselves, and integers are asked before strings.

use super::ask::Ask;
use super::{Expr, canon};
use crate::spot::Spot;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A compiled filter, shared. Two are equal when their canonical expressions are.
#[derive(Clone, Debug)]
pub struct Filter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    canonical: Expr,
    fingerprint: u64,
    /// Steps; a step only leads to later ones.
    steps: Box<[Step]>,
    /// Where asking starts: 0, or an end when nothing has to be asked.
    start: u32,
}

#[derive(Debug)]
struct Step {
    ask: Ask,
    yes: u32,
    no: u32,
}

// Two steps in a cache line.
const _: () = assert!(std::mem::size_of::<Step>() == 32);

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
        let (steps, start) = steps(&canonical);
        Filter(Arc::new(Inner { canonical, fingerprint: hasher.finish(), steps, start }))
    }
    /// Whether a spot passes. Does not allocate.
    #[inline]
    pub fn passes(&self, spot: &Spot) -> bool {
        let inner = &*self.0;
        let mut at = inner.start;
        while let Some(step) = inner.steps.get(at as usize) {
            at = if step.ask.holds(spot) { step.yes } else { step.no };
        }
        at == PASSED
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

/// The steps of a canonical expression, and where to start.
fn steps(expr: &Expr) -> (Box<[Step]>, u32) {
    // Backwards, so that the step to go to is there already; numbers are turned round at the end.
    let mut steps = Vec::with_capacity(expr.terms());
    let start = emit(expr, PASSED, HELD, &mut steps);
    let last = steps.len() as u32;
    let turned = |at: u32| if at >= HELD { at } else { last - 1 - at };
    steps.reverse();
    for step in &mut steps {
        (step.yes, step.no) = (turned(step.yes), turned(step.no));
    }
    (steps.into(), turned(start))
}

/// Puts the steps of an expression that goes on to `yes` or `no`; returns where it starts.
fn emit(expr: &Expr, yes: u32, no: u32, steps: &mut Vec<Step>) -> u32 {
    match expr {
        Expr::All => yes,
        Expr::Nothing => no,
        Expr::Is(term) => {
            steps.push(Step { ask: Ask::of(term), yes, no });
            steps.len() as u32 - 1
        }
        Expr::Not(inner) => emit(inner, no, yes, steps),
        Expr::And(all) => all.iter().rev().fold(yes, |next, part| emit(part, next, no, steps)),
        Expr::Or(any) => any.iter().rev().fold(no, |next, part| emit(part, yes, next, steps)),
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
