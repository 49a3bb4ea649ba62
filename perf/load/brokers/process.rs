//! The brokers' programs and the settings with which they can deliver everything.
//!
//! Whatever is not named here stays as the program ships it.

use super::Dialogue;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where Debian puts servers that are not on a user's path.
const MORE_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/// Finds a program by its name: on the path, then where servers lie.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// A broker's program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// nats-server.
    Nats,
    /// redis-server.
    Redis,
    /// mosquitto.
    Mosquitto,
}

impl Kind {
    /// The program's usual name.
    pub fn program(self) -> &'static str {
        match self {
            Kind::Nats => "nats-server",
            Kind::Redis => "redis-server",
            Kind::Mosquitto => "mosquitto",
        }
    }

    /// The Debian package that has it.
    pub fn package(self) -> &'static str {
        self.program()
    }

    /// What its users speak; mosquitto has none here.
    pub fn dialogue(self) -> Dialogue {
        match self {
            Kind::Nats => Dialogue::Nats,
            Kind::Redis => Dialogue::Redis,
            Kind::Mosquitto => Dialogue::Telnet,
        }
    }

    /// Its configuration file for so many users.
    pub fn config(self, users: usize, address: SocketAddr, dir: &Path) -> String {
        // Publisher, probes, and connections that overlap the last ones.
        let connections = users + 100;
        let (host, port) = (address.ip(), address.port());
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = match self {
            // max_pending: a user who has this much waiting is cut off as a slow consumer. 50,000 spots are 4.7 MB; 256 MiB cut off
            // nobody in any row. write_deadline: so is one whose socket takes nothing for so long; the shipped 10 s
            // are near what 1,000 users and 50,000 spots take. No authentication, no cluster, no persistence: as shipped.
            Kind::Nats => write!(
                out,
                "host: \"{host}\"\nport: {port}\nmax_connections: {connections}\nmax_pending: 268435456\nwrite_deadline: \"120s\"\n"
            ),
            // Output buffers: a subscriber is cut off above 32 MB, or above 8 MB for a minute, as shipped; 0 0 0 lets
            // all wait. No snapshot and no log of commands: pub/sub writes neither, but the fork of a snapshot would
            // disturb. io-threads stays at its 1.
            Kind::Redis => write!(
                out,
                "bind {host}\nport {port}\nmaxclients {connections}\nsave \"\"\nappendonly no\n\
                 client-output-buffer-limit pubsub 0 0 0\ndaemonize no\ndir \"{}\"\n",
                dir.display()
            ),
            // max_queued_messages: a subscriber with 1,000 messages waiting loses the next, as shipped; 0 lets all wait.
            // persistence is off, as shipped; set_tcp_nodelay: no message waits for the acknowledgement of the one before it.
            Kind::Mosquitto => write!(
                out,
                "listener {port} {host}\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nset_tcp_nodelay true\n\
                 log_dest stderr\n"
            ),
        };
        out
    }

    /// How it is told of the file.
    pub fn arguments(self, file: &Path) -> Vec<PathBuf> {
        match self {
            Kind::Redis => vec![file.into()],
            Kind::Nats | Kind::Mosquitto => vec!["-c".into(), file.into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name() {
        assert!(find("sh").is_some_and(|sh| sh.is_absolute()));
        assert_eq!(find("no-such-program-anywhere"), None);
    }

    #[test]
    fn settings_let_everything_through() {
        let address: SocketAddr = "127.0.0.1:4222".parse().unwrap();
        let of = |kind: Kind| kind.config(1000, address, Path::new("/tmp/x y"));
        assert!(of(Kind::Nats).contains("port: 4222\nmax_connections: 1100\nmax_pending: 268435456\n"));
        assert!(of(Kind::Redis).contains("client-output-buffer-limit pubsub 0 0 0\n"));
        assert!(of(Kind::Redis).contains("dir \"/tmp/x y\"\n"));
        assert!(of(Kind::Mosquitto).starts_with("listener 4222 127.0.0.1\n"));
    }
}
