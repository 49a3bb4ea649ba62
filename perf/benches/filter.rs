//! ns per spot and filter: `cargo bench --bench filter`.
//!
//! Each measurement goes round 2,000 spots: lines of the fixtures in `tests/replay/`, skimmers' and people's,
//! with calls, frequency and comment of different lines put together, so that answers and lengths differ as
//! they do on the air and the branch predictor cannot learn the round.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dxring::filter::{
    BandSet, ClassSet, ContinentSet, CqSet, EntitySet, Expr, Filter, GridPrefix, ModeSet, Pattern, RefSet, Side, Term,
    check_regex,
};
use dxring::reference::{Cty, enrich};
use dxring::spot::{Band, COMMENT_BYTES_MAX, Class, Continent, Mode, Spot, Utc};
use dxring::wire::{LineSplitter, people_line, skimmer_line};
use std::hint::black_box;

const SKIMMERS: &[u8] = include_bytes!("../../tests/replay/skimmers.txt");
const PEOPLE: &[u8] = include_bytes!("../../tests/replay/people.txt");

fn spots() -> Vec<Spot> {
    let cty = Cty::embedded();
    let mut spots = Vec::new();
    for (bytes, people) in [(SKIMMERS, false), (PEOPLE, true)] {
        LineSplitter::new().push(bytes, |line| {
            let read = if people { people_line(line) } else { skimmer_line(line) };
            if let Ok(read) = read {
                let mut spot = read.spot;
                spot.set_class(if people { Class::Human } else { Class::Rbn });
                spot.time = Utc::from_civil(2026, 11, 24, 14, 48, 0);
                enrich(&cty, &mut spot);
                spots.push(spot);
            }
        });
    }
    assert!(spots.len() >= 40, "the fixtures shrank");
    let mut dice = fastrand::Rng::with_seed(1);
    let mixed = |_| {
        let [mut spot, on, with] = [(); 3].map(|()| spots[dice.usize(..spots.len())]);
        spot.set_freq(on.freq);
        spot.set_mode(on.mode());
        (spot.de, spot.node, spot.snr_db) = (on.de, on.node, on.snr_db);
        if spot.is_skimmer() == with.is_skimmer() {
            spot.set_comment(with.comment());
        }
        enrich(&cty, &mut spot);
        spot
    };
    (0..2_000).map(mixed).collect()
}

fn is(term: Term) -> Expr {
    Expr::Is(term)
}
fn texts(list: &[&str]) -> Vec<Box<str>> {
    list.iter().map(|text| Box::from(*text)).collect()
}
fn patterns(list: impl IntoIterator<Item = String>) -> Vec<Pattern> {
    list.into_iter().map(|text| Pattern(text.into())).collect()
}

/// 100 patterns as somebody keeps them who needs few: most exact, some by prefix, few with inner wildcards.
fn hundred() -> Vec<Pattern> {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    patterns((0..100).map(|n| match n % 10 {
        0..=6 => format!("{}{}{}{}{}", letter(n * 7), letter(n * 3), n % 10, letter(n), letter(n * 5)),
        7 | 8 => format!("{}{}{}*", letter(n * 11), letter(n * 5), n % 10),
        _ => format!("*{}{}{}", letter(n), letter(n * 3), letter(n * 7)),
    }))
}

/// Ten slots of three terms each, as spider users write them: `reject/spots 1 on hf/cw and by_zone 14 and ...`.
fn slots() -> Expr {
    let bands =
        [Band::M160, Band::M80, Band::M40, Band::M30, Band::M20, Band::M17, Band::M15, Band::M12, Band::M10, Band::M6];
    Expr::Or(
        bands
            .iter()
            .enumerate()
            .map(|(n, band)| {
                let third = match n % 5 {
                    0 => is(Term::Cq(Side::De, CqSet::from_iter([14, 15, 16]))),
                    1 => is(Term::Call(Side::Dx, patterns(["K*".to_string(), "W*".to_string()]))).not(),
                    2 => is(Term::Words(texts(&["POTA", "SOTA"]))),
                    3 => is(Term::Entity(Side::Dx, EntitySet::from_iter([291, 1, 230]))).not(),
                    _ => is(Term::Snr(vec![(10, 99)])),
                };
                Expr::And(vec![is(Term::Band(BandSet::of(&[*band]))), is(Term::Mode(ModeSet::of(&[Mode::Cw]))), third])
            })
            .collect(),
    )
}

