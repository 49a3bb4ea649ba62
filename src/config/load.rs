//! From a file and overrides to a checked node.

use super::locate::{self, Value};
use super::problem::{Place, Problem, Problems, did_you_mean, shown};
use super::{FeedKind, Node, checks, overrides};
use ron::error::SpannedError;
use ron::extensions::Extensions;
use std::ops::Range;
use std::path::Path;

/// The shipped configuration, as compiled in.
pub const EMBEDDED: &str = include_str!("../../config/node.ron");
/// The name of the compiled-in copy in messages.
pub const EMBEDDED_NAME: &str = "(built-in config/node.ron)";
/// Where a node looks when it is not told where.
pub const DEFAULT_PATH: &str = "config/node.ron";
/// Largest configuration file. The shipped one, comments and all, has under 16 KiB; 250 feeds of
/// 1 KiB each would still fit four times.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Mistakes of form reported at once; each costs one more parse.
const FORM_PROBLEMS_MAX: usize = 50;

/// A configuration text and the name that messages call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name as given.
    pub name: String,
    /// RON.
    pub text: String,
}

impl Source {
    /// The compiled-in copy.
    pub fn embedded() -> Source {
        Source { name: EMBEDDED_NAME.into(), text: EMBEDDED.into() }
    }

    /// Reads a file. Errors: it cannot be read, is larger than 1 MiB, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Source, Problems> {
        let name = path.display().to_string();
        let fail = |wrong: String, remedy: &str| Problems(vec![Problem::of_file(&name, wrong, remedy)]);
        let bytes = match std::fs::metadata(path) {
            Ok(meta) if meta.len() > FILE_BYTES_MAX => {
                let wrong = format!("{} bytes are too many for a configuration", meta.len());
                return Err(fail(wrong, "is it the right file?"));
            }
            Ok(_) => std::fs::read(path),
            Err(e) => Err(e),
        };
        let bytes = bytes.map_err(|e| fail(format!("cannot be read: {e}"), "give a file with --config FILE"))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source { name, text }),
            Err(e) => {
                let good = e.utf8_error().valid_up_to();
                let (line, col) = locate::line_col(&String::from_utf8_lossy(&e.as_bytes()[..good]), good);
                let mut problem = Problem::of_file(&name, "not UTF-8 from here on", "save the file as UTF-8");
                problem.place = Place::File { name: name.clone(), line, col };
                Err(Problems(vec![problem]))
            }
        }
    }

    /// The file given; else `config/node.ron` of the working directory if there is one; else the
    /// compiled-in copy.
    pub fn find(given: Option<&Path>) -> Result<Source, Problems> {
        match given {
            Some(path) => Source::read(path),
            None if Path::new(DEFAULT_PATH).exists() => Source::read(Path::new(DEFAULT_PATH)),
            None => Ok(Source::embedded()),
        }
    }
}

/// A configuration that passed all checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What to run.
    pub node: Node,
    /// Name of the file it came from.
    pub source: String,
    /// What is allowed but looks wrong.
    pub warnings: Vec<Problem>,
}

impl Loaded {
    /// One line for `dxring check`, with a line end: what a node would be with this.
    pub fn summary(&self) -> String {
        let node = &self.node;
        let runs: Vec<&str> = match node.simulator_runs() {
            true => vec!["the simulator"],
            false => {
                let real = node.feeds.iter().filter(|f| f.enabled && f.kind != FeedKind::Simulator);
                real.map(|f| f.name.as_str()).collect()
            }
        };
        let feeds = if runs.is_empty() { "no feed".into() } else { runs.join(", ") };
        format!("{}: ok: {} at {}, fed by {feeds}\n", self.source, node.callsign, node.telnet.listen)
    }
}

