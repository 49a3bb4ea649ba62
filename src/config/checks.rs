//! What a configuration may not say although its form is right.

use super::bounds::{self as b};
use super::network::Network;
use super::problem::did_you_mean;
use super::schema::{Feed, FeedKind, Idle, Node, PLACEHOLDER_CALL, Posting, Registration, Telnet};
use super::trust;
use crate::filter::{Context, Wish};
use crate::reference::Cty;
use crate::spot::{Band, Call, Freq, Grid, is_plausible};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

/// Stages that a fault can be injected into.
const STAGES: [&str; 5] = ["parse", "correct", "dedup", "fanout", "session"];
/// Modes that a frequency alone can stand for.
const SEED_MODES: [&str; 3] = ["FT8", "FT4", "JS8"];

/// One mistake, at a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Path, feeds by index.
    pub key: String,
    pub wrong: String,
    pub remedy: String,
    pub is_warning: bool,
}

/// Everything that is wrong with a node's configuration, and what looks wrong (warnings).
pub(super) fn check(node: &Node) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    found.call("callsign", &node.callsign, "set it to your node's call, for example \"K1ABC-2\"");
    if node.data.as_os_str().is_empty() {
        found.wrong("data", "empty", "give a folder, for example \"dxring-data\"");
    }
    telnet(&node.telnet, &mut found);
    default_filter(node, &mut found);
    accounts(node, &mut found);
    limits(node, &mut found);
    feeds(node, &mut found);
    modes(node, &mut found);
    dedup(node, &mut found);
    found.range("rings.spots", node.rings.spots, &b::RING_SPOTS);
    found.range("rings.patience_ms", node.rings.patience_ms, &b::PATIENCE_MS);
    if let Some(cores) = node.placement.cores {
        found.range("placement.cores", cores, &b::CORES);
    }
    if let Idle::Spin(us) = node.placement.idle {
        found.range("placement.idle", us, &b::SPIN_US);
    }
    found.range("history.human", node.history.human, &b::HISTORY);
    found.range("history.rbn", node.history.rbn, &b::HISTORY);
    found.range("history.digital", node.history.digital, &b::HISTORY);
    if let Some(path) = &node.reference.cty {
        let known = ["csv", "dat", "plist"];
        if !path.extension().and_then(|e| e.to_str()).is_some_and(|e| known.contains(&e)) {
            found.wrong("reference.cty", "no country file by its name", "give a .csv, .dat or .plist file");
        } else {
            found.file("reference.cty", path);
        }
    }
    found.range_or_zero("report.every_s", node.report.every_s, &b::SILENCE_S);
    for (i, fault) in node.faults.iter().enumerate() {
        found.choice(&format!("faults.{i}.stage"), &fault.stage, &STAGES);
        found.call(&format!("faults.{i}.call"), &fault.call, "give the DX call that shall trip the fault");
    }
    if !node.faults.is_empty() {
        found.doubt("faults", "faults are injected on purpose", "leave the list empty on a node that people use");
    }
    found.0
}

