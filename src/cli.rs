//! The command line: what `dxring` can be asked, as values. Reading and checking the configuration
//! starts here; doing what is asked does not.

use crate::accounts::{Changes, Secret};
use crate::config::{self, Dedupe, LineFormat, Loaded, Problems, Source};
use crate::spot::Utc;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Longest report interval: a day, as `report.every_s` has it.
const REPORT_EVERY_MAX: Duration = Duration::from_secs(86_400);
/// Fastest factor of `--speed`; beyond it `max` is meant.
const SPEED_MAX: f64 = 1_000_000.0;
/// The whole command line.
#[derive(Parser, Debug)]
#[command(
    name = "dxring",
    version,
    about = "A DX cluster server: spots in from RBN and cluster nodes, out to telnet users",
    long_about = "dxring takes DX spots from the Reverse Beacon Network and from cluster nodes, removes duplicates, \
                  and serves them to telnet users within milliseconds.\n\n\
                  Without a command it runs a node. With nothing configured the node shows a simulated band.",
    after_long_help = "Examples:\n  \
        dxring                                   run a node; then, elsewhere: telnet 127.0.0.1 7300\n  \
        dxring --set callsign=K1ABC --set feeds.rbn.enabled=true\n                                           \
        the same, on the air\n  \
        dxring check                             is config/node.ron right?\n  \
        dxring help replay                       more about one command",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
}

impl Cli {
    /// What is asked; `run` if no command is named.
    pub fn asked(self) -> Command {
        self.command.unwrap_or(Command::Run(self.run))
    }
}

/// What the program can be asked.
#[derive(Subcommand, Debug, PartialEq)]
pub enum Command {
    /// Run a node (this is what `dxring` alone does)
    #[command(after_long_help = "Examples:\n  \
        dxring run --report-every 10s            a report on standard error every 10 seconds\n  \
        dxring run --config club.ron --data club-data\n  \
        dxring run --set telnet.listen=[::]:7300 --set feeds.rbn.enabled=true --set callsign=K1ABC\n\n\
        Signals: SIGUSR1 prints a report; SIGUSR2 samples the node for 10 s and writes a flame graph to the data\n  \
        folder; SIGTERM and SIGINT drain and stop within 5 seconds.")]
    Run(RunOptions),

    /// Check a configuration: every mistake with file, line, key and remedy
    #[command(after_long_help = "Examples:\n  \
        dxring check                             config/node.ron, or the built-in one if there is none\n  \
        dxring check club.ron\n  \
        dxring check --set telnet.listen=7300    would this override be right?\n\n\
        Exit status: 0 if a node would start with it (warnings allowed), 1 if not.")]
    Check(CheckOptions),

    /// Show which agents run on which thread and CPU here
    #[command(after_long_help = "Examples:\n  \
        dxring plan                              what `dxring run` would do on this machine\n  \
        dxring plan --set placement.cores=4      what it would do with 4 CPUs\n  \
        dxring plan --cpus 16 --users 10000 --rate 830 --filters 500 --pass 0.2\n                                           \
        would a machine of 16 CPUs carry that, and how late would lines be?")]
    Plan(PlanOptions),

