//! The server under test: one that runs already, or a child with a configuration of ours.

use super::brokers::Dialogue;
use super::brokers::process::Kind;
use super::children;
use super::clock::{Clock, pause_ms};
use super::rig::os;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A child gets this long to open its user port.
const START_NS: u64 = 20 * 1_000_000_000;

/// A child gets this long to drain and go: the node promises 5 s.
const END_NS: u64 = 10 * 1_000_000_000;

/// Lines of the child's last words that go into the report.
const LAST_LINES: usize = 80;

/// What to test.
#[derive(Clone, Debug)]
pub enum Target {
    /// A running server.
    Running {
        /// Its user port.
        address: SocketAddr,
        /// Its process, if it is on this machine.
        pid: Option<u32>,
    },
    /// A `dxring` that we start and stop.
    Node {
        /// The program.
        program: PathBuf,
        /// `--set` overrides.
        set: Vec<String>,
    },
    /// The bare writer.
    Limit {
        /// The program.
        program: PathBuf,
        /// More arguments.
        arguments: Vec<String>,
    },
    /// The same, and its users have so many different filters.
    Filtered(Box<Target>, usize),
    /// A message broker.
    Broker {
        /// Which one.
        kind: Kind,
        /// The program.
        program: PathBuf,
    },
    /// The same, and some of its users are hostile.
    Hostile(Box<Target>),
}

/// What a target is started for.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Users that it must have room for.
    pub users: usize,
    /// Where its feeds connect to.
    pub feed: SocketAddr,
    /// Connections there.
    pub relays: usize,
    /// The MQTT broker of its PSKReporter feed, if it has one.
    pub mqtt: Option<SocketAddr>,
}

impl Target {
    /// Name in tables.
    pub fn name(&self) -> String {
        match self {
            Target::Running { address, .. } => address.to_string(),
            Target::Hostile(calm) => format!("{} hostile", calm.name()),
            Target::Filtered(target, 1) => format!("{}, 1 filter", target.name()),
            Target::Filtered(target, filters) => format!("{}, {filters} filters", target.name()),
            Target::Node { program, .. } => {
                program.file_name().map_or_else(|| "dxring".into(), |n| n.to_string_lossy().into_owned())
            }
            Target::Limit { arguments, .. } => {
                std::iter::once("limit".to_string()).chain(arguments.iter().cloned()).collect::<Vec<_>>().join(" ")
            }
            Target::Broker { kind, .. } => kind.program().into(),
        }
    }

    /// What its users speak.
    pub fn dialogue(&self) -> Dialogue {
        match self {
            Target::Broker { kind, .. } => kind.dialogue(),
            _ => Dialogue::Telnet,
        }
    }

    /// Starts it and waits until its user port accepts.
    pub fn start(&self, site: &Site, clock: &Clock) -> Result<Server, String> {
        let dialogue = self.dialogue();
        if let Target::Running { address, pid } = self {
            return Ok(Server { address: *address, pid: *pid, dialogue, child: None });
        }
        if let Target::Hostile(same) | Target::Filtered(same, _) = self {
            return same.start(site, clock);
        }
        let address = free_port()?;
        let dir = scratch_dir(address)?;
        let mut command = match self {
            Target::Node { program, set } => {
                let config = dir.join("node.ron");
                std::fs::write(&config, node_config(site, address))
                    .map_err(|e| format!("{}: {e}", config.display()))?;
                let mut command = Command::new(program);
                command.arg("run").arg("--config").arg(&config).arg("--data").arg(dir.join("data"));
                for pair in set {
                    command.arg("--set").arg(pair);
                }
                command
            }
            Target::Limit { program, arguments } => {
                let mut command = Command::new(program);
                command.arg("--listen").arg(address.to_string());
                for _ in 0..site.relays {
                    command.arg("--feed").arg(site.feed.to_string());
                }
                command.args(arguments);
                command
            }
            Target::Broker { kind, program } => {
                let config = dir.join("broker.conf");
                std::fs::write(&config, kind.config(site.users, address, &dir))
                    .map_err(|e| format!("{}: {e}", config.display()))?;
                let mut command = Command::new(program);
                command.args(kind.arguments(&config)).current_dir(&dir);
                command
            }
            Target::Running { .. } | Target::Hostile(_) | Target::Filtered(..) => {
                return Err("unreachable: started above".into());
            }
        };
        let log = dir.join("log");
        let out = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let err = out.try_clone().map_err(|e| format!("{}: {e}", log.display()))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = children::spawn(&mut command, &dir)
            .map_err(|e| format!("{} does not start: {e}", command.get_program().to_string_lossy()))?;
        let pid = child.id();
        let child = Some(Spawned { child, dir, log });
        let mut server = Server { address, pid: Some(pid), dialogue, child };
        server.wait_accepting(clock)?;
        Ok(server)
    }
}

