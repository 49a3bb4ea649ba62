//! The command line, checked.

use super::brokers::process::{self, Kind};
use super::caps::Cap;
use super::filters::{Commands, FILTERS_MAX};
use super::hostile::Hostility;
use super::narrow::NARROW_MAX;
use super::pairs::Bar;
use super::plan::{DX_CALLS, Profile};
use super::recorded::{Part, Recording};
use super::run::Settings;
use super::target::Target;
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Feeds of RBN beside one of MQTT.
const MQTT_TIMES_MAX: u64 = 8;

/// The node holds what comes beyond its burst of 60, and the replies of those would tell of that.
const STORM_COMMANDS_MAX: usize = 60;

/// What a user says in a storm: the settings, lists and questions of several logging programs.
const STORM: [&str; 20] = [
    "SET/NAME Test",
    "SET/QTH Newington",
    "SET/QRA FN31pr",
    "SET/PAGE 0",
    "SET/FORMAT CLASSIC",
    "SET/DEDUPE MED",
    "SET/NOFILTER",
    "PASS BAND 40M,20M,15M",
    "REJECT MODE FT8,FT4",
    "SHOW/FILTER",
    "SHOW/TIME",
    "SHOW/VERSION",
    "SHOW/DX 25",
    "SHOW/DX 10 on 20m",
    "SHOW/WWV 5",
    "SHOW/ANN 5",
    "SHOW/PREFIX DL",
    "SHOW/HEADING JA",
    "SHOW/SUN",
    "PING",
];