    /// Play captures through the stages and print the lines that a user would get
    #[command(
        after_long_help = "A capture is text, one line as the feed sent it; .gz and .zst are unpacked. Time is the capture's \
        own: from a `.sec` file beside it (second of the day, line by line), else from the HHMM on each line; the date \
        comes from a YYYYMMDD or YYYY-MM-DD in the file's name, or from --start. PSKReporter messages, a JSON object a \
        line, come at their `at` (Unix seconds), else when the latest report so far was heard. The same input gives the \
        same bytes, always.\n\n\
        Examples:\n  \
        dxring replay rbn_20170715.txt.zst       the lines of a new user without a filter\n  \
        dxring replay --summary *.txt.zst        no lines, but the books: in = out + named drops\n  \
        dxring replay --timing --threads 2 day.txt.zst\n                                           \
        how fast parse and the stages are here, in spots/s, MB/s, ns per spot\n  \
        dxring replay --speed 10 --dedupe off day.txt.gz\n                                           \
        ten times as fast as it happened, every spot\n  \
        dxring replay --summary --profile flame.svg day.txt.zst\n                                           \
        where the time goes, as a flame graph"
    )]
    Replay(ReplayOptions),

    /// Make a seeded band: stations, skimmers, mistakes, with the truth known
    #[command(
        after_long_help = "With --serve it is an RBN-like server: point a feed at it. With --mqtt it publishes what its skimmers \
        hear to a broker of yours, topics, numbers and delays as PSKReporter's, and says at the end what the broker did not \
        take. Without, the lines go to standard output as fast as they can be made.\n\n\
        Examples:\n  \
        dxring simulate --minutes 10 --seed 7 --truth truth.tsv > lines.txt\n  \
        dxring simulate --serve 127.0.0.1:7000 --profile contest\n  \
        dxring --set feeds.rbn.host=127.0.0.1 --set feeds.rbn.enabled=true\n                                           \
        a node that listens to the line above\n  \
        dxring simulate --mqtt 127.0.0.1:1883 --profile ft8-burst --rate 5"
    )]
    Simulate(crate::simulate::Options),

    /// Show country, zones, continent and grid of calls, and why
    #[command(after_long_help = "Examples:\n  \
        dxring lookup K1ABC 9A/DL1ABC/P VP2E/K1ABC\n  \
        dxring lookup --set reference.cty=cty.dat KG4AA")]
    Lookup(LookupOptions),

    /// List, show, change and import the users of a node, whether it runs or not
    #[command(after_long_help = "Examples:\n  \
        dxring user list\n  \
        dxring user show K1ABC\n  \
        dxring user set K1ABC --password         a password from standard input; --no-password removes it\n  \
        dxring user set K1ABC name=Hugo grid=FN31 filter='PASS BAND 20M; REJECT SOURCE SKIMMER'\n  \
        dxring user import data/users --dry-run  what GoCluster's user files would give")]
    User(UserOptions),

    /// Draw a flame graph of folded stacks or of `perf script -F comm,ip,sym` (scripts/flamegraph.sh uses it)
    #[command(
        hide = true,
        after_long_help = "Examples:\n  \
        dxring flame stacks.folded > all.svg\n  \
        perf script -F comm,ip,sym | dxring flame --thread parse > parse.svg"
    )]
    Flame(FlameOptions),
}

/// Which configuration.
#[derive(Args, Debug, Clone, Default, PartialEq)]
pub struct ConfigOptions {
    /// Configuration file [default: config/node.ron here if there is one, else the built-in copy of it]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override one key, as often as you like: --set telnet.listen=0.0.0.0:7300 --set feeds.rbn.enabled=true
    ///
    /// The key is its path in the file; feeds go by name or by place. Texts need no quotes.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

impl ConfigOptions {
    /// Finds, reads and checks the configuration. Errors: every mistake, one line each.
    pub fn load(&self) -> Result<Loaded, Problems> {
        config::load(&Source::find(self.config.as_deref())?, &self.sets)
    }
}

/// Options of `run`.
#[derive(Args, Debug, Clone, PartialEq)]
pub struct RunOptions {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigOptions,
    /// Folder for the node's state [default: `data` of the configuration, ./dxring-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print a report on standard error at this interval: 10s, 2m
    #[arg(long, value_name = "TIME", value_parser = report_interval)]
    pub report_every: Option<Duration>,
    /// Write latency histograms (.hgrm) to this folder at exit
    #[arg(long, value_name = "DIR")]
    pub hgrm: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or per module: info,dxring::parse=debug
    #[arg(long, alias = "log-level", value_name = "FILTER", default_value = DEFAULT_LOG)]
    pub log: String,
}

/// What a node logs unless told otherwise.
const DEFAULT_LOG: &str = "info";

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            config: ConfigOptions::default(),
            data: None,
            report_every: None,
            hgrm: None,
            log: DEFAULT_LOG.into(),
        }
    }
}

