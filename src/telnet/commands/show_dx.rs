//! What follows SHOW/DX: options in any order, and terms joined by and, or, not, brackets (clients 1.4).
//!
//! ```text
//! words ──▶ tokens (words, quoted texts, {expressions}, <tags>, brackets)
//! tokens ──▶ options (count, day, whose reports, layout) and one expression over a spot
//! ```
//!
//! A term with a keyword is that of the spider language (ACCEPT/REJECT); what stands alone is, in this order, a
//! count, a band or a mode, a call. Everything else is named in the reply.

use super::ECHO_BYTES_MAX;
use super::resolve::Args;
use crate::filter::{Context, Expr, Fault, GridPrefix, Term, parse_ar, parse_spider, spider_takes_values};
use crate::spot::{Band, Call, Freq, Mode};
use crate::store::{HISTORY_COUNT_MAX, Sources};
use crate::telnet::wash::excerpt;

/// What was asked; the user's habits fill in the rest.
#[derive(Clone, PartialEq, Debug)]
pub struct ShowDx {
    /// How many spots, at most [`HISTORY_COUNT_MAX`].
    pub count: Option<usize>,
    /// How many of the newest are left out.
    pub skip: usize,
    /// From so many days back to so many; 0 = today.
    pub days: Option<(u32, u32)>,
    /// Whose reports.
    pub sources: Option<Sources>,
    /// As live lines.
    pub live: bool,
    /// Through the user's filter.
    pub own_filter: bool,
    /// About the spot.
    pub terms: Expr,
}

/// What could not be read, in the words of the reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShowDxFault {
    /// What is wrong.
    pub what: String,
    /// How it is said rightly.
    pub example: String,
}

const EXAMPLE: &str = "SH/DX 25 on 20m by G7BRN";
/// Earliest day that can be asked for: ten years.
const DAYS_MAX: u32 = 3_660;

/// Words that say whose reports; several add up.
const SOURCES: [(&str, Sources); 8] = [
    ("ALL", Sources::ALL),
    ("PEOPLE", Sources::PEOPLE),
    ("HUMAN", Sources::PEOPLE),
    ("HUMANS", Sources::PEOPLE),
    ("SKIMMER", Sources::SKIMMER),
    ("SKIMMERS", Sources::SKIMMER),
    ("RBN", Sources::SKIMMER),
    ("DIGITAL", Sources::DIGITAL),
];

const OPERATORS: [&str; 3] = ["AND", "OR", "NOT"];

/// Modes that are prefixes as well: alone they are the beginning of a call (`FM5BH`).
const MODES_LIKE_PREFIXES: [Mode; 3] = [Mode::Am, Mode::Fm, Mode::Dv];

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Open,
    Close,
    Word(String),
    /// In quotes.
    Text(String),
    /// In braces.
    Regex(String),
    /// In angle brackets, which it keeps.
    Tag(String),
}

/// Reads what follows SHOW/DX. What makes no sense and holds comparisons (`band=40 and call=ja*`) is read again as an
/// expression of the AR language, whole but for a count before it.
pub fn read_show_dx(args: &Args<'_>, context: &Context<'_>) -> Result<ShowDx, ShowDxFault> {
    let text = String::from_utf8_lossy(args.rest);
    let tied = args.tied.map(String::from_utf8_lossy);
    let tied = || tied.clone().map(|tied| Token::Word(tied.into_owned()));
    let fault = match read(tied().into_iter().chain(tokens(&text)).collect(), context) {
        Ok(asked) => return Ok(asked),
        Err(fault) => fault,
    };
    let Some((count, comparisons)) = ar_form(&text) else { return Err(fault) };
    let asked = read(tied().into_iter().chain(tokens(count)).collect(), context)?;
    let terms = parse_ar(comparisons, context).map_err(of_language)?;
    // It says itself whether skimmers are wanted.
    Ok(ShowDx { terms, sources: Some(Sources::ALL), ..asked })
}

fn read(tokens: Vec<Token>, context: &Context<'_>) -> Result<ShowDx, ShowDxFault> {
    let mut reader = Reader {
        tokens,
        at: 0,
        depth: 0,
        context,
        asked: ShowDx {
            count: None,
            skip: 0,
            days: None,
            sources: None,
            live: false,
            own_filter: false,
            terms: Expr::All,
        },
    };
    let terms = reader.any()?;
    if reader.peek().is_some() {
        return Err(fault("There is a ) without its (.", "SH/DX (by_zone 4 or by_zone 5) and on 20m"));
    }
    let mut asked = reader.asked;
    asked.terms = terms.unwrap_or(Expr::All);
    if asked.terms.terms() > Expr::TERMS_MAX {
        return Err(fault(format!("That is more than {} terms.", Expr::TERMS_MAX), EXAMPLE));
    }
    Ok(asked)
}