fn telnet(telnet: &Telnet, found: &mut Findings) {
    if telnet.listen.parse::<SocketAddr>().is_err() {
        let remedy = "write address and port: \"127.0.0.1:7300\" for this machine only, \"[::]:7300\" for everybody";
        found.wrong("telnet.listen", "not an address with a port", remedy);
    }
    if telnet.login_prompt.trim().is_empty() {
        found.wrong(
            "telnet.login_prompt",
            "empty: logging programs wait for it",
            "use \"login: Please enter your call: \"",
        );
    }
    let after_login = ["CALL", "NODE", "VERSION", "USERS", "UPTIME"];
    let in_prompt = ["CALL", "NODE", "DATE", "TIME"];
    let all = ["CALL", "NODE", "VERSION", "USERS", "UPTIME", "DATE", "TIME"];
    for (key, text, tokens) in [
        ("telnet.welcome", &telnet.welcome, &[] as &[&str]),
        ("telnet.login_prompt", &telnet.login_prompt, &[]),
        ("telnet.greeting", &telnet.greeting, &after_login),
        ("telnet.motd", &telnet.motd, &all),
        ("telnet.prompt", &telnet.prompt, &in_prompt),
        ("telnet.farewell", &telnet.farewell, &all),
    ] {
        found.text(key, text, tokens);
    }
    if telnet.prompt.contains('\n') {
        found.wrong(
            "telnet.prompt",
            "more than one line: clients look for one",
            "put further lines into `greeting` or `motd`",
        );
    }
    found.range("telnet.login_timeout_s", telnet.login_timeout_s, &b::DIALOGUE_S);
    found.range_or_zero("telnet.idle_timeout_s", telnet.idle_timeout_s, &b::IDLE_S);
    found.range_or_zero("telnet.keepalive_s", telnet.keepalive_s, &b::SILENCE_S);
    found.range("telnet.slow_close_s", telnet.slow_close_s, &b::DIALOGUE_S);
    found.range("telnet.flush_gap_ms", telnet.flush_gap_ms, &b::FLUSH_GAP_MS);
    found.range("telnet.cohort_pool_mib", telnet.cohort_pool_mib, &b::COHORT_POOL_MIB);
    found.range("telnet.cohort_mib", telnet.cohort_mib, &b::COHORT_MIB);
    if telnet.cohort_mib > telnet.cohort_pool_mib {
        found.wrong("telnet.cohort_mib", "more than the whole pool", "raise telnet.cohort_pool_mib, or lower this");
    }
}

/// Runs the lines as a new user's commands.
fn default_filter(node: &Node, found: &mut Findings) {
    let feeds: Vec<String> = node.feeds.iter().map(|feed| feed.name.clone()).collect();
    // Few lines name countries, and reading them all takes longer than all other checks.
    let mut cty: Option<Cty> = None;
    let mut wish = Wish::open();
    for (i, line) in node.telnet.default_filter.iter().enumerate() {
        let mut run =
            |cty: &Cty| wish.command(line, &Context { cty, feeds: &feeds, grid: Grid::NONE, default_filter: &[] });
        let mut outcome = run(&Cty::empty());
        if !outcome.as_ref().is_some_and(|outcome| outcome.done) {
            outcome = run(cty.get_or_insert_with(Cty::embedded));
        }
        let key = format!("telnet.default_filter.{i}");
        match outcome {
            Some(outcome) if !outcome.done => {
                let why = outcome.reply.first().map_or("not understood", String::as_str);
                found.wrong(&key, why, "write the commands that SHOW FILTER shows, one by one");
            }
            Some(outcome) if !outcome.streams.is_empty() => {
                found.wrong(&key, "bulletins and own spots are no part of a filter", "take the line out");
            }
            Some(_) => {}
            None => found.wrong(&key, "no filter command", "write for example \"REJECT BAND 160\" or \"SET/NOFT8\""),
        }
    }
}

fn accounts(node: &Node, found: &mut Findings) {
    let accounts = &node.accounts;
    found.range("accounts.password_min", accounts.password_min, &b::PASSWORD_MIN);
    if accounts.sysops.len() > b::SYSOPS_MAX {
        let wrong = format!("{} sysops are too many", accounts.sysops.len());
        found.wrong("accounts.sysops", &wrong, &format!("use at most {}", b::SYSOPS_MAX));
    }
    for (i, sysop) in accounts.sysops.iter().enumerate() {
        let key = format!("accounts.sysops.{i}");
        found.call(&key, sysop, "give a sysop's call, for example \"K1ABC\"");
        if sysop.contains('-') {
            found.wrong(&key, "has an SSID", "give the call without it: it counts for all its SSIDs");
        }
    }
    if accounts.registration == Registration::Sysop
        && accounts.posting == Posting::Registered
        && accounts.sysops.is_empty()
    {
        found.doubt(
            "accounts.sysops",
            "empty: nobody on the air can register a user",
            "name a sysop, or register with `dxring user set CALL --register`",
        );
    }
}

