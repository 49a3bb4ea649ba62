//! DXSpider's filter language (clients 1.7.1), grown until every term can be said in it: the language in which any
//! filter can be written down.
//!
//! ```text
//! expression = all { "or" all }
//! all        = one { ["and"] one }
//! one        = { "not" } ( "(" expression ")" | term )
//! term       = word [ value { "," value } ]
//! value      = ["="] ( letters | "quoted" ) | {regular expression}
//! ```
//!
//! `not` binds closest, then `and`, which may be left out, then `or`. Values of one term are joined by "or". A value
//! that holds a blank, a comma or a bracket stands in double quotes, with `\"` and `\\` inside.

use super::fault::Fault;
use super::nearest::nearest;
use super::sets::*;
use super::values::{self, On};
use super::{Context, Expr, Pattern, Side, Term};

/// Reads an expression.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str, context: &Context<'_>) -> Result<Expr, Fault> {
    let mut parser = Parser { tokens: lex(text)?, next: 0, end: text.trim_end().len(), terms: 0, context };
    let expr = parser.any(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(Fault::new(token.at, "This bracket closes nothing.", EXAMPLE)),
    }
}

const EXAMPLE: &str = "on 20m,40m and not (by_zone 14 or info ft8)";

/// What a term's word asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask {
    All,
    On,
    Mode,
    Class,
    Source,
    Feed,
    Skimmer,
    Beacon,
    CallingCq,
    Continent(Side),
    Cq(Side),
    Itu(Side),
    Entity(Side),
    State(Side),
    Confidence,
    Snr,
    Speed,
    Time,
    Grid(Side),
    Near(Side),
    Call(Side),
    Node,
    Info,
    Regex,
    Reference,
    /// Not to be had, and why.
    Lacking(&'static str),
}

const NO_QUALITY: &str =
    "This node does not count the skimmers behind a spot. Say confidence v,c for what several heard.";
const NO_ADDRESS: &str = "Addresses of spotters are not shown to anybody. Say by and the spotter's call.";
const ANNOUNCED: &str = "That belongs to announcements, not to spots.";

