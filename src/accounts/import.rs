//! GoCluster's user files (server 3.8): one YAML file per call, with the repairs that its loader makes.

use super::base::{self, ADDRESSES_MAX};
use super::record::{Home, Record};
use super::{Dialect, Noise, Streams};
use crate::filter::Wish;
use crate::spot::{Call, Grid, Utc, is_plausible};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

/// Largest file that is read: a user with every list full has a tenth of it.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Folders inside the given one: a call has at most so many slashes (`F/DL/K1ABC/P`).
const DEPTH_MAX: usize = 4;
/// Scores of the confidence symbols that the old key `minconfidence` was compared with.
const CONFIDENCE_SCORES: [(&str, i64); 6] = [("?", 0), ("B", 10), ("S", 25), ("P", 50), ("V", 100), ("C", 100)];

type Set = BTreeMap<String, bool>;

/// The file. Keys that are not known are left alone; what is missing is empty.
#[derive(Deserialize, Default, Debug)]
#[serde(default)]
struct File {
    bands: Option<Set>,
    blockbands: Option<Set>,
    blockallbands: bool,
    modes: Option<Set>,
    blockmodes: Option<Set>,
    blockallmodes: bool,
    sources: Option<Set>,
    blocksources: Option<Set>,
    blockallsources: bool,
    callsigns: Option<Vec<String>>,
    block_callsigns: Option<Vec<String>>,
    decallsigns: Option<Vec<String>>,
    block_decallsigns: Option<Vec<String>>,
    confidence: Option<Set>,
    blockconfidence: Option<Set>,
    blockallconfidence: bool,
    minconfidence: Option<i64>,
    pathclasses: Option<Set>,
    blockpathclasses: Option<Set>,
    blockallpathclasses: bool,
    include_beacons: Option<bool>,
    allow_wwv: Option<bool>,
    allow_wcy: Option<bool>,
    allow_announce: Option<bool>,
    allow_self: Option<bool>,
    dxcontinents: Option<Set>,
    blockdxcontinents: Option<Set>,
    blockalldxcontinents: bool,
    decontinents: Option<Set>,
    blockdecontinents: Option<Set>,
    blockalldecontinents: bool,
    dxzones: Option<Set>,
    blockdxzones: Option<Set>,
    blockalldxzones: bool,
    dezones: Option<Set>,
    blockdezones: Option<Set>,
    blockalldezones: bool,
    dxgrid2prefixes: Option<Set>,
    blockdxgrid2: Option<Set>,
    blockalldxgrid2: bool,
    degrid2prefixes: Option<Set>,
    blockdegrid2: Option<Set>,
    blockalldegrid2: bool,
    dxdxcc: Option<Set>,
    blockdxdxcc: Option<Set>,
    blockalldxdxcc: bool,
    dedxcc: Option<Set>,
    blockdedxcc: Option<Set>,
    blockalldedxcc: bool,
    nearby_enabled: bool,
    recent_ips: Option<Vec<String>>,
    dialect: Option<String>,
    dedupe_policy: Option<String>,
    last_login_utc: Option<String>,
    grid: Option<String>,
    noise_class: Option<String>,
    solar_summary_minutes: Option<i64>,
}

/// A user as read from a file.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Imported {
    pub record: Record,
    pub last_login: Option<Utc>,
    /// Newest first.
    pub addresses: Vec<IpAddr>,
    /// What was in the file and is not in the record.
    pub left_out: Vec<String>,
}

/// A file that may be a user's, and the call that its path stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Candidate {
    pub path: PathBuf,
    /// Why it is skipped without being read.
    pub call: Result<Call, String>,
}

/// The files that these paths name, folders searched, in order of their names.
///
/// The call is the path inside a searched folder without its ending: GoCluster takes `DL/S53ZO` for a file
/// name, so a file of that user, if somebody made the folder, is `DL/S53ZO.yaml`.
pub(super) fn candidates(paths: &[PathBuf]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => search(path, path, 0, &mut found),
            false => {
                let name = path.file_name().map(PathBuf::from).unwrap_or_default();
                found.push(Candidate { path: path.clone(), call: call_of(&name) });
            }
        }
    }
    found
}

