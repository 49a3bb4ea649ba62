//! Settings as the columns of a row, and back.
//!
//! What operators look for has a column of its own; the rest is `key=value` lines, so that a new setting
//! needs no new schema. A column that is NULL and a key that is absent mean the node's default, so a row
//! may hold a name and nothing else. The filter is the commands that make it, one per line; NULL is the
//! node's default filter and an empty text is no filter at all.

use super::{Dialect, Noise, Settings, Streams};
use crate::config;
use crate::fanout::Preferences;
use crate::filter::{Context, Wish};
use crate::reference::Cty;
use crate::spot::{Call, Grid};
use crate::wire::{LineStyle, Trailers};
use clap::ValueEnum;
use std::str::FromStr;

/// Most bytes of one saved column that are read back: far above what settings can fill, and a bound on a
/// row that somebody else wrote. 64 filter terms have at most 4 KiB of text, 50 buddies 800 bytes.
pub(super) const COLUMN_BYTES_MAX: usize = 64 * 1024;
/// Lines about lost commands and values that a user is told; more are counted in the last one.
const LOST_LINES_MAX: usize = 10;

/// The columns of a row that hold settings.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Record {
    pub name: Option<String>,
    pub qth: Option<String>,
    pub grid: Option<String>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    pub home_node: Option<String>,
    pub dialect: Option<String>,
    /// Commands, one per line.
    pub filter: Option<String>,
    /// `key=value`, one per line.
    pub settings: Option<String>,
}

/// What reading a record needs to know of the node.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub node: &'a config::Node,
    pub feeds: &'a [String],
    pub cty: &'a Cty,
}

impl<'a> Home<'a> {
    /// What filter commands need to know.
    pub fn context(&self, grid: Grid) -> Context<'a> {
        Context { cty: self.cty, feeds: self.feeds, grid, default_filter: &self.node.telnet.default_filter }
    }
}

impl Record {
    /// Everything a user chose.
    pub fn of(settings: &Settings) -> Record {
        // By name, so that a new setting cannot be forgotten here.
        let Settings {
            name,
            qth,
            grid,
            location,
            home_node,
            dialect,
            wish,
            preferences: Preferences { style, dedupe, updates },
            streams,
            page_lines,
            prompt,
            away,
            echo,
            linewise,
            noise,
            solar_min,
            dx_count,
            buddies,
        } = settings;
        let LineStyle { format, width, trailers, beep, bare_skimmers, two_decimals, diag } = style;
        let mut lines = Lines::default();
        lines.put("format", choice_name(format));
        lines.put("width", width);
        lines.put("trailers", names_of(trailers.0.into(), &TRAILERS));
        lines.put("beep", beep);
        lines.put("bare_skimmers", bare_skimmers);
        lines.put("two_decimals", two_decimals);
        lines.put("diag", diag);
        lines.put("dedupe", choice_name(dedupe));
        lines.put("updates", updates);
        lines.put("streams", names_of(streams.0, &STREAMS));
        lines.put("page", page_lines);
        if let Some(prompt) = prompt {
            lines.put("prompt", escape(prompt));
        }
        lines.put("away", away);
        lines.put("echo", echo);
        lines.put("linewise", linewise);
        lines.put("noise", noise.name());
        lines.put("solar", solar_min);
        lines.put("dx_count", dx_count);
        lines.put("buddies", buddies.iter().map(Call::as_str).collect::<Vec<_>>().join(","));
        let mut record = Record {
            name: Some(name.clone()),
            qth: Some(qth.clone()),
            grid: Some(grid.as_str().to_string()),
            lat: location.map(|(lat, _)| lat.into()),
            lon: location.map(|(_, lon)| lon.into()),
            home_node: Some(home_node.as_str().to_string()),
            dialect: Some(dialect.name().to_string()),
            filter: None,
            settings: Some(lines.0),
        };
        record.set_filter(wish);
        record
    }

    /// Writes a filter into its column.
    pub fn set_filter(&mut self, wish: &Wish) {
        self.filter = Some(wish.commands().iter().map(|command| escape(command)).collect::<Vec<_>>().join("\n"));
    }

    /// Whether the row holds nothing that a user chose.
    pub fn is_empty(&self) -> bool {
        *self == Record::default()
    }

