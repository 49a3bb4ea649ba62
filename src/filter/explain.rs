//! Which part of a filter decides over a spot, and by which fact.

use super::facts::{Names, fact, list};
use super::{Context, Expr, Filter, Term};
use crate::spot::{Mode, Spot};

/// Most parts that are named for one spot.
const PARTS_MAX: usize = 4;
/// Most facts that are named for one part.
const FACTS_MAX: usize = 3;
/// Longest command that is quoted, in characters.
const COMMAND_CHARS_MAX: usize = 60;

/// The parts of a filter, made ready to be explained on many spots: what is slow, as reading regular expressions, is done once.
#[derive(Debug)]
pub struct Explainer {
    parts: Vec<(String, Node)>,
}

/// An expression whose terms are compiled one by one.
#[derive(Debug)]
enum Node {
    Constant(bool),
    Leaf(Term, Filter),
    Not(Box<Node>),
    /// Any of these, or all of these.
    List {
        is_any: bool,
        nodes: Vec<Node>,
    },
}

impl Explainer {
    /// From the parts of a filter, each with the command that made it.
    pub fn new(parts: &[(String, Expr)]) -> Explainer {
        Explainer { parts: parts.iter().map(|(command, expr)| (command.clone(), Node::of(expr))).collect() }
    }

    /// Says whether all parts let a spot pass, and which facts decide. `context` has the names of entities and feeds.
    pub fn lines(&self, spot: &Spot, context: Option<&Context<'_>>) -> Vec<String> {
        let judged = self.parts.iter().map(|(command, node)| (command, node.judge(spot, context)));
        let (passed, failed): (Vec<_>, Vec<_>) = judged.partition(|(_, (passes, _))| *passes);
        let (verb, told) = if failed.is_empty() { ("Passes", passed) } else { ("Held back by", failed) };
        let rest = told.len().saturating_sub(PARTS_MAX);
        let mut lines = Vec::new();
        if told.is_empty() {
            lines.push("Passes: you have no filter.".to_string());
        }
        for (command, (_, facts)) in told.into_iter().take(PARTS_MAX) {
            let because =
                if facts.is_empty() { String::new() } else { format!(": {}", list(facts.into_iter(), "and")) };
            lines.push(format!("{verb} {}{because}.", cut(command)));
        }
        match rest {
            0 => {}
            1 => lines.push(format!("{verb} 1 more part of your filter.")),
            n => lines.push(format!("{verb} {n} more parts of your filter.")),
        }
        lines
    }
}

impl Node {
    fn of(expr: &Expr) -> Node {
        let nodes = |list: &[Expr]| list.iter().map(Node::of).collect();
        match expr {
            Expr::All => Node::Constant(true),
            Expr::Nothing => Node::Constant(false),
            Expr::Is(term) => Node::Leaf(term.clone(), Filter::compile(expr)),
            Expr::Not(inner) => Node::Not(Box::new(Node::of(inner))),
            Expr::And(list) => Node::List { is_any: false, nodes: nodes(list) },
            Expr::Or(list) => Node::List { is_any: true, nodes: nodes(list) },
        }
    }

    /// The verdict, and the facts that decide, at most [`FACTS_MAX`]. Every term is asked once at most.
    fn judge(&self, spot: &Spot, names: Names<'_>) -> (bool, Vec<String>) {
        match self {
            Node::Constant(passes) => (*passes, Vec::new()),
            Node::Leaf(term, filter) => (filter.passes(spot), vec![fact(term, spot, names)]),
            Node::Not(inner) => {
                let (passes, facts) = inner.judge(spot, names);
                (!passes, facts)
            }
            Node::List { is_any, nodes } => {
                let mut all: Vec<String> = Vec::new();
                for node in nodes {
                    let (passes, facts) = node.judge(spot, names);
                    // One that fits decides over "any", one that fails over "all"; else they all do.
                    if passes == *is_any {
                        return (passes, facts);
                    }
                    for fact in facts {
                        if all.len() < FACTS_MAX && !all.contains(&fact) {
                            all.push(fact);
                        }
                    }
                }
                (!is_any, all)
            }
        }
    }
}

/// Says whether the parts of a filter, each with the command that made it, let a spot pass, and which facts decide.
pub fn explain(parts: &[(String, Expr)], spot: &Spot) -> Vec<String> {
    Explainer::new(parts).lines(spot, None)
}

/// The same, with the names of entities and feeds.
pub fn explain_in(parts: &[(String, Expr)], spot: &Spot, context: &Context<'_>) -> Vec<String> {
    Explainer::new(parts).lines(spot, Some(context))
}

/// `14025.0 K1ABC CW by W3LPL-# 1359Z`.
pub fn headline(spot: &Spot) -> String {
    let tenths = spot.freq.tenths_khz();
    let mode = if spot.mode() == Mode::Unknown { "mode unknown" } else { spot.mode().name() };
    format!("{}.{} {} {mode} by {} {}", tenths / 10, tenths % 10, spot.dx, spot.de, spot.time.hhmmz())
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
        assert_eq!(headline(&spot()), "7010.0 DL1ABC CW by W3LPL-# 0000Z");
        assert_eq!(
            explain_in(&parts, &spot(), &context()),
            ["Held back by CONT NA: DL1ABC is in Europe.", "Held back by MODE SSB: its mode is CW."]
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
