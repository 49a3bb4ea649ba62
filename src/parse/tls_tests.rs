//! Feeds over TLS: the agent on a clock that moves when told, against a server with rustls' other half.

use super::agent_tests::{Knobs, Rig, cw, server};
use super::stats::{Failure, FeedState, FeedStats};
use super::tls::{TLS_SEND_BYTES_MAX, TlsDial, TlsStream};
use crate::config::Feed;
use crate::engine::Agent;
use crate::measure::Reason;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);

/// An authority of our own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Authority {
        Authority::named("ours")
    }

    fn named(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    /// What a broker with a certificate for `host` speaks.
    fn broker(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![host.to_string()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap());
        Arc::new(config.unwrap())
    }
}

/// A socket that takes and gives one byte at a time, when asked to.
struct Wire {
    tcp: TcpStream,
    trickles: bool,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = if self.trickles { 1 } else { into.len() };
        self.tcp.read(&mut into[..n])
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = if self.trickles { 1 } else { bytes.len() };
        self.tcp.write(&bytes[..n])
    }
    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

type Speaker = StreamOwned<ServerConnection, Wire>;

/// Accepts one connection on a thread of its own and lets `script` speak in TLS.
fn serve(
    listener: &TcpListener,
    config: Arc<ServerConfig>,
    trickles: bool,
    script: impl FnOnce(Speaker) -> io::Result<()> + Send + 'static,
) -> JoinHandle<io::Result<()>> {
    let listener = listener.try_clone().unwrap();
    std::thread::spawn(move || {
        let tcp = listener.accept()?.0;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(DEADLINE))?;
        tcp.set_write_timeout(Some(DEADLINE))?;
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        script(StreamOwned::new(session, Wire { tcp, trickles }))
    })
}

/// Asks for the call and hears it.
fn log_in(speaker: &mut Speaker) -> io::Result<()> {
    speaker.write_all(b"login: ")?;
    let mut said = [0; 8];
    speaker.read_exact(&mut said)?;
    assert_eq!(&said, b"N0CALL\r\n");
    Ok(())
}

/// Until the node hangs up; how it did is not of interest.
fn wait_for_end(speaker: &mut Speaker) {
    let _ = io::copy(speaker, &mut io::sink());
}

fn end_in_tls(mut speaker: Speaker) -> io::Result<()> {
    speaker.conn.send_close_notify();
    while speaker.conn.wants_write() {
        speaker.conn.write_tls(&mut speaker.sock)?;
    }
    Ok(())
}

fn rig(authority: &Authority, mut feed: Feed, knobs: Knobs) -> (Rig, Arc<FeedStats>) {
    feed.tls = true;
    feed.ca = Some(authority.file.path().into());
    let dial = TlsDial::load(&feed, 0).unwrap();
    let rig = Rig::new(vec![feed], Knobs { dials: vec![(0, dial)], ..knobs });
    let stats = rig.stats(0);
    (rig, stats)
}

/// The failure of a handshake with this server, in words.
fn refusal(authority: &Authority, config: Arc<ServerConfig>) -> String {
    let (listener, feed) = server();
    let (mut rig, stats) = rig(authority, feed, Knobs::default());
    let broker = serve(&listener, config, false, |mut speaker| log_in(&mut speaker));
    rig.until("the refusal", |_| stats.failures(Failure::Tls) == 1);
    assert_eq!((stats.state(), stats.failures_total(), stats.bytes.get()), (FeedState::BackingOff, 1, 0));
    let heard = broker.join().unwrap().unwrap_err();
    assert_eq!(heard.kind(), ErrorKind::InvalidData, "the broker was told by an alert: {heard}");
    stats.last_error().unwrap().to_string()
}

#[test]
fn lines_come_through_tls_and_a_clean_end_is_an_end() {
    let authority = Authority::new();
    let (listener, feed) = server();
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    let broker = serve(&listener, authority.broker("127.0.0.1", |_| {}), false, |mut speaker| {
        log_in(&mut speaker)?;
        for n in 0..3_000 {
            speaker.write_all(cw(n).as_bytes())?;
        }
        end_in_tls(speaker)
    });
    rig.until("the end", |_| stats.failures_total() == 1);
    broker.join().unwrap().unwrap();
    assert_eq!((rig.taken().len(), stats.failures(Failure::Closed)), (3_000, 1));
    rig.assert_balanced();
}

#[test]
fn a_certificate_that_is_not_right_is_refused_in_words() {
    let (ours, theirs, anew) = (Authority::new(), Authority::named("theirs"), Authority::new());
    let told = refusal(&ours, theirs.broker("127.0.0.1", |_| {}));
    assert!(told.contains("from nobody that we trust (set ca") && told.contains("UnknownIssuer"), "{told}");
    let told = refusal(&ours, anew.broker("127.0.0.1", |_| {}));
    assert!(told.contains("from nobody that we trust (set ca") && told.contains("BadSignature"), "{told}");
    let told = refusal(&ours, ours.broker("127.0.0.1", |p| p.not_after = date_time_ymd(2020, 1, 1)));
    assert!(told.contains("has expired"), "{told}");
    let told = refusal(&ours, ours.broker("127.0.0.1", |p| p.not_before = date_time_ymd(2120, 1, 1)));
    assert!(told.contains("not valid yet"), "{told}");
    let told = refusal(&ours, ours.broker("broker.example", |_| {}));
    assert!(told.contains("for another host") && told.contains("broker.example"), "{told}");
}

