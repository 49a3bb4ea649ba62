//! The dimensions of the PASS and REJECT lists: how their elements are typed, shown and asked.

use super::segments::{self, SEGMENTS};
use super::{
    ClassSet, Context, ContinentSet, CqSet, EntitySet, Expr, FeedSet, GlyphSet, GridPrefix, ItuSet, MinuteRange,
    ModeSet, Pattern, RefSet, Side, StateSet, Term,
};
use crate::spot::{Band, Call, Class, Continent, Freq, Mode, State};

/// One list of a user's filter. The discriminant is its place in [`super::Lists`] and in SHOW FILTER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Dim {
    Band,
    Mode,
    Source,
    DxCall,
    DeCall,
    Confidence,
    DxCont,
    DeCont,
    DxZone,
    DeZone,
    DxDxcc,
    DeDxcc,
    DxGrid2,
    DeGrid2,
    DxItu,
    DeItu,
    DxGrid,
    DeGrid,
    DxState,
    DeState,
    Freq,
    Snr,
    Wpm,
    Time,
    Comment,
    Reference,
}

/// One element of a list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Item {
    /// A place in the dimension's table of names, or a number as such (zones, entities).
    Number(u16),
    /// From, to; both inclusive. Hz, dB, WPM, minutes of the day.
    Range(i64, i64),
    /// Upper case.
    Text(Box<str>),
    /// A feed of this node: its place in the configuration, its name.
    Feed(u8, Box<str>),
}

/// The words of a dimension: GoCluster's replies, which its users and programs know.
pub(super) struct Words {
    /// As typed.
    pub name: &'static str,
    /// How a list is described in usages.
    pub list: &'static str,
    /// A list that works.
    pub example: &'static str,
    pub pass_one: &'static str,
    pub pass_many: &'static str,
    pub pass_all: &'static str,
    pub reject: &'static str,
    pub reject_all: &'static str,
}

macro_rules! words {
    ($($name:literal $list:literal $example:literal $one:literal $many:literal $all:literal $reject:literal $none:literal;)*) => {
        [$(Words {
            name: $name, list: $list, example: $example, pass_one: $one, pass_many: $many,
            pass_all: $all, reject: $reject, reject_all: $none,
        }),*]
    };
}