    /// The settings in it, the node's defaults for what it does not say, and what was not understood.
    pub fn settings(&self, home: Home<'_>) -> (Settings, Vec<String>) {
        let mut settings = Settings::of_node(&home.node.telnet);
        let mut lost = Lost::default();
        let text = |column: &Option<String>| column.clone().filter(|text| text.len() <= COLUMN_BYTES_MAX);
        if let Some(name) = text(&self.name) {
            settings.name = name;
        }
        if let Some(qth) = text(&self.qth) {
            settings.qth = qth;
        }
        if let Some(grid) = self.grid.as_deref().filter(|grid| !grid.is_empty()) {
            match Grid::parse(grid.as_bytes()) {
                Some(grid) => settings.grid = grid,
                None => lost.say(format!("locator {grid}")),
            }
        }
        if let (Some(lat), Some(lon)) = (self.lat, self.lon) {
            settings.location = Some((lat as f32, lon as f32));
        }
        if let Some(call) = &self.home_node {
            match Call::new(call.as_bytes()) {
                Some(call) => settings.home_node = call,
                None => lost.say(format!("home node {call}")),
            }
        }
        if let Some(name) = &self.dialect {
            match Dialect::parse(name) {
                Some(dialect) => settings.dialect = dialect,
                None => lost.say(format!("dialect {name}")),
            }
        }
        for line in text(&self.settings).as_deref().unwrap_or("").lines().filter(|line| !line.trim().is_empty()) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            if read_key(&mut settings, key, value).is_none() {
                lost.say(format!("{key}={value}"));
            }
        }
        let context = home.context(settings.grid);
        settings.wish = match text(&self.filter) {
            None => Wish::of_node(&context),
            Some(filter) => {
                let commands: Vec<String> =
                    filter.lines().filter(|line| !line.trim().is_empty()).map(unescape).collect();
                let (wish, not_understood) = Wish::restore(commands.iter().map(String::as_str), &context);
                for command in not_understood {
                    lost.say(command.to_string());
                }
                wish
            }
        };
        (settings, lost.lines())
    }

    /// Changes one key, as `dxring user set` names it; an empty value goes back to the node's default. A filter
    /// is commands with semicolons between them; `;` alone is none.
    ///
    /// # Errors
    /// No such key, or no value for it, in words.
    pub fn set(&mut self, key: &str, value: &str, home: Home<'_>) -> Result<(), String> {
        let wrong = || format!("{key}={value}: no value for this key");
        let whole = Some(value.to_string()).filter(|value| !value.is_empty());
        let short = || match value.len() <= Settings::TEXT_MAX && !value.chars().any(char::is_control) {
            true => Ok(whole.clone()),
            false => Err(format!("{key}: use at most {} printable characters", Settings::TEXT_MAX)),
        };
        match key {
            "name" => self.name = short()?,
            "qth" => self.qth = short()?,
            "grid" => {
                if whole.is_some() && Grid::parse(value.as_bytes()).is_none() {
                    return Err(wrong());
                }
                self.grid = whole.map(|grid| grid.to_ascii_uppercase());
            }
            "home_node" => {
                if whole.is_some() && !Call::new(value.as_bytes()).is_some_and(|c| crate::spot::is_plausible(&c)) {
                    return Err(wrong());
                }
                self.home_node = whole.map(|call| call.to_ascii_uppercase());
            }
            "dialect" => {
                self.dialect = match whole {
                    None => None,
                    Some(_) => Some(Dialect::parse(value).ok_or_else(wrong)?.name().to_string()),
                }
            }
            "filter" => {
                let (settings, _) = self.settings(home);
                let context = home.context(settings.grid);
                let mut wish = Wish::open();
                for command in value.split(';').map(str::trim).filter(|command| !command.is_empty()) {
                    let outcome = wish.command(command, &context);
                    if !outcome.as_ref().is_some_and(|outcome| outcome.done) {
                        let why = outcome.map(|outcome| outcome.reply.join(" ")).unwrap_or_default();
                        return Err(format!("filter: {command} is no filter command here. {why}").trim().into());
                    }
                }
                match value {
                    "" => self.filter = None,
                    _ => self.set_filter(&wish),
                }
            }
            key => {
                let mut settings = Settings::of_node(&home.node.telnet);
                if whole.is_some() {
                    read_key(&mut settings, key, value).ok_or_else(|| match is_key(key) {
                        true => wrong(),
                        false => format!("no such key {key}: use one of {}", keys().join(", ")),
                    })?;
                } else if !is_key(key) {
                    return Err(format!("no such key {key}: use one of {}", keys().join(", ")));
                }
                let mut lines = Lines::default();
                for line in self.settings.as_deref().unwrap_or("").lines() {
                    match line.split_once('=') {
                        Some((other, value)) if other != key => lines.put(other, value),
                        _ => {}
                    }
                }
                if whole.is_some() {
                    // In the one form that a session saves.
                    let all = Record::of(&settings).settings.unwrap_or_default();
                    let value = all.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
                    lines.put(key, value.unwrap_or_default());
                }
                self.settings = Some(lines.0).filter(|lines| !lines.is_empty());
            }
        }
        Ok(())
    }
}