impl RunOptions {
    /// The configuration with the flags of the command line in it. Errors: every mistake, one line each.
    pub fn load(&self) -> Result<Loaded, Problems> {
        let mut loaded = self.config.load()?;
        let node = &mut loaded.node;
        if let Some(data) = &self.data {
            node.data.clone_from(data);
        }
        if let Some(every) = self.report_every {
            node.report.every_s = every.as_secs() as u32;
        }
        if let Some(hgrm) = &self.hgrm {
            node.report.hgrm = Some(hgrm.clone());
        }
        Ok(loaded)
    }
}

/// Options of `check`.
#[derive(Args, Debug, Clone, Default, PartialEq)]
pub struct CheckOptions {
    /// Configuration file [default: config/node.ron here if there is one, else the built-in copy of it]
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub file: Option<PathBuf>,
    /// The same, and overrides.
    #[command(flatten)]
    pub config: ConfigOptions,
}

impl CheckOptions {
    /// Checks. `Ok`: what to print on success, warnings first. `Err`: every mistake, one line each.
    pub fn check(&self) -> Result<String, Problems> {
        let mut options = self.config.clone();
        options.config = self.file.clone().or(options.config);
        let loaded = options.load()?;
        let mut text: String = loaded.warnings.iter().map(|w| format!("{w}\n")).collect();
        text.push_str(&loaded.summary());
        Ok(text)
    }
}

/// Options of `plan`.
#[derive(Args, Debug, Clone, PartialEq)]
pub struct PlanOptions {
    /// Also tell what so many users would need
    #[arg(long, value_name = "N", requires = "rate")]
    pub users: Option<u64>,
    /// Spots per second, with --users
    #[arg(long, value_name = "R", requires = "users")]
    pub rate: Option<u32>,
    /// Different filters among the users
    #[arg(long, value_name = "K", default_value_t = 1, requires = "users")]
    pub filters: u64,
    /// Share of the spots that a filter passes, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share, requires = "users")]
    pub pass: f64,
    /// Plan for a machine with so many CPUs instead of this one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub cpus: Option<u16>,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigOptions,
}

impl PlanOptions {
    /// The threads, and what the model says if users are named. Errors: every mistake of the configuration.
    pub fn plan(&self) -> Result<String, Problems> {
        let node = self.config.load()?.node;
        let plan = match self.cpus {
            None => crate::node::plan(&node).0,
            Some(cpus) => {
                let allowed: Vec<usize> = (0..usize::from(cpus)).collect();
                let usable = node.placement.cores.map_or(allowed.len(), |n| allowed.len().min(n as usize));
                crate::engine::Plan::new(usable, &allowed, node.placement.pin, false)
            }
        };
        let (Some(users), Some(rate)) = (self.users, self.rate) else { return Ok(plan.to_string()) };
        let load = crate::node::Load { users, rate: f64::from(rate), filters: self.filters, pass: self.pass };
        Ok(crate::node::predict(&crate::node::COSTS, &node, &plan, load).to_string())
    }
}

/// Options of `replay`.
#[derive(Args, Debug, Clone, PartialEq)]
pub struct ReplayOptions {
    /// Captures, played in this order: text, .gz or .zst
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How fast: `max`, or times as fast as it happened
    #[arg(long, value_name = "max|N", default_value = "max", value_parser = speed)]
    pub speed: Speed,
    /// Line layout [default: telnet.line_format of the configuration]
    #[arg(long, ignore_case = true)]
    pub format: Option<LineFormat>,
    /// Duplicate policy [default: telnet.dedupe of the configuration]
    #[arg(long, ignore_case = true)]
    pub dedupe: Option<Dedupe>,
    /// Date, and time if need be, of the first line: 2017-07-15 or 2017-07-15T13:59
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub start: Option<(Utc, bool)>,
    /// Print the books only, no lines
    #[arg(long)]
    pub summary: bool,
    /// Threads: 2 = parse on one, the stages behind it on the other; the same bytes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub threads: u8,
    /// Print how fast it went, no lines: captures are read into memory before the clock starts
    #[arg(long)]
    pub timing: bool,
    /// Write a flame graph of the run to this SVG file, or the stacks it is made of if it ends in .folded
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigOptions,
}

