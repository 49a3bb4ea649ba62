//! US states and Canadian provinces.

/// A state or province by its number; 0 = unknown or none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct State(pub u8);

const CODES: [&str; 64] = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
    "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR",
    "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", // states and DC
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT", // provinces and territories
];

impl State {
    /// Unknown or none.
    pub const NONE: State = State(0);
    /// Greatest number.
    pub const MAX: u8 = CODES.len() as u8;

    /// All, in order of their numbers.
    pub fn all() -> impl Iterator<Item = State> {
        (1..=State::MAX).map(State)
    }
    /// `NY`; empty for none.
    pub fn code(self) -> &'static str {
        CODES.get(usize::from(self.0).wrapping_sub(1)).copied().unwrap_or_default()
    }
    /// Reads a code, any case.
    pub fn parse(text: &str) -> Option<State> {
        CODES.iter().position(|code| code.eq_ignore_ascii_case(text)).map(|at| State(at as u8 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_written() {
        for state in State::all() {
            assert_eq!(State::parse(&state.code().to_lowercase()), Some(state));
        }
        assert_eq!((State::parse("XX"), State::NONE.code(), State(255).code()), (None, "", ""));
    }
}
