//! Which part of a filter decides over a spot, and by which fact.

use super::facts::{Names, fact, list};
use super::{Context, Expr};
use crate::spot::{Mode, Spot};

/// Most parts that are named for one spot.
const PARTS_MAX: usize = 4;
/// Most facts that are named for one part.
const FACTS_MAX: usize = 3;
/// Longest command that is quoted, in characters.
const COMMAND_CHARS_MAX: usize = 60;

/// Says whether the parts of a filter, each with the command that made it, let a spot pass, and which facts decide.
pub fn explain(parts: &[(String, Expr)], spot: &Spot) -> Vec<String> {
    say(parts, spot, None)
}

/// The same, with the names of entities and feeds.
pub fn explain_in(parts: &[(String, Expr)], spot: &Spot, context: &Context<'_>) -> Vec<String> {
    say(parts, spot, Some(context))
}

/// Several spots: for each a line that names it, then what [`explain_in`] says, set in by two blanks.
pub fn lines_for(parts: &[(String, Expr)], spots: &[Spot], context: &Context<'_>) -> Vec<String> {
    let about = |spot: &Spot| {
        let reasons = explain_in(parts, spot, context).into_iter().map(|line| format!("  {line}"));
        std::iter::once(headline(spot)).chain(reasons).collect::<Vec<_>>()
    };
    spots.iter().flat_map(about).collect()
}

/// `14025.0 K1ABC CW by W3LPL-# 1359Z`.
pub fn headline(spot: &Spot) -> String {
    let tenths = spot.freq.tenths_khz();
    let mode = if spot.mode() == Mode::Unknown { "mode unknown" } else { spot.mode().name() };
    format!("{}.{} {} {mode} by {} {}", tenths / 10, tenths % 10, spot.dx, spot.de, spot.time.hhmmz())
}

fn say(parts: &[(String, Expr)], spot: &Spot, names: Names<'_>) -> Vec<String> {
    let (passed, failed): (Vec<_>, Vec<_>) = parts.iter().partition(|(_, expr)| expr.passes(spot));
    let because = |expr: &Expr| {
        let facts = facts(expr, spot, names);
        if facts.is_empty() { String::new() } else { format!(": {}", list(facts.into_iter(), "and")) }
    };
    let (verb, told) = if failed.is_empty() { ("Passes", passed) } else { ("Held back by", failed) };
    let mut lines = Vec::new();
    if told.is_empty() {
        lines.push("Passes: you have no filter.".to_string());
    }
    for (command, expr) in told.iter().take(PARTS_MAX) {
        lines.push(format!("{verb} {}{}.", cut(command), because(expr)));
    }
    match told.len().saturating_sub(PARTS_MAX) {
        0 => {}
        1 => lines.push(format!("{verb} 1 more part of your filter.")),
        n => lines.push(format!("{verb} {n} more parts of your filter.")),
    }
    lines
}

/// The facts that make an expression what it is for this spot, those that decide and no others; at most [`FACTS_MAX`].
fn facts(expr: &Expr, spot: &Spot, names: Names<'_>) -> Vec<String> {
    let mut facts = Vec::new();
    gather(expr, spot, names, &mut facts);
    facts
}

