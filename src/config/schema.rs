//! What can be configured, with the defaults. `config/node.ron` carries the same keys with comments
//! for operators; a test keeps the two equal.

use crate::wire::LineFormat;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The callsign of a node that nobody has configured yet.
pub const PLACEHOLDER_CALL: &str = "N0CALL";

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// The node's call, with SSID if you use one. Feeds log in with it unless they have their own.
    pub callsign: String,
    /// Where the node's state lies; relative to the working directory.
    pub data: PathBuf,
    /// Users.
    pub telnet: Telnet,
    /// Who users are: registration, passwords, sysops.
    pub accounts: Accounts,
    /// Bounds on users.
    pub limits: Limits,
    /// Inputs. Several of a kind are allowed.
    pub feeds: Vec<Feed>,
    /// Mode inference.
    pub modes: Modes,
    /// Duplicate windows.
    pub dedup: Dedup,
    /// Rings between threads.
    pub rings: Rings,
    /// Threads and CPUs.
    pub placement: Placement,
    /// Spots kept for SHOW/DX.
    pub history: History,
    /// Country data and the like.
    pub reference: Reference,
    /// The text report.
    pub report: Report,
    /// Injected faults, for tests of the node's own safety.
    pub faults: Vec<Fault>,
}

/// What telnet users see and get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telnet {
    /// Address and port, `127.0.0.1:7300`, `[::]:7300`.
    pub listen: String,
    /// Sent at once after accept; empty for none. `\n` separates lines.
    pub welcome: String,
    /// Asked at once after accept, without line end.
    pub login_prompt: String,
    /// After log-in; tokens `<CALL>`, `<NODE>`, `<VERSION>`, `<USERS>`, `<UPTIME>`.
    pub greeting: String,
    /// Message of the day, after the greeting; empty for none.
    pub motd: String,
    /// Line about the dialect, between greeting and message of the day; empty for none.
    pub dialect_welcome: String,
    /// Addresses and networks of proxies that may tell a user's real address in a PROXY line.
    pub proxies: Vec<String>,
    /// After log-in, after every command, on a blank line. Tokens `<CALL>`, `<NODE>`, `<DATE>`, `<TIME>`.
    pub prompt: String,
    /// Said before the connection closes.
    pub farewell: String,
    /// Spot lines of users who chose nothing else.
    pub line_format: LineFormat,
    /// Dedup policy of users who chose nothing else.
    pub dedupe: Dedupe,
    /// Filter of users who chose nothing else, as the commands that make it; empty = everything.
    pub default_filter: Vec<String>,
    /// A connection that has not logged in by then is closed, in seconds from accept.
    pub login_timeout_s: u32,
    /// A user who sends nothing for so long is closed; 0 = never.
    pub idle_timeout_s: u32,
    /// A prompt is sent after so much silence from us, so that NAT boxes and loggers stay awake; 0 = never.
    pub keepalive_s: u32,
    /// A user whose socket takes nothing for so long while lines wait is closed.
    pub slow_close_s: u32,
    /// Longest time that lines of a busy user gather before one send, in ms; 0 = send every turn.
    pub flush_gap_ms: u32,
    /// Shared line memory per telnet core, in MiB.
    pub cohort_pool_mib: u32,
    /// The most unsent lines one cohort keeps, in MiB.
    pub cohort_mib: u32,
}

/// Who users are. Settings, passwords and bans lie in `users.sqlite` of the data folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// How a call is registered.
    pub registration: Registration,
    /// Who may post spots and announcements.
    pub posting: Posting,
    /// Calls, without SSID, that have the sysop's commands once they gave their password.
    pub sysops: Vec<String>,
    /// Shortest password, in characters.
    pub password_min: u32,
}

/// How a call is registered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Registration {
    /// Whoever sets a password for his call is registered.
    #[default]
    Open,
    /// Only a sysop registers.
    Sysop,
}

/// Who may post.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Posting {
    /// Everybody.
    #[default]
    Everybody,
    /// Registered calls that gave their password; all others only read.
    Registered,
}

