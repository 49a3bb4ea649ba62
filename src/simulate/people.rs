//! What people write behind a spot.

use super::chance::pick;
use super::knobs;
use crate::spot::Mode;
use fastrand::Rng;

/// Longest comment that a classic line shows.
pub(super) const COMMENT_BYTES_MAX: usize = 30;

/// What a person knows about the station he spots.
pub(super) struct Subject {
    pub(super) mode: Mode,
    pub(super) hz: u64,
    pub(super) grid: [u8; 4],
    pub(super) contest: bool,
}

/// Writes a comment, at most [`COMMENT_BYTES_MAX`] bytes, often none.
pub(super) fn comment(rng: &mut Rng, out: &mut Vec<u8>, subject: &Subject) {
    let start = out.len();
    match pick(rng, &[34, 24, 8, 7, 8, 4, 3, 4, 3, 3, 2]) {
        0 => {}
        1 => mode_words(rng, out, subject),
        2 => {
            if subject.contest {
                text(out, b"CQ TEST");
            } else {
                text(out, one(rng, &[b"tnx qso", b"CQ", b"TNX QSO 73", b"calling cq", b"73 tnx"]));
            }
        }
        3 => {
            text(out, one(rng, &[b"up", b"UP 1", b"up 2 tnx", b"CQ up 1-2", b"up 5-10", b"dn 1", b"UP 5"]));
        }
        4 => park(rng, out),
        5 => {
            text(out, b"QSX ");
            let above_khz = rng.u64(1..6);
            number(out, subject.hz / 1000 + above_khz);
        }
        6 => {
            text(out, one(rng, &[b"599", b"59 ", b"579 ", b"5/9+10 "]));
            text(out, one(rng, &[b" in OH", b" in JA", b" here", b" QSB"]));
        }
        7 => {
            text(out, b"SOTA ");
            text(out, one(rng, &[b"G/LD-0", b"DM/BW-", b"HB/ZH-", b"W7W/KG", b"OE/TI-"]));
            digits(rng, out, 3);
        }
        8 => {
            text(out, b"IOTA ");
            text(out, one(rng, &[b"EU-", b"NA-", b"AF-", b"OC-", b"AS-"]));
            digits(rng, out, 3);
        }
        9 => text(
            out,
            one(rng, &[b"new one! tnx", b"loud in FL", b"LOUD!", b"weak but readable", b"good ears", b"via LP"]),
        ),
        _ => {
            text(out, one(rng, &[b"op Paul", b"QSL via LoTW", b"QRP 5w", b"/ES", b"first QSO 2day", b"TNX 4 new band"]))
        }
    }
    out.truncate(start + COMMENT_BYTES_MAX);
}

fn mode_words(rng: &mut Rng, out: &mut Vec<u8>, subject: &Subject) {
    match subject.mode {
        Mode::Ft8 | Mode::Ft4 => {
            text(out, subject.mode.name().as_bytes());
            let db = rng.u64(1..22);
            let sign: &[u8] = if pick(rng, &[4, 1]) == 0 { b"-" } else { b"+" };
            match pick(rng, &[3, 3, 2, 2]) {
                0 => {}
                1 => {
                    text(out, b" ");
                    text(out, sign);
                    number(out, db);
                    text(out, b" dB");
                }
                2 => {
                    text(out, b" ");
                    text(out, sign);
                    number(out, db);
                    text(out, b"dB from ");
                    text(out, &subject.grid);
                    text(out, b" ");
                    number(out, rng.u64(300..2800));
                    text(out, b"Hz");
                }
                _ => text(out, b" TNX"),
            }
        }
        Mode::Rtty => text(out, one(rng, &[b"RTTY", b"RTTY CQ", b"CQ RTTY TEST"])),
        Mode::Cw => text(out, one(rng, &[b"CW", b"CW CQ", b"cw tnx", b"CW 599"])),
        mode => {
            text(out, if mode == Mode::Lsb { b"LSB" } else { b"USB" });
            if pick(rng, &[3, 1]) == 1 {
                text(out, b" 59 tnx");
            }
        }
    }
}

fn park(rng: &mut Rng, out: &mut Vec<u8>) {
    match pick(rng, &[6, 2, 2]) {
        0 => {
            text(out, b"POTA US-");
            digits(rng, out, 4);
        }
        1 => {
            text(out, one(rng, &[b"[-POTA-] DE-", b"POTA CA-", b"POTA JP-", b"POTA GB-"]));
            digits(rng, out, 4);
        }
        _ => {
            text(out, one(rng, &[b"WWFF DLFF-", b"WWFF ONFF-", b"WWFF VKFF-"]));
            digits(rng, out, 4);
        }
    }
}

/// What a person dials for a station: Hz, to 0.1 kHz, usually right.
pub(super) fn dialled_hz(rng: &mut Rng, true_hz: u64) -> u64 {
    let exact = (true_hz + 50) / 100 * 100;
    let off = match pick(rng, &knobs::HUMAN_FREQ) {
        0 => 0,
        1 => rng.u64(1..4) * 100,
        _ => rng.u64(4..11) * 100,
    };
    if pick(rng, &[1, 1]) == 0 { exact + off } else { exact.saturating_sub(off) }
}

fn one(rng: &mut Rng, of: &[&'static [u8]]) -> &'static [u8] {
    of[rng.u32(0..of.len() as u32) as usize]
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(text);
}

fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn digits(rng: &mut Rng, out: &mut Vec<u8>, count: usize) {
    for _ in 0..count {
        out.push(b'0' + rng.u8(0..10));
    }
}
