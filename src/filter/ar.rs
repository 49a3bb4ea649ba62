//! AR-Cluster's SET/DX/FILTER (clients 1.7.3): one expression of comparisons, and whether it is applied.
//!
//! ```text
//! expression = all { OR all }
//! all        = one { AND one }
//! one        = { NOT } ( "(" expression ")" | flag | field compare value )
//! compare    = "=" "<>" "<" ">" "<=" ">="
//! value      = word | "[" word { "," word } "]"
//! ```
//!
//! Case does not matter, and blanks around a comparison are free. A call is a whole call unless it has a `*`.

use super::fault::Fault;
use super::nearest::nearest;
use super::sets::*;
use super::slots::{squeeze, take_word};
use super::values;
use super::{Context, Expr, Outcome, Pattern, Side, TEXT_BYTES_MAX, Term};
use crate::reference::Place;
use crate::spot::{Band, Freq};

/// The one expression of a user, and whether it is applied.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ar {
    filter: Option<Said>,
    is_off: bool,
}

#[derive(Clone, PartialEq, Debug)]
struct Said {
    /// As typed, runs of blanks made one.
    text: String,
    expr: Expr,
}

/// What SET/DX/DEFAULT sets: AR-Cluster's default for new users.
pub const AR_DEFAULT: &str = "not skimmer or skimvalid";

impl Ar {
    /// Runs `SET/DX/FILTER [expression]`, `SET/DX/MODE OPEN|FILTER`, `SET/DX/DEFAULT`; `None` when the line is none of these.
    pub fn command(&mut self, line: &str, context: &Context<'_>) -> Option<Outcome> {
        let (set, rest) = take_word(line);
        let (dx, rest) = take_word(rest);
        let (what, rest) = take_word(rest);
        if !set.eq_ignore_ascii_case("SET") || !dx.eq_ignore_ascii_case("DX") {
            return None;
        }
        match what.to_ascii_uppercase().as_str() {
            "FILTER" => Some(self.set(rest, context)),
            "DEFAULT" => Some(self.set(AR_DEFAULT, context)),
            "MODE" => Some(self.set_mode(rest)),
            _ => None,
        }
    }

    /// The commands that make this from an empty one.
    pub fn commands(&self) -> Vec<String> {
        let filter = self.filter.iter().map(|said| format!("SET/DX/FILTER {}", said.text));
        filter.chain(self.is_off.then(|| "SET/DX/MODE OPEN".to_string())).collect()
    }

    /// What passes.
    pub fn expr(&self) -> Expr {
        match &self.filter {
            Some(said) if !self.is_off => said.expr.clone(),
            _ => Expr::All,
        }
    }

    /// The expression with the command that made it; nothing while it is not applied.
    pub fn parts(&self) -> Vec<(String, Expr)> {
        let applied = self.filter.iter().filter(|_| !self.is_off);
        applied.map(|said| (format!("SET/DX/FILTER {}", said.text), said.expr.clone())).collect()
    }

    /// Whether nothing is kept: no expression, and the mode as at first.
    pub fn is_open(&self) -> bool {
        *self == Ar::default()
    }

    /// Forgets the expression; the mode is FILTER again.
    pub fn clear_all(&mut self) {
        *self = Ar::default();
    }

    /// Terms of the expression, applied or not: with those of the other dialects at most [`Expr::TERMS_MAX`].
    pub fn terms(&self) -> usize {
        self.filter.iter().map(|said| said.expr.terms()).sum()
    }

    fn set(&mut self, text: &str, context: &Context<'_>) -> Outcome {
        let text = squeeze(text);
        if text.is_empty() {
            self.filter = None;
            return done(vec!["SET/DX/FILTER: cleared.".into()]);
        }
        if text.len() > TEXT_BYTES_MAX {
            return refused(vec![format!("A filter has at most {TEXT_BYTES_MAX} bytes.")]);
        }
        match parse(&text, context) {
            Err(fault) => refused(fault.lines(&text)),
            Ok(expr) => {
                let mut reply = vec![format!("Set: SET/DX/FILTER {text}.")];
                if self.is_off {
                    reply.push("It is not applied: the mode is OPEN. SET/DX/MODE FILTER applies it.".into());
                }
                self.filter = Some(Said { text, expr });
                done(reply)
            }
        }
    }

