//! The names under which a line or a spot may end before it reaches a user.

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Why a line or a spot went no further. The name is what reports, metrics and pages show;
        /// the doc comment is what an operator reads about it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(usize)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }
        impl Reason {
            /// All of them, in order of their discriminants.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();
            /// The name in reports: lower case with underscores.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }
            /// One sentence for operators.
            pub const fn meaning(self) -> &'static str {
                match self { $(Reason::$variant => concat!($($doc,)+),)+ }
            }
        }
    };
}

reasons! {
    // --- parse: lines that are no spots
    /// An empty line.
    Blank = "blank",
    /// A line that is no spot line: banner, prompt, announcement.
    NotASpot = "not_a_spot",
    /// A line of WWV, WCY or an announcement, passed on as a bulletin.
    Bulletin = "bulletin",
    /// Longer than 1,024 bytes, discarded whole.
    LineTooLong = "line_too_long",
    /// Cut off by the end of the connection.
    LineCutOff = "line_cut_off",
    /// A header or footer of a capture file.
    FileFrame = "file_frame",
    // --- parse: spot lines that cannot be read
    /// `DX de` without a spotter.
    NoSpotter = "no_spotter",
    /// The spotter is no call.
    BadSpotter = "bad_spotter",
    /// No number that could be a frequency.
    NoFrequency = "no_frequency",
    /// No DX call after the frequency.
    NoDxCall = "no_dx_call",
    /// The DX call of a machine's line is no call.
    BadDxCall = "bad_dx_call",
    /// A machine's line without a report.
    NoReport = "no_report",
    /// A PSKReporter message that is no JSON object.
    BadJson = "bad_json",
    /// A PSKReporter report without a mode.
    NoMode = "no_mode",
    /// A PSKReporter report without the time at which the station was heard.
    NoTime = "no_time",
    /// A PSKReporter report of a mode that tells of the path only (WSPR).
    PathOnly = "path_only",
    /// A PSKReporter report of a mode that the feed does not take.
    ModeNotTaken = "mode_not_taken",
    /// The frequency lies in no amateur band.
    OutOfBand = "out_of_band",
    // --- parse: the gate
    /// Older than the feed's age limit.
    Stale = "stale",
    /// Three letters before the first digit of the DX call.
    DxLeadingLetters = "dx_leading_letters",
    /// Three letters before the first digit of the spotter.
    DeLeadingLetters = "de_leading_letters",
    /// The DX call belongs to no country of the country file.
    DxUnknownCountry = "dx_unknown_country",
    /// The spotter belongs to no country of the country file.
    DeUnknownCountry = "de_unknown_country",
    /// A user posted faster than the posting limit.
    PostLimit = "post_limit",
    /// The input was turned off after it brought too many panics.
    InputOff = "input_off",
    // --- edges
    /// The ring to the next stage stayed full for longer than the patience of 2 s.
    RingFull = "ring_full",
    /// The node was going down.
    Drain = "drain",
    /// A panic in the stage; the spot is in quarantine.
    Panic = "panic",
    // --- dedup
    /// The same report came before: through another feed, or twice.
    Duplicate = "duplicate",
    // --- store
    /// History does not keep it: a test spotter's, or its ring has no room at all.
    NotKept = "not_kept",
    /// Pushed out of its history ring by a newer spot.
    Overwritten = "overwritten",
    // --- fan-out: lines for one user
    /// The user's dedup policy had it already.
    Policy = "policy",
    /// The user's filter holds it back.
    Filter = "filter",
    /// A spot of the user's own call, which he does not want.
    OwnCall = "own_call",
    /// The user was too slow and was overtaken.
    Lapped = "lapped",
    /// The session ended with the line unsent.
    SessionClosed = "session_closed",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discriminants_index_the_list_and_names_differ() {
        let mut seen = std::collections::HashSet::new();
        for (i, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, i);
            assert!(seen.insert(reason.name()));
            assert!(!reason.meaning().trim().is_empty());
        }
    }
}
