//! µs per question to the history: rings of the default size, full (131,072 spots).
//!
//! `cargo bench --bench history`. 500 lines is the most a question gets; a question that finds nothing looks at
//! every spot. Both must stay under 5 ms.

use criterion::{Criterion, criterion_group, criterion_main};
use dxring::config;
use dxring::filter::{BandSet, Expr, Filter, ModeSet, Pattern, Side, Term};
use dxring::reference::{Cty, enrich};
use dxring::spot::{Band, Call, Flags, Freq, Mode, SessionId, Spot, Utc, Verdicts};
use dxring::store::{History, HistoryRequest, Layout, Query, Sources, SpotsWanted, What};
use dxring::wire::{LineFormat, LineStyle};
use std::hint::black_box;

const DX: [&str; 12] =
    ["9A1A", "K1ABC", "JA1XYZ", "DL1AA", "G3SXW", "EA8/DF4UI", "VK3XYZ", "OH2BH", "UA9CDC", "PY2AA", "ON4KST", "F5LEN"];
const DE: [&str; 8] = ["W3LPL-#", "DK9IP-#", "K3LR-#", "VE7CC-#", "G4ABC", "9A5K", "JH7CSU1-#", "ZL3X"];

fn full() -> History {
    let config = config::History::default();
    let cty = Cty::embedded();
    let mut history = History::new(&config);
    let mut random = fastrand::Rng::with_seed(7);
    for seq in 1..=u64::from(config.human + config.rbn + config.digital) * 3 {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal(random.choice(DX).unwrap()), Call::literal(random.choice(DE).unwrap()));
        let band = Band::ALL[random.usize(2..12)];
        spot.set_freq(Freq::from_hz(random.u64(band.edges_hz().0..band.edges_hz().1)));
        let (mode, is_skimmer) = match random.u8(0..4) {
            0 => (Mode::Usb, false),
            1 => (Mode::Ft8, true),
            _ => (Mode::Cw, true),
        };
        spot.set_mode(mode);
        spot.flags.set(Flags::SKIMMER, is_skimmer);
        if is_skimmer {
            spot.set_snr(Some(random.i16(-20..40)));
        } else {
            spot.set_comment(b"tnx for the new one, up 2 to 5 LOTW");
        }
        spot.time = Utc::from_ms(1_764_979_200_000 + seq as i64 * 10);
        (spot.seq, spot.verdicts) = (seq, Verdicts::FAST);
        enrich(&cty, &mut spot);
        history.keep(spot);
    }
    history
}

fn ask(history: &History, wanted: &SpotsWanted) -> usize {
    let request = HistoryRequest { session: SessionId::NONE, ask: 1, what: What::Spots(wanted.clone()) };
    let (_, reply) = Query::start(request, history).step(history, usize::MAX);
    reply.expect("one step is enough").bytes.len()
}

fn history(c: &mut Criterion) {
    let history = full();
    let all = SpotsWanted::last(500);
    let that = |expr: Expr| SpotsWanted { terms: Filter::compile(&expr), ..SpotsWanted::last(500) };
    let nobody = Expr::Is(Term::Call(Side::Dx, vec![Pattern("ZZ9*".into())]));
    let nowhere = Expr::Is(Term::Band(BandSet::of(&[Band::M2])));
    let voice_on_20m = Expr::And(vec![
        Expr::Is(Term::Band(BandSet::of(&[Band::M20]))),
        Expr::Is(Term::Mode(ModeSet::of(&[Mode::Usb, Mode::Lsb]))),
    ]);
    let words = Expr::Is(Term::Words(vec!["IOTA".into()]));
    let regex = Expr::Is(Term::Regex(vec![r"\b(AF|AN|AS|EU|NA|OC|SA)[- ]?\d{3}\b".into()]));
    let no_ft8 = Expr::Is(Term::Mode(ModeSet::of(&[Mode::Ft8, Mode::Ft4]))).and(Expr::Is(Term::Skimmer)).not();
    let mut group = c.benchmark_group("history");
    let mut run = |name: &str, wanted: SpotsWanted| {
        println!("{name}: {} bytes", ask(&history, &wanted));
        group.bench_function(name, |b| b.iter(|| black_box(ask(&history, black_box(&wanted)))));
    };
    run("500 newest, table", all.clone());
    run("500 newest, table, oldest first", SpotsWanted { oldest_first: true, ..all.clone() });
    let gocluster = Layout::Live(LineStyle::of(LineFormat::Gocluster));
    run("500 newest, gocluster", SpotsWanted { layout: gocluster, ..all.clone() });
    run("500 of people, table", SpotsWanted { sources: Sources::PEOPLE, ..all });
    run("500 of 20 m voice, table", that(voice_on_20m));
    run("nothing found, call", that(nobody.clone()));
    run("nothing found, call, through a filter", SpotsWanted { through: Filter::compile(&no_ft8), ..that(nobody) });
    run("nothing found, band", that(nowhere));
    run("nothing found, words", that(words));
    run("nothing found, expression", that(regex));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40);
    targets = history
}
criterion_main!(benches);
