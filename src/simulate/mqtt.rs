//! The band as PSKReporter's network: a publisher to a broker, MQTT 3.1.1, QoS 0.
//!
//! A tool for trying feeds and brokers, not a part of the road: one thread with a non-blocking socket and a
//! short tick.

use super::options::Options;
use super::player::Simulator;
use super::reports::Reporter;
use super::run::{Summary, TruthFile, end_of};
use crate::engine::{Now, RealClock};
use crate::spot::Utc;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::role::Client;
use mqtt_protocol_core::mqtt::connection::{Event, TimerKind};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::ConnectReturnCode;
use mqtt_protocol_core::mqtt::{Connection, Version};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest the thread sleeps.
const TICK_MS_MAX: u64 = 10;
/// Unsent bytes at most: about 3,500 reports, several cycles of a busy band. What does not fit is not taken.
const BACKLOG_BYTES_MAX: usize = 1 << 20;
/// Longest wait for a connection, and then for its CONNACK.
const CONNECT_S_MAX: u64 = 10;
/// PINGREQ after so much silence from us.
const KEEPALIVE_S: u16 = 60;
/// Longest wait for its answer.
const PING_ANSWER_MS_MAX: u64 = 10_000;
/// First wait between two attempts; it doubles up to [`WAIT_MS_MAX`], each with up to as much again by chance.
const WAIT_MS_MIN: u64 = 500;
const WAIT_MS_MAX: u64 = 30_000;

/// What a publisher did. `made = published + not_taken + not_connected`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PublishReport {
    /// Lines of the band, people's too.
    pub summary: Summary,
    /// Reports made, each with its number: what did not go out is a gap.
    pub made: u64,
    /// Written to the socket whole. Whether the broker passed them on, QoS 0 does not say.
    pub published: u64,
    /// Left out because the broker took less than was made.
    pub not_taken: u64,
    /// Made while there was no connection, or cut off by its end.
    pub not_connected: u64,
    /// Connections that the broker accepted.
    pub connections: u64,
}

/// A running publisher. Dropping it stops it.
pub struct Publisher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<PublishReport>>>,
}

/// Starts a publisher: the band's skimmers in real time (times `speed`), to one broker, again and again when it
/// goes away. Ends after `options.minutes` of the band's time, if given.
pub fn publish(broker: SocketAddr, options: &Options) -> io::Result<Publisher> {
    let stop = Arc::new(AtomicBool::new(false));
    let truth = TruthFile::create(options.truth.as_deref())?;
    let (options, seen) = (options.clone(), Arc::clone(&stop));
    let thread = std::thread::Builder::new().name("publish".into()).spawn(move || {
        let mut clock = RealClock::start();
        // The band begins when somebody takes its reports, or when it turns out that nobody does.
        let link = Link::accepted(broker, &mut clock, &seen);
        let now = clock.now();
        let start = options.start.unwrap_or(now.utc);
        let mut report = PublishReport::default();
        if link.is_some() {
            report.connections = 1;
            eprintln!("publishing to {broker}");
        }
        let station = Network {
            broker,
            link,
            next_attempt_ns: 0,
            wait_ms: WAIT_MS_MIN,
            said: false,
            simulator: Simulator::of(options.band(start), start, options.speed, now),
            reporter: Reporter::new(options.seed),
            end: options.minutes.map(|minutes| end_of(start, minutes)),
            truth,
            report,
            topic: Vec::new(),
            payload: Vec::new(),
        };
        station.run(clock, &seen)
    })?;
    Ok(Publisher { stop, thread: Some(thread) })
}

impl Publisher {
    /// Lets SIGINT and SIGTERM end it, so that it can say what it did.
    pub fn stop_at_signals(&self) -> io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&self.stop))?;
        }
        Ok(())
    }

    /// Stops it and reports.
    pub fn stop(mut self) -> io::Result<PublishReport> {
        self.stop.store(true, Ordering::Relaxed);
        self.join()
    }

    /// Waits for the end of its minutes and reports; without minutes, for ever.
    pub fn wait(mut self) -> io::Result<PublishReport> {
        self.join()
    }

    fn join(&mut self) -> io::Result<PublishReport> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(report)) => report,
            _ => Err(io::Error::other("the publisher's thread has panicked")),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Network {
    broker: SocketAddr,
    link: Option<Link>,
    next_attempt_ns: u64,
    wait_ms: u64,
    /// The trouble of this absence was told.
    said: bool,
    simulator: Simulator,
    reporter: Reporter,
    end: Option<Utc>,
    truth: TruthFile,
    report: PublishReport,
    topic: Vec<u8>,
    payload: Vec<u8>,
}

