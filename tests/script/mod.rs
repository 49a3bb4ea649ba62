//! Plays a conversation script against a telnet server, however that server is reached.
//!
//! One line of a script is one thing said:
//!
//! - `< text`: the client sends the text and CR LF.
//! - `<- text`: the client sends just these bytes; `\r \n \0 \\ \xNN` mean what they mean in Rust.
//! - `> pattern`: the server says this whole line; `*` stands for any text, `>` alone for an empty line.
//! - `>| pattern`: the server has said this and not ended its line (the login prompt).
//! - `! words`: something happens outside the conversation; the [`Server`] knows which words it can do.
//! - `#` and blank lines are for readers.
//!
//! Telnet options of the server are taken out first, as a client does.

mod tcp;

pub use tcp::Tcp;

use dxring::wire::Iac;

/// A server at the other end of a conversation.
pub trait Server {
    /// Takes bytes of the client.
    fn send(&mut self, bytes: &[u8]);
    /// Bytes said since the last call. May wait for some; none means that none will come.
    fn receive(&mut self) -> Vec<u8>;
    /// Makes something happen.
    fn happen(&mut self, words: &str) -> Result<(), String>;
    /// Whether other lines may come between those of the script: spots on a live socket.
    fn has_other_lines(&self) -> bool;
}

/// Plays a script from its first line to its last. The error says where it went wrong.
pub fn play(script: &str, server: &mut dyn Server) -> Result<(), String> {
    let mut heard = Heard { server, options: Iac::client(), bytes: Vec::new() };
    for (at, line) in script.lines().enumerate() {
        let number = at + 1;
        step(line, &mut heard).map_err(|why| format!("line {number}: {line}\n  {why}"))?;
    }
    if heard.server.has_other_lines() {
        return Ok(());
    }
    heard.listen();
    if heard.bytes.is_empty() {
        return Ok(());
    }
    Err(format!("after the last line the server said more: {:?}", String::from_utf8_lossy(&heard.bytes)))
}

/// Whether a script can be played over a socket: nothing happens in it that only a test bench can do.
pub fn is_for_sockets(script: &str) -> bool {
    script.lines().filter(|line| line.starts_with('!')).all(|line| line.starts_with("! closed "))
}

fn step(line: &str, heard: &mut Heard<'_>) -> Result<(), String> {
    let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
    match mark {
        "" => Ok(()),
        mark if mark.starts_with('#') => Ok(()),
        "<" => {
            heard.server.send(format!("{text}\r\n").as_bytes());
            Ok(())
        }
        "<-" => {
            heard.server.send(&unescape(text)?);
            Ok(())
        }
        ">" => heard.expect_line(text),
        ">|" => heard.expect_open(text),
        "!" => heard.server.happen(text),
        _ => Err("no such mark; use <, <-, >, >| or !".into()),
    }
}

struct Heard<'a> {
    server: &'a mut dyn Server,
    options: Iac,
    bytes: Vec<u8>,
}

impl Heard<'_> {
    fn listen(&mut self) -> bool {
        let new = self.server.receive();
        self.options.feed(&new, &mut self.bytes, &mut Vec::new());
        !new.is_empty()
    }

    fn next_line(&mut self) -> Result<String, String> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
                let rest = self.bytes.split_off(end + 2);
                let line = std::mem::replace(&mut self.bytes, rest);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.listen() {
                return Err(format!("no whole line came, only {:?}", String::from_utf8_lossy(&self.bytes)));
            }
        }
    }

    fn expect_line(&mut self, pattern: &str) -> Result<(), String> {
        loop {
            let line = self.next_line()?;
            if matches(pattern, &line) {
                return Ok(());
            }
            if !self.server.has_other_lines() {
                return Err(format!("the server said {line:?}"));
            }
        }
    }

    fn expect_open(&mut self, pattern: &str) -> Result<(), String> {
        loop {
            let said = String::from_utf8_lossy(&self.bytes);
            if !said.is_empty() && matches(pattern, &said) {
                self.bytes.clear();
                return Ok(());
            }
            if !self.listen() {
                return Err(format!("the server said {:?}", String::from_utf8_lossy(&self.bytes)));
            }
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = rest[at + 1..].chars().next().ok_or("a lone \\ at the end")?;
        let mut used = at + 1 + escape.len_utf8();
        match escape {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            '0' => out.push(0),
            '\\' => out.push(b'\\'),
            'x' => {
                let hex = rest.get(used..used + 2).ok_or("two hex digits follow \\x")?;
                out.push(u8::from_str_radix(hex, 16).map_err(|_| format!("{hex} is no hex number"))?);
                used += 2;
            }
            other => return Err(format!("unknown escape \\{other}")),
        }
        rest = &rest[used..];
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

#[test]
fn patterns_match_whole_lines() {
    for (pattern, text, fits) in [
        ("", "", true),
        ("", "x", false),
        ("abc", "abc", true),
        ("abc", "abcd", false),
        ("a*c", "abbc", true),
        ("a*c", "abbcd", false),
        ("*b*", "abc", true),
        ("*x*", "abc", false),
        ("a*a", "a", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern:?} and {text:?}");
    }
}

#[test]
fn escapes_become_bytes() {
    assert_eq!(unescape(r"a\r\n\0\\\xff").unwrap(), b"a\r\n\0\\\xff");
    assert!(unescape(r"\q").is_err() && unescape(r"\x1").is_err() && unescape("\\").is_err());
}
