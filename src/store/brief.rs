//! What questions ask most about a spot, side by side: the first look.
//!
//! A spot has 256 bytes, and a question that finds little looks at 131,072 of them. Here they have 32 bytes, so
//! that the first look goes through 4 MiB instead of 32, and only a spot that may fit is looked at itself.

use crate::filter::{BandSet, EntitySet, Expr, ModeSet, Pattern, Side, Term};
use crate::spot::{Call, Spot, Utc, Verdicts};

/// The facts of a first look.
#[derive(Clone, Copy, Debug)]
pub struct Brief {
    /// The spot's number.
    pub seq: u64,
    /// The first four bytes of the calls, big-endian.
    calls: [u32; 2],
    khz: u32,
    /// Minutes since 1970.
    minute: u32,
    entities: [u16; 2],
    band: u8,
    mode: u8,
    is_repeat: bool,
}

const _: () = assert!(std::mem::size_of::<Brief>() == 32);

impl Brief {
    /// Of a spot.
    pub fn of(spot: &Spot) -> Brief {
        Brief {
            seq: spot.seq,
            calls: [beginning(&spot.dx), beginning(&spot.de)],
            khz: khz(spot.freq.hz()),
            minute: minute(spot.time),
            entities: [spot.dx_adif, spot.de_adif],
            band: spot.band() as u8,
            mode: spot.mode() as u8,
            is_repeat: spot.verdicts == Verdicts::default(),
        }
    }
}

fn beginning(call: &Call) -> u32 {
    let mut bytes = [0; 4];
    let len = call.len().min(4);
    bytes[..len].copy_from_slice(&call.as_bytes()[..len]);
    u32::from_be_bytes(bytes)
}

fn khz(hz: u64) -> u32 {
    u32::try_from(hz / 1000).unwrap_or(u32::MAX)
}

fn minute(time: Utc) -> u32 {
    time.secs().div_euclid(60).clamp(0, i64::from(u32::MAX)) as u32
}

/// What a spot must have to pass a filter; more may be needed. Everything is a set, the widest of which holds
/// all values.
#[derive(Clone, PartialEq, Debug)]
pub struct Need {
    bands: BandSet,
    modes: ModeSet,
    /// By [`Side`]; `None` = any.
    entities: [Option<EntitySet>; 2],
    /// By [`Side`]: bits of the beginning, and which of them count. `None` = any.
    calls: [Option<Vec<(u32, u32)>>; 2],
    /// Ranges in kHz, inclusive; `None` = any.
    khz: Option<Vec<(u32, u32)>>,
}

impl Need {
    const ANY: Need =
        Need { bands: BandSet::ALL, modes: ModeSet::ALL, entities: [None; 2], calls: [const { None }; 2], khz: None };

    /// What an expression needs.
    pub fn of(expr: &Expr) -> Need {
        match expr {
            Expr::Nothing => Need { bands: BandSet::EMPTY, ..Need::ANY },
            Expr::Is(term) => Need::of_term(term),
            Expr::Not(inner) => match &**inner {
                Expr::Is(Term::Band(set)) => Need { bands: set.complement(), ..Need::ANY },
                Expr::Is(Term::Mode(set)) => Need { modes: set.complement(), ..Need::ANY },
                _ => Need::ANY,
            },
            Expr::And(all) => all.iter().map(Need::of).fold(Need::ANY, Need::and),
            Expr::Or(any) => any.iter().map(Need::of).reduce(Need::or).unwrap_or(Need::of(&Expr::Nothing)),
            _ => Need::ANY,
        }
    }

    fn of_term(term: &Term) -> Need {
        let mut need = Need::ANY;
        match term {
            Term::Band(set) => need.bands = *set,
            Term::Mode(set) => need.modes = *set,
            Term::Entity(side, set) => need.entities[*side as usize] = Some(*set),
            Term::Call(side, patterns) => need.calls[*side as usize] = beginnings(patterns),
            Term::Freq(ranges) => need.khz = Some(ranges.iter().map(|(from, to)| (khz(*from), khz(*to))).collect()),
            _ => {}
        }
        need
    }

    fn and(self, other: Need) -> Need {
        // One of two lists is kept: intersecting them would gain little.
        let [dx, de] = self.calls;
        let [other_dx, other_de] = other.calls;
        Need {
            bands: self.bands.and(other.bands),
            modes: self.modes.and(other.modes),
            entities: [0, 1].map(|side| match (self.entities[side], other.entities[side]) {
                (Some(one), Some(two)) => Some(one.and(two)),
                (one, two) => one.or(two),
            }),
            calls: [dx.or(other_dx), de.or(other_de)],
            khz: self.khz.or(other.khz),
        }
    }

    fn or(self, other: Need) -> Need {
        let [dx, de] = self.calls;
        let [other_dx, other_de] = other.calls;
        Need {
            bands: self.bands.or(other.bands),
            modes: self.modes.or(other.modes),
            entities: [0, 1].map(|side| Some(self.entities[side]?.or(other.entities[side]?))),
            calls: [both(dx, other_dx), both(de, other_de)],
            khz: both(self.khz, other.khz),
        }
    }
}

fn both<T>(one: Option<Vec<T>>, two: Option<Vec<T>>) -> Option<Vec<T>> {
    let mut list = one?;
    list.extend(two?);
    Some(list)
}