#[rustfmt::skip]
static WORDS: [Words; Dim::COUNT] = words![
    "BAND" "<band>[,<band>...]" "20,40" "Filter set: Band" "Filter set: Bands" "All bands enabled"
        "Band filters disabled:" "All bands blocked";
    "MODE" "<mode>[,<mode>...]" "CW,FT8" "Filter set: Modes" "Filter set: Modes" "All modes enabled"
        "Mode filters disabled:" "All modes blocked";
    "SOURCE" "<source>[,<source>...]" "HUMAN" "Filter set: Source" "Filter set: Sources" "Source filtering disabled"
        "Source filters disabled:" "All sources blocked";
    "DXCALL" "<pattern>[,<pattern>...]" "K1*,*/P" "Filter set: DX callsign" "Filter set: DX callsigns"
        "All DX callsigns enabled" "DX callsign blocklist:" "All DX callsigns blocked";
    "DECALL" "<pattern>[,<pattern>...]" "W3LPL,K1*" "Filter set: DE callsign" "Filter set: DE callsigns"
        "All DE callsigns enabled" "DE callsign blocklist:" "All DE callsigns blocked";
    "CONFIDENCE" "<symbol>[,<symbol>...]" "V,C" "Confidence symbols enabled:" "Confidence symbols enabled:"
        "All confidence symbols enabled" "Confidence symbols disabled:" "All confidence symbols blocked (non-exempt modes)";
    "DXCONT" "<continent>[,<continent>...]" "EU,NA" "Filter set: DX continents" "Filter set: DX continents"
        "All dx continents enabled" "DX continent filters disabled:" "All dx continents blocked";
    "DECONT" "<continent>[,<continent>...]" "EU,NA" "Filter set: DE continents" "Filter set: DE continents"
        "All de continents enabled" "DE continent filters disabled:" "All de continents blocked";
    "DXZONE" "<zone>[,<zone>...]" "14,15" "Filter set: DX zones" "Filter set: DX zones" "All dx zones enabled"
        "DX zone filters disabled:" "All dx zones blocked";
    "DEZONE" "<zone>[,<zone>...]" "4,5" "Filter set: DE zones" "Filter set: DE zones" "All de zones enabled"
        "DE zone filters disabled:" "All de zones blocked";
    "DXDXCC" "<number or prefix>[,...]" "291,9A" "Filter set: DX" "Filter set: DX" "All dx DXCCs enabled"
        "DX DXCC filters disabled:" "All dx DXCCs blocked";
    "DEDXCC" "<number or prefix>[,...]" "291,9A" "Filter set: DE" "Filter set: DE" "All de DXCCs enabled"
        "DE DXCC filters disabled:" "All de DXCCs blocked";
    "DXGRID2" "<field>[,<field>...]" "FN,EM" "Filter set: DX 2-character grids" "Filter set: DX 2-character grids"
        "All dx 2-character grids enabled" "DX 2-character grid filters disabled:" "All dx 2-character grids blocked";
    "DEGRID2" "<field>[,<field>...]" "FN,EM" "Filter set: DE 2-character grids" "Filter set: DE 2-character grids"
        "All de 2-character grids enabled" "DE 2-character grid filters disabled:" "All de 2-character grids blocked";
    "DXITU" "<zone>[,<zone>...]" "27,28" "Filter set: DX ITU zones" "Filter set: DX ITU zones" "All dx ITU zones enabled"
        "DX ITU zone filters disabled:" "All dx ITU zones blocked";
    "DEITU" "<zone>[,<zone>...]" "8,9" "Filter set: DE ITU zones" "Filter set: DE ITU zones" "All de ITU zones enabled"
        "DE ITU zone filters disabled:" "All de ITU zones blocked";
    "DXGRID" "<grid>[,<grid>...]" "FN31,JO" "Filter set: DX grids" "Filter set: DX grids" "All dx grids enabled"
        "DX grid filters disabled:" "All dx grids blocked";
    "DEGRID" "<grid>[,<grid>...]" "FN31,JO" "Filter set: DE grids" "Filter set: DE grids" "All de grids enabled"
        "DE grid filters disabled:" "All de grids blocked";
    "DXSTATE" "<state>[,<state>...]" "VA,NH" "Filter set: DX states" "Filter set: DX states" "All dx states enabled"
        "DX state filters disabled:" "All dx states blocked";
    "DESTATE" "<state>[,<state>...]" "VA,NH" "Filter set: DE states" "Filter set: DE states" "All de states enabled"
        "DE state filters disabled:" "All de states blocked";
    "FREQ" "<kHz>-<kHz>[,...]" "14000-14070" "Filter set: Frequencies" "Filter set: Frequencies" "All frequencies enabled"
        "Frequency filters disabled:" "All frequencies blocked";
    "SNR" "<dB range>[,...]" "10+" "Filter set: SNR" "Filter set: SNR" "All SNR enabled"
        "SNR filters disabled:" "All SNR blocked";
    "WPM" "<range>[,...]" "20-35" "Filter set: WPM" "Filter set: WPM" "All WPM enabled"
        "WPM filters disabled:" "All WPM blocked";
    "TIME" "<hh:mm>-<hh:mm>[,...]" "22:00-06:00" "Filter set: Times (UTC)" "Filter set: Times (UTC)" "All times enabled"
        "Time filters disabled:" "All times blocked";
    "COMMENT" "<word>[,<word>...]" "QRP,TEST" "Filter set: Comment words" "Filter set: Comment words" "All comments enabled"
        "Comment words blocked:" "All comments blocked";
    "REFERENCE" "<kind>[,<kind>...]" "POTA,SOTA" "Filter set: References" "Filter set: References" "All references enabled"
        "Reference filters disabled:" "All references blocked";
];

