//! `dxring-load`: the load generator. `perf/README.md` tells the method.

mod brokers;
mod calls;
mod caps;
mod check;
mod children;
mod cli;
mod clock;
mod cpu;
mod feeder;
mod filters;
mod growth;
mod hostile;
mod json;
mod machine;
mod narrow;
mod noise;
mod pairs;
mod plan;
mod recorded;
mod report;
#[path = "../rig/mod.rs"]
mod rig;
mod run;
mod scenario;
mod summary;
mod svg;
mod target;
mod users;

use brokers::frames::Way;
use brokers::reports::Passage;
use clap::Parser;
use cli::Cli;
use clock::Clock;
use feeder::Feeder;
use json::Json;
use machine::Machine;
use plan::DX_CALLS;
use run::{Run, Settings};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use target::{MQTT_FEED, Server, Site, Target};

/// Descriptors beside the users': listeners, epolls, logs, standard streams.
const OTHER_DESCRIPTORS: u64 = 50;

fn main() -> ExitCode {
    let cli = match scenario::arguments(std::env::args_os()) {
        Ok(arguments) => Cli::parse_from(arguments),
        Err(e) => {
            eprintln!("dxring-load: {e}");
            return ExitCode::from(2);
        }
    };
    match work(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(e) => {
            eprintln!("dxring-load: {e}");
            ExitCode::from(2)
        }
    }
}

/// True when every run counts.
fn work(cli: &Cli) -> Result<bool, String> {
    let targets = cli.targets()?;
    let mosquitto = cli.mosquitto()?;
    let settings = cli.settings()?;
    let limit = rig::os::raise_descriptor_limit();
    let needed = settings.places() as u64 + OTHER_DESCRIPTORS;
    if limit < needed {
        return Err(format!(
            "{} users need {needed} descriptors here (and as many in the server), the hard limit is {limit}: raise it (ulimit -Hn) or use fewer users",
            settings.users
        ));
    }
    children::end_with_us()?;
    rig::os::sharpen_sleep();
    let clock = Clock::start();
    let mut feeder = Feeder::listen(cli.feed_listen, settings.feeds, cli.feed_tick_us * 1000)?;
    let machine = Machine::read();
    let mut out = Output { cli, record: String::new(), json: Vec::new() };
    out.say_block(&machine.text(), None);
    let mut bench =
        Bench { cli, settings: &settings, targets: &targets, mosquitto, feeder: &mut feeder, clock: &clock };
    let good = if cli.storm {
        bench.storms(&mut out)?
    } else if cli.is_idle() {
        bench.idle_rounds(&mut out)?
    } else {
        bench.rounds(&mut out)?
    };
    out.write(&machine)?;
    Ok(good)
}

/// Everything that the rounds of one program share.
struct Bench<'a> {
    cli: &'a Cli,
    settings: &'a Settings,
    targets: &'a [Target],
    /// Stands between the reports' publisher and the node, if there are reports.
    mosquitto: Option<Target>,
    feeder: &'a mut Feeder,
    clock: &'a Clock,
}

/// A server that is ready for a run, and what stands before it.
struct Started {
    server: Server,
    mosquitto: Option<Server>,
}

