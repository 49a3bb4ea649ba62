//! Country files: whole, damaged, in their three forms.

use dxring::reference::{Cty, CtyForm, lookup_report};
use dxring::spot::Call;
use std::path::Path;

#[test]
fn the_compiled_in_file_is_whole() {
    let cty = Cty::embedded();
    let s = cty.summary();
    assert_eq!((s.entities, s.without_adif, s.version.as_str()), (340, 0, "VER20260915"));
    // 4,077 exact keys and the primary prefixes that are no keys of the file.
    assert!(s.exact > 4_077 && s.prefixes > 4_798, "{s:?}");
    assert_eq!(cty.entity(291).map(|p| p.name.as_str()), Some("United States"));
    assert_eq!(cty.entity(248).and_then(|p| p.area.as_deref()), None, "Italy itself, not Sicily");
    for adif in [0, 2, 999] {
        assert!(cty.entity(adif).is_none(), "{adif} is no current entity");
    }
    assert!(cty.entities().all(|p| p.cq > 0 && p.itu > 0 && !p.grid.is_none()));
}

/// The same entities as `.dat`: numbers by prefix, places as in the `.csv`.
#[test]
fn dat_and_csv_forms_agree() {
    let csv = include_str!("../../src/reference/data/cty.csv");
    let mut dat = String::new();
    for line in csv.lines() {
        let f: Vec<&str> = line.splitn(10, ',').collect();
        let [prefix, name, _, continent, cq, itu, lat, lon, offset, keys] = f[..] else { panic!("{line}") };
        dat += &format!("{name}: {cq}: {itu}: {continent}: {lat}: {lon}: {offset}: {prefix}:\n    ");
        dat += &keys.replace(' ', ",\n    ");
        dat += "\n";
    }
    let (a, b) = (Cty::embedded(), Cty::parse(CtyForm::Dat, "made.dat", dat.as_bytes()).unwrap().checked().unwrap());
    assert_eq!(a.summary().exact, b.summary().exact);
    for call in ["K6XX", "GM3ZET", "IT9ABC", "LU1DMZ/Z", "RA9SC", "KH6EE/7", "JD1AAA", "TA1ABC"] {
        assert_eq!(a.lookup(&Call::literal(call)), b.lookup(&Call::literal(call)), "{call}");
    }
}

#[test]
fn damaged_files_are_refused_with_their_place() {
    let error =
        |form, text: &str| Cty::parse(form, "x", text.as_bytes()).and_then(Cty::checked).unwrap_err().to_string();
    let good = "1A,Sov Mil Order of Malta,246,EU,15,28,41.90,-12.43,-1.0,1A;\n";
    for (text, what) in [
        (format!("{good}3A,Monaco,260,EU,14\n"), "x:2: 5 fields"),
        (format!("{good}3A,Monaco,260,EU,14,27,43.73,-7.40,-1.0,3A"), "x:2: the line does not end in `;`"),
        (format!("{good}3A,Monaco,260,EU,44,27,43.73,-7.40,-1.0,3A;"), "x:2: CQ zone \"44\""),
        (format!("{good}3A,Monaco,260,EU,14,27,143.73,-7.40,-1.0,3A;"), "x:2: latitude"),
        (format!("{good}3A,Monaco,260,EU,14,27,43.73,-7.40,-1.0,3A[9;"), "x:2: key \"3A[9\""),
        (good.to_string(), "x: 1 entities, at least 300 expected"),
        (String::new(), "x: 0 entities"),
    ] {
        let got = error(CtyForm::Csv, &text);
        assert!(got.starts_with(what), "{got}");
    }
    let got = error(CtyForm::Dat, "Monaco: 14: 27: EU: 43.73: -7.40: -1.0: 3A:\n 3A,\n");
    assert!(got.starts_with("x:1: Monaco: no `;`"), "{got}");
    let got = error(CtyForm::Dat, "<html>\n");
    assert!(got.starts_with("x:1: a header"), "{got}");
    let got = error(CtyForm::Plist, "<plist version=\"1.0\"><dict><key>K1</key><dict></dict></dict></plist>");
    assert!(got.contains("key \"K1\": no Country"), "{got}");
    let missing = Cty::load(Path::new("no/such/cty.csv")).unwrap_err().to_string();
    assert!(missing.starts_with("no/such/cty.csv: "), "{missing}");
    let odd = Cty::load(Path::new("cty.txt")).unwrap_err().to_string();
    assert!(odd.contains(".csv, .dat or .plist"), "{odd}");
}

#[test]
fn reports_say_why() {
    let cty = Cty::embedded();
    for (call, wanted) in [
        ("w1aw/6", &["W1AW/6: United States", "ADIF 291", "CQ 3", "call area 6: looked up as W6", "prefix W6"][..]),
        ("K1LH/P", &["K1LH/P: Alaska", "/P says nothing", "K1LH is listed as an exact call"]),
        ("VP2E/SP9FIH", &["Anguilla", "VP2E tells the place"]),
        ("JA1CTC/MM", &["in no entity", "/MM"]),
        ("1B1AB", &["unknown"]),
        ("GM3ZET", &["Scotland (Shetland Islands)", "60.50N 1.50W", "grid IP90"]),
        ("K1ABCDEFGHIJKLMNOP", &["no callsign"]),
        ("", &["no callsign"]),
    ] {
        let report = lookup_report(&cty, call);
        for part in wanted {
            assert!(report.contains(part), "{call}: {part:?} is not in\n{report}");
        }
    }
}

proptest::proptest! {
    // No file of failures: a failing text is printed and becomes a row of `cty.txt`.
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_call_is_answered(text in "[A-Z0-9/#-]{0,15}") {
        thread_local!(static CTY: Cty = Cty::embedded());
        CTY.with(|cty| {
            let call = Call::literal(&text);
            let _ = cty.lookup(&call);
            proptest::prop_assert!(lookup_report(cty, &text).ends_with('\n'));
            Ok(())
        })?;
    }
}