/// Words of terms, the one that is printed before its synonyms.
const WORDS: [(&str, Ask); 88] = [
    ("all", Ask::All),
    ("on", Ask::On),
    ("freq", Ask::On),
    ("frequency", Ask::On),
    ("band", Ask::On),
    ("mode", Ask::Mode),
    ("by_mode", Ask::Mode),
    ("class", Ask::Class),
    ("source", Ask::Source),
    ("feed", Ask::Feed),
    ("skimmer", Ask::Skimmer),
    ("beacon", Ask::Beacon),
    ("cqing", Ask::CallingCq),
    ("calling_cq", Ask::CallingCq),
    ("cont", Ask::Continent(Side::Dx)),
    ("call_cont", Ask::Continent(Side::Dx)),
    ("continent", Ask::Continent(Side::Dx)),
    ("by_cont", Ask::Continent(Side::De)),
    ("bycont", Ask::Continent(Side::De)),
    ("by_continent", Ask::Continent(Side::De)),
    ("call_zone", Ask::Cq(Side::Dx)),
    ("zone", Ask::Cq(Side::Dx)),
    ("cq", Ask::Cq(Side::Dx)),
    ("call_cq", Ask::Cq(Side::Dx)),
    ("by_zone", Ask::Cq(Side::De)),
    ("byzone", Ask::Cq(Side::De)),
    ("by_cq", Ask::Cq(Side::De)),
    ("bycq", Ask::Cq(Side::De)),
    ("call_itu", Ask::Itu(Side::Dx)),
    ("itu", Ask::Itu(Side::Dx)),
    ("by_itu", Ask::Itu(Side::De)),
    ("byitu", Ask::Itu(Side::De)),
    ("call_dxcc", Ask::Entity(Side::Dx)),
    ("dxcc", Ask::Entity(Side::Dx)),
    ("country", Ask::Entity(Side::Dx)),
    ("call_country", Ask::Entity(Side::Dx)),
    ("by_dxcc", Ask::Entity(Side::De)),
    ("bydxcc", Ask::Entity(Side::De)),
    ("by_country", Ask::Entity(Side::De)),
    ("call_state", Ask::State(Side::Dx)),
    ("state", Ask::State(Side::Dx)),
    ("by_state", Ask::State(Side::De)),
    ("bystate", Ask::State(Side::De)),
    ("confidence", Ask::Confidence),
    ("conf", Ask::Confidence),
    ("db", Ask::Snr),
    ("snr", Ask::Snr),
    ("wpm", Ask::Speed),
    ("speed", Ask::Speed),
    ("bps", Ask::Speed),
    ("time", Ask::Time),
    ("utc", Ask::Time),
    ("grid", Ask::Grid(Side::Dx)),
    ("call_grid", Ask::Grid(Side::Dx)),
    ("by_grid", Ask::Grid(Side::De)),
    ("bygrid", Ask::Grid(Side::De)),
    ("near", Ask::Near(Side::Dx)),
    ("call_near", Ask::Near(Side::Dx)),
    ("by_near", Ask::Near(Side::De)),
    ("bynear", Ask::Near(Side::De)),
    ("call", Ask::Call(Side::Dx)),
    ("callsign", Ask::Call(Side::Dx)),
    ("dx", Ask::Call(Side::Dx)),
    ("by", Ask::Call(Side::De)),
    ("spotter", Ask::Call(Side::De)),
    ("by_call", Ask::Call(Side::De)),
    ("bycall", Ask::Call(Side::De)),
    ("origin", Ask::Node),
    ("node", Ask::Node),
    ("info", Ask::Info),
    ("comment", Ask::Info),
    ("text", Ask::Info),
    ("regex", Ask::Regex),
    ("ref", Ask::Reference),
    ("reference", Ask::Reference),
    ("q", Ask::Lacking(NO_QUALITY)),
    ("quality", Ask::Lacking(NO_QUALITY)),
    ("unique", Ask::Lacking(NO_QUALITY)),
    ("ip", Ask::Lacking(NO_ADDRESS)),
    ("dest", Ask::Lacking(ANNOUNCED)),
    ("group", Ask::Lacking(ANNOUNCED)),
    ("wx", Ask::Lacking(ANNOUNCED)),
    ("channel", Ask::Lacking(ANNOUNCED)),
    ("origin_dxcc", Ask::Lacking(ANNOUNCED)),
    ("origin_itu", Ask::Lacking(ANNOUNCED)),
    ("origin_zone", Ask::Lacking(ANNOUNCED)),
    ("origin_state", Ask::Lacking(ANNOUNCED)),
    ("channels", Ask::Lacking(ANNOUNCED)),
];

impl Ask {
    fn of(word: &str) -> Option<Ask> {
        WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, ask)| *ask)
    }
    /// The word that is printed.
    pub(super) fn word(self) -> &'static str {
        WORDS.iter().find(|(_, ask)| *ask == self).map_or("all", |(name, _)| *name)
    }
    fn takes_values(self) -> bool {
        !matches!(self, Ask::All | Ask::Skimmer | Ask::Beacon | Ask::CallingCq | Ask::Lacking(_))
    }
    fn example(self) -> &'static str {
        match self {
            Ask::All | Ask::Lacking(_) => EXAMPLE,
            Ask::On => "on 20m,14000/14070,hf/cw",
            Ask::Mode => "mode cw,ssb,rtty",
            Ask::Class => "class rbn,pskreporter",
            Ask::Source => "source human,rbn",
            Ask::Feed => "feed rbn",
            Ask::Skimmer => "not skimmer",
            Ask::Beacon => "not beacon",
            Ask::CallingCq => "cqing and on 20m",
            Ask::Continent(Side::Dx) => "cont eu,na",
            Ask::Continent(Side::De) => "by_cont eu,na",
            Ask::Cq(Side::Dx) => "zone 14,15,18-20",
            Ask::Cq(Side::De) => "by_zone 14,15,16",
            Ask::Itu(Side::Dx) => "itu 27,28",
            Ask::Itu(Side::De) => "by_itu 27,28",
            Ask::Entity(Side::Dx) => "call_dxcc W,VE,230",
            Ask::Entity(Side::De) => "by_dxcc DL,F",
            Ask::State(Side::Dx) => "state va,nh",
            Ask::State(Side::De) => "by_state va,nh",
            Ask::Confidence => "confidence v,c",
            Ask::Snr => "db 8-30",
            Ask::Speed => "wpm 15-25",
            Ask::Time => "time 0600-0759",
            Ask::Grid(Side::Dx) => "grid FN,EM12",
            Ask::Grid(Side::De) => "by_grid FN,EM12",
            Ask::Near(Side::Dx) => "near FN42/500",
            Ask::Near(Side::De) => "by_near FN42/500",
            Ask::Call(Side::Dx) => "call N9JR,3B8*",
            Ask::Call(Side::De) => "by W3LPL,DL*",
            Ask::Node => "origin GB7DJK",
            Ask::Info => "info pota,{ft8|ft4}",
            Ask::Regex => "regex \"ft[48]\"",
            Ask::Reference => "ref pota,sota",
        }
    }
}