fn search(root: &Path, folder: &Path, depth: usize, found: &mut Vec<Candidate>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return found.push(Candidate { path: folder.into(), call: Err(format!("cannot be read: {e}")) }),
    };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth + 1 < DEPTH_MAX => search(root, &path, depth + 1, found),
            Ok(kind) if kind.is_dir() => found.push(Candidate { path, call: Err("too many folders deep".into()) }),
            _ => {
                let call = call_of(path.strip_prefix(root).unwrap_or(&path));
                found.push(Candidate { path, call });
            }
        }
    }
}

fn call_of(path: &Path) -> Result<Call, String> {
    if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml")) {
        return Err("not a .yaml file".into());
    }
    let bare = path.with_extension("");
    let parts: Option<Vec<&str>> = bare
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let text = parts.unwrap_or_default().join("/");
    let call = Call::new(text.as_bytes()).filter(is_plausible);
    call.ok_or_else(|| format!("{:?} is no call", text.chars().take(40).collect::<String>()))
}

/// Reads a file.
///
/// # Errors
/// Why it is skipped, in words.
pub(super) fn read(path: &Path, home: Home<'_>) -> Result<Imported, String> {
    let about = std::fs::metadata(path).map_err(|e| format!("cannot be read: {e}"))?;
    // A pipe would keep us waiting, a device is endless: both say that they have no bytes.
    if !about.is_file() {
        return Err("no plain file".into());
    }
    let size = about.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("{size} bytes are no user file"));
    }
    let bytes = std::fs::read(path).map_err(|e| format!("cannot be read: {e}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_string())?;
    parse(&text, home)
}

/// Reads the text of a file.
///
/// # Errors
/// Why it is skipped, in words.
pub(super) fn parse(text: &str, home: Home<'_>) -> Result<Imported, String> {
    if text.trim().is_empty() {
        return Err("empty".into());
    }
    let file: File = serde_saphyr::from_str(text).map_err(|e| {
        let why = e.to_string();
        let line = why.lines().next().unwrap_or("no YAML");
        format!("not understood: {}", line.strip_prefix("error: ").unwrap_or(line))
    })?;
    let mut record = Record::default();
    let mut left_out = Vec::new();
    let mut set = |key: &str, value: &str| {
        if let Err(why) = record.set(key, value, home) {
            left_out.push(why);
        }
    };
    // Anything but `cc` meant GoCluster's own.
    let is_cc = file.dialect.as_deref().is_some_and(|name| name.trim().eq_ignore_ascii_case("cc"));
    set("dialect", if is_cc { Dialect::Cc.name() } else { Dialect::Go.name() });
    let policy = file.dedupe_policy.as_deref().unwrap_or("").trim().to_ascii_lowercase();
    set("dedupe", if ["fast", "slow"].contains(&policy.as_str()) { &policy } else { "med" });
    // GoCluster derives a grid from the call and saves it as the user's own: the two cannot be told apart.
    let grid = file.grid.as_deref().unwrap_or("").trim();
    if !grid.is_empty() {
        set("grid", grid);
    }
    let noise = file.noise_class.as_deref().unwrap_or("").trim();
    if !noise.is_empty() && !noise.eq_ignore_ascii_case(Noise::Quiet.name()) {
        set("noise", noise);
    }
    if let Some(minutes @ (15 | 30 | 60)) = file.solar_summary_minutes {
        set("solar", &minutes.to_string());
    }
    let mut streams = Streams::default();
    for (stream, on) in [
        (Streams::WWV, file.allow_wwv),
        (Streams::WCY, file.allow_wcy),
        (Streams::ANN, file.allow_announce),
        (Streams::SELF, file.allow_self),
    ] {
        streams.set(stream, on.unwrap_or(true));
    }
    if streams != Streams::default() {
        set("streams", &streams.0.to_string());
    }
    let (commands, not_taken) = file.commands();
    let grid = Grid::parse(grid.as_bytes()).unwrap_or(Grid::NONE);
    let (wish, lost) = Wish::restore(commands.iter().map(String::as_str), &home.context(grid));
    left_out.extend(not_taken);
    left_out.extend(lost.into_iter().map(String::from));
    record.set_filter(&wish);
    let addresses: Vec<IpAddr> =
        file.recent_ips.unwrap_or_default().iter().filter_map(|ip| ip.trim().parse().ok()).collect();
    let mut addresses = base::merged(&addresses, &[]);
    addresses.truncate(ADDRESSES_MAX);
    Ok(Imported {
        record,
        // Go writes the year 1 for "never", which is no moment here.
        last_login: file.last_login_utc.as_deref().and_then(base::time_of),
        addresses,
        left_out,
    })
}

impl File {
    /// The commands that make this filter from an open one, and what no command can say.
    fn commands(&self) -> (Vec<String>, Vec<String>) {
        let mut out = Commands::default();
        out.sets("BAND", &self.bands, &self.blockbands, self.blockallbands);
        let (modes, blocked) = (psk_folded(&self.modes), psk_folded(&self.blockmodes));
        out.sets("MODE", &modes, &blocked, self.blockallmodes);
        out.sets("SOURCE", &self.sources, &self.blocksources, self.blockallsources);
        out.patterns("DXCALL", &self.callsigns, &self.block_callsigns);
        out.patterns("DECALL", &self.decallsigns, &self.block_decallsigns);
        let confidence = self.confidence();
        let blocked = self.blockconfidence.as_ref().map(symbols);
        out.sets("CONFIDENCE", &confidence, &blocked, self.blockallconfidence);
        out.sets("DXCONT", &self.dxcontinents, &self.blockdxcontinents, self.blockalldxcontinents);
        out.sets("DECONT", &self.decontinents, &self.blockdecontinents, self.blockalldecontinents);
        out.sets("DXZONE", &self.dxzones, &self.blockdxzones, self.blockalldxzones);
        out.sets("DEZONE", &self.dezones, &self.blockdezones, self.blockalldezones);
        out.sets("DXDXCC", &self.dxdxcc, &self.blockdxdxcc, self.blockalldxdxcc);
        out.sets("DEDXCC", &self.dedxcc, &self.blockdedxcc, self.blockalldedxcc);
        out.sets("DXGRID2", &self.dxgrid2prefixes, &self.blockdxgrid2, self.blockalldxgrid2);
        out.sets("DEGRID2", &self.degrid2prefixes, &self.blockdegrid2, self.blockalldegrid2);
        if self.include_beacons == Some(false) {
            out.commands.push("REJECT BEACON".into());
        }
        // Last: it puts the lists about places aside.
        if self.nearby_enabled {
            out.commands.push("PASS NEARBY ON".into());
        }
        let has = |set: &Option<Set>| set.as_ref().is_some_and(|set| set.values().any(|on| *on));
        if has(&self.pathclasses) || has(&self.blockpathclasses) || self.blockallpathclasses {
            out.not_taken.push("path classes".into());
        }
        (out.commands, out.not_taken)
    }

    /// The allowed symbols. The old key says the lowest score.
    fn confidence(&self) -> Option<Set> {
        let named = self.confidence.as_ref().map(symbols).filter(|set| set.values().any(|on| *on));
        match (named, self.minconfidence) {
            (None, Some(least)) if least > 0 => {
                let least = least.clamp(0, 100);
                let good = CONFIDENCE_SCORES.iter().filter(|(_, score)| *score >= least);
                Some(good.map(|(symbol, _)| (symbol.to_string(), true)).collect())
            }
            (named, _) => named,
        }
    }
}

#[derive(Default)]
struct Commands {
    commands: Vec<String>,
    not_taken: Vec<String>,
}

impl Commands {
    /// One command for each element, so that one that is not understood costs itself only.
    fn sets(&mut self, name: &str, allow: &Option<Set>, block: &Option<Set>, block_all: bool) {
        let on = |set: &Option<Set>| -> Vec<String> {
            let set = set.iter().flatten().filter(|(_, on)| **on);
            set.map(|(element, _)| element.trim().to_string()).filter(|element| !element.is_empty()).collect()
        };
        self.lists(name, on(allow), on(block), block_all);
    }

    fn patterns(&mut self, name: &str, allow: &Option<Vec<String>>, block: &Option<Vec<String>>) {
        let texts = |list: &Option<Vec<String>>| -> Vec<String> {
            list.iter().flatten().map(|text| text.trim().to_string()).filter(|text| !text.is_empty()).collect()
        };
        let block = texts(block);
        let all = block.iter().any(|pattern| pattern == "*");
        self.lists(name, texts(allow), block, all);
    }

    fn lists(&mut self, name: &str, allow: Vec<String>, block: Vec<String>, block_all: bool) {
        // What is in both lists is blocked, and a list of nothing else lets nothing through.
        let passed: Vec<&String> = allow.iter().filter(|element| !block.contains(element)).collect();
        if block_all || (passed.is_empty() && !allow.is_empty()) {
            return self.commands.push(format!("REJECT {name} ALL"));
        }
        for (verb, elements) in [("PASS", passed), ("REJECT", block.iter().collect())] {
            for element in elements {
                match element.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',') {
                    true => self.not_taken.push(format!("{verb} {name} {}", element.escape_debug())),
                    false => self.commands.push(format!("{verb} {name} {element}")),
                }
            }
        }
    }
}