fn fault(what: impl Into<String>, example: &str) -> ShowDxFault {
    ShowDxFault { what: what.into(), example: example.into() }
}

/// A mistake that the reader of a filter language found.
fn of_language(Fault { what, example, .. }: Fault) -> ShowDxFault {
    let example = if example.is_empty() { EXAMPLE.into() } else { format!("SH/DX {example}") };
    ShowDxFault { what, example }
}

/// Parts a text into the counts it begins with and an expression with comparisons; `None` when there is no
/// comparison outside of quotes and braces.
fn ar_form(text: &str) -> Option<(&str, &str)> {
    let is_comparison = |token: &Token| match token {
        Token::Word(word) => word.contains(['=', '<', '>']),
        // All other tags are looked for in comments.
        Token::Tag(tag) => tag == "<>",
        _ => false,
    };
    if !tokens(text).iter().any(is_comparison) {
        return None;
    }
    let is_count = |b: char| b.is_ascii_digit() || b.is_whitespace() || b == '-';
    let begins = text.find(|c| !is_count(c)).unwrap_or(text.len());
    Some(text.split_at(begins))
}

/// Cuts a text into tokens. Quotes and braces that are not closed reach to the end.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let until = |end: char| {
            let inside = after.split(end).next().unwrap_or_default();
            (inside.to_string(), after[inside.len()..].strip_prefix(end).unwrap_or_default())
        };
        let (token, next) = match first {
            '(' => (Token::Open, after),
            ')' => (Token::Close, after),
            '\'' | '"' => wrap(Token::Text, until(first)),
            '{' => wrap(Token::Regex, until('}')),
            '<' if after.contains('>') => {
                let (tag, next) = until('>');
                (Token::Tag(format!("<{tag}>")), next)
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "()".contains(c)).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_string()), &rest[end..])
            }
        };
        match (tokens.last_mut(), &token) {
            // `by_dxcc w, ve` is one list.
            (Some(Token::Word(list)), Token::Word(more)) if list.ends_with(',') => list.push_str(more),
            _ => tokens.push(token),
        }
        rest = next.trim_start();
    }
    tokens
}

