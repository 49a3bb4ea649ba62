//! US states and Canadian provinces, where the call tells them for sure.
//!
//! Alaska and Hawaii are entities. In Canada the call area is the province, and a station that moves says so
//! (`VE3ABC/7`, `VY2/VE3ABC`): the text under which country data found the place is the one that counts. A US
//! call area covers many states and its holders keep their calls, so the other states stay unknown.

use super::cty::Cty;
use super::keys::KeyKind;
use super::portable::{self, Step, Trace};
use crate::spot::{Call, State};

const CANADA: u16 = 1;
const ALASKA: u16 = 6;
const HAWAII: u16 = 110;

/// The state or province of a call that was found in this entity. Does not allocate.
pub(super) fn state_of(cty: &Cty, call: &Call, adif: u16) -> State {
    match adif {
        ALASKA => AK,
        HAWAII => HI,
        CANADA => {
            let mut province = Province(State::NONE);
            portable::resolve(&cty.keys, &cty.places, call, &mut province);
            province.0
        }
        _ => State::NONE,
    }
}

/// Listens to the lookup for the text that told the place.
struct Province(State);

impl Trace for Province {
    fn step(&mut self, step: Step<'_>) {
        if let Step::Key(text, hit) = step {
            // Calls listed one by one are there because they are not where their area is.
            self.0 = if hit.kind == KeyKind::Exact { State::NONE } else { province(text) };
        }
    }
}

fn province(text: &[u8]) -> State {
    match text {
        [b'V', b'E' | b'A', digit, ..] => match digit {
            b'1' => NS,
            b'2' => QC,
            b'3' => ON,
            b'4' => MB,
            b'5' => SK,
            b'6' => AB,
            b'7' => BC,
            b'8' => NT,
            b'9' => NB,
            _ => State::NONE,
        },
        [b'V', b'O', b'1' | b'2', ..] => NL,
        [b'V', b'Y', b'0', ..] => NU,
        [b'V', b'Y', b'1', ..] => YT,
        [b'V', b'Y', b'2', ..] => PE,
        // Prefixes of special events follow the areas mostly, but not for sure.
        _ => State::NONE,
    }
}

macro_rules! states {
    ($($code:ident = $number:literal),*) => {
        $(const $code: State = State($number);)*
        #[cfg(test)]
        const NUMBERED: &[(&str, State)] = &[$((stringify!($code), $code)),*];
    };
}
states!(
    AK = 2,
    HI = 12,
    AB = 52,
    BC = 53,
    MB = 54,
    NB = 55,
    NL = 56,
    NS = 57,
    NT = 58,
    NU = 59,
    ON = 60,
    PE = 61,
    QC = 62,
    SK = 63,
    YT = 64
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Lookup;

    #[test]
    fn numbers_are_those_of_the_codes() {
        for (code, state) in NUMBERED {
            assert_eq!(State::parse(code), Some(*state), "{code}");
        }
    }

    #[test]
    fn calls_tell_the_state() {
        let cty = Cty::embedded();
        for (call, code) in [
            ("KL7ABC", "AK"),
            ("AL7X/P", "AK"),
            ("KL7ABC/4", ""),
            ("KH6ABC", "HI"),
            ("WH6ABC-#", "HI"),
            ("W3LPL", ""),
            ("K1ABC/KH6", "HI"),
            ("KP4ABC", ""),
            ("VE1ABC", "NS"),
            ("VA2ABC", "QC"),
            ("VE3ABC", "ON"),
            ("VA3ABC-2-#", "ON"),
            ("VE4ABC", "MB"),
            ("VA5ABC", "SK"),
            ("VE6ABC/QRP", "AB"),
            ("VE7ABC", "BC"),
            ("VE8ABC", "NT"),
            ("VE9ABC", "NB"),
            ("VO1ABC", "NL"),
            ("VO2ABC", "NL"),
            ("VY0ABC", "NU"),
            ("VY1ABC", "YT"),
            ("VY2ABC", "PE"),
            ("VE3ABC/7", "BC"),
            ("VE3ABC/3", "ON"),
            ("VY2/VE3ABC", "PE"),
            ("VE3ABC/VY2", "PE"),
            ("VE7/K1ABC", "BC"),
            ("VE3ABC/W4", ""),
            ("VE3ABC/MM", ""),
            ("VE/K1ABC", ""),
            ("VE0ABC", ""),
            ("VX3ABC", ""),
            ("G3ABC", ""),
            ("QQ1ABC", ""),
        ] {
            let call = Call::literal(call);
            let adif = cty.lookup(&call).place().map_or(0, |place| place.adif);
            assert_eq!(state_of(&cty, &call, adif).code(), code, "{call}");
        }
        assert!(matches!(cty.lookup(&Call::literal("VE0ABC")), Lookup::Found(_)), "it is a Canadian call");
    }
}