impl ReplayOptions {
    /// What the replay needs, with the configuration's choices where nothing was said.
    pub fn for_replay(&self, node: &config::Node) -> crate::replay::Options {
        crate::replay::Options {
            files: self.files.clone(),
            speed: match self.speed {
                Speed::Max => None,
                Speed::Times(times) => Some(times),
            },
            format: self.format.unwrap_or(node.telnet.line_format),
            dedupe: self.dedupe.unwrap_or(node.telnet.dedupe),
            start: self.start,
            summary: true,
            profile: self.profile.clone(),
            threads: self.threads.into(),
            timing: self.timing,
        }
    }
}

/// How fast a capture is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as it goes.
    Max,
    /// So many times as fast as it happened; above 0.
    Times(f64),
}

/// Options of `lookup`.
#[derive(Args, Debug, Clone, PartialEq)]
pub struct LookupOptions {
    /// Calls to look up
    #[arg(required = true, value_name = "CALL")]
    pub calls: Vec<String>,
    /// Which configuration (for `reference.cty`).
    #[command(flatten)]
    pub config: ConfigOptions,
}

/// Options of `flame`.
#[derive(Args, Debug, Clone, Default, PartialEq)]
pub struct FlameOptions {
    /// What to draw [default: standard input]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only this thread
    #[arg(long, value_name = "NAME")]
    pub thread: Option<String>,
    /// What to write above it
    #[arg(long, default_value = "dxring, samples per thread")]
    pub title: String,
}

/// Options of `user`.
#[derive(Args, Debug, Clone, PartialEq)]
pub struct UserOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: UserAction,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigOptions,
    /// The node's data folder [default: `data` of the configuration, ./dxring-data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

impl UserOptions {
    /// The configuration with the data folder of the command line in it. Errors: every mistake, one line each.
    pub fn load(&self) -> Result<config::Node, Problems> {
        let mut node = self.config.load()?.node;
        if let Some(data) = &self.data {
            node.data.clone_from(data);
        }
        Ok(node)
    }
}

/// What to do with users.
#[derive(Subcommand, Debug, Clone, PartialEq)]
pub enum UserAction {
    /// One line for each user
    List,
    /// Everything about one user
    Show {
        /// The call, with its SSID if it has one
        #[arg(value_name = "CALL")]
        call: String,
    },
    /// Change settings, password or registration; what is changed holds from the user's next log-in on
    Set {
        /// The call, with its SSID if it has one
        #[arg(value_name = "CALL")]
        call: String,
        /// name, qth, grid, home_node, dialect, filter, or a key that `show` prints; no value = the node's default
        #[arg(value_name = "KEY=VALUE")]
        settings: Vec<String>,
        /// Set the password to the first line of standard input
        #[arg(long, conflicts_with = "no_password")]
        password: bool,
        /// Remove the password, and with it the registration
        #[arg(long)]
        no_password: bool,
        /// Let the call post where registration is required
        #[arg(long, conflicts_with = "unregister")]
        register: bool,
        /// Take that back
        #[arg(long)]
        unregister: bool,
    },
    /// Take over GoCluster's user files, one line of outcome for each
    Import {
        /// YAML files, or folders of them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Say what would come over, and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Write over settings of users who are known here
        #[arg(long)]
        replace: bool,
    },
}

impl UserAction {
    /// What `set` changes; asks for the password when one is to be set.
    ///
    /// Errors: the password cannot be read.
    pub fn changes(&self, ask: impl FnOnce() -> Result<Secret, String>) -> Result<Changes, String> {
        let UserAction::Set { settings, password, no_password, register, unregister, .. } = self else {
            return Ok(Changes::default());
        };
        let password = match (password, no_password) {
            (true, _) => Some(Some(ask()?)),
            (false, true) => Some(None),
            (false, false) => None,
        };
        let registered = if *register { Some(true) } else { unregister.then_some(false) };
        Ok(Changes { settings: settings.clone(), password, registered })
    }
}

