//! One form for every way to say the same.
//!
//! Negations go down to the terms (De Morgan), nested lists of one kind become one list, terms of one
//! kind are merged, and what another part of a list implies is left out. Nothing is multiplied out, so the
//! form is never longer than what was said (a complement of ranges has one range more), and the work is at
//! most quadratic in the terms.
//!
//! | term | negated | in `and` | in `or` |
//! |---|---|---|---|
//! | sets of one value, frequency, time | complement | intersection | union |
//! | report, speed | stays `Not`: it lets spots without the fact pass | set algebra with "none" | the same |
//! | locators | stays `Not` | intersection; of negations, union | union; of negations, intersection |
//! | calls, nodes, words, regular expressions, references | stays `Not` | union of negations | union |
//! | flags, distance | stays `Not` | | |

use super::sets::*;
use super::term::Pattern;
use super::{Expr, GridPrefix, MinuteRange, Term};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    And,
    Or,
}

impl Op {
    fn dual(self) -> Op {
        if self == Op::And { Op::Or } else { Op::And }
    }
    /// What a list without members is; it changes nothing in a list.
    fn neutral(self) -> Expr {
        constant(self == Op::And)
    }
    /// What decides a list alone.
    fn absorbing(self) -> Expr {
        constant(self == Op::Or)
    }
}

fn constant(passes: bool) -> Expr {
    if passes { Expr::All } else { Expr::Nothing }
}

/// The canonical form: the same meaning, and equal for expressions that the laws above make equal.
pub(super) fn canonical(expr: &Expr) -> Expr {
    build(expr, false)
}

fn build(expr: &Expr, not: bool) -> Expr {
    let list = |op: Op, list: &[Expr]| {
        let op = if not { op.dual() } else { op };
        join(op, list.iter().map(|e| build(e, not)).collect())
    };
    match expr {
        Expr::All => constant(!not),
        Expr::Nothing => constant(not),
        Expr::Is(term) => settle(term.clone(), not),
        Expr::Not(inner) => build(inner, !not),
        Expr::And(all) => list(Op::And, all),
        Expr::Or(any) => list(Op::Or, any),
    }
}

/// Joins canonical parts.
fn join(op: Op, parts: Vec<Expr>) -> Expr {
    let mut list: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        match (op, part) {
            (Op::And, Expr::And(inner)) | (Op::Or, Expr::Or(inner)) => {
                inner.into_iter().for_each(|e| add(op, &mut list, e))
            }
            (_, other) => add(op, &mut list, other),
        }
    }
    if list.contains(&op.absorbing()) {
        return op.absorbing();
    }
    list.sort_by_cached_key(|e| (cost(e), matches!(e, Expr::And(_) | Expr::Or(_)), e.clone()));
    list.dedup();
    if opposed(op, &list) {
        return op.absorbing();
    }
    let mut list = without_implied(op, list);
    match list.len() {
        0 => op.neutral(),
        1 => list.remove(0),
        _ if op == Op::And => Expr::And(list),
        _ => Expr::Or(list),
    }
}

/// Adds a part, merged with what is there of its kind.
fn add(op: Op, list: &mut Vec<Expr>, mut part: Expr) {
    while let Some((at, merged)) = list.iter().enumerate().find_map(|(at, e)| Some((at, merge(op, e, &part)?))) {
        list.swap_remove(at);
        part = merged;
    }
    if part != op.neutral() {
        list.push(part);
    }
}