/// Reads a configuration, applies overrides (`path.to.key=value`, in order), checks everything.
///
/// Errors: every mistake found, each with its place. Warnings do not fail a load.
pub fn load(source: &Source, sets: &[String]) -> Result<Loaded, Problems> {
    let (mut problems, sound) = check_form(source);
    let Some(sound) = sound else { return Err(Problems(problems)) };
    let outcome = overrides::apply(sound, sets);
    problems.extend(outcome.problems);

    let original = locate::scan(&source.text);
    let effective = locate::scan(&outcome.text);
    let malformed: Vec<String> = problems.iter().filter_map(|p| list_item(&p.key)).collect();
    for finding in checks::check(&outcome.node) {
        // A feed without its misspelt key is another feed: what it lacks then is no news.
        if list_item(&finding.key).is_some_and(|item| malformed.contains(&item)) {
            continue;
        }
        let is_set = outcome.paths.iter().any(|set| reaches(set, &finding.key) || reaches(&finding.key, set));
        let value = effective.as_ref().and_then(|t| t.at(&finding.key)).map(|v| &outcome.text[v.span.clone()]);
        let place = match &original {
            _ if is_set => Place::Set,
            Some(tree) => place_at(source, tree.nearest(&finding.key)),
            None => Place::File { name: source.name.clone(), line: 0, col: 0 },
        };
        problems.push(Problem {
            place,
            value: shown(&finding.key, value.unwrap_or_default()),
            key: finding.key,
            wrong: finding.wrong,
            remedy: finding.remedy,
            is_warning: finding.is_warning,
        });
    }
    problems.sort_by(|a, b| (&a.place, &a.key).cmp(&(&b.place, &b.key)));
    if problems.iter().any(|p| !p.is_warning) {
        // What only looks wrong can wait until the rest is right: a mistake is one line.
        problems.retain(|p| !p.is_warning);
        return Err(Problems(problems));
    }
    Ok(Loaded { node: outcome.node, source: source.name.clone(), warnings: problems })
}

/// The list entry that a key belongs to: `feeds.2` of `feeds.2.host`.
fn list_item(key: &str) -> Option<String> {
    let steps: Vec<&str> = key.split('.').collect();
    let place = steps.iter().position(|s| s.parse::<usize>().is_ok())?;
    Some(steps[..=place].join("."))
}

/// Whether a path is another or lies above it.
fn reaches(above: &str, below: &str) -> bool {
    below.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Parses, with the extension that lets `cores: 4` stand for `cores: Some(4)`.
pub(super) fn parse(text: &str) -> Result<Node, SpannedError> {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME).from_str(text)
}

fn place_at(source: &Source, offset: usize) -> Place {
    let (line, col) = locate::line_col(&source.text, offset);
    Place::File { name: source.name.clone(), line, col }
}

/// Finds every mistake of form (unknown keys, wrong types), not only the first: what RON refuses is
/// blanked out and the rest parsed again. Returns the text without the refused parts, which parses,
/// or `None` if brackets or quotes do not match.
fn check_form(source: &Source) -> (Vec<Problem>, Option<String>) {
    let mut text = source.text.clone();
    let mut problems = Vec::new();
    loop {
        let error = match parse(&text) {
            Ok(_) => return (problems, Some(text)),
            Err(error) => error,
        };
        let tree = locate::scan(&text);
        let culprit = tree.as_ref().and_then(|tree| culprit(&text, tree, &error));
        let (key, span) = match culprit {
            Some(Culprit { key, span, .. }) => (key, Some(span)),
            None => (String::new(), None),
        };
        let offset = span.as_ref().map_or(locate::offset(&text, error.span.end.line, error.span.end.col), |s| s.start);
        let value = tree.as_ref().and_then(|t| t.at(&key)).map(|v| &text[v.span.clone()]);
        // What RON misses at the very end is a closing bracket, whatever else could stand there.
        let is_cut = span.is_none() && offset >= text.trim_end().len();
        let code = if is_cut { ron::Error::Eof } else { error.code };
        let (wrong, remedy) = explain(&code, value.unwrap_or_default());
        problems.push(Problem {
            place: place_at(source, offset),
            value: shown(&key, value.unwrap_or_default()),
            key,
            wrong,
            remedy,
            is_warning: false,
        });
        match span {
            Some(span) if problems.len() < FORM_PROBLEMS_MAX => blank(&mut text, span),
            _ => return (problems, None),
        }
    }
}

struct Culprit {
    key: String,
    span: Range<usize>,
}

/// The entry that RON refused: of those around the place it reports, the innermost whose absence
/// makes this error go away.
fn culprit(text: &str, tree: &Value, error: &SpannedError) -> Option<Culprit> {
    let range = locate::offset(text, error.span.start.line, error.span.start.col)
        ..locate::offset(text, error.span.end.line, error.span.end.col);
    tree.touched(&range).into_iter().rev().find_map(|(key, span)| {
        let mut without = text.to_string();
        blank(&mut without, span.clone());
        match parse(&without) {
            Err(still) if still == *error || still.span.start < error.span.start => None,
            _ => Some(Culprit { key, span }),
        }
    })
}

