//! An answer is what a plain look at everything kept would give: random spots, rings that overflow, random
//! questions in random steps.

use super::*;
use crate::config;
use crate::filter::{BandSet, EntitySet, Expr, Filter, ModeSet, Pattern, Side, Term};
use crate::spot::{Band, Call, Flags, Freq, Mode, SessionId, Spot, Utc, Verdicts};
use proptest::prelude::*;

const CALLS: [&str; 6] = ["9A1A", "9A2B", "K1ABC", "EA8/DF4UI-2", "ON4KST/P", "JA1ABC-1-#"];
const MODES: [Mode; 4] = [Mode::Cw, Mode::Ft8, Mode::Usb, Mode::Rtty];
const KHZ: [u64; 4] = [7_010, 14_010, 14_200, 50_100];

fn spot() -> impl Strategy<Value = Spot> {
    let parts = (0..CALLS.len(), 0..CALLS.len(), 0..MODES.len(), 0..KHZ.len(), any::<bool>(), 0u8..4, 0i64..5_000);
    parts.prop_map(|(dx, de, mode, khz, is_skimmer, verdicts, secs)| {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal(CALLS[dx]), Call::literal(CALLS[de]));
        spot.set_mode(MODES[mode]);
        spot.set_freq(Freq::from_khz(KHZ[khz]));
        (spot.dx_adif, spot.de_adif) = (dx as u16, de as u16);
        spot.flags.set(Flags::SKIMMER, is_skimmer);
        spot.verdicts = Verdicts(verdicts);
        spot.time = Utc::from_secs(1_764_979_200 + secs);
        spot
    })
}

fn expr() -> impl Strategy<Value = Expr> {
    let term = prop_oneof![
        (0..CALLS.len(), 1usize..6).prop_map(|(call, len)| {
            Term::Call(Side::Dx, vec![Pattern(format!("{}*", &CALLS[call][..len.min(CALLS[call].len())]).into())])
        }),
        (0..CALLS.len()).prop_map(|call| Term::Call(Side::De, vec![Pattern(CALLS[call].into())])),
        (0..CALLS.len()).prop_map(|call| Term::Call(Side::De, vec![Pattern("K*".into()), Pattern(CALLS[call].into())])),
        (0..CALLS.len()).prop_map(|adif| Term::Entity(Side::Dx, EntitySet::from_iter([adif]))),
        (0..KHZ.len()).prop_map(|khz| Term::Freq(vec![(7_010_000, KHZ[khz] * 1000)])),
        (0..MODES.len()).prop_map(|mode| Term::Mode(ModeSet::of(&[MODES[mode]]))),
        prop::sample::select(vec![Band::M40, Band::M20, Band::M6]).prop_map(|band| Term::Band(BandSet::of(&[band]))),
    ];
    let leaf = prop_oneof![4 => term.prop_map(Expr::Is), 1 => Just(Expr::All)];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Or),
            inner.prop_map(Expr::not),
        ]
    })
}

fn wanted() -> impl Strategy<Value = SpotsWanted> {
    let sources = prop::sample::select(vec![
        Sources::ALL,
        Sources::PEOPLE,
        Sources::SKIMMER,
        Sources::DIGITAL,
        Sources::PEOPLE.or(Sources::DIGITAL),
    ]);
    let choice = (0usize..12, 0usize..5, sources, any::<(bool, bool)>(), (0..=CALLS.len()));
    (choice, expr(), expr(), (0i64..5_000), (0i64..5_000)).prop_map(|(choice, terms, through, since, until)| {
        let (count, skip, sources, (oldest_first, repeats), own) = choice;
        SpotsWanted {
            count,
            skip,
            sources,
            oldest_first,
            repeats,
            terms: Filter::compile(&terms),
            through: Filter::compile(&through),
            own_call: CALLS.get(own).map_or(Call::EMPTY, |call| Call::literal(call)),
            since: Utc::from_secs(1_764_979_200 + since.min(1_000)),
            until: Utc::from_secs(1_764_979_200 + until.max(4_000)),
            ..SpotsWanted::last(count)
        }
    })
}

/// What a plain look gives, by sequence.
fn naively(spots: &[Spot], capacity: [usize; 3], wanted: &SpotsWanted) -> Vec<u64> {
    let mut kept: Vec<&Spot> = Vec::new();
    for shelf in Shelf::ALL.into_iter().filter(|shelf| wanted.sources.has(*shelf)) {
        let on_shelf: Vec<&Spot> = spots.iter().filter(|spot| Shelf::of(spot) == shelf).collect();
        kept.extend(&on_shelf[on_shelf.len().saturating_sub(capacity[shelf as usize])..]);
    }
    kept.sort_by_key(|spot| std::cmp::Reverse(spot.seq));
    let fits = |spot: &&&Spot| {
        (wanted.repeats || spot.verdicts.0 != 0)
            && (wanted.since..wanted.until).contains(&spot.time)
            && wanted.terms.expr().passes(spot)
            && (wanted.through.expr().passes(spot) || spot.dx == wanted.own_call)
    };
    let fitting = kept.iter().filter(fits).skip(wanted.skip).take(wanted.count);
    let mut found: Vec<u64> = fitting.map(|spot| spot.seq).collect();
    if wanted.oldest_first {
        found.reverse();
    }
    found
}

proptest! {
    #[test]
    fn a_question_finds_what_a_plain_look_finds(
        mut spots in prop::collection::vec(spot(), 0..80),
        capacity in prop::collection::vec(0u32..12, 3),
        wanted in wanted(),
        steps in 1usize..20,
    ) {
        let mut history = History::new(&config::History { human: capacity[0], rbn: capacity[1], digital: capacity[2] });
        for (seq, spot) in (1..).zip(&mut spots) {
            spot.seq = seq;
            // Each line is one of its kind.
            spot.set_comment(format!("number {seq}").as_bytes());
            history.keep(*spot);
        }
        let expected = naively(&spots, [0, 1, 2].map(|shelf| capacity[shelf] as usize), &wanted);
        let what = What::Spots(wanted);
        let mut query = Query::start(HistoryRequest { session: SessionId::NONE, ask: 3, what }, &history);
        let mut looked_at = 0;
        let reply = loop {
            let (looked, reply) = query.step(&history, steps);
            looked_at += looked;
            if let Some(reply) = reply {
                break reply;
            }
            prop_assert_eq!(looked, steps, "a step that is not the last uses its budget");
        };
        prop_assert!(looked_at <= history.len());
        let mut lines = Vec::new();
        for seq in expected {
            crate::wire::history_line(&spots[seq as usize - 1], &mut lines);
            lines.extend_from_slice(b"\r\n");
        }
        prop_assert_eq!(String::from_utf8(reply.bytes), String::from_utf8(lines));
        prop_assert_eq!(reply.ask, 3);
    }
}