/// The keys that [`Record::set`] takes.
pub(super) fn keys() -> Vec<&'static str> {
    ["name", "qth", "grid", "home_node", "dialect", "filter"].into_iter().chain(KEYS).collect()
}

const KEYS: [&str; 19] = [
    "format",
    "width",
    "trailers",
    "beep",
    "bare_skimmers",
    "two_decimals",
    "diag",
    "dedupe",
    "updates",
    "streams",
    "page",
    "prompt",
    "away",
    "echo",
    "linewise",
    "noise",
    "solar",
    "dx_count",
    "buddies",
];

fn is_key(key: &str) -> bool {
    KEYS.contains(&key)
}

/// Reads one line of the `settings` column. `None`: no such key, or no such value; nothing changed.
fn read_key(settings: &mut Settings, key: &str, value: &str) -> Option<()> {
    let style = &mut settings.preferences.style;
    match key {
        "format" => style.format = ValueEnum::from_str(value, true).ok()?,
        "width" => style.width = number(value)?,
        "trailers" => style.trailers = Trailers(set_of(value, &TRAILERS)?.try_into().ok()?),
        "beep" => style.beep = switch(value)?,
        "bare_skimmers" => style.bare_skimmers = switch(value)?,
        "two_decimals" => style.two_decimals = switch(value)?,
        "diag" => style.diag = number(value)?,
        "dedupe" => settings.preferences.dedupe = ValueEnum::from_str(value, true).ok()?,
        "updates" => settings.preferences.updates = switch(value)?,
        "streams" => settings.streams = Streams(set_of(value, &STREAMS)?),
        "page" => settings.page_lines = number(value)?,
        "prompt" => settings.prompt = Some(unescape(value)),
        "away" => settings.away = switch(value)?,
        "echo" => settings.echo = switch(value)?,
        "linewise" => settings.linewise = switch(value)?,
        "noise" => settings.noise = *Noise::ALL.iter().find(|noise| noise.name().eq_ignore_ascii_case(value))?,
        "solar" => settings.solar_min = number(value)?,
        "dx_count" => settings.dx_count = number(value)?,
        "buddies" => {
            let calls = value.split(',').filter(|call| !call.is_empty()).map(|call| Call::new(call.as_bytes()));
            settings.buddies = calls.take(Settings::BUDDIES_MAX).collect::<Option<_>>()?;
        }
        _ => return None,
    }
    Some(())
}

const TRAILERS: [(&str, u16); 4] = [
    ("grid", Trailers::GRID.0 as u16),
    ("cq", Trailers::CQ.0 as u16),
    ("itu", Trailers::ITU.0 as u16),
    ("state", Trailers::STATE.0 as u16),
];

const STREAMS: [(&str, u16); 9] = [
    ("dx", Streams::DX.0),
    ("ann", Streams::ANN.0),
    ("talk", Streams::TALK.0),
    ("wx", Streams::WX.0),
    ("wwv", Streams::WWV.0),
    ("wcy", Streams::WCY.0),
    ("logins", Streams::LOGINS.0),
    ("self", Streams::SELF.0),
    ("seeme", Streams::SEEME.0),
];

/// The names of the set bits, and a number for bits without a name.
fn names_of(mut bits: u16, names: &[(&str, u16)]) -> String {
    let mut words: Vec<String> = Vec::new();
    for &(name, bit) in names {
        if bits & bit == bit {
            words.push(name.to_string());
            bits &= !bit;
        }
    }
    if bits != 0 {
        words.push(bits.to_string());
    }
    words.join(",")
}

fn set_of(text: &str, names: &[(&str, u16)]) -> Option<u16> {
    text.split(',').filter(|word| !word.is_empty()).try_fold(0, |bits, word| {
        let named = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, bit)| *bit);
        Some(bits | named.or_else(|| word.parse().ok())?)
    })
}

fn choice_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Some(true),
        "false" | "off" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A text in one line: line ends and backslashes get a backslash.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn put(&mut self, key: &str, value: impl std::fmt::Display) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(&format!("{key}={value}"));
    }
}

#[derive(Default)]
struct Lost {
    lines: Vec<String>,
    more: usize,
}

