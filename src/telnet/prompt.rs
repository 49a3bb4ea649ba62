//! Operators' texts: tokens filled in, lines ended with CR LF.

use super::NodeView;
use super::commands::dedupe_name;
use super::session::User;
use crate::accounts::{Dialect, Settings};
use crate::spot::{Utc, month_name};
use std::fmt::Display;
use std::io::Write;

/// Values of the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    /// Whose text it is; `None` before log-in.
    pub(super) user: Option<&'a User>,
    /// The node.
    pub(super) node: &'a NodeView<'a>,
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
        let Some(end) = rest.find('>') else {
            out.push(b'<');
            return 1;
        };
        match self.value(&rest[1..end], out) {
            true => end + 1,
            false => {
                out.push(b'<');
                1
            }
        }
    }

    /// Appends the value of a token (server 1.7); `false` when there is no such token.
    fn value(&self, name: &str, out: &mut Vec<u8>) -> bool {
        let (node, user) = (self.node, self.user);
        let settings: Option<&Settings> = user.map(|user| &user.settings);
        let dialect = settings.map_or(Dialect::default(), |settings| settings.dialect);
        // Writing to a vector cannot fail.
        let mut say = |value: &dyn Display| write!(out, "{value}").unwrap_or_default();
        match name {
            "CALL" => say(&user.map(|user| user.call).unwrap_or_default()),
            "NODE" | "CLUSTER" => say(&node.settings.callsign),
            "VERSION" => say(&VERSION),
            "DATE" => say(&node.now.utc.date_text()),
            "TIME" => say(&node.now.utc.hhmmz()),
            "DATETIME" => say(&date_time(node.now.utc)),
            "UPTIME" => say(&uptime(node.started, node.now.utc)),
            "USERS" | "USER_COUNT" => say(&self.users()),
            "LAST_LOGIN" => match user.and_then(|user| user.last_login) {
                Some(at) => say(&date_time(at)),
                None => say(&"(first login)"),
            },
            "LAST_IP" => match user.and_then(|user| user.last_address) {
                Some(address) => say(&address),
                None => say(&"(unknown)"),
            },
            "DIALECT" => say(&dialect.name()),
            "DIALECT_DEFAULT" => say(&Dialect::default().name()),
            "DIALECT_SOURCE" => {
                let is_kept = dialect != Dialect::default() || user.is_some_and(|user| user.is_known);
                say(&if is_kept { "persisted" } else { "default" });
            }
            "DEDUPE" => {
                let chosen = settings.map_or(node.settings.telnet.dedupe, |settings| settings.preferences.dedupe);
                say(&dedupe_name(chosen));
            }
            "GRID" => match settings {
                Some(settings) if settings.grid.is_none() => say(&"unset"),
                Some(settings) => say(&settings.grid.as_str()),
                None => {}
            },
            "NOISE" => say(&settings.map_or("", |settings| settings.noise.name())),
            _ => return false,
        }
        true
    }

    /// Users logged in, this one included: the list is up to a second old.
    fn users(&self) -> usize {
        let missing = self.user.is_some_and(|user| !self.node.users.iter().any(|other| other.call == user.call));
        self.node.users.len() + usize::from(missing)
    }
}

/// Appends a user's own prompt with a line end: `%C` his call, `%M` the node's, `%D` date, `%T` time, `%%` a
/// percent sign; what else follows a `%` stays.
pub(super) fn expand_own(format: &str, tokens: &Tokens<'_>, out: &mut Vec<u8>) {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let name = match rest.as_bytes().first().map(u8::to_ascii_uppercase) {
            Some(b'C') => "CALL",
            Some(b'M') => "NODE",
            Some(b'D') => "DATE",
            Some(b'T') => "TIME",
            Some(b'%') => {
                out.push(b'%');
                rest = &rest[1..];
                continue;
            }
            _ => {
                out.push(b'%');
                continue;
            }
        };
        tokens.value(name, out);
        rest = &rest[1..];
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// `05-Jan-2026 18:00:11 UTC`.
fn date_time(at: Utc) -> String {
    let (year, month, day) = at.civil();
    let (hour, minute) = at.hour_minute();
    let second = at.ms_of_day() / 1_000 % 60;
    format!("{day:02}-{}-{year} {hour:02}:{minute:02}:{second:02} UTC", month_name(month))
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
    use crate::spot::{Call, Grid, SessionId};

    fn with_tokens(is_user: bool, say: impl FnOnce(&Tokens<'_>, &mut Vec<u8>)) -> String {
        let now = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0)).now();
        let settings = config::Node::default();
        let node = NodeView {
            settings: &settings,
            users: &[],
            cty: &Cty::parse(CtyForm::Csv, "none", b"").unwrap(),
            feeds: &[],
            digest: &crate::telnet::Digest::EMPTY,
            bans: crate::accounts::BanList::empty(),
            started: Utc::from_civil(2025, 12, 4, 12, 0, 0),
            now,
        };
        let mut user = User::new(SessionId::new(0, 1, 1), now);
        user.call = Call::literal("W1AW-2");
        user.settings.grid = Grid::parse(b"FN31").unwrap();
        let mut out = Vec::new();
        say(&Tokens { user: is_user.then_some(&user), node: &node }, &mut out);
        String::from_utf8(out).unwrap()
    }
    fn expanded(text: &str) -> String {
        with_tokens(true, |tokens, out| tokens.expand_lines(text, out))
    }
    fn before_login(text: &str) -> String {
        with_tokens(false, |tokens, out| tokens.expand(text, out))
    }

    #[test]
    fn tokens_are_filled_in_once() {
        assert_eq!(expanded(&config::Telnet::default().prompt), "W1AW-2 de N0CALL 6-Dec-2025 1359Z dxspider >\r\n");
        assert_eq!(expanded("<USERS> users, up <UPTIME>\nx"), "1 users, up 2d 1h 59m\r\nx\r\n");
        assert_eq!(expanded("a < b <WHAT> <CALL"), "a < b <WHAT> <CALL\r\n");
        assert_eq!(expanded("<DATETIME>"), "06-Dec-2025 13:59:00 UTC\r\n");
        assert_eq!(expanded("<DIALECT> (<DIALECT_SOURCE>/<DIALECT_DEFAULT>)"), "GO (default/GO)\r\n");
        assert_eq!(expanded("<DEDUPE> <GRID> <NOISE> <LAST_LOGIN>"), "MED FN31 QUIET (first login)\r\n");
        assert_eq!(expanded(""), "");
        assert_eq!(before_login("[<CALL>] <CLUSTER> [<GRID>] <USER_COUNT> <LAST_IP>"), "[] N0CALL [] 0 (unknown)");
    }

    #[test]
    fn own_prompts_have_escapes() {
        let own = |format: &str| with_tokens(true, |tokens, out| expand_own(format, tokens, out));
        assert_eq!(own("%M>"), "N0CALL>\r\n");
        assert_eq!(own("%C de %m %D %T dxspider >"), "W1AW-2 de N0CALL 6-Dec-2025 1359Z dxspider >\r\n");
        assert_eq!(own("100%% %x <CALL> %"), "100% %x <CALL> %\r\n");
    }

    #[test]
    fn uptime_grows() {
        let start = Utc::from_secs(0);
        for (s, text) in [(0, "0m"), (3_599, "59m"), (3_600, "1h 0m"), (90_061, "1d 1h 1m"), (-5, "0m")] {
            assert_eq!(uptime(start, Utc::from_secs(s)), text);
        }
    }
}