/// Per-user dedup policies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum Dedupe {
    /// Short window.
    Fast,
    /// Medium window.
    #[default]
    Med,
    /// Long window.
    Slow,
    /// Every spot.
    Off,
}

/// Bounds on users. At each bound the answer is one polite line, a close and a count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections in all.
    pub connections: u32,
    /// Connections of one address (an IPv6 address counts as its /64).
    pub per_address: u32,
    /// Connections that have not logged in yet.
    pub pre_login: u32,
    /// Addresses without the per-address and pre-login bounds: `127.0.0.1`, `::1`, `192.0.2.0/24`.
    pub exempt: Vec<String>,
    /// DX posts of one call per minute, after a burst of the same number.
    pub posts_per_minute: u32,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feed {
    /// What it speaks.
    pub kind: FeedKind,
    /// Name in reports; must be unique.
    pub name: String,
    /// Whether it runs.
    pub enabled: bool,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Call to log in with; empty = the node's.
    pub callsign: String,
    /// User name at a `PskReporter` broker that wants one; empty = none.
    pub user: String,
    /// Password, if the other side asks; empty = none.
    pub password: String,
    /// Whether a `PskReporter` broker is reached over TLS.
    pub tls: bool,
    /// Certificates (PEM) that vouch for the broker; `None` = those that this machine trusts.
    pub ca: Option<PathBuf>,
    /// MQTT version of a `PskReporter` broker.
    pub mqtt: MqttVersion,
    /// Bands of a `PskReporter` feed, as `20m`; empty = all.
    pub bands: Vec<String>,
    /// Modes of a `PskReporter` feed; empty = all.
    pub modes: Vec<String>,
    /// Modes whose reports tell of the path only: never spots.
    pub path_only_modes: Vec<String>,
    /// Longest message of a `PskReporter` broker that is read, in bytes.
    pub payload_bytes_max: u32,
    /// How long to wait for the connection and for the login prompt, in seconds each.
    pub login_timeout_s: u32,
    /// CR LF is sent after so much silence from us; 0 = never.
    pub keepalive_s: u32,
    /// No byte for so long ends the connection.
    pub read_deadline_s: u32,
    /// Spots older than this are ended as stale; 0 = any age.
    pub max_age_s: u32,
    /// Most spots of this feed that wait for the next stage before reading stops.
    pub buffer_spots: u32,
    /// Captures to play, for `Replay`.
    pub files: Vec<PathBuf>,
    /// Play speed for `Replay` (1.0 = as it happened; 0 = as fast as it goes).
    pub speed: f64,
    /// Seed of the `Simulator`.
    pub seed: u64,
    /// Band of the `Simulator`.
    pub profile: Profile,
}

/// Kinds of input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum FeedKind {
    /// Reverse Beacon Network, CW, RTTY, PSK (port 7000).
    #[default]
    Rbn,
    /// Reverse Beacon Network, FT8 and FT4 (port 7001).
    RbnDigital,
    /// PSKReporter over MQTT.
    PskReporter,
    /// An upstream cluster node, as a user of it.
    Cluster,
    /// A capture.
    Replay,
    /// The built-in band.
    Simulator,
}

/// Versions of MQTT.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum MqttVersion {
    /// 3.1.1
    #[default]
    V3,
    /// 5.0
    V5,
}

/// Bands of the simulator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum Profile {
    /// An evening with a few dozen stations.
    #[default]
    Quiet,
    /// A contest: hundreds of running stations, many skimmers.
    Contest,
    /// FT8 stations that all report at the end of each 15-second slot.
    #[value(name = "ft8-burst")]
    Ft8Burst,
}

/// Mode inference (pipeline 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Modes {
    /// A call's mode on a kHz is remembered for so long.
    pub call_memory_s: u32,
    /// Calls remembered.
    pub call_memory_entries: u32,
    /// Skimmers' digital spots vote for a kHz for so long.
    pub digital_window_s: u32,
    /// Distinct skimmers that must agree.
    pub digital_min_spotters: u32,
    /// Whole kHz frequencies and modes assumed until somebody hears otherwise: FT8, FT4, JS8 only.
    pub seeds: Vec<(u32, String)>,
    /// How long a seed lives without being heard.
    pub seed_ttl_s: u32,
}