/// Open-loop load for a DX cluster node: plays an RBN feed to it and is its telnet users.
///
/// One process, one clock. Every spot has an intended time that is fixed before the start; every user
/// checks gaps, duplicates and order. The exit status is 1 when a line was lost, came twice or out of
/// order, or when the generator missed its rate.
#[derive(Parser, Debug)]
#[command(name = "dxring-load", args_override_self = true)]
pub struct Cli {
    /// User port of a server that runs already; its feed must connect to --feed-listen.
    #[arg(long, value_name = "ADDR")]
    server: Option<SocketAddr>,
    /// Process of that server, for CPU and memory.
    #[arg(long, value_name = "PID", requires = "server")]
    server_pid: Option<u32>,
    /// Start this dxring with a configuration made for the test, and stop it after each run.
    #[arg(long, value_name = "PROGRAM")]
    spawn: Option<PathBuf>,
    /// Override for the started dxring, `path.to.key=value`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", requires = "spawn")]
    server_set: Vec<String>,
    /// Start the bare writer; without PROGRAM the dxring-limit beside this program. With --spawn both
    /// take turns, in changing order, and the ratios of the pairs are printed.
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1)]
    spawn_limit: Option<Option<PathBuf>>,
    /// Argument for the bare writer, as in --limit-arg=--gap-us=20000; may be repeated.
    #[arg(long, value_name = "ARG", requires = "spawn_limit")]
    limit_arg: Vec<String>,
    /// Shortest time between two passes of the bare writer in µs; several values, `0,20000`, make
    /// several bare writers that take turns.
    #[arg(long, value_name = "US", requires = "spawn_limit", value_delimiter = ',')]
    limit_gap_us: Vec<u64>,
    /// Start nats-server for each run; without PROGRAM it is looked for. Its users are subscribers, its feed is a publisher.
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, conflicts_with_all = ["filters", "storm"])]
    spawn_nats: Option<Option<PathBuf>>,
    /// Start redis-server for each run, likewise.
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, conflicts_with_all = ["filters", "storm"])]
    spawn_redis: Option<Option<PathBuf>>,
    /// Run the first target twice per round: the spread of A against A.
    #[arg(long)]
    pub aa: bool,
    /// Start mosquitto for each run: it brings the node so many of PSKReporter's reports per second, beside --rate.
    #[arg(long, value_name = "SPOTS", requires_all = ["rate", "spawn"], conflicts_with_all = ["server", "spawn_limit", "spawn_nats", "spawn_redis"])]
    mqtt_rate: Option<u64>,
    /// The mosquitto to start for --mqtt-rate; without it, it is looked for.
    #[arg(long, value_name = "PROGRAM", requires = "mqtt_rate")]
    spawn_mosquitto: Option<PathBuf>,
    /// Where the feed listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub feed_listen: SocketAddr,
    /// Feed connections to expect; spots take turns among them.
    #[arg(long, default_value_t = 1)]
    feeders: usize,
    /// Spots due within this many µs leave together; their intended times stay apart.
    #[arg(long, default_value_t = 250)]
    pub feed_tick_us: u64,
    /// Users.
    #[arg(long, default_value_t = 100)]
    users: usize,
    /// So many different filters among the users, each of which passes about half of the spots; 0 = none.
    #[arg(long, default_value_t = 0, value_name = "FILTERS")]
    filters: usize,
    /// So many different narrow filters among the users, each of which passes one spot of 26; 0 = none.
    #[arg(long, default_value_t = 0, value_name = "FILTERS", conflicts_with_all = ["filters", "spawn_nats", "spawn_redis"])]
    narrow: usize,
    /// The command that passes some bands only; {} stands for their names, as in 160M,80M,40M.
    #[arg(long, value_name = "COMMAND", default_value = "PASS BAND {}")]
    filter_bands: String,
    /// The command that holds back the DX calls of a pattern; {} stands for it, as in *AB.
    #[arg(long, value_name = "COMMAND", default_value = "REJECT DXCALL {}")]
    filter_calls: String,
    /// Log in --users evenly over --seconds; each sends --storm-command in one write. Measures the replies.
    #[arg(long, conflicts_with_all = ["rate", "burst", "idle"])]
    pub storm: bool,
    /// A command of --storm; may be repeated. The default is what logging programs send at log-in.
    #[arg(long = "storm-command", value_name = "COMMAND", default_values_t = STORM.map(String::from))]
    pub storm_commands: Vec<String>,
    /// Log in so many users, send nothing, measure memory and CPU over --seconds.
    #[arg(long, value_name = "USERS", conflicts_with_all = ["rate", "burst", "users"])]
    idle: Option<usize>,
    /// Constant rate in spots/s, for --seconds.
    #[arg(long, conflicts_with = "burst")]
    rate: Option<u64>,
    /// Length of --rate, --idle and --storm.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// Spots of a burst.
    #[arg(long)]
    burst: Option<u64>,
    /// A burst's spots are spread evenly over this; 0 = all at once.
    #[arg(long, default_value_t = 1000)]
    within_ms: u64,
    /// From the start of a burst to the next.
    #[arg(long, default_value_t = 15_000)]
    every_ms: u64,
    /// Bursts.
    #[arg(long, default_value_t = 1)]
    times: u64,
    /// Spots/s beneath and between bursts, until --every-ms after the last one's start.
    #[arg(long, default_value_t = 0, value_name = "PER_S", requires = "burst", conflicts_with = "rate")]
    base_rate: u64,
    /// Timing, bands and modes of this capture (text, CSV, .zst, or the .sec file beside one), for at most --seconds.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "burst", "idle", "storm"])]
    recorded: Option<PathBuf>,
    /// Where --recorded begins, HH:MM; the default is its first line.
    #[arg(long, value_name = "HH:MM", requires = "recorded")]
    recorded_from: Option<String>,
    /// Plays --recorded so many times as fast.
    #[arg(long, default_value_t = 1.0, value_name = "TIMES", requires = "recorded")]
    speed: f64,
    /// Some of the users harm (--never-read, --reset-per-s), and visitors log in and leave (--logins-per-s); the figures
    /// are those of the others.
    #[arg(long, conflicts_with_all = ["idle", "storm", "spawn_nats", "spawn_redis"])]
    hostile: bool,
    /// Runs each --spawn target calm and hostile in turn: what do hostile users cost the others?
    #[arg(long, conflicts_with_all = ["idle", "storm", "hostile", "server", "spawn_limit", "spawn_nats", "spawn_redis"], requires = "spawn")]
    pub hostile_pairs: bool,
    /// Percent of the users who log in and never read; 0 = off.
    #[arg(long, default_value_t = 5.0, value_name = "PERCENT")]
    never_read: f64,
    /// Percent of the users who are reset, and log in again, per second; 0 = off.
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT")]
    reset_per_s: f64,
    /// Visitors per second who leave at the prompt; 0 = off.
    #[arg(long, default_value_t = 200, value_name = "PER_S")]
    logins_per_s: u64,
    /// The first target misses its bar when a user's p99 is over 2 x the median user's.
    #[arg(long)]
    fair: bool,
    /// The first target misses its bar when the last burst's p99 is over 1.5 x the median burst's, or memory or
    /// descriptors grow after the second burst.
    #[arg(long)]
    steady: bool,
    /// A bar of the first target by itself, as in CPU-per-line=0.2: the median of its runs is at most that, in the unit of the
    /// tables. May be repeated.
    #[arg(long = "cap", value_name = "FIGURE=VALUE")]
    pub caps: Vec<Cap>,
    /// Most memory of the first target per idle user, in KiB.
    #[arg(long, value_name = "KIB", requires = "idle")]
    pub idle_kib_max: Option<f64>,
    /// Most CPU of the first target with idle users, in percent of a core.
    #[arg(long, value_name = "PERCENT", requires = "idle")]
    pub idle_cpu_max: Option<f64>,
    /// The first target again, with so many filters: another target to stand beside it.
    #[arg(long, value_name = "FILTERS", conflicts_with_all = ["idle", "storm", "hostile_pairs", "server", "spawn_limit", "spawn_nats", "spawn_redis"], requires = "spawn")]
    beside_filters: Option<usize>,
    /// A bar of the first target, as in p99=0.5: at most half of each other one's, the bare writer apart, or
    /// rate=0.8:limit: at least 0.8 of that one's. May be repeated.
    #[arg(long = "bar", value_name = "FIGURE=TIMES[:TARGET]")]
    pub bars: Vec<Bar>,
    /// Warm-up spots, sent evenly within a second before the measured part.
    #[arg(long, default_value_t = 500)]
    warmup: u64,
    /// Runs; all are printed.
    #[arg(long, default_value_t = 1)]
    pub repeat: usize,
    /// Threads that receive.
    #[arg(long, default_value_t = 1)]
    receiver_threads: usize,
    /// A spot that leaves the generator later than this by the generator's fault fails the run.
    #[arg(long, default_value_t = 100)]
    late_ms_max: u64,
    /// A run during which other processes used more cores than this is marked noisy.
    #[arg(long, default_value_t = 0.3)]
    noise_cores_max: f64,
    /// So many rounds are run again when they were noisy; the noisy ones are printed too.
    #[arg(long, default_value_t = 0)]
    pub noise_retries: usize,
    /// Time for all logins.
    #[arg(long, default_value_t = 60)]
    login_timeout_s: u64,
    /// Silence with lines still missing that ends a run.
    #[arg(long, default_value_t = 5)]
    drain_s: u64,
    /// Write everything as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the delivery histogram of all users, one file per run: FILE, FILE.2, ...
    #[arg(long, value_name = "FILE")]
    pub hgrm: Option<PathBuf>,
    /// Draw the delivery percentiles of all targets.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Append one row to this table: the median of each target, and how the first one stands to the others.
    #[arg(long, value_name = "FILE", requires = "title")]
    pub summary: Option<PathBuf>,
    /// What the row is called.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Append blocks and table to this record.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Do not print the servers' own last words.
    #[arg(long)]
    pub quiet: bool,
}