/// A term and whether it is negated.
fn literal(expr: &Expr) -> Option<(&Term, bool)> {
    match expr {
        Expr::Is(term) => Some((term, false)),
        Expr::Not(inner) => match &**inner {
            Expr::Is(term) => Some((term, true)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether two terms of a list leave nothing (`and`) or everything (`or`).
fn opposed(op: Op, list: &[Expr]) -> bool {
    let literals: Vec<_> = list.iter().filter_map(literal).collect();
    literals.iter().any(|x| {
        literals.iter().any(|y| match op {
            Op::And => literal_implies(*x, (y.0, !y.1)),
            Op::Or => literal_implies((x.0, !x.1), *y),
        })
    })
}

fn without_implied(op: Op, list: Vec<Expr>) -> Vec<Expr> {
    let mut proofs = Proofs::default();
    let mut kept = vec![true; list.len()];
    for i in 0..list.len() {
        for j in 0..list.len() {
            let (stronger, weaker) = if op == Op::And { (i, j) } else { (j, i) };
            if i != j && kept[i] && kept[j] && proofs.implies(&list[stronger], &list[weaker]) {
                kept[j] = false;
            }
        }
    }
    let mut kept = kept.into_iter();
    list.into_iter().filter(|_| kept.next() == Some(true)).collect()
}

/// What implies what, by structure: never wrong, not always able to tell.
///
/// Every pair of parts is looked at once, so two trees of n and m parts cost n x m steps.
#[derive(Default)]
struct Proofs {
    known: HashMap<(usize, usize), bool>,
}

impl Proofs {
    fn implies(&mut self, x: &Expr, y: &Expr) -> bool {
        if let (Some(x), Some(y)) = (literal(x), literal(y)) {
            return literal_implies(x, y);
        }
        let key = (std::ptr::from_ref(x) as usize, std::ptr::from_ref(y) as usize);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let implied = match (x, y) {
            (Expr::Nothing, _) | (_, Expr::All) => true,
            (Expr::Or(any), _) => any.iter().all(|x| self.implies(x, y)),
            (_, Expr::And(all)) => all.iter().all(|y| self.implies(x, y)),
            _ => {
                (match x {
                    Expr::And(all) => all.iter().any(|x| self.implies(x, y)),
                    _ => false,
                }) || (match y {
                    Expr::Or(any) => any.iter().any(|y| self.implies(x, y)),
                    _ => false,
                })
            }
        };
        self.known.insert(key, implied);
        implied
    }
}

/// What a question costs: children are asked in this order, integers before strings.
pub(super) fn cost(expr: &Expr) -> u8 {
    match expr {
        Expr::All | Expr::Nothing => 0,
        Expr::Not(inner) => cost(inner),
        Expr::And(list) | Expr::Or(list) => list.iter().map(cost).max().unwrap_or(0),
        Expr::Is(term) => match term {
            Term::Freq(_) | Term::Snr(_) | Term::Speed(_) | Term::Time(_) => 1,
            Term::Grid(..) => 2,
            Term::Near { .. } => 3,
            Term::Call(..) | Term::Node(_) => 4,
            Term::Words(_) => 5,
            Term::Reference(_) => 6,
            Term::Regex(_) => 7,
            _ => 0,
        },
    }
}

/// A term or its opposite in canonical form.
fn settle(term: Term, not: bool) -> Expr {
    macro_rules! set {
        ($set:expr, $wrap:expr) => {{
            let set = if not { $set.complement() } else { $set };
            match () {
                () if set.is_empty() => Expr::Nothing,
                () if set.is_all() => Expr::All,
                () => Expr::Is($wrap(set)),
            }
        }};
    }
    let keep = |term: Term| if not { Expr::Not(Box::new(Expr::Is(term))) } else { Expr::Is(term) };
    match term {
        Term::Band(set) => set!(set, Term::Band),
        Term::Mode(set) => set!(set, Term::Mode),
        Term::Class(set) => {
            // Every spot has a class: bit 0 says nothing.
            let mut set = if not { set.complement() } else { set };
            set.remove_bit(0);
            match set.len() {
                0 => Expr::Nothing,
                ClassSet::MAX => Expr::All,
                _ => Expr::Is(Term::Class(set)),
            }
        }
        Term::Feed(set) => set!(set, Term::Feed),
        Term::Continent(side, set) => set!(set, |set| Term::Continent(side, set)),
        Term::Cq(side, set) => set!(set, |set| Term::Cq(side, set)),
        Term::Itu(side, set) => set!(set, |set| Term::Itu(side, set)),
        Term::Entity(side, set) => set!(set, |set| Term::Entity(side, set)),
        Term::State(side, set) => set!(set, |set| Term::State(side, set)),
        Term::Confidence(set) => set!(set, Term::Confidence),
        Term::Freq(ranges) => {
            let ranges = Ranges::of(ranges).flip(not, FREQ_ALL);
            match () {
                () if ranges.0.is_empty() => Expr::Nothing,
                () if ranges.0 == [FREQ_ALL] => Expr::All,
                () => Expr::Is(Term::Freq(ranges.into_vec())),
            }
        }
        Term::Time(ranges) => {
            let ranges = minutes(&ranges).flip(not, DAY);
            match () {
                () if ranges.0.is_empty() => Expr::Nothing,
                () if ranges.0 == [DAY] => Expr::All,
                () => Expr::Is(Term::Time(day_ranges(&ranges))),
            }
        }
        Term::Snr(ranges) => match Ranges::of(ranges) {
            Ranges(none) if none.is_empty() => constant(not),
            ranges => keep(Term::Snr(ranges.into_vec())),
        },
        Term::Speed(ranges) => match Ranges::of(ranges).and(&Ranges(vec![SPEED_ALL])) {
            Ranges(none) if none.is_empty() => constant(not),
            ranges => keep(Term::Speed(ranges.into_vec())),
        },
        Term::Grid(side, prefixes) => {
            let prefixes = maximal(prefixes.iter().map(GridPrefix::tidy).collect(), |a, b| a.fits(b.as_bytes()));
            match prefixes.first() {
                None => constant(not),
                Some(first) if first.as_bytes().is_empty() => constant(!not),
                Some(_) => keep(Term::Grid(side, prefixes)),
            }
        }
        Term::Call(side, patterns) => match distinct(patterns) {
            Some(patterns) if !patterns.is_empty() => keep(Term::Call(side, patterns)),
            other => constant(other.is_none() != not),
        },
        Term::Node(patterns) => match distinct(patterns) {
            Some(patterns) if !patterns.is_empty() => keep(Term::Node(patterns)),
            other => constant(other.is_none() != not),
        },
        Term::Words(words) => {
            let words = maximal(words, |a, b| b.contains(&**a));
            match words.first() {
                None => constant(not),
                Some(first) if first.is_empty() => constant(!not),
                Some(_) => keep(Term::Words(words)),
            }
        }
        Term::Regex(sources) => match maximal(sources, |_, _| false) {
            none if none.is_empty() => constant(not),
            sources => keep(Term::Regex(sources)),
        },
        Term::Reference(set) => {
            let (mut named, any) = (set, any_reference());
            named.remove_bit(0);
            // "None at all" is kept apart from the kinds: it is the opposite of "any kind".
            let none = set.has_bit(0).then(|| Expr::Is(Term::Reference(if not { any } else { no_reference() })));
            let named = match named {
                named if named.is_empty() => constant(not),
                named if named == any && not => Expr::Is(Term::Reference(no_reference())),
                named => keep(Term::Reference(named)),
            };
            match none {
                Some(none) => join(if not { Op::And } else { Op::Or }, vec![none, named]),
                None => named,
            }
        }
        Term::Skimmer | Term::Beacon | Term::CallingCq | Term::Near { .. } => keep(term),
    }
}

fn no_reference() -> RefSet {
    RefSet::from_iter([0])
}
fn any_reference() -> RefSet {
    no_reference().complement()
}

/// Two terms of a list as one, where one can say both.
fn merge(op: Op, a: &Expr, b: &Expr) -> Option<Expr> {
    let ((a, not_a), (b, not_b)) = (literal(a)?, literal(b)?);
    let and = op == Op::And;
    macro_rules! set {
        ($a:expr, $b:expr, $wrap:expr) => {
            settle($wrap(if and { $a.and(*$b) } else { $a.or(*$b) }), false)
        };
    }
    macro_rules! known {
        ($a:expr, $b:expr, $wrap:expr) => {{
            let (a, b) = (ranges($a), ranges($b));
            // Negated, the ranges are those that do not pass.
            let (ranges, not) = match (not_a, not_b) {
                (false, false) => (if and { a.and(&b) } else { a.or(&b) }, false),
                (true, true) => (if and { a.or(&b) } else { a.and(&b) }, true),
                (false, true) => (if and { a.without(&b) } else { b.without(&a) }, !and),
                (true, false) => (if and { b.without(&a) } else { a.without(&b) }, !and),
            };
            settle($wrap(ranges.into_vec()), not)
        }};
    }
    // "Any of" lists join under `or`, and under `and` when negated.
    let joins = not_a == not_b && and == not_a;
    macro_rules! any_of {
        ($a:expr, $b:expr, $wrap:expr) => {
            settle($wrap([$a.as_slice(), $b.as_slice()].concat()), not_a)
        };
    }
    Some(match (a, b) {
        (Term::Band(a), Term::Band(b)) => set!(a, b, Term::Band),
        (Term::Mode(a), Term::Mode(b)) => set!(a, b, Term::Mode),
        (Term::Class(a), Term::Class(b)) => set!(a, b, Term::Class),
        (Term::Feed(a), Term::Feed(b)) => set!(a, b, Term::Feed),
        (Term::Confidence(a), Term::Confidence(b)) => set!(a, b, Term::Confidence),
        (Term::Continent(s, a), Term::Continent(t, b)) if s == t => set!(a, b, |set| Term::Continent(*s, set)),
        (Term::Cq(s, a), Term::Cq(t, b)) if s == t => set!(a, b, |set| Term::Cq(*s, set)),
        (Term::Itu(s, a), Term::Itu(t, b)) if s == t => set!(a, b, |set| Term::Itu(*s, set)),
        (Term::Entity(s, a), Term::Entity(t, b)) if s == t => set!(a, b, |set| Term::Entity(*s, set)),
        (Term::State(s, a), Term::State(t, b)) if s == t => set!(a, b, |set| Term::State(*s, set)),
        (Term::Freq(a), Term::Freq(b)) => known!(a, b, Term::Freq),
        (Term::Snr(a), Term::Snr(b)) => known!(a, b, Term::Snr),
        (Term::Speed(a), Term::Speed(b)) => known!(a, b, Term::Speed),
        (Term::Time(a), Term::Time(b)) => {
            let (a, b) = (minutes(a), minutes(b));
            settle(Term::Time(day_ranges(&if and { a.and(&b) } else { a.or(&b) })), false)
        }
        (Term::Grid(s, a), Term::Grid(t, b)) if s == t && not_a == not_b => {
            let prefixes = match and != not_a {
                true => common_prefixes(a, b),
                false => [a.as_slice(), b.as_slice()].concat(),
            };
            settle(Term::Grid(*s, prefixes), not_a)
        }
        (Term::Call(s, a), Term::Call(t, b)) if s == t && joins => any_of!(a, b, |list| Term::Call(*s, list)),
        (Term::Node(a), Term::Node(b)) if joins => any_of!(a, b, Term::Node),
        (Term::Words(a), Term::Words(b)) if joins => any_of!(a, b, Term::Words),
        (Term::Regex(a), Term::Regex(b)) if joins => any_of!(a, b, Term::Regex),
        (Term::Reference(a), Term::Reference(b)) if joins && !a.has_bit(0) && !b.has_bit(0) => {
            settle(Term::Reference(a.or(*b)), not_a)
        }
        _ => return None,
    })
}

/// Whether every spot that passes the first term passes the second.
fn literal_implies((a, not_a): (&Term, bool), (b, not_b): (&Term, bool)) -> bool {
    if not_a != not_b {
        return match (a, b) {
            // What has the fact, outside of the ranges.
            (Term::Snr(a), Term::Snr(b)) => not_b && ranges(a).and(&ranges(b)).0.is_empty(),
            (Term::Speed(a), Term::Speed(b)) => not_b && ranges(a).and(&ranges(b)).0.is_empty(),
            // Who names nothing names none of these.
            (Term::Reference(a), Term::Reference(b)) => not_b && *a == no_reference() && !b.has_bit(0),
            _ => false,
        };
    }
    // Both negated: the other way round.
    let (a, b) = if not_a { (b, a) } else { (a, b) };
    match (a, b) {
        (Term::Skimmer, Term::Skimmer) | (Term::Beacon, Term::Beacon) | (Term::CallingCq, Term::CallingCq) => true,
        (Term::Band(a), Term::Band(b)) => a.and(*b) == *a,
        (Term::Mode(a), Term::Mode(b)) => a.and(*b) == *a,
        (Term::Class(a), Term::Class(b)) => a.and(*b) == *a,
        (Term::Feed(a), Term::Feed(b)) => a.and(*b) == *a,
        (Term::Confidence(a), Term::Confidence(b)) => a.and(*b) == *a,
        (Term::Continent(s, a), Term::Continent(t, b)) => s == t && a.and(*b) == *a,
        (Term::Cq(s, a), Term::Cq(t, b)) => s == t && a.and(*b) == *a,
        (Term::Itu(s, a), Term::Itu(t, b)) => s == t && a.and(*b) == *a,
        (Term::Entity(s, a), Term::Entity(t, b)) => s == t && a.and(*b) == *a,
        (Term::State(s, a), Term::State(t, b)) => s == t && a.and(*b) == *a,
        (Term::Freq(a), Term::Freq(b)) => ranges(a).without(&ranges(b)).0.is_empty(),
        (Term::Snr(a), Term::Snr(b)) => ranges(a).without(&ranges(b)).0.is_empty(),
        (Term::Speed(a), Term::Speed(b)) => ranges(a).without(&ranges(b)).0.is_empty(),
        (Term::Time(a), Term::Time(b)) => minutes(a).without(&minutes(b)).0.is_empty(),
        (Term::Grid(s, a), Term::Grid(t, b)) => s == t && covered(a, b, |p, q| p.fits(q.as_bytes())),
        (
            Term::Near { side, lat_e4, lon_e4, km },
            Term::Near { side: side_b, lat_e4: lat_b, lon_e4: lon_b, km: km_b },
        ) => (side, lat_e4, lon_e4) == (side_b, lat_b, lon_b) && km <= km_b,
        (Term::Call(s, a), Term::Call(t, b)) => s == t && covered(a, b, Pattern::covers),
        (Term::Node(a), Term::Node(b)) => covered(a, b, Pattern::covers),
        (Term::Words(a), Term::Words(b)) => covered(a, b, |p, q| q.contains(&**p)),
        (Term::Regex(a), Term::Regex(b)) => covered(a, b, |p, q| p == q),
        (Term::Reference(a), Term::Reference(b)) => a.and(*b) == *a,
        _ => false,
    }
}

/// Whether each of `list` is covered by one of `by`.
fn covered<T>(list: &[T], by: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    list.iter().all(|q| by.iter().any(|p| covers(p, q)))
}

/// Sorted, without repeats and without entries that another covers.
fn maximal<T: Ord + Clone>(mut list: Vec<T>, covers: impl Fn(&T, &T) -> bool) -> Vec<T> {
    list.sort();
    list.dedup();
    let covered = |q: &T| list.iter().any(|p| p != q && covers(p, q) && !(covers(q, p) && q < p));
    list.iter().filter(|q| !covered(q)).cloned().collect()
}

/// [`maximal`] patterns; `None` when one fits everything.
fn distinct(patterns: Vec<Pattern>) -> Option<Vec<Pattern>> {
    let patterns = maximal(patterns.iter().map(Pattern::tidy).collect(), Pattern::covers);
    let all = patterns.iter().any(|p| &*p.0 == "*");
    (!all).then_some(patterns)
}

/// Locators that begin with one of both lists: of two that agree, the longer.
fn common_prefixes(a: &[GridPrefix], b: &[GridPrefix]) -> Vec<GridPrefix> {
    let inside = |list: &[GridPrefix], of: &[GridPrefix]| -> Vec<GridPrefix> {
        list.iter().filter(|q| of.iter().any(|p| p.fits(q.as_bytes()))).copied().collect()
    };
    [inside(a, b), inside(b, a)].concat()
}

const FREQ_ALL: (i128, i128) = (0, u64::MAX as i128);
const SPEED_ALL: (i128, i128) = (1, u16::MAX as i128);
const DAY: (i128, i128) = (0, 1_439);

/// Inclusive ranges, ascending, with gaps between them.
struct Ranges(Vec<(i128, i128)>);

impl Ranges {
    fn of<T: Into<i128>>(ranges: impl IntoIterator<Item = (T, T)>) -> Ranges {
        Ranges::tidy(ranges.into_iter().map(|(from, to)| (from.into(), to.into())).collect())
    }
    fn tidy(mut ranges: Vec<(i128, i128)>) -> Ranges {
        ranges.retain(|(from, to)| from <= to);
        ranges.sort_unstable();
        let mut out: Vec<(i128, i128)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match out.last_mut() {
                Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
                _ => out.push((from, to)),
            }
        }
        Ranges(out)
    }
    fn into_vec<T: TryFrom<i128>>(self) -> Vec<(T, T)> {
        self.0.into_iter().filter_map(|(from, to)| Some((from.try_into().ok()?, to.try_into().ok()?))).collect()
    }
    fn or(&self, other: &Ranges) -> Ranges {
        Ranges::tidy([self.0.as_slice(), other.0.as_slice()].concat())
    }
    fn and(&self, other: &Ranges) -> Ranges {
        let common = |a: &(i128, i128)| other.0.iter().map(|b| (a.0.max(b.0), a.1.min(b.1))).collect::<Vec<_>>();
        Ranges::tidy(self.0.iter().flat_map(common).collect())
    }
    fn complement(&self, all: (i128, i128)) -> Ranges {
        let mut out = Vec::with_capacity(self.0.len() + 1);
        let mut from = all.0;
        for range in &self.0 {
            out.push((from, range.0 - 1));
            from = range.1 + 1;
        }
        out.push((from, all.1));
        Ranges::tidy(out)
    }
    fn flip(self, not: bool, all: (i128, i128)) -> Ranges {
        if not { self.complement(all) } else { self }
    }
    fn without(&self, other: &Ranges) -> Ranges {
        self.and(&other.complement((i128::from(i64::MIN), i128::from(u64::MAX))))
    }
}

fn ranges<T: Copy + Into<i128>>(list: &[(T, T)]) -> Ranges {
    Ranges::of(list.iter().copied())
}
fn minutes(ranges: &[MinuteRange]) -> Ranges {
    let split = |r: &MinuteRange| {
        let (from, to) = (i128::from(r.from), i128::from(r.to));
        if from <= to { [(from, to), DAY_NONE] } else { [(from, DAY.1), (DAY.0, to)] }
    };
    Ranges::tidy(ranges.iter().flat_map(split).collect()).and(&Ranges(vec![DAY]))
}
/// An empty range.
const DAY_NONE: (i128, i128) = (1, 0);

/// Ranges of a day; a night is one range.
fn day_ranges(ranges: &Ranges) -> Vec<MinuteRange> {
    let mut list: Vec<MinuteRange> =
        ranges.0.iter().map(|(from, to)| MinuteRange { from: *from as u16, to: *to as u16 }).collect();
    if let [first, .., last] = list.as_mut_slice()
        && first.from == 0
        && i128::from(last.to) == DAY.1
    {
        last.to = first.to;
        list.remove(0);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Filter, Side};
    use crate::spot::{Band, Class, Mode};

    fn is(term: Term) -> Expr {
        Expr::Is(term)
    }
    fn bands(list: &[Band]) -> Expr {
        is(Term::Band(BandSet::of(list)))
    }
    fn calls(list: &[&str]) -> Expr {
        is(Term::Call(Side::Dx, list.iter().map(|text| Pattern(Box::from(*text))).collect()))
    }
    fn words(list: &[&str]) -> Expr {
        is(Term::Words(list.iter().map(|text| Box::from(*text)).collect()))
    }
    fn references(kinds: &[usize]) -> Expr {
        is(Term::Reference(kinds.iter().copied().collect()))
    }
    fn grids(list: &[&str]) -> Expr {
        is(Term::Grid(Side::Dx, list.iter().filter_map(|text| GridPrefix::parse(text)).collect()))
    }
    fn night(from: u16, to: u16) -> Expr {
        is(Term::Time(vec![MinuteRange { from, to }]))
    }
    fn snr(from: i16, to: i16) -> Expr {
        is(Term::Snr(vec![(from, to)]))
    }

    #[test]
    fn the_laws_hold() {
        let skimmer = || is(Term::Skimmer);
        let cw = || is(Term::Mode(ModeSet::of(&[Mode::Cw])));
        let (m20, m40) = ([Band::M20], [Band::M40]);
        for (said, form) in [
            // Constants.
            (Expr::And(vec![]), Expr::All),
            (Expr::Or(vec![]), Expr::Nothing),
            (skimmer().and(Expr::All), skimmer()),
            (skimmer().or(Expr::All), Expr::All),
            (bands(&[]), Expr::Nothing),
            (is(Term::Band(BandSet::ALL)), Expr::All),
            (is(Term::Class(ClassSet::of(&Class::ALL))), Expr::All),
            (calls(&[]), Expr::Nothing),
            (calls(&["K1ABC", "*"]), Expr::All),
            (words(&["", "POTA"]), Expr::All),
            (is(Term::Freq(vec![(10, 5)])), Expr::Nothing),
            (is(Term::Speed(vec![(0, 0)])), Expr::Nothing),
            // Sets.
            (bands(&m20).or(bands(&m40)), bands(&[Band::M40, Band::M20])),
            (bands(&m20).and(bands(&m40)), Expr::Nothing),
            (bands(&m20).not().not(), bands(&m20)),
            (bands(&m20).not().or(bands(&m20)), Expr::All),
            (bands(&m20).not(), is(Term::Band(BandSet::of(&m20).complement()))),
            // Lists.
            (words(&["TNX", "POTA"]).or(words(&["POTA"])), words(&["POTA", "TNX"])),
            (words(&["LOTW", "LOTW USER"]), words(&["LOTW"])),
            (calls(&["K1ABC", "K1*", "K1A*", "*?C"]), calls(&["?*C", "K1*"])),
            (calls(&["W*"]).not().and(calls(&["K*"]).not()), calls(&["K*", "W*"]).not()),
            (grids(&["FN31", "FN", "JO31PR"]), grids(&["FN", "JO31PR"])),
            (grids(&["FN", "JO31"]).and(grids(&["FN31", "JO"])), grids(&["FN31", "JO31"])),
            // Ranges.
            (is(Term::Freq(vec![(7_000, 7_010), (7_011, 7_040), (5, 1)])), is(Term::Freq(vec![(7_000, 7_040)]))),
            (is(Term::Freq(vec![(5, 9)])).not(), is(Term::Freq(vec![(0, 4), (10, u64::MAX)]))),
            (night(1_320, 1_439).or(night(0, 359)), night(1_320, 359)),
            (night(360, 1_319).not(), night(1_320, 359)),
            (snr(5, 10).and(snr(8, 99).not()), snr(5, 7)),
            (snr(i16::MIN, 7).not().and(snr(-5, 20)), snr(8, 20)),
            // Without the fact, the opposite passes: not the same as the other numbers.
            (snr(i16::MIN, 7).not(), snr(i16::MIN, 7).not()),
            // References: none is the opposite of any.
            (references(&[0]).not(), references(&[1, 2, 3, 4, 5])),
            (references(&[1, 2, 3, 4, 5]).not(), references(&[0])),
            (references(&[1]).or(references(&[2])), references(&[1, 2])),
            (references(&[0]).and(references(&[1])), Expr::Nothing),
            // What is implied goes.
            (skimmer().and(skimmer().or(cw())), skimmer()),
            (skimmer().or(skimmer().and(cw())), skimmer()),
            (skimmer().and(skimmer().not()), Expr::Nothing),
            (calls(&["K*"]).and(calls(&["K1*"])), calls(&["K1*"])),
            (calls(&["K1*"]).and(calls(&["K*"]).not()), Expr::Nothing),
            (calls(&["K1*"]).not().or(calls(&["K*"])), Expr::All),
            // Integers stand before strings, and plain terms before lists.
            (words(&["UP"]).and(cw()), cw().and(words(&["UP"]))),
            (
                words(&["UP"]).and(skimmer().or(cw())).and(bands(&m20)),
                Expr::And(vec![bands(&m20), cw().or(skimmer()), words(&["UP"])]),
            ),
            // De Morgan.
            ((skimmer().not().and(words(&["UP"]).not())).not(), skimmer().or(words(&["UP"]))),
        ] {
            assert_eq!(canonical(&said), form, "{said:?}");
        }
    }

    #[test]
    fn filters_that_differ_are_different() {
        let all = [bands(&[Band::M20]), bands(&[Band::M40]), calls(&["K1*"]), calls(&["K1*"]).not(), snr(1, 2)];
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                assert_eq!(Filter::compile(a) == Filter::compile(b), i == j, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn large_expressions_take_bounded_work() {
        // Two chains as deep as allowed, whose every part has to be compared with every part of the other.
        let chain = |seed: usize| {
            (0..Expr::DEPTH_MAX).fold(Expr::All, |inner, n| {
                let term = calls(&[&format!("{}{seed}{n}*", if n % 3 == 0 { "K" } else { "W" })]);
                if n % 2 == 0 { term.and(inner) } else { term.or(inner) }
            })
        };
        let expr = chain(1).or(chain(2));
        let mut proofs = Proofs::default();
        let (a, b) = (canonical(&chain(1)), canonical(&chain(2)));
        assert!(!proofs.implies(&a, &b));
        assert!(proofs.known.len() <= (2 * Expr::TERMS_MAX).pow(2), "{} steps", proofs.known.len());
        assert!(Filter::compile(&expr).expr().terms() <= expr.terms());
    }
}