    fn set_mode(&mut self, rest: &str) -> Outcome {
        let word = rest.trim().to_ascii_uppercase();
        let is_short_for = |full: &str| !word.is_empty() && full.starts_with(&word);
        let reply = match () {
            () if is_short_for("OPEN") => {
                self.is_off = true;
                "Mode: OPEN, your SET/DX/FILTER is kept and not applied."
            }
            () if is_short_for("FILTER") => {
                self.is_off = false;
                "Mode: FILTER, your SET/DX/FILTER is applied."
            }
            () if is_short_for("NEEDS") => {
                return refused(vec!["This node keeps no list of your needs. Modes: OPEN, FILTER.".into()]);
            }
            () if is_short_for("DEBUG") => {
                return refused(vec![
                    "There is no mode DEBUG here: EXPLAIN LAST 10 says what was held back, and why.".into(),
                ]);
            }
            () => return refused(vec!["Usage: SET/DX/MODE OPEN|FILTER".into()]),
        };
        done(vec![reply.into()])
    }
}

fn done(reply: Vec<String>) -> Outcome {
    Outcome::done(reply)
}
fn refused(reply: Vec<String>) -> Outcome {
    Outcome::refused(reply)
}

/// Reads an expression.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str, context: &Context<'_>) -> Result<Expr, Fault> {
    let mut parser = Parser { tokens: lex(text)?, next: 0, end: text.trim_end().len(), terms: 0, context };
    let expr = parser.any(0)?;
    match parser.peek().map(|token| (token.at, token.kind.clone())) {
        None => Ok(expr),
        Some((at, Kind::Close)) => Err(Fault::new(at, "This bracket closes nothing.", EXAMPLE)),
        Some((at, _)) => Err(Fault::new(at, "AND or OR is missing here.", EXAMPLE)),
    }
}

const EXAMPLE: &str = "band=20 and (not skimmer or skimvalid)";