/// Modes in GoCluster's order, then ours. PSK stands for its family.
const MODES: [Mode; 22] = [
    Mode::Cw,
    Mode::Ft4,
    Mode::Ft8,
    Mode::Js8,
    Mode::Lsb,
    Mode::Usb,
    Mode::Rtty,
    Mode::Msk144,
    Mode::Psk,
    Mode::Sstv,
    Mode::Am,
    Mode::Digi,
    Mode::Dv,
    Mode::Fm,
    Mode::Fst4,
    Mode::Ft2,
    Mode::Jt65,
    Mode::Jt9,
    Mode::Olivia,
    Mode::Q65,
    Mode::Vara,
    Mode::Wspr,
];
/// Names that stand for several modes.
const MODE_GROUPS: [(&str, &[Mode]); 4] = [
    ("SSB", &[Mode::Lsb, Mode::Usb]),
    ("PHONE", &[Mode::Lsb, Mode::Usb, Mode::Am, Mode::Fm, Mode::Dv]),
    ("VOICE", &[Mode::Lsb, Mode::Usb, Mode::Am, Mode::Fm, Mode::Dv]),
    ("FT", &[Mode::Ft4, Mode::Ft8]),
];
/// Modes whose spots have no say about confidence (server 3.1).
const CONFIDENCE_EXEMPT: [Mode; 4] = [Mode::Ft8, Mode::Ft4, Mode::Psk, Mode::Msk144];

const SOURCES: [&str; 7] = ["HUMAN", "SKIMMER", "RBN", "RBN_DIGITAL", "PSKREPORTER", "PEER", "SIMULATOR"];
const SKIMMER: u16 = 1;
/// Classes of [`SOURCES`] from the third on.
const CLASSES: [Class; 5] = [Class::Rbn, Class::RbnDigital, Class::PskReporter, Class::Peer, Class::Simulator];
/// Of those, how many hold nothing but skimmers.
const SKIMMER_CLASSES: std::ops::RangeInclusive<u16> = 2..=4;

const GLYPHS: [&str; 6] = ["?", "S", "C", "P", "V", "B"];

/// Longest call pattern: calls have at most 15 characters.
pub(super) const PATTERN_BYTES_MAX: usize = 15;
/// Longest word looked for in comments.
const WORD_BYTES_MAX: usize = 30;

impl Dim {
    /// How many.
    pub const COUNT: usize = 26;