/// Whether a word begins a term, and if so, whether values follow it. For commands that mix terms with words of
/// their own.
pub fn takes_values(word: &str) -> Option<bool> {
    Ask::of(word).map(Ask::takes_values)
}

/// Whether a word joins terms.
pub(super) fn is_operator(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|operator| operator.eq_ignore_ascii_case(word))
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Token {
    at: usize,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Open,
    Close,
    Comma,
    /// A bare word, without `=`.
    Word {
        text: String,
        is_exact: bool,
    },
    Quoted {
        text: String,
        is_exact: bool,
    },
    Regex(String),
}

fn lex(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (kind, len) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            '{' => {
                let len =
                    braces_len(rest).ok_or_else(|| Fault::new(at, "This brace is not closed.", "info {ft8|ft4}"))?;
                (Kind::Regex(rest[1..len - 1].to_string()), len)
            }
            '}' => return Err(Fault::new(at, "This brace closes nothing.", "info {ft8|ft4}")),
            _ => word(rest).ok_or_else(|| Fault::new(at, "This quote is not closed.", "info \"5 watts\""))?,
        };
        tokens.push(Token { at, kind });
        rest = &rest[len..];
    }
}

/// Bytes of `{...}` at the start of a text: to the brace that closes it, those behind a backslash not counted.
pub(super) fn braces_len(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A bare or quoted word, and its length.
fn word(text: &str) -> Option<(Kind, usize)> {
    let is_exact = text.starts_with('=');
    let body = text.strip_prefix('=').unwrap_or(text);
    let before = text.len() - body.len();
    let Some(quoted) = body.strip_prefix('"') else {
        let len = body.find(is_end_of_word).unwrap_or(body.len());
        return Some((Kind::Word { text: body[..len].to_string(), is_exact }, before + len));
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((Kind::Quoted { text: out, is_exact }, before + 1 + at + 1)),
            (_, '\\') => out.push(chars.next()?.1),
            (_, c) => out.push(c),
        }
    }
}

/// What no bare word holds.
pub(super) fn is_end_of_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '{' | '}' | ',' | '"')
}

