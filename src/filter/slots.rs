//! DXSpider's ACCEPT and REJECT: ten slots for spots and ten more for those of skimmers.

use super::fault::Fault;
use super::{Context, Expr, Outcome, Term, spider};

/// The clauses of a user. Their first fit, in order of the slots and REJECT before ACCEPT within one, decides:
/// REJECT drops, ACCEPT passes. What none fits passes after a last REJECT and is dropped after a last ACCEPT.
///
/// Unlike DXSpider's, the slots of RBN do not replace those of spots: a skimmer's spot must pass both.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Slots {
    /// In order of evaluation; at most one of a stream, slot and verb.
    clauses: Vec<Clause>,
}

#[derive(Clone, PartialEq, Debug)]
struct Clause {
    stream: Stream,
    slot: u8,
    verb: Verb,
    /// As typed, runs of blanks made one.
    text: String,
    expr: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stream {
    Spots,
    Rbn,
}

/// In order of evaluation within a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Verb {
    Reject,
    Accept,
}

impl Stream {
    fn of(word: &str) -> Option<Stream> {
        match word.to_ascii_uppercase().as_str() {
            "SPOTS" | "SPOT" => Some(Stream::Spots),
            "RBN" => Some(Stream::Rbn),
            _ => None,
        }
    }
    fn name(self) -> &'static str {
        ["SPOTS", "RBN"][self as usize]
    }
}

impl Verb {
    fn name(self) -> &'static str {
        ["REJECT", "ACCEPT"][self as usize]
    }
}

/// Slots are numbered by one digit.
pub const SLOT_MAX: u8 = 9;
/// The slot that is meant when none is said.
const SLOT_DEFAULT: u8 = 1;
/// Longest text of one clause: what a line of input can hold.
const CLAUSE_BYTES_MAX: usize = 1024;
/// All clauses of one user together, in bytes of text.
pub const TEXT_BYTES_MAX: usize = 4096;

impl Slots {
    /// Runs `ACCEPT/SPOTS [slot] expression`, `REJECT/...`, `CLEAR/SPOTS slot|ALL`, the same for RBN; `None` when the line is none
    /// of these.
    pub fn command(&mut self, line: &str, context: &Context<'_>) -> Option<Outcome> {
        let (verb, rest) = take_word(line);
        let verb = match verb.to_ascii_uppercase().as_str() {
            "ACCEPT" | "ACC" => Some(Verb::Accept),
            "REJECT" | "REJ" => Some(Verb::Reject),
            "CLEAR" => None,
            _ => return None,
        };
        let (stream, rest) = take_word(rest);
        let stream = Stream::of(stream)?;
        Some(match verb {
            Some(verb) => self.set(stream, verb, rest, context),
            None => self.clear(stream, rest),
        })
    }

    /// The commands that make these slots from empty ones.
    pub fn commands(&self) -> Vec<String> {
        self.clauses.iter().map(Clause::command).collect()
    }

    /// What the slots let pass.
    pub fn expr(&self) -> Expr {
        let spots = self.stream_expr(Stream::Spots);
        match self.stream_expr(Stream::Rbn) {
            Expr::All => spots,
            rbn => both(spots, either(Expr::Is(Term::Skimmer).not(), rbn)),
        }
    }

    /// The slots as demands that must all be met: each with the command that makes it.
    pub fn parts(&self) -> Vec<(String, Expr)> {
        [Stream::Spots, Stream::Rbn].into_iter().flat_map(|stream| self.stream_parts(stream)).collect()
    }