fn wrap(token: fn(String) -> Token, (inside, next): (String, &str)) -> (Token, &str) {
    (token(inside), next)
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    context: &'a Context<'a>,
    asked: ShowDx,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next_is(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.next_is(word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Alternatives. `None` when only options stood there.
    fn any(&mut self) -> Result<Option<Expr>, ShowDxFault> {
        let mut list = Vec::new();
        loop {
            list.extend(self.all()?);
            if !self.take("OR") {
                break;
            }
        }
        Ok(if list.len() > 1 { Some(Expr::Or(list)) } else { list.pop() })
    }

    /// Terms side by side; AND may stand between them.
    fn all(&mut self) -> Result<Option<Expr>, ShowDxFault> {
        let mut list = Vec::new();
        loop {
            if self.take("AND") {
                continue;
            }
            match self.peek() {
                None | Some(Token::Close) => break,
                Some(_) if self.next_is("OR") => break,
                Some(_) => list.extend(self.one()?),
            }
        }
        Ok(if list.len() > 1 { Some(Expr::And(list)) } else { list.pop() })
    }

    /// A term, or an option.
    fn one(&mut self) -> Result<Option<Expr>, ShowDxFault> {
        let Some(token) = self.tokens.get(self.at).cloned() else { return Ok(None) };
        self.at += 1;
        match token {
            Token::Word(word) if word.eq_ignore_ascii_case("NOT") => self.deeper(Self::negated),
            Token::Word(word) => self.word(&word),
            Token::Open => self.deeper(Self::bracket),
            // Not reached: `all` stops before it.
            Token::Close => Ok(None),
            Token::Text(_) | Token::Regex(_) | Token::Tag(_) => self.comment(&token).map(Some),
        }
    }

    fn deeper(
        &mut self,
        read: fn(&mut Self) -> Result<Option<Expr>, ShowDxFault>,
    ) -> Result<Option<Expr>, ShowDxFault> {
        self.depth += 1;
        if self.depth > Expr::DEPTH_MAX {
            return Err(fault(format!("Brackets and NOT go {} deep at most.", Expr::DEPTH_MAX), EXAMPLE));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn negated(&mut self) -> Result<Option<Expr>, ShowDxFault> {
        let asked = self.asked.clone();
        // `not skimmer` is said in every filter language; here it is about whom to ask.
        if SOURCES.iter().any(|(name, sources)| *sources == Sources::SKIMMER && self.take(name)) {
            self.asked.sources = Some(Sources::PEOPLE);
            return Ok(None);
        }
        match self.one()? {
            Some(expr) if self.asked == asked => Ok(Some(expr.not())),
            _ => Err(fault("NOT goes before a term, not before an option.", "SH/DX not on 20m")),
        }
    }

    fn bracket(&mut self) -> Result<Option<Expr>, ShowDxFault> {
        let inside = self.any()?;
        if self.peek() != Some(&Token::Close) {
            return Err(fault("There is a ( without its ).", "SH/DX (by_zone 4 or by_zone 5) and on 20m"));
        }
        self.at += 1;
        Ok(inside)
    }

    fn word(&mut self, word: &str) -> Result<Option<Expr>, ShowDxFault> {
        if let Some(sources) = sources(word) {
            self.asked.sources = Some(self.asked.sources.map_or(sources, |other| other.or(sources)));
            return Ok(None);
        }
        let upper = word.to_ascii_uppercase();
        match &*upper {
            "REAL" | "RT" => self.asked.live = true,
            "FILTER" | "MY" => self.asked.own_filter = true,
            "QSL" => return Ok(Some(regex(r"\b(QSL|VIA)\b"))),
            "IOTA" => return Ok(Some(self.iota())),
            "QRA" => return Ok(Some(self.locator())),
            "DAY" | "DAYS" => {
                let days = self.value(&upper, "SH/DX day 1-2")?;
                let what = || format!("{} is no number of days, and no range of such.", echo(&days));
                self.asked.days = Some(read_days(&days).ok_or_else(|| fault(what(), "SH/DX day 1-2"))?);
            }
            "EXACT" => {
                let calls = self.value(&upper, "SH/DX exact G1TLH")?;
                let calls = calls.split(',').filter(|call| !call.is_empty());
                let whole: Vec<String> = calls.map(|call| format!("={call}")).collect();
                return self.term("call", &whole.join(",")).map(Some);
            }
            _ if self.stands_alone(word) => return self.bare(word, &upper),
            "ON" | "FREQ" | "FREQUENCY" | "BAND" => {
                let list = self.value(&upper, "SH/DX on 20m/cw")?;
                return self.on(&list).map(Some);
            }
            _ => return self.spider(&upper).map(Some),
        }
        Ok(None)
    }

    /// Whether a word is no keyword here. Some keywords are prefixes as well: `SH/DX on` means Belgium.
    fn stands_alone(&self, word: &str) -> bool {
        let has_value = match self.peek() {
            None | Some(Token::Open | Token::Close) => false,
            Some(_) => !OPERATORS.iter().any(|operator| self.next_is(operator)),
        };
        match spider_takes_values(word) {
            None => true,
            Some(takes_values) => takes_values && !has_value && word.len() == 2,
        }
    }

    /// The word behind a keyword.
    fn value(&mut self, keyword: &str, example: &'static str) -> Result<String, ShowDxFault> {
        match self.tokens.get(self.at).cloned() {
            Some(Token::Word(value) | Token::Text(value) | Token::Regex(value) | Token::Tag(value)) => {
                self.at += 1;
                Ok(value)
            }
            _ => Err(fault(format!("{keyword} wants a value behind it."), example)),
        }
    }

    /// A term of the spider language whose keyword was just read.
    fn spider(&mut self, keyword: &str) -> Result<Expr, ShowDxFault> {
        let value = match self.peek().filter(|_| spider_takes_values(keyword) == Some(true)) {
            None | Some(Token::Open | Token::Close) => String::new(),
            Some(Token::Word(value)) => value.clone(),
            Some(Token::Text(text) | Token::Tag(text)) => quoted(text),
            Some(Token::Regex(source)) if matches!(keyword, "INFO" | "COMMENT" | "TEXT") => {
                let source = quoted(source);
                self.at += 1;
                return self.term("regex", &source);
            }
            Some(Token::Regex(source)) => quoted(source),
        };
        self.at += usize::from(!value.is_empty());
        self.term(&keyword.to_ascii_lowercase(), &value)
    }

    /// A term of the spider language.
    fn term(&self, keyword: &str, value: &str) -> Result<Expr, ShowDxFault> {
        parse_spider(&format!("{keyword} {value}"), self.context).map_err(of_language)
    }

    /// What the comment must hold.
    fn comment(&self, token: &Token) -> Result<Expr, ShowDxFault> {
        match token {
            Token::Regex(source) => self.term("regex", &quoted(source)),
            Token::Word(text) | Token::Text(text) | Token::Tag(text) => self.term("info", &quoted(text)),
            Token::Open | Token::Close => Err(fault("A text of the comment is missing.", "SH/DX info lotw")),
        }
    }

    /// `on 20m/cw,14`: any of these. What stands behind a band's slash is a mode: of the spot, not of the band plan.
    fn on(&self, list: &str) -> Result<Expr, ShowDxFault> {
        any_of(list, |item| self.on_one(item))
    }

    fn on_one(&self, item: &str) -> Result<Expr, ShowDxFault> {
        if let Some((band, mode)) = item.split_once('/').filter(|(band, _)| khz(band).is_none()) {
            return Ok(self.on_one(band)?.and(self.term("mode", mode)?));
        }
        // `14` is said for 20 m.
        let by_mhz = || Some(Band::of(Freq::from_khz(item.parse::<u64>().ok()?.checked_mul(1000)?)));
        match by_mhz().filter(|band| *band != Band::None && Band::parse(item).is_none()) {
            Some(band) => self.term("on", band.name()),
            None => self.term("on", item),
        }
    }

    /// A word alone.
    fn bare(&mut self, word: &str, upper: &str) -> Result<Option<Expr>, ShowDxFault> {
        if let Some((from, to)) = frequencies(word) {
            return self.on(&format!("{from}/{to}")).map(Some);
        }
        if let Some((skip, count)) = read_count(word) {
            let is_band = self.asked.count.is_some() && skip == 0;
            match is_band.then(|| self.on(word)) {
                Some(Ok(band)) => return Ok(Some(band)),
                _ => (self.asked.skip, self.asked.count) = (skip, Some(count)),
            }
            return Ok(None);
        }
        if is_bands_or_modes(word) {
            return any_of(word, |item| if is_mode(item) { self.term("mode", item) } else { self.on_one(item) })
                .map(Some);
        }
        if upper.split(',').all(could_be_calls) {
            return self.term("call", upper).map(Some);
        }
        let what = format!("{} is no count, call, band or mode, and no option of SHOW/DX.", echo(word));
        Err(fault(what, EXAMPLE))
    }

    fn iota(&mut self) -> Expr {
        if let Some(Token::Word(word)) = self.peek()
            && let Some((continent, number)) = read_iota(word)
        {
            let source = format!(r"\b{continent}[- ]?0*{number}\b");
            self.at += 1;
            return regex(&source);
        }
        regex(r"\b(AF|AN|AS|EU|NA|OC|SA)[- ]?\d{3}\b")
    }

    fn locator(&mut self) -> Expr {
        const SQUARE: [&str; 3] = ["[A-R]{2}", r"\d\d", "([A-X]{2})?"];
        let given = match self.peek() {
            Some(Token::Word(word)) if is_locator(word) && !is_keyword(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        };
        self.at += usize::from(!given.is_empty());
        regex(&format!(r"\b{given}{}\b", SQUARE[given.len() / 2..].concat()))
    }
}

/// A list joined by commas: any of these.
fn any_of(list: &str, read: impl Fn(&str) -> Result<Expr, ShowDxFault>) -> Result<Expr, ShowDxFault> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    let list: Vec<Expr> = items.map(read).collect::<Result<_, _>>()?;
    match <[Expr; 1]>::try_from(list) {
        Ok([one]) => Ok(one),
        Err(list) if list.is_empty() => Err(fault("A value is missing before the comma.", "SH/DX on 20m,40m")),
        Err(list) => Ok(Expr::Or(list)),
    }
}

/// Whose reports a word asks for.
pub(super) fn sources(word: &str) -> Option<Sources> {
    SOURCES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, sources)| *sources)
}

fn echo(text: &str) -> String {
    excerpt(text.as_bytes(), ECHO_BYTES_MAX)
}

fn regex(source: &str) -> Expr {
    Expr::Is(Term::Regex(vec![source.into()]))
}

/// A value as the spider language quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn is_keyword(word: &str) -> bool {
    let is = |name: &&str| name.eq_ignore_ascii_case(word);
    spider_takes_values(word).is_some() || OPERATORS.iter().any(is) || is_band(word)
}

/// The beginning of a call, or a call with wildcards.
fn could_be_calls(call: &str) -> bool {
    let has_letters = call.bytes().any(|b| b.is_ascii_alphanumeric());
    let is_clean = call.bytes().all(|b| b.is_ascii_alphanumeric() || b"/*?".contains(&b));
    has_letters && is_clean && call.len() <= Call::LEN_MAX + 2
}

/// A whole number of any length; what is beyond `usize` counts as its greatest.
fn number(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.bytes().fold(0usize, |n, b| n.saturating_mul(10).saturating_add(usize::from(b - b'0'))))
}