/// Overwrites an entry and the comma after it with blanks, so that all other places stay.
fn blank(text: &mut String, span: Range<usize>) {
    let mut bytes = std::mem::take(text).into_bytes();
    let comma = bytes[span.end..].iter().position(|b| !b.is_ascii_whitespace()).filter(|n| bytes[span.end + n] == b',');
    let end = span.end + comma.map_or(0, |n| n + 1);
    bytes[span.start..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    // Whole entries were replaced by ASCII, so what is left is still UTF-8.
    *text = String::from_utf8_lossy(&bytes).into_owned();
}

/// What RON says, in an operator's words: what is wrong, and the remedy.
pub(super) fn explain(error: &ron::Error, value: &str) -> (String, String) {
    use ron::Error as E;
    let one_of = |expected: &[&str], found: &str| match did_you_mean(found, expected) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known here: {}", expected.join(", ")),
    };
    match error {
        E::NoSuchStructField { expected, found, .. } => (format!("no such key `{found}`"), one_of(expected, found)),
        E::NoSuchEnumVariant { expected, found, .. } => (format!("no such choice `{found}`"), one_of(expected, found)),
        E::DuplicateStructField { field, .. } => (format!("`{field}` is given twice"), "keep one of them".into()),
        E::MissingStructField { field, .. } => (format!("`{field}` is missing"), format!("add `{field}: ...`")),
        E::ExpectedInteger | E::InvalidIntegerDigit { .. } => {
            ("not a whole number".into(), "write digits, without quotes or a unit".into())
        }
        E::IntegerOutOfBounds => {
            ("too large or negative".into(), "use a whole number from 0 up; ranges stand in config/node.ron".into())
        }
        E::ExpectedFloat => ("not a number".into(), "write for example 1.0".into()),
        E::ExpectedBoolean => ("neither true nor false".into(), "write true or false".into()),
        E::ExpectedString => {
            let quoted = if value.is_empty() { "\"...\"".into() } else { shown("", &format!("{value:?}")) };
            ("not a text".into(), format!("write it in double quotes: {quoted}"))
        }
        E::ExpectedArray => ("not a list".into(), "write it in square brackets: [...]".into()),
        E::ExpectedArrayEnd => ("the list does not end here".into(), "look for a missing `,` or `]`".into()),
        E::ExpectedStructLike | E::ExpectedNamedStructLike(_) => {
            ("not a group of keys".into(), "write it in round brackets: (key: value, ...)".into())
        }
        E::ExpectedStructLikeEnd => ("the group does not end here".into(), "look for a missing `,` or `)`".into()),
        E::ExpectedComma => ("a comma is missing before this".into(), "end the entry above with `,`".into()),
        E::ExpectedMapColon => ("a colon is missing".into(), "write `key: value`".into()),
        E::ExpectedIdentifier => ("a key is missing".into(), "write `key: value`".into()),
        E::ExpectedStringEnd => ("the text does not end".into(), "look for a missing `\"`".into()),
        E::Eof => ("the file ends too early".into(), "look for a missing `)`, `]` or `\"`".into()),
        E::UnclosedBlockComment => ("the comment does not end".into(), "look for a missing `*/`".into()),
        E::TrailingCharacters => {
            ("something stands after the end".into(), "all keys belong inside one pair of round brackets".into())
        }
        E::InvalidEscape(_) => ("bad escape in a text".into(), "write a backslash as `\\\\`".into()),
        other => (other.to_string(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let source = Source { name: "node.ron".into(), text: text.into() };
        match load(&source, &[]) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().filter(|p| !p.is_warning).map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_shipped_file_is_the_default() {
        assert_eq!(parse(EMBEDDED).unwrap(), Node::default());
        let loaded = load(&Source::embedded(), &[]).unwrap();
        assert_eq!(loaded.warnings, vec![]);
        assert_eq!(parse("()").unwrap(), Node::default(), "an empty file means the same");
    }

    #[test]
    fn the_shipped_file_names_and_explains_every_key() {
        let serialized = ron::ser::to_string_pretty(&Node::default(), ron::ser::PrettyConfig::default()).unwrap();
        let tree = locate::scan(EMBEDDED).unwrap();
        let all = locate::scan(&serialized).unwrap();
        let mut keys = Vec::new();
        collect("", &all, &mut keys);
        for key in keys {
            // Feeds after the first show only what differs; a fault and its keys stand in the comment.
            let in_later_feed = key.starts_with("feeds.") && !key.starts_with("feeds.0.");
            assert!(in_later_feed || tree.at(&key).is_some(), "config/node.ron does not show {key}");
            let place = tree.nearest(&key);
            let line_start = EMBEDDED[..place].rfind('\n').map_or(0, |n| n + 1);
            let above = EMBEDDED[..line_start].lines().next_back().unwrap_or("").trim();
            assert!(in_later_feed || above.starts_with("//"), "config/node.ron does not explain {key}");
        }
    }

    fn collect(path: &str, value: &Value, keys: &mut Vec<String>) {
        match &value.body {
            locate::Body::Struct { fields, .. } => {
                for field in fields {
                    let key = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
                    keys.push(key.clone());
                    collect(&key, &field.value, keys);
                }
            }
            locate::Body::List(items) if path == "feeds" => {
                items.iter().enumerate().for_each(|(i, item)| collect(&format!("{path}.{i}"), item, keys));
            }
            _ => {}
        }
    }

    #[test]
    fn each_mistake_of_form_is_one_line_with_place_key_and_remedy() {
        for (text, expected) in [
            (
                "(\n  telnet: (lisen: \"x:1\"),\n)",
                "node.ron:2:12: telnet.lisen = \"x:1\": no such key `lisen`; did you mean `listen`?",
            ),
            ("(callsign: K1ABC)", "node.ron:1:2: callsign = K1ABC: not a text; write it in double quotes: \"K1ABC\""),
            (
                "(telnet: (\n  keepalive_s: \"10\"))",
                "node.ron:2:3: telnet.keepalive_s = \"10\": not a whole number; write digits, without quotes or a unit",
            ),
            (
                "(telnet: (dedupe: Medium))",
                "node.ron:1:11: telnet.dedupe = Medium: no such choice `Medium`; known here: Fast, Med, Slow, Off",
            ),
            (
                "(feeds: [(kind: RBN, name: \"a\")])",
                "node.ron:1:11: feeds.0.kind = RBN: no such choice `RBN`; did you mean `Rbn`?",
            ),
            (
                "(dedup: (fast_s: -1))",
                "node.ron:1:10: dedup.fast_s = -1: too large or negative; use a whole number from 0 up; ranges stand in config/node.ron",
            ),
            (
                "(placement: (pin: yes))",
                "node.ron:1:14: placement.pin = yes: neither true nor false; write true or false",
            ),
            (
                "(callsign: \"K1ABC\"\n telnet: ())",
                "node.ron:2:2: a comma is missing before this; end the entry above with `,`",
            ),
            ("(feeds: 3)", "node.ron:1:2: feeds = 3: not a list; write it in square brackets: [...]"),
            (
                "(telnet: 3)",
                "node.ron:1:2: telnet = 3: not a group of keys; write it in round brackets: (key: value, ...)",
            ),
            ("(callsign: \"K1ABC\"", "node.ron:1:19: the file ends too early; look for a missing `)`, `]` or `\"`"),
            (
                "(faults: [(stage: \"parse\")])",
                "node.ron:1:11: faults.0 = (stage: \"parse\"): `call` is missing; add `call: ...`",
            ),
            ("(data: \"a\", data: \"b\")", "node.ron:1:13: data = \"a\": `data` is given twice; keep one of them"),
        ] {
            assert_eq!(errors(text), [expected], "{text}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once_in_order_of_place() {
        let lines = errors(
            "(\n callsing: \"K1ABC\",\n telnet: (listen: 7300, dedupe: med, keepalive_s: 0),\n rings: (spots: 1),\n \
             dedup: (entries_max: 9999999999)\n)",
        );
        let starts = [
            "node.ron:2:2: callsing",
            "node.ron:3:11: telnet.listen = 7300",
            "node.ron:3:25: telnet.dedupe",
            "node.ron:4:10: rings.spots = 1",
            "node.ron:5:10: dedup.entries_max",
        ];
        assert_eq!(lines.len(), starts.len(), "{lines:#?}");
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Source::read(&dir.path().join("none.ron")).unwrap_err().to_string();
        assert!(
            missing.contains("none.ron: cannot be read: ") && missing.ends_with("; give a file with --config FILE")
        );
        let latin1 = dir.path().join("latin1.ron");
        std::fs::write(&latin1, b"(\n data: \"\xe4\")").unwrap();
        let message = Source::read(&latin1).unwrap_err().to_string();
        assert!(message.contains("latin1.ron:2:9: not UTF-8 from here on"), "{message}");
        let huge = dir.path().join("huge.ron");
        std::fs::File::create(&huge).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(Source::read(&huge).unwrap_err().to_string().contains("too many"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_accepted_without_a_panic(text in "[(){}\\[\\]\":,/* a-z0-9_\\n\u{e4}]{0,80}") {
            let _ = load(&Source { name: "x".into(), text }, &[]);
        }
    }
}
