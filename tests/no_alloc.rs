//! The road allocates nothing per spot once it is warm. A counting allocator watches one thread.

// An allocator is unsafe by nature; this one only counts and passes on.
#![allow(unsafe_code)]

use dxring::config::{self, Dedupe, FeedKind, LineFormat, MqttVersion};
use dxring::correct::ModeStage;
use dxring::dedup::{Outcome, Windows};
use dxring::engine::{Bell, Control, FaultPoint, Mailbox, Now, Outlet, Stage, TestClock, edge};
use dxring::fanout::{CohortKey, Cohorts, Flushed, Output, Preferences, SendLog};
use dxring::filter::{
    BandSet, ContinentSet, EntitySet, Expr, Filter, GridPrefix, MinuteRange, ModeSet, Pattern, RefSet, Side, Term,
};
use dxring::measure::{Ledger, Reason};
use dxring::parse::{
    AgePolicy, Desk, FeedClient, FeedStats, Gate, Input, LogIn, MqttClient, MqttLogIn, Notes, PSKREPORTER,
    ReportPolicy, psk_topics,
};
use dxring::reference::{Cty, SharedCty, enrich};
use dxring::simulate::{PskText, psk_payload, psk_topic};
use dxring::spot::{Band, Call, Continent, Flags, Freq, Grid, Mode, Spot, Utc, Verdicts, station};
use dxring::wire::{LineStyle, Trailers};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, Write};
use std::sync::Arc;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is going down has no counter any more, and nobody asks it.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes to the system allocator unchanged; counting touches only a thread-local
// integer that needs no allocation itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(10)))), 1);
}

/// A stretch of a feed: skimmers, people, digital, one report twice, and what is none of these.
fn stream(round: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for n in 0..40 {
        let call = format!("K{}{}{}", n % 10, (b'A' + (n % 26) as u8) as char, (b'A' + (round % 26) as u8) as char);
        out.extend(
            format!("DX de W3LPL-#:  {:>8}.{}  {call:<15}CW    23 dB  25 WPM  CQ      1234Z\r\n", 14_000 + n, n % 10)
                .bytes(),
        );
        out.extend(format!("DX de OH6BG-#:   14074.0  {call:<13}FT8  -10 dB  LO45 CQ           1234Z\r\n").bytes());
        out.extend(format!("DX de F5LEN:     14025.3  {call:<13}up 2 tnx Paul                  1234Z\r\n").bytes());
        out.extend(b"DX de W3LPL-#:  13999.0  K1ABC   CW    23 dB  25 WPM  CQ  1234Z\r\n\r\nWelcome\r\n");
        out.extend(b"DX de W3LPL-#:  14001.0  1A9XYZ  CW    23 dB  25 WPM  CQ  1034Z\r\n");
    }
    for de in ["K3LR-#", "K3LR-1-#"] {
        let letter = char::from(b'A' + (round % 26) as u8);
        out.extend(format!("DX de {de}: 7012.0  F5L{letter}  CW  20 dB  25 WPM  CQ  1234Z\r\n").bytes());
    }
    out
}

