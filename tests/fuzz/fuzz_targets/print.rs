//! Printers on any 256 bytes as a spot: files get damaged.
#![no_main]

use dxring::spot::Spot;
use dxring::wire::{HISTORY_LINE_BYTES, classic, gocluster, history_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: [u8; 256]| {
    let spot: Spot = bytemuck::pod_read_unaligned(&bytes);
    let mut out = Vec::new();
    classic(&spot, &mut out);
    history_line(&spot, &mut out);
    assert_eq!(out.len(), 75 + HISTORY_LINE_BYTES);
    gocluster(&spot, 76, &mut out);
    assert_eq!(out.len(), 75 + HISTORY_LINE_BYTES + 76);
});