    /// All, in the order of SHOW FILTER.
    pub fn all() -> impl Iterator<Item = Dim> {
        use Dim::*;
        [
            Band, Mode, Source, DxCall, DeCall, Confidence, DxCont, DeCont, DxZone, DeZone, DxDxcc, DeDxcc, DxGrid2,
            DeGrid2, DxItu, DeItu, DxGrid, DeGrid, DxState, DeState, Freq, Snr, Wpm, Time, Comment, Reference,
        ]
        .into_iter()
    }
    pub(super) fn words(self) -> &'static Words {
        &WORDS[self as usize]
    }
    /// As typed: `DXCONT`.
    pub fn name(self) -> &'static str {
        self.words().name
    }
    /// Whether GoCluster has it, so that its users expect the line in SHOW FILTER always.
    pub(super) fn is_classic(self) -> bool {
        self <= Dim::DeGrid2
    }
    /// Whether it says where a station is: NEARBY puts it aside.
    pub(super) fn is_location(self) -> bool {
        (Dim::DxCont..=Dim::DeState).contains(&self)
    }
    /// Whether elements stay in the order typed.
    pub(super) fn keeps_order(self) -> bool {
        matches!(self, Dim::DxCall | Dim::DeCall)
    }
    fn side(self) -> Side {
        use Dim::*;
        match self {
            DeCall | DeCont | DeZone | DeDxcc | DeGrid2 | DeItu | DeGrid | DeState => Side::De,
            _ => Side::Dx,
        }
    }

    /// Reads one word of a list; `None` when it is no element.
    pub(super) fn parse(self, word: &str, context: &Context<'_>) -> Option<Vec<Item>> {
        let one = |item| Some(vec![item]);
        let number = |text: &str, max: u16| -> Option<u16> {
            let is_digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|n| is_digits && (1..=max).contains(n))
        };
        match self {
            Dim::Band => segments::parse(word),
            Dim::Mode => parse_modes(word),
            Dim::Source => parse_source(word, context).map(|item| vec![item]),
            Dim::DxCall | Dim::DeCall => one(Item::Text(parse_pattern(word)?)),
            Dim::Confidence => one(Item::Number(place(&GLYPHS, word)?)),
            Dim::DxCont | Dim::DeCont => one(Item::Number(Continent::parse(word)? as u16)),
            Dim::DxZone | Dim::DeZone => one(Item::Number(number(word, 40)?)),
            Dim::DxItu | Dim::DeItu => one(Item::Number(number(word, 90)?)),
            Dim::DxDxcc | Dim::DeDxcc => {
                let known = |adif: &u16| context.cty.entities().next().is_none() || context.cty.entity(*adif).is_some();
                match word.bytes().all(|b| b.is_ascii_digit()) {
                    true => one(Item::Number(number(word, EntitySet::MAX as u16).filter(known)?)),
                    false => {
                        let call = Call::new(word.to_ascii_uppercase().as_bytes())?;
                        let adif = context.cty.lookup(&call).place()?.adif;
                        (adif > 0).then(|| vec![Item::Number(adif)])
                    }
                }
            }
            Dim::DxGrid2 | Dim::DeGrid2 => one(Item::Text(GridPrefix::parse(word)?.as_str()[..2].into())),
            Dim::DxGrid | Dim::DeGrid => {
                let is_whole = word.len() == 2 || word.len() == 4;
                one(Item::Text(GridPrefix::parse(word).filter(|_| is_whole)?.as_str().into()))
            }
            Dim::DxState | Dim::DeState => one(Item::Number(u16::from(State::parse(word)?.0))),
            Dim::Freq => {
                let top = Freq::MICROWAVE_MAX.hz() as i64;
                parse_range(word, 3, 0, top).map(|(from, to)| vec![Item::Range(from, to)])
            }
            Dim::Snr => parse_range(word, 0, SNR_MIN, SNR_MAX).map(|(from, to)| vec![Item::Range(from, to)]),
            Dim::Wpm => parse_range(word, 0, 1, WPM_MAX).map(|(from, to)| vec![Item::Range(from, to)]),
            Dim::Time => parse_times(word).map(|(from, to)| vec![Item::Range(from, to)]),
            Dim::Comment => {
                let fits = word.len() <= WORD_BYTES_MAX && word.bytes().all(|b| b.is_ascii_graphic());
                fits.then(|| vec![Item::Text(word.to_ascii_uppercase().into())])
            }
            Dim::Reference => one(Item::Number(place(&RefSet::KINDS, word)?)),
        }
    }

    /// An element as it is shown, and read by [`Dim::parse`].
    pub(super) fn print(self, item: &Item) -> String {
        let of = |names: &[&str], at: u16| names.get(usize::from(at)).copied().unwrap_or_default().to_string();
        match (self, item) {
            (Dim::Band, Item::Number(at)) => segments::name(*at),
            (Dim::Mode, Item::Number(at)) => MODES.get(usize::from(*at)).map_or("", |mode| mode.name()).into(),
            (Dim::Source, Item::Number(at)) => of(&SOURCES, *at),
            (Dim::Confidence, Item::Number(at)) => of(&GLYPHS, *at),
            (Dim::DxCont | Dim::DeCont, Item::Number(at)) => Continent::from_u8(*at as u8).name().into(),
            (Dim::DxState | Dim::DeState, Item::Number(at)) => State(*at as u8).code().into(),
            (Dim::Reference, Item::Number(at)) => of(&RefSet::KINDS, *at),
            (_, Item::Number(number)) => number.to_string(),
            (Dim::Freq, Item::Range(from, to)) => format!("{}-{}", khz(*from), khz(*to)),
            (Dim::Time, Item::Range(from, to)) => {
                format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
            }
            (Dim::Snr, Item::Range(from, to)) => print_range(*from, *to, SNR_MIN, SNR_MAX),
            (_, Item::Range(from, to)) => print_range(*from, *to, 1, WPM_MAX),
            (_, Item::Text(text)) => text.to_string(),
            (_, Item::Feed(_, name)) => name.to_ascii_uppercase(),
        }
    }

    /// Whether whoever says `a` means all of `b` as well.
    pub(super) fn covers(self, a: &Item, b: &Item) -> bool {
        if a == b {
            return true;
        }
        match (self, a, b) {
            (Dim::Band, Item::Number(a), Item::Number(b)) => segments::covers(*a, *b),
            (Dim::Source, Item::Number(SKIMMER), Item::Number(b)) => SKIMMER_CLASSES.contains(b),
            (Dim::DxGrid | Dim::DeGrid, Item::Text(a), Item::Text(b)) => b.starts_with(&**a),
            (Dim::Freq | Dim::Snr | Dim::Wpm, Item::Range(a, b), Item::Range(c, d)) => a <= c && d <= b,
            _ => false,
        }
    }

    /// Whether a rejected element takes something away from a passed one, so that both must be told.
    pub(super) fn takes_from(self, block: &Item, allow: &Item) -> bool {
        match (self, allow, block) {
            (Dim::Source, Item::Number(a), Item::Number(b)) => {
                // Node links and the simulator bring people and skimmers alike.
                let (least, most) = (*a.min(b), *a.max(b));
                self.covers(allow, block) || (least <= SKIMMER && most > *SKIMMER_CLASSES.end())
            }
            (Dim::Freq | Dim::Snr | Dim::Wpm, Item::Range(a, b), Item::Range(c, d)) => a <= d && c <= b,
            (Dim::Source | Dim::Time | Dim::Comment, ..) => true,
            _ => self.covers(allow, block),
        }
    }

    /// "Any of these" as an expression.
    pub(super) fn any_of(self, items: &[Item]) -> Expr {
        let side = self.side();
        let numbers = || items.iter().filter_map(|item| if let Item::Number(n) = item { Some(*n) } else { None });
        let bits = || numbers().map(usize::from);
        let texts = || items.iter().filter_map(|item| if let Item::Text(text) = item { Some(text) } else { None });
        let ranges =
            || items.iter().filter_map(|i| if let Item::Range(from, to) = i { Some((*from, *to)) } else { None });
        let term = match self {
            Dim::Band => return segments::any_of(numbers()),
            Dim::Source => return any_source(items),
            Dim::Mode => {
                let modes: Vec<Mode> = bits().filter_map(|at| MODES.get(at).copied()).collect();
                Term::Mode(ModeSet::of(&modes))
            }
            Dim::DxCall | Dim::DeCall => Term::Call(side, sorted(texts().map(|text| Pattern(text.clone())))),
            Dim::Confidence => {
                let mut set = GlyphSet::EMPTY;
                for glyph in bits().filter_map(|at| GLYPHS.get(at)) {
                    set.add_bit(GlyphSet::bit(glyph.as_bytes()[0]));
                    // A line without a glyph counts as `?` (server 3.1).
                    if *glyph == "?" {
                        set.add_bit(0);
                    }
                }
                Term::Confidence(set)
            }
            Dim::DxCont | Dim::DeCont => Term::Continent(side, ContinentSet::from_iter(bits())),
            Dim::DxZone | Dim::DeZone => Term::Cq(side, CqSet::from_iter(bits())),
            Dim::DxItu | Dim::DeItu => Term::Itu(side, ItuSet::from_iter(bits())),
            Dim::DxDxcc | Dim::DeDxcc => Term::Entity(side, EntitySet::from_iter(bits())),
            Dim::DxGrid2 | Dim::DeGrid2 | Dim::DxGrid | Dim::DeGrid => {
                Term::Grid(side, sorted(texts().filter_map(|text| GridPrefix::parse(text))))
            }
            Dim::DxState | Dim::DeState => Term::State(side, StateSet::from_iter(bits())),
            Dim::Freq => Term::Freq(sorted(ranges().map(|(from, to)| (from as u64, to as u64)))),
            Dim::Snr => Term::Snr(sorted(ranges().map(|(from, to)| (from as i16, to as i16)))),
            Dim::Wpm => Term::Speed(sorted(ranges().map(|(from, to)| (from as u16, to as u16)))),
            Dim::Time => {
                Term::Time(sorted(ranges().map(|(from, to)| MinuteRange { from: from as u16, to: to as u16 })))
            }
            Dim::Comment => Term::Words(sorted(texts().cloned())),
            Dim::Reference => Term::Reference(RefSet::from_iter(bits().map(|at| at + 1))),
        };
        if items.is_empty() { Expr::Nothing } else { Expr::Is(term) }
    }

    /// Spots that this dimension has no say about.
    pub(super) fn exempt(self) -> Expr {
        match self {
            Dim::Confidence => Expr::Is(Term::Mode(ModeSet::of(&CONFIDENCE_EXEMPT))),
            _ => Expr::Nothing,
        }
    }

    /// Whether a list names everything there is, so that it is shown as ALL.
    pub(super) fn is_everything(self, items: &[Item], context: &Context<'_>) -> bool {
        let holds =
            |numbers: std::ops::RangeInclusive<u16>| numbers.into_iter().all(|n| items.contains(&Item::Number(n)));
        match self {
            Dim::Band => holds(0..=Band::ALL.len() as u16 - 1),
            Dim::Mode => holds(0..=MODES.len() as u16 - 1),
            Dim::Source => holds(0..=SKIMMER),
            Dim::Confidence => holds(0..=GLYPHS.len() as u16 - 1),
            Dim::DxCont | Dim::DeCont => holds(1..=7),
            Dim::DxZone | Dim::DeZone => holds(1..=40),
            Dim::DxItu | Dim::DeItu => holds(1..=90),
            Dim::DxDxcc | Dim::DeDxcc => {
                let mut entities = context.cty.entities().filter(|place| place.adif > 0).peekable();
                entities.peek().is_some() && entities.all(|place| items.contains(&Item::Number(place.adif)))
            }
            Dim::DxState | Dim::DeState => holds(1..=u16::from(State::MAX)),
            Dim::Reference => holds(0..=RefSet::KINDS.len() as u16 - 1),
            _ => false,
        }
    }

    /// What to say about a word that is no element.
    pub(super) fn wrong(self, word: &str, context: &Context<'_>) -> [String; 2] {
        let word = word.to_ascii_uppercase();
        let join = |names: Vec<&str>| names.join(", ");
        match self {
            Dim::Band => [
                format!("Unknown band: {word}"),
                format!("Supported bands: {}", join(Band::ALL.iter().map(|band| band.name()).collect())),
            ],
            Dim::Mode => [
                format!("Unknown mode: {word}"),
                format!("Supported modes: {}", join(MODES.iter().map(|mode| mode.name()).collect())),
            ],
            Dim::Source => {
                let mut names: Vec<String> = SOURCES.iter().map(|name| (*name).to_string()).collect();
                names.extend(context.feeds.iter().map(|feed| feed.to_ascii_uppercase()));
                let mut seen = std::collections::BTreeSet::new();
                names.retain(|name| seen.insert(name.clone()));
                [format!("Unknown source: {word}"), format!("Valid sources: {}", names.join(", "))]
            }
            Dim::DxCall | Dim::DeCall => [
                format!("Invalid call pattern: {word}"),
                format!("At most {PATTERN_BYTES_MAX} letters, digits, / and -; * is any text, ? any one character."),
            ],
            Dim::Confidence => {
                [format!("Unknown confidence symbol: {word}"), format!("Supported symbols: {}", GLYPHS.join(", "))]
            }
            Dim::DxCont | Dim::DeCont => {
                [format!("Unknown continent: {word}"), "Supported continents: AF, AN, AS, EU, NA, OC, SA".into()]
            }
            Dim::DxZone | Dim::DeZone => [format!("Unknown CQ zone: {word}"), "Valid zones: 1-40".into()],
            Dim::DxItu | Dim::DeItu => [format!("Unknown ITU zone: {word}"), "Valid zones: 1-90".into()],
            Dim::DxDxcc | Dim::DeDxcc => [
                format!("Invalid DXCC code: {word}"),
                "Valid: ADIF numbers (291) and prefixes (K, 9A); SHOW/DXCC <call> tells them.".into(),
            ],
            Dim::DxGrid2 | Dim::DeGrid2 => {
                [format!("Unknown 2-character grid: {word}"), "Valid grids: AA to RR".into()]
            }
            Dim::DxGrid | Dim::DeGrid => {
                [format!("Unknown grid: {word}"), "Valid grids: 2 or 4 characters, AA to RR and AA00 to RR99".into()]
            }
            Dim::DxState | Dim::DeState => [
                format!("Unknown state: {word}"),
                "Valid states: the two letters of US states and Canadian provinces, NH, VA, ON".into(),
            ],
            Dim::Freq => {
                [format!("Invalid frequency range: {word}"), "Write kHz from-to: 14000-14070, 7000-7040.5".into()]
            }
            Dim::Snr => [format!("Invalid SNR range: {word}"), "Write dB: 10+ (at least), <=5, 5-20, -20..-10".into()],
            Dim::Wpm => [format!("Invalid WPM range: {word}"), "Write words per minute: 20+, <=30, 20-35".into()],
            Dim::Time => [format!("Invalid time: {word}"), "Write UTC from-to, both ends included: 22:00-05:59".into()],
            Dim::Comment => {
                [format!("Invalid comment word: {word}"), format!("At most {WORD_BYTES_MAX} printable characters.")]
            }
            Dim::Reference => {
                [format!("Unknown reference: {word}"), format!("Supported references: {}", RefSet::KINDS.join(", "))]
            }
        }
    }
}