impl Bench<'_> {
    /// Starts a target and lets the feed side know.
    fn start(&mut self, target: &Target) -> Result<Started, String> {
        // Before it starts: a server may connect to us while we still wait for its user port. One that runs on
        // keeps its connections.
        if !matches!(target, Target::Running { .. }) {
            self.feeder.disconnect();
        }
        let mut site = Site {
            users: self.settings.places(),
            feed: self.feeder.address()?,
            relays: self.settings.feeds - usize::from(self.mosquitto.is_some()),
            mqtt: None,
        };
        let mosquitto = self.mosquitto.as_ref().map(|broker| broker.start(&site, self.clock)).transpose()?;
        site.mqtt = mosquitto.as_ref().map(|broker| broker.address);
        let server = target.start(&site, self.clock)?;
        self.feeder.attach(&server)?;
        if let Some(broker) = &mosquitto {
            self.feeder.publish_to(broker.address, Way::Reports { heard_s: run::utc_now().secs() })?;
        }
        Ok(Started { server, mosquitto })
    }

    fn rounds(&mut self, out: &mut Output) -> Result<bool, String> {
        let workload = workload_of(self.settings);
        let spots = self.cli.spots(self.settings);
        let mut page = first_page();
        let mut runs: Vec<Run> = Vec::new();
        let mut retries = self.cli.noise_retries;
        let mut rounds = self.cli.repeat;
        let mut round = 0;
        while round < rounds {
            round += 1;
            let mut noisy = false;
            for at in order(self.targets.len(), self.cli.aa, round) {
                let target = &self.targets[at];
                let settings = &self.cli.settings_of(self.settings, target);
                let Started { server, mosquitto } = self.start(target)?;
                let result = run::run(&target.name(), round, &server, self.feeder, settings, page, self.clock);
                page = (page + spots) % DX_CALLS;
                let last_words = server.finish(self.clock);
                let mut run = match result {
                    Ok(run) => run,
                    Err(e) => {
                        let said = last_words.map_or(String::new(), |w| format!("\nthe server's last words:\n{w}"));
                        return Err(format!("{}, run {round}: {e}{said}", target.name()));
                    }
                };
                drop(mosquitto);
                if let (Some(reports), Some(words)) = (&mut run.reports, &last_words) {
                    // Of all spots, warm-up included, the last feed has one in `feeds`; so many are its own.
                    let published = (spots as usize / settings.feeds) as u64;
                    reports.passage = Some(Passage::of(published, MQTT_FEED, words));
                }
                run.last_words = last_words;
                let of_target = workload_of(settings);
                noisy |= run.is_noisy();
                out.say_block(&report::block(&run, &of_target), run.last_words.as_deref());
                if let Some(file) = &self.cli.hgrm {
                    write_file(&numbered(file, runs.len() + 1), &report::hgrm(&run.delivery_us))?;
                }
                out.json.push(report::json(&run, &of_target));
                runs.push(run);
            }
            if noisy && retries > 0 {
                retries -= 1;
                rounds += 1;
            }
        }
        out.say(&format!("\n{workload} -> {} users\n\n{}", self.settings.users, report::table(&runs)));
        if let Some(file) = &self.cli.svg {
            svg::percentiles(file, &format!("{workload} -> {} users", self.settings.users), &runs)?;
        }
        let mut bars = report::bars(&runs, &self.cli.bars());
        bars.0.extend(self.cli.caps.iter().map(|cap| cap.held_against(&runs)));
        if let (Some(file), Some(title)) = (&self.cli.summary, &self.cli.title) {
            summary::append(file, title, &runs, &bars)?;
        }
        out.say(&bars.text());
        let good = runs.iter().all(|run| run.failures().is_empty());
        if !good {
            out.say("\nFAILED\n");
        }
        Ok(good && bars.are_met())
    }

    fn storms(&mut self, out: &mut Output) -> Result<bool, String> {
        let mut good = true;
        let mut page = first_page();
        for _ in 0..self.cli.repeat {
            for target in self.targets {
                let Started { server, .. } = self.start(target)?;
                let what = (self.cli.seconds, &self.cli.storm_commands[..]);
                let result = run::storm(&target.name(), &server, self.feeder, self.settings, what, page, self.clock);
                page = (page + self.cli.spots(self.settings)) % DX_CALLS;
                let last_words = server.finish(self.clock);
                let mut storm = result.map_err(|e| format!("{}: {e}", target.name()))?;
                storm.last_words = last_words;
                good &= report::storm_failure(&storm).is_none();
                out.say_block(&report::storm_block(&storm), storm.last_words.as_deref());
                out.json.push(report::storm_json(&storm));
            }
        }
        Ok(good)
    }

    fn idle_rounds(&mut self, out: &mut Output) -> Result<bool, String> {
        let mut good = true;
        for _ in 0..self.cli.repeat {
            for (at, target) in self.targets.iter().enumerate() {
                let Started { server, .. } = self.start(target)?;
                let result =
                    run::idle(&target.name(), &server, self.feeder, self.settings, self.cli.seconds, self.clock);
                let last_words = server.finish(self.clock);
                let mut idle = result.map_err(|e| format!("{}: {e}", target.name()))?;
                idle.last_words = last_words;
                good &= report::idle_failure(&idle).is_none();
                out.say_block(&report::idle_block(&idle), idle.last_words.as_deref());
                if at == 0 {
                    let bars = caps::idle_bars(&idle, self.cli.idle_kib_max, self.cli.idle_cpu_max);
                    out.say(&bars.text());
                    good &= bars.are_met();
                }
                out.json.push(report::idle_json(&idle));
            }
        }
        Ok(good)
    }
}