fn limits(node: &Node, found: &mut Findings) {
    let limits = &node.limits;
    found.range("limits.connections", limits.connections, &b::CONNECTIONS);
    found.range("limits.per_address", limits.per_address, &b::CONNECTIONS);
    found.range("limits.pre_login", limits.pre_login, &b::CONNECTIONS);
    found.range("limits.posts_per_minute", limits.posts_per_minute, &b::POSTS_PER_MINUTE);
    for (i, text) in node.telnet.proxies.iter().enumerate() {
        if let Err(wrong) = text.parse::<Network>() {
            found.wrong(&format!("telnet.proxies.{i}"), &wrong, "write for example \"192.0.2.7\" or \"192.0.2.0/24\"");
        }
    }
    for (i, text) in limits.exempt.iter().enumerate() {
        if let Err(wrong) = text.parse::<Network>() {
            found.wrong(&format!("limits.exempt.{i}"), &wrong, "write for example \"192.0.2.7\" or \"192.0.2.0/24\"");
        }
    }
}

fn feeds(node: &Node, found: &mut Findings) {
    if node.feeds.len() > b::FEEDS_MAX {
        found.wrong(
            "feeds",
            &format!("{} feeds are too many", node.feeds.len()),
            &format!("use at most {}", b::FEEDS_MAX),
        );
    }
    let mut names = HashSet::new();
    for (i, feed) in node.feeds.iter().enumerate() {
        let key = |k: &str| format!("feeds.{i}.{k}");
        let is_name =
            |n: &str| n.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if feed.name.is_empty() || feed.name.len() > b::NAME_MAX || !is_name(&feed.name) {
            let remedy = format!("use 1 to {} of a-z, 0-9, _ and -", b::NAME_MAX);
            found.wrong(&key("name"), "no name for a feed", &remedy);
        } else if feed.name.bytes().all(|b| b.is_ascii_digit()) {
            found.wrong(&key("name"), "only digits: --set could not tell it from a place", "put a letter in");
        } else if !names.insert(&feed.name) {
            found.wrong(&key("name"), "another feed above has this name", "give each feed a name of its own");
        }
        if !feed.callsign.is_empty() {
            found.call(
                &key("callsign"),
                &feed.callsign,
                "set the call to log in with, or leave it empty for the node's",
            );
        }
        for (k, text) in [("host", &feed.host), ("password", &feed.password)] {
            if text.chars().any(char::is_control) {
                found.wrong(&key(k), "holds a control character", "remove it");
            }
        }
        found.range(&key("login_timeout_s"), feed.login_timeout_s, &b::DIALOGUE_S);
        found.range_or_zero(&key("keepalive_s"), feed.keepalive_s, &b::SILENCE_S);
        found.range(&key("read_deadline_s"), feed.read_deadline_s, &b::SILENCE_S);
        found.range_or_zero(&key("max_age_s"), feed.max_age_s, &b::SILENCE_S);
        found.range(&key("buffer_spots"), feed.buffer_spots, &b::BUFFER_SPOTS);
        if !(0.0..=b::SPEED_MAX).contains(&feed.speed) {
            let wrong = format!("outside 0 to {}", b::SPEED_MAX);
            found.wrong(&key("speed"), &wrong, "1.0 plays as it happened, 0 as fast as it goes");
        }
        broker(i, feed, found);
        if feed.enabled {
            enabled_feed(node, i, feed, found);
        }
    }
    if node.callsign != PLACEHOLDER_CALL && !node.feeds.iter().any(|f| f.enabled && f.kind != FeedKind::Simulator) {
        let remedy = format!("enable a feed; the simulator runs only while the callsign is {PLACEHOLDER_CALL}");
        found.doubt("feeds", "no feed runs, so users' own spots are the only ones", &remedy);
    }
}