/// Names of modes and groups for usages.
pub(super) fn mode_names() -> Vec<&'static str> {
    MODES.iter().map(|mode| mode.name()).collect()
}

/// Modes of MODE elements.
pub(super) fn modes_of(items: &[Item]) -> impl Iterator<Item = Mode> + '_ {
    items.iter().filter_map(|item| match item {
        Item::Number(at) => MODES.get(usize::from(*at)).copied(),
        _ => None,
    })
}

/// The MODE element of a mode.
pub(super) fn mode_item(mode: Mode) -> Option<Item> {
    let mode = mode.normalized();
    MODES.iter().position(|known| *known == mode).map(|at| Item::Number(at as u16))
}

/// The element SOURCE SKIMMER.
pub(super) const SOURCE_SKIMMER: Item = Item::Number(SKIMMER);

fn place(names: &[&str], word: &str) -> Option<u16> {
    names.iter().position(|name| name.eq_ignore_ascii_case(word)).map(|at| at as u16)
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items.dedup();
    items
}

fn parse_modes(word: &str) -> Option<Vec<Item>> {
    if let Some((_, modes)) = MODE_GROUPS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return modes.iter().map(|mode| mode_item(*mode)).collect();
    }
    let mode = Mode::all().find(|mode| mode.name().eq_ignore_ascii_case(word))?;
    Some(vec![mode_item(mode)?])
}