/// In which order the targets of a round run: each round begins with another one, and every second one goes
/// backwards, so that none always finds the machine warm or always runs behind the same other one. With `aa` the
/// first target has a second run, half a round from its first.
fn order(targets: usize, aa: bool, round: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..targets).collect();
    if aa {
        places.insert(targets.div_ceil(2), 0);
    }
    let length = places.len();
    places.rotate_left(round.saturating_sub(1) % length.max(1));
    if round.is_multiple_of(2) {
        places.reverse();
    }
    places
}

fn workload_of(settings: &Settings) -> String {
    let mut text = settings.profile.text();
    match settings.filters {
        0 => {}
        1 => text += ", 1 filter",
        filters => text += &format!(", {filters} filters"),
    }
    if settings.narrow > 0 {
        text += &format!(", {} narrow filters", settings.narrow);
    }
    if settings.reports {
        text += &format!(", 1 of {} through MQTT", settings.feeds);
    }
    if let Some(hostile) = &settings.hostile {
        text += &format!(", {}", hostile.text());
    }
    text
}

/// Two programs started one after the other must not repeat a call within a dedup window (480 s) to
/// one server: every second of wall time owns 10,000 pages of the book, and they come again after
/// 693 s. A burst of more runs ahead of its time, and so do others after it only if they follow at once.
fn first_page() -> u64 {
    const PAGES_PER_S: u64 = 10_000;
    run::utc_now().secs().unsigned_abs() * PAGES_PER_S % DX_CALLS
}

/// What is printed also goes into the record, as Markdown.
struct Output<'a> {
    cli: &'a Cli,
    record: String,
    json: Vec<Json>,
}

impl Output<'_> {
    /// Markdown already.
    fn say(&mut self, text: &str) {
        print!("{text}");
        self.record.push_str(text);
    }

    /// Lines that keep their columns, and what the server itself said at the end.
    fn say_block(&mut self, block: &str, last_words: Option<&str>) {
        let words = last_words.filter(|_| !self.cli.quiet).unwrap_or_default();
        let quoted: String = words.lines().map(|l| format!("  | {l}\n")).collect();
        print!("\n{block}{quoted}");
        self.record.push_str(&format!("\n```text\n{block}{quoted}```\n"));
    }

    fn write(&self, machine: &Machine) -> Result<(), String> {
        if let Some(file) = &self.cli.json {
            let all = Json::Object(vec![
                ("commit", Json::text(&machine.commit)),
                ("date", Json::text(&machine.date)),
                ("build", Json::text(machine.build)),
                ("cpu", Json::text(&machine.cpu)),
                ("kernel", Json::text(&machine.kernel)),
                ("arguments", Json::List(std::env::args().skip(1).map(Json::Text).collect())),
                ("runs", Json::List(self.json.clone())),
            ]);
            write_file(file, &format!("{all}\n"))?;
        }
        if let Some(file) = &self.cli.record {
            let mut record = OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .map_err(|e| format!("{}: {e}", file.display()))?;
            record.write_all(self.record.as_bytes()).map_err(|e| format!("{}: {e}", file.display()))?;
        }
        Ok(())
    }
}

/// `FILE` for the first run, `FILE.2` for the second...
fn numbered(file: &Path, n: usize) -> PathBuf {
    if n == 1 {
        return file.to_path_buf();
    }
    let mut name = file.as_os_str().to_os_string();
    name.push(format!(".{n}"));
    PathBuf::from(name)
}

fn write_file(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn targets_take_turns() {
        assert_eq!(order(2, false, 1), [0, 1]);
        assert_eq!(order(2, true, 1), [0, 0, 1]);
        assert_eq!(order(4, true, 1), [0, 1, 0, 2, 3]);
        assert_eq!(order(4, true, 2), [0, 3, 2, 0, 1]);
        for round in 1..=10 {
            let mut places = order(4, true, round);
            places.sort_unstable();
            assert_eq!(places, [0, 0, 1, 2, 3]);
        }
        let firsts: std::collections::BTreeSet<usize> = (1..=10).map(|round| order(4, true, round)[0]).collect();
        assert_eq!(firsts.len(), 4, "each goes first at times");
    }
}