fn filters(c: &mut Criterion) {
    let spots = spots();
    let typical = Expr::And(vec![
        is(Term::Band(BandSet::of(&[Band::M20, Band::M15, Band::M10]))),
        is(Term::Mode(ModeSet::of(&[Mode::Cw]))),
        is(Term::Continent(Side::De, ContinentSet::of(&[Continent::Eu]))),
        is(Term::Skimmer).not(),
    ]);
    let default = is(Term::Class(ClassSet::of(&[Class::RbnDigital, Class::PskReporter])))
        .and(is(Term::Mode(ModeSet::of(&[Mode::Ft8, Mode::Ft4]))))
        .not();
    let grids = ["FN", "EM", "JO31", "JO62", "JN58"].into_iter().filter_map(GridPrefix::parse).collect();
    let cases: [(&str, Expr); 14] = [
        ("all", Expr::All),
        ("band and mode", is(Term::Band(BandSet::of(&[Band::M20]))).and(is(Term::Mode(ModeSet::of(&[Mode::Cw]))))),
        ("typical", typical),
        ("node default", default),
        ("grid prefixes", is(Term::Grid(Side::Dx, grids))),
        ("near", is(Term::Near { side: Side::De, lat_e4: 511_000, lon_e4: 102_000, km: 1_500 })),
        ("100 calls", is(Term::Call(Side::Dx, hundred()))),
        ("100 spotters", is(Term::Call(Side::De, hundred()))),
        ("one word", is(Term::Words(texts(&["POTA"])))),
        (
            "20 words",
            is(Term::Words(texts(&[
                "POTA", "SOTA", "WWFF", "IOTA", "LOTW", "QSX", "QRP", "UP", "DN", "TEST", "TNX", "73", "QSL", "VIA",
                "BURO", "NEW", "LOUD", "WKD", "5NN", "SPLIT",
            ]))),
        ),
        ("regex", is(Term::Regex(texts(&[r"\b(up|qsx)\s*\d"])))),
        ("reference", is(Term::Reference(RefSet::from_iter([1, 2, 3, 4, 5])))),
        ("30-term tree", slots()),
        ("30-term tree, rejecting", slots().not()),
    ];
    let mut group = c.benchmark_group("filter");
    group.throughput(Throughput::Elements(1));
    for (name, expr) in &cases {
        let filter = Filter::compile(expr);
        let passed = spots.iter().filter(|spot| filter.passes(spot)).count();
        eprintln!("{name}: {passed} of {} pass", spots.len());
        group.bench_function(*name, |b| {
            let mut at = 0;
            b.iter(|| {
                at = if at + 1 == spots.len() { 0 } else { at + 1 };
                filter.passes(black_box(&spots[at]))
            });
        });
    }
    // The worst that somebody can do to a node: as large as the limits let it be, on a comment that keeps
    // every branch alive.
    let worst = (1..).map(|n| format!("(a?b?c?){{{n}}}x")).take_while(|source| check_regex(source).is_ok());
    let worst = Filter::compile(&is(Term::Regex(vec![worst.last().expect("the first fits").into()])));
    let mut dice = fastrand::Rng::with_seed(2);
    let hostile: Vec<Spot> = spots
        .iter()
        .map(|spot| {
            let comment: Vec<u8> = (0..COMMENT_BYTES_MAX).map(|_| b"abc"[dice.usize(..3)]).collect();
            let mut spot = *spot;
            spot.set_comment(&comment);
            spot
        })
        .collect();
    group.bench_function("worst regex, worst comments", |b| {
        let mut at = 0;
        b.iter(|| {
            at = if at + 1 == hostile.len() { 0 } else { at + 1 };
            worst.passes(black_box(&hostile[at]))
        });
    });
    group.finish();

    let mut group = c.benchmark_group("filter compile");
    for name in ["typical", "100 calls", "30-term tree", "regex"] {
        let (_, expr) = cases.iter().find(|case| case.0 == name).expect("a name from above");
        group.bench_function(name, |b| b.iter(|| Filter::compile(black_box(expr))));
    }
    let most = patterns((0..Expr::TEXT_BYTES_MAX / 3).map(|n| format!("{:02X}{}", n % 256, ["?", "*", "A"][n % 3])));
    let most = is(Term::Call(Side::Dx, most));
    group.bench_function("as many patterns as allowed", |b| b.iter(|| Filter::compile(black_box(&most))));
    group.finish();
}

criterion_group!(benches, filters);
criterion_main!(benches);
