//! Seeds of the digital map.

use dxring::config;
use dxring::correct::ModeStage;
use dxring::spot::{Call, Freq, Spot, Utc};

/// The shipped seeds are all taken, and none cancels another.
#[test]
fn shipped_seeds_answer() {
    let modes = config::Modes::default();
    let mut stage = ModeStage::new(&modes);
    for (khz, mode) in &modes.seeds {
        let mut spot = Spot::empty();
        spot.dx = Call::literal("K1ABC");
        spot.time = Utc::from_civil(2026, 11, 24, 12, 0, 0);
        spot.set_freq(Freq::from_khz(u64::from(*khz)));
        stage.infer(&mut spot);
        assert_eq!(spot.mode().name(), mode, "{khz}");
    }
    assert_eq!(stage.counts().plan, 0);
}