fn gather(expr: &Expr, spot: &Spot, names: Names<'_>, facts: &mut Vec<String>) {
    match expr {
        Expr::All | Expr::Nothing => {}
        Expr::Is(term) => {
            let fact = fact(term, spot, names);
            if facts.len() < FACTS_MAX && !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        Expr::Not(inner) => gather(inner, spot, names, facts),
        Expr::And(list) | Expr::Or(list) => {
            // One that fails decides over "all", one that fits over "any"; else it takes them all.
            let decisive = matches!(expr, Expr::Or(_));
            match list.iter().find(|part| part.passes(spot) == decisive) {
                Some(part) => gather(part, spot, names, facts),
                None => list.iter().for_each(|part| gather(part, spot, names, facts)),
            }
        }
    }
}

fn cut(command: &str) -> String {
    match command.chars().count() > COMMAND_CHARS_MAX {
        true => command.chars().take(COMMAND_CHARS_MAX).chain("...".chars()).collect(),
        false => command.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse_spider;
    use crate::filter::print::tests::{any_expr, any_spot};
    use crate::filter::values::tests::context;
    use crate::reference::enrich;
    use crate::spot::{Call, Freq};

    fn spot() -> Spot {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal("DL1ABC"), Call::literal("W3LPL-#"));
        spot.set_freq(Freq::from_khz(7_010));
        spot.set_mode(Mode::Cw);
        spot.set_snr(Some(23));
        enrich(context().cty, &mut spot);
        spot
    }
    fn part(text: &str) -> (String, Expr) {
        let expr = parse_spider(text, &context()).unwrap_or_else(|fault| panic!("{}", fault.lines(text).join("\n")));
        (text.to_uppercase(), expr)
    }

    #[test]
    fn the_fact_that_decides_is_named() {
        for (text, want) in [
            ("on 20m", "Held back by ON 20M: it is on 40m."),
            ("not on 40m", "Held back by NOT ON 40M: it is on 40m."),
            ("on 40m and mode ssb and cont na", "Held back by ON 40M AND MODE SSB AND CONT NA: its mode is CW."),
            ("on 20m or mode ssb", "Held back by ON 20M OR MODE SSB: it is on 40m and its mode is CW."),
            ("on 20m or cont eu", "Passes ON 20M OR CONT EU: DL1ABC is in Europe."),
            ("not skimmer", "Passes NOT SKIMMER: a person reported it."),
            ("by_dxcc VE", "Held back by BY_DXCC VE: the spotter W3LPL-# is in United States."),
            ("db 30+", "Held back by DB 30+: its report is 23 dB."),
            ("wpm 30+", "Held back by WPM 30+: it has no speed."),
            ("info pota", "Held back by INFO POTA: it has no comment."),
            ("call k1", "Held back by CALL K1: the DX is DL1ABC."),
            ("call_state ny", "Held back by CALL_STATE NY: the state of DL1ABC is unknown."),
            ("zone 15", "Held back by ZONE 15: DL1ABC is in CQ zone 14."),
            ("near FN42/500", "Held back by NEAR FN42/500: DL1ABC is 5967 km from FN42."),
            ("all", "Passes ALL."),
            ("not all", "Held back by NOT ALL."),
        ] {
            assert_eq!(explain_in(&[part(text)], &spot(), &context()), [want], "{text}");
        }
        assert_eq!(explain(&[], &spot()), ["Passes: you have no filter."]);
        assert_eq!(
            explain(&[part("by_dxcc VE")], &spot()),
            ["Held back by BY_DXCC VE: the spotter W3LPL-# is in DXCC entity 291."]
        );
    }

    #[test]
    fn only_parts_that_hold_back_are_named_when_there_are_any() {
        let parts = ["on 40m", "cont na", "mode ssb"].map(part);
        assert_eq!(
            lines_for(&parts, &[spot()], &context()),
            [
                "7010.0 DL1ABC CW by W3LPL-# 0000Z",
                "  Held back by CONT NA: DL1ABC is in Europe.",
                "  Held back by MODE SSB: its mode is CW."
            ]
        );
        let many: Vec<_> = (0..9).map(|_| part("on 20m")).collect();
        assert_eq!(
            explain(&many, &spot()).last().map(String::as_str),
            Some("Held back by 5 more parts of your filter.")
        );
    }

    proptest::proptest! {
        #[test]
        fn the_verdict_is_that_of_the_filter(expr in any_expr(), spot in any_spot()) {
            let lines = explain(&[("X".into(), expr.clone())], &spot);
            proptest::prop_assert_eq!(lines.len(), 1);
            proptest::prop_assert_eq!(lines[0].starts_with("Passes X"), expr.passes(&spot));
        }
    }
}