impl Lost {
    fn say(&mut self, line: String) {
        if self.lines.len() < LOST_LINES_MAX {
            // Somebody else's bytes may be in the file; a user's terminal gets none of them.
            self.lines.push(line.chars().filter(|c| !c.is_control()).take(Settings::TEXT_MAX).collect());
        } else {
            self.more += 1;
        }
    }
    fn lines(mut self) -> Vec<String> {
        if self.more > 0 {
            self.lines.push(format!("and {} more", self.more));
        }
        self.lines
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config::{Dedupe, Node};
    use crate::wire::LineFormat;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    pub static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
    pub static NODE: LazyLock<Node> = LazyLock::new(Node::default);
    static FEEDS: LazyLock<Vec<String>> = LazyLock::new(|| NODE.feeds.iter().map(|f| f.name.clone()).collect());

    pub fn home() -> Home<'static> {
        Home { node: &NODE, feeds: &FEEDS, cty: &CTY }
    }

    /// Commands of all dialects; those that are understood make the wish.
    const COMMANDS: [&str; 12] = [
        "PASS BAND 20M,40M",
        "REJECT BAND 6M",
        "PASS MODE CW,FT8",
        "REJECT SOURCE SKIMMER",
        "PASS DXCALL K1*,*XYZ",
        "REJECT DEZONE 14",
        "PASS DXDXCC 291",
        "ACCEPT/SPOTS 1 on hf/cw",
        "REJECT/SPOTS 2 on 40m and by_zone 14",
        "SET/DX/FILTER band=20 and not skimmer",
        "UNSET/SKIMMER FT8,FT4",
        "PASS NEARBY ON",
    ];

    fn any_call() -> impl Strategy<Value = Call> {
        prop_oneof![
            Just(Call::EMPTY),
            "[A-Z0-9]{1,2}[0-9][A-Z]{1,3}(/P|-[0-9]{1,2})?".prop_map(|text| Call::new(text.as_bytes()).unwrap()),
        ]
    }

    pub fn any_settings() -> impl Strategy<Value = Settings> {
        let texts = ("[^\\x00-\\x1f\\x7f]{0,20}", "[ -~]{0,60}", proptest::option::of("[ -~\\n\\r\\\\]{0,30}"));
        let place = (
            prop_oneof![
                Just(Grid::NONE),
                "[A-R]{2}[0-9]{2}([a-x]{2})?".prop_map(|text| Grid::parse(text.as_bytes()).unwrap()),
            ],
            proptest::option::of((-90f32..=90.0, -180f32..=180.0)),
            any_call(),
        );
        let wish = proptest::collection::vec(proptest::sample::select(&COMMANDS[..]), 0..5);
        let style = (
            proptest::sample::select(LineFormat::value_variants()),
            any::<u8>(),
            any::<u8>(),
            any::<[bool; 3]>(),
            any::<u8>(),
            proptest::sample::select(Dedupe::value_variants()),
            any::<bool>(),
        );
        let rest = (
            any::<u16>(),
            any::<u16>(),
            any::<[bool; 3]>(),
            proptest::sample::select(&Noise::ALL[..]),
            any::<u8>(),
            any::<u16>(),
            proptest::collection::vec(any_call(), 0..=Settings::BUDDIES_MAX),
            proptest::sample::select(&Dialect::ALL[..]),
        );
        (texts, place, wish, style, rest).prop_map(|(texts, place, wish, style, rest)| {
            let mut settings = Settings::of_node(&NODE.telnet);
            (settings.name, settings.qth, settings.prompt) = texts;
            (settings.grid, settings.location, settings.home_node) = place;
            let context = home().context(settings.grid);
            for command in wish {
                settings.wish.command(command, &context);
            }
            let (format, width, trailers, [beep, bare_skimmers, two_decimals], diag, dedupe, updates) = style;
            settings.preferences = Preferences {
                style: LineStyle {
                    format,
                    width,
                    trailers: Trailers(trailers),
                    beep,
                    bare_skimmers,
                    two_decimals,
                    diag,
                },
                dedupe,
                updates,
            };
            let (streams, page, [away, echo, linewise], noise, solar, dx_count, buddies, dialect) = rest;
            settings.streams = Streams(streams);
            settings.page_lines = page;
            (settings.away, settings.echo, settings.linewise) = (away, echo, linewise);
            (settings.noise, settings.solar_min, settings.dx_count, settings.dialect) =
                (noise, solar, dx_count, dialect);
            settings.buddies = buddies.into_iter().filter(|call| !call.is_empty()).collect();
            settings
        })
    }