/// `20`, `10-20`, `10/20`: how many to skip, and how many to show. 0 is "as many as usual", and so no count.
fn read_count(word: &str) -> Option<(usize, usize)> {
    match word.split_once(['-', '/']) {
        None => number(word).map(|n| (0, n.min(HISTORY_COUNT_MAX))),
        Some((from, to)) => {
            let (from, to) = (number(from)?.max(1), number(to)?);
            Some((from - 1, to.saturating_sub(from).saturating_add(1).min(HISTORY_COUNT_MAX)))
        }
    }
}

/// `14000-14100`, `14000.5/14010`: kHz, when they are no line numbers.
fn frequencies(word: &str) -> Option<(&str, &str)> {
    let (from, to) = word.split_once(['-', '/'])?;
    let is_in_a_band = |khz: Freq| Band::of(khz) != Band::None;
    let (low, high) = (khz(from)?, khz(to)?);
    let is_beyond_lines = low > Freq::from_khz(HISTORY_COUNT_MAX as u64);
    (is_beyond_lines && (is_in_a_band(low) || is_in_a_band(high))).then_some((from, to))
}

fn khz(text: &str) -> Option<Freq> {
    Freq::parse_khz(text.as_bytes())
}

/// `30` (from 30 days back), `1-2`: from and to, 0 = today.
fn read_days(value: &str) -> Option<(u32, u32)> {
    let day = |text: &str| Some(number(text)?.min(DAYS_MAX as usize) as u32);
    match value.split_once(['-', '/']) {
        None => Some((day(value)?, DAYS_MAX)),
        Some((from, to)) => {
            let (from, to) = (day(from)?, day(to)?);
            Some((from.min(to), from.max(to)))
        }
    }
}