impl Network {
    fn run(mut self, mut clock: RealClock, stop: &AtomicBool) -> io::Result<PublishReport> {
        loop {
            let now = clock.now();
            self.connect(now);
            self.make_reports(now)?;
            self.converse(now);
            let over = self.end.is_some_and(|end| self.simulator.next_at() >= end);
            if stop.load(Ordering::Relaxed) || over {
                break;
            }
            let due_ms = self.simulator.next_due_ns().saturating_sub(now.mono_ns) / 1_000_000;
            std::thread::sleep(Duration::from_millis(due_ms.clamp(1, TICK_MS_MAX)));
        }
        self.farewell(&mut clock);
        self.truth.finish()?;
        Ok(self.report)
    }

    fn make_reports(&mut self, now: Now) -> io::Result<()> {
        let Network { simulator, reporter, report, truth, end, topic, payload, link, .. } = self;
        let mut written = Ok(());
        simulator.lines_with_truth(now, &mut |_, row| {
            if end.is_some_and(|end| row.at >= end) {
                return;
            }
            report.summary.count(row);
            if written.is_ok() {
                written = truth.write(row);
            }
            if !reporter.report(row, topic, payload) {
                return;
            }
            report.made += 1;
            match link.as_mut().filter(|link| link.accepted) {
                None => report.not_connected += 1,
                Some(link) if link.backlog.len() + topic.len() + payload.len() > BACKLOG_BYTES_MAX => {
                    report.not_taken += 1;
                }
                Some(link) => {
                    if !link.publish(now, topic, payload) {
                        report.not_taken += 1;
                    }
                }
            }
        });
        written
    }

    fn connect(&mut self, now: Now) {
        if self.link.is_some() || now.mono_ns < self.next_attempt_ns {
            return;
        }
        match Link::open(self.broker, now) {
            Ok(link) => self.link = Some(link),
            Err(error) => self.lost(now, &error.to_string()),
        }
    }

    fn converse(&mut self, now: Now) {
        let Some(link) = &mut self.link else { return };
        let was_accepted = link.accepted;
        let outcome = link.turn(now);
        self.report.published += std::mem::take(&mut link.published);
        if link.accepted && !was_accepted {
            self.report.connections += 1;
            self.wait_ms = WAIT_MS_MIN;
            self.said = false;
            eprintln!("publishing to {}", self.broker);
        }
        if let Err(why) = outcome {
            self.report.not_connected += link.unsent.len() as u64;
            self.link = None;
            self.lost(now, &why);
        }
    }

    fn lost(&mut self, now: Now, why: &str) {
        if !std::mem::replace(&mut self.said, true) {
            eprintln!("{}: {why}; trying again", self.broker);
        }
        let wait_ms = self.wait_ms + fastrand::u64(0..=self.wait_ms);
        self.next_attempt_ns = now.mono_ns + wait_ms * 1_000_000;
        self.wait_ms = (self.wait_ms * 2).min(WAIT_MS_MAX);
    }

    /// What is unsent may still go, for a second.
    fn farewell(&mut self, clock: &mut RealClock) {
        let until_ns = clock.now().mono_ns + 1_000_000_000;
        while self.link.as_ref().is_some_and(|link| link.accepted && !link.backlog.is_empty()) {
            let now = clock.now();
            if now.mono_ns >= until_ns {
                break;
            }
            self.converse(now);
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(mut link) = self.link.take() {
            self.report.not_taken += link.unsent.len() as u64;
            if link.backlog.is_empty() {
                link.disconnect(clock.now());
            }
        }
    }
}

/// One connection.
struct Link {
    socket: TcpStream,
    session: Connection<Client>,
    accepted: bool,
    answer_by_ns: u64,
    ping_ns: Option<u64>,
    ping_answer_ns: Option<u64>,
    backlog: Vec<u8>,
    /// Bytes of the backlog that were taken off it, ever; and where every unsent report ends on that count.
    taken: u64,
    unsent: VecDeque<u64>,
    published: u64,
    wrong: Option<String>,
}

impl Link {
    fn open(broker: SocketAddr, now: Now) -> io::Result<Link> {
        let socket = TcpStream::connect_timeout(&broker, Duration::from_secs(CONNECT_S_MAX))?;
        socket.set_nonblocking(true)?;
        let _ = socket.set_nodelay(true);
        let mut session = Connection::<Client>::new(Version::V3_1_1);
        session.set_pingresp_recv_timeout(PING_ANSWER_MS_MAX);
        let mut link = Link {
            socket,
            session,
            accepted: false,
            answer_by_ns: now.mono_ns + CONNECT_S_MAX * 1_000_000_000,
            ping_ns: None,
            ping_answer_ns: None,
            backlog: Vec::new(),
            taken: 0,
            unsent: VecDeque::new(),
            published: 0,
            wrong: None,
        };
        let hello = v3_1_1::Connect::builder()
            .client_id(format!("dxring-sim-{:010x}", fastrand::u64(..1 << 40)))
            .and_then(|connect| connect.clean_session(true).keep_alive(KEEPALIVE_S).build())
            .map_err(|error| io::Error::other(format!("CONNECT: {error}")))?;
        let events = link.session.checked_send(hello);
        link.handle(now, events);
        Ok(link)
    }