/// Takes bytes and counts them, as a socket with room would.
#[derive(Default)]
struct Sink {
    bytes: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let n = parts.iter().map(|part| part.len()).sum();
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every layout, and the classic one with everything that can be added to it.
const STYLES: [LineStyle; 5] = [
    LineStyle::of(LineFormat::Classic),
    LineStyle::of(LineFormat::Gocluster),
    LineStyle::of(LineFormat::Cc11),
    LineStyle::of(LineFormat::Json),
    LineStyle {
        width: LineStyle::WIDTH_MAX,
        trailers: Trailers(u8::MAX),
        beep: true,
        two_decimals: true,
        diag: b'M',
        ..LineStyle::of(LineFormat::Classic)
    },
];

/// A filter as people make them: bands, modes, where from, and some calls whatever the rest says.
fn wanted() -> Filter {
    let bands = Expr::Is(Term::Band(BandSet::of(&[Band::M40, Band::M20])));
    let modes = Expr::Is(Term::Mode(ModeSet::of(&[Mode::Ft8, Mode::Ft4]))).not();
    let from = Expr::Is(Term::Continent(Side::De, ContinentSet::of(&[Continent::Eu])));
    let calls = ["K7*", "*/P", "?1AB?"].map(|pattern| Pattern(pattern.into())).to_vec();
    let words = Expr::Is(Term::Words(vec!["TNX".into(), "IOTA".into()]));
    Filter::compile(&bands.and(modes).and(words.or(from)).or(Expr::Is(Term::Call(Side::Dx, calls))))
}

/// The stages behind the gate, one user of each style, and one with a filter.
struct Behind {
    correct: ModeStage,
    correct_books: Ledger,
    corrected: Vec<Spot>,
    windows: Windows,
    duplicates: u64,
    cohorts: Cohorts,
    users: [(Output, Sink); STYLES.len()],
    choosy: (Output, Sink),
    /// How many spots he got.
    chosen: u64,
    /// The users' stations, as a core keeps them.
    stations: ahash::AHashMap<Call, Vec<u32>>,
    log: SendLog,
    sent: u64,
}

impl Behind {
    fn new() -> Behind {
        let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::new(Ledger::new("deliveries")));
        let mut users = STYLES.map(|_| (Output::default(), Sink::default()));
        for (conn, style) in STYLES.into_iter().enumerate() {
            let preferences = Preferences { style, dedupe: Dedupe::Off, updates: false };
            users[conn].0.follow(&mut cohorts, preferences.into(), conn as u32);
        }
        let mut choosy = (Output::default(), Sink::default());
        choosy.0.follow(&mut cohorts, CohortKey { filter: wanted(), ..CohortKey::default() }, STYLES.len() as u32);
        let stations = [("N0AAA", vec![0]), ("VK9TTT", vec![1, 2])];
        Behind {
            correct: ModeStage::new(&config::Modes::default()),
            correct_books: Ledger::new("correct"),
            corrected: Vec::with_capacity(4_096),
            windows: Windows::new(&config::Dedup::default()),
            duplicates: 0,
            cohorts,
            users,
            choosy,
            chosen: 0,
            stations: stations.map(|(call, conns)| (Call::literal(call), conns)).into_iter().collect(),
            log: SendLog::default(),
            sent: 0,
        }
    }

    fn take(&mut self, now: Now, spots: &[Spot]) {
        self.corrected.clear();
        let mut outlet = Outlet { spots: &mut self.corrected, ledger: &self.correct_books };
        for spot in spots {
            self.correct.on_spot(now, *spot, &mut outlet);
        }
        for spot in &mut self.corrected {
            if self.windows.judge(now, spot) != Outcome::New {
                self.duplicates += 1;
                continue;
            }
            self.cohorts.judge(spot);
            // Nobody's own call, and that is found out without a cost.
            assert!(!self.stations.contains_key(&station(&spot.dx)));
            let reached = self.cohorts.append(spot, now.mono_ns, false).expect("the users keep up");
            self.chosen += u64::from(reached - STYLES.len() as u32);
            self.sent += 1;
        }
        for (output, sink) in self.users.iter_mut().chain([&mut self.choosy]) {
            assert_eq!(output.flush(&mut self.cohorts, sink, &mut self.log), Flushed::Done);
        }
        self.log.commit(&mut self.cohorts, now.mono_ns);
        self.cohorts.close_books();
    }
}