impl Cli {
    /// What to test, in the order of the first round.
    pub fn targets(&self) -> Result<Vec<Target>, String> {
        let mut targets = Vec::new();
        if let Some(address) = self.server {
            if self.feed_listen.port() == 0 {
                return Err("--server needs --feed-listen with the port that its feed connects to".into());
            }
            targets.push(Target::Running { address, pid: self.server_pid });
        }
        if let Some(program) = &self.spawn {
            targets.push(Target::Node { program: program.clone(), set: self.server_set.clone() });
        }
        if let Some(program) = &self.spawn_limit {
            let program = program.clone().map_or_else(|| beside("dxring-limit"), Ok)?;
            let target = |more: Option<String>| Target::Limit {
                program: program.clone(),
                arguments: self.limit_arg.iter().cloned().chain(more).collect(),
            };
            if self.limit_gap_us.is_empty() {
                targets.push(target(None));
            }
            targets.extend(self.limit_gap_us.iter().map(|us| target(Some(format!("--gap-us={us}")))));
        }
        for (kind, given) in [(Kind::Nats, &self.spawn_nats), (Kind::Redis, &self.spawn_redis)] {
            if let Some(program) = given {
                targets.push(broker(kind, program.as_ref())?);
            }
        }
        if self.hostile_pairs {
            let hostile = targets.iter().map(|target| Target::Hostile(Box::new(target.clone()))).collect::<Vec<_>>();
            targets.extend(hostile);
        }
        if let Some(filters) = self.beside_filters {
            let other = targets.first().map(|target| Target::Filtered(Box::new(target.clone()), filters));
            targets.extend(other);
        }
        if targets.is_empty() {
            return Err("nothing to test: give --server, --spawn, --spawn-limit, --spawn-nats or --spawn-redis".into());
        }
        Ok(targets)
    }