    #[test]
    fn nearby_survives_without_a_locator_and_what_is_no_command_any_more_is_named() {
        let mut settings = Settings::of_node(&NODE.telnet);
        settings.grid = Grid::parse(b"FN31").unwrap();
        let context = home().context(settings.grid);
        assert!(settings.wish.command("PASS NEARBY 500", &context).unwrap().done);
        let mut record = Record::of(&settings);
        record.grid = None;
        let said = record.filter.take().unwrap();
        record.filter = Some(format!("PASS SOURCE gone\n{said}\nPASS WORMHOLES 3"));
        let (mut back, lost) = record.settings(home());
        assert_eq!(lost, ["PASS SOURCE gone", "PASS WORMHOLES 3"]);
        assert_eq!(back.wish.commands(), settings.wish.commands());
        assert_eq!(back.wish.filter(), crate::filter::Filter::all(), "it rests");
        // As SET/GRID does.
        back.wish.set_home(Grid::parse(b"FN31").unwrap());
        assert_eq!(back.wish.filter(), settings.wish.filter());
    }

    proptest! {
        #[test]
        fn settings_survive_the_row(settings in any_settings()) {
            let record = Record::of(&settings);
            let (back, lost) = record.settings(home());
            prop_assert_eq!(&lost, &Vec::<String>::new());
            prop_assert_eq!(back.wish.commands(), settings.wish.commands());
            prop_assert_eq!(&back, &settings);
            prop_assert_eq!(Record::of(&back), record);
        }

        #[test]
        fn any_text_in_a_row_is_read_without_panic(columns in proptest::collection::vec(".{0,80}", 7)) {
            let column = |n: usize| Some(columns[n].clone());
            let record = Record {
                name: column(0),
                qth: column(1),
                grid: column(2),
                lat: Some(f64::NAN),
                lon: None,
                home_node: column(3),
                dialect: column(4),
                filter: column(5),
                settings: column(6),
            };
            let (_, lost) = record.settings(home());
            prop_assert!(lost.len() <= LOST_LINES_MAX + 1);
            prop_assert!(lost.iter().all(|line| !line.chars().any(char::is_control)));
        }
    }

    #[test]
    fn an_empty_row_is_the_nodes_defaults() {
        let (settings, lost) = Record::default().settings(home());
        let mut expected = Settings::of_node(&NODE.telnet);
        expected.wish = Wish::of_node(&home().context(Grid::NONE));
        assert_eq!((settings, lost.len()), (expected, 0));
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_said() {
        let record = Record {
            name: Some("Hugo".into()),
            dialect: Some("KLINGON".into()),
            filter: Some("PASS COLOUR BLUE".into()),
            settings: Some("width=abc\nbeep=true\nfuture=1".into()),
            ..Record::default()
        };
        let (settings, lost) = record.settings(home());
        assert_eq!(lost, ["dialect KLINGON", "width=abc", "future=1", "PASS COLOUR BLUE"]);
        assert_eq!((settings.name.as_str(), settings.dialect), ("Hugo", Dialect::Go));
        assert!(settings.preferences.style.beep);
    }

    #[test]
    fn one_key_is_set_and_the_others_stay() {
        let mut record = Record::default();
        for (key, value) in [("name", "Hugo"), ("grid", "jn58"), ("beep", "on"), ("width", "90"), ("dialect", "ve7cc")]
        {
            record.set(key, value, home()).unwrap();
        }
        record.set("beep", "off", home()).unwrap();
        assert_eq!((record.grid.as_deref(), record.dialect.as_deref()), (Some("JN58"), Some("CC")));
        assert_eq!(record.settings.as_deref(), Some("width=90\nbeep=false"));
        record.set("width", "", home()).unwrap();
        record.set("name", "", home()).unwrap();
        assert_eq!((record.settings.as_deref(), record.name.as_deref()), (Some("beep=false"), None));
        for (key, value, expected) in [
            ("colour", "blue", "no such key colour: use one of name, qth,"),
            ("colour", "", "no such key colour"),
            ("width", "wide", "width=wide: no value"),
            ("grid", "ZZ99", "grid=ZZ99: no value"),
            ("name", "a\u{1b}[2J", "name: use at most 60 printable"),
            ("filter", "PASS COLOUR BLUE", "filter: PASS COLOUR BLUE is no filter command"),
        ] {
            let wrong = record.set(key, value, home()).unwrap_err();
            assert!(wrong.starts_with(expected), "{key}: {wrong}");
        }
        assert_eq!(KEYS.len(), Record::of(&Settings::of_node(&NODE.telnet)).settings.unwrap().lines().count() + 1);
    }
}
