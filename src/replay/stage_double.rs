//! Stands in for `correct` and `dedup` until that branch is merged; deleted then.
#![allow(missing_docs)]
use crate::config;
use crate::engine::*;
use crate::spot::*;
pub struct ModeStage;
impl ModeStage {
    pub fn new(_: &config::Modes) -> ModeStage {
        ModeStage
    }
}
impl Stage for ModeStage {
    fn on_spot(&mut self, _: Now, spot: Spot, out: &mut Outlet<'_>) {
        out.emit(spot);
    }
}
pub enum Outcome {
    New,
    #[allow(dead_code)]
    Duplicate {
        of: Call,
        age_s: u32,
    },
}
pub struct Windows;
impl Windows {
    pub fn new(_: &config::Dedup) -> Windows {
        Windows
    }
    pub fn judge(&mut self, _: Now, spot: &mut Spot) -> Outcome {
        spot.verdicts = Verdicts(7);
        Outcome::New
    }
}
