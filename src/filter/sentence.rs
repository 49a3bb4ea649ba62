//! A filter as one sentence of plain English.

use super::facts::{Asked, Names, asked, opposite};
use super::{Context, Expr, Filter, Term, Wish};
use std::borrow::Cow;

/// Longest sentence, in characters; what would go beyond is counted.
pub const SENTENCE_CHARS_MAX: usize = 600;
/// Room for the count at the end.
const TAIL_CHARS: usize = 40;
/// Most parts of a nested list that are told.
const PARTS_MAX: usize = 5;
/// Deepest nesting that is told; what lies below is counted.
const DEPTH_MAX: usize = 3;

/// What a wish lets pass.
pub fn sentence(wish: &Wish) -> String {
    sentence_of(&wish.expr())
}

/// What an expression lets pass. Equal filters give equal sentences.
pub fn sentence_of(expr: &Expr) -> String {
    say(expr, None)
}

/// The same, with the names of entities and feeds.
pub fn sentence_in(expr: &Expr, context: &Context<'_>) -> String {
    say(expr, Some(context))
}

/// A piece of a sentence, and how many terms it tells.
struct Piece {
    text: String,
    terms: usize,
}

fn say(expr: &Expr, names: Names<'_>) -> String {
    let filter = Filter::compile(expr);
    let pieces = match filter.expr() {
        Expr::All => return "You get every spot.".into(),
        Expr::Nothing => return "You get no spots at all.".into(),
        Expr::Or(any) if exception(any).is_none() && only(any).is_none() => {
            let part = |(at, expr): (usize, &Expr)| Piece {
                text: format!("{}{}", if at == 0 { " " } else { "; and " }, spots(&conjuncts(expr), "spots", 1, names)),
                terms: expr.terms(),
            };
            any.iter().enumerate().map(part).collect()
        }
        expr => pieces(&conjuncts(expr), "spots", 0, names),
    };
    let mut out = String::from("You get");
    let mut left: usize = pieces.iter().map(|piece| piece.terms).sum();
    for piece in pieces {
        if out.chars().count() + piece.text.chars().count() > SENTENCE_CHARS_MAX - TAIL_CHARS {
            break;
        }
        out.push_str(&piece.text);
        left -= piece.terms;
    }
    match left {
        0 => out.push('.'),
        1 => out.push_str(" and 1 more condition."),
        n => out.push_str(&format!(" and {n} more conditions.")),
    }
    out
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::And(all) => all.iter().collect(),
        other => vec![other],
    }
}

/// A term, turned so that it is short to say, and whether it is negated.
fn literal(expr: &Expr) -> Option<(Cow<'_, Term>, bool)> {
    let (term, not) = match expr {
        Expr::Is(term) => (term, false),
        Expr::Not(inner) => match &**inner {
            Expr::Is(term) => (term, true),
            _ => return None,
        },
        _ => return None,
    };
    Some(match opposite(term) {
        Some(opposite) => (Cow::Owned(opposite), !not),
        None => (Cow::Borrowed(term), not),
    })
}

/// `not a or not b or c` as the spots that are left out, `a and b`, and those of them that come still: `c`. One `not` beside
/// others is easier to say as a condition.
fn exception(any: &[Expr]) -> Option<(Vec<Cow<'_, Term>>, Vec<&Expr>)> {
    let (mut terms, mut still) = (Vec::new(), Vec::new());
    for expr in any {
        match literal(expr) {
            Some((term, true)) => terms.push(term),
            _ => still.push(expr),
        }
    }
    (terms.len() >= 2).then_some((terms, still))
}

/// `not skimmer or ...` and `skimmer or ...`: for whom a condition holds, and the condition.
fn only(any: &[Expr]) -> Option<(&'static str, Vec<&Expr>)> {
    let at = any.iter().position(|expr| literal(expr).is_some_and(|(term, _)| *term == Term::Skimmer))?;
    let whom = if literal(&any[at])?.1 { "skimmers" } else { "people" };
    Some((whom, any.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, expr)| expr).collect()))
}

