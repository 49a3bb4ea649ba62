//! Machines' spot lines: Reverse Beacon Network, ports 7000 and 7001, and skimmers behind clusters.

use super::header::{Head, head, tail};
use super::words::{Grammar, walk};
use super::{LineFault, SpotLine};
use crate::spot::{Flags, Mode, Spot};

/// Reads a machine's spot line, strictly: calls must have the shape of calls and a report is needed.
/// A report of 0 dB is one.
///
/// Forms (clients 5.5, field notes): `DX de W3LPL-#:  14025.0  K1ABC  CW  23 dB  25 WPM  CQ  1234Z`,
/// two decimals, frequency glued to the colon, `BPS`, a locator in the place of the speed, no speed,
/// `+ 9 dB`, types CQ, DX, BEACON, NCDXF B, no mode (with WPM it is CW), no time.
///
/// `comment` of the spot holds the words that are none of these.
///
/// # Errors
/// The fault that [`LineFault::reason`] names; the line is to be counted and dropped.
pub fn skimmer_line(line: &[u8]) -> Result<SpotLine, LineFault> {
    body(&head(line, true)?)
}

/// The part of a line behind its head.
pub(super) fn body(head: &Head<'_>) -> Result<SpotLine, LineFault> {
    let tail = tail(head.rest);
    let found = walk(tail.body, head.freq, Grammar::Machine);
    let mut mode = found.mode;
    if mode == Mode::Unknown && !head.skipped.is_empty() {
        mode = walk(head.skipped, head.freq, Grammar::Machine).mode;
    }
    if mode == Mode::Unknown {
        mode = mode_by_speed(found.speed.map(|(_, value, bps)| (value, bps)));
    }
    let snr = found.snr.ok_or(LineFault::NoReport)?;

    let mut spot = Spot::empty();
    spot.dx = head.dx;
    spot.de = head.de;
    spot.set_freq(head.freq);
    spot.set_mode(mode);
    if !found.left.as_bytes().is_empty() {
        spot.set_comment(found.left.as_bytes());
    }
    spot.flags.set(Flags::SKIMMER, true);
    spot.flags.set(found.flags, true);
    spot.flags.set(Flags::BEACON, found.flags.has(Flags::BEACON) || is_beacon_call(&spot));
    spot.set_snr(Some(snr));
    if let Some((_, value, bps)) = found.speed {
        spot.speed = value;
        spot.flags.set(Flags::SPEED_BPS, bps);
    }
    spot.dx_grid = found.grid;
    spot.de_grid = tail.de_grid;
    Ok(SpotLine { spot, time: tail.time.or(found.time) })
}

/// Beacons say so in their call, whoever reports them.
pub(super) fn is_beacon_call(spot: &Spot) -> bool {
    let text = spot.dx.as_bytes();
    text.ends_with(b"/B") || text.ends_with(b"/BCN")
}

/// What a skimmer that names no mode is listening to: words per minute are Morse, and each keyboard
/// mode has its own speed.
fn mode_by_speed(speed: Option<(u16, bool)>) -> Mode {
    match speed {
        Some((_, false)) => Mode::Cw,
        Some((45 | 50 | 75, true)) => Mode::Rtty,
        Some((31, true)) => Mode::Psk31,
        Some((63, true)) => Mode::Psk63,
        Some((125, true)) => Mode::Psk125,
        _ => Mode::Unknown,
    }
}