#[test]
fn socket_bytes_to_users_allocates_nothing() {
    let mut clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 34, 30));
    let started = clock.now();
    let cty: SharedCty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
    let (producer, mut ring) = edge::<Spot>("parse>correct", 4_096, Bell::silent());
    let notes = Notes::new(Arc::new(Mailbox::new(8, Bell::silent())));
    let mut desk = Desk::new(Gate::new(cty, 10), producer, notes, Arc::new(Control::new()), FaultPoint::default());
    let stats = Arc::new(FeedStats::new("cluster", 0, Some(FeedKind::Cluster)));
    let mut input = Input::new(Arc::clone(&stats), Call::literal("CLUSTER"), AgePolicy { max_age_s: 300 }, 1_024);
    let log_in =
        LogIn { call: "N0CALL".into(), password: String::new(), timeout_s: 30, keepalive_s: 240, read_deadline_s: 300 };
    let mut client = FeedClient::new(log_in, started);
    let mut say = Vec::with_capacity(64);
    let mut taken: Vec<Spot> = Vec::with_capacity(4_096);
    let mut behind = Behind::new();

    let mut play = |behind: &mut Behind, rounds: &[Vec<u8>]| {
        for bytes in rounds {
            clock.advance_ms(1_000);
            let now = clock.now();
            // Pieces that cut lines in the middle, as sockets do.
            for piece in bytes.chunks(1_000) {
                let batch = &mut input.batch;
                let _ = client.on_bytes(now, piece, &mut say, &mut |line| batch.push(line));
                desk.lines(&mut input, now);
                taken.clear();
                ring.pop_into(&mut taken, 4_096);
                behind.take(now, &taken);
            }
            desk.announce();
        }
    };
    let rounds: Vec<Vec<u8>> = (0..20).map(stream).collect();
    play(&mut behind, &rounds[..5]);
    let warm = stats.ledger.view();
    let warm_sent = behind.sent;
    let n = allocations(|| play(&mut behind, &rounds[5..]));
    let done = stats.ledger.view();
    let passed = done.total_out() - warm.total_out();
    assert_eq!(passed, 15 * 122, "the stretch is real work");
    assert_eq!((behind.sent - warm_sent, behind.duplicates), (15 * 121, 20));
    assert!(behind.users.iter().all(|(_, sink)| sink.bytes > 70 * behind.sent));
    let (chosen, sent) = (behind.chosen, behind.sent);
    assert!(chosen > sent / 10 && chosen < sent * 9 / 10, "the filter is real work: {chosen} of {sent}");
    assert!(behind.choosy.1.bytes > 70 * chosen);
    assert!(done.ended_by(Reason::OutOfBand) > 0 && done.ended_by(Reason::Stale) > 0);
    assert_eq!(n, 0, "{n} allocations for {passed} spots");
}

/// Appends a PUBLISH of QoS 0 (MQTT 3.1.1, 3.3).
fn publish(topic: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let mut length = 2 + topic.len() + payload.len();
    out.push(0x30);
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    out.extend_from_slice(topic);
    out.extend_from_slice(payload);
}

/// A cycle of PSKReporter, as the broker sends it: every receiver hears some stations, late; one report twice, one of the path, one of a
/// mode that nobody takes, one too old, one ahead of time, one without a report.
fn cycle(round: usize, sq: &mut u64, now: Utc) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut topic, mut payload) = (Vec::new(), Vec::new());
    let mut push = |sq: u64, dx: &[u8], de: &[u8], mode: &str, after_s: i64| {
        let heard_s = now.ms() / 1_000 + after_s;
        topic.clear();
        payload.clear();
        let report = PskText {
            sq,
            freq_hz: 14_074_000 + sq % 3_000,
            mode,
            snr_db: (sq % 40) as i16 - 20,
            heard_s,
            sent_s: heard_s - 15,
            dx,
            dx_grid: b"FN42",
            dx_adif: 291,
            de,
            de_grid: b"JO31ab12",
            de_adif: 0,
        };
        psk_topic(&report, &mut topic);
        psk_payload(&report, &mut payload);
        publish(&topic, &payload, &mut out);
    };
    let letter = |n: usize| b'A' + (n % 26) as u8;
    for receiver in 0..20 {
        let de = [b'D', b'L', b'1', letter(receiver), b'X'];
        for station in 0..30 {
            *sq += 1;
            let dx = [b'K', b'0' + (station % 10) as u8, letter(station), letter(round), letter(receiver)];
            push(*sq, &dx, &de, ["FT8", "FT8", "FT4"][station % 3], -((receiver * 20 + station) as i64));
        }
    }
    push(*sq, b"K1ABC", b"DL1ABC", "FT8", -30);
    for (mode, after_s) in [("WSPR", -60), ("NEWMODE", -60), ("FT8", -1_000), ("FT8", 3_000)] {
        *sq += 1;
        push(*sq, b"K9ZZZ", b"DL9ZZZ", mode, after_s);
    }
    *sq += 1;
    let silent = format!("{{\"sq\":{sq},\"f\":14074000,\"md\":\"FT8\",\"rp\":null,\"t\":1,\"sc\":\"K1ABC\"}}");
    publish(b"pskr/filter/v2/20m/FT8/K1ABC/////", silent.as_bytes(), &mut out);
    out
}

