//! Server 10.1 and 10.2: `read bytes` → the lines read, joined by ` / `; `before text` and `after text` → an
//! operator's text as it is said before and after log-in; `says command` → the reply of a user's prompt in the
//! go dialect, and `off command` the same where the node has the dedupe policy SLOW turned off. Server 10.6:
//! `posts command` → the spot that goes up the road, `DX by DE on kHz [comment] (facts)`, or the reply.

use dxring::accounts::{Account, Answer, BanList, Question, Reply, Settings};
use dxring::config;
use dxring::engine::TestClock;
use dxring::reference::Cty;
use dxring::spot::{Call, Flags, Grid, SessionId, Spot, UserInfo, Utc};
use dxring::telnet::{Action, Digest, Line, LineReader, NodeView, Session, SessionOut};
use dxring::wire::Iac;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

const CALL: &str = "N2WQ-2";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let space = given.iter().position(|&b| b == b' ').unwrap_or(given.len());
    let (verb, rest) = (&given[..space], given.get(space + 1..).unwrap_or(b""));
    let text = || String::from_utf8(rest.to_vec()).map_err(|e| e.to_string());
    let mut node = config::Node { callsign: "LZ13ZZ".into(), ..config::Node::default() };
    (node.telnet.welcome, node.telnet.login_prompt) = (String::new(), "login:".into());
    (node.telnet.greeting, node.telnet.prompt) = (String::new(), String::new());
    match verb {
        b"read" => Ok(read(rest)),
        b"before" => {
            node.telnet.welcome = text()?;
            Ok(talk(&node, b"").strip_suffix(b"\r\nlogin:").unwrap_or_default().to_vec())
        }
        b"after" => {
            node.telnet.greeting = text()?;
            Ok(after_login(&node, b""))
        }
        b"says" => Ok(after_login(&node, rest)),
        b"off" => {
            node.dedup.slow_s = 0;
            Ok(after_login(&node, rest))
        }
        b"posts" => Ok(posted(&node, rest)),
        _ => Err(format!("verb {}", verb.escape_ascii())),
    }
}

/// What a line reader behind telnet options makes of bytes.
fn read(bytes: &[u8]) -> Vec<u8> {
    let (mut data, mut lines) = (Vec::new(), Vec::new());
    Iac::server().feed(bytes, &mut data, &mut Vec::new());
    let (mut reader, mut taken) = (LineReader::default(), 0);
    while taken < data.len() {
        let (used, line) = reader.read(&data[taken..]);
        taken += used;
        match line {
            Some(Line::Text(text)) => lines.push(text),
            Some(Line::TooLong) => lines.push(b"(too long)".to_vec()),
            None => {}
        }
    }
    lines.join(&b" / "[..])
}

fn logged_in_as(call: &str) -> Vec<u8> {
    format!("{call}\r\n").into_bytes()
}

/// A post as it leaves the session, or what its poster is told.
fn posted(node: &config::Node, command: &[u8]) -> Vec<u8> {
    let mut typed = logged_in_as(CALL);
    typed.extend_from_slice(command);
    typed.extend_from_slice(b"\r\n");
    let (said, spot) = session(node, &typed);
    let Some(spot) = spot else {
        let said = said.strip_prefix(b"login:\r\n").unwrap_or(&said);
        return said.strip_suffix(b"\r\n").unwrap_or(said).to_vec();
    };
    let facts = [(Flags::POST, "post"), (Flags::SKIMMER, "skimmer"), (Flags::TEST_SPOTTER, "test")];
    let facts: Vec<&str> = facts.iter().filter(|(flag, _)| spot.flags.has(*flag)).map(|(_, name)| *name).collect();
    let comment = String::from_utf8_lossy(spot.comment()).into_owned();
    let khz = spot.freq.tenths_khz();
    let class = spot.class().name();
    let text =
        format!("{} by {} on {}.{} [{comment}] ({class} {})", spot.dx, spot.de, khz / 10, khz % 10, facts.join(" "));
    text.into_bytes()
}

/// What is said after the login prompt, without the last line end.
fn after_login(node: &config::Node, command: &[u8]) -> Vec<u8> {
    let mut typed = logged_in_as(CALL);
    typed.extend_from_slice(command);
    typed.extend_from_slice(b"\r\n");
    let said = talk(node, &typed);
    let said = said.strip_prefix(b"login:\r\n").unwrap_or(&said);
    said.strip_suffix(b"\r\n").unwrap_or(said).to_vec()
}

/// Everything that a session says to bytes. Blank lines answer with an empty prompt, so with nothing.
fn talk(settings: &config::Node, typed: &[u8]) -> Vec<u8> {
    session(settings, typed).0
}

/// The same, and what it posts.
fn session(settings: &config::Node, typed: &[u8]) -> (Vec<u8>, Option<Spot>) {
    static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
    let now = TestClock::at(Utc::from_civil(2026, 1, 6, 20, 12, 18)).now();
    let user = |slot: u32| UserInfo {
        session: SessionId::new(0, 1, slot + 10),
        call: Call::literal(if slot == 0 { CALL } else { "K1ABC" }),
        address: ADDRESS,
        since: now.utc,
        standing: Default::default(),
    };
    let users: Vec<UserInfo> = (0..12).map(user).collect();
    let node = NodeView {
        settings,
        users: if typed.is_empty() { &[] } else { &users },
        cty: &CTY,
        feeds: &[],
        digest: &Digest::EMPTY,
        bans: BanList::empty(),
        started: Utc::from_civil(2026, 1, 3, 15, 53, 56),
        now,
    };
    let mut session = Session::new(SessionId::new(0, 1, 1), ADDRESS, now);
    let mut out = SessionOut::default();
    session.on_connect(&node, &mut out);
    session.on_bytes(&node, typed, &mut out);
    while let Some(at) = out.actions.iter().position(|action| matches!(action, Action::AskAccounts(_))) {
        let Action::AskAccounts(ask) = out.actions.remove(at) else { break };
        let reply = match ask.question {
            Question::Open { call } => Reply::Account(Some(Box::new(account(call, settings)))),
            Question::Enter { .. } => continue,
            _ => Reply::Done(Ok(String::new())),
        };
        session.on_answer(&node, Answer { session: ask.session, ask: ask.ask, reply }, &mut out);
    }
    let spot = out.actions.iter().find_map(|action| if let Action::Post(spot) = action { Some(*spot) } else { None });
    (out.bytes, spot)
}

fn account(call: Call, node: &config::Node) -> Account {
    let mut settings = Settings::of_node(&node.telnet);
    settings.grid = Grid::parse(b"FN31").unwrap_or_default();
    Account {
        call,
        settings: Some(settings),
        has_password: false,
        registered: false,
        last_login: Some(Utc::from_civil(2026, 1, 5, 18, 0, 11)),
        last_address: None,
        ban: None,
        lost: Vec::new(),
    }
}