    /// The broker between PSKReporter's reports and the node.
    pub fn mosquitto(&self) -> Result<Option<Target>, String> {
        self.mqtt_rate.map(|_| broker(Kind::Mosquitto, self.spawn_mosquitto.as_ref())).transpose()
    }

    /// Feeds, and spots per second of all of them. Spots take turns among feeds, so with reports from MQTT, which are the
    /// last feed, there are as many relays as their rate is a multiple of the reports'.
    fn feeds(&self) -> Result<(usize, Option<u64>), String> {
        match (self.mqtt_rate, self.rate) {
            (Some(mqtt), Some(rate)) if mqtt == 0 || rate % mqtt != 0 || rate / mqtt > MQTT_TIMES_MAX => Err(format!(
                "--rate {rate} --mqtt-rate {mqtt}: --rate must be 1 to {MQTT_TIMES_MAX} times --mqtt-rate, as in --rate 15000 --mqtt-rate 5000"
            )),
            (Some(mqtt), Some(rate)) => Ok(((rate / mqtt) as usize + 1, Some(rate + mqtt))),
            // clap drops a requirement that conflicts with something given, --burst here.
            (Some(_), None) => Err("--mqtt-rate needs --rate".into()),
            (None, rate) => Ok((self.feeders.max(1), rate)),
        }
    }

    /// How to run.
    pub fn settings(&self) -> Result<Settings, String> {
        let (feeds, rate) = self.feeds()?;
        let profile = match (rate, self.burst) {
            (Some(per_s), _) if per_s > 0 => Profile::Rate { per_s, seconds: self.seconds },
            (_, Some(spots)) if spots > 0 => self.bursts(spots),
            _ if self.recorded.is_some() => self.recording()?,
            _ if self.idle.is_some() || self.storm => Profile::Rate { per_s: 1, seconds: 0 },
            _ => return Err("nothing to send: give --rate, --burst, --recorded, --idle or --storm".into()),
        };
        for (percent, option) in [(self.never_read, "--never-read"), (self.reset_per_s, "--reset-per-s")] {
            if !(0.0..=100.0).contains(&percent) {
                return Err(format!("{option} {percent}: use 0 to 100"));
            }
        }
        let hostile = Hostility {
            never_read_percent: self.never_read,
            reset_per_s_percent: self.reset_per_s,
            logins_per_s: self.logins_per_s,
        };
        let settings = Settings {
            users: self.idle.unwrap_or(self.users),
            filters: self.filters,
            narrow: self.narrow,
            reports: self.mqtt_rate.is_some(),
            filter_commands: Commands { bands: self.filter_bands.clone(), calls: self.filter_calls.clone() },
            receiver_threads: self.receiver_threads,
            feeds,
            warmup: Profile::Burst { spots: self.warmup, within_ms: 1000, every_ms: 1000, times: 1 },
            profile,
            late_ms_max: self.late_ms_max,
            noise_cores_max: self.noise_cores_max,
            login_timeout_ns: self.login_timeout_s * 1_000_000_000,
            drain_ns: self.drain_s * 1_000_000_000,
            hostile: (self.hostile || self.hostile_pairs).then_some(hostile),
            fair: self.fair,
            steady: self.steady,
        };
        if settings.users == 0 {
            return Err("--users 0: use at least 1".into());
        }
        if self.filters > FILTERS_MAX {
            return Err(format!("--filters {}: use at most {FILTERS_MAX}", self.filters));
        }
        if self.narrow > NARROW_MAX {
            return Err(format!("--narrow {}: use at most {NARROW_MAX}", self.narrow));
        }
        if self.storm_commands.len() > STORM_COMMANDS_MAX {
            return Err(format!("{} commands at once: use at most {STORM_COMMANDS_MAX}", self.storm_commands.len()));
        }
        let spots = self.spots(&settings);
        if spots > DX_CALLS {
            return Err(format!("{spots} spots in one run repeat a DX call: use at most {DX_CALLS}"));
        }
        Ok(settings)
    }

