//! Which modes of skimmers come at all: SET/SKIMMER, SET/FT8 and their kin. People's spots are not touched.

use super::{Expr, ModeSet, Outcome, Term};
use crate::spot::Mode;

/// Switches, one per group of modes; all on at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skimmers {
    off: u8,
}

/// Groups by place: name, modes. A beacon is of its group whatever its mode.
const GROUPS: [(&str, &[Mode]); 7] = [
    ("CW", &[Mode::Cw]),
    ("RTTY", &[Mode::Rtty]),
    ("PSK", &[Mode::Psk]),
    ("FT8", &[Mode::Ft8]),
    ("FT4", &[Mode::Ft4]),
    ("BEACON", &[]),
    ("OTHER", &[]),
];
const BEACON: u8 = 1 << 5;
const OTHER: u8 = 1 << 6;
const ALL: u8 = (1 << GROUPS.len()) - 1;

impl Skimmers {
    /// Everything comes.
    pub const ALL: Skimmers = Skimmers { off: 0 };

    /// Whether everything comes.
    pub fn is_open(self) -> bool {
        self.off == 0
    }
    /// Whether nothing comes.
    pub fn is_closed(self) -> bool {
        self.off == ALL
    }
    /// Whether a mode of skimmers is switched off while others are on.
    pub(super) fn lacks(self, mode: Mode) -> bool {
        !self.is_closed() && self.off & group_of(mode) != 0
    }
    /// Switches the group of a mode on.
    pub(super) fn switch_on(&mut self, mode: Mode) {
        self.off &= !group_of(mode);
    }

    /// Whether beacons of skimmers are switched off while others are on.
    pub(super) fn lacks_beacons(self) -> bool {
        !self.is_closed() && self.off & BEACON != 0
    }
    pub(super) fn switch_on_beacons(&mut self) {
        self.off &= !BEACON;
    }

    /// Reads a group: `CW`, `FT` for both FT8 and FT4, `ALL`.
    fn parse(word: &str) -> Option<u8> {
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "ALL" => return Some(ALL),
            "FT" | "FTX" | "DIGITAL" => return Some(1 << 3 | 1 << 4),
            "BEACONS" | "BCN" | "NCDXF" => return Some(BEACON),
            "OTHERS" => return Some(OTHER),
            "PSK31" | "PSK63" | "PSK125" => return Some(1 << 2),
            _ => {}
        }
        GROUPS.iter().position(|(name, _)| *name == upper).map(|at| 1 << at)
    }

    /// Runs SET/SKIMMER and UNSET/SKIMMER with a list of groups; none = all.
    pub(super) fn command(&mut self, on: bool, list: &str) -> Outcome {
        let mut bits = 0;
        for word in list.split([',', ' ', '/']).filter(|word| !word.is_empty()) {
            let Some(group) = Skimmers::parse(word) else {
                return Outcome::refused([
                    format!("Unknown skimmer mode: {}", super::lists::shortened(word).to_ascii_uppercase()),
                    "Modes: CW, RTTY, PSK, FT8, FT4 (FT for both), BEACON, OTHER, ALL.".into(),
                    "Example: SET/SKIMMER CW,FT or UNSET/SKIMMER FT8".into(),
                ]);
            };
            bits |= group;
        }
        self.switch(on, if bits == 0 { ALL } else { bits });
        Outcome::done([self.sentence()])
    }

    fn switch(&mut self, on: bool, bits: u8) {
        self.off = if on { self.off & !bits } else { self.off | bits };
    }

    /// `Skimmer spots: CW, RTTY, PSK, BEACON, OTHER; not FT8, FT4.`
    pub fn sentence(self) -> String {
        let names = |bits: u8| {
            let named = GROUPS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            named.map(|(_, (name, _))| *name).collect::<Vec<_>>().join(", ")
        };
        match self.off {
            0 => "Skimmer spots: all modes.".into(),
            ALL => "Skimmer spots: none. SET/SKIMMER brings them back.".into(),
            off => format!("Skimmer spots: {}; not {}.", names(!off), names(off)),
        }
    }

    /// The command that makes this of all.
    pub fn commands(self) -> Vec<String> {
        let names: Vec<&str> =
            GROUPS.iter().enumerate().filter(|(at, _)| self.off >> at & 1 == 1).map(|(_, (name, _))| *name).collect();
        match self.off {
            0 => vec![],
            ALL => vec!["UNSET/SKIMMER ALL".into()],
            _ => vec![format!("UNSET/SKIMMER {}", names.join(","))],
        }
    }

    /// As an expression.
    pub fn expr(self) -> Expr {
        let skimmer = Expr::Is(Term::Skimmer);
        match self.off {
            0 => return Expr::All,
            ALL => return skimmer.not(),
            _ => {}
        }
        let mut modes = ModeSet::EMPTY;
        for (_, of) in GROUPS.iter().enumerate().filter(|(at, _)| self.off >> at & 1 == 1).map(|(_, group)| group) {
            modes = modes.or(ModeSet::of(of));
        }
        if self.off & OTHER != 0 {
            let named: Vec<Mode> = GROUPS.iter().flat_map(|(_, of)| of.iter().copied()).collect();
            modes = modes.or(ModeSet::of(&named).complement());
        }
        let (beacon, of_modes) = (Expr::Is(Term::Beacon), Expr::Is(Term::Mode(modes)));
        let unwanted = match (self.off & BEACON != 0, modes.is_empty()) {
            (true, true) => beacon,
            (true, false) => beacon.or(of_modes),
            (false, _) => beacon.not().and(of_modes),
        };
        skimmer.and(unwanted).not()
    }
}

