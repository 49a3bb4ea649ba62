//! Operators' texts: tokens filled in, lines ended with CR LF.

use super::NodeView;
use crate::spot::{Call, Utc};
use std::io::Write;

/// Values of the tokens.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    /// `<CALL>`: the user; empty before log-in.
    pub call: Option<Call>,
    /// The node.
    pub node: &'a NodeView<'a>,
}

impl Tokens<'_> {
    /// Appends a text with its tokens filled in, line feeds as CR LF, and no line end of its own. One
    /// pass from left to right: a value is never searched for tokens, an unknown token stays as written.
    pub fn expand(&self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '\n', '\r']) {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at..];
            let used = match rest.as_bytes()[0] {
                b'\n' => {
                    out.extend_from_slice(b"\r\n");
                    1
                }
                b'\r' => 1,
                _ => self.token(rest, out),
            };
            rest = &rest[used..];
        }
        out.extend_from_slice(rest.as_bytes());
    }

    /// [`Tokens::expand`] and a line end; nothing at all for an empty text.
    pub fn expand_lines(&self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.expand(text.strip_suffix('\n').unwrap_or(text), out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Fills in the token at the start of `rest`, or copies its `<`; returns the bytes used.
    fn token(&self, rest: &str, out: &mut Vec<u8>) -> usize {
        let node = self.node;
        let Some(end) = rest.find('>') else {
            out.push(b'<');
            return 1;
        };
        match &rest[1..end] {
            "CALL" => out.extend_from_slice(self.call.unwrap_or_default().as_bytes()),
            "NODE" => out.extend_from_slice(node.settings.callsign.as_bytes()),
            "VERSION" => out.extend_from_slice(VERSION.as_bytes()),
            "DATE" => out.extend_from_slice(node.now.utc.date_text().as_bytes()),
            "TIME" => out.extend_from_slice(node.now.utc.hhmmz().as_bytes()),
            "UPTIME" => out.extend_from_slice(uptime(node.started, node.now.utc).as_bytes()),
            "USERS" => write!(out, "{}", self.users()).unwrap_or_default(),
            _ => {
                out.push(b'<');
                return 1;
            }
        }
        end + 1
    }

    /// Users logged in, this one included: the list is up to a second old.
    fn users(&self) -> usize {
        let missing = self.call.is_some_and(|call| !self.node.users.iter().any(|user| user.call == call));
        self.node.users.len() + usize::from(missing)
    }
}

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `3d 4h 18m`, `4h 18m`, `18m`.
pub fn uptime(started: Utc, now: Utc) -> String {
    let minutes = (now.secs() - started.secs()).max(0) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::engine::TestClock;
    use crate::reference::{Cty, CtyForm};

    fn expanded(text: &str) -> String {
        let now = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0)).now();
        let settings = config::Node::default();
        let node = NodeView {
            settings: &settings,
            users: &[],
            bans: crate::accounts::BanList::empty(),
            cty: &Cty::parse(CtyForm::Csv, "none", b"").unwrap(),
            feeds: &[],
            digest: &crate::telnet::Digest::EMPTY,
            started: Utc::from_civil(2025, 12, 4, 12, 0, 0),
            now,
        };
        let mut out = Vec::new();
        Tokens { call: Some(Call::literal("W1AW-2")), node: &node }.expand_lines(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tokens_are_filled_in_once() {
        assert_eq!(expanded(&config::Telnet::default().prompt), "W1AW-2 de N0CALL 6-Dec-2025 1359Z dxspider >\r\n");
        assert_eq!(expanded("<USERS> users, up <UPTIME>\nx"), "1 users, up 2d 1h 59m\r\nx\r\n");
        assert_eq!(expanded("a < b <WHAT> <CALL"), "a < b <WHAT> <CALL\r\n");
        assert_eq!(expanded(""), "");
    }

    #[test]
    fn uptime_grows() {
        let start = Utc::from_secs(0);
        for (s, text) in [(0, "0m"), (3_599, "59m"), (3_600, "1h 0m"), (90_061, "1d 1h 1m"), (-5, "0m")] {
            assert_eq!(uptime(start, Utc::from_secs(s)), text);
        }
    }
}