/// A client that a broker let in.
fn subscribed(now: Now, say: &mut Vec<u8>) -> MqttClient {
    let log_in = MqttLogIn {
        version: MqttVersion::V3,
        user: String::new(),
        password: String::new(),
        topics: psk_topics(&[], &[]),
        timeout_s: 30,
        keepalive_s: 0,
        read_deadline_s: 0,
        payload_bytes_max: 4_096,
        seed: 1,
    };
    let mut client = MqttClient::new(&log_in, now);
    let _ = client.on_timer(now, say);
    say.clear();
    let _ = client.on_bytes(now, &[0x20, 2, 0, 0], say, &mut |_| {});
    let [0x82, _, high, low, ..] = say[..] else { panic!("no SUBSCRIBE: {}", say.escape_ascii()) };
    let _ = client.on_bytes(now, &[0x90, 3, high, low, 0], say, &mut |_| {});
    assert!(client.is_logged_in());
    client
}

#[test]
fn mqtt_bytes_to_users_allocate_nothing() {
    let mut clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 34, 30));
    let cty: SharedCty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
    let (producer, mut ring) = edge::<Spot>("parse>correct", 4_096, Bell::silent());
    let notes = Notes::new(Arc::new(Mailbox::new(8, Bell::silent())));
    let mut desk = Desk::new(Gate::new(cty, 10), producer, notes, Arc::new(Control::new()), FaultPoint::default());
    let stats = Arc::new(FeedStats::new("pskreporter", 0, Some(FeedKind::PskReporter)).of_network(true));
    let age = AgePolicy { max_age_s: 900 };
    let mut input = Input::new(Arc::clone(&stats), Call::literal(PSKREPORTER), age, 4_096)
        .taking(ReportPolicy::of(&config::Feed::default()));
    let mut taken: Vec<Spot> = Vec::with_capacity(4_096);
    let mut behind = Behind::new();
    let mut sq = 73_000_000_000;
    let started = clock.now().utc;
    let rounds: Vec<Vec<u8>> =
        (0..20).map(|n| cycle(n, &mut sq, Utc::from_ms(started.ms() + (n as i64 + 1) * 15_000))).collect();
    let mut say = Vec::with_capacity(4_096);
    let mut client = subscribed(clock.now(), &mut say);
    let mut play = |behind: &mut Behind, rounds: &[Vec<u8>]| {
        for bytes in rounds {
            clock.advance_ms(15_000);
            let now = clock.now();
            // Pieces that cut packets in the middle, as sockets do.
            for piece in bytes.chunks(20_000) {
                let batch = &mut input.batch;
                assert!(client.on_bytes(now, piece, &mut say, &mut |payload| batch.push(payload)).is_none());
                desk.lines(&mut input, now);
                taken.clear();
                ring.pop_into(&mut taken, 4_096);
                behind.take(now, &taken);
                desk.announce();
            }
        }
    };
    play(&mut behind, &rounds[..5]);
    let (warm, warm_sent) = (stats.ledger.view(), behind.sent);
    let n = allocations(|| play(&mut behind, &rounds[5..]));
    let done = stats.ledger.view();
    let passed = done.total_out() - warm.total_out();
    assert_eq!(passed, 15 * 601, "the stretch is real work: {:?}", done.ended);
    assert_eq!(behind.sent - warm_sent, passed - (behind.duplicates));
    for reason in [Reason::Duplicate, Reason::PathOnly, Reason::ModeNotTaken, Reason::Stale, Reason::NoReport] {
        assert_eq!(done.ended_by(reason), 20, "{}", reason.name());
    }
    assert_eq!(stats.upstream.as_ref().and_then(|upstream| upstream.lost()), Some(0));
    assert_eq!(n, 0, "{n} allocations for {passed} spots");
}