    /// A connection that the broker accepted; `None` when it did not.
    fn accepted(broker: SocketAddr, clock: &mut RealClock, stop: &AtomicBool) -> Option<Link> {
        let mut link = Link::open(broker, clock.now()).ok()?;
        while !link.accepted {
            if stop.load(Ordering::Relaxed) || link.turn(clock.now()).is_err() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Some(link)
    }

    /// Puts a report into the backlog; `false` when it cannot be one message.
    fn publish(&mut self, now: Now, topic: &[u8], payload: &[u8]) -> bool {
        let Ok(topic) = std::str::from_utf8(topic) else { return false };
        let message =
            v3_1_1::Publish::builder().topic_name(topic).and_then(|publish| publish.payload(payload.to_vec()).build());
        let Ok(message) = message else { return false };
        let before = self.backlog.len();
        let events = self.session.checked_send(message);
        self.handle(now, events);
        if self.backlog.len() == before {
            return false;
        }
        self.unsent.push_back(self.taken + self.backlog.len() as u64);
        true
    }

    /// Reads, fires timers, writes.
    ///
    /// # Errors
    /// Why the connection is over.
    fn turn(&mut self, now: Now) -> Result<(), String> {
        self.read(now)?;
        if !self.accepted && now.mono_ns >= self.answer_by_ns {
            return Err("no CONNACK".into());
        }
        if self.ping_ns.is_some_and(|due| now.mono_ns >= due) {
            self.ping_ns = None;
            let events = self.session.notify_timer_fired(TimerKind::PingreqSend);
            self.handle(now, events);
        }
        if self.ping_answer_ns.is_some_and(|due| now.mono_ns >= due) {
            return Err("no PINGRESP".into());
        }
        self.write()?;
        self.wrong.take().map_or(Ok(()), Err)
    }

    fn read(&mut self, now: Now) -> Result<(), String> {
        let mut buffer = [0u8; 4_096];
        loop {
            let n = match self.socket.read(&mut buffer) {
                Ok(0) => return Err("the broker closed".into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.to_string()),
            };
            let mut rest = Cursor::new(&buffer[..n]);
            while (rest.position() as usize) < n && self.wrong.is_none() {
                let events = self.session.recv(&mut rest);
                self.handle(now, events);
            }
            if let Some(wrong) = self.wrong.take() {
                return Err(wrong);
            }
        }
    }

    fn write(&mut self) -> Result<(), String> {
        let mut sent = 0;
        let outcome = loop {
            match self.backlog.get(sent..).filter(|rest| !rest.is_empty()).map(|rest| self.socket.write(rest)) {
                None => break Ok(()),
                Some(Ok(0)) => break Err("the broker takes no bytes".to_string()),
                Some(Ok(n)) => sent += n,
                Some(Err(error)) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Some(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Some(Err(error)) => break Err(error.to_string()),
            }
        };
        self.backlog.drain(..sent);
        self.taken += sent as u64;
        while self.unsent.front().is_some_and(|end| *end <= self.taken) {
            self.unsent.pop_front();
            self.published += 1;
        }
        outcome
    }

    fn disconnect(&mut self, now: Now) {
        if let Ok(goodbye) = v3_1_1::Disconnect::builder().build() {
            let events = self.session.checked_send(goodbye);
            self.handle(now, events);
            let _ = self.write();
        }
    }

    fn handle(&mut self, now: Now, events: Vec<Event>) {
        for event in events {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    self.backlog.extend_from_slice(&packet.to_continuous_buffer());
                }
                Event::NotifyPacketReceived(Packet::V3_1_1Connack(answer)) => match answer.return_code() {
                    ConnectReturnCode::Accepted => self.accepted = true,
                    refusal => self.wrong = Some(format!("refused: {refusal}")),
                },
                Event::NotifyPacketReceived(_) | Event::NotifyPacketIdReleased(_) => {}
                Event::RequestTimerReset { kind, duration_ms } => {
                    let due = Some(now.mono_ns + duration_ms * 1_000_000);
                    match kind {
                        TimerKind::PingreqSend => self.ping_ns = due,
                        TimerKind::PingrespRecv => self.ping_answer_ns = due,
                        TimerKind::PingreqRecv => {}
                    }
                }
                Event::RequestTimerCancel(kind) => match kind {
                    TimerKind::PingreqSend => self.ping_ns = None,
                    TimerKind::PingrespRecv => self.ping_answer_ns = None,
                    TimerKind::PingreqRecv => {}
                },
                Event::NotifyError(error) => self.wrong = Some(format!("MQTT: {error}")),
                Event::RequestClose => {
                    self.wrong.get_or_insert_with(|| "the session ended".into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;
    use crate::wire::pskreporter;
    use std::net::TcpListener;
    use std::time::Instant;

    const DEADLINE: Duration = Duration::from_secs(20);

    /// Takes one connection and says CONNACK.
    fn accept(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let (kind, body) = packet(&mut stream);
        assert_eq!((kind, &body[..7]), (0x10, &b"\x00\x04MQTT\x04"[..]));
        stream.write_all(&[0x20, 2, 0, 0]).unwrap();
        stream
    }

    /// One packet: first byte and what follows the length.
    fn packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
        let mut byte = [0];
        let mut next = |stream: &mut TcpStream| {
            stream.read_exact(&mut byte).unwrap();
            byte[0]
        };
        let kind = next(stream);
        let (mut len, mut shift) = (0usize, 0);
        loop {
            let byte = next(stream);
            len |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; len];
        stream.read_exact(&mut body).unwrap();
        (kind, body)
    }

    /// The number of the next report.
    fn report(stream: &mut TcpStream) -> u64 {
        let (kind, body) = packet(stream);
        assert_eq!(kind, 0x30, "PUBLISH, QoS 0, not retained");
        let topic_len = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let (topic, payload) = body[2..].split_at(topic_len);
        let message = pskreporter(payload);
        let spot = message.report.unwrap().spot;
        let begin = format!("pskr/filter/v2/{}/{}/", spot.band().name(), spot.mode().name());
        assert!(topic.starts_with(begin.as_bytes()), "{}", topic.escape_ascii());
        message.sq.unwrap()
    }

    fn options(speed: f64) -> Options {
        Options { profile: Profile::Ft8Burst, speed, ..Options::default() }
    }

    #[test]
    fn reports_come_in_order_and_go_on_after_the_broker_went_away() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let publisher = publish(listener.local_addr().unwrap(), &options(20.0)).unwrap();
        let mut stream = accept(&listener);
        let first = report(&mut stream);
        for n in 1..200 {
            assert_eq!(report(&mut stream), first + n);
        }
        drop(stream);
        let mut stream = accept(&listener);
        let again = report(&mut stream);
        assert!(again > first + 199, "made while away: a gap, no repeat");
        assert_eq!(report(&mut stream), again + 1);
        let told = publisher.stop().unwrap();
        assert_eq!(told.connections, 2);
        assert_eq!(told.made, told.published + told.not_taken + told.not_connected);
        assert!(told.published >= 202 && told.not_connected > 0, "{told:?}");
    }

    #[test]
    fn what_a_broker_does_not_take_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let broker = listener.local_addr().unwrap();
        // An hour of the band in a second: more than socket buffers and backlog hold.
        let publisher = publish(broker, &Options { minutes: Some(60.0), ..options(3_600.0) }).unwrap();
        let stream = accept(&listener);
        let begun = Instant::now();
        let told = publisher.wait().unwrap();
        // Three times: a debug build makes the reports for seconds.
        assert!(begun.elapsed() < 3 * DEADLINE, "a broker that takes nothing holds nobody up");
        assert!(told.not_taken > 0 && told.published > 0, "{told:?}");
        assert_eq!(told.made, told.published + told.not_taken + told.not_connected);
        drop(stream);
    }

    #[test]
    fn a_refusal_is_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let publisher = publish(listener.local_addr().unwrap(), &options(1.0)).unwrap();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            packet(&mut stream);
            stream.write_all(&[0x20, 2, 0, 5]).unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            assert!(rest.is_empty(), "{}", rest.escape_ascii());
        }
        let told = publisher.stop().unwrap();
        assert_eq!((told.connections, told.published), (0, 0));
        assert_eq!(told.made, told.not_connected);
    }
}