/// Whether a bare word is a list of bands, groups of bands, or modes.
fn is_bands_or_modes(word: &str) -> bool {
    word.split(',').all(|item| {
        let head = item.split('/').next().unwrap_or_default();
        is_band(head) || (is_mode(item) && !item.contains('/'))
    })
}

/// A band with its unit (a bare number is a count), or a group of bands.
fn is_band(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["hf", "vhf", "uhf", "contesthf", "warc"].contains(&&*lower)
        || (lower.ends_with('m') && lower.starts_with(|c: char| c.is_ascii_digit()) && Band::parse(&lower).is_some())
}

fn is_mode(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let by_name = Mode::all().find(|mode| mode.name() == upper);
    match by_name {
        Some(mode) => !MODES_LIKE_PREFIXES.contains(&mode),
        None => ["SSB", "PHONE", "VOICE", "DIGI"].contains(&&*upper),
    }
}

/// `eu064`, `EU-64`: continent and number.
fn read_iota(word: &str) -> Option<(String, u16)> {
    let continent = word.get(..2)?.to_ascii_uppercase();
    let is_continent = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"].contains(&&*continent);
    let digits = word[2..].strip_prefix('-').unwrap_or(&word[2..]);
    let number = number(digits).filter(|n| is_continent && *n < 1000 && digits.len() <= 3)?;
    Some((continent, number as u16))
}