/// Spots that meet all conditions, as one text.
fn spots(all: &[&Expr], noun: &str, depth: usize, names: Names<'_>) -> String {
    pieces(all, noun, depth, names).into_iter().map(|piece| piece.text).collect::<String>().trim_start().to_string()
}

/// Spots that meet all conditions: what they are, then what must hold besides, then what is left out.
fn pieces(all: &[&Expr], noun: &str, depth: usize, names: Names<'_>) -> Vec<Piece> {
    let is_top = noun == "spots";
    let joint = if is_top { "and" } else { "or" };
    let (mut said, mut conditions, mut left_out) = (Said::default(), Vec::new(), Vec::new());
    // The condition that only skimmers, or only people, must meet.
    let mut conditional: Vec<(&str, Piece)> = Vec::new();
    for expr in all {
        match (literal(expr), expr) {
            (Some((term, true)), _) if *term == Term::Skimmer => said.add_people(),
            (Some((term, false)), _) => said.add(asked(&term, joint, names)),
            (Some((term, true)), _) => left_out.push(Piece { text: those(&[term], names), terms: 1 }),
            (None, Expr::Or(any)) => match (exception(any), only(any)) {
                (Some((terms, still)), _) => {
                    let mut text = those(&terms, names);
                    if !still.is_empty() {
                        text = format!("{text} (but still {})", any_of(&still, depth + 1, names));
                    }
                    left_out.push(Piece { text, terms: expr.terms() });
                }
                (None, Some((whom, rest))) => {
                    let text = any_of(&rest, depth + 1, names);
                    conditional.push((whom, Piece { text, terms: expr.terms() }));
                }
                (None, None) => {
                    let any: Vec<&Expr> = any.iter().collect();
                    let text = format!(", only {}", any_of(&any, depth + 1, names));
                    conditions.push(Piece { text, terms: expr.terms() });
                }
            },
            (None, other) => {
                let text = format!(", only {}", any_of(&[other], depth + 1, names));
                conditions.push(Piece { text, terms: other.terms() });
            }
        }
    }
    let says_whose = said.noun_de.is_some() || !said.de.is_empty() || all.iter().any(|expr| asks_source(expr));
    let mut joint = ",";
    if is_top && depth == 0 && !says_whose {
        said.noun_de = Some(match conditional.as_slice() {
            [("skimmers", _)] => "people",
            [("people", _)] => "skimmers",
            _ => "people and skimmers",
        });
        joint = if conditional.len() == 1 { ", and" } else { "," };
    }
    let mut pieces = said.pieces(noun);
    let conditional = conditional.into_iter();
    pieces.extend(
        conditional.map(|(whom, piece)| Piece { text: format!("{joint} from {whom} only {}", piece.text), ..piece }),
    );
    pieces.extend(conditions);
    let last = left_out.len().saturating_sub(1);
    pieces.extend(left_out.into_iter().enumerate().map(|(at, piece)| Piece {
        text: match at {
            0 => format!(", except {}", piece.text),
            at if at == last => format!(" and {}", piece.text),
            _ => format!(", {}", piece.text),
        },
        terms: piece.terms,
    }));
    pieces
}

/// Whether an expression asks by what way spots come at all, so that "from people and skimmers" would mislead.
fn asks_source(expr: &Expr) -> bool {
    matches!(literal(expr), Some((term, _)) if matches!(*term, Term::Class(_) | Term::Feed(_) | Term::Skimmer))
}

