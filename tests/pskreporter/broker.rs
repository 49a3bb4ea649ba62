//! A real mosquitto, in a folder of its own, on loopback.

use super::bench::PATIENCE;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whether mosquitto must be there, `required`, or is not wanted, `no`.
const WANTED: &str = "DXRING_MOSQUITTO";
/// Where daemons live, which a user's PATH may lack.
const SBIN: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];
/// Between two looks at a port.
const LOOK: Duration = Duration::from_millis(2);
/// Somebody else may take a port between our look and mosquitto's start.
const PORTS_TRIED_MAX: usize = 5;

/// Certificate and key (PEM) of a listener with TLS.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// What a broker is to be.
#[derive(Default)]
pub struct Setup {
    /// User and password that everybody needs.
    pub login: Option<(&'static str, &'static str)>,
    /// A listener with TLS for each.
    pub tls: Vec<Identity>,
}

/// A running mosquitto. Dropping it ends it.
pub struct Broker {
    program: PathBuf,
    folder: tempfile::TempDir,
    child: Child,
    /// Where it listens without TLS.
    pub port: u16,
    /// Where it listens with TLS, in order of the set-up.
    pub tls_ports: Vec<u16>,
}

fn program() -> Option<PathBuf> {
    let wanted = std::env::var(WANTED).unwrap_or_default();
    if wanted == "no" {
        println!("{WANTED}=no: not run");
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SBIN.map(PathBuf::from));
    let found = folders.map(|folder| folder.join("mosquitto")).find(|file| file.is_file());
    if found.is_none() {
        assert_ne!(wanted, "required", "no mosquitto; `scripts/test --install broker` installs it");
        println!("no mosquitto: not run");
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Broker {
    /// Starts one; `None` where there is no mosquitto and none is required.
    pub fn start(setup: &Setup) -> Option<Broker> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        if let Some((user, password)) = setup.login {
            let mut maker = Command::new("mosquitto_passwd");
            maker.args(["-c", "-b"]).arg(path.join("passwords")).args([user, password]);
            assert!(maker.status().unwrap().success(), "mosquitto_passwd comes with mosquitto");
        }
        for (n, identity) in setup.tls.iter().enumerate() {
            std::fs::write(path.join(format!("{n}.crt")), &identity.certificate).unwrap();
            std::fs::write(path.join(format!("{n}.key")), &identity.key).unwrap();
        }
        for _ in 0..PORTS_TRIED_MAX {
            let port = free_port();
            let tls_ports: Vec<u16> = setup.tls.iter().map(|_| free_port()).collect();
            std::fs::write(path.join("mosquitto.conf"), configuration(path, setup, port, &tls_ports)).unwrap();
            let mut child = spawn(&program, path);
            if answers(&mut child, port, &tls_ports) {
                return Some(Broker { program, folder, child, port, tls_ports });
            }
        }
        panic!("mosquitto does not start: {}", std::fs::read_to_string(path.join("log")).unwrap());
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.child = spawn(&self.program, self.folder.path());
        assert!(answers(&mut self.child, self.port, &self.tls_ports), "mosquitto does not start again");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether it listens; `false` when it has ended instead.
fn answers(child: &mut Child, port: u16, tls_ports: &[u16]) -> bool {
    let deadline = Instant::now() + PATIENCE;
    for port in std::iter::once(&port).chain(tls_ports) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err() {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "mosquitto runs and does not listen");
            std::thread::park_timeout(LOOK);
        }
    }
    child.try_wait().unwrap().is_none()
}

fn spawn(program: &Path, folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(program)
        .arg("-c")
        .arg(folder.join("mosquitto.conf"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Queues without bounds: what we lose shall be our loss.
fn configuration(folder: &Path, setup: &Setup, port: u16, tls_ports: &[u16]) -> String {
    let folder = folder.display();
    let mut text = String::from("persistence false\nmax_queued_messages 0\nmax_queued_bytes 0\nset_tcp_nodelay true\n");
    // Started by root it would become a user that cannot read this folder; by others, the word means nothing.
    text += "user root\n";
    text += match setup.login {
        None => "allow_anonymous true\n",
        Some(_) => "allow_anonymous false\n",
    };
    if setup.login.is_some() {
        text += &format!("password_file {folder}/passwords\n");
    }
    text += &format!("listener {port} 127.0.0.1\n");
    for (n, port) in tls_ports.iter().enumerate() {
        text += &format!("listener {port} 127.0.0.1\ncertfile {folder}/{n}.crt\nkeyfile {folder}/{n}.key\n");
    }
    text
}
