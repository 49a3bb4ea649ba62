//! `cty.txt`, and what real files and real days say.

use dxring::reference::{Cty, CtyForm, Lookup, lookup_report};
use dxring::spot::Call;
use std::path::Path;

fn file(name: &str) -> Cty {
    let form = match name.rsplit('.').next() {
        Some("plist") => CtyForm::Plist,
        Some("dat") => CtyForm::Dat,
        _ => return Cty::embedded(),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    Cty::parse(form, name, &std::fs::read(path).unwrap()).unwrap()
}

fn answer(cty: &Cty, call: &str, like: &str) -> String {
    match cty.lookup(&Call::literal(call)) {
        Lookup::Afloat => "afloat".into(),
        Lookup::Unknown => "unknown".into(),
        Lookup::Found(p) => {
            let told = [
                p.prefix.clone(),
                p.adif.to_string(),
                p.continent.name().to_string(),
                p.cq.to_string(),
                p.itu.to_string(),
                p.grid.to_string(),
            ];
            let open: Vec<bool> = like.split_whitespace().map(|w| w == "-").collect();
            let mask =
                |i: usize, text: &String| if open.get(i) == Some(&true) { "-".to_string() } else { text.clone() };
            told.iter().enumerate().map(|(i, t)| mask(i, t)).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn lookups_are_as_written() {
    let mut cty = None;
    let mut cases = 0;
    let mut wrong = Vec::new();
    for (i, line) in include_str!("../cty.txt").lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("file ") {
            cty = Some(file(name));
            continue;
        }
        let cty: &Cty = cty.as_ref().expect("a `file` line comes first");
        let (case, _) = line.split_once('|').unwrap_or((line, ""));
        let (call, expected) = case.split_once('=').unwrap_or_else(|| panic!("cty.txt:{}: no `=`", i + 1));
        let (call, expected) = (call.trim(), expected.trim());
        let got = answer(cty, call, expected);
        if got != expected {
            wrong.push(format!("cty.txt:{}: {call}: expected {expected}, got {got}", i + 1));
        }
        assert!(!lookup_report(cty, call).is_empty());
        cases += 1;
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(cases >= 40, "{cases} cases");
}
