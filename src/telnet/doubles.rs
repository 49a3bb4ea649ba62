//! Doubles of what other rooms bring; each goes as its room is merged.

use crate::spot::{Call, Freq, Mode, Spot};

pub use crate::fanout::Preferences;

/// Telnet filter.
#[derive(Debug, Default)]
pub struct Iac {
    state: u8,
}

impl Iac {
    /// Takes telnet commands out of a stream.
    pub fn feed(&mut self, input: &[u8], data: &mut Vec<u8>, _replies: &mut Vec<u8>) {
        for &b in input {
            self.state = match (self.state, b) {
                (0, 255) => 1,
                (0, b) => {
                    data.push(b);
                    0
                }
                (1, 255) => {
                    data.push(255);
                    0
                }
                (1, 250) => 10,
                (1, 251..=254) => b,
                (1, _) => 0,
                (10, 255) => 11,
                (10, _) => 10,
                (11, 240) => 0,
                (11, _) => 10,
                _ => 0,
            };
        }
    }
}

/// Country data.
#[derive(Debug, Default)]
pub struct Cty;

/// Answer of [`Cty::lookup`].
#[derive(Debug)]
pub enum Lookup {
    /// Known.
    Found,
    /// At sea or in the air.
    Afloat,
    /// Unknown.
    Unknown,
}

impl Cty {
    /// Where a call is.
    pub fn lookup(&self, call: &Call) -> Lookup {
        match call.as_bytes() {
            call if call.ends_with(b"/MM") => Lookup::Afloat,
            [b'X', b'X', ..] => Lookup::Unknown,
            _ => Lookup::Found,
        }
    }
}

/// Mode and report of a comment.
#[derive(Debug)]
pub struct CommentParts {
    /// Mode.
    pub mode: Mode,
    /// Report.
    pub snr_db: Option<i16>,
}

/// Reads a comment.
pub fn comment(text: &[u8], _freq: Freq) -> CommentParts {
    let mode = if text.starts_with(b"CW") { Mode::Cw } else { Mode::Unknown };
    CommentParts { mode, snr_db: None }
}

/// One line of SHOW/DX.
pub fn history_line(spot: &Spot, out: &mut Vec<u8>) {
    use std::io::Write;
    let tenths = spot.freq.tenths_khz();
    let khz = format!("{}.{}", tenths / 10, tenths % 10);
    let comment = String::from_utf8_lossy(spot.comment());
    let _ = write!(
        out,
        "{khz:>9} {:<11} {:>11} {} {comment:<27}<{}>",
        spot.dx,
        spot.time.date_text(),
        spot.time.hhmmz(),
        spot.de
    );
}

/// One live line in GoCluster's layout.
pub fn gocluster(spot: &Spot, _line_length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"DX de ");
    out.extend_from_slice(spot.de.as_bytes());
}