/// What a field is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Call(Side),
    Node,
    Entity(Side),
    State(Side),
    Continent(Side),
    Cq(Side),
    Itu(Side),
    Grid(Side),
    Freq,
    Band,
    Mode,
    Comment,
    Snr,
    Speed,
    Flag(Flag),
    /// Not to be had, and why.
    Lacking(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flag {
    Skimmer,
    Beacon,
    CallingCq,
    Valid,
    Busted,
    Unknown,
}

const NO_LIST: &str = "This node has no such list of calls. CALL=[K1ABC,DL*] names the ones you want.";
const NO_QSL: &str = "This node knows nothing of QSL services.";
const NO_NEEDS: &str = "This node keeps no list of your needs. CTY, BAND and MODE name what you look for.";
const NO_UNIQUE: &str = "This node does not count the skimmers behind a spot. SKIMVALID tells what several heard.";

/// Fields, and what is meant. `SkimValid` and so on are told by the confidence mark (pipeline 15.12): valid is `V` (most
/// reporters agree), `P` (a good part does), `C` (corrected), `S` (a known call), and a spot without a mark, since its mode
/// checks itself (FT8); busted is `B`, a call that was taken for a slip and could not be mended; unknown is `?`.
const FIELDS: [(&str, Field); 43] = [
    ("Call", Field::Call(Side::Dx)),
    ("Spotter", Field::Call(Side::De)),
    ("SpotterNode", Field::Node),
    ("Node", Field::Node),
    ("Cty", Field::Entity(Side::Dx)),
    ("SpotterCty", Field::Entity(Side::De)),
    ("Freq", Field::Freq),
    ("Band", Field::Band),
    ("Mode", Field::Mode),
    ("Comment", Field::Comment),
    ("State", Field::State(Side::Dx)),
    ("SpotterState", Field::State(Side::De)),
    ("County", Field::Lacking("This node knows no counties. STATE goes as far as states and provinces.")),
    ("SpotterCounty", Field::Lacking("This node knows no counties. SPOTTERSTATE goes as far as states and provinces.")),
    ("Cont", Field::Continent(Side::Dx)),
    ("SpotterCont", Field::Continent(Side::De)),
    ("CqZone", Field::Cq(Side::Dx)),
    ("SpotterCqZone", Field::Cq(Side::De)),
    ("ItuZone", Field::Itu(Side::Dx)),
    ("SpotterItuZone", Field::Itu(Side::De)),
    ("Grid", Field::Grid(Side::Dx)),
    ("SpotterGrid", Field::Grid(Side::De)),
    ("Skimmer", Field::Flag(Flag::Skimmer)),
    ("SkimValid", Field::Flag(Flag::Valid)),
    ("SkimBusted", Field::Flag(Flag::Busted)),
    ("SkimUnknown", Field::Flag(Flag::Unknown)),
    (
        "SkimQsy",
        Field::Lacking("This node does not mark stations that moved. Its DEDUPE shows them anew on the new frequency."),
    ),
    ("SkimDupe", Field::Lacking("Duplicates are kept away by SET/DEDUPE FAST|MED|SLOW, not by a filter.")),
    ("SkimWpm", Field::Speed),
    ("SkimDb", Field::Snr),
    ("Cq", Field::Flag(Flag::CallingCq)),
    ("Beacon", Field::Flag(Flag::Beacon)),
    ("Unique", Field::Lacking(NO_UNIQUE)),
    ("Lotw", Field::Lacking(NO_QSL)),
    ("Bob", Field::Lacking(NO_LIST)),
    ("Foc", Field::Lacking(NO_LIST)),
    ("Top100", Field::Lacking(NO_LIST)),
    ("Master", Field::Lacking(NO_LIST)),
    ("InCb", Field::Lacking(NO_LIST)),
    ("Buddy", Field::Lacking(NO_LIST)),
    ("Atno", Field::Lacking(NO_NEEDS)),
    ("Need", Field::Lacking(NO_NEEDS)),
    ("Needs", Field::Lacking(NO_NEEDS)),
];

impl Field {
    fn example(self) -> &'static str {
        match self {
            Field::Call(_) => "call=DL*",
            Field::Node => "spotternode=GB7DJK",
            Field::Entity(_) => "spottercty=[K,VE]",
            Field::State(_) => "spotterstate=[FL,GA]",
            Field::Continent(_) => "spottercont=NA",
            Field::Cq(_) => "cqzone=[14,15]",
            Field::Itu(_) => "ituzone=28",
            Field::Grid(_) => "grid=FN42",
            Field::Freq => "freq>14000 and freq<14070",
            Field::Band => "band=[20,15]",
            Field::Mode => "mode=[CW,SSB]",
            Field::Comment => "comment=pota",
            Field::Snr => "skimdb>20",
            Field::Speed => "skimwpm<25",
            Field::Flag(_) | Field::Lacking(_) => EXAMPLE,
        }
    }
}

