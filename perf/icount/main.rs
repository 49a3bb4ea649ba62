//! The hot functions, one at a time, for counting instructions: `scripts/icount.sh`.
//!
//! `icount SUBJECT` prepares the subject's inputs and then calls [`counted`], whose instructions valgrind collects;
//! `icount --list` prints each subject with the number of items in a run. The inputs are the same in every run and
//! the stages' tables have fixed seeds, so the counts differ by less than 0.1 % from run to run.

use dxring::config::{self, FeedKind};
use dxring::correct::ModeStage;
use dxring::dedup::Windows;
use dxring::engine::{Bell, Consumer, Control, FaultPoint, Mailbox, Now, TestClock, edge};
use dxring::filter::{BandSet, ContinentSet, CqSet, EntitySet, Expr, Filter, ModeSet, Pattern, Side, Term};
use dxring::parse::{AgePolicy, Desk, FeedStats, Gate, Input, Notes};
use dxring::reference::{Cty, enrich};
use dxring::spot::{Band, Call, Class, Continent, Mode, Spot, Utc};
use dxring::wire::{LineStyle, cc11, classic, gocluster, json, people_line, skimmer_line};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

/// Spots of a run.
const SPOTS: u32 = 20_000;
/// Different stations among them: they come again, within the windows and after.
const STATIONS: u32 = 3_000;
/// Spots of one second.
const PER_SECOND: u32 = 50;
/// Lines handed to the desk at once.
const BATCH_LINES: u32 = 100;

