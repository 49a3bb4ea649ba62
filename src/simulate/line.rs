//! The bytes of a line, without its end.

use super::world::Skimmer;

/// Longest line made here: 75 columns and what a long spotter or call pushes out.
pub(super) const LINE_BYTES_MAX: usize = 96;

/// The right half of a skimmer's line.
pub(super) struct Heard<'a> {
    pub(super) hz: u64,
    pub(super) call: &'a [u8],
    pub(super) mode: &'static str,
    pub(super) db: i32,
    /// Words per minute, bauds, a grid, or nothing.
    pub(super) speed: Speed,
    /// `CQ`, `BEACON`, `NCDXF B`, `DX`.
    pub(super) kind: &'static str,
    pub(super) hour_minute: (u32, u32),
}

pub(super) enum Speed {
    Wpm(u32),
    Bps(u32),
    Grid([u8; 4]),
    None,
}

/// `DX de %-9s%9.Nf  %-14s %-5s%3d dB %3d WPM  %-8sHHMMZ`, as the relay sends it: 75 columns, more
/// when the spotter needs them.
pub(super) fn skimmer(out: &mut Vec<u8>, skimmer: &Skimmer, heard: &Heard<'_>) {
    let start = out.len();
    out.extend_from_slice(b"DX de ");
    out.extend_from_slice(skimmer.call.as_bytes());
    out.push(b':');
    pad_to(out, start + 15);
    let decimals = if skimmer.two_decimals { 2 } else { 1 };
    khz(out, heard.hz, decimals, 9);
    out.extend_from_slice(b"  ");
    field(out, heard.call, 14);
    out.push(b' ');
    field(out, heard.mode.as_bytes(), 5);
    number(out, heard.db, 3);
    out.extend_from_slice(b" dB ");
    match heard.speed {
        Speed::Wpm(wpm) => {
            number(out, wpm as i32, 3);
            out.extend_from_slice(b" WPM");
        }
        Speed::Bps(bps) => {
            number(out, bps as i32, 3);
            out.extend_from_slice(b" BPS");
        }
        Speed::Grid(grid) => {
            out.push(b' ');
            out.extend_from_slice(&grid);
            out.extend_from_slice(b"  ");
        }
        Speed::None => out.extend_from_slice(b"       "),
    }
    out.extend_from_slice(b"  ");
    field(out, heard.kind.as_bytes(), 8);
    time(out, heard.hour_minute);
}

/// A person's line in the classic layout: frequency to column 24, call at 26, comment at 39, time
/// at 70. A long spotter takes blanks from the frequency first.
pub(super) fn person(out: &mut Vec<u8>, spotter: &[u8], hz: u64, call: &[u8], comment: &[u8], hour_minute: (u32, u32)) {
    let start = out.len();
    out.extend_from_slice(b"DX de ");
    out.extend_from_slice(spotter);
    out.push(b':');
    out.push(b' ');
    let used = out.len() - start;
    khz(out, hz, 1, 24usize.saturating_sub(used));
    out.extend_from_slice(b"  ");
    field(out, call, 12);
    out.push(b' ');
    let room = 69usize.saturating_sub(out.len() - start);
    out.extend_from_slice(&comment[..comment.len().min(room)]);
    pad_to(out, start + 70);
    time(out, hour_minute);
}

/// Left-justified; what is longer stays whole.
fn field(out: &mut Vec<u8>, text: &[u8], width: usize) {
    let end = out.len() + width;
    out.extend_from_slice(text);
    pad_to(out, end);
}

fn pad_to(out: &mut Vec<u8>, end: usize) {
    if out.len() < end {
        out.resize(end, b' ');
    }
}

fn number(out: &mut Vec<u8>, value: i32, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(value).as_bytes();
    let end = out.len() + width.saturating_sub(text.len());
    pad_to(out, end);
    out.extend_from_slice(text);
}

/// kHz with decimals, rounded half up, right-justified; never glued to what stands before it when
/// there is room.
fn khz(out: &mut Vec<u8>, hz: u64, decimals: usize, width: usize) {
    let step = if decimals == 2 { 10 } else { 100 };
    let rounded = shown_hz(hz, decimals == 2);
    let mut buffer = itoa::Buffer::new();
    let whole = buffer.format(rounded / 1000).as_bytes();
    let end = out.len() + width.saturating_sub(whole.len() + 1 + decimals);
    pad_to(out, end);
    out.extend_from_slice(whole);
    out.push(b'.');
    let fraction = (rounded % 1000) / step;
    if decimals == 2 {
        out.push(b'0' + (fraction / 10) as u8);
    }
    out.push(b'0' + (fraction % 10) as u8);
}