impl Flag {
    fn expr(self) -> Expr {
        let marks = |glyphs: &[u8]| glyphs.iter().map(|glyph| GlyphSet::bit(*glyph)).collect::<GlyphSet>();
        Expr::Is(match self {
            Flag::Skimmer => Term::Skimmer,
            Flag::Beacon => Term::Beacon,
            Flag::CallingCq => Term::CallingCq,
            Flag::Valid => {
                let mut valid = marks(b"VPCS");
                valid.add_bit(0);
                Term::Confidence(valid)
            }
            Flag::Busted => Term::Confidence(marks(b"B")),
            Flag::Unknown => Term::Confidence(marks(b"?")),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Compare {
    Is,
    IsNot,
    Below,
    UpTo,
    Above,
    From,
}

/// Two-letter signs first, so that they are not read as two.
const SIGNS: [(&str, Compare); 8] = [
    ("<>", Compare::IsNot),
    ("!=", Compare::IsNot),
    ("<=", Compare::UpTo),
    (">=", Compare::From),
    ("==", Compare::Is),
    ("=", Compare::Is),
    ("<", Compare::Below),
    (">", Compare::Above),
];

#[derive(Clone, PartialEq, Eq, Debug)]
struct Token {
    at: usize,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
    Sign(Compare),
    Word(String),
    Quoted(String),
}

/// One value and where it stands.
type Value = (usize, String);

fn lex(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let sign = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (kind, len) = match (first, sign) {
            (_, Some((sign, compare))) => (Kind::Sign(*compare), sign.len()),
            ('(', _) => (Kind::Open, 1),
            (')', _) => (Kind::Close, 1),
            ('[', _) => (Kind::ListOpen, 1),
            (']', _) => (Kind::ListClose, 1),
            (',', _) => (Kind::Comma, 1),
            ('{' | '}', _) => {
                let what = "Braces mark a blank that your program should have filled in. Type the value itself.";
                return Err(Fault::new(at, what, "call=K1ABC"));
            }
            ('"' | '\'', _) => {
                let end = rest[1..].find(first);
                let end = end.ok_or_else(|| Fault::new(at, "This quote is not closed.", "comment=\"up 2\""))?;
                (Kind::Quoted(rest[1..=end].to_string()), end + 2)
            }
            _ => {
                let len = rest.find(is_end_of_word).unwrap_or(rest.len()).max(first.len_utf8());
                (Kind::Word(rest[..len].to_string()), len)
            }
        };
        tokens.push(Token { at, kind });
        rest = &rest[len..];
    }
}

fn is_end_of_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | '=' | '<' | '>' | '!' | '"' | '\'')
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
    fn place(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }
    fn takes(&mut self, kind: &Kind) -> bool {
        let is_there = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(is_there);
        is_there
    }
    fn takes_word(&mut self, word: &str) -> bool {
        let is_there =
            matches!(self.peek(), Some(Token { kind: Kind::Word(text), .. }) if text.eq_ignore_ascii_case(word));
        self.next += usize::from(is_there);
        is_there
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
        while self.takes_word("and") {
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
            Some(Kind::Open) => {
                if depth == Expr::DEPTH_MAX {
                    return Err(Fault::new(at, format!("Brackets go at most {} deep.", Expr::DEPTH_MAX), EXAMPLE));
                }
                self.next += 1;
                let inner = self.any(depth + 1)?;
                if !self.takes(&Kind::Close) {
                    return Err(match self.peek() {
                        None => Fault::new(at, "This bracket is not closed.", EXAMPLE),
                        Some(token) => Fault::new(token.at, "AND, OR or a closing bracket is missing here.", EXAMPLE),
                    });
                }
                inner
            }
            Some(Kind::Word(word)) => self.condition(at, &word)?,
            _ => return Err(Fault::new(at, "A field is missing here, as Call, Band or Skimmer.", EXAMPLE)),
        };
        Ok(if is_not { expr.not() } else { expr })
    }

    fn condition(&mut self, at: usize, word: &str) -> Result<Expr, Fault> {
        let found = FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, field)| *field);
        let Some(field) = found else { return Err(unknown(at, word)) };
        self.next += 1;
        self.terms += 1;
        if self.terms > Expr::TERMS_MAX {
            return Err(Fault::new(at, format!("A filter has at most {} terms.", Expr::TERMS_MAX), ""));
        }
        if let Field::Lacking(why) = field {
            return Err(Fault::new(at, why, EXAMPLE));
        }
        let sign_at = self.place();
        let compare = match self.peek().map(|token| &token.kind) {
            Some(Kind::Sign(compare)) => Some(*compare),
            _ => None,
        };
        match (field, compare) {
            (Field::Flag(flag), None) => Ok(flag.expr()),
            (_, None) => Err(Fault::new(
                sign_at,
                format!("{word} is compared with something: = <> < > or =[a,b]."),
                field.example(),
            )),
            (_, Some(compare)) => {
                self.next += 1;
                let values = self.values(field)?;
                self.compared(field, (sign_at, compare), &values)
            }
        }
    }

    /// One value, or a list in brackets.
    fn values(&mut self, field: Field) -> Result<Vec<Value>, Fault> {
        let opened = self.place();
        if !self.takes(&Kind::ListOpen) {
            return Ok(vec![self.value(field)?]);
        }
        let mut values = vec![self.value(field)?];
        while self.takes(&Kind::Comma) {
            values.push(self.value(field)?);
        }
        match (self.takes(&Kind::ListClose), self.peek()) {
            (true, _) => Ok(values),
            (false, None) => Err(Fault::new(opened, "This list is not closed.", field.example())),
            (false, Some(token)) => Err(Fault::new(token.at, "A comma or ] is missing here.", field.example())),
        }
    }

    fn value(&mut self, field: Field) -> Result<Value, Fault> {
        let at = self.place();
        match self.peek().map(|token| token.kind.clone()) {
            Some(Kind::Word(text) | Kind::Quoted(text)) if !text.is_empty() => {
                self.next += 1;
                Ok((at, text))
            }
            _ => Err(Fault::new(at, "A value is missing here.", field.example())),
        }
    }

    fn compared(&self, field: Field, sign: (usize, Compare), values: &[Value]) -> Result<Expr, Fault> {
        let (sign_at, compare) = sign;
        let is_ordered = matches!(field, Field::Freq | Field::Snr | Field::Speed | Field::Cq(_) | Field::Itu(_));
        let is_equality = matches!(compare, Compare::Is | Compare::IsNot);
        if !is_equality && !is_ordered {
            return Err(Fault::new(
                sign_at,
                "Only numbers are greater or less. Here = and <> can be used.",
                field.example(),
            ));
        }
        if !is_equality && values.len() > 1 {
            return Err(Fault::new(sign_at, "A list goes with = and <> only.", field.example()));
        }
        // `<>` is the opposite of `=`: a spot that does not know the fact passes.
        if compare == Compare::IsNot {
            return Ok(self.compared(field, (sign_at, Compare::Is), values)?.not());
        }
        self.asked(field, compare, values)
    }

    fn asked(&self, field: Field, compare: Compare, values: &[Value]) -> Result<Expr, Fault> {
        let context = self.context;
        let one = |text: &str, bit: fn(&str) -> Result<usize, String>| Ok(vec![bit(text)?]);
        let zones = |max: usize, zone_of: fn(&Place) -> u8| {
            move |text: &str| match compare {
                Compare::Is => values::zones(text, max, context, zone_of),
                _ => numbers(text, compare, 1, max as i64).map(|(from, to)| (from as usize..=to as usize).collect()),
            }
        };
        Ok(match field {
            Field::Call(side) => Expr::Is(Term::Call(side, each(field, values, pattern)?)),
            Field::Node => Expr::Is(Term::Node(each(field, values, pattern)?)),
            Field::Entity(side) => {
                Expr::Is(Term::Entity(side, set(field, values, |text| values::entities(text, context))?))
            }
            Field::State(side) => Expr::Is(Term::State(side, set(field, values, |text| one(text, values::state))?)),
            Field::Continent(side) => {
                Expr::Is(Term::Continent(side, set(field, values, |text| one(text, values::continent))?))
            }
            Field::Cq(side) => Expr::Is(Term::Cq(side, set(field, values, zones(CqSet::MAX, |place| place.cq))?)),
            Field::Itu(side) => Expr::Is(Term::Itu(side, set(field, values, zones(ItuSet::MAX, |place| place.itu))?)),
            Field::Grid(side) => {
                Expr::Is(Term::Grid(side, each(field, values, |text| values::grid(text.trim_end_matches('*')))?))
            }
            Field::Band => Expr::Is(Term::Band(set(field, values, |text| one(text, band))?)),
            Field::Mode => {
                Expr::Is(Term::Mode(set(field, values, |text| Ok(values::mode_set(text, false)?.bits().collect()))?))
            }
            Field::Freq => Expr::Is(Term::Freq(each(field, values, |text| freq(text, compare))?)),
            Field::Snr => {
                let (min, max) = (i64::from(i16::MIN), i64::from(i16::MAX));
                let read = |text: &str| numbers(text, compare, min, max).map(|(a, b)| (a as i16, b as i16));
                Expr::Is(Term::Snr(each(field, values, read)?))
            }
            Field::Speed => {
                let read =
                    |text: &str| numbers(text, compare, 0, i64::from(u16::MAX)).map(|(a, b)| (a as u16, b as u16));
                Expr::Is(Term::Speed(each(field, values, read)?))
            }
            Field::Comment => {
                let mut any = each(field, values, comment)?;
                if any.len() == 1 { Expr::Is(any.remove(0)) } else { Expr::Or(any.into_iter().map(Expr::Is).collect()) }
            }
            Field::Flag(flag) => {
                let wanted = each(field, values, |text| match text.to_ascii_lowercase().as_str() {
                    "1" | "true" | "yes" | "on" | "y" => Ok(true),
                    "0" | "false" | "no" | "off" | "n" => Ok(false),
                    _ => Err("It is true or false, or stands alone: skimmer, not skimmer.".to_string()),
                })?;
                let (yes, no) = (wanted.contains(&true), wanted.contains(&false));
                if yes && no {
                    Expr::All
                } else if yes {
                    flag.expr()
                } else {
                    flag.expr().not()
                }
            }
            Field::Lacking(_) => Expr::All,
        })
    }
}

