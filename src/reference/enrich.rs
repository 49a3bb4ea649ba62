//! Country facts into a spot.

use super::cty::Cty;
use super::place::Lookup;
use super::states::state_of;
use crate::spot::{Call, Continent, Flags, Grid, Spot, State};

/// Which sides of a spot country data does not know. A station afloat is known: it is in no entity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unplaced {
    /// The DX.
    pub dx: bool,
    /// The spotter.
    pub de: bool,
}

struct Facts {
    adif: u16,
    cq: u8,
    itu: u8,
    continent: Continent,
    grid: Grid,
    state: State,
    unknown: bool,
}

/// Fills ADIF numbers, CQ and ITU zones, continents, states where a call tells them, and, where a station gave no grid, the grid of the
/// place under `DX_GRID_DERIVED` / `DE_GRID_DERIVED`.
///
/// Afloat and unknown stations get zeros, also where an earlier pass left something. A derived grid of an
/// earlier pass is derived anew. Does not allocate.
pub fn enrich(cty: &Cty, spot: &mut Spot) -> Unplaced {
    let dx = facts(cty, &spot.dx);
    (spot.dx_adif, spot.dx_cq, spot.dx_itu, spot.dx_state) = (dx.adif, dx.cq, dx.itu, dx.state.0);
    spot.set_dx_continent(dx.continent);
    if spot.dx_grid.is_none() || spot.flags.has(Flags::DX_GRID_DERIVED) {
        spot.dx_grid = dx.grid;
        spot.flags.set(Flags::DX_GRID_DERIVED, !dx.grid.is_none());
    }
    let de = facts(cty, &spot.de);
    (spot.de_adif, spot.de_cq, spot.de_itu, spot.de_state) = (de.adif, de.cq, de.itu, de.state.0);
    spot.set_de_continent(de.continent);
    if spot.de_grid.is_none() || spot.flags.has(Flags::DE_GRID_DERIVED) {
        spot.de_grid = de.grid;
        spot.flags.set(Flags::DE_GRID_DERIVED, !de.grid.is_none());
    }
    Unplaced { dx: dx.unknown, de: de.unknown }
}

fn facts(cty: &Cty, call: &Call) -> Facts {
    match cty.lookup(call) {
        Lookup::Found(p) => Facts {
            adif: p.adif,
            cq: p.cq,
            itu: p.itu,
            continent: p.continent,
            grid: p.grid,
            state: state_of(cty, call, p.adif),
            unknown: false,
        },
        other => Facts {
            adif: 0,
            cq: 0,
            itu: 0,
            continent: Continent::Unknown,
            grid: Grid::NONE,
            state: State::NONE,
            unknown: other == Lookup::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_placed_and_told_grids_stay() {
        let cty = Cty::embedded();
        let mut spot = Spot::empty();
        spot.dx = Call::literal("JA1CTC/MM");
        spot.de = Call::literal("W3LPL-1-#");
        spot.de_grid = Grid::parse(b"FM19LG").unwrap();
        assert_eq!(enrich(&cty, &mut spot), Unplaced::default());
        assert_eq!((spot.dx_adif, spot.dx_cq, spot.dx_continent()), (0, 0, Continent::Unknown));
        assert!(spot.dx_grid.is_none() && !spot.flags.has(Flags::DX_GRID_DERIVED));
        assert_eq!((spot.de_adif, spot.de_cq, spot.de_itu, spot.de_continent()), (291, 5, 8, Continent::Na));
        assert_eq!(spot.de_grid.as_str(), "FM19LG");
        assert!(!spot.flags.has(Flags::DE_GRID_DERIVED));

        spot.dx = Call::literal("JA1CTC");
        spot.de = Call::literal("1B1AB");
        assert_eq!(enrich(&cty, &mut spot), Unplaced { dx: false, de: true });
        assert_eq!((spot.dx_adif, spot.dx_grid.as_str()), (339, "PM96"), "east of Greenwich, not mirrored");
        assert!(spot.flags.has(Flags::DX_GRID_DERIVED));
        assert_eq!((spot.de_adif, spot.de_cq), (0, 0));
    }

    #[test]
    fn states_come_and_go() {
        let cty = Cty::embedded();
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal("VE3ABC/7"), Call::literal("KH6LC-#"));
        enrich(&cty, &mut spot);
        assert_eq!((State(spot.dx_state).code(), State(spot.de_state).code()), ("BC", "HI"));
        (spot.dx, spot.de) = (Call::literal("VE3ABC/MM"), Call::literal("W3LPL-#"));
        enrich(&cty, &mut spot);
        assert_eq!((spot.dx_state, spot.de_state), (0, 0));
    }
}