    /// Whether there is no clause.
    pub fn is_open(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Forgets all clauses.
    pub fn clear_all(&mut self) {
        self.clauses.clear();
    }

    /// Terms of all clauses: with those of the other dialects at most [`Expr::TERMS_MAX`].
    pub fn terms(&self) -> usize {
        self.clauses.iter().map(|clause| clause.expr.terms()).sum()
    }

    fn set(&mut self, stream: Stream, verb: Verb, rest: &str, context: &Context<'_>) -> Outcome {
        let (slot, text) = match take_slot(rest) {
            Ok(taken) => taken,
            Err(reply) => return refused(vec![reply]),
        };
        // pyCluster's users said the verb twice: accept/rbn accept call n9jr.
        let (first, behind) = take_word(text);
        let text = squeeze(if first.eq_ignore_ascii_case(verb.name()) { behind } else { text });
        if text.is_empty() {
            return refused(vec![
                format!("Usage: {}/{} [slot 0-{SLOT_MAX}] expression", verb.name(), stream.name()),
                format!("Example: {}/{} {SLOT_DEFAULT} on 20m and not info ft8", verb.name(), stream.name()),
            ]);
        }
        if text.len() > CLAUSE_BYTES_MAX {
            return refused(vec![format!("One filter has at most {CLAUSE_BYTES_MAX} bytes; take another slot.")]);
        }
        let expr = match spider::parse(&text, context) {
            Ok(expr) => expr,
            Err(fault) => return refused(Fault::lines(&fault, &text)),
        };
        let mut changed = self.clauses.clone();
        changed.retain(|clause| clause.key() != (stream, slot, verb));
        changed.push(Clause { stream, slot, verb, text, expr });
        changed.sort_by_key(Clause::key);
        let changed = Slots { clauses: changed };
        if let Some(reply) = changed.excess() {
            return refused(vec![reply]);
        }
        *self = changed;
        let mut reply = Vec::new();
        if let Some(clause) = self.clauses.iter().find(|clause| clause.key() == (stream, slot, verb)) {
            reply.push(format!("Set: {}.", clause.command()));
        }
        let what = if stream == Stream::Spots { "spot" } else { "skimmer's spot" };
        match self.of(stream).last().map(|last| last.verb) {
            Some(Verb::Accept) => reply.push(format!("A {what} that none of your ACCEPT or REJECT fits is held back.")),
            _ => reply.push(format!("A {what} that none of your ACCEPT or REJECT fits passes.")),
        }
        Outcome::done(reply)
    }

    fn excess(&self) -> Option<String> {
        let text: usize = self.clauses.iter().map(|clause| clause.text.len()).sum();
        if self.terms() > Expr::TERMS_MAX {
            return Some(format!(
                "All your filters together have at most {} terms; this makes {}.",
                Expr::TERMS_MAX,
                self.terms()
            ));
        }
        (text > TEXT_BYTES_MAX)
            .then(|| format!("All your filters together have at most {TEXT_BYTES_MAX} bytes; this makes {text}."))
    }

    fn clear(&mut self, stream: Stream, rest: &str) -> Outcome {
        let (word, more) = take_word(rest);
        let before = self.clauses.len();
        let what = match word.parse::<u8>() {
            _ if !more.is_empty() => None,
            _ if word.eq_ignore_ascii_case("ALL") => {
                self.clauses.retain(|clause| clause.stream != stream);
                Some("all slots".to_string())
            }
            Ok(slot) if slot <= SLOT_MAX => {
                self.clauses.retain(|clause| (clause.stream, clause.slot) != (stream, slot));
                Some(format!("slot {slot}"))
            }
            _ => None,
        };
        let Some(what) = what else {
            return refused(vec![format!("Usage: CLEAR/{0} slot|ALL, for example CLEAR/{0} 1", stream.name())]);
        };
        let tail = if self.clauses.len() == before { "there was nothing" } else { "cleared" };
        Outcome::done([format!("CLEAR/{}: {what}, {tail}.", stream.name())])
    }

    fn of(&self, stream: Stream) -> impl DoubleEndedIterator<Item = &Clause> {
        self.clauses.iter().filter(move |clause| clause.stream == stream)
    }

    fn stream_expr(&self, stream: Stream) -> Expr {
        let is_closed = self.of(stream).last().is_some_and(|last| last.verb == Verb::Accept);
        let rest = if is_closed { Expr::Nothing } else { Expr::All };
        self.of(stream).rev().fold(rest, |rest, clause| match clause.verb {
            Verb::Reject => both(clause.expr.clone().not(), rest),
            Verb::Accept => either(clause.expr.clone(), rest),
        })
    }

    /// A REJECT holds back what it fits and no earlier ACCEPT has passed; and after a last ACCEPT some ACCEPT must fit. All
    /// these together say the same as [`Slots::stream_expr`], each with a name of its own.
    fn stream_parts(&self, stream: Stream) -> Vec<(String, Expr)> {
        let guard = |expr: Expr| match stream {
            Stream::Spots => expr,
            Stream::Rbn => either(Expr::Is(Term::Skimmer).not(), expr),
        };
        let mut parts = Vec::new();
        let mut accepts: Vec<&Clause> = Vec::new();
        let accepted =
            |accepts: &[&Clause]| accepts.iter().rev().fold(Expr::Nothing, |rest, a| either(a.expr.clone(), rest));
        for clause in self.of(stream) {
            match clause.verb {
                Verb::Accept => accepts.push(clause),
                Verb::Reject => {
                    parts.push((clause.command(), guard(either(accepted(&accepts), clause.expr.clone().not()))));
                }
            }
        }
        if self.of(stream).last().is_some_and(|last| last.verb == Verb::Accept) {
            let names: Vec<String> = accepts.iter().map(|clause| clause.command()).collect();
            parts.push((names.join(" or "), guard(accepted(&accepts))));
        }
        parts
    }
}

impl Clause {
    fn key(&self) -> (Stream, u8, Verb) {
        (self.stream, self.slot, self.verb)
    }
    fn command(&self) -> String {
        format!("{}/{} {} {}", self.verb.name(), self.stream.name(), self.slot, self.text)
    }
}

fn refused(reply: Vec<String>) -> Outcome {
    Outcome::refused(reply)
}

/// `a and b`, where one of them may be trivial.
pub(super) fn both(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Expr::All, other) | (other, Expr::All) => other,
        (Expr::Nothing, _) | (_, Expr::Nothing) => Expr::Nothing,
        (a, Expr::And(mut list)) => {
            list.insert(0, a);
            Expr::And(list)
        }
        (a, b) => a.and(b),
    }
}