/// A started target. Dropping it kills a child that is still there.
pub struct Server {
    /// Its user port.
    pub address: SocketAddr,
    /// Its process, if known.
    pub pid: Option<u32>,
    /// What its users speak.
    pub dialogue: Dialogue,
    child: Option<Spawned>,
}

struct Spawned {
    child: Child,
    dir: PathBuf,
    log: PathBuf,
}

impl Server {
    fn wait_accepting(&mut self, clock: &Clock) -> Result<(), String> {
        let deadline_ns = clock.now_ns() + START_NS;
        while TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_err() {
            if let Some(spawned) = &mut self.child
                && let Ok(Some(status)) = children::try_wait(&mut spawned.child)
            {
                return Err(format!("the server ended at once ({status}):\n{}", last_lines(&spawned.log)));
            }
            if clock.now_ns() > deadline_ns {
                let said = self.child.as_ref().map_or(String::new(), |s| last_lines(&s.log));
                return Err(format!("the server does not accept on {}:\n{said}", self.address));
            }
            pause_ms(20);
        }
        Ok(())
    }

    /// Stops a child with SIGTERM and returns its last words; `None` for a server that is not ours.
    pub fn finish(mut self, clock: &Clock) -> Option<String> {
        let spawned = self.child.as_mut()?;
        // Its pid is ours until it is waited for: no other process can have it.
        os::terminate(spawned.child.id());
        let deadline_ns = clock.now_ns() + END_NS;
        let ended = loop {
            match children::try_wait(&mut spawned.child) {
                Ok(Some(status)) => break status.to_string(),
                Ok(None) if clock.now_ns() < deadline_ns => pause_ms(10),
                Ok(None) => break format!("still there {} s after SIGTERM, killed", END_NS / 1_000_000_000),
                Err(e) => break e.to_string(),
            }
        };
        Some(format!("{}({ended})\n", last_lines(&spawned.log)))
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        children::end(&mut self.child);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn last_lines(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines[from..].iter().map(|l| format!("{l}\n")).collect()
}

/// A loopback port that was free a moment ago.
fn free_port() -> Result<SocketAddr, String> {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| format!("no free port: {e}"))
}

fn scratch_dir(address: SocketAddr) -> Result<PathBuf, String> {
    let dir = std::env::temp_dir().join(format!("dxring-load-{}-{}", std::process::id(), address.port()));
    std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    Ok(dir)
}

/// Name of the feed that hears the MQTT broker; its line in the node's report is looked for.
pub const MQTT_FEED: &str = "loadmqtt";

/// Everything else stays as shipped: the test is of the node that people run.
fn node_config(site: &Site, address: SocketAddr) -> String {
    let Site { users, feed, relays, mqtt } = *site;
    // Probes and logins that overlap the last logouts.
    let room = users + 100;
    let mut feeds: String = (0..relays)
        .map(|f| {
            format!(
                "        (kind: Rbn, name: \"load{f}\", enabled: true, host: \"{}\", port: {}),\n",
                feed.ip(),
                feed.port()
            )
        })
        .collect();
    if let Some(broker) = mqtt {
        let (host, port) = (broker.ip(), broker.port());
        feeds += &format!(
            "        (kind: PskReporter, name: \"{MQTT_FEED}\", enabled: true, host: \"{host}\", port: {port}, modes: []),\n"
        );
    }
    format!(
        "#![enable(implicit_some)]\n(\n    callsign: \"N1LOAD\",\n    telnet: (listen: \"{address}\"),\n    limits: (connections: {room}, \
         per_address: {room}, pre_login: {room}, exempt: [\"127.0.0.0/8\"]),\n    feeds: [\n{feeds}    ],\n)\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use dxring::config::FeedKind;

    #[test]
    fn the_generated_configuration_is_one() {
        let any: SocketAddr = "127.0.0.1:7000".parse().unwrap();
        let mut site = Site { users: 1000, feed: any, relays: 2, mqtt: None };
        let text = node_config(&site, "127.0.0.1:7300".parse().unwrap());
        let node: dxring::config::Node = ron::from_str(&text).unwrap();
        assert_eq!(node.callsign, "N1LOAD");
        assert_eq!(node.limits.connections, 1100);
        assert_eq!(node.feeds.len(), 2);
        assert!(node.feeds.iter().all(|f| f.enabled && f.port == 7000));
        assert!(!node.simulator_runs());
        site.mqtt = Some("127.0.0.1:1883".parse().unwrap());
        let node: dxring::config::Node = ron::from_str(&node_config(&site, any)).unwrap();
        let feed = &node.feeds[2];
        assert_eq!((feed.kind, feed.port, feed.modes.is_empty()), (FeedKind::PskReporter, 1883, true));
    }
}
