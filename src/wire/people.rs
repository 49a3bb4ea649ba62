//! People's spot lines, as cluster nodes pass them on.

use super::comment::comment;
use super::header::{Head, head, is_machines, tail};
use super::skimmer::{self, is_beacon_call};
use super::{LineFault, SpotLine, scan};
use crate::spot::{Flags, Spot};

/// Longest text that is put together from two places of a line: more than a comment keeps, so that
/// the cut is made, and marked, in one place only.
const JOINED_BYTES_MAX: usize = 128;

/// Reads a spot line of a cluster node, gently: what a person wrote is kept as it is, and mode and
/// report are read from it in addition. A mode that nobody said stays unknown.
///
/// Not part of the comment are the time at the end and the trailer behind it (locator, zone or state
/// of the spotter). Frequencies reach to 300 GHz. A spotter with `-#` is a machine: its line is read
/// like [`skimmer_line`](super::skimmer_line) reads it, and like a person's when it has no report.
///
/// # Errors
/// The fault that [`LineFault::reason`] names; never [`LineFault::NoReport`].
pub fn people_line(line: &[u8]) -> Result<SpotLine, LineFault> {
    if is_machines(line) {
        let head = head(line, true)?;
        return match skimmer::body(&head) {
            Err(LineFault::NoReport) => Ok(marked_as_machines(body(&head))),
            other => other,
        };
    }
    Ok(body(&head(line, false)?))
}

fn body(head: &Head<'_>) -> SpotLine {
    let tail = tail(head.rest);
    let mut joined = [b' '; JOINED_BYTES_MAX];
    let text = if head.skipped.is_empty() { tail.body } else { join(head.skipped, tail.body, &mut joined) };
    let parts = comment(text, head.freq);

    let mut spot = Spot::empty();
    spot.dx = head.dx;
    spot.de = head.de;
    spot.set_freq(head.freq);
    spot.set_mode(parts.mode);
    spot.set_snr(parts.snr);
    spot.speed = parts.speed;
    spot.flags.set(Flags::SPEED_BPS, parts.speed_bps);
    spot.flags.set(Flags::BEACON, is_beacon_call(&spot));
    if !text.is_empty() {
        spot.set_comment(text);
    }
    spot.de_grid = tail.de_grid;
    SpotLine { spot, time: tail.time.or(parts.time) }
}

/// A machine that gave no report; its words are a machine's all the same.
fn marked_as_machines(mut line: SpotLine) -> SpotLine {
    let mut flags = line.spot.flags;
    let mut rest = line.spot.comment();
    loop {
        let token = scan::take_token(&mut rest);
        if token.is_empty() {
            break;
        }
        match scan::word(scan::clean(token)) {
            Some(scan::Word::Beacon) => flags.set(Flags::BEACON, true),
            Some(scan::Word::Ncdxf) => flags.set(Flags(Flags::BEACON.0 | Flags::NCDXF.0), true),
            Some(scan::Word::Cq) => flags.set(Flags::CQ, true),
            _ => {}
        }
    }
    flags.set(Flags::SKIMMER, true);
    line.spot.flags = flags;
    line
}

/// Words before the call, a blank, words behind it.
fn join<'a>(first: &[u8], second: &[u8], out: &'a mut [u8; JOINED_BYTES_MAX]) -> &'a [u8] {
    let mut len = first.len().min(JOINED_BYTES_MAX);
    out[..len].copy_from_slice(&first[..len]);
    if !second.is_empty() && len + 1 < JOINED_BYTES_MAX {
        let room = second.len().min(JOINED_BYTES_MAX - len - 1);
        out[len + 1..len + 1 + room].copy_from_slice(&second[..room]);
        len += 1 + room;
    }
    &out[..len]
}