    fn bursts(&self, spots: u64) -> Profile {
        let (within_ms, every_ms, times) = (self.within_ms, self.every_ms, self.times);
        match self.base_rate {
            0 => Profile::Burst { spots, within_ms, every_ms, times },
            per_s => Profile::BurstsOverRate { spots, within_ms, every_ms, times, per_s },
        }
    }

    fn recording(&self) -> Result<Profile, String> {
        let Some(path) = &self.recorded else { return Err("no --recorded".into()) };
        let from_s = self.recorded_from.as_deref().map(second_of_day).transpose()?;
        let part = Part { from_s, seconds: self.seconds, speed: self.speed };
        Ok(Profile::Recorded(Arc::new(Recording::read(path, part)?)))
    }

    /// Bars of the first target; hostile pairs have theirs by the issue that asked for them.
    pub fn bars(&self) -> Vec<Bar> {
        let mut bars = self.bars.clone();
        if self.hostile_pairs {
            bars.extend(Bar::hostile());
        }
        bars
    }

    /// How to run one target: with hostile pairs the calm one is calm.
    pub fn settings_of(&self, settings: &Settings, target: &Target) -> Settings {
        let calm = self.hostile_pairs && !matches!(target, Target::Hostile(_));
        let filters = if let Target::Filtered(_, filters) = target { *filters } else { settings.filters };
        Settings { hostile: settings.hostile.filter(|_| !calm), filters, ..settings.clone() }
    }

    /// Whether only idle users are measured.
    pub fn is_idle(&self) -> bool {
        self.idle.is_some()
    }

    /// Spots of one run, warm-up included.
    pub fn spots(&self, settings: &Settings) -> u64 {
        settings.warmup.spots().saturating_add(settings.profile.spots())
    }
}

/// `HH:MM`.
fn second_of_day(text: &str) -> Result<i64, String> {
    let parsed = text.split_once(':').and_then(|(h, m)| Some((h.parse::<i64>().ok()?, m.parse::<i64>().ok()?)));
    match parsed {
        Some((hour @ 0..24, minute @ 0..60)) => Ok(hour * 3600 + minute * 60),
        _ => Err(format!("--recorded-from {text}: use HH:MM")),
    }
}

fn broker(kind: Kind, program: Option<&PathBuf>) -> Result<Target, String> {
    let name = kind.program();
    let found = program.cloned().or_else(|| process::find(name));
    let program = found.ok_or_else(|| format!("{name} is not installed: apt-get install {}", kind.package()))?;
    Ok(Target::Broker { kind, program })
}