#[test]
fn correct_and_dedup_allocate_nothing_from_the_first_spot() {
    let clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 0, 0));
    let now = clock.now();
    let cty = Cty::embedded();
    let mut modes = ModeStage::new(&config::Modes::default());
    // Small windows, so that rings run full, wrap and evict too.
    let mut windows = Windows::new(&config::Dedup { entries_max: 1_000, ..config::Dedup::default() });
    let ledger = Ledger::new("correct");
    let mut out = Vec::with_capacity(1);
    let said = [Mode::Cw, Mode::Ft8, Mode::Unknown, Mode::Rtty];
    let mut verdicts = 0;
    let n = allocations(|| {
        for i in 0..50_000u32 {
            let mut spot = Spot::empty();
            let letter = |n: u32| b'A' + (n % 26) as u8;
            spot.dx = Call::new(&[b'K', b'0' + (i % 10) as u8, letter(i), letter(i / 26), letter(i / 676)]).unwrap();
            spot.de = Call::new(&[b'W', b'3', letter(i / 7), b'-', b'#']).unwrap();
            spot.flags.set(Flags::SKIMMER, true);
            spot.set_freq(Freq::from_hz(14_000_000 + u64::from(i % 3_000) * 100));
            spot.set_mode(said[i as usize % said.len()]);
            spot.time = Utc::from_ms(now.utc.ms() + i64::from(i) * 20);
            enrich(&cty, &mut spot);
            out.clear();
            modes.on_spot(now, spot, &mut Outlet { spots: &mut out, ledger: &ledger });
            if windows.judge(now, &mut out[0]) == Outcome::New {
                verdicts += u32::from(out[0].verdicts.has(Verdicts::MED));
            }
        }
    });
    assert!(verdicts > 10_000 && windows.stats().evicted[2] > 0, "the stretch is real work: {verdicts}");
    assert_eq!(n, 0, "{n} allocations");
}

#[test]
fn filters_allocate_nothing() {
    let texts = |list: &[&str]| -> Vec<Box<str>> { list.iter().map(|text| Box::from(*text)).collect() };
    let patterns = |list: &[&str]| -> Vec<Pattern> { list.iter().map(|text| Pattern(Box::from(*text))).collect() };
    let terms = [
        Term::Band(BandSet::of(&[Band::M20])),
        Term::Continent(Side::De, ContinentSet::of(&[Continent::Na])),
        Term::Entity(Side::Dx, EntitySet::from_iter([291, 230])),
        Term::Freq(vec![(14_000_000, 14_070_000), (7_000_000, 7_040_000)]),
        Term::Snr(vec![(10, 20), (30, 40)]),
        Term::Time(vec![MinuteRange { from: 1_200, to: 300 }]),
        Term::Grid(Side::Dx, ["FN", "JO31"].into_iter().filter_map(GridPrefix::parse).collect()),
        Term::Near { side: Side::Dx, lat_e4: 510_000, lon_e4: 100_000, km: 500 },
        Term::Call(Side::Dx, patterns(&["K1*", "*XYZ", "*77*", "D?1*C", "DL1ABC"])),
        Term::Call(Side::De, patterns(&["W3LPL", "K3*"])),
        Term::Node(patterns(&["RBN"])),
        Term::Words(texts(&["POTA"])),
        Term::Words(texts(&["QRP", "LOTW", "QSX"])),
        Term::Regex(texts(&["up \\d", "(qsx|lsn).*[0-9]{3}", "\\b[a-z]{1,2}-\\d{4}\\b"])),
        Term::Reference(RefSet::from_iter([1, 2, 3])),
    ];
    let mut filters: Vec<Filter> = terms.iter().map(|term| Filter::compile(&Expr::Is(term.clone()))).collect();
    filters.push(Filter::compile(&Expr::Or(terms.map(Expr::Is).to_vec())));
    let cty = Cty::embedded();
    let spots: Vec<Spot> = (0..600u32)
        .map(|i| {
            let mut spot = Spot::empty();
            let calls = ["K1ABC", "K1ABC/P", "DL1XYZ", "OE77A/QRP", "DA1BC", "EA8/DF4UI", "JA1AAA/MM"];
            spot.dx = Call::literal(calls[i as usize % calls.len()]);
            spot.de = Call::literal(["W3LPL-1-#", "K3LR-#", "F5LEN"][i as usize % 3]);
            spot.node = Call::literal(["RBN", "GB7XX-1"][i as usize % 2]);
            spot.set_freq(Freq::from_hz(7_000_000 + u64::from(i % 8) * 1_003_000));
            spot.set_snr((i % 2 == 0).then_some((i % 50) as i16));
            spot.dx_grid =
                Grid::parse([b"FN42".as_slice(), b"JO31AA", b"JN58", b""][i as usize % 4]).unwrap_or_default();
            spot.time = Utc::from_ms(i64::from(i) * 1_234_567);
            let comment = ["", "up 5", "pota us-1234", "QSX 14205 lsn for eu", "tnx ü lotw QRP", "599 599 G/LD-001"];
            spot.set_comment(comment[i as usize % comment.len()].as_bytes());
            enrich(&cty, &mut spot);
            spot
        })
        .collect();
    let ask = |filter: &Filter| spots.iter().filter(|spot| filter.passes(spot)).count();
    // Regular expressions learn their states on the way; what they have seen costs nothing any more.
    let first: Vec<usize> = filters.iter().map(ask).collect();
    for (at, filter) in filters.iter().enumerate() {
        let mut passed = 0;
        let n = allocations(|| passed = ask(filter));
        assert_eq!(n, 0, "{n} allocations of {:?}", filter.expr());
        assert!(passed == first[at] && (1..600).contains(&passed) || at == 15, "{passed} pass {:?}", filter.expr());
    }
}

