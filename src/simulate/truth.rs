//! What each line truly was.

use crate::spot::{Call, Mode, Utc};
use std::io::{self, Write};

/// How a reported call came to differ from the true one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Bust {
    /// It does not.
    #[default]
    None,
    /// Morse elements of one letter lost, added or flipped.
    Element,
    /// The same in two letters.
    TwoLetters,
    /// Letters missing at the start.
    CutStart,
    /// Letters missing at the end.
    CutEnd,
    /// A stray letter in front.
    AddStart,
    /// Stray letters behind.
    AddEnd,
    /// A letter missing inside.
    Lost,
    /// A gap between letters heard or missed.
    Spacing,
    /// One bit of a Baudot character.
    Bit,
    /// Letters for figures or the reverse.
    Shift,
}

impl Bust {
    /// The name in a truth file; `-` for none.
    pub fn name(self) -> &'static str {
        match self {
            Bust::None => "-",
            Bust::Element => "element",
            Bust::TwoLetters => "two_letters",
            Bust::CutStart => "cut_start",
            Bust::CutEnd => "cut_end",
            Bust::AddStart => "add_start",
            Bust::AddEnd => "add_end",
            Bust::Lost => "lost",
            Bust::Spacing => "spacing",
            Bust::Bit => "bit",
            Bust::Shift => "shift",
        }
    }
}

/// One line and the truth about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TruthRow {
    /// Which line, from 1.
    pub line: u64,
    /// When it was said, by the true clock.
    pub at: Utc,
    /// DX call on the line.
    pub reported: Call,
    /// DX call on the air.
    pub truth: Call,
    /// Who said so, with `-#` if a machine.
    pub spotter: Call,
    /// Frequency on the line, in Hz.
    pub reported_hz: u64,
    /// Frequency on the air, in Hz.
    pub true_hz: u64,
    /// Mode on the air.
    pub mode: Mode,
    /// Report on the line, in dB; `None` for a person's line without one.
    pub snr_db: Option<i16>,
    /// How the call went wrong.
    pub bust: Bust,
}

impl TruthRow {
    /// The columns of a truth file, tab separated, as [`TruthRow::write`] fills them.
    pub const HEADER: &'static str =
        "line\tutc_ms\treported\ttruth\tspotter\treported_hz\ttrue_hz\tmode\tsnr_db\tbust\n";

    /// Writes one row with its line feed.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t",
            self.line,
            self.at.ms(),
            self.reported,
            self.truth,
            self.spotter,
            self.reported_hz,
            self.true_hz,
            self.mode.name()
        )?;
        match self.snr_db {
            Some(db) => writeln!(out, "{db}\t{}", self.bust.name()),
            None => writeln!(out, "-\t{}", self.bust.name()),
        }
    }
}