struct Parser<'c> {
    tokens: Vec<Token>,
    next: usize,
    /// Where the text ends.
    end: usize,
    terms: usize,
    context: &'c Context<'c>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }
    fn peeks_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Word { text, is_exact: false }, .. }) if text.eq_ignore_ascii_case(word))
    }
    fn takes_word(&mut self, word: &str) -> bool {
        let is_there = self.peeks_word(word);
        self.next += usize::from(is_there);
        is_there
    }
    fn place(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn any(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut list = vec![self.all(depth)?];
        while self.takes_word("or") {
            list.push(self.all(depth)?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::Or(list) })
    }

    fn all(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut list = vec![self.one(depth)?];
        while self.takes_word("and")
            || !(self.peeks_word("or") || matches!(self.peek().map(|t| &t.kind), None | Some(Kind::Close)))
        {
            list.push(self.one(depth)?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::And(list) })
    }

    fn one(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut is_not = false;
        while self.takes_word("not") {
            is_not = !is_not;
        }
        let at = self.place();
        let expr = match self.peek().map(|token| token.kind.clone()) {
            None => return Err(Fault::new(at, "A term is missing here.", EXAMPLE)),
            Some(Kind::Open) => {
                if depth == Expr::DEPTH_MAX {
                    return Err(Fault::new(at, format!("Brackets go at most {} deep.", Expr::DEPTH_MAX), EXAMPLE));
                }
                self.next += 1;
                let inner = self.any(depth + 1)?;
                if self.peek().is_none_or(|token| token.kind != Kind::Close) {
                    return Err(Fault::new(at, "This bracket is not closed.", EXAMPLE));
                }
                self.next += 1;
                inner
            }
            Some(Kind::Close) => return Err(Fault::new(at, "A term is missing before this bracket.", EXAMPLE)),
            Some(Kind::Word { text, is_exact: false }) => self.term(at, &text)?,
            Some(Kind::Comma) => {
                return Err(Fault::new(
                    at,
                    "A comma joins the values of one term; terms are joined by and, or.",
                    EXAMPLE,
                ));
            }
            Some(_) => return Err(Fault::new(at, "A term is expected here, as on, call or info.", EXAMPLE)),
        };
        Ok(if is_not { expr.not() } else { expr })
    }

    fn term(&mut self, at: usize, word: &str) -> Result<Expr, Fault> {
        let Some(ask) = Ask::of(word) else { return Err(self.unknown(at, word)) };
        self.next += 1;
        self.terms += 1;
        if self.terms > Expr::TERMS_MAX {
            return Err(Fault::new(at, format!("A filter has at most {} terms.", Expr::TERMS_MAX), ""));
        }
        if let Ask::Lacking(why) = ask {
            return Err(Fault::new(at, why, ""));
        }
        let values = if ask.takes_values() { self.values(ask)? } else { Vec::new() };
        read(ask, &values, self.context)
    }

    /// One or more values, joined by commas.
    fn values(&mut self, ask: Ask) -> Result<Vec<Token>, Fault> {
        let mut values = Vec::new();
        loop {
            let missing = |at| {
                let why =
                    if values.is_empty() { "A value is missing here." } else { "A value is missing behind the comma." };
                Fault::new(at, format!("{why} {} takes one or more.", ask.word().to_uppercase()), ask.example())
            };
            let at = self.place();
            match self.peek() {
                Some(token) if !matches!(token.kind, Kind::Open | Kind::Close | Kind::Comma) => {
                    // Oregon's code is OR; elsewhere an operator in the first place says that the value was forgotten.
                    let is_forgotten = matches!(&token.kind, Kind::Word { text, is_exact: false } if is_operator(text));
                    if is_forgotten && values.is_empty() && !matches!(ask, Ask::State(_)) {
                        return Err(missing(at));
                    }
                    values.push(token.clone());
                    self.next += 1;
                }
                _ => return Err(missing(at)),
            }
            if self.peek().is_none_or(|token| token.kind != Kind::Comma) {
                return Ok(values);
            }
            self.next += 1;
        }
    }

    /// What to say about a word that begins no term.
    fn unknown(&self, at: usize, word: &str) -> Fault {
        let before = self.next.checked_sub(1).map(|before| &self.tokens[before].kind);
        let names = WORDS.iter().filter(|(_, ask)| !matches!(ask, Ask::Lacking(_))).map(|(name, _)| *name);
        let mut on = On::default();
        let (hint, example) = if matches!(before, Some(Kind::Word { .. })) && word.bytes().all(|b| b.is_ascii_digit()) {
            ("Values of one term are joined by commas.".to_string(), "by_zone 14,15,16".to_string())
        } else if let Some(near) = nearest(word, names) {
            (format!("Did you mean {near}?"), Ask::of(near).map_or(EXAMPLE, Ask::example).to_string())
        } else if on.add(word).is_ok() {
            (format!("Did you mean on {word}?"), format!("on {word}"))
        } else if values::mode_set(word, false).is_ok() {
            (format!("Did you mean mode {word}?"), format!("mode {word}"))
        } else {
            ("Terms: on mode call by info dxcc zone itu state cont grid near (by_...), origin db wpm time skimmer ...".into(), EXAMPLE.into())
        };
        let shown: String = word.chars().take(40).collect();
        Fault::new(at, format!("{shown} is no term. {hint}"), example)
    }
}