/// What only a broker of PSKReporter has.
fn broker(index: usize, feed: &Feed, found: &mut Findings) {
    let key = |k: &str| format!("feeds.{index}.{k}");
    if feed.kind != FeedKind::PskReporter {
        for (k, is_used) in [
            ("user", !feed.user.is_empty()),
            ("tls", feed.tls),
            ("ca", feed.ca.is_some()),
            ("bands", !feed.bands.is_empty()),
        ] {
            if is_used {
                found.doubt(&key(k), "means nothing here", "it belongs to feeds of kind PskReporter; remove it");
            }
        }
        return;
    }
    found.range(&key("payload_bytes_max"), feed.payload_bytes_max, &b::PAYLOAD_BYTES);
    for (k, text) in [("user", &feed.user), ("password", &feed.password)] {
        if text.len() > b::LOG_IN_BYTES_MAX {
            found.wrong(&key(k), "too long", &format!("use at most {} bytes", b::LOG_IN_BYTES_MAX));
        }
    }
    if feed.user.chars().any(char::is_control) {
        found.wrong(&key("user"), "holds a control character", "remove it");
    }
    if feed.user.is_empty() && !feed.password.is_empty() {
        found.wrong(&key("password"), "a password without a user", "set `user` too, or remove it");
    }
    if feed.ca.is_some() && !feed.tls {
        found.doubt(&key("ca"), "means nothing without TLS", "set `tls: true`, or remove it");
    }
    // The names that PSKReporter's topics have, one of them without a table entry of ours.
    let bands: Vec<&str> = Band::ALL.iter().map(|band| band.name()).chain(["3cm"]).collect();
    for (i, band) in feed.bands.iter().enumerate() {
        found.choice(&key(&format!("bands.{i}")), band, &bands);
    }
    for (k, modes) in [("modes", &feed.modes), ("path_only_modes", &feed.path_only_modes)] {
        for (i, mode) in modes.iter().enumerate() {
            let is_name = |c: char| c.is_ascii_graphic() && !c.is_ascii_lowercase() && !"/+#".contains(c);
            if mode.is_empty() || mode.len() > b::MODE_MAX || !mode.chars().all(is_name) {
                let remedy = format!("write it as \"FT8\": 1 to {} capitals and digits", b::MODE_MAX);
                found.wrong(&key(&format!("{k}.{i}")), "no name of a mode", &remedy);
            }
        }
    }
    let topics = feed.bands.len().max(1) * feed.modes.len().max(1);
    if topics > b::TOPICS_MAX {
        let (bands, modes) = (feed.bands.len(), feed.modes.len());
        let wrong = format!("{bands} bands with {modes} modes are {topics} topics, too many");
        found.wrong(
            &key("bands"),
            &wrong,
            &format!("use at most {}; an empty list means all and counts once", b::TOPICS_MAX),
        );
    }
}

fn enabled_feed(node: &Node, index: usize, feed: &Feed, found: &mut Findings) {
    let key = |k: &str| format!("feeds.{index}.{k}");
    match feed.kind {
        FeedKind::Rbn | FeedKind::RbnDigital | FeedKind::Cluster | FeedKind::PskReporter => {
            if feed.host.trim().is_empty() {
                found.wrong(
                    &key("host"),
                    "empty, and the feed is enabled",
                    "give the host to connect to, or disable the feed",
                );
            }
            if feed.port == 0 {
                found.wrong(
                    &key("port"),
                    "0, and the feed is enabled",
                    match feed.kind {
                        FeedKind::PskReporter => "give the port: 1883, with TLS 1884",
                        _ => "give the port: RBN 7000, RBN digital 7001, clusters mostly 7300",
                    },
                );
            }
            if feed.tls {
                if let Err(fault) = trust::trusted(feed.ca.as_deref()) {
                    found.wrong(&key("ca"), &fault.wrong, &fault.remedy);
                }
                if let Err(fault) = trust::server_name(&feed.host) {
                    found.wrong(&key("host"), &fault.wrong, &fault.remedy);
                }
            }
            let is_own =
                feed.host == "localhost" || feed.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
            if feed.kind != FeedKind::PskReporter
                && feed.callsign.is_empty()
                && node.callsign == PLACEHOLDER_CALL
                && !is_own
            {
                let wrong = format!("the feed would log in at {} as {PLACEHOLDER_CALL}", feed.host);
                found.doubt(&key("enabled"), &wrong, "set `callsign` to your own call");
            }
        }
        FeedKind::Replay => {
            if feed.files.is_empty() {
                found.wrong(
                    &key("files"),
                    "empty, and the feed is enabled",
                    "list the captures to play, or disable the feed",
                );
            }
            for (n, file) in feed.files.iter().enumerate() {
                found.file(&key(&format!("files.{n}")), file);
            }
            let other =
                node.feeds.iter().enumerate().find(|(i, f)| *i != index && f.enabled && f.kind != FeedKind::Simulator);
            if let Some((_, other)) = other {
                let wrong = format!(
                    "a replay runs on the capture's clock and allows no other feed, but `{}` is enabled",
                    other.name
                );
                found.wrong(&key("enabled"), &wrong, "disable one of them");
            }
        }
        FeedKind::Simulator => {}
    }
}