/// PSK31, PSK63 and PSK125 are one mode.
fn psk_folded(set: &Option<Set>) -> Option<Set> {
    let fold = |mode: &String| match mode.trim().to_ascii_uppercase() {
        mode if ["PSK31", "PSK63", "PSK125"].contains(&mode.as_str()) => "PSK".to_string(),
        mode => mode,
    };
    set.as_ref().map(|set| set.iter().filter(|(_, on)| **on).map(|(mode, _)| (fold(mode), true)).collect())
}

/// Confidence as symbols: old files have per cent.
fn symbols(set: &Set) -> Set {
    let fold = |token: &String| match token.trim().trim_end_matches('%').parse::<f64>() {
        Ok(percent) if percent <= 25.0 => "?".to_string(),
        Ok(percent) if percent <= 75.0 => "P".to_string(),
        Ok(_) => "V".to_string(),
        Err(_) => token.trim().to_ascii_uppercase(),
    };
    set.iter().filter(|(_, on)| **on).map(|(token, _)| (fold(token), true)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::home;
    use super::*;
    use crate::config::Dedupe;
    use proptest::prelude::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gocluster-users").join(name)
    }

    fn commands(yaml: &str) -> Vec<String> {
        let imported = parse(yaml, home()).unwrap();
        let filter = imported.record.filter.unwrap();
        filter.lines().map(String::from).collect()
    }

    #[test]
    fn only_plain_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("K1ABC.yaml");
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(read(&path, home()).unwrap_err(), "no plain file");
    }

    #[test]
    fn a_whole_file_is_taken_over() {
        let imported = read(&fixture("K1ABC.yaml"), home()).unwrap();
        assert_eq!(imported.left_out, ["path classes"]);
        let (settings, lost) = imported.record.settings(home());
        assert_eq!(lost, [""; 0]);
        assert_eq!(settings.dialect, Dialect::Cc);
        assert_eq!(settings.preferences.dedupe, Dedupe::Slow);
        assert_eq!((settings.grid.as_str(), settings.noise, settings.solar_min), ("FN31", Noise::Urban, 30));
        assert!(!settings.streams.has(Streams::WCY) && settings.streams.has(Streams::WWV));
        let expected = Wish::restore(
            [
                "PASS BAND 20M,40M",
                "PASS MODE CW,FT8,PSK",
                "REJECT SOURCE SKIMMER",
                "REJECT DXCALL K1*",
                "PASS CONFIDENCE V,C",
                "PASS DECONT EU",
                "REJECT DXZONE 14",
                "PASS DXDXCC 291",
                "REJECT BEACON",
                "PASS NEARBY ON",
            ],
            &home().context(settings.grid),
        );
        assert_eq!(expected.1, [""; 0]);
        assert_eq!(settings.wish.commands(), expected.0.commands());
        assert_eq!(imported.last_login, Some(Utc::from_ms(Utc::from_civil(2026, 2, 3, 4, 5, 6).ms() + 789)));
        let addresses = ["203.0.113.9", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(imported.addresses, addresses);
    }

    #[test]
    fn an_old_file_with_filters_only_is_taken_over() {
        let imported = read(&fixture("W1OLD.yaml"), home()).unwrap();
        let (settings, _) = imported.record.settings(home());
        assert_eq!((settings.dialect, settings.preferences.dedupe), (Dialect::Go, Dedupe::Med));
        assert_eq!((imported.last_login, imported.addresses.len()), (None, 0));
        // minconfidence 30: P, V and C are at least that good.
        let expected = Wish::restore(["PASS MODE CW,PSK", "PASS CONFIDENCE P,V,C"], &home().context(Grid::NONE)).0;
        assert_eq!(settings.wish.commands(), expected.commands());
    }

    #[test]
    fn each_repair_of_the_loader() {
        let open = [""; 0];
        for (yaml, expected) in [
            ("dialect: go", &open[..]),
            ("allbands: false\nbands: {}", &open),
            ("bands: null\nblockbands:", &open),
            ("bands: {20m: true, 40m: false}", &["PASS BAND 20M"]),
            ("blockallbands: true\nallbands: true\nbands: {20m: true}", &["REJECT BAND ALL"]),
            ("bands: {20m: true}\nblockbands: {20m: true}", &["REJECT BAND ALL"]),
            ("blockmodes: {PSK63: true, PSK125: true}", &["REJECT MODE PSK"]),
            ("minconfidence: 0", &open),
            ("minconfidence: 500", &["PASS CONFIDENCE V,C"]),
            ("minconfidence: 90\nconfidence: {S: true}", &["PASS CONFIDENCE S"]),
            ("confidence: {80%: true}", &["PASS CONFIDENCE V"]),
            ("block_callsigns: ['*']", &["REJECT DXCALL ALL"]),
            ("callsigns: [K1ABC, '*XYZ']\nblock_callsigns: [K1ABC]", &["PASS DXCALL *XYZ", "REJECT DXCALL K1ABC"]),
            ("include_beacons: true", &open),
            ("dxgrid2prefixes: {'NO': true}", &["PASS DXGRID2 NO"]),
            ("degrid2prefixes: {NO: true}", &["PASS DEGRID2 NO"]),
            ("dezones: {14: true, \"15\": true}", &["PASS DEZONE 14,15"]),
            ("sources: {HUMAN: true}", &["PASS SOURCE HUMAN"]),
        ] {
            let expected = Wish::restore(expected.iter().copied(), &home().context(Grid::NONE));
            assert_eq!(expected.1, open, "{yaml}");
            assert_eq!(commands(yaml), expected.0.commands(), "{yaml}");
        }
    }

    #[test]
    fn what_is_not_taken_over_is_named() {
        let yaml = "bands: {20m: true, purple: true}\nnoise_class: SPACESHIP\ngrid: nowhere\ncallsigns: ['K1 ABC']";
        let imported = parse(yaml, home()).unwrap();
        for expected in ["PASS BAND purple", "noise=SPACESHIP", "grid=nowhere", "PASS DXCALL K1 ABC"] {
            assert!(imported.left_out.iter().any(|line| line.contains(expected)), "{:?}", imported.left_out);
        }
        assert_eq!(imported.record.filter.as_deref().map(|f| f.lines().count()), Some(1));
        for (text, expected) in [
            ("", "empty"),
            ("bands: [", "not understood"),
            ("just some text", "not understood"),
            ("bands: {20m: {deep: true}}", "not understood"),
        ] {
            let why = parse(text, home()).unwrap_err();
            assert!(why.starts_with(expected) && why.lines().count() == 1, "{text}: {why}");
        }
    }

    #[test]
    fn the_call_is_the_path_in_the_folder() {
        for (path, expected) in [
            ("K1ABC.yaml", "K1ABC"),
            ("k1abc-2.YML", "K1ABC-2"),
            ("DL/S53ZO.yaml", "DL/S53ZO"),
            ("F/DL/K1ABC.yaml", "F/DL/K1ABC"),
        ] {
            assert_eq!(call_of(Path::new(path)), Ok(Call::literal(expected)), "{path}");
        }
        for path in ["K1ABC", "K1ABC.txt", "notes.yaml", "../K1ABC.yaml", "/K1ABC.yaml", ".yaml", "a/b/c/d.yaml"] {
            assert!(call_of(Path::new(path)).is_err(), "{path}");
        }
        let found = candidates(&[fixture("")]);
        let calls: Vec<String> = found.iter().filter_map(|c| c.call.as_ref().ok()).map(Call::to_string).collect();
        assert_eq!(calls, ["DL/S53ZO", "K1ABC", "K1BAD", "W1OLD"]);
        assert_eq!(found.iter().filter(|c| c.call.is_err()).count(), 1, "the note that is no user");
        let missing = candidates(&[fixture("K9NONE.yaml")]);
        assert!(read(&missing[0].path, home()).unwrap_err().contains("cannot be read"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "(bands|modes|minconfidence|grid|recent_ips|x): ?\\PC{0,60}(\n\\PC{0,40}){0,3}") {
            let _ = parse(&text, home());
        }
    }
}
