//! (room wire: doubles of two encoders until the room is merged)

use crate::spot::Spot;
use std::io::Write;

/// Double.
pub fn classic(spot: &Spot, out: &mut Vec<u8>) {
    let _ =
        write!(out, "DX de {}: {} {} {}", spot.de, spot.freq.hz(), spot.dx, String::from_utf8_lossy(spot.comment()));
}
/// Double.
pub fn gocluster(spot: &Spot, _columns: usize, out: &mut Vec<u8>) {
    let _ =
        write!(out, "DX de {}; {} {} {}", spot.de, spot.freq.hz(), spot.dx, String::from_utf8_lossy(spot.comment()));
}