fn parse_source(word: &str, context: &Context<'_>) -> Option<Item> {
    if let Some(at) = place(&SOURCES, word) {
        return Some(Item::Number(at));
    }
    let at = context.feeds.iter().position(|feed| feed.eq_ignore_ascii_case(word))?;
    Some(Item::Feed(u8::try_from(at).ok()?, context.feeds[at].as_str().into()))
}

fn any_source(items: &[Item]) -> Expr {
    let mut any = Vec::new();
    let (mut classes, mut feeds) = (ClassSet::EMPTY, FeedSet::EMPTY);
    for item in items {
        match item {
            Item::Number(0) => any.push(Expr::Is(Term::Skimmer).not()),
            Item::Number(SKIMMER) => any.push(Expr::Is(Term::Skimmer)),
            Item::Number(at) => {
                if let Some(class) = CLASSES.get(usize::from(*at) - 2) {
                    classes = classes.or(ClassSet::of(&[*class]));
                }
            }
            Item::Feed(at, _) => feeds.add_bit(usize::from(*at)),
            _ => {}
        }
    }
    if !classes.is_empty() {
        any.push(Expr::Is(Term::Class(classes)));
    }
    if !feeds.is_empty() {
        any.push(Expr::Is(Term::Feed(feeds)));
    }
    Expr::Or(any)
}

