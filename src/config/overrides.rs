//! `--set path.to.key=value`: the value replaces, in the text, what stands at the key's place.

use super::Node;
use super::load::{self, EMBEDDED};
use super::locate::{self, Body, Value};
use super::problem::{Place, Problem, shown};

/// What overrides made of a text.
pub(super) struct Outcome {
    /// The text with all good overrides in it.
    pub text: String,
    /// The node it means.
    pub node: Node,
    /// Paths that were overridden, feeds by index.
    pub paths: Vec<String>,
    /// One for each override that failed.
    pub problems: Vec<Problem>,
}

/// Applies overrides in order to a text that parses. A failed one is reported and left out.
pub(super) fn apply(text: String, sets: &[String]) -> Outcome {
    // The caller has seen this text parse.
    let node = load::parse(&text).unwrap_or_default();
    let mut outcome = Outcome { text, node, paths: Vec::new(), problems: Vec::new() };
    for set in sets {
        let (key, value) = set.split_once('=').map_or((set.trim(), None), |(k, v)| (k.trim(), Some(v.trim())));
        let result = match value {
            Some(value) => one(&outcome.text, key, value),
            None => Err(("no value".into(), "write --set path.to.key=value".into())),
        };
        match result {
            Ok((text, node, path)) => {
                outcome.text = text;
                outcome.node = node;
                outcome.paths.push(path);
            }
            Err((wrong, remedy)) => outcome.problems.push(Problem {
                place: Place::Set,
                key: key.into(),
                value: shown(key, value.unwrap_or_default()),
                wrong,
                remedy,
                is_warning: false,
            }),
        }
    }
    outcome
}

type Wrong = (String, String);

fn one(text: &str, key: &str, value: &str) -> Result<(String, Node, String), Wrong> {
    let attempt = |value: &str| -> Result<(String, Node, String), Wrong> {
        let (text, path) = splice(text, key, value)?;
        match load::parse(&text) {
            Ok(node) => Ok((text, node, path)),
            Err(error) => Err(load::explain(&error.code, value)),
        }
    };
    // A text may come without quotes, which the shell eats anyway: first as it stands, if it is one
    // value at all, then quoted. Where both fail, the first failure says more.
    let quoted = format!("{value:?}");
    match locate::scan(value) {
        Some(_) => attempt(value).or_else(|wrong| attempt(&quoted).map_err(|_| wrong)),
        None => attempt(&quoted),
    }
}

/// The text with the value at the path, and the path with feeds by index.
fn splice(text: &str, path: &str, value: &str) -> Result<(String, String), Wrong> {
    let unscannable = || ("the file cannot be read as brackets and keys".to_string(), String::new());
    let tree = locate::scan(text).ok_or_else(unscannable)?;
    let mut here = &tree;
    let mut indexed: Vec<String> = Vec::new();
    let steps: Vec<&str> = path.split('.').collect();
    let is_step = |s: &&str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !steps.iter().all(is_step) {
        return Err(("not a path to a key".into(), "write for example --set telnet.listen=[::]:7300".into()));
    }
    for (depth, step) in steps.iter().enumerate() {
        match &here.body {
            Body::Leaf => {
                return Err(no_keys_below(&steps[..depth].join(".")));
            }
            Body::List(items) => {
                let index = item_index(text, items, step)
                    .ok_or_else(|| (format!("no entry `{step}` in the list"), choices(text, items)))?;
                indexed.push(index.to_string());
                here = &items[index];
            }
            Body::Struct { open, fields } => match fields.iter().find(|f| f.name == *step) {
                Some(field) => {
                    indexed.push(field.name.clone());
                    here = &field.value;
                }
                None => {
                    let is_last = depth + 1 == steps.len();
                    let default = locate::scan(EMBEDDED).ok_or_else(unscannable)?;
                    let so_far = indexed.iter().map(String::as_str).chain([*step]).collect::<Vec<_>>().join(".");
                    // What the file leaves out must be there before something in it can be changed: a
                    // group with nothing in it, a list with its default entries.
                    let inserted = match default.at(&so_far).map(|v| (&v.body, &EMBEDDED[v.span.clone()])) {
                        _ if is_last => value,
                        Some((Body::Leaf, _)) => return Err(no_keys_below(&so_far)),
                        Some((Body::List(_), entries)) => entries,
                        Some((Body::Struct { .. }, _)) | None => "()",
                    };
                    let grown = format!("{}{step}: {inserted},{}", &text[..*open], &text[*open..]);
                    return if is_last { Ok((grown, so_far)) } else { splice(&grown, path, value) };
                }
            },
        }
    }
    Ok((format!("{}{value}{}", &text[..here.span.start], &text[here.span.end..]), indexed.join(".")))
}

fn no_keys_below(above: &str) -> Wrong {
    (format!("`{above}` has no keys below it"), format!("write --set {above}=value"))
}

/// A list entry by place or, where entries have one, by name.
fn item_index(text: &str, items: &[Value], step: &str) -> Option<usize> {
    match step.parse::<usize>() {
        Ok(index) => (index < items.len()).then_some(index),
        Err(_) => items.iter().position(|item| name_of(text, item) == Some(step)),
    }
}

