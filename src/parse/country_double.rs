//! Stands in for `crate::reference` until that branch is merged; deleted then.
#![allow(missing_docs)]
use crate::spot::*;
#[derive(Debug, Default)]
pub struct Cty;
pub type SharedCty = std::sync::Arc<arc_swap::ArcSwap<Cty>>;
impl Cty {
    pub fn embedded() -> Cty {
        Cty
    }
    pub fn knows(&self, call: &Call) -> bool {
        !call.as_bytes().starts_with(b"1A9")
    }
}
/// Fills metadata; (dx known, de known).
pub fn enrich(cty: &Cty, spot: &mut Spot) -> (bool, bool) {
    (cty.knows(&spot.dx), cty.knows(&spot.de))
}