/// The frequency that a reader of the line gets.
pub(super) fn shown_hz(hz: u64, two_decimals: bool) -> u64 {
    let step = if two_decimals { 10 } else { 100 };
    (hz + step / 2) / step * step
}

fn time(out: &mut Vec<u8>, (hour, minute): (u32, u32)) {
    let two = |n: u32| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
    out.extend_from_slice(&two(hour));
    out.extend_from_slice(&two(minute));
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::Call;

    fn receiver(call: &str, two_decimals: bool) -> Skimmer {
        Skimmer {
            call: Call::literal(call),
            at: [1.0, 0.0, 0.0],
            sensitivity_db: 0,
            bands: 0,
            rtty: true,
            slots: true,
            beacons: true,
            skew_ppb: 0,
            clock_ms: 0,
            two_decimals,
            dial_only: false,
            bust_percent: 100,
            slot_delay_ms: 0,
        }
    }

    #[test]
    fn lines_of_the_relay() {
        let rows = [
            (
                "DX de KM3T-2-#:  14100.0  CS3B           CW    24 dB  22 WPM  NCDXF B 2259Z",
                receiver("KM3T-2-#", false),
                Heard {
                    hz: 14_100_000,
                    call: b"CS3B",
                    mode: "CW",
                    db: 24,
                    speed: Speed::Wpm(22),
                    kind: "NCDXF B",
                    hour_minute: (22, 59),
                },
            ),
            (
                "DX de LZ3CB-#:   7018.20  RW1M           CW    10 dB  18 WPM  CQ      2259Z",
                receiver("LZ3CB-#", true),
                Heard {
                    hz: 7_018_203,
                    call: b"RW1M",
                    mode: "CW",
                    db: 10,
                    speed: Speed::Wpm(18),
                    kind: "CQ",
                    hour_minute: (22, 59),
                },
            ),
            (
                "DX de JF2IWL-#:   7038.0  JR0NEA         RTTY  35 dB  45 BPS  CQ      0003Z",
                receiver("JF2IWL-#", false),
                Heard {
                    hz: 7_038_040,
                    call: b"JR0NEA",
                    mode: "RTTY",
                    db: 35,
                    speed: Speed::Bps(45),
                    kind: "CQ",
                    hour_minute: (0, 3),
                },
            ),
            (
                "DX de VE7CC-#:    3573.0  N8ADO          FT8  -14 dB          CQ      0647Z",
                receiver("VE7CC-#", false),
                Heard {
                    hz: 3_573_000,
                    call: b"N8ADO",
                    mode: "FT8",
                    db: -14,
                    speed: Speed::None,
                    kind: "CQ",
                    hour_minute: (6, 47),
                },
            ),
            (
                "DX de W3OA-#:    14075.2  VE6AMR         FT8  -12 dB  DO33    CQ      2047Z",
                receiver("W3OA-#", false),
                Heard {
                    hz: 14_075_160,
                    call: b"VE6AMR",
                    mode: "FT8",
                    db: -12,
                    speed: Speed::Grid(*b"DO33"),
                    kind: "CQ",
                    hour_minute: (20, 47),
                },
            ),
            (
                "DX de K2MFF-3-#:  14060.2  K0ZK           CW    15 dB  20 WPM  CQ      0000Z",
                receiver("K2MFF-3-#", false),
                Heard {
                    hz: 14_060_200,
                    call: b"K0ZK",
                    mode: "CW",
                    db: 15,
                    speed: Speed::Wpm(20),
                    kind: "CQ",
                    hour_minute: (0, 0),
                },
            ),
        ];
        for (line, receiver, heard) in rows {
            let mut out = Vec::new();
            skimmer(&mut out, &receiver, &heard);
            assert_eq!(String::from_utf8(out).unwrap(), line);
        }
    }

    #[test]
    fn lines_of_people() {
        let mut out = Vec::new();
        person(&mut out, b"F5LEN", 14_025_300, b"3D2AG", b"up 2 tnx Paul", (16, 4));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "DX de F5LEN:     14025.3  3D2AG        up 2 tnx Paul                  1604Z"
        );
        let mut out = Vec::new();
        person(&mut out, b"EA8/DF4UI", 7_005_100, b"D44AC", b"", (9, 53));
        assert_eq!(out.len(), 75);
        assert_eq!(&out[..32], b"DX de EA8/DF4UI:  7005.1  D44AC ");
    }
}