fn name_of<'a>(text: &'a str, item: &Value) -> Option<&'a str> {
    text[item.child("name")?.span.clone()].strip_prefix('"')?.strip_suffix('"')
}

fn choices(text: &str, items: &[Value]) -> String {
    let names: Vec<&str> = items.iter().filter_map(|item| name_of(text, item)).collect();
    match (items.len(), names.is_empty()) {
        (0, _) => "the list is empty".into(),
        (n, true) => format!("give a place from 0 to {}", n - 1),
        (n, false) => format!("give a place from 0 to {} or a name: {}", n - 1, names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Source, load};
    use super::*;
    use crate::config::{Dedupe, FeedKind, Idle};

    fn set(text: &str, sets: &[&str]) -> Result<Node, String> {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let source = Source { name: "node.ron".into(), text: text.into() };
        load(&source, &sets).map(|l| l.node).map_err(|p| p.to_string())
    }

    #[test]
    fn values_replace_what_stands_there_or_are_added() {
        for text in ["()", "(telnet: (), placement: (), limits: ())", EMBEDDED] {
            let node = set(
                text,
                &[
                    "callsign=K1ABC-2",
                    "telnet.listen = [::]:7300",
                    "telnet.motd=",
                    "telnet.dedupe=Slow",
                    "telnet.welcome=\"two words\\nand a line\"",
                    "placement.cores=3",
                    "placement.idle=Spin(50)",
                    "limits.exempt=[\"10.0.0.0/8\"]",
                    "report.hgrm=out/hgrm",
                    "feeds.rbn.enabled=true",
                    "feeds.2.host=cluster.example.org",
                    "feeds.rbn_digital.read_deadline_s=77",
                    "modes.seeds.0=(1836, \"FT8\")",
                ],
            )
            .unwrap();
            assert_eq!(node.callsign, "K1ABC-2");
            assert_eq!(node.telnet.listen, "[::]:7300");
            assert_eq!(node.telnet.motd, "");
            assert_eq!(node.telnet.dedupe, Dedupe::Slow);
            assert_eq!(node.telnet.welcome, "two words\nand a line");
            assert_eq!((node.placement.cores, node.placement.idle), (Some(3), Idle::Spin(50)));
            assert_eq!(node.limits.exempt, ["10.0.0.0/8"]);
            assert_eq!(node.report.hgrm.as_deref(), Some(std::path::Path::new("out/hgrm")));
            assert!(node.feeds[0].enabled && node.feeds[0].kind == FeedKind::Rbn);
            assert_eq!(node.feeds[2].host, "cluster.example.org");
            assert_eq!(node.feeds[1].read_deadline_s, 77);
            assert_eq!(node.modes.seeds[0], (1836, "FT8".to_string()));
            assert_eq!(node.feeds.len(), Node::default().feeds.len());
        }
    }

    #[test]
    fn the_last_of_two_wins() {
        assert_eq!(set("()", &["dedup.fast_s=5", "dedup.fast_s=6"]).unwrap().dedup.fast_s, 6);
    }

    #[test]
    fn a_bad_override_is_one_line_that_says_so() {
        for (given, expected) in [
            ("telnet.lisen=x", "--set: telnet.lisen = x: no such key `lisen`; did you mean `listen`?"),
            (
                "telnet.keepalive_s=soon",
                "--set: telnet.keepalive_s = soon: not a whole number; write digits, without quotes or a unit",
            ),
            ("telnet.dedupe=slow", "--set: telnet.dedupe = slow: no such choice `slow`; did you mean `Slow`?"),
            ("callsign", "--set: callsign: no value; write --set path.to.key=value"),
            ("callsign.x=1", "--set: callsign.x = 1: `callsign` has no keys below it; write --set callsign=value"),
            (
                "feeds.rbnn.port=1",
                "--set: feeds.rbnn.port = 1: no entry `rbnn` in the list; give a place from 0 to 4 or a name: rbn, rbn_digital, pskreporter, cluster, simulator",
            ),
            (
                "telnet..x=1",
                "--set: telnet..x = 1: not a path to a key; write for example --set telnet.listen=[::]:7300",
            ),
            ("rings.spots=1", "--set: rings.spots = 1: "),
            ("telnet.listen=7300", "--set: telnet.listen = \"7300\": "),
        ] {
            let line = set("()", &[given]).unwrap_err();
            assert!(line.starts_with(expected), "{given}: {line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_second_key() {
        let node = set("()", &["telnet.motd=\"a\", welcome: \"b\""]).unwrap();
        assert_eq!(node.telnet.welcome, "");
        assert_eq!(node.telnet.motd, "\"a\", welcome: \"b\"");
    }

    proptest::proptest! {
        #[test]
        fn any_override_is_refused_or_taken_without_a_panic(key in "[a-z0-9._ ]{0,24}", value in "\\PC{0,24}") {
            let _ = set("()", &[&format!("{key}={value}")]);
            let _ = set(EMBEDDED, &[&format!("telnet.motd={value}"), &format!("feeds.{key}=1")]);
        }
    }
}
