//! PSKReporter's message: one flat JSON object per report (pipeline 4.3, field notes).
//!
//! ```text
//! {"sq":73468726263,"f":10137366,"md":"FT8","rp":-11,"t":1791326355,"t_tx":1791326340,
//!  "sc":"WB1DX","sl":"FN32XE","rc":"PA4HJH","rl":"JO22UU","sa":291,"ra":263,"b":"30m"}
//! ```
//!
//! A hand-made scanner reads what the network sends: any order of keys, unknown keys, null, numbers as
//! strings. Whatever else JSON allows (escapes, nesting, fractions, bytes beyond ASCII) goes to serde_json,
//! which is slower and allocates; so does whatever is no JSON, to be refused. Both give the same fields.

use super::LineFault;
use super::skimmer::is_beacon_call;
use crate::spot::{Call, Flags, Freq, Grid, Mode, Spot, Utc, canonical, is_plausible};
use serde_json::Value;

/// A message, read as far as it goes.
#[derive(Clone, Copy, Debug)]
pub struct PskMessage {
    /// Number in the network's sequence of all reports; a gap is loss, when everything is subscribed. Known of
    /// messages that are no good report, too.
    pub sq: Option<u64>,
    /// What it reports, or the fault that [`LineFault::reason`] names: it is to be counted and dropped.
    pub report: Result<PskReport, LineFault>,
}

/// The start of a mode's name as sent, upper case, in the order of its bytes; what is longer than 8 bytes is
/// cut.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ModeName(u64);

impl ModeName {
    /// The first word of a text: submodes follow a blank (`OLIVIA 8/250`). Empty without one.
    #[inline]
    pub const fn of(text: &[u8]) -> ModeName {
        let mut name = 0u64;
        let mut at = 0;
        while at < text.len() && at < 8 && text[at] != b' ' {
            name |= (text[at].to_ascii_uppercase() as u64) << (8 * at);
            at += 1;
        }
        ModeName(name)
    }
    fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The mode of that name; [`Mode::Digi`] for names that we do not know.
    #[inline]
    pub fn mode(self) -> Mode {
        // Most reports of all by far.
        if self.0 == const { ModeName::of(b"FT8").0 } {
            return Mode::Ft8;
        }
        NAMES.iter().find(|(name, _)| *name == self).map_or(Mode::Digi, |(_, mode)| *mode)
    }
}

/// Names of modes, and two that people use for one.
const NAMES: [(ModeName, Mode); Mode::COUNT + 2] = {
    let mut names = [(ModeName(0), Mode::Usb); Mode::COUNT + 2];
    let mut at = 0;
    while at < Mode::COUNT {
        let mode = Mode::ALL[at];
        names[at] = (ModeName::of(mode.name().as_bytes()), mode);
        at += 1;
    }
    names[at].0 = ModeName::of(b"PHONE");
    names[at + 1].0 = ModeName::of(b"SSB");
    names
};

/// A report.
#[derive(Clone, Copy, Debug)]
pub struct PskReport {
    /// Filled in: calls, frequency and band, mode, report, locators, `SKIMMER`. Left to the caller: class, feed,
    /// line number, node, times.
    pub spot: Spot,
    /// When the receiver heard it, by its own clock.
    pub heard: Utc,
    /// The mode as sent, for lists that name modes we do not know.
    pub mode_name: ModeName,
}

/// Reads one message.
///
/// A report of 0 dB is one. The receiver's call need not look like a call (`EA8-DF4UE`); it gets `-#` where
/// that fits and it has no dash, as all machines' calls do. Unknown modes are [`Mode::Digi`].
pub fn pskreporter(payload: &[u8]) -> PskMessage {
    match scan(payload) {
        Some(fields) => message(&fields),
        None => odd(payload),
    }
}

#[cold]
fn odd(payload: &[u8]) -> PskMessage {
    let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(payload) else {
        return PskMessage { sq: None, report: Err(LineFault::BadJson) };
    };
    let mut fields = Fields::default();
    for (key, value) in &object {
        fields.set(key.as_bytes(), of_json(value));
    }
    message(&fields)
}

fn message(fields: &Fields<'_>) -> PskMessage {
    let sq = fields.sq.number().and_then(|sq| u64::try_from(sq).ok());
    PskMessage { sq, report: report(fields) }
}