/// A term of its values.
fn read(ask: Ask, values: &[Token], context: &Context<'_>) -> Result<Expr, Fault> {
    let is = |term| Ok(Expr::Is(term));
    match ask {
        Ask::All | Ask::Lacking(_) => Ok(Expr::All),
        Ask::Skimmer => is(Term::Skimmer),
        Ask::Beacon => is(Term::Beacon),
        Ask::CallingCq => is(Term::CallingCq),
        Ask::On => read_on(values),
        Ask::Source => read_source(values),
        Ask::Info => read_info(values),
        Ask::Mode => {
            let mut set = ModeSet::EMPTY;
            each(ask, values, |text, is_exact| {
                set = set.or(values::mode_set(text, is_exact)?);
                Ok(())
            })?;
            is(Term::Mode(set))
        }
        Ask::Class => is(Term::Class(set_of(ask, values, |text| Ok(vec![values::class(text)?]))?)),
        Ask::Feed => is(Term::Feed(set_of(ask, values, |text| Ok(vec![values::feed(text, context.feeds)?]))?)),
        Ask::Continent(side) => {
            is(Term::Continent(side, set_of(ask, values, |text| Ok(vec![values::continent(text)?]))?))
        }
        Ask::Cq(side) => {
            is(Term::Cq(side, set_of(ask, values, |text| values::zones(text, CqSet::MAX, context, |place| place.cq))?))
        }
        Ask::Itu(side) => is(Term::Itu(
            side,
            set_of(ask, values, |text| values::zones(text, ItuSet::MAX, context, |place| place.itu))?,
        )),
        Ask::Entity(side) => is(Term::Entity(side, set_of(ask, values, |text| values::entities(text, context))?)),
        Ask::State(side) => is(Term::State(side, set_of(ask, values, |text| Ok(vec![values::state(text)?]))?)),
        Ask::Confidence => is(Term::Confidence(set_of(ask, values, |text| Ok(vec![values::glyph(text)?]))?)),
        Ask::Reference => is(Term::Reference(set_of(ask, values, values::reference)?)),
        Ask::Snr => {
            let (min, max) = (i64::from(i16::MIN), i64::from(i16::MAX));
            let read =
                |text: &str, is_exact| values::range(text, is_exact, min, max).map(|(a, b)| (a as i16, b as i16));
            is(Term::Snr(each(ask, values, read)?))
        }
        Ask::Speed => {
            let read = |text: &str, is_exact| {
                values::range(text, is_exact, 0, i64::from(u16::MAX)).map(|(a, b)| (a as u16, b as u16))
            };
            is(Term::Speed(each(ask, values, read)?))
        }
        Ask::Time => is(Term::Time(each(ask, values, |text, _| values::time(text))?)),
        Ask::Grid(side) => is(Term::Grid(side, each(ask, values, |text, _| values::grid(text))?)),
        Ask::Near(side) => Ok(one_or_any(each(ask, values, |text, _| values::near(side, text, context))?)),
        Ask::Call(side) => is(Term::Call(side, patterns(ask, values)?)),
        Ask::Node => is(Term::Node(patterns(ask, values)?)),
        Ask::Regex => {
            let read = |text: &str, _| values::regex(text).map(|()| text.into());
            let sources = each_of_any_form(ask, values, read)?;
            is(Term::Regex(sources))
        }
    }
}