/// What to say about a word that is no field.
fn unknown(at: usize, word: &str) -> Fault {
    let shown: String = word.chars().take(40).collect();
    let names = FIELDS.iter().filter(|(_, field)| !matches!(field, Field::Lacking(_))).map(|(name, _)| *name);
    match nearest(word, names) {
        Some(near) => {
            let field = FIELDS.iter().find(|(name, _)| *name == near).map(|(_, field)| *field);
            Fault::new(at, format!("{shown} is no field. Did you mean {near}?"), field.map_or(EXAMPLE, Field::example))
        }
        None => {
            let what = format!(
                "{shown} is no field. Fields: Call Spotter Cty Freq Band Mode Comment State Cont CqZone ItuZone Grid Skimmer ..."
            );
            Fault::new(at, what, EXAMPLE)
        }
    }
}

fn each<T>(field: Field, values: &[Value], mut read: impl FnMut(&str) -> Result<T, String>) -> Result<Vec<T>, Fault> {
    let fault = |at: usize, what: String| Fault::new(at, what, field.example());
    values.iter().map(|(at, text)| read(text).map_err(|what| fault(*at, what))).collect()
}

fn set<S: FromIterator<usize>>(
    field: Field,
    values: &[Value],
    read: impl Fn(&str) -> Result<Vec<usize>, String>,
) -> Result<S, Fault> {
    Ok(each(field, values, read)?.into_iter().flatten().collect())
}