fn beside(name: &str) -> Result<PathBuf, String> {
    let me = std::env::current_exe().map_err(|e| format!("where am I: {e}"))?;
    Ok(me.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Vec<Target>, Settings), String> {
        let cli =
            Cli::try_parse_from(std::iter::once("dxring-load").chain(line.split(' '))).map_err(|e| e.to_string())?;
        Ok((cli.targets()?, cli.settings()?))
    }

    #[test]
    fn pairs_put_the_node_first() {
        let (targets, settings) = parse("--spawn x/dxring --spawn-limit y --burst 5000 --users 1000").unwrap();
        let names: Vec<String> = targets.iter().map(Target::name).collect();
        assert_eq!(names, ["dxring", "limit"]);
        assert_eq!(settings.profile.text(), "5000 in 1000 ms");
        let (targets, _) = parse("--spawn dxring --spawn-limit y --limit-gap-us 0,20000 --burst 1").unwrap();
        let names: Vec<String> = targets.iter().map(Target::name).collect();
        assert_eq!(names, ["dxring", "limit --gap-us=0", "limit --gap-us=20000"]);
        let (targets, _) = parse("--spawn-limit --burst 1").unwrap();
        assert!(matches!(&targets[..], [Target::Limit { program, .. }] if program.ends_with("dxring-limit")));
    }

    #[test]
    fn brokers_stand_behind_the_node() {
        let (targets, _) =
            parse("--spawn x/dxring --spawn-limit y --spawn-nats z --spawn-redis w --burst 5 --aa").unwrap();
        let names: Vec<String> = targets.iter().map(Target::name).collect();
        assert_eq!(names, ["dxring", "limit", "nats-server", "redis-server"]);
        let (_, settings) = parse("--spawn x --rate 15000 --mqtt-rate 5000 --spawn-mosquitto m").unwrap();
        assert_eq!((settings.feeds, settings.profile.text()), (4, "20000/s for 15 s".into()));
    }

    #[test]
    fn hostile_pairs_run_one_node_calm_and_hostile() {
        let line = "--spawn x/dxring --burst 50 --times 3 --base-rate 9 --hostile-pairs --users 100 --logins-per-s 7";
        let (targets, settings) = parse(line).unwrap();
        let names: Vec<String> = targets.iter().map(Target::name).collect();
        assert_eq!(names, ["dxring", "dxring hostile"]);
        assert_eq!(settings.profile.spots(), 3 * 50 + 45 * 9);
        let cli = Cli::try_parse_from(std::iter::once("dxring-load").chain(line.split(' '))).unwrap();
        assert_eq!(cli.settings_of(&settings, &targets[0]).hostile, None);
        assert_eq!(cli.settings_of(&settings, &targets[1]).hostile.map(|h| h.logins_per_s), Some(7));
        assert_eq!(cli.bars().len(), 2);
    }

    #[test]
    fn filters_and_storms() {
        let (_, settings) = parse("--spawn dxring --rate 5000 --users 2000 --filters 100").unwrap();
        assert_eq!((settings.filters, &settings.filter_commands.bands[..]), (100, "PASS BAND {}"));
        let cli = |line: &str| Cli::try_parse_from(std::iter::once("dxring-load").chain(line.split(' '))).unwrap();
        assert_eq!(cli("--spawn dxring --storm --users 2000 --seconds 30").storm_commands.len(), 20);
        assert_eq!(
            cli("--spawn dxring --storm --storm-command SH/DX --storm-command PING").storm_commands,
            ["SH/DX", "PING"]
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--rate 10",
            "--spawn-limit x",
            "--spawn-limit x --burst 0",
            "--spawn-limit x --rate 10000000 --seconds 10",
            "--server 127.0.0.1:7300 --burst 5",
            "--spawn-limit x --rate 5 --burst 5",
            "--spawn-limit x --rate 5 --filters 20000",
            "--spawn x --storm --rate 5",
            "--spawn x --rate 5 --base-rate 5",
            "--spawn x --recorded /nowhere",
            "--spawn x --recorded y --burst 5",
            "--spawn x --burst 5 --never-read 101",
            "--spawn x --burst 5 --hostile --hostile-pairs",
            "--spawn-limit x --burst 5 --hostile-pairs",
            "--spawn x --burst 5 --bar p98=1",
            "--spawn-nats x --rate 5 --filters 3",
            "--spawn-nats x --storm",
            "--spawn x --rate 7 --mqtt-rate 5",
            "--spawn x --burst 7 --mqtt-rate 5",
            "--spawn-limit x --rate 5 --mqtt-rate 5",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