#[test]
fn a_handshake_that_stalls_ends_with_the_log_in_time() {
    let authority = Authority::new();
    let (listener, mut feed) = server();
    feed.login_timeout_s = 7;
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    let _mute = rig.accept(&listener);
    rig.until("the connection", |_| stats.state() == FeedState::LoggingIn);
    rig.settle();
    assert!(!rig.agent.has_work(), "nothing to do while it is mute");
    assert_eq!(rig.agent.deadline_ns(), rig.clock.now().mono_ns + 7_000_000_000);
    rig.clock.advance_ms(6_999);
    rig.settle();
    assert_eq!(stats.failures_total(), 0);
    rig.clock.advance_ms(1);
    rig.until("the time-out", |_| stats.failures(Failure::Tls) == 1);
    assert!(stats.last_error().unwrap().contains("longer than the log-in may"));
}

#[test]
fn a_server_without_tls_is_told_from_one_with_it() {
    let authority = Authority::new();
    let (listener, feed) = server();
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    rig.accept(&listener).write_all(b"Please enter your call: ").unwrap();
    rig.until("the failure", |_| stats.failures_total() == 1);
    let told = stats.last_error().unwrap();
    assert!(told.starts_with("tls: ") && told.contains("does not speak TLS"), "{told}");
}

#[test]
fn ends_without_a_word_in_tls_are_ends_too() {
    let authority = Authority::new();
    // Before the handshake is done.
    let (listener, feed) = server();
    let (mut early, stats) = rig(&authority, feed, Knobs::default());
    let mut stream = early.accept(&listener);
    // All of the hello: a close with unread bytes would be a reset.
    stream.set_nonblocking(true).unwrap();
    let mut hello = [0; 5];
    early.until("the hello", |_| stream.peek(&mut hello).is_ok_and(|n| n == 5));
    let mut rest = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]])) + 5];
    stream.read_exact(&mut rest).unwrap();
    drop(stream);
    early.until("the end", |_| stats.failures_total() == 1);
    assert_eq!(stats.failures(Failure::Closed), 1);
    assert!(stats.last_error().unwrap().contains("during the TLS handshake"));

    // In the middle of a line.
    let (listener, feed) = server();
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    let broker = serve(&listener, authority.broker("127.0.0.1", |_| {}), false, |mut speaker| {
        log_in(&mut speaker)?;
        speaker.write_all(format!("{}DX de W3LPL-#:   14025.0  K2", cw(1)).as_bytes())
    });
    rig.until("the end", |_| stats.failures_total() == 1);
    broker.join().unwrap().unwrap();
    assert_eq!((rig.taken().len(), stats.failures(Failure::Closed)), (1, 1), "{:?}", stats.last_error());
    assert_eq!(stats.ledger.view().ended_by(Reason::LineCutOff), 1);
    rig.assert_balanced();
}

#[test]
fn what_came_before_a_bad_record_is_read() {
    let authority = Authority::new();
    let (listener, feed) = server();
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    let broker = serve(&listener, authority.broker("127.0.0.1", |_| {}), false, |mut speaker| {
        log_in(&mut speaker)?;
        // Good and bad in one write: the node finds both in one look.
        let mut both = Vec::new();
        speaker.conn.writer().write_all((0..10).map(cw).collect::<String>().as_bytes())?;
        while speaker.conn.wants_write() {
            speaker.conn.write_tls(&mut both)?;
        }
        both.extend_from_slice(b"DX de nobody, without TLS\r\n");
        speaker.sock.write_all(&both)?;
        wait_for_end(&mut speaker);
        Ok(())
    });
    rig.until("the failure", |_| stats.failures_total() == 1);
    broker.join().unwrap().unwrap();
    assert_eq!((rig.taken().len(), stats.failures(Failure::Tls)), (10, 1), "{:?}", stats.last_error());
    rig.assert_balanced();
}

#[test]
fn a_server_of_single_bytes_is_understood() {
    let authority = Authority::new();
    let (listener, feed) = server();
    let (mut rig, stats) = rig(&authority, feed, Knobs::default());
    let broker = serve(&listener, authority.broker("127.0.0.1", |_| {}), true, |mut speaker| {
        log_in(&mut speaker)?;
        for n in 0..20 {
            speaker.write_all(cw(n).as_bytes())?;
        }
        end_in_tls(speaker)
    });
    rig.until("the end", |_| stats.failures_total() == 1);
    broker.join().unwrap().unwrap();
    assert_eq!((rig.taken().len(), stats.failures(Failure::Closed)), (20, 1));
    rig.assert_balanced();
}