fn pattern(text: &str) -> Result<Pattern, String> {
    values::call_prefix(text, true)
}

fn band(text: &str) -> Result<usize, String> {
    let known = Band::parse(text).map(|band| band as usize);
    known.ok_or_else(|| format!("There is no band {text}. Bands: {}.", Band::ALL.map(Band::name).join(" ")))
}

/// `=14025` is what a line shows as 14025.0.
fn freq(text: &str, compare: Compare) -> Result<(u64, u64), String> {
    let hz = values::khz(text).ok_or_else(|| format!("{text} is no frequency in kHz, as 14025.3."))?;
    let max = Freq::MICROWAVE_MAX.hz();
    let range = match compare {
        Compare::Is | Compare::IsNot => (hz.saturating_sub(50), hz.saturating_add(49)),
        Compare::Below => (0, hz.saturating_sub(1)),
        Compare::UpTo => (0, hz),
        Compare::Above => (hz.saturating_add(1), max),
        Compare::From => (hz, max),
    };
    (range.0 <= range.1).then_some(range).ok_or_else(|| format!("Nobody is above {text} kHz."))
}

/// Whole numbers between `min` and `max`.
fn numbers(text: &str, compare: Compare, min: i64, max: i64) -> Result<(i64, i64), String> {
    let number = text.parse::<i64>().ok().filter(|n| (min..=max).contains(n));
    let n = number.ok_or_else(|| format!("{text} is no whole number from {min} to {max}."))?;
    let range = match compare {
        Compare::Is | Compare::IsNot => (n, n),
        Compare::Below => (min, n - 1),
        Compare::UpTo => (min, n),
        Compare::Above => (n + 1, max),
        Compare::From => (n, max),
    };
    (range.0 <= range.1)
        .then_some(range)
        .ok_or_else(|| format!("Nothing lies there: the numbers go from {min} to {max}."))
}