fn read_on(values: &[Token]) -> Result<Expr, Fault> {
    let mut on = On::default();
    each(Ask::On, values, |text, _| on.add(text))?;
    if on.is_all {
        return Ok(Expr::All);
    }
    let bands = (!on.bands.is_empty()).then_some(Term::Band(on.bands));
    let freqs = (!on.freqs.is_empty()).then_some(Term::Freq(on.freqs));
    Ok(one_or_any(bands.into_iter().chain(freqs).collect()))
}

/// `human` and `skimmer` are told by who reported, wherever it came from; the rest are classes.
fn read_source(values: &[Token]) -> Result<Expr, Fault> {
    let (mut is_human, mut is_skimmer, mut classes) = (false, false, ClassSet::EMPTY);
    each(Ask::Source, values, |text, _| {
        match text.to_ascii_lowercase().as_str() {
            "human" | "people" | "person" => is_human = true,
            "skimmer" | "skimmers" => is_skimmer = true,
            _ => classes.add_bit(values::class(text)?),
        }
        Ok(())
    })?;
    let mut any = Vec::new();
    any.extend(is_human.then(|| Expr::Is(Term::Skimmer).not()));
    any.extend(is_skimmer.then_some(Expr::Is(Term::Skimmer)));
    any.extend((!classes.is_empty()).then_some(Expr::Is(Term::Class(classes))));
    Ok(if any.len() == 1 { any.remove(0) } else { Expr::Or(any) })
}

fn read_info(values: &[Token]) -> Result<Expr, Fault> {
    let (mut words, mut regexes) = (Vec::new(), Vec::new());
    for token in values {
        let fault = |what: String| Fault::new(token.at, what, Ask::Info.example());
        match &token.kind {
            Kind::Regex(source) => {
                values::regex(source).map_err(fault)?;
                regexes.push(source.as_str().into());
            }
            Kind::Word { text, is_exact } | Kind::Quoted { text, is_exact } => {
                let text = if *is_exact { format!("={text}") } else { text.clone() };
                if text.is_empty() {
                    return Err(fault("An empty text is in every comment.".into()));
                }
                words.push(text.to_ascii_uppercase().into());
            }
            Kind::Open | Kind::Close | Kind::Comma => {}
        }
    }
    let words = (!words.is_empty()).then_some(Term::Words(words));
    let regexes = (!regexes.is_empty()).then_some(Term::Regex(regexes));
    Ok(one_or_any(words.into_iter().chain(regexes).collect()))
}

fn patterns(ask: Ask, values: &[Token]) -> Result<Vec<Pattern>, Fault> {
    each(ask, values, values::call_prefix)
}

fn one_or_any(mut terms: Vec<Term>) -> Expr {
    match terms.len() {
        1 => Expr::Is(terms.remove(0)),
        _ => Expr::Or(terms.into_iter().map(Expr::Is).collect()),
    }
}

/// The bits of all values as a set.
fn set_of<S: FromIterator<usize>>(
    ask: Ask,
    values: &[Token],
    read: impl Fn(&str) -> Result<Vec<usize>, String>,
) -> Result<S, Fault> {
    let bits = each(ask, values, |text, _| read(text))?;
    Ok(bits.into_iter().flatten().collect())
}

/// Every value read; a regular expression has no place here.
fn each<T>(ask: Ask, values: &[Token], read: impl FnMut(&str, bool) -> Result<T, String>) -> Result<Vec<T>, Fault> {
    if let Some(token) = values.iter().find(|token| matches!(token.kind, Kind::Regex(_))) {
        let what = "Braces hold a regular expression, which only info takes.";
        return Err(Fault::new(token.at, what, ask.example()));
    }
    each_of_any_form(ask, values, read)
}