fn modes(node: &Node, found: &mut Findings) {
    let modes = &node.modes;
    found.range("modes.call_memory_s", modes.call_memory_s, &b::WINDOW_S);
    found.range("modes.call_memory_entries", modes.call_memory_entries, &b::ENTRIES);
    found.range("modes.digital_window_s", modes.digital_window_s, &b::WINDOW_S);
    found.range("modes.digital_min_spotters", modes.digital_min_spotters, &b::SPOTTERS);
    found.range("modes.seed_ttl_s", modes.seed_ttl_s, &b::WINDOW_S);
    for (i, (khz, mode)) in modes.seeds.iter().enumerate() {
        let key = format!("modes.seeds.{i}");
        found.choice(&key, mode, &SEED_MODES);
        if Band::of(Freq::from_khz(u64::from(*khz))) == Band::None {
            found.wrong(
                &key,
                &format!("{khz} kHz lies in no amateur band"),
                "give whole kHz, for example (14074, \"FT8\")",
            );
        }
        if modes.seeds[..i].iter().any(|(other, _)| other == khz) {
            found.doubt(&key, &format!("{khz} kHz is seeded twice"), "keep one: different modes on one kHz cancel out");
        }
    }
}

fn dedup(node: &Node, found: &mut Findings) {
    let dedup = &node.dedup;
    for (key, value) in [
        ("dedup.identity_s", dedup.identity_s),
        ("dedup.fast_s", dedup.fast_s),
        ("dedup.med_s", dedup.med_s),
        ("dedup.slow_s", dedup.slow_s),
    ] {
        found.range(key, value, &b::WINDOW_S);
    }
    found.range("dedup.update_db", dedup.update_db, &b::UPDATE_DB);
    found.range("dedup.entries_max", dedup.entries_max, &b::ENTRIES);
    for (key, shorter, longer, name) in
        [("dedup.med_s", dedup.fast_s, dedup.med_s, "FAST"), ("dedup.slow_s", dedup.med_s, dedup.slow_s, "MED")]
    {
        if longer > 0 && longer < shorter {
            found.doubt(key, &format!("shorter than {name}'s {shorter} s"), "users expect FAST <= MED <= SLOW");
        }
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn wrong(&mut self, key: &str, wrong: &str, remedy: &str) {
        self.0.push(Finding { key: key.into(), wrong: wrong.into(), remedy: remedy.into(), is_warning: false });
    }

    fn doubt(&mut self, key: &str, wrong: &str, remedy: &str) {
        self.0.push(Finding { key: key.into(), wrong: wrong.into(), remedy: remedy.into(), is_warning: true });
    }

    fn range(&mut self, key: &str, value: impl Into<u64>, range: &RangeInclusive<u64>) {
        if !range.contains(&value.into()) {
            self.wrong(key, "out of range", &format!("use {} to {}", range.start(), range.end()));
        }
    }

    fn range_or_zero(&mut self, key: &str, value: impl Into<u64>, range: &RangeInclusive<u64>) {
        let value = value.into();
        if value != 0 && !range.contains(&value) {
            self.wrong(key, "out of range", &format!("use {} to {}, or 0 for none", range.start(), range.end()));
        }
    }

    fn call(&mut self, key: &str, text: &str, remedy: &str) {
        // An SSID (`-2`) is part of a node's call, not of its licence.
        let is_call = Call::new(text.as_bytes()).is_some_and(|call| is_plausible(&call));
        if !is_call {
            self.wrong(key, "not a callsign", remedy);
        }
    }

    fn choice(&mut self, key: &str, word: &str, known: &[&str]) {
        if !known.contains(&word) {
            let remedy = match did_you_mean(word, known) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("use one of {}", known.join(", ")),
            };
            self.wrong(key, &format!("no such choice \"{}\"", word.escape_debug()), &remedy);
        }
    }

    fn file(&mut self, key: &str, path: &Path) {
        if !path.is_file() {
            self.wrong(key, "no such file", "give its path from the working directory");
        }
    }

    fn text(&mut self, key: &str, text: &str, tokens: &[&str]) {
        if text.chars().count() > b::TEXT_MAX {
            self.wrong(key, "too long", &format!("use at most {} characters", b::TEXT_MAX));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            self.wrong(key, "holds a control character", "only \\n is allowed, to separate lines");
        }
        for piece in text.split('<').skip(1) {
            let Some((token, _)) = piece.split_once('>') else { continue };
            let looks_meant = !token.is_empty() && token.bytes().all(|b| b.is_ascii_uppercase());
            if looks_meant && !tokens.contains(&token) {
                let known = tokens.iter().map(|t| format!("<{t}>")).collect::<Vec<_>>().join(" ");
                let remedy =
                    if known.is_empty() { "none are known here".into() } else { format!("known here: {known}") };
                self.doubt(key, &format!("<{token}> stays as it is"), &remedy);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Source, load};

    /// What a configuration that only says this gets told, errors and warnings.
    fn told(text: &str) -> Vec<String> {
        let loaded = load(&Source { name: "f".into(), text: text.into() }, &[]);
        let problems = loaded.map_or_else(|p| p.0, |l| l.warnings);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_rule_is_one_line_at_its_key() {
        for (text, expected) in [
            (r#"(callsign: "599")"#, "f:1:2: callsign = \"599\": not a callsign; "),
            (r#"(data: "")"#, "f:1:2: data = \"\": empty; "),
            (
                r#"(telnet: (listen: "localhost"))"#,
                "f:1:11: telnet.listen = \"localhost\": not an address with a port; ",
            ),
            (r#"(telnet: (login_prompt: " "))"#, "f:1:11: telnet.login_prompt = \" \": empty"),
            (r#"(telnet: (motd: "a\tb"))"#, "f:1:11: telnet.motd = \"a\\tb\": holds a control character; "),
            (r#"(telnet: (prompt: "a\nb"))"#, "f:1:11: telnet.prompt = \"a\\nb\": more than one line"),
            (
                r#"(telnet: (prompt: "<CALL> <UPTIME> <x> <"))"#,
                "f:1:11: warning: telnet.prompt = \"<CALL> <UPTIME> <x> <\": <UPTIME> stays",
            ),
            (
                r#"(telnet: (default_filter: ["PASS DXDXCC K", "PASS BAND 21"]))"#,
                "f:1:45: telnet.default_filter.1 = \"PASS BAND 21\": Unknown band: 21; ",
            ),
            (
                r#"(telnet: (default_filter: ["DX 14025 K1ABC"]))"#,
                "f:1:28: telnet.default_filter.0 = \"DX 14025 K1ABC\": no filter",
            ),
            (
                r#"(telnet: (default_filter: ["REJECT WWV"]))"#,
                "f:1:28: telnet.default_filter.0 = \"REJECT WWV\": bulletins",
            ),
            ("(telnet: (login_timeout_s: 0))", "f:1:11: telnet.login_timeout_s = 0: out of range; use 1 to 3600"),
            (
                "(telnet: (keepalive_s: 86401))",
                "f:1:11: telnet.keepalive_s = 86401: out of range; use 1 to 86400, or 0 for none",
            ),
            ("(telnet: (cohort_mib: 65))", "f:1:11: telnet.cohort_mib = 65: more than the whole pool; "),
            (
                r#"(limits: (exempt: ["::1", "10.0.0.0/40"]))"#,
                "f:1:27: limits.exempt.1 = \"10.0.0.0/40\": the part after `/`",
            ),
            (r#"(telnet: (proxies: ["proxy.example.org"]))"#, "f:1:21: telnet.proxies.0 = \"proxy.example.org\": "),
            (r#"(accounts: (sysops: ["K1ABC-2"]))"#, "f:1:22: accounts.sysops.0 = \"K1ABC-2\": has an SSID; "),
            (r#"(accounts: (sysops: ["boss"]))"#, "f:1:22: accounts.sysops.0 = \"boss\": not a callsign; "),
            ("(accounts: (password_min: 5))", "f:1:13: accounts.password_min = 5: out of range; use 6 to 64"),
            (
                "(accounts: (registration: Sysop, posting: Registered))",
                "f:1:2: warning: accounts.sysops: empty: nobody on the air",
            ),
            ("(limits: (connections: 0))", "f:1:11: limits.connections = 0: out of range; "),
            (r#"(feeds: [(name: "", enabled: false)])"#, "f:1:11: feeds.0.name = \"\": no name for a feed; "),
            (r#"(feeds: [(name: "12", enabled: false)])"#, "f:1:11: feeds.0.name = \"12\": only digits"),
            (
                r#"(feeds: [(name: "a", enabled: false), (name: "a", enabled: false)])"#,
                "f:1:40: feeds.1.name = \"a\": another feed",
            ),
            (r#"(feeds: [(name: "a", host: "::1")])"#, "f:1:10: feeds.0.port: 0, and the feed is enabled; "),
            (
                r#"(feeds: [(name: "a", host: "", port: 7000)])"#,
                "f:1:22: feeds.0.host = \"\": empty, and the feed is enabled; ",
            ),
            (
                r#"(feeds: [(name: "a", host: "h.example", port: 7000)])"#,
                "f:1:10: warning: feeds.0.enabled: the feed would log in at h.example as N0CALL; ",
            ),
            (
                r#"(feeds: [(name: "a", host: "::1", port: 1, callsign: "X")])"#,
                "f:1:44: feeds.0.callsign = \"X\": not a callsign; ",
            ),
            (r#"(feeds: [(name: "a", kind: Replay)])"#, "f:1:10: feeds.0.files: empty, and the feed is enabled; "),
            (
                r#"(feeds: [(name: "a", kind: Replay, files: ["/none"])])"#,
                "f:1:44: feeds.0.files.0 = \"/none\": no such file; ",
            ),
            (
                r#"(feeds: [(name: "a", kind: Simulator, speed: -1)])"#,
                "f:1:39: feeds.0.speed = -1: outside 0 to 10000; ",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, host: "::1")])"#,
                "f:1:10: feeds.0.port: 0, and the feed is enabled; give the port: 1883, with TLS 1884",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, bands: ["20m", "40"])])"#,
                "f:1:72: feeds.0.bands.1 = \"40\": no such choice \"40\"; did you mean \"40m\"?",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, modes: ["ft8"])])"#,
                "f:1:65: feeds.0.modes.0 = \"ft8\": no name of a mode; write it as \"FT8\"",
            ),
            (
                r##"(feeds: [(name: "a", kind: PskReporter, enabled: false, modes: ["#"])])"##,
                "f:1:65: feeds.0.modes.0 = \"#\": no name of a mode; ",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, path_only_modes: [""])])"#,
                "f:1:75: feeds.0.path_only_modes.0 = \"\": no name of a mode; ",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, payload_bytes_max: 100)])"#,
                "f:1:57: feeds.0.payload_bytes_max = 100: out of range; use 256 to 65536",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, password: "x")])"#,
                "f:1:57: feeds.0.password = \"***\": a password without a user; set `user`",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, host: "::1", port: 1884, tls: true, ca: "/none.pem")])"#,
                "f:1:77: feeds.0.ca = \"/none.pem\": no such file; ",
            ),
            (
                r#"(feeds: [(name: "a", kind: PskReporter, enabled: false, ca: "/none.pem")])"#,
                "f:1:57: warning: feeds.0.ca = \"/none.pem\": means nothing without TLS; ",
            ),
            (
                r#"(feeds: [(name: "a", enabled: false, tls: true)])"#,
                "f:1:38: warning: feeds.0.tls = true: means nothing here; it belongs to feeds of kind PskReporter",
            ),
            (
                r#"(feeds: [(name: "a", enabled: false, bands: ["20m"])])"#,
                "f:1:38: warning: feeds.0.bands = [\"20m\"]: means nothing here; ",
            ),
            (r#"(callsign: "K1ABC")"#, "f:1:1: warning: feeds: no feed runs"),
            (
                r#"(modes: (seeds: [(14074, "FT9")]))"#,
                "f:1:18: modes.seeds.0 = (14074, \"FT9\"): no such choice \"FT9\"; did you mean",
            ),
            (
                r#"(modes: (seeds: [(13000, "FT8")]))"#,
                "f:1:18: modes.seeds.0 = (13000, \"FT8\"): 13000 kHz lies in no amateur band; ",
            ),
            (
                r#"(modes: (seeds: [(7074, "FT8"), (7074, "JS8")]))"#,
                "f:1:33: warning: modes.seeds.1 = (7074, \"JS8\"): 7074 kHz is seeded twice; ",
            ),
            ("(dedup: (fast_s: 301))", "f:1:2: warning: dedup.med_s: shorter than FAST's 301 s; "),
            ("(dedup: (update_db: 0))", "f:1:10: dedup.update_db = 0: out of range; "),
            ("(rings: (spots: 1000))", "f:1:10: rings.spots = 1000: out of range; use 1024 to 1048576"),
            ("(placement: (cores: 0))", "f:1:14: placement.cores = 0: out of range; "),
            ("(placement: (idle: Spin(10001)))", "f:1:14: placement.idle = Spin(10001): out of range; "),
            ("(history: (human: 0))", "f:1:12: history.human = 0: out of range; "),
            (r#"(reference: (cty: "cty.txt"))"#, "f:1:14: reference.cty = \"cty.txt\": no country file by its name; "),
            (r#"(reference: (cty: "/none.dat"))"#, "f:1:14: reference.cty = \"/none.dat\": no such file; "),
            ("(report: (every_s: 90000))", "f:1:11: report.every_s = 90000: out of range; "),
        ] {
            let lines = told(text);
            let errors = lines.iter().filter(|l| !l.contains(": warning: ")).count();
            let is_there = lines.iter().filter(|l| l.starts_with(expected)).count() == 1;
            assert!(is_there && errors <= 1, "{text}\n  {lines:#?}\n  {expected}");
        }
    }

    #[test]
    fn faults_name_a_stage_and_a_call_and_always_warn() {
        let lines = told(r#"(faults: [(stage: "dedpu", call: "K1ABC"), (stage: "session", call: "")])"#);
        assert_eq!(lines.len(), 2, "warnings wait until the rest is right: {lines:#?}");
        assert!(lines[0].contains("faults.0.stage = \"dedpu\": no such choice \"dedpu\"; did you mean \"dedup\"?"));
        assert!(lines[1].contains("faults.1.call = \"\": not a callsign"));
        let lines = told(r#"(faults: [(stage: "dedup", call: "K1ABC")])"#);
        assert!(lines.len() == 1 && lines[0].contains("warning: faults = "), "{lines:#?}");
    }

    #[test]
    fn a_replay_allows_no_other_feed_but_the_resting_simulator() {
        let dir = tempfile::tempdir().unwrap();
        let capture = dir.path().join("day.txt");
        std::fs::write(&capture, "").unwrap();
        let replay = format!("(name: \"r\", kind: Replay, files: [{:?}])", capture.to_str().unwrap());
        let simulator = "(name: \"s\", kind: Simulator)";
        let rbn = "(name: \"a\", host: \"::1\", port: 7000)";
        assert_eq!(told(&format!("(feeds: [{replay}, {simulator}])")), [""; 0]);
        let lines = told(&format!("(feeds: [{replay}, {rbn}])"));
        assert!(lines.len() == 1 && lines[0].contains("allows no other feed, but `a` is enabled; "), "{lines:#?}");
    }

    #[test]
    fn bands_and_modes_of_one_feed_fit_one_subscription() {
        let feed = |bands: usize, modes: usize| {
            let list = |n: usize, name: &dyn Fn(usize) -> String| (0..n).map(name).collect::<Vec<_>>().join(",");
            let bands = list(bands, &|_| "\"20m\"".into());
            let modes = list(modes, &|i| format!("\"M{i}\""));
            told(&format!(
                "(feeds: [(name: \"a\", kind: PskReporter, enabled: false, bands: [{bands}], modes: [{modes}])])"
            ))
        };
        assert_eq!(feed(20, 12), [""; 0]);
        assert_eq!(feed(0, 240), [""; 0]);
        assert!(feed(20, 13)[0].contains("20 bands with 13 modes are 260 topics, too many; use at most 240"));
    }

    #[test]
    fn feeds_have_an_index_of_their_own_below_the_posts() {
        let many = |n: usize| {
            let feeds: Vec<String> = (0..n).map(|i| format!("(name: \"f{i}\", enabled: false)")).collect();
            told(&format!("(feeds: [{}])", feeds.join(",")))
        };
        assert_eq!(many(250), [""; 0]);
        assert!(many(251)[0].contains("251 feeds are too many; use at most 250"));
    }
}