/// Spots that fit all these terms: what an exception is about.
fn those(terms: &[Cow<'_, Term>], names: Names<'_>) -> String {
    let mut said = Said::default();
    terms.iter().for_each(|term| said.add(asked(term, "or", names)));
    said.pieces("those").into_iter().map(|piece| piece.text).collect::<String>().trim_start().to_string()
}

/// Spots that meet one of these.
fn any_of(any: &[&Expr], depth: usize, names: Names<'_>) -> String {
    let part = |expr: &&Expr| {
        if depth > DEPTH_MAX {
            return match expr.terms() {
                1 => "those that meet another condition".into(),
                n => format!("those that meet {n} more conditions"),
            };
        }
        match (literal(expr), expr) {
            (Some((term, true)), _) if *term != Term::Skimmer => {
                format!("those not {}", those(&[term], names).trim_start_matches("those "))
            }
            (None, Expr::Or(any)) => any_of(&any.iter().collect::<Vec<_>>(), depth + 1, names),
            (None, Expr::And(all)) => {
                let text = spots(&all.iter().collect::<Vec<_>>(), "those", depth + 1, names);
                if text.contains(", ") { format!("({text})") } else { text }
            }
            _ => spots(&[expr], "those", depth + 1, names),
        }
    };
    let mut parts: Vec<String> = any.iter().take(PARTS_MAX).map(part).collect();
    let rest: usize = any.iter().skip(PARTS_MAX).map(|expr| expr.terms()).sum();
    if rest > 0 {
        parts.push(format!("those that meet one of {rest} more conditions"));
    }
    parts.join(" or ")
}

/// The parts of a noun phrase, in the order of English.
#[derive(Default)]
struct Said {
    modes: Vec<String>,
    on: Vec<String>,
    is_beacon: bool,
    dx: Vec<String>,
    noun_de: Option<&'static str>,
    de: Vec<String>,
    others: Vec<String>,
    skimmers: usize,
}

impl Said {
    fn add(&mut self, asked: Asked) {
        match asked {
            Asked::Mode(text) => self.modes.push(text),
            Asked::On(text) => self.on.push(text),
            Asked::Beacon => self.is_beacon = true,
            Asked::Dx(text) => self.dx.push(text),
            Asked::De(text) => self.de.push(text),
            Asked::Skimmer => {
                self.noun_de = Some("skimmers");
                self.skimmers += 1;
            }
            Asked::Other(text) => self.others.push(text),
        }
    }
    fn add_people(&mut self) {
        self.noun_de = Some("people");
        self.skimmers += 1;
    }

    fn pieces(self, noun: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut push = |text: String, terms: usize| pieces.push(Piece { text, terms });
        match self.modes.as_slice() {
            [mode] if noun == "spots" => push(format!(" {mode} spots"), 1),
            modes => {
                push(format!(" {noun}"), 0);
                modes.iter().for_each(|mode| push(format!(" in {mode}"), 1));
            }
        }
        self.on.iter().for_each(|on| push(format!(" {on}"), 1));
        if self.is_beacon || !self.dx.is_empty() {
            let noun = if self.is_beacon { "beacons" } else { "stations" };
            let tail: String = self.dx.iter().map(|dx| format!(" {dx}")).collect();
            push(format!(" of {noun}{tail}"), self.dx.len() + usize::from(self.is_beacon));
        }
        if self.noun_de.is_some() || !self.de.is_empty() {
            let tail: String = self.de.iter().map(|de| format!(" {de}")).collect();
            push(format!(" from {}{tail}", self.noun_de.unwrap_or("spotters")), self.de.len() + self.skimmers);
        }
        for (at, other) in self.others.iter().enumerate() {
            push(format!("{} {other}", if at == 0 { "" } else { " and" }), 1);
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse_spider;
    use crate::filter::print::tests::any_expr;
    use crate::filter::values::tests::context;

    fn said(text: &str) -> String {
        let expr = parse_spider(text, &context()).unwrap_or_else(|fault| panic!("{}", fault.lines(text).join("\n")));
        sentence_in(&expr, &context())
    }

    #[test]
    fn sentences_are_english() {
        for (text, want) in [
            ("all", "You get every spot."),
            ("not all", "You get no spots at all."),
            (
                "mode cw,rtty on 20m,15m cont eu not call k1*",
                "You get CW and RTTY spots on 20m and 15m of stations in Europe from people and skimmers, except those of \
                 stations whose call begins with K1.",
            ),
            (
                "not (skimmer and mode ft8,ft4)",
                "You get spots from people and skimmers, except those in FT8 or FT4 from skimmers.",
            ),
            (
                "not (skimmer and not beacon and mode ft8,ft4)",
                "You get spots from people and skimmers, except those in FT8 or FT4 from skimmers (but still those of beacons).",
            ),
            ("not skimmer", "You get spots from people."),
            ("skimmer on 40m", "You get spots on 40m from skimmers."),
            ("not skimmer or mode cw", "You get spots from people, and from skimmers only those in CW."),
            ("on 20m and mode cw or on 40m not skimmer", "You get spots on 40m from people; and CW spots on 20m."),
            ("not on 20m,40m", "You get spots from people and skimmers, except those on 40m or 20m."),
            (
                "on 20m (call k1 or info pota)",
                "You get spots on 20m from people and skimmers, only those of stations whose call begins with K1 or those with \"POTA\" in the comment.",
            ),
            (
                "dxcc W,VE by_zone 14-16",
                "You get spots of stations in Canada and United States from spotters in CQ zones 14-16.",
            ),
            (
                "not dxcc DL",
                "You get spots from people and skimmers, except those of stations in Fed. Rep. of Germany.",
            ),
            (
                "beacon db 10+ wpm 15-25 time 0600-0759",
                "You get spots of beacons from people and skimmers with a report of at least 10 dB and with a speed from 15 to 25 WPM and from 0600 to 0759 UTC.",
            ),
            ("near FN42/500", "You get spots of stations within 500 km of FN42 from people and skimmers."),
            ("skimmer or on 20m", "You get spots from skimmers, and from people only those on 20m."),
            (
                "(not skimmer or mode cw) (skimmer or on 20m) not call_zone 14",
                "You get spots from people and skimmers, from people only those on 20m, from skimmers only those in CW, except \
                 those of stations in CQ zone 14.",
            ),
            (
                "on 20m or (on 40m (mode cw or (cont eu not by_cont eu) or not zone 14))",
                "You get spots on 20m; and spots on 40m, only those in CW or those not of stations in CQ zone 14 or (those of \
                 stations in Europe, except those from spotters in Europe).",
            ),
            ("on 20m/cw,14200", "You get spots from 14000 to 14070 kHz and on 14200 kHz from people and skimmers."),
            (
                "call =k1abc,*/p,dl,k?b*",
                "You get spots of stations whose call begins with DL or ends with /P or is K1ABC or fits K?B* from people and skimmers.",
            ),
            (
                "feed rbn source rbn,human",
                "You get spots by way of feed rbn, from skimmers only those by way of the RBN.",
            ),
            (
                "ref any not info qrt",
                "You get spots from people and skimmers that name a park, summit or island, except those with \"QRT\" in the comment.",
            ),
            (
                "by w3lpl skimmer cqing",
                "You get spots of stations calling CQ from skimmers whose call begins with W3LPL.",
            ),
        ] {
            assert_eq!(said(text), want, "{text}");
        }
    }

    #[test]
    fn a_long_filter_is_counted_at_the_end() {
        let many: Vec<String> = (0..30).map(|n| format!("not (call k{n}aa* and info word{n})")).collect();
        let text = said(&many.join(" and "));
        assert!(text.chars().count() <= SENTENCE_CHARS_MAX && text.ends_with(" more conditions."), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn every_filter_has_a_sentence_of_bounded_length(expr in any_expr()) {
            for text in [sentence_of(&expr), sentence_in(&expr, &context())] {
                proptest::prop_assert!(text.chars().count() <= SENTENCE_CHARS_MAX, "{}", text);
                proptest::prop_assert!(text.starts_with("You get ") && text.ends_with('.'), "{}", text);
            }
            proptest::prop_assert_eq!(sentence_of(&expr), sentence_of(Filter::compile(&expr).expr()));
        }
    }
}
