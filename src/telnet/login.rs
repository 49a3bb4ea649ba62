//! The first line of a connection: a call, or something else.

use super::limits::Block;
use crate::spot::{self, Call};
use std::net::IpAddr;

/// Invalid calls after which a connection is closed.
pub const TRIES_MAX: u8 = 3;
/// SSIDs go to 99 (clients 1.2).
const SSID_DIGITS_MAX: usize = 2;

/// What a login line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoginLine {
    /// Nothing: ask again.
    Blank,
    /// A call in the form under which its user is known.
    Call(Call),
    /// A request of a browser or robot.
    Http,
    /// Anything else.
    Invalid,
}

/// Reads a login line.
///
/// A call may be in lower case and have an SSID 0 to 99 (`-0` is none, `-02` is `-2`); a portable
/// suffix is dropped, as the station is the same at home and away. The `-#` of skimmers is not for people.
pub fn read(line: &[u8]) -> LoginLine {
    let line = line.trim_ascii();
    if line.is_empty() {
        return LoginLine::Blank;
    }
    if is_http(line) {
        return LoginLine::Http;
    }
    call(line).map_or(LoginLine::Invalid, LoginLine::Call)
}

fn call(text: &[u8]) -> Option<Call> {
    let (base, ssid) = match text.iter().rposition(|&b| b == b'-') {
        Some(dash) => (&text[..dash], read_ssid(&text[dash + 1..])?),
        None => (text, 0),
    };
    let base = spot::normalize(base).filter(spot::is_plausible)?;
    if base.as_bytes().contains(&b'-') || base.as_bytes().contains(&b'#') {
        return None;
    }
    if ssid == 0 {
        return Some(base);
    }
    Call::new(format!("{base}-{ssid}").as_bytes())
}

fn read_ssid(text: &[u8]) -> Option<u32> {
    if !(1..=SSID_DIGITS_MAX).contains(&text.len()) || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |ssid, digit| ssid * 10 + u32::from(digit - b'0')))
}

fn is_http(line: &[u8]) -> bool {
    const VERBS: [&[u8]; 9] =
        [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH "];
    VERBS.iter().any(|verb| line.len() > verb.len() && line[..verb.len()].eq_ignore_ascii_case(verb))
}

/// What a PROXY line says (HAProxy's PROXY protocol, version 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proxied {
    /// No such line.
    No,
    /// The proxy does not know the address either.
    Unknown,
    /// Where the user comes from.
    Address(IpAddr),
}

/// Reads `PROXY TCP4 src dst sport dport`. A line that begins so and is wrong is [`Proxied::No`]: a bad call.
pub fn read_proxy(line: &[u8]) -> Proxied {
    let Ok(line) = std::str::from_utf8(line) else { return Proxied::No };
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["PROXY", "UNKNOWN", ..] => Proxied::Unknown,
        ["PROXY", family @ ("TCP4" | "TCP6"), source, target, source_port, target_port] => {
            let address = |text: &str| text.parse::<IpAddr>().ok().filter(|ip| ip.is_ipv4() == (family == "TCP4"));
            let is_port = |text: &str| text.parse::<u16>().is_ok();
            match (address(source), address(target)) {
                (Some(source), Some(_)) if is_port(source_port) && is_port(target_port) => {
                    Proxied::Address(source.to_canonical())
                }
                _ => Proxied::No,
            }
        }
        _ => Proxied::No,
    }
}

/// Whether an address lies in one of these addresses and networks.
pub fn is_from(address: IpAddr, networks: &[String]) -> bool {
    networks.iter().any(|text| Block::parse(text).is_ok_and(|block| block.contains(address)))
}

/// What a browser gets: a complete answer, so that it shows the text instead of trying again.
pub fn http_answer(out: &mut Vec<u8>) {
    const BODY: &str = "This is the telnet port of a DX cluster. Connect with a telnet or logging program.\n";
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        BODY.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(BODY.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_get_one_form() {
        for (typed, call) in [
            ("k1abc", "K1ABC"),
            (" WF8Z-18 ", "WF8Z-18"),
            ("w1aw-02", "W1AW-2"),
            ("w1aw-0", "W1AW"),
            ("w1aw-00", "W1AW"),
            ("K1ABC/P", "K1ABC"),
            ("EA8/DF4UI", "EA8/DF4UI"),
            ("ea8/df4ui-1", "EA8/DF4UI-1"),
            ("N0CALL", "N0CALL"),
        ] {
            assert_eq!(read(typed.as_bytes()), LoginLine::Call(Call::literal(call)), "{typed}");
        }
    }

    #[test]
    fn proxy_lines_are_read_strictly() {
        let address = |text: &str| Proxied::Address(text.parse().unwrap());
        for (line, want) in [
            ("PROXY TCP4 192.0.2.7 198.51.100.1 51234 7300", address("192.0.2.7")),
            ("PROXY TCP6 2001:db8::7 2001:db8::1 51234 7300", address("2001:db8::7")),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2", address("192.0.2.7")),
            ("PROXY UNKNOWN", Proxied::Unknown),
            ("PROXY UNKNOWN x y", Proxied::Unknown),
            ("PROXY TCP4 2001:db8::7 198.51.100.1 1 2", Proxied::No),
            ("PROXY TCP4 192.0.2.7 198.51.100.1 1", Proxied::No),
            ("PROXY TCP4 192.0.2.7 198.51.100.1 1 70000", Proxied::No),
            ("proxy TCP4 192.0.2.7 198.51.100.1 1 2", Proxied::No),
            ("PROXY", Proxied::No),
            ("K1ABC", Proxied::No),
        ] {
            assert_eq!(read_proxy(line.as_bytes()), want, "{line}");
        }
    }

    #[test]
    fn what_is_no_call_is_told_apart() {
        for typed in [
            "W3LPL-#",
            "KM3T-2-#",
            "W1AW-100",
            "W1AW-",
            "W1AW-x",
            "hello",
            "599",
            "FT8",
            "K1ABC secret",
            "K1ABC-1-2",
            "K1ABCDEFGHIJKLMNOPQ",
            "\u{fc}1ABC",
        ] {
            assert_eq!(read(typed.as_bytes()), LoginLine::Invalid, "{typed}");
        }
        assert_eq!(read(b"  "), LoginLine::Blank);
        for verb in ["GET / HTTP/1.1", "post /x HTTP/1.0", "CONNECT a:443 HTTP/1.1"] {
            assert_eq!(read(verb.as_bytes()), LoginLine::Http, "{verb}");
        }
        assert_eq!(read(b"GET"), LoginLine::Invalid);
    }
}