fn is_locator(word: &str) -> bool {
    matches!(word.len(), 2 | 4 | 6) && GridPrefix::parse(word).is_some_and(|g| g.as_str().len() == word.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Cty;
    use crate::spot::{Freq, Grid, Spot};
    use std::sync::LazyLock;

    static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);

    fn said(text: &str) -> Result<ShowDx, ShowDxFault> {
        let context = Context { cty: &CTY, feeds: &[], grid: Grid::NONE, default_filter: &[] };
        read_show_dx(&Args { tied: None, rest: text.as_bytes() }, &context)
    }

    /// Call, spotter, kHz, mode, comment; country and zones from the tables.
    fn spot(dx: &str, de: &str, khz: u64, mode: Mode, comment: &str) -> Spot {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal(dx), Call::literal(de));
        spot.set_freq(Freq::from_khz(khz));
        spot.set_mode(mode);
        spot.set_comment(comment.as_bytes());
        crate::reference::enrich(&CTY, &mut spot);
        spot
    }

    fn sample() -> [Spot; 6] {
        [
            spot("9A1A", "W3LPL", 7_029, Mode::Cw, "CQ test"),
            spot("G1TLH", "G7BRN", 14_200, Mode::Usb, "tnx QSL via M0ABC"),
            spot("G1TLHX", "EA5BZ", 14_074, Mode::Ft8, "EU-064 <es> JN65"),
            spot("ON4KST", "VE3NEA", 50_110, Mode::Usb, "JO01<TR>JN76 LOTW user"),
            spot("BY1AA", "JA1ABC", 28_300, Mode::Cw, "Bolivia? eu64"),
            spot("JA7QQQ", "K1ABC-2", 10_110, Mode::Cw, ""),
        ]
    }

    /// Which of the sample pass.
    fn found(text: &str) -> Vec<String> {
        let terms = said(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).terms;
        sample().iter().filter(|spot| terms.passes(spot)).map(|spot| spot.dx.to_string()).collect()
    }

    #[test]
    fn terms_choose_spots() {
        for (text, calls) in [
            ("9a", "9A1A"),
            ("g1tlh", "G1TLH G1TLHX"),
            ("exact g1tlh", "G1TLH"),
            ("*tlh", "G1TLH"),
            ("*tlh*", "G1TLH G1TLHX"),
            ("9a,ja", "9A1A JA7QQQ"),
            ("call on", "ON4KST"),
            ("on", "ON4KST"),
            ("by", "BY1AA"),
            ("on 20m", "G1TLH G1TLHX"),
            ("20m", "G1TLH G1TLHX"),
            ("on 14", "G1TLH G1TLHX"),
            ("on 20", "G1TLH G1TLHX"),
            ("5 14", "G1TLH G1TLHX"),
            ("20m/ssb", "G1TLH"),
            ("on hf/cw", "9A1A BY1AA JA7QQQ"),
            ("contesthf", "9A1A G1TLH G1TLHX BY1AA"),
            ("warc", "JA7QQQ"),
            ("on 40m,6m", "9A1A ON4KST"),
            ("20m,30m", "G1TLH G1TLHX JA7QQQ"),
            ("cw", "9A1A BY1AA JA7QQQ"),
            ("mode ft8", "G1TLHX"),
            ("freq 14000/14100", "G1TLHX"),
            ("14000-14100", "G1TLHX"),
            ("7000/7200.5", "9A1A"),
            ("info lotw", "ON4KST"),
            ("info 'LOTW user'", "ON4KST"),
            ("'cq test'", "9A1A"),
            ("\"via m0\"", "G1TLH"),
            ("{^cq|lotw}", "9A1A ON4KST"),
            ("info {^cq|lotw}", "9A1A ON4KST"),
            ("<es>", "G1TLHX"),
            ("<tr>", "ON4KST"),
            ("by g7brn", "G1TLH"),
            ("spotter k1abc", "JA7QQQ"),
            ("dxcc g", "G1TLH G1TLHX"),
            ("by_dxcc w,ve", "9A1A ON4KST JA7QQQ"),
            ("by_dxcc w, ve", "9A1A ON4KST JA7QQQ"),
            ("zone 14", "G1TLH G1TLHX ON4KST"),
            ("call_zone 15", "9A1A"),
            ("by_zone 4,5 and not on 6m", "9A1A JA7QQQ"),
            ("itu 28", "9A1A"),
            ("qsl", "G1TLH"),
            ("iota", "G1TLHX"),
            ("iota eu064", "G1TLHX BY1AA"),
            ("iota EU-64", "G1TLHX BY1AA"),
            ("qra", "G1TLHX ON4KST"),
            ("qra jn", "G1TLHX ON4KST"),
            ("qra JN76", "ON4KST"),
            ("qra on 6m", "ON4KST"),
            ("not on 20m", "9A1A ON4KST BY1AA JA7QQQ"),
            ("(by_zone 14 or by_zone 25) and on 20m", "G1TLH G1TLHX"),
            ("(by_zone 14 or by_zone 25) on 20m 9", "G1TLH G1TLHX"),
            ("by_zone 25 or by g7 on 20m", "G1TLH BY1AA"),
            ("not (cw or 20m)", "ON4KST"),
            ("25 and on 6m", "ON4KST"),
            ("call =g1tlh", "G1TLH"),
            ("band=20", "G1TLH G1TLHX"),
            ("10 band = 20 and mode=ft8", "G1TLHX"),
            ("band<>20 and not (mode=cw)", "ON4KST"),
            ("freq>14000 and freq<14100", "G1TLHX"),
            ("call=ja* or spotter=ja*", "BY1AA JA7QQQ"),
            ("{=}", ""),
            ("info 'a=b'", ""),
            ("", "9A1A G1TLH G1TLHX ON4KST BY1AA JA7QQQ"),
        ] {
            let calls: Vec<&str> = calls.split_whitespace().collect();
            assert_eq!(found(text), calls, "{text}");
        }
    }

    #[test]
    fn options_stand_anywhere() {
        let asked = said("rt 9a 25 filter day 1-2 people 20m/cw digital").unwrap();
        assert_eq!((asked.count, asked.skip, asked.days), (Some(25), 0, Some((1, 2))));
        assert_eq!(asked.sources, Some(Sources::PEOPLE.or(Sources::DIGITAL)));
        assert!(asked.live && asked.own_filter);
        assert_eq!(asked.terms.terms(), 3);
        assert_eq!(said("day 30").unwrap().days, Some((30, DAYS_MAX)));
        assert_eq!(said("days 3-1").unwrap().days, Some((1, 3)));
        assert_eq!(said("not skimmer").unwrap().sources, Some(Sources::PEOPLE));
        assert_eq!(said("rbn").unwrap().sources, Some(Sources::SKIMMER));
        let ar = said("25 band=40 and call=ja*").unwrap();
        assert_eq!((ar.count, ar.sources, ar.terms.terms()), (Some(25), Some(Sources::ALL), 2));
    }

    #[test]
    fn counts_are_never_errors() {
        for (text, skip, count) in [
            ("0", 0, 0),
            ("450", 0, 450),
            ("501", 0, HISTORY_COUNT_MAX),
            ("99999999999999999999999", 0, HISTORY_COUNT_MAX),
            ("10-20", 9, 11),
            ("10/20", 9, 11),
            ("20-10", 19, 1),
            ("0-5", 0, 5),
            ("600-650", 599, 51),
            ("5 7", 0, 5),
        ] {
            let asked = said(text).unwrap();
            assert_eq!((asked.skip, asked.count), (skip, Some(count)), "{text}");
        }
        assert_eq!(said("").unwrap().count, None);
    }

    #[test]
    fn nonsense_is_named() {
        for (text, what) in [
            ("20 iota!", "iota!"),
            ("\u{fc}", "\u{fc}"),
            ("on 21m", "21m"),
            ("21m", "21M"),
            ("on ,", "missing"),
            ("exact ,", "value"),
            ("zone 99", "99"),
            ("info", "INFO"),
            ("day soon", "soon"),
            ("exact", "EXACT"),
            ("ip 192.0.2.1", "ddresses"),
            ("(on 20m", "( without"),
            ("on 20m)", ") without"),
            ("not real", "NOT"),
            ("not", "NOT"),
            ("mode xyz", "xyz"),
            ("bnad=20", "bnad"),
            ("band=20 and", "missing"),
            ("{", "empty"),
        ] {
            let fault = match said(text) {
                Err(fault) => fault,
                // No band has 21 m; a call of that beginning could be.
                Ok(asked) => {
                    assert_eq!((text, format!("{:?}", asked.terms).contains(what)), ("21m", true), "{text}");
                    continue;
                }
            };
            assert!(fault.what.contains(what) && fault.example.starts_with("SH/DX "), "{text}: {fault:?}");
        }
        let many = "not ".repeat(Expr::DEPTH_MAX + 1) + "cw";
        assert!(said(&many).unwrap_err().what.contains("deep"));
        let many = "cw ".repeat(Expr::TERMS_MAX + 1);
        assert!(said(&many).unwrap_err().what.contains("terms"));
    }
}