/// A value, as far as any field needs it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum Field<'a> {
    /// Missing, null, or of a kind that no field has.
    #[default]
    None,
    Number(i64),
    Text(&'a [u8]),
}

/// The fields we read.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Fields<'a> {
    sq: Field<'a>,
    f: Field<'a>,
    md: Field<'a>,
    rp: Field<'a>,
    t: Field<'a>,
    sc: Field<'a>,
    sl: Field<'a>,
    rc: Field<'a>,
    rl: Field<'a>,
}

impl<'a> Fields<'a> {
    /// Of two equal keys the later one counts, as in serde_json.
    #[inline]
    fn set(&mut self, key: &[u8], value: Field<'a>) {
        let field = match key {
            b"sq" => &mut self.sq,
            b"f" => &mut self.f,
            b"md" => &mut self.md,
            b"rp" => &mut self.rp,
            b"t" => &mut self.t,
            b"sc" => &mut self.sc,
            b"sl" => &mut self.sl,
            b"rc" => &mut self.rc,
            b"rl" => &mut self.rl,
            _ => return,
        };
        *field = value;
    }
}

impl<'a> Field<'a> {
    /// A number, or a text that is one.
    fn number(self) -> Option<i64> {
        match self {
            Field::None => None,
            Field::Number(n) => Some(n),
            Field::Text(text) => {
                let text = std::str::from_utf8(text).ok()?.trim();
                text.parse().ok().or_else(|| text.parse::<f64>().ok().and_then(whole))
            }
        }
    }
    fn text(self) -> &'a [u8] {
        match self {
            Field::Text(text) => text.trim_ascii(),
            _ => b"",
        }
    }
}

fn of_json(value: &Value) -> Field<'_> {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)).map_or(Field::None, Field::Number),
        Value::String(text) => Field::Text(text.as_bytes()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Field::None,
    }
}

/// A fraction rounded; `None` beyond what a double holds exactly.
fn whole(n: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (n.abs() <= EXACT).then(|| n.round() as i64)
}

fn report(fields: &Fields<'_>) -> Result<PskReport, LineFault> {
    let freq_hz = fields.f.number().and_then(|hz| u64::try_from(hz).ok()).filter(|hz| *hz > 0);
    let freq = freq_hz.map(Freq::from_hz).filter(|freq| *freq <= Freq::MICROWAVE_MAX).ok_or(LineFault::NoFrequency)?;
    let mode_name = ModeName::of(fields.md.text());
    if mode_name.is_empty() {
        return Err(LineFault::NoMode);
    }
    let snr = fields.rp.number().ok_or(LineFault::NoReport)?;
    let heard_s = fields.t.number().filter(|t| (1..=i64::from(u32::MAX)).contains(t)).ok_or(LineFault::NoTime)?;
    let dx = match fields.sc.text() {
        b"" => return Err(LineFault::NoDxCall),
        text => canonical(text).filter(is_plausible).ok_or(LineFault::BadDxCall)?,
    };
    let de = match fields.rc.text() {
        b"" => return Err(LineFault::NoSpotter),
        text => canonical(text).filter(|call| !call.is_empty()).ok_or(LineFault::BadSpotter)?,
    };
    let mut spot = Spot::empty();
    spot.dx = dx;
    spot.de = as_machine(de);
    spot.set_freq(freq);
    spot.set_mode(mode_name.mode());
    spot.set_snr(Some(snr.clamp(-200, 200) as i16));
    spot.dx_grid = grid(fields.sl.text());
    spot.de_grid = grid(fields.rl.text());
    spot.flags.set(Flags::SKIMMER, true);
    spot.flags.set(Flags::BEACON, is_beacon_call(&spot));
    Ok(PskReport { spot, heard: Utc::from_secs(heard_s), mode_name })
}

/// The first six characters; what stations append beyond them has many forms.
fn grid(text: &[u8]) -> Grid {
    Grid::parse(&text[..text.len().min(6) / 2 * 2]).unwrap_or(Grid::NONE)
}

