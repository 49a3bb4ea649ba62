//! Conversations of real clients (clients 5.8, 9.3) with a session, without a socket: each script in
//! `tests/conversations/` as it stands, and once more with every byte sent alone.

#[path = "conversations/book.rs"]
mod book;
mod script;

use book::Book;
use dxring::accounts::{Answer, Ban, BanList};
use dxring::config;
use dxring::engine::TestClock;
use dxring::reference::Cty;
use dxring::spot::{
    Bulletin, BulletinKind, Call, Flags, Freq, Mode, Note, SessionId, Spot, Standing, UserInfo, Utc, Verdict, Verdicts,
};
use dxring::store::{History, HistoryRequest, Query};
use dxring::telnet::{Action, CloseReason, Digest, NodeView, Operation, Session, SessionOut};
use dxring::wire::bulletin_kind;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::LazyLock;

/// A session with its node around it.
struct Sansio {
    session: Session,
    settings: config::Node,
    users: Vec<UserInfo>,
    history: History,
    clock: TestClock,
    started: Utc,
    bytewise: bool,
    said: Vec<u8>,
    book: Book,
    bans: BanList,
    digest: Digest,
    operation: Option<Operation>,
    order: Option<Note>,
    asked: Option<HistoryRequest>,
    posted: Option<Spot>,
    closed: Option<CloseReason>,
}

static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Sansio {
    fn connect(bytewise: bool) -> Sansio {
        let clock = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0));
        let id = SessionId::new(0, 1, 1);
        let settings = config::Node { callsign: "GB7XYZ".into(), ..config::Node::default() };
        let mut peer = Sansio {
            session: Session::new(id, ADDRESS, clock.now()),
            history: sample_history(clock.now().utc, &settings),
            settings,
            users: sample_users(),
            started: Utc::from_civil(2025, 12, 6, 12, 0, 0),
            clock,
            bytewise,
            said: Vec::new(),
            book: Book::default(),
            bans: BanList::default(),
            digest: Digest {
                drops: vec!["correct: 3 harmonic".into()],
                report: vec!["up 1h 59m".into()],
                reload: Vec::new(),
            },
            operation: None,
            order: None,
            asked: None,
            posted: None,
            closed: None,
        };
        peer.call(|session, node, out| session.on_connect(node, out));
        peer
    }

    /// Does one thing, and then whatever the accounts answer.
    fn call(&mut self, act: impl FnOnce(&mut Session, &NodeView, &mut SessionOut)) {
        let mut answers = VecDeque::from(self.step(act));
        while let Some(answer) = answers.pop_front().filter(|_| self.closed.is_none()) {
            answers.extend(self.step(|session, node, out| session.on_answer(node, answer, out)));
        }
    }

    fn step(&mut self, act: impl FnOnce(&mut Session, &NodeView, &mut SessionOut)) -> Vec<Answer> {
        let node = NodeView {
            settings: &self.settings,
            users: &self.users,
            bans: &self.bans,
            cty: &CTY,
            feeds: &[],
            digest: &self.digest,
            started: self.started,
            now: self.clock.now(),
        };
        let mut out = SessionOut::default();
        act(&mut self.session, &node, &mut out);
        self.said.extend(out.bytes);
        let mut preferred = None;
        let mut answers = Vec::new();
        for action in out.actions {
            assert_eq!(self.closed, None, "an action after Close: {action:?}");
            match action {
                Action::AskHistory(request) => self.asked = Some(request),
                Action::Post(spot) => self.posted = Some(spot),
                Action::Close(reason) => self.closed = Some(reason),
                Action::LogIn(call) => assert_eq!(self.session.call(), Some(call)),
                Action::AskAccounts(ask) => {
                    if let Some(reply) = self.book.answer(ask.question) {
                        answers.push(Answer { session: ask.session, ask: ask.ask, reply });
                    }
                }
                Action::Stands(standing) => assert_eq!(self.session.standing(), standing),
                Action::RealAddress(address) => assert_eq!(self.session.address(), address),
                Action::Order(note) => self.order = Some(note),
                Action::Operate(operation) => self.operation = Some(operation),
                Action::Prefer(choice) => preferred = Some(choice),
                Action::Announce(_) | Action::Talk { .. } => {}
            }
        }
        // Several commands of one packet may each change the stream; the last one stands.
        if let Some(choice) = preferred {
            assert_eq!(self.session.choice(), choice);
        }
        answers
    }

    /// Fires the timer as often as it is due, as a loop does.
    fn tick(&mut self) {
        while self.session.deadline_ns() <= self.clock.now().mono_ns {
            self.call(|session, node, out| session.on_timer(node, out));
        }
    }

    fn wait_ms(&mut self, ms: u64) {
        let end = self.clock.now().mono_ns + ms * 1_000_000;
        while self.session.deadline_ns() <= end {
            let due = self.session.deadline_ns().saturating_sub(self.clock.now().mono_ns);
            self.clock.advance_ms(due.div_ceil(1_000_000));
            self.tick();
        }
        self.clock.advance_ms((end - self.clock.now().mono_ns) / 1_000_000);
        self.tick();
    }

    fn answer(&mut self) -> Result<(), String> {
        let request = self.asked.take().ok_or("nothing was asked")?;
        let (_, reply) = Query::start(request, &self.history).step(&self.history, usize::MAX);
        let reply = reply.ok_or("the query did not end")?;
        self.call(|session, node, out| session.on_history(node, reply.ask, &reply.bytes, out));
        Ok(())
    }
}

