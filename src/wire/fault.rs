//! Why a line is no spot.

use crate::measure::Reason;

/// Why a line gave no spot. Peers' lines fail every day: this is a count, never a log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineFault {
    /// It does not begin with `DX de `.
    NotASpot,
    /// Nothing between `DX de` and the colon.
    NoSpotter,
    /// The spotter is no call.
    BadSpotter,
    /// No decimal number in the range of frequencies.
    NoFrequency,
    /// Nothing after the frequency that could be a call.
    NoDxCall,
    /// A machine's line whose DX call is no call.
    BadDxCall,
    /// A machine's line without a report.
    NoReport,
    /// A message that is no JSON object.
    BadJson,
    /// A report without a mode.
    NoMode,
    /// A report without a time.
    NoTime,
}

impl LineFault {
    /// The name under which the line is counted.
    pub const fn reason(self) -> Reason {
        match self {
            LineFault::NotASpot => Reason::NotASpot,
            LineFault::NoSpotter => Reason::NoSpotter,
            LineFault::BadSpotter => Reason::BadSpotter,
            LineFault::NoFrequency => Reason::NoFrequency,
            LineFault::NoDxCall => Reason::NoDxCall,
            LineFault::BadDxCall => Reason::BadDxCall,
            LineFault::NoReport => Reason::NoReport,
            LineFault::BadJson => Reason::BadJson,
            LineFault::NoMode => Reason::NoMode,
            LineFault::NoTime => Reason::NoTime,
        }
    }
}