fn each_of_any_form<T>(
    ask: Ask,
    values: &[Token],
    mut read: impl FnMut(&str, bool) -> Result<T, String>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::with_capacity(values.len());
    for token in values {
        let (text, is_exact) = match &token.kind {
            Kind::Word { text, is_exact } | Kind::Quoted { text, is_exact } => (text.as_str(), *is_exact),
            Kind::Regex(source) => (source.as_str(), false),
            Kind::Open | Kind::Close | Kind::Comma => continue,
        };
        all.push(read(text, is_exact).map_err(|what| Fault::new(token.at, what, ask.example()))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::values::tests::context;
    use crate::spot::{Band, Mode};

    fn good(text: &str) -> Expr {
        parse(text, &context()).unwrap_or_else(|fault| panic!("{}", fault.lines(text).join("\n")))
    }
    fn fault(text: &str) -> Fault {
        parse(text, &context()).expect_err(text)
    }
    fn on(band: Band) -> Expr {
        Expr::Is(Term::Band(BandSet::of(&[band])))
    }
    fn info(word: &str) -> Expr {
        Expr::Is(Term::Words(vec![word.into()]))
    }

    #[test]
    fn not_binds_before_and_and_before_or_and_brackets_hold() {
        let (a, b, c) = (|| on(Band::M20), || info("B"), || info("C"));
        for (text, want) in [
            ("on 20m or info b and info c", a().or(b().and(c()))),
            ("on 20m info b or info c", a().and(b()).or(c())),
            ("(on 20m or info b) (info c)", a().or(b()).and(c())),
            ("(on 20m or info b) and info c", a().or(b()).and(c())),
            ("info c (on 20m or info b)", c().and(a().or(b()))),
            ("not on 20m and info b", a().not().and(b())),
            ("not (on 20m and info b)", a().and(b()).not()),
            ("not on 20m info b", a().not().and(b())),
            ("not not on 20m", a()),
            ("((((on 20m))))", a()),
            ("NOT On 20M AND INFO b Or info C", a().not().and(b()).or(c())),
            ("on 20m and not info b", a().and(b().not())),
            ("not all", Expr::Nothing),
        ] {
            assert_eq!(good(text), want, "{text}");
        }
    }

    #[test]
    fn values_are_joined_by_commas_with_or_without_blanks() {
        let zones = Expr::Is(Term::Cq(Side::De, CqSet::from_iter([14, 15, 16])));
        for text in ["by_zone 14,15,16", "byzone 14, 15 ,16", "by_cq 14-16", "bycq 14,15-16"] {
            assert_eq!(good(text), zones, "{text}");
        }
        assert_eq!(good("state or,wa"), good("state wa or state or").terms_joined());
        let pattern = |text: &str| Pattern(text.into());
        assert_eq!(
            good("call n9jr,=k1abc,*/p,^dl,^k1a$"),
            Expr::Is(Term::Call(Side::Dx, ["N9JR*", "K1ABC", "*/P", "DL*", "K1A"].map(pattern).to_vec()))
        );
        assert_eq!(
            good("on 20m,14000/14010,40"),
            Expr::Is(Term::Band(BandSet::of(&[Band::M20, Band::M40])))
                .or(Expr::Is(Term::Freq(vec![(14_000_000, 14_010_000)])))
        );
        assert_eq!(
            good("mode ft8,=psk"),
            Expr::Is(Term::Mode(ModeSet::from_iter([Mode::Ft8 as usize, Mode::Psk as usize])))
        );
        assert_eq!(
            good("info ft8,{ft4|js8{1,2}},\"a \\\" (b)\""),
            Expr::Is(Term::Words(vec!["FT8".into(), "A \" (B)".into()]))
                .or(Expr::Is(Term::Regex(vec!["ft4|js8{1,2}".into()])))
        );
        assert_eq!(good("source human,rbn"), Expr::Is(Term::Skimmer).not().or(good("class rbn")));
    }

    impl Expr {
        /// `state a or state b` as one set: what the canonical form makes of it.
        fn terms_joined(self) -> Expr {
            let Expr::Or(list) = &self else { return self };
            let sets = list.iter().filter_map(|e| match e {
                Expr::Is(Term::State(_, set)) => Some(*set),
                _ => None,
            });
            Expr::Is(Term::State(Side::Dx, sets.fold(StateSet::EMPTY, StateSet::or)))
        }
    }

    #[test]
    fn what_users_were_seen_to_type_is_understood() {
        for text in [
            "on hf/cw",
            "on contesthf/cw",
            "ON HF",
            "FREQ 160M",
            "ON 21000/21300",
            "CALL_DXCC W,VE",
            "info ft8",
            "by_zone 14,15,16",
            "call n9jr",
            "callsign n9jr",
            "by_mode ssb,am,fm",
            "by_state va,nh",
            "not on 20m and info {ft8|ft4}",
            "all",
        ] {
            good(text);
        }
    }

    #[test]
    fn the_caret_stands_at_the_mistake_and_the_reason_helps() {
        for (text, at, word) in [
            ("on hf/ft8", 3, "on hf and mode ft8"),
            ("on 20m,21m", 7, "no band 21m"),
            ("on 20m and", 10, "missing"),
            ("on 20m or or info b", 10, "or is no term"),
            ("", 0, "missing"),
            ("   ", 0, "missing"),
            ("on", 2, "value"),
            ("on and info b", 3, "value"),
            ("on 20m, and", 8, "no band and"),
            ("on 20m,", 7, "comma"),
            ("(on 20m", 0, "not closed"),
            ("on 20m)", 6, "closes nothing"),
            ("()", 1, "missing"),
            ("on 20m, (info b)", 8, "comma"),
            ("db 8-30 q 4-9", 8, "confidence v,c"),
            ("ip 1.2.3.4", 0, "by and the spotter"),
            ("by_zone 14 15", 11, "commas"),
            ("20m", 0, "on 20m?"),
            ("ft8", 0, "mode ft8?"),
            ("by_zoen 14", 0, "by_zone?"),
            ("call {k1}", 5, "only info"),
            ("info {ft8", 5, "not closed"),
            ("info \"ft8", 5, "not closed"),
            ("info {}", 5, "empty"),
            ("info a,{ft(8}", 7, "unclosed group"),
            ("info {(a{100}){1000}}", 5, "too large"),
            ("info ft8}", 8, "closes nothing"),
            ("on 20/40", 3, "20m,40m"),
            ("mode ft9", 5, "no mode ft9"),
            ("zone 41", 5, "1 to 40"),
            ("dxcc 999", 5, "ADIF"),
            ("state xx", 6, "state"),
            ("grid ZZ99", 5, "locator"),
            ("near here/20", 5, "locator"),
            ("time 25-26", 5, "hhmm"),
            ("feed nowhere", 5, "rbn"),
            ("xyzzy 5", 0, "Terms:"),
            ("\"on\" 20m", 0, "expected"),
        ] {
            let fault = fault(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.lines(text).join("\n").contains(word), "{text}: {fault:?}");
        }
    }

    #[test]
    fn terms_and_brackets_are_bounded() {
        assert_eq!(good(&"beacon ".repeat(64)).terms(), 64);
        assert_eq!(fault(&"beacon ".repeat(65)).at, 64 * 7);
        let nested = |depth: usize| format!("{}on 20m{}", "(".repeat(depth), ")".repeat(depth));
        good(&nested(Expr::DEPTH_MAX));
        assert_eq!(fault(&nested(Expr::DEPTH_MAX + 1)).at, Expr::DEPTH_MAX);
        good(&format!("{}beacon", "not ".repeat(10_000)));
    }

    #[test]
    fn every_word_has_an_example_that_is_understood() {
        for (word, ask) in WORDS {
            if !matches!(ask, Ask::Lacking(_)) {
                good(ask.example());
                assert!(ask.word().len() <= word.len() || Ask::of(ask.word()) == Some(ask), "{word}");
            } else {
                assert!(!fault(&format!("{word} 1")).what.is_empty());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_its_undoing(text in "[ -~äß\u{1}]{0,80}") {
            if let Err(fault) = parse(&text, &context()) {
                proptest::prop_assert!(fault.at <= text.len());
                fault.lines(&text);
            }
        }
        #[test]
        fn no_likely_text_either(words in proptest::collection::vec("(on|not|or|and|call|info|\\(|\\)|,|20m|\\{a\\}|db|-|=|\"|q|near|1/2/3)", 0..20)) {
            let text = words.join(" ");
            if let Err(fault) = parse(&text, &context()) {
                proptest::prop_assert!(fault.at <= text.len());
            }
        }
    }
}