/// Duplicate windows (pipeline 12, 13 with the design's corrections).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dedup {
    /// One report through two feeds, or twice, in seconds; 0 = off.
    pub identity_s: u32,
    /// FAST; 0 = off.
    pub fast_s: u32,
    /// MED; 0 = off.
    pub med_s: u32,
    /// SLOW; 0 = off.
    pub slow_s: u32,
    /// A repeat this much stronger is an update, once per window.
    pub update_db: u16,
    /// Most reports each window remembers; the oldest goes first, counted.
    pub entries_max: u32,
}

/// Rings between threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rings {
    /// Spots per ring after parse.
    pub spots: u32,
    /// How long an input waits for room before spots are shed, in ms.
    pub patience_ms: u32,
}

/// Threads and CPUs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Placement {
    /// CPUs to use; `None` = all that we are allowed.
    pub cores: Option<u32>,
    /// Whether to pin threads.
    pub pin: bool,
    /// How a thread waits for work.
    pub idle: Idle,
}

/// Idle policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Idle {
    /// Park on 2 CPUs or fewer or under a CPU quota, else spin 20 µs first.
    #[default]
    Auto,
    /// Sleep at once.
    Park,
    /// Spin for so many microseconds, then sleep.
    Spin(u32),
}

/// Spots kept in memory for SHOW/DX, in order of sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// People's and peers'.
    pub human: u32,
    /// Skimmers' CW, RTTY, PSK.
    pub rbn: u32,
    /// Skimmers' FT8 and the like.
    pub digital: u32,
}

/// Reference data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reference {
    /// Country file (`.csv`, `.dat`, `.plist`); `None` = the one compiled in.
    pub cty: Option<PathBuf>,
}

/// The text report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// Seconds between reports; 0 = only on SIGUSR1.
    pub every_s: u32,
    /// Folder for `.hgrm` files on exit; `None` = none.
    pub hgrm: Option<PathBuf>,
}

/// A fault to inject: the stage panics on every spot of this DX call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `parse`, `correct`, `dedup`, `fanout` or `session` (there: a user of that call).
    pub stage: String,
    /// The call.
    pub call: String,
}

impl Default for Node {
    fn default() -> Self {
        let feed = |kind, name: &str, host: &str, port, max_age_s| Feed {
            kind,
            name: name.into(),
            enabled: false,
            host: host.into(),
            port,
            max_age_s,
            ..Feed::default()
        };
        Node {
            callsign: PLACEHOLDER_CALL.into(),
            data: "dxring-data".into(),
            telnet: Telnet::default(),
            accounts: Accounts::default(),
            limits: Limits::default(),
            feeds: vec![
                feed(FeedKind::Rbn, "rbn", "telnet.reversebeacon.net", 7000, 300),
                feed(FeedKind::RbnDigital, "rbn_digital", "telnet.reversebeacon.net", 7001, 300),
                Feed {
                    keepalive_s: 60,
                    ..feed(FeedKind::PskReporter, "pskreporter", "mqtt.pskreporter.info", 1883, 900)
                },
                feed(FeedKind::Cluster, "cluster", "", 7300, 300),
                Feed { enabled: true, ..feed(FeedKind::Simulator, "simulator", "", 0, 0) },
            ],
            modes: Modes::default(),
            dedup: Dedup::default(),
            rings: Rings::default(),
            placement: Placement::default(),
            history: History::default(),
            reference: Reference::default(),
            report: Report::default(),
            faults: Vec::new(),
        }
    }
}

impl Node {
    /// Whether the simulator runs: only while no other feed is enabled and the call is the placeholder.
    pub fn simulator_runs(&self) -> bool {
        self.callsign == PLACEHOLDER_CALL && !self.feeds.iter().any(|f| f.enabled && f.kind != FeedKind::Simulator)
    }
}