/// `a or b`, where one of them may be trivial.
pub(super) fn either(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Expr::Nothing, other) | (other, Expr::Nothing) => other,
        (Expr::All, _) | (_, Expr::All) => Expr::All,
        (a, Expr::Or(mut list)) => {
            list.insert(0, a);
            Expr::Or(list)
        }
        (a, b) => a.or(b),
    }
}

/// The word up to a blank or slash, and what follows.
pub(super) fn take_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    let end = text.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(|c: char| c.is_whitespace() || c == '/'))
}

/// The slot's number before an expression, if one is said.
fn take_slot(text: &str) -> Result<(u8, &str), String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '(');
    if number.is_empty() || !ends {
        return Ok((SLOT_DEFAULT, text));
    }
    let slot = number.parse().ok().filter(|slot| *slot <= SLOT_MAX);
    slot.map(|slot| (slot, rest.trim_start())).ok_or_else(|| format!("Slots are 0 to {SLOT_MAX}, not {number}."))
}

/// Runs of blanks made one, but for those in quotes and braces.
pub(super) fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_quoted, mut depth, mut is_escaped) = (false, 0usize, false);
    for c in text.trim().chars() {
        let is_held = is_quoted || depth > 0;
        if c.is_whitespace() && !is_held {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        out.push(c);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_held => is_escaped = true,
            '"' if depth == 0 => is_quoted = !is_quoted,
            '{' if !is_quoted => depth += 1,
            '}' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::values::tests::context;
    use crate::spot::{Flags, Freq, Spot};

    fn slots(lines: &[&str]) -> Slots {
        let mut slots = Slots::default();
        for line in lines {
            let outcome = slots.command(line, &context()).expect(line);
            assert!(outcome.done, "{line}: {:?}", outcome.reply);
        }
        slots
    }
    fn spot(khz: u64, is_skimmer: bool) -> Spot {
        let mut spot = Spot::empty();
        spot.set_freq(Freq::from_khz(khz));
        spot.flags.set(Flags::SKIMMER, is_skimmer);
        spot
    }

    /// The rule as clients 1.7.1 writes it.
    fn by_the_book(slots: &Slots, stream: Stream, spot: &Spot) -> bool {
        let mut result = true;
        for clause in slots.of(stream) {
            match clause.verb {
                Verb::Reject if clause.expr.passes(spot) => return false,
                Verb::Reject => result = true,
                Verb::Accept if clause.expr.passes(spot) => return true,
                Verb::Accept => result = false,
            }
        }
        result
    }

    #[test]
    fn the_first_fit_decides_and_the_last_verb_decides_the_rest() {
        let commands = [
            "REJECT/SPOTS 0 on 14000/14010",
            "ACCEPT/SPOTS 0 on 7000/7010",
            "REJECT/SPOTS 1 on 7000/7020",
            "ACCEPT/SPOTS 1 on 20m",
            "REJECT/SPOTS 2 on 14000/14050",
            "ACCEPT/SPOTS 3 on 7000/7030",
        ];
        for choice in 0..1u32 << commands.len() {
            let lines: Vec<&str> =
                (0..commands.len()).filter(|at| choice >> at & 1 == 1).map(|at| commands[at]).collect();
            let rbn: Vec<String> = lines.iter().map(|line| line.replace("SPOTS", "RBN")).collect();
            let (slots, for_rbn) = (slots(&lines), slots(&rbn.iter().map(String::as_str).collect::<Vec<_>>()));
            for khz in [7005, 7015, 7025, 7100, 14_005, 14_025, 14_100, 21_000] {
                for is_skimmer in [false, true] {
                    let spot = spot(khz, is_skimmer);
                    let want = by_the_book(&slots, Stream::Spots, &spot);
                    assert_eq!(slots.expr().passes(&spot), want, "{lines:?} {khz}");
                    assert_eq!(slots.parts().iter().all(|(_, part)| part.passes(&spot)), want, "{lines:?} {khz}");
                    let want = !is_skimmer || want;
                    assert_eq!(for_rbn.expr().passes(&spot), want, "{rbn:?} {khz}");
                    assert_eq!(for_rbn.parts().iter().all(|(_, part)| part.passes(&spot)), want, "{rbn:?} {khz}");
                }
            }
        }
    }

    #[test]
    fn commands_make_the_same_slots_again() {
        let first = slots(&[
            "rej/rbn 3 db  -7",
            "ACCEPT/SPOT on  20m",
            "reject/spots 1 info \"a  b\",{x  y}",
            "accept/spots on hf/cw",
        ]);
        assert_eq!(
            first.commands(),
            ["REJECT/SPOTS 1 info \"a  b\",{x  y}", "ACCEPT/SPOTS 1 on hf/cw", "REJECT/RBN 3 db -7"]
        );
        let commands = first.commands();
        assert_eq!(slots(&commands.iter().map(String::as_str).collect::<Vec<_>>()), first);
    }

    #[test]
    fn slots_are_cleared_one_by_one_or_all() {
        let mut all = slots(&["ACCEPT/SPOTS 1 on 20m", "REJECT/SPOTS 2 on 40m", "REJECT/RBN 2 on 40m"]);
        let mut run = |line| all.command(line, &context()).map(|outcome| (outcome.done, outcome.reply.join("/")));
        assert_eq!(run("CLEAR/SPOTS 2"), Some((true, "CLEAR/SPOTS: slot 2, cleared.".into())));
        assert_eq!(run("CLEAR/SPOTS 2"), Some((true, "CLEAR/SPOTS: slot 2, there was nothing.".into())));
        assert_eq!(run("clear/spots all"), Some((true, "CLEAR/SPOTS: all slots, cleared.".into())));
        for line in ["CLEAR/RBN", "CLEAR/RBN 10", "CLEAR/RBN x", "CLEAR/RBN 1 2"] {
            assert_eq!(run(line).map(|r| r.0), Some(false), "{line}");
        }
        assert_eq!((run("CLEAR/ANN 1"), run("PASS BAND 20"), run("ACCEPT/WWV all")), (None, None, None));
        assert_eq!(all.commands(), ["REJECT/RBN 2 on 40m"]);
    }

    #[test]
    fn a_refused_command_changes_nothing() {
        let mut some = slots(&["ACCEPT/SPOTS 1 on 20m"]);
        let before = some.clone();
        let many = format!("ACCEPT/SPOTS 2 {}", "beacon ".repeat(64));
        for line in ["ACCEPT/SPOTS", "ACCEPT/SPOTS 1", "ACCEPT/SPOTS 12 on 20m", "ACCEPT/SPOTS 1 on hf/ft8", &many] {
            let outcome = some.command(line, &context()).expect(line);
            assert!(!outcome.done && !outcome.reply.is_empty(), "{line}");
        }
        assert_eq!(some, before);
    }

    #[test]
    fn texts_of_one_user_are_bounded() {
        let mut all = Slots::default();
        let long = format!("call {}", vec!["K1ABC"; 150].join(","));
        let done: Vec<bool> = (0..=SLOT_MAX)
            .map(|slot| all.command(&format!("ACCEPT/SPOTS {slot} {long}"), &context()).is_some_and(|o| o.done))
            .collect();
        assert_eq!(done.iter().filter(|done| **done).count(), TEXT_BYTES_MAX / long.len());
        let longer = format!("ACCEPT/RBN call {}", vec!["K1ABC"; 200].join(","));
        assert!(all.command(&longer, &context()).is_some_and(|o| !o.done));
    }
}