impl script::Server for Sansio {
    fn send(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(if self.bytewise { 1 } else { bytes.len().max(1) }) {
            self.call(|session, node, out| session.on_bytes(node, piece, out));
        }
    }

    fn receive(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    fn has_other_lines(&self) -> bool {
        false
    }

    fn happen(&mut self, words: &str) -> Result<(), String> {
        let words: Vec<&str> = words.split(' ').collect();
        match words[..] {
            // The clock moves, and everything due on the way is done.
            ["wait", seconds] => {
                let seconds: f64 = seconds.parse().map_err(|_| "wait SECONDS")?;
                self.wait_ms((seconds * 1000.0) as u64);
            }
            // Somebody the accounts know, with his password.
            ["account", call, ref password @ ..] => self.book.add(call, password.first().copied()),
            ["station", call, name, qth, grid] => self.book.add_station(call, name, qth, grid),
            // The accounts answer nothing from here on.
            ["accounts", "silent"] => self.book.is_silent = true,
            ["accounts", "broken"] => self.book.is_broken = true,
            // Configuration.
            ["posting", "registered"] => self.settings.accounts.posting = config::Posting::Registered,
            ["registration", "sysop"] => self.settings.accounts.registration = config::Registration::Sysop,
            ["sysop", call] => self.settings.accounts.sysops.push(call.into()),
            ["proxy", network] => self.settings.telnet.proxies.push(network.into()),
            ["ban", target, ref reason @ ..] => {
                let (until, by) = (None, Call::literal("G0SYS"));
                let (target, reason, since) = (target.to_string(), reason.join(" "), self.started);
                self.bans = BanList::new(vec![Ban { target, until, reason, by, since }]);
            }
            // The layout of the lines that he gets from here on.
            ["stream", format] => {
                let now = format!("{:?}", self.session.choice().key.preferences.style.format);
                if now != format {
                    return Err(format!("the lines are {now}"));
                }
            }
            // What a sysop ordered.
            ["operated", what] => {
                let now = self.operation.take().map(|operation| format!("{operation:?}").to_lowercase());
                if now.as_deref() != Some(what) {
                    return Err(format!("ordered was {now:?}"));
                }
            }
            ["ordered", ref what @ ..] => {
                let now = self.order.take().map_or("nothing".into(), |note| format!("{note:?}"));
                if now != what.join(" ") {
                    return Err(format!("ordered was {now}"));
                }
            }
            // Whether the accounts keep a text of a user.
            ["kept", call, ref what @ ..] => {
                let now = self.book.kept(call);
                if !now.contains(&what.join(" ")) {
                    return Err(format!("kept is {now}"));
                }
            }
            // The history answers what was asked.
            ["answer"] => self.answer()?,
            // The post gets its fate.
            ["verdict", ref rest @ ..] => {
                self.posted.take().ok_or("nothing was posted")?;
                let verdict = match rest {
                    ["sent", users] => Verdict::Sent { users: users.parse().map_err(|_| "verdict sent USERS")? },
                    ["duplicate", of, age_s] => {
                        Verdict::Duplicate { of: Call::literal(of), age_s: age_s.parse().map_err(|_| "age in s")? }
                    }
                    _ => Verdict::Refused("you post faster than this node takes"),
                };
                self.call(|session, node, out| session.on_verdict(node, verdict, out));
            }
            // What was posted; must be on the road by now.
            ["posted", de, dx, khz, mode] => {
                let spot = self.posted.ok_or("nothing was posted")?;
                let khz_now = format!("{}.{}", spot.freq.tenths_khz() / 10, spot.freq.tenths_khz() % 10);
                let now = (spot.de.as_str(), spot.dx.as_str(), khz_now.as_str(), spot.mode().name());
                if now != (de, dx, khz, if mode == "-" { "" } else { mode }) {
                    return Err(format!("posted was {now:?}"));
                }
            }
            ["bulletin", ref text @ ..] => {
                let line = text.join(" ").into_bytes();
                let kind = match text.first().copied() {
                    Some("Login:" | "Logout:") => BulletinKind::Login,
                    _ => bulletin_kind(&line).unwrap_or(BulletinKind::Announce),
                };
                let bulletin = Bulletin { kind, line };
                self.history.keep_bulletin(&bulletin, self.clock.now().utc);
                self.call(|session, node, out| session.on_bulletin(node, &bulletin, out));
            }
            ["talk", from, ref text @ ..] => {
                let (from, text) = (Call::literal(from), text.join(" "));
                self.call(|session, node, out| session.on_talk(node, from, text.as_bytes(), out));
            }
            ["lapped", lines] => {
                let lines = lines.parse().map_err(|_| "lapped LINES")?;
                self.call(|session, node, out| session.on_lapped(node, lines, out));
            }
            ["evict", ref why @ ..] => {
                let why = why.join(" ");
                self.call(|session, node, out| session.on_evicted(node, &why, out));
            }
            ["farewell", ref line @ ..] => {
                let line = line.join(" ");
                self.call(|session, node, out| session.on_farewell(node, &line, out));
            }
            ["closed", reason] => {
                let now = self.closed.map_or("open", CloseReason::name);
                if now != reason {
                    return Err(format!("the session is {now}"));
                }
            }
            _ => return Err("no such event".into()),
        }
        Ok(())
    }
}

fn sample_users() -> Vec<UserInfo> {
    let calls = ["G1ABC", "G2DEF", "9A1CIG", "VK3XYZ", "K1ABC", "W1AW-2"];
    let user = |(slot, call): (usize, &&str)| UserInfo {
        session: SessionId::new(0, 1, slot as u32 + 10),
        call: Call::literal(call),
        address: ADDRESS,
        since: Utc::from_civil(2025, 12, 6, 9, 12, 0),
        standing: Standing { is_away: *call == "VK3XYZ", ..Standing::default() },
    };
    calls.iter().enumerate().map(user).collect()
}

fn sample_history(now: Utc, settings: &config::Node) -> History {
    let mut history = History::new(&settings.history);
    let rows = [
        ("VE4DL", "K5UV", 14_045_600, Mode::Cw, "CWops CWT Contest", false),
        ("W3LPL-#", "9A1A", 7_029_000, Mode::Cw, "", true),
        ("PU2TJQ", "PP5KP", 7_029_000, Mode::Unknown, "CQ BSB", false),
        ("DK9IP-#", "9A5K", 14_074_000, Mode::Ft8, "", true),
    ];
    for (age, (de, dx, hz, mode, comment, is_skimmer)) in rows.into_iter().rev().enumerate().rev() {
        let mut spot = Spot::empty();
        (spot.de, spot.dx) = (Call::literal(de), Call::literal(dx));
        spot.set_freq(Freq::from_hz(hz));
        spot.set_mode(mode);
        spot.set_comment(comment.as_bytes());
        spot.flags.set(Flags::SKIMMER, is_skimmer);
        spot.time = Utc::from_ms(now.ms() - age as i64 * 60_000);
        spot.seq = 100 - age as u64;
        spot.verdicts = Verdicts::FAST;
        history.keep(spot);
    }
    history
}

fn scripts() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= 20, "only {} scripts in {folder}", files.len());
    files.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_script_plays_as_it_stands_and_byte_by_byte() {
    let mut faults = Vec::new();
    for (name, text) in scripts() {
        for bytewise in [false, true] {
            if let Err(why) = script::play(&text, &mut Sansio::connect(bytewise)) {
                let how = if bytewise { "byte by byte" } else { "as it stands" };
                faults.push(format!("{name} ({how})\n{why}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The scripts of log-ins go through a socket as well: here with a session behind the simplest server
/// there is, so that a fault found with the real one is not the runner's.
#[test]
fn scripts_for_sockets_play_through_a_socket() {
    let scripts: Vec<_> = scripts().into_iter().filter(|(_, text)| script::is_for_sockets(text)).collect();
    assert!(scripts.len() >= 8, "only {} scripts are for sockets", scripts.len());
    let listener = TcpListener::bind((ADDRESS, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let served = scripts.len();
    let server = std::thread::spawn(move || listener.incoming().take(served).for_each(|stream| serve(stream.unwrap())));
    for (name, text) in &scripts {
        let mut client = script::Tcp::connect(address).unwrap();
        script::play(text, &mut client).unwrap_or_else(|why| panic!("{name}\n{why}"));
    }
    server.join().unwrap();
}

/// Serves one connection until either side ends it.
fn serve(mut stream: TcpStream) {
    let mut peer = Sansio::connect(false);
    let mut bytes = [0; 512];
    loop {
        if stream.write_all(&std::mem::take(&mut peer.said)).is_err() || peer.closed.is_some() {
            return;
        }
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(read) => script::Server::send(&mut peer, &bytes[..read]),
        }
    }
}