fn group_of(mode: Mode) -> u8 {
    let mode = mode.normalized();
    GROUPS.iter().position(|(_, of)| of.contains(&mode)).map_or(OTHER, |at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Flags, Spot};

    fn passes(skimmers: Skimmers, mode: Mode, flags: Flags) -> bool {
        let mut spot = Spot::empty();
        spot.set_mode(mode);
        spot.flags = flags;
        skimmers.expr().passes(&spot)
    }

    #[test]
    fn switches_touch_skimmers_only() {
        let mut skimmers = Skimmers::default();
        assert!(skimmers.command(false, "ft").done);
        assert_eq!(skimmers.sentence(), "Skimmer spots: CW, RTTY, PSK, BEACON, OTHER; not FT8, FT4.");
        assert_eq!(skimmers.commands(), ["UNSET/SKIMMER FT8,FT4"]);
        let beacon = Flags(Flags::SKIMMER.0 | Flags::BEACON.0);
        for (mode, flags, want) in [
            (Mode::Ft8, Flags::SKIMMER, false),
            (Mode::Ft8, Flags::default(), true),
            (Mode::Cw, Flags::SKIMMER, true),
            (Mode::Jt65, Flags::SKIMMER, true),
            (Mode::Ft8, beacon, true),
        ] {
            assert_eq!(passes(skimmers, mode, flags), want, "{mode:?} {flags:?}");
        }
        assert!(skimmers.command(false, "beacon,other,psk").done);
        for (mode, flags, want) in [
            (Mode::Cw, beacon, false),
            (Mode::Cw, Flags::SKIMMER, true),
            (Mode::Unknown, Flags::SKIMMER, false),
            (Mode::Psk31, Flags::SKIMMER, false),
            (Mode::Jt65, Flags::default(), true),
        ] {
            assert_eq!(passes(skimmers, mode, flags), want, "{mode:?} {flags:?}");
        }
        let before = skimmers;
        assert!(!skimmers.command(true, "CW,FT9").done);
        assert_eq!(skimmers, before);
        assert!(skimmers.command(true, "").done && skimmers.is_open());
        assert!(skimmers.command(false, "").done && skimmers.is_closed());
    }
}