impl Default for Telnet {
    fn default() -> Self {
        Telnet {
            listen: "127.0.0.1:7300".into(),
            welcome: String::new(),
            login_prompt: "login: Please enter your call: ".into(),
            greeting: "Hello <CALL>, this is <NODE>\nrunning dxring <VERSION>\nUsers: <USERS>, up <UPTIME>".into(),
            motd: String::new(),
            dialect_welcome: String::new(),
            proxies: Vec::new(),
            prompt: "<CALL> de <NODE> <DATE> <TIME> dxspider >".into(),
            farewell: "73, <CALL>.".into(),
            line_format: LineFormat::Classic,
            dedupe: Dedupe::Med,
            default_filter: vec!["UNSET/SKIMMER FT8,FT4".into()],
            login_timeout_s: 60,
            idle_timeout_s: 0,
            keepalive_s: 600,
            slow_close_s: 60,
            flush_gap_ms: 20,
            cohort_pool_mib: 64,
            cohort_mib: 8,
        }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts { registration: Registration::Open, posting: Posting::Everybody, sysops: Vec::new(), password_min: 8 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10_000,
            per_address: 20,
            pre_login: 1_000,
            exempt: vec!["127.0.0.1".into(), "::1".into()],
            posts_per_minute: 10,
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Feed {
            kind: FeedKind::Rbn,
            name: String::new(),
            enabled: true,
            host: String::new(),
            port: 0,
            callsign: String::new(),
            user: String::new(),
            password: String::new(),
            tls: false,
            ca: None,
            mqtt: MqttVersion::V3,
            bands: Vec::new(),
            modes: ["FT8", "FT4", "JS8", "CW", "RTTY", "PSK31", "PSK63"].map(String::from).to_vec(),
            path_only_modes: vec!["WSPR".into()],
            payload_bytes_max: 4_096,
            login_timeout_s: 30,
            keepalive_s: 240,
            read_deadline_s: 300,
            max_age_s: 300,
            buffer_spots: 8_192,
            files: Vec::new(),
            speed: 1.0,
            seed: 1,
            profile: Profile::Quiet,
        }
    }
}

impl Default for Modes {
    fn default() -> Self {
        // The dial frequencies that WSJT-X and JS8Call ship with; a slot mode's audio reaches 3 kHz
        // above the dial, so neighbours get their modes by being heard.
        const FT8: [u32; 12] = [1840, 3573, 5357, 7074, 10136, 14074, 18100, 21074, 24915, 28074, 50313, 144174];
        const FT4: [u32; 10] = [3575, 7047, 10140, 14080, 18104, 21140, 24919, 28180, 50318, 144170];
        const JS8: [u32; 10] = [1842, 3578, 7078, 10130, 14078, 18104, 21078, 24922, 28078, 50318];
        let list = |khz: &[u32], mode: &str| khz.iter().map(|k| (*k, mode.to_string())).collect::<Vec<_>>();
        let mut seeds = list(&FT8, "FT8");
        seeds.extend(list(&FT4, "FT4"));
        // Two different seeds on one kHz cancel out; FT4 is the commoner mode on 18104 and 50318.
        seeds.extend(list(&JS8, "JS8").into_iter().filter(|(khz, _)| !FT4.contains(khz)));
        Modes {
            call_memory_s: 300,
            call_memory_entries: 50_000,
            digital_window_s: 300,
            digital_min_spotters: 10,
            seeds,
            seed_ttl_s: 21_600,
        }
    }
}

impl Default for Dedup {
    fn default() -> Self {
        Dedup { identity_s: 120, fast_s: 120, med_s: 300, slow_s: 480, update_db: 6, entries_max: 262_144 }
    }
}

impl Default for Rings {
    fn default() -> Self {
        Rings { spots: 32_768, patience_ms: 2_000 }
    }
}

impl Default for Placement {
    fn default() -> Self {
        Placement { cores: None, pin: true, idle: Idle::Auto }
    }
}

impl Default for History {
    fn default() -> Self {
        History { human: 32_768, rbn: 65_536, digital: 32_768 }
    }
}