fn as_machine(call: Call) -> Call {
    let text = call.as_bytes();
    if text.contains(&b'-') || text.len() + 2 > Call::LEN_MAX {
        return call;
    }
    let mut marked = [0; Call::LEN_MAX];
    marked[..text.len()].copy_from_slice(text);
    marked[text.len()..text.len() + 2].copy_from_slice(b"-#");
    Call::new(&marked[..text.len() + 2]).unwrap_or(call)
}

// --- the scanner

/// Longest number read here: 18 digits fit an i64.
const DIGITS_MAX: usize = 18;

/// Reads an object in the plain form; `None` for everything else, good JSON or not.
fn scan(payload: &[u8]) -> Option<Fields<'_>> {
    let mut fields = Fields::default();
    let mut rest = Rest { bytes: payload, at: 0 };
    rest.blanks();
    rest.expect(b'{')?;
    rest.blanks();
    if rest.take(b'}') {
        return rest.ends().then_some(fields);
    }
    loop {
        rest.blanks();
        let key = rest.string()?;
        rest.blanks();
        rest.expect(b':')?;
        rest.blanks();
        let value = match rest.peek()? {
            b'"' => Field::Text(rest.string()?),
            b'n' => rest.word(b"null").map(|()| Field::None)?,
            b't' => rest.word(b"true").map(|()| Field::None)?,
            b'f' => rest.word(b"false").map(|()| Field::None)?,
            _ => Field::Number(rest.integer()?),
        };
        fields.set(key, value);
        rest.blanks();
        if rest.take(b'}') {
            return rest.ends().then_some(fields);
        }
        rest.expect(b',')?;
    }
}

struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }
    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }
    /// Blanks and nothing more.
    fn ends(&mut self) -> bool {
        self.blanks();
        self.at == self.bytes.len()
    }
    /// A string of plain printable ASCII.
    #[inline]
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(&self.bytes[from..self.at - 1]);
                }
                b'\\' | 0..=0x1F | 0x80.. => return None,
                _ => self.at += 1,
            }
        }
    }
    /// An integer without leading zeros, fraction or exponent.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let negative = self.take(b'-');
        let from = self.at;
        let mut n = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at - from == DIGITS_MAX {
                return None;
            }
            n = n * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let digits = self.at - from;
        let is_plain = digits > 0 && (digits == 1 || self.bytes[from] != b'0') && !(negative && n == 0);
        let goes_on = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (is_plain && !goes_on).then_some(if negative { -n } else { n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = r#"{"sq":73468726263,"f":10137366,"md":"FT8","rp":-11,"t":1791326355,"t_tx":1791326340,"sc":"WB1DX","sl":"FN32XE","rc":"PA4HJH","rl":"JO22UU","sa":291,"ra":null,"b":"30m"}"#;

    fn read(text: &str) -> Result<PskReport, LineFault> {
        pskreporter(text.as_bytes()).report
    }

    #[test]
    fn a_real_message_is_a_spot() {
        let report = read(PLAIN).unwrap();
        let spot = report.spot;
        assert_eq!((spot.dx.as_str(), spot.de.as_str()), ("WB1DX", "PA4HJH-#"));
        assert_eq!((spot.freq.hz(), spot.mode(), spot.snr()), (10_137_366, Mode::Ft8, Some(-11)));
        assert_eq!((spot.dx_grid.as_str(), spot.de_grid.as_str()), ("FN32XE", "JO22UU"));
        assert_eq!(report.heard, Utc::from_secs(1_791_326_355));
        assert_eq!(pskreporter(PLAIN.as_bytes()).sq, Some(73_468_726_263));
        let unheard = pskreporter(PLAIN.replace("-11", "null").as_bytes());
        assert_eq!((unheard.sq, unheard.report.err()), (Some(73_468_726_263), Some(LineFault::NoReport)));
        assert!(spot.is_skimmer() && scan(PLAIN.as_bytes()).is_some(), "read without serde_json");
    }

    #[test]
    fn odd_forms_are_read_and_faults_are_named() {
        let with = |from: &str, to: &str| read(&PLAIN.replace(from, to));
        assert_eq!(with("-11", "0").unwrap().spot.snr(), Some(0), "0 dB is a report");
        assert_eq!(with("-11", "\"-7\"").unwrap().spot.snr(), Some(-7));
        assert_eq!(with("-11", "-7.0").unwrap().spot.snr(), Some(-7));
        assert_eq!(with("10137366", "1.0137366e7").unwrap().spot.freq.hz(), 10_137_366);
        assert_eq!(with("WB1DX", "WB1DX\\/P").unwrap().spot.dx.as_str(), "WB1DX/P");
        assert_eq!(with("PA4HJH", "EA8-DF4UE").unwrap().spot.de.as_str(), "EA8-DF4UE");
        assert_eq!(with("FN32XE", "FN32XE0689").unwrap().spot.dx_grid.as_str(), "FN32XE");
        assert_eq!(with("FN32XE", "nowhere").unwrap().spot.dx_grid, Grid::NONE);
        assert_eq!(with("FT8", "OLIVIA 8/250").unwrap().spot.mode(), Mode::Olivia);
        assert_eq!(with("FT8", "NEWMODE").unwrap().spot.mode(), Mode::Digi);
        assert_eq!(with("\"sa\":291", "\"sa\":[{\"x\":1}]").unwrap().spot.dx.as_str(), "WB1DX");
        for (from, to, fault) in [
            ("-11", "null", LineFault::NoReport),
            ("10137366", "0", LineFault::NoFrequency),
            ("10137366", "-5", LineFault::NoFrequency),
            ("10137366", "1e300", LineFault::NoFrequency),
            ("\"FT8\"", "\" \"", LineFault::NoMode),
            ("1791326355", "0", LineFault::NoTime),
            ("\"WB1DX\"", "\"\"", LineFault::NoDxCall),
            ("WB1DX", "HELLO", LineFault::BadDxCall),
            ("\"PA4HJH\"", "null", LineFault::NoSpotter),
            ("PA4HJH", "A_VERY_LONG_RECEIVER", LineFault::BadSpotter),
            ("}", "", LineFault::BadJson),
            ("\"sq\"", "sq", LineFault::BadJson),
            ("-11", "-011", LineFault::BadJson),
        ] {
            assert_eq!(with(from, to).err(), Some(fault), "{from} -> {to}");
        }
        for text in ["", "[]", "null", "{} x", "{\"f\":1,}", "\u{0}"] {
            assert_eq!(read(text).err(), Some(LineFault::BadJson), "{text}");
        }
        assert_eq!(read("{}").err(), Some(LineFault::NoFrequency));
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|n| n.to_string()),
            any::<u64>().prop_map(|n| n.to_string()),
            any::<i16>().prop_map(|n| n.to_string()),
            any::<f64>().prop_filter("JSON has no such number", |n| n.is_finite()).prop_map(|n| format!("{n}")),
            any::<f32>().prop_filter("JSON has no such number", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
            "[ -~]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just("null".to_string()),
            Just("true".to_string()),
            Just("-0".to_string()),
            Just("007".to_string()),
            Just("[1,{\"f\":2}]".to_string()),
            Just("\"K1ABC\"".to_string()),
            Just("14074000".to_string()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What the scanner accepts it reads as serde_json does, and it accepts nothing else.
        #[test]
        fn the_scanner_is_serde_json(
            pairs in prop::collection::vec(("sq|f|md|rp|t|sc|sl|rc|rl|b|x|\\\\u0066", value(), " {0,2}"), 0..12),
            junk in prop_oneof![8 => Just(String::new()), 1 => "[ -~]{1,3}"],
        ) {
            let body: Vec<String> = pairs.iter().map(|(key, value, gap)| format!("{gap}\"{key}\"{gap}:{gap}{value}{gap}")).collect();
            let text = format!("{{{}}}{junk}", body.join(","));
            if let Some(fields) = scan(text.as_bytes()) {
                let parsed = serde_json::from_str::<Value>(&text);
                let Ok(Value::Object(object)) = parsed else {
                    panic!("accepted what is no object: {text}");
                };
                let mut want = Fields::default();
                for (key, value) in &object {
                    want.set(key.as_bytes(), of_json(value));
                }
                prop_assert_eq!(fields, want, "{}", text);
            }
        }

        #[test]
        fn no_bytes_panic(payload in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..200) {
            let _ = pskreporter(&payload);
            let _ = pskreporter(&PLAIN.as_bytes()[..cut.min(PLAIN.len())]);
        }
    }
}