fn parse_pattern(word: &str) -> Option<Box<str>> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/-#*?".contains(&b);
    let is_pattern = (1..=PATTERN_BYTES_MAX).contains(&word.len()) && word.bytes().all(fits);
    is_pattern.then(|| word.to_ascii_uppercase().into())
}

/// Reports reach from -40 to 100 dB; the ends stand for "and less", "and more".
const SNR_MIN: i64 = -99;
const SNR_MAX: i64 = 199;
/// 999 WPM is faster than any machine keys; it stands for "and more". Speeds in bauds are below it, too.
const WPM_MAX: i64 = 999;

/// `5-20`, `-20..-10`, `14000/14070`, `10+`, `>=10`, `>9`, `<=5`, `<6`. A number alone is none: it could
/// mean "exactly" or "at least". `decimals` places are kept.
fn parse_range(word: &str, decimals: usize, min: i64, max: i64) -> Option<(i64, i64)> {
    let value = |text: &str| decimal(text, decimals);
    let (from, to) = if let Some(text) = word.strip_suffix('+').or_else(|| word.strip_prefix(">=")) {
        (value(text)?, max)
    } else if let Some(text) = word.strip_prefix("<=") {
        (min, value(text)?)
    } else if let Some(text) = word.strip_prefix('>') {
        (value(text)? + 1, max)
    } else if let Some(text) = word.strip_prefix('<') {
        (min, value(text)? - 1)
    } else {
        let (from, to) = word.split_once("..").or_else(|| word.split_once('/')).or_else(|| {
            let at = word.bytes().skip(1).position(|b| b == b'-')? + 1;
            Some((&word[..at], &word[at + 1..]))
        })?;
        (value(from)?, value(to)?)
    };
    (min <= from && from <= to && to <= max).then_some((from, to))
}

