//! GoCluster's line: mode and report in places of their own, locator and confidence before the time
//! (pipeline 1.11).

use super::comment::parts;
use super::print::{
    FreqText, PRINTABLE_STEP, Text, grid4, hhmmz, make_printable, push_printable, push_speed, push_tag, spotter,
    without_ssid,
};
use super::style::{LineFormat, LineStyle};
use super::words::Grammar;
use crate::spot::{Flags, Mode, Spot, base_call, collapse_ssid};

/// The usual length of a line without its end.
pub const GOCLUSTER_LINE_BYTES: usize = 76;
/// The shortest line; a smaller wish gets this one.
pub const GOCLUSTER_LINE_BYTES_MIN: usize = 65;
/// The longest line; a larger wish gets this one. Mode, report and the longest comment fit into it:
/// 39 + 16 + 96 + 15.
pub const GOCLUSTER_LINE_BYTES_MAX: usize = 166;

/// The frequency's last digit is in column 25, 1-based.
const FREQ_END: usize = 25;
const DX_AT: usize = 27;
const DX_BYTES_MAX: usize = 10;
const MODE_AT: usize = 39;
/// Columns behind the comment: blank, glyph, blank, locator 4, blank, confidence, blank, time 5.
const TAIL_BYTES: usize = 15;

/// Appends the line of exactly `line_bytes` columns without line end; 0 stands for
/// [`GOCLUSTER_LINE_BYTES`], anything else is brought into the range from
/// [`GOCLUSTER_LINE_BYTES_MIN`] to [`GOCLUSTER_LINE_BYTES_MAX`].
///
/// The DX call stands without its portable suffix, the spotter without its number (`-2-#` is `-#`).
/// A person's comment is what is left of it beside mode and report; the spot itself keeps it whole.
pub fn gocluster(spot: &Spot, line_bytes: usize, out: &mut Vec<u8>) {
    gocluster_line(spot, line_bytes, const { LineStyle::of(LineFormat::Gocluster) }, out);
}

/// [`gocluster`] with the options of a style; width and trailers are none of its options.
pub(super) fn gocluster_line(spot: &Spot, line_bytes: usize, style: LineStyle, out: &mut Vec<u8>) {
    let length = match line_bytes {
        0 => GOCLUSTER_LINE_BYTES,
        n => n.clamp(GOCLUSTER_LINE_BYTES_MIN, GOCLUSTER_LINE_BYTES_MAX),
    };
    let start = out.len();
    out.resize(start + length.next_multiple_of(PRINTABLE_STEP), b' ');
    let line = &mut out[start..];

    let freq = FreqText::of(spot.freq, style.two_decimals);
    let to_tenths = freq.len_to_tenths();
    let de = collapse_ssid(&spot.de);
    let de = spotter(de.as_bytes(), style.bare_skimmers);
    let de = &de[..de.len().min(FREQ_END.saturating_sub(to_tenths + 7).max(1))];
    line[..6].copy_from_slice(b"DX de ");
    let colon = put(line, 6, de);
    line[colon] = b':';
    let freq_end = FREQ_END.max(colon + 1 + to_tenths);
    put(line, freq_end - to_tenths, freq.as_bytes());
    let dx_at = DX_AT + freq_end - FREQ_END;
    let dx = base_call(&spot.dx);
    let dx = without_ssid(dx.as_bytes());
    put(line, dx_at, &dx[..dx.len().min(DX_BYTES_MAX).min(MODE_AT.saturating_sub(dx_at))]);

    let tail = length - TAIL_BYTES;
    let mut text = Text::new();
    push_mode_and_report(spot, &mut text);
    let said = put_cut(line, MODE_AT, tail, text.as_bytes());
    // One column stays blank before the tail (its glyph is drawn per user), one before the comment.
    let room = (tail - 1).saturating_sub(said);
    if room > 1 {
        let mut comment = Text::new();
        match style.diag {
            0 => push_comment(spot, &mut comment),
            policy => push_tag(spot, policy, &mut comment),
        }
        let comment = comment.as_bytes().trim_ascii();
        put_cut(line, said + 1, said + room, comment);
    }

    let derived = spot.flags.has(Flags::DX_GRID_DERIVED);
    for (to, b) in line[tail + 3..].iter_mut().zip(grid4(&spot.dx_grid)) {
        *to = if derived { b.to_ascii_lowercase() } else { *b };
    }
    line[tail + 8] = match spot.confidence {
        0 => b' ',
        glyph @ b' '..=b'~' => glyph,
        _ => b'?',
    };
    put(line, tail + 10, &hhmmz(spot.time));
    make_printable(line);
    out.truncate(start + length);
    if style.beep {
        out.extend_from_slice(b"\x07\x07");
    }
}

/// `CW 23 dB`, `FT8 +12 dB`, `USB`. Morse and RTTY show the number as it is, others with its sign.
#[inline]
fn push_mode_and_report(spot: &Spot, out: &mut Text) {
    let mode = spot.mode();
    out.push_word(mode.name().as_bytes());
    if let Some(snr_db) = spot.snr() {
        // The blank belongs to the report, also when no mode stands before it.
        out.push(b" ");
        if snr_db >= 0 && !matches!(mode, Mode::Cw | Mode::Rtty) {
            out.push(b"+");
        }
        out.push(itoa::Buffer::new().format(snr_db).as_bytes());
        out.push(b" dB");
    }
}

/// A machine's speed, type and other words, a person's words beside mode and report.
#[inline]
fn push_comment(spot: &Spot, out: &mut Text) {
    if spot.is_skimmer() && spot.snr().is_some() {
        push_machine_comment(spot, out);
    } else {
        push_printable(parts(spot.comment(), spot.freq, Grammar::PersonKeepTimes).cleaned(), out);
    }
}

/// The speed of an ordinary CQ is left out (pipeline 2.8, gate 2): it stands on most lines of a band.
#[inline]
fn push_machine_comment(spot: &Spot, out: &mut Text) {
    let flags = spot.flags;
    let beacon = flags.has(Flags::BEACON);
    let plain_cq = flags.has(Flags::CQ)
        && !beacon
        && spot.comment().is_empty()
        && match spot.mode() {
            Mode::Cw => !flags.has(Flags::SPEED_BPS),
            Mode::Rtty => flags.has(Flags::SPEED_BPS),
            _ => false,
        };
    if plain_cq && spot.speed > 0 {
        return;
    }
    push_speed(spot, out);
    if flags.has(Flags::NCDXF) {
        out.push_word(b"NCDXF B");
    } else if flags.has(Flags::CQ) {
        out.push_word(b"CQ");
    } else if beacon {
        out.push_word(b"BEACON");
    }
    if !spot.comment().is_empty() {
        if !out.as_bytes().is_empty() {
            out.push(b" ");
        }
        push_printable(spot.comment(), out);
    }
}

/// Copies a text into a line; returns where it ends.
#[inline]
fn put(line: &mut [u8], at: usize, text: &[u8]) -> usize {
    line[at..at + text.len()].copy_from_slice(text);
    at + text.len()
}

/// Copies as much of a text as stands before `end`; returns where it ends.
#[inline]
fn put_cut(line: &mut [u8], at: usize, end: usize, text: &[u8]) -> usize {
    put(line, at, &text[..text.len().min(end.saturating_sub(at))])
}