/// `500ms`, `10s`, `2m`, `1h`, fractions allowed (`1.5s`). Errors: no number, no or an unknown unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write for example 500ms, 10s, 2m or 1h");
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" | "min" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * unit_ms / 1_000.0).map_err(|_| wrong())
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if share > 0.0 && share <= 1.0 { Ok(share) } else { Err("use more than 0, at most 1".into()) }
}

fn report_interval(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    match every {
        d if d < Duration::from_secs(1) || d > REPORT_EVERY_MAX => Err("use 1s to 24h".into()),
        d if d.subsec_nanos() != 0 => Err("use whole seconds".into()),
        d => Ok(d),
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    if text.eq_ignore_ascii_case("max") {
        return Ok(Speed::Max);
    }
    match text.parse::<f64>() {
        Ok(times) if times > 0.0 && times <= SPEED_MAX => Ok(Speed::Times(times)),
        _ => Err(format!("use `max` or a number above 0, at most {SPEED_MAX}")),
    }
}

/// A date, and whether a time of day was given with it. Errors: anything that is no moment.
fn moment(text: &str) -> Result<(Utc, bool), String> {
    let wrong = || format!("`{text}` is no date: write for example 2017-07-15 or 2017-07-15T13:59, in UTC");
    Utc::parse(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Command, String> {
        let words = std::iter::once("dxring").chain(line.split_whitespace());
        Cli::try_parse_from(words).map(Cli::asked).map_err(|e| e.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_runs() {
        assert_eq!(parse("").unwrap(), Command::Run(RunOptions::default()));
        let expected = RunOptions {
            config: ConfigOptions { config: Some("a.ron".into()), sets: vec!["a=1".into(), "b.c=x=y".into()] },
            data: Some("d".into()),
            report_every: Some(Duration::from_secs(10)),
            hgrm: Some("h".into()),
            log: "debug".into(),
        };
        let flags = "--config a.ron --set a=1 --set b.c=x=y --data d --report-every 10s --hgrm h --log-level debug";
        assert_eq!(parse(flags).unwrap(), Command::Run(expected.clone()));
        assert_eq!(parse(&format!("run {flags}")).unwrap(), Command::Run(expected));
    }

    #[test]
    fn flags_override_the_configuration() {
        let Command::Run(run) = parse("--set data=a --data b --report-every 2m --hgrm h --set callsign=K1ABC").unwrap()
        else {
            panic!("not run")
        };
        // The working directory of a test is the package, which has a config/node.ron.
        let loaded = run.load().unwrap();
        assert_eq!(loaded.source, config::DEFAULT_PATH);
        assert_eq!(loaded.node.data, PathBuf::from("b"));
        assert_eq!(loaded.node.report.every_s, 120);
        assert_eq!(loaded.node.report.hgrm, Some(PathBuf::from("h")));
        assert_eq!(loaded.node.callsign, "K1ABC");
    }

    #[test]
    fn every_command_takes_its_options() {
        let Command::Replay(replay) =
            parse("replay --speed 2.5 --format GOCLUSTER --dedupe off --start 2017-07-15T13:59 --summary a.txt b.zst")
                .unwrap()
        else {
            panic!("not replay")
        };
        assert_eq!(replay.speed, Speed::Times(2.5));
        assert_eq!((replay.format, replay.dedupe), (Some(LineFormat::Gocluster), Some(Dedupe::Off)));
        assert_eq!(replay.start, Some((Utc::from_civil(2017, 7, 15, 13, 59, 0), true)));
        assert_eq!((replay.summary, replay.files.len()), (true, 2));
        assert_eq!((replay.threads, replay.timing), (1, false));
        for (name, format) in [("cc11", LineFormat::Cc11), ("json", LineFormat::Json)] {
            let parsed = parse(&format!("replay --format {name} a.txt")).unwrap();
            assert!(matches!(parsed, Command::Replay(replay) if replay.format == Some(format)));
        }

        let Command::Simulate(simulate) =
            parse("simulate --serve [::1]:7000 --seed 7 --minutes 5 --profile ft8-burst --rate 5 --truth t.tsv")
                .unwrap()
        else {
            panic!("not simulate")
        };
        assert_eq!(simulate.serve, Some("[::1]:7000".parse().unwrap()));
        assert_eq!(
            (simulate.seed, simulate.minutes, simulate.profile),
            (7, Some(5.0), crate::config::Profile::Ft8Burst)
        );
        assert_eq!((simulate.rate, simulate.start), (5.0, None));

        let Command::User(user) = parse("user set K1ABC name=Hugo --password --register --data d").unwrap() else {
            panic!("not user")
        };
        assert_eq!(user.data, Some("d".into()));
        let changes = user.action.changes(|| Ok(Secret(b"correct horse".to_vec()))).unwrap();
        assert_eq!((changes.settings, changes.registered), (vec!["name=Hugo".to_string()], Some(true)));
        assert_eq!(changes.password, Some(Some(Secret(b"correct horse".to_vec()))));
        let Command::User(user) = parse("user --data d import a b --dry-run").unwrap() else { panic!("not user") };
        let import = UserAction::Import { paths: vec!["a".into(), "b".into()], dry_run: true, replace: false };
        assert_eq!((user.action, user.data), (import, Some("d".into())));

        let Command::Lookup(lookup) = parse("lookup K1ABC DL1ABC").unwrap() else { panic!("not lookup") };
        assert_eq!(lookup.calls, ["K1ABC", "DL1ABC"]);
        let Command::Plan(plan) = parse("plan --cpus 16 --users 10000 --rate 830 --filters 500 --pass 0.2").unwrap()
        else {
            panic!("not plan")
        };
        assert!(
            plan.plan()
                .unwrap()
                .starts_with("10000 users in 500 filters that pass 20 % of 830 spots/s: 1660000 lines/s")
        );
        let Command::Plan(plan) = parse("plan --cpus 3").unwrap() else { panic!("not plan") };
        assert!(plan.plan().unwrap().contains("correct+dedup"));
    }

    #[test]
    fn wrong_words_are_told() {
        for (line, expected) in [
            ("replay", "FILE"),
            ("replay --speed 0 a", "above 0"),
            ("replay --threads 3 a", "1..=2"),
            ("replay --start 2017-02-30 a", "is no date"),
            ("run --report-every 10", "is no time"),
            ("run --report-every 500ms", "use 1s to 24h"),
            ("run --report-every 1.5s", "whole seconds"),
            ("simulate --minutes 0", "above zero"),
            ("simulate --rate inf", "above zero"),
            ("lookup", "CALL"),
            ("user", "Usage"),
            ("user import", "PATH"),
            ("user set K1ABC --password --no-password", "cannot be used with"),
            ("check a.ron --config b.ron", "cannot be used with"),
            ("plan --users 5", "--rate"),
            ("plan --users 5 --rate 5 --pass 2", "at most 1"),
            ("chekc", "check"),
        ] {
            let message = parse(line).unwrap_err();
            assert!(message.contains(expected), "{line}: {message}");
        }
    }

    #[test]
    fn times_and_dates_are_read() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1h", 3_600_000), ("1.5s", 1_500)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1d", "1 s", "1e400s", "..s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn check_says_what_it_found() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("node.ron");
        std::fs::write(&file, "(callsign: \"K1ABC\")").unwrap();
        let options = CheckOptions { file: Some(file.clone()), config: ConfigOptions::default() };
        let text = options.check().unwrap();
        assert!(text.contains("node.ron:1:1: warning: feeds: no feed runs"), "{text}");
        assert!(text.lines().last().unwrap().contains("node.ron: ok: K1ABC at 127.0.0.1:7300"), "{text}");
        std::fs::write(&file, "(calsign: \"K1ABC\", data: \"\")").unwrap();
        assert_eq!(options.check().unwrap_err().0.len(), 2);
    }

    #[test]
    fn help_teaches_by_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Examples:\n  dxring "), "{}", command.get_name());
        }
        assert!(Cli::command().render_long_help().to_string().contains("telnet 127.0.0.1 7300"));
    }
}
