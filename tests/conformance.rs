//! The conformance suite: given → expected, as data files in `tests/conformance/`.
//!
//! One file belongs to one executor, one line of a file is one case:
//!
//! ```text
//! ID | given | expected
//! ID | given | expected | deviates: why we answer otherwise than the specification
//! ```
//!
//! Blank lines and lines that begin with `#` are none. Fields are trimmed; one that must keep its
//! outer blanks stands in double quotes. `\t \r \n \\ \p` (a bar) and `\xNN` stand for bytes.
//!
//! To add an area: a file `tests/conformance/<area>.txt`, a function `fn(&[u8]) -> Result<Vec<u8>,
//! String>` in `tests/conformance/<area>.rs`, one line in [`AREAS`]. `Err` is for a given that the
//! executor does not understand; it fails the test, like a file without an executor, an executor
//! without a file, an ID used twice, and a file without cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "conformance/calls.rs"]
mod calls;
#[path = "conformance/comments.rs"]
mod comments;
#[path = "conformance/cty.rs"]
mod cty;
#[path = "conformance/dedup.rs"]
mod dedup;
#[path = "conformance/filters.rs"]
mod filters;
#[path = "conformance/languages.rs"]
mod languages;
#[path = "conformance/lines.rs"]
mod lines;
#[path = "conformance/modes.rs"]
mod modes;
#[path = "conformance/printed.rs"]
mod printed;
#[path = "conformance/pskreporter.rs"]
mod pskreporter;
#[path = "conformance/show.rs"]
mod show;
#[path = "conformance/steps.rs"]
mod steps;
#[path = "conformance/tables.rs"]
mod tables;
#[path = "conformance/telnet.rs"]
mod telnet;

/// Runs one case: what the code answers to what is given.
type Executor = fn(&[u8]) -> Result<Vec<u8>, String>;

const AREAS: &[(&str, Executor)] = &[
    ("calls", calls::run),
    ("comments", comments::run),
    ("cty", cty::run),
    ("dedup", dedup::run),
    ("filters", filters::run),
    ("languages", languages::run),
    ("lines", lines::run),
    ("modes", modes::run),
    ("pskreporter", pskreporter::run),
    ("tables", tables::run),
    ("telnet", telnet::run),
    ("printed", printed::run),
];

struct Case {
    id: String,
    given: Vec<u8>,
    expected: Vec<u8>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// A field as bytes: trimmed, unquoted, unescaped.
fn field(text: &str) -> Result<Vec<u8>, String> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let (&escape, after) = rest.split_first().ok_or("a backslash at the end")?;
        rest = after;
        out.push(match escape {
            b't' => b'\t',
            b'r' => b'\r',
            b'n' => b'\n',
            b'p' => b'|',
            b'\\' => b'\\',
            b'x' if rest.len() >= 2 => {
                let hex = std::str::from_utf8(&rest[..2]).map_err(|e| e.to_string())?;
                rest = &rest[2..];
                u8::from_str_radix(hex, 16).map_err(|e| e.to_string())?
            }
            other => return Err(format!("unknown escape \\{}", char::from(other))),
        });
    }
    Ok(out)
}

fn cases(text: &str) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut ids = BTreeSet::new();
    for (at, line) in text.lines().enumerate() {
        let place = |why: &str| format!("line {}: {why}", at + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.split(" | ").collect();
        if let Some(note) = fields.get(3) {
            let reason =
                note.trim().strip_prefix("deviates:").ok_or_else(|| place("the fourth field is `deviates: why`"))?;
            if reason.trim().is_empty() {
                return Err(place("a deviation needs its reason"));
            }
        }
        let [id, given, expected] = fields[..].first_chunk::<3>().ok_or_else(|| place("three fields are needed"))?;
        if fields.len() > 4 || !ids.insert(id.trim().to_string()) {
            return Err(place("too many fields, or an ID used before"));
        }
        cases.push(Case {
            id: id.trim().to_string(),
            given: field(given).map_err(|e| place(&e))?,
            expected: field(expected).map_err(|e| place(&e))?,
        });
    }
    if cases.is_empty() { Err("no cases".into()) } else { Ok(cases) }
}

#[test]
fn every_case_is_answered_as_expected() {
    let mut failures = Vec::new();
    let mut ran = 0;
    for (area, run) in AREAS {
        let path = folder().join(format!("{area}.txt"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let cases = cases(&text).unwrap_or_else(|e| panic!("{area}.txt: {e}"));
        for case in cases {
            ran += 1;
            let got = run(&case.given).unwrap_or_else(|e| format!("not understood: {e}").into_bytes());
            if got != case.expected {
                failures.push(format!(
                    "{area}.txt {}\n  given    {}\n  expected {}\n  got      {}",
                    case.id,
                    case.given.escape_ascii(),
                    case.expected.escape_ascii(),
                    got.escape_ascii()
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {ran} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_file_has_its_executor() {
    let known: BTreeSet<String> = AREAS.iter().map(|(area, _)| format!("{area}.txt")).collect();
    assert_eq!(known.len(), AREAS.len(), "an area is listed twice");
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    assert_eq!(found, known, "files on the left, executors on the right");
}

#[test]
fn a_file_with_mistakes_is_refused() {
    for text in
        ["A | b", "A | b | c\nA | b | c", "A | b | c | why", "A | b | c | deviates: ", "# nothing", "A | \\q | c"]
    {
        assert!(cases(text).is_err(), "{text}");
    }
    let case = &cases("A | \" x \\x07\\p\" | b | deviates: because").unwrap()[0];
    assert_eq!((case.given.as_slice(), case.expected.as_slice()), (&b" x \x07|"[..], &b"b"[..]));
}