/// A comment that holds a text; `*` inside it is any text.
fn comment(text: &str) -> Result<Term, String> {
    let body = text.trim_matches('*');
    if body.is_empty() {
        return Err("A text is missing: every comment has nothing in it.".into());
    }
    if !body.contains('*') {
        return Ok(Term::Words(vec![body.to_ascii_uppercase().into()]));
    }
    let source = body.split('*').map(escaped).collect::<Vec<_>>().join(".*");
    values::regex(&source)?;
    Ok(Term::Regex(vec![source.into()]))
}

/// A text as a regular expression that fits it alone.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+?()|[]{}^$#&-~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::spider;
    use crate::filter::values::tests::context;

    fn good(text: &str) -> Expr {
        parse(text, &context()).unwrap_or_else(|fault| panic!("{}", fault.lines(text).join("\n")))
    }
    fn fault(text: &str) -> Fault {
        parse(text, &context()).expect_err(text)
    }

    #[test]
    fn it_means_what_spider_says() {
        for (ar, spider) in [
            ("call=K1ABC", "call =K1ABC"),
            ("call = k1* or SPOTTER=[w3lpl,DL*]", "call K1* or by =W3LPL,DL*"),
            ("spotternode=gb7djk", "origin =GB7DJK"),
            ("cty=[K,VE] and spottercty<>dl", "dxcc K,VE and not by_dxcc DL"),
            ("state=VA and spotterstate=[FL,GA]", "state va and by_state fl,ga"),
            ("cont=eu and not spottercont=[na,sa]", "cont eu and not by_cont na,sa"),
            (
                "cqzone=14 or spottercqzone<3 or ituzone>88 or spotterituzone>=89",
                "zone 14 or by_zone 1-2 or itu 89-90 or by_itu 89,90",
            ),
            ("grid=FN42 or grid=em*", "grid FN42 or grid EM"),
            ("band=[20,15m] mode", ""),
            ("band=[20,15m] and mode=[CW,ssb]", "band 20,15 and mode cw,ssb"),
            ("freq>=14000 and freq<=14070", "on 14000/300000000 and on 0/14070"),
            ("comment=pota", "info pota"),
            ("comment=*up*2*", "info {up.*2}"),
            ("comment=\"a+b*c\"", "info {a\\+b.*c}"),
            ("skimwpm<25 and skimdb>20 and skimdb<>-5", "wpm <25 and db >20 and not db =-5"),
            ("skimmer and not beacon or cq", "skimmer and not beacon or cqing"),
            ("skimmer=true or skimmer=0", "skimmer or not skimmer"),
            ("not skimmer or skimvalid", "not skimmer or confidence v,p,c,s,none"),
            ("skimbusted or skimunknown", "confidence b or confidence ?"),
            ("NOT(skimmer)AND(band=20)", "not skimmer and band 20"),
            ("band=20 or band=15 and mode=cw", "band 20 or (band 15 and mode cw)"),
        ] {
            match spider {
                "" => assert_eq!(fault(ar).what, "AND or OR is missing here."),
                _ => assert_eq!(good(ar), spider::parse(spider, &context()).unwrap(), "{ar}"),
            }
        }
    }

    #[test]
    fn the_menu_of_tr4w_is_understood_or_refused_with_the_reason() {
        good("not skimmer and not skimbusted and (spotterstate=[FL,GA])");
        good("spottercty=k and spotterstate = VA");
        good("call=K1ABC or (not skimmer and spottercont=NA)");
        for (text, at, word) in [
            ("call={MY_CALL} or (not skimmer and spottercont=NA)", 5, "filled in"),
            ("call=K1ABC or (not skimmer and spottercont=NA) or ((skimmer and unique>2))", 64, "SKIMVALID"),
            ("(not skimmer and (spottercont=NA)", 0, "not closed"),
            ("(not skimmer and (spottercont=NA) or (skimmer and band=20", 37, "not closed"),
        ] {
            let fault = fault(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.what.contains(word), "{text}: {fault:?}");
        }
    }

    #[test]
    fn the_caret_stands_at_the_mistake_and_the_reason_helps() {
        for (text, at, word) in [
            ("", 0, "missing"),
            ("band", 4, "compared"),
            ("band=", 5, "value"),
            ("band=[20,15", 5, "not closed"),
            ("band=[20 15]", 9, "comma"),
            ("band=[20,]", 9, "value"),
            ("band>20", 4, "numbers"),
            ("band=21", 5, "no band"),
            ("freq>[14000,14070]", 4, "list"),
            ("freq=up", 5, "kHz"),
            ("bnad=20", 0, "Band?"),
            ("xyzzy=20", 0, "Fields"),
            ("band=20 mode=cw", 8, "AND or OR"),
            ("band=20)", 7, "closes nothing"),
            ("(band=20 mode=cw)", 9, "closing"),
            ("band=20 and", 11, "missing"),
            ("not", 3, "missing"),
            ("comment='x", 8, "quote"),
            ("comment=*", 8, "missing"),
            ("skimmer=maybe", 8, "true"),
            ("lotw", 0, "QSL"),
            ("skimdupe", 0, "DEDUPE"),
            ("cqzone>40", 7, "1 to 40"),
            ("skimdb>32767", 7, "Nothing"),
            ("!band=20", 0, "field"),
        ] {
            let fault = fault(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.what.contains(word), "{text}: {fault:?}");
        }
    }

    #[test]
    fn terms_and_brackets_are_bounded() {
        let many = vec!["beacon"; 64].join(" or ");
        assert_eq!(good(&many).terms(), 64);
        assert!(fault(&format!("{many} or cq")).what.contains("64"));
        let nested = |depth: usize| format!("{}cq{}", "(".repeat(depth), ")".repeat(depth));
        good(&nested(Expr::DEPTH_MAX));
        assert_eq!(fault(&nested(Expr::DEPTH_MAX + 1)).at, Expr::DEPTH_MAX);
        good(&format!("{}cq", "not ".repeat(10_000)));
    }

    #[test]
    fn the_mode_applies_and_the_commands_make_it_again() {
        let mut ar = Ar::default();
        let mut run = |line: &str| {
            let outcome = ar.command(line, &context()).expect(line);
            (outcome.done, outcome.reply.join(" "), ar.expr(), ar.commands(), ar.parts().len())
        };
        let (band, commands) = (good("band=20"), vec!["SET/DX/FILTER band=20 or band = 20".to_string()]);
        let set = run("SET/DX/FILTER  band=20  or band = 20 ");
        assert_eq!((set.0, set.2, set.3, set.4), (true, band.clone().or(band), commands.clone(), 1));
        let open = run("set dx mode open");
        assert_eq!((open.0, open.2, open.3.len(), open.4), (true, Expr::All, 2, 0));
        assert!(run("SET/DX/FILTER band=15").1.contains("not applied"));
        for line in ["SET/DX/MODE NEEDS", "SET/DX/MODE DEBUG", "SET/DX/MODE", "SET/DX/MODE X", "SET/DX/FILTER band"] {
            assert!(!run(line).0, "{line}");
        }
        assert_eq!(run("SET/DX/MODE f").2, good("band=15"));
        assert_eq!(run("SET/DX/DEFAULT").3, [format!("SET/DX/FILTER {AR_DEFAULT}")]);
        assert_eq!(run("SET/DX/FILTER").2, Expr::All);
        assert!(
            ar.is_open()
                && ar.command("SET/DX", &context()).is_none()
                && ar.command("SET/DXGRID", &context()).is_none()
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_its_undoing(words in proptest::collection::vec("(band|=|<>|>|not|or|and|call|comment|\\(|\\)|,|20|\\[|\\]|\\{|\"|'|ä|skimmer|-5)", 0..20)) {
            for text in [words.join(" "), words.concat()] {
                if let Err(fault) = parse(&text, &context()) {
                    proptest::prop_assert!(fault.at <= text.len());
                    fault.lines(&text);
                }
            }
        }
    }
}