/// A subject: its name, and what prepares its inputs and returns what is counted.
type Subject = (&'static str, fn() -> Box<dyn FnMut()>);

const SUBJECTS: [Subject; 14] = [
    ("parse RBN CW", || desk(FeedKind::Rbn, rbn_cw)),
    ("parse RBN FT8", || desk(FeedKind::RbnDigital, rbn_ft8)),
    ("parse PSKReporter", || desk(FeedKind::PskReporter, psk)),
    ("parse people", || desk(FeedKind::Cluster, person)),
    ("correct CW", || correct(rbn_cw)),
    ("correct FT8", || correct(rbn_ft8)),
    ("correct no mode", || correct(person)),
    ("dedup CW", || dedup(rbn_cw)),
    ("dedup FT8", || dedup(rbn_ft8)),
    ("filter", || {
        let filter = Filter::compile(&wanted());
        each(mixed(), move |spot| filter.passes(spot))
    }),
    ("encode classic", || encode(classic)),
    ("encode gocluster", || encode(|spot, out| gocluster(spot, 76, out))),
    ("encode cc11", || encode(|spot, out| cc11(spot, LineStyle::default(), out))),
    ("encode json", || encode(json)),
];

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`.
    let asked = std::env::args().skip(1).find(|arg| arg != "--bench");
    match asked.as_deref() {
        None | Some("--list") => {
            for (name, _) in SUBJECTS {
                println!("{SPOTS}\t{name}");
            }
            ExitCode::SUCCESS
        }
        Some(asked) => match SUBJECTS.iter().find(|(name, _)| *name == asked) {
            Some((_, prepare)) => {
                let mut run = prepare();
                counted(&mut *run);
                ExitCode::SUCCESS
            }
            None => {
                eprintln!("icount: no subject `{asked}`; --list names them");
                ExitCode::FAILURE
            }
        },
    }
}

/// Everything that is counted happens in here.
#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    black_box(run)();
}

fn each<T: 'static>(items: Vec<T>, mut of: impl FnMut(&T) -> bool + 'static) -> Box<dyn FnMut()> {
    Box::new(move || {
        for item in &items {
            black_box(of(black_box(item)));
        }
    })
}

/// Lines through read, gate and ring.
fn desk(kind: FeedKind, line: fn(u32) -> String) -> Box<dyn FnMut()> {
    let (producer, mut consumer): (_, Consumer<Spot>) = edge("icount", 4 * BATCH_LINES as usize, Bell::silent());
    let stats = Arc::new(FeedStats::new("icount", 0, Some(kind)));
    let age = AgePolicy { max_age_s: config::Feed::default().max_age_s };
    let mut input = Input::new(Arc::clone(&stats), Call::literal("NODE"), age, BATCH_LINES as usize);
    let cty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
    let notes = Notes::new(Arc::new(Mailbox::new(1, Bell::silent())));
    let mut desk = Desk::new(Gate::new(cty, 0), producer, notes, Arc::new(Control::new()), FaultPoint::default());
    let lines: Vec<String> = (0..SPOTS).map(line).collect();
    let mut spots = Vec::with_capacity(4 * BATCH_LINES as usize);
    Box::new(move || {
        for (batch, lines) in (0..).zip(lines.chunks(BATCH_LINES as usize)) {
            lines.iter().for_each(|line| input.batch.push(line.as_bytes()));
            desk.lines(&mut input, at(batch * BATCH_LINES));
            spots.clear();
            consumer.pop_into(&mut spots, usize::MAX);
        }
        assert_eq!(stats.ledger.view().total_out(), u64::from(SPOTS), "a line did not pass");
    })
}

fn correct(line: fn(u32) -> String) -> Box<dyn FnMut()> {
    let mut spots = spots(line);
    let mut stage = ModeStage::new(&config::Modes::default());
    Box::new(move || spots.iter_mut().for_each(|spot| stage.infer(black_box(spot))))
}

fn dedup(line: fn(u32) -> String) -> Box<dyn FnMut()> {
    let mut spots = spots(line);
    let mut windows = Windows::new(&config::Dedup::default());
    let now = at(0);
    Box::new(move || {
        for spot in &mut spots {
            black_box(windows.judge(now, black_box(spot)));
        }
    })
}

fn encode(print: fn(&Spot, &mut Vec<u8>)) -> Box<dyn FnMut()> {
    let mut out = Vec::with_capacity(1 << 16);
    each(mixed(), move |spot| {
        if out.len() > (1 << 16) - 2_048 {
            out.clear();
        }
        print(spot, &mut out);
        !out.is_empty()
    })
}

/// Spots of lines, as they come to correct.
fn spots(line: fn(u32) -> String) -> Vec<Spot> {
    let cty = Cty::embedded();
    let read = |n| {
        let line = line(n);
        let (read, class) = match skimmer_line(line.as_bytes()) {
            Ok(read) if read.spot.mode() == Mode::Ft8 => (read, Class::RbnDigital),
            Ok(read) => (read, Class::Rbn),
            Err(_) => (people_line(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e:?}")), Class::Human),
        };
        let mut spot = read.spot;
        spot.set_class(class);
        spot.time = at(n).utc;
        enrich(&cty, &mut spot);
        spot
    };
    (0..SPOTS).map(read).collect()
}

/// Machines' and people's in turn.
fn mixed() -> Vec<Spot> {
    let [cw, ft8, people] = [rbn_cw, rbn_ft8, person].map(spots);
    (0..SPOTS as usize).map(|n| [&cw, &ft8, &cw, &people][n % 4][n]).collect()
}

/// What an experienced user asks for: bands, modes, zones, calls.
fn wanted() -> Expr {
    let is = Expr::Is;
    let calls = ["DL*", "K1*", "*A", "JA1?B"].map(|text| Pattern(text.into()));
    Expr::And(vec![
        is(Term::Band(BandSet::of(&[Band::M20, Band::M15, Band::M40]))),
        is(Term::Mode(ModeSet::of(&[Mode::Cw, Mode::Ft8]))),
        is(Term::Continent(Side::De, ContinentSet::of(&[Continent::Eu, Continent::Na]))),
        Expr::Or(vec![
            is(Term::Cq(Side::Dx, CqSet::from_iter([3, 4, 5, 14, 25]))),
            is(Term::Call(Side::Dx, calls.into())),
            is(Term::Entity(Side::Dx, EntitySet::from_iter([291, 230, 339]))).not(),
        ]),
    ])
}

const NOON: Utc = Utc::from_civil(2026, 11, 24, 12, 0, 0);

/// The moment of spot `n`.
fn at(n: u32) -> Now {
    let mut clock = TestClock::at(NOON);
    clock.advance_ms(u64::from(n / PER_SECOND) * 1_000);
    clock.now()
}

fn hhmm(n: u32) -> String {
    let (hour, minute) = at(n).utc.hour_minute();
    format!("{hour:02}{minute:02}")
}

/// A scattered number below `below`, the same for the same `n`.
fn pick(n: u32, salt: u32, below: u32) -> u32 {
    let mixed = (u64::from(n) << 32 | u64::from(salt)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed >> 33) % u64::from(below)) as u32
}

fn dx(n: u32) -> String {
    const PREFIXES: [&str; 12] = ["K", "DL", "JA", "UA", "VE", "SP", "EA", "PY", "VK", "F", "9A", "OH"];
    let station = pick(n, 1, STATIONS);
    let letter = |salt| char::from(b'A' + pick(station, salt, 26) as u8);
    let suffix = if station.is_multiple_of(19) { "/P" } else { "" };
    let prefix = PREFIXES[pick(station, 2, 12) as usize];
    format!("{prefix}{}{}{}{}{suffix}", pick(station, 3, 10), letter(4), letter(5), letter(6))
}

fn spotter(n: u32) -> &'static str {
    const SKIMMERS: [&str; 8] = ["W3LPL", "DL8LAS", "K3LR-1", "OH6BG", "VE6WZ", "JA1JRK", "EA8BFK", "G4ZFE"];
    SKIMMERS[pick(n, 7, 8) as usize]
}

fn rbn_cw(n: u32) -> String {
    const BANDS_KHZ: [u32; 6] = [3_510, 7_005, 10_105, 14_005, 21_005, 28_005];
    let station = pick(n, 1, STATIONS);
    let khz = BANDS_KHZ[pick(station, 8, 6) as usize] + pick(station, 9, 30);
    let freq = format!("{khz}.{}", pick(station, 10, 10));
    let (snr, wpm) = (3 + pick(n, 11, 35), 18 + pick(station, 12, 20));
    let de = format!("{}-#:", spotter(n));
    format!("DX de {de:<10}{freq:>8}  {:<14} CW    {snr:>2} dB  {wpm:>2} WPM  CQ      {}Z", dx(n), hhmm(n))
}

fn rbn_ft8(n: u32) -> String {
    const BANDS_KHZ: [u32; 6] = [3_573, 7_074, 10_136, 14_074, 21_074, 28_074];
    let khz = BANDS_KHZ[pick(pick(n, 1, STATIONS), 8, 6) as usize];
    let snr = pick(n, 11, 30) as i32 - 20;
    let de = format!("{}-#:", spotter(n));
    format!("DX de {de:<10}{khz:>6}.0  {:<14} FT8  {snr:>3} dB          CQ      {}Z", dx(n), hhmm(n))
}

fn person(n: u32) -> String {
    const WORDS: [&str; 6] =
        ["up 2 tnx Paul", "POTA US-1234 loud", "", "cq test 599", "QSX 14030 via LP", "73 gl op Jan"];
    const BANDS_KHZ: [u32; 6] = [3_505, 7_010, 14_020, 14_195, 21_260, 28_490];
    let freq = format!("{}.{}", BANDS_KHZ[pick(n, 8, 6) as usize] + pick(n, 9, 9), pick(n, 10, 10));
    let comment = WORDS[pick(n, 11, 6) as usize];
    let de = format!("{}:", ["F5LEN", "W1AW", "DL1ABC", "JH1NBN"][pick(n, 7, 4) as usize]);
    format!("DX de {de:<10}{freq:>8}  {:<13}{comment:<31}{}Z", dx(n), hhmm(n))
}

fn psk(n: u32) -> String {
    let (hz, rp) = (14_074_000 + pick(n, 9, 3_000), pick(n, 11, 30) as i32 - 20);
    let t = NOON.ms() / 1_000 + i64::from(n / PER_SECOND);
    format!(
        r#"{{"sq":{},"f":{hz},"md":"FT8","rp":{rp},"t":{t},"t_tx":{},"sc":"{}","sl":"FN42","rc":"{}","rl":"JO31ab","sa":291,"ra":230,"b":"20m"}}"#,
        60_000_000_000u64 + u64::from(n),
        t - 15,
        dx(n),
        spotter(n)
    )
}