/// As the core runs it: a turn when there is an event, work, or a deadline, and no other.
#[test]
fn a_full_ring_stops_reading_without_a_busy_loop_or_a_lost_wake_up() {
    const LINES: usize = 6_000;
    let authority = Authority::new();
    let (listener, mut feed) = server();
    feed.buffer_spots = 64;
    let (mut rig, stats) = rig(&authority, feed, Knobs { ring: 512, patience_ms: 3_600_000, ..Knobs::default() });
    let broker = serve(&listener, authority.broker("127.0.0.1", |_| {}), false, |mut speaker| {
        log_in(&mut speaker)?;
        for n in 0..LINES {
            speaker.write_all(cw(n).as_bytes())?;
        }
        wait_for_end(&mut speaker);
        Ok(())
    });
    // Nobody takes: the ring fills, then the feed's share.
    rig.until("the stop", |_| stats.waiting.get() > 0);
    rig.settle();
    let stopped_at = stats.lines.get();
    assert!(stopped_at < 1_200, "read {stopped_at} lines into a ring of 512 and a share of 64");
    rig.settle();
    assert_eq!(stats.lines.get(), stopped_at);
    assert!(!rig.agent.has_work(), "a busy loop while nobody takes");

    let (mut taken, mut ended) = (0, 0);
    let deadline = Instant::now() + DEADLINE;
    while taken + ended < LINES {
        assert!(Instant::now() < deadline, "{taken} of {LINES}: asleep with {stats:?}");
        taken += rig.taken().len();
        // A few of the calls are words that no station has.
        ended = stats.ledger.view().total_ended() as usize;
        rig.clock.advance_ms(1);
        let now = rig.clock.now();
        if rig.agent.has_work() || rig.agent.deadline_ns() <= now.mono_ns {
            rig.agent.turn(now);
        } else {
            rig.events_only();
        }
    }
    assert!(ended < 20, "{stats:?}");
    assert_eq!((taken + ended, stats.failures_total()), (LINES, 0));
    rig.assert_balanced();
    drop(rig);
    broker.join().unwrap().unwrap();
}

#[test]
fn what_is_said_is_bounded_and_goes_on_when_the_socket_takes_it() {
    let authority = Authority::new();
    let (listener, mut feed) = server();
    feed.ca = Some(authority.file.path().into());
    let dial = TlsDial::load(&feed, 0).unwrap();
    let config = authority.broker("127.0.0.1", |_| {});
    let (go, wait) = std::sync::mpsc::channel::<()>();
    const BYTES: usize = 16 << 20;
    let broker = serve(&listener, config, false, move |mut speaker| {
        speaker.write_all(b"!")?;
        wait.recv().map_err(io::Error::other)?;
        let mut heard = vec![0; BYTES];
        speaker.read_exact(&mut heard)?;
        assert!(heard.iter().enumerate().all(|(i, b)| *b == i as u8));
        Ok(())
    });
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    tcp.set_nonblocking(true).unwrap();
    let mut stream = TlsStream::new(mio::net::TcpStream::from_std(tcp), &dial).unwrap();
    let deadline = Instant::now() + DEADLINE;
    let mut byte = [0];
    let would_block = |error: io::Error| assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    while byte[0] != b'!' {
        assert!(Instant::now() < deadline);
        let _ = stream.flush().map_err(would_block);
        let _ = stream.read(&mut byte).map_err(would_block);
        std::thread::yield_now();
    }
    let all: Vec<u8> = (0..BYTES).map(|i| i as u8).collect();
    let mut sent = 0;
    // A peer that takes nothing: the kernel's buffers fill, then ours, and no more is taken.
    let full = loop {
        match stream.write(&all[sent..]) {
            Ok(n) => {
                assert!(n > 0 && n <= TLS_SEND_BYTES_MAX, "{n}");
                sent += n;
            }
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    assert!(sent < BYTES && stream.wants_write());
    go.send(()).unwrap();
    while sent < BYTES || stream.wants_write() {
        assert!(Instant::now() < deadline, "{sent} of {BYTES}");
        match stream.write(&all[sent..]) {
            Ok(n) => sent += n,
            Err(error) => would_block(error),
        }
        let _ = stream.flush().map_err(would_block);
        std::thread::yield_now();
    }
    broker.join().unwrap().unwrap();
}

#[test]
fn a_feed_with_tls_and_no_certificates_is_one_line() {
    let (_, feed) = server();
    let missing = Feed { tls: true, ca: Some("/nowhere/ca.pem".into()), ..feed.clone() };
    let told = TlsDial::load(&missing, 3).unwrap_err();
    assert_eq!(told, "feeds.3.ca = \"/nowhere/ca.pem\": no such file; give its path from the working directory");
    let authority = Authority::new();
    let odd = Feed { tls: true, ca: Some(authority.file.path().into()), host: "two words".into(), ..feed };
    assert!(TlsDial::load(&odd, 3).unwrap_err().starts_with("feeds.3.host = \"two words\": "));
}