/// The literal beginnings of patterns; `None` when one of them has none.
///
/// A call that fits without its portable suffix or SSID begins like the whole call, so both ways of fitting
/// have the beginning.
fn beginnings(patterns: &[Pattern]) -> Option<Vec<(u32, u32)>> {
    let of = |pattern: &Pattern| {
        let (mut bits, mut mask) = ([0u8; 4], [0u8; 4]);
        let literal = pattern.0.bytes().take_while(|b| !b"*?".contains(b)).take(4);
        for (at, b) in literal.enumerate() {
            (bits[at], mask[at]) = (b, 0xFF);
        }
        Some((u32::from_be_bytes(bits), u32::from_be_bytes(mask))).filter(|(_, mask)| *mask != 0)
    };
    patterns.iter().map(of).collect()
}

/// A first look: a filter's need, and the moments and repeats of a question.
#[derive(Clone, PartialEq, Debug)]
pub struct FirstLook {
    need: Need,
    minutes: (u32, u32),
    repeats: bool,
}

impl FirstLook {
    /// Passes every spot.
    pub const ALL: FirstLook = FirstLook { need: Need::ANY, minutes: (0, u32::MAX), repeats: true };

    /// For spots that pass `expr`, from `since` to before `until`.
    pub fn of(expr: &Expr, since: Utc, until: Utc, repeats: bool) -> FirstLook {
        FirstLook { need: Need::of(expr), minutes: (minute(since), minute(until)), repeats }
    }

    /// Whether a spot may be one of them.
    #[inline]
    pub fn may_fit(&self, brief: &Brief) -> bool {
        let need = &self.need;
        let has_beginning = |side: Side| {
            let begins = |(bits, mask): &(u32, u32)| brief.calls[side as usize] & mask == *bits;
            need.calls[side as usize].as_ref().is_none_or(|list| list.iter().any(begins))
        };
        let has_entity = |side: Side| {
            need.entities[side as usize].is_none_or(|set| set.has_bit(usize::from(brief.entities[side as usize])))
        };
        let is_in = |(from, to): &(u32, u32)| (*from..=*to).contains(&brief.khz);
        (self.repeats || !brief.is_repeat)
            && (self.minutes.0..=self.minutes.1).contains(&brief.minute)
            && need.bands.has_bit(usize::from(brief.band))
            && need.modes.has_bit(usize::from(brief.mode))
            && has_beginning(Side::Dx)
            && has_beginning(Side::De)
            && has_entity(Side::Dx)
            && has_entity(Side::De)
            && need.khz.as_ref().is_none_or(|ranges| ranges.iter().any(is_in))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Band, Freq, Mode};

    fn call(side: Side, patterns: &[&str]) -> Expr {
        Expr::Is(Term::Call(side, patterns.iter().map(|p| Pattern((*p).into())).collect()))
    }

    fn on(band: Band) -> Expr {
        Expr::Is(Term::Band(BandSet::of(&[band])))
    }

    fn may_fit(expr: &Expr, spot: &Spot) -> bool {
        let look = FirstLook::of(expr, Utc::from_ms(i64::MIN), Utc::from_ms(i64::MAX), false);
        look.may_fit(&Brief::of(spot))
    }

    fn spot() -> Spot {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal("9A1A/P"), Call::literal("EA8/DF4UI-1-#"));
        spot.set_freq(Freq::from_hz(14_025_900));
        spot.set_mode(Mode::Cw);
        spot.verdicts = Verdicts::SLOW;
        (spot.dx_adif, spot.de_adif) = (497, 29);
        spot
    }

    #[test]
    fn what_cannot_pass_is_left_out() {
        let entity = |side, adif| Expr::Is(Term::Entity(side, EntitySet::from_iter([adif])));
        let freq = |from: u64, to: u64| Expr::Is(Term::Freq(vec![(from, to)]));
        for expr in [
            Expr::Nothing,
            Expr::Or(vec![]),
            on(Band::M40),
            on(Band::M20).not(),
            Expr::Is(Term::Mode(ModeSet::of(&[Mode::Ft8]))),
            call(Side::Dx, &["9A2*", "K*"]),
            call(Side::De, &["DF4UI*"]),
            entity(Side::Dx, 1),
            entity(Side::De, 497),
            freq(14_000_000, 14_024_999),
            Expr::And(vec![on(Band::M20), call(Side::Dx, &["K1A"])]),
            Expr::Or(vec![on(Band::M40), on(Band::M10)]),
            Expr::Or(vec![call(Side::Dx, &["K1A"]), call(Side::Dx, &["W1A"])]),
        ] {
            assert!(!may_fit(&expr, &spot()), "{expr:?}");
            assert!(!expr.passes(&spot()), "{expr:?}");
        }
        let mut repeat = spot();
        repeat.verdicts = Verdicts::default();
        assert!(!may_fit(&Expr::All, &repeat));
    }

    #[test]
    fn what_passes_is_let_through() {
        let entities = EntitySet::from_iter([497, 29]);
        for expr in [
            Expr::All,
            Expr::And(vec![]),
            on(Band::M40).not(),
            call(Side::Dx, &["9A1A"]),
            call(Side::Dx, &["9A1A/P"]),
            call(Side::Dx, &["*1A"]),
            call(Side::Dx, &["9*", "K*"]),
            call(Side::De, &["EA8/DF4UI"]),
            Expr::Is(Term::Entity(Side::De, entities)),
            Expr::Is(Term::Freq(vec![(14_025_900, 14_025_900)])),
            Expr::Or(vec![on(Band::M40), call(Side::Dx, &["9A*"])]),
            Expr::And(vec![call(Side::Dx, &["9A*"]), call(Side::Dx, &["*/P"]), on(Band::M20)]),
        ] {
            assert!(may_fit(&expr, &spot()), "{expr:?}");
            assert!(expr.passes(&spot()), "{expr:?}");
        }
    }
}