#[test]
fn mqtt_payloads_allocate_nothing() {
    let mut clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 0, 0));
    for version in [config::MqttVersion::V3, config::MqttVersion::V5] {
        let is_v5 = version == config::MqttVersion::V5;
        let log_in = MqttLogIn {
            version,
            user: String::new(),
            password: String::new(),
            topics: psk_topics(&[], &[]),
            timeout_s: 30,
            keepalive_s: 0,
            read_deadline_s: 300,
            payload_bytes_max: 256,
            seed: 1,
        };
        let mut client = MqttClient::new(&log_in, clock.now());
        let mut say = Vec::new();
        let _ = client.on_timer(clock.now(), &mut say);
        let answers: &[u8] =
            if is_v5 { &[32, 3, 0, 0, 0, 144, 4, 0, 1, 0, 0] } else { &[32, 2, 0, 0, 144, 3, 0, 1, 0] };
        let _ = client.on_bytes(clock.now(), answers, &mut say, &mut |_| {});
        assert!(client.is_logged_in());
        // Reports, and one in ten above the bound.
        let mut bytes = Vec::new();
        for n in 0..1_000 {
            let payload = if n % 10 == 9 { 300 } else { 200 };
            let length = 2 + 30 + usize::from(is_v5) + payload;
            bytes.extend([0x30, (length % 128) as u8 | 128, (length / 128) as u8, 0, 30]);
            bytes.extend([b't'; 30]);
            bytes.extend(is_v5.then_some(0));
            bytes.extend(vec![b'x'; payload]);
        }
        let (mut payloads, mut read) = (0, 0);
        // Whole, and in pieces that cut everything everywhere; from the first one on.
        let n = allocations(|| {
            for size in [bytes.len(), 1_461, 7, 1] {
                clock.advance_ms(1_000);
                for piece in bytes.chunks(size) {
                    let mut take = |payload: &[u8]| {
                        payloads += 1;
                        read += payload.len();
                    };
                    assert_eq!(client.on_bytes(clock.now(), piece, &mut say, &mut take), None);
                }
                assert_eq!(client.on_timer(clock.now(), &mut say), None);
            }
        });
        assert_eq!((payloads, read, client.take_too_long()), (4 * 900, 4 * 900 * 200, 4 * 100));
        assert_eq!(n, 0, "{n} allocations");
    }
}
