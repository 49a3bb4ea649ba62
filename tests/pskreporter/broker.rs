//! A real mosquitto, somebody who publishes to it, and what may stand between it and the node.

use dxring::simulate::{PskText, psk_payload, psk_topic};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long anything may take that must happen.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where mosquitto is; `None`: the test is not run, unless `DXRING_MOSQUITTO=required`, when that is a failure.
pub fn mosquitto() -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
    let found = path.split(':').map(|dir| Path::new(dir).join("mosquitto")).find(|file| file.is_file());
    if found.is_none() {
        assert_ne!(std::env::var("DXRING_MOSQUITTO").as_deref(), Ok("required"), "no mosquitto on the PATH");
        eprintln!("no mosquitto: not run");
    }
    found
}

/// Files of a certificate for a listener with TLS.
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A running mosquitto with a folder of its own.
pub struct Broker {
    program: PathBuf,
    folder: tempfile::TempDir,
    pub addr: SocketAddr,
    child: Child,
}

impl Broker {
    /// Starts one on a free port. `password`: of the user `dx`; without it everybody may in.
    pub fn start(program: &Path, password: Option<&str>, tls: Option<&Tls>) -> Broker {
        let folder = tempfile::tempdir().unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = format!("listener {} 127.0.0.1\npersistence false\nmax_queued_messages 0\n", addr.port());
        match password {
            None => config += "allow_anonymous true\n",
            Some(password) => {
                let file = folder.path().join("passwords");
                let tool = program.with_file_name("mosquitto_passwd");
                let tool = if tool.is_file() { tool } else { "/usr/bin/mosquitto_passwd".into() };
                let made = Command::new(tool).args(["-b", "-c"]).arg(&file).args(["dx", password]).status().unwrap();
                assert!(made.success());
                config += &format!("allow_anonymous false\npassword_file {}\n", file.display());
            }
        }
        // As root, mosquitto becomes the user that it finds here, and must be able to read what lies beside.
        config += "user root\n";
        if let Some(tls) = tls {
            config += &format!("certfile {}\nkeyfile {}\n", tls.certificate.display(), tls.key.display());
        }
        std::fs::write(folder.path().join("broker.conf"), config).unwrap();
        let child = Broker::spawn(program, &folder);
        let mut broker = Broker { program: program.to_path_buf(), folder, addr, child };
        broker.wait();
        broker
    }

    fn spawn(program: &Path, folder: &tempfile::TempDir) -> Child {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.path().join("broker.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn wait(&mut self) {
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(self.addr).is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none() && Instant::now() < end, "{}", log());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Again, on the same port.
    pub fn restart(&mut self) {
        self.child = Broker::spawn(&self.program, &self.folder);
        self.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Report number `n` of the network: a call of its own, `late_s` seconds ago.
pub fn report(n: u64, mode: &str, late_s: i64) -> (Vec<u8>, Vec<u8>) {
    let letter = |n: u64| (b'A' + (n % 26) as u8) as char;
    let dx = format!("K{}{}{}{}", n / 17_576 % 10, letter(n / 676), letter(n / 26), letter(n));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let text = PskText {
        sq: 1_000_000 + n,
        freq_hz: 14_074_000 + n % 3_000,
        mode,
        snr_db: -12,
        heard_s: now - late_s,
        sent_s: now - late_s - 15,
        dx: dx.as_bytes(),
        dx_grid: b"FN42",
        dx_adif: 291,
        de: b"DL1XYZ",
        de_grid: b"JO31",
        de_adif: 230,
    };
    let (mut topic, mut payload) = (Vec::new(), Vec::new());
    psk_topic(&text, &mut topic);
    psk_payload(&text, &mut payload);
    (topic, payload)
}

/// The DX call of that report.
pub fn dx_of(n: u64) -> String {
    let (_, payload) = report(n, "FT8", 0);
    let text = String::from_utf8(payload).unwrap();
    text.split("\"sc\":\"").nth(1).unwrap().split('"').next().unwrap().to_string()
}

/// One packet: first byte, length, body.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut n = body.len();
    loop {
        out.push((n % 128) as u8 | if n > 127 { 128 } else { 0 });
        n /= 128;
        if n == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

fn text(of: &[u8]) -> Vec<u8> {
    [&(of.len() as u16).to_be_bytes()[..], of].concat()
}

/// PUBLISH of QoS 0, for MQTT 3.1.1.
pub fn publish(topic: &[u8], payload: &[u8]) -> Vec<u8> {
    packet(0x30, &[text(topic), payload.to_vec()].concat())
}

/// Somebody who publishes.
pub struct Publisher {
    stream: TcpStream,
}

impl Publisher {
    pub fn connect(broker: &Broker, password: Option<&str>) -> Publisher {
        let mut stream = TcpStream::connect(broker.addr).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let flags = if password.is_some() { 0xC2 } else { 2 };
        let mut body = [text(b"MQTT"), vec![4, flags, 0, 0], text(b"publisher")].concat();
        if let Some(password) = password {
            body.extend([text(b"dx"), text(password.as_bytes())].concat());
        }
        stream.write_all(&packet(0x10, &body)).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        Publisher { stream }
    }
    pub fn say(&mut self, topic: &[u8], payload: &[u8]) {
        self.stream.write_all(&publish(topic, payload)).unwrap();
    }
    pub fn reports(&mut self, numbers: std::ops::Range<u64>) {
        let all: Vec<u8> = numbers
            .flat_map(|n| {
                let (topic, payload) = report(n, "FT8", 0);
                publish(&topic, &payload)
            })
            .collect();
        self.stream.write_all(&all).unwrap();
    }
}

/// Stands between the node and a broker. Forwards pieces of at most `piece` bytes; when frozen, nothing, and closes nothing.
pub struct Proxy {
    pub addr: SocketAddr,
    pub frozen: Arc<AtomicBool>,
    pub pieces: Arc<AtomicUsize>,
}

impl Proxy {
    pub fn start(to: SocketAddr, piece: usize) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (frozen, pieces) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let shared = (Arc::clone(&frozen), Arc::clone(&pieces));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(to) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (frozen, pieces) = shared.clone();
                    std::thread::spawn(move || forward(from, to, piece, &frozen, &pieces));
                }
            }
        });
        Proxy { addr, frozen, pieces }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, piece: usize, frozen: &AtomicBool, pieces: &AtomicUsize) {
    let mut buffer = vec![0; piece];
    let _ = from.set_read_timeout(Some(Duration::from_millis(20)));
    loop {
        if frozen.load(Relaxed) {
            std::thread::park_timeout(Duration::from_millis(20));
            continue;
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                pieces.fetch_add(1, Relaxed);
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A server that is no broker: says `says` to whoever comes, again and again if `again`, then waits for the end.
pub fn impostor(says: Vec<u8>, again: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            // CONNECT first: a close with unread bytes would be a reset.
            let _ = client.read(&mut [0; 1_024]);
            while client.write_all(&says).is_ok() && again {}
            let _ = client.shutdown(Shutdown::Write);
            while client.read(&mut [0; 1_024]).is_ok_and(|n| n > 0) {}
        }
    });
    addr
}