/// A decimal number times 10^`decimals`.
fn decimal(text: &str, decimals: usize) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > decimals || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let value: i64 = format!("{whole}{part:0<decimals$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

fn print_range(from: i64, to: i64, min: i64, max: i64) -> String {
    match (from == min, to == max) {
        (false, true) => format!("{from}+"),
        (true, false) => format!("<={to}"),
        _ => format!("{from}..{to}"),
    }
}

/// Hz as kHz, with decimals only where they are needed.
pub(super) fn khz(hz: i64) -> String {
    match hz % 1000 {
        0 => (hz / 1000).to_string(),
        part => format!("{}.{part:03}", hz / 1000).trim_end_matches('0').to_string(),
    }
}

/// `22:00-05:59`, `2200-0559`, also with Z.
fn parse_times(word: &str) -> Option<(i64, i64)> {
    let minute = |text: &str| {
        let text = text.trim_end_matches(['Z', 'z']);
        let digits = match text.split_once(':') {
            Some((hours, minutes)) if hours.len() <= 2 && minutes.len() == 2 => format!("{hours:0>2}{minutes}"),
            Some(_) => return None,
            None => text.to_string(),
        };
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let (from, to) = word.split_once('-').or_else(|| word.split_once('/'))?;
    Some((minute(from)?, minute(to)?))
}

const _: () = assert!(SEGMENTS.len() < 100);
