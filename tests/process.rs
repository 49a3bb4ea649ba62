//! The program as an operator starts it: signals, exit status, locks, descriptors.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);

/// A running node: its address is read from its log.
struct Process {
    child: Child,
    port: u16,
    log: std::sync::mpsc::Receiver<String>,
    said: String,
}

impl Process {
    fn start(folder: &Path, descriptors: u32, more: &[&str]) -> Process {
        let program = env!("CARGO_BIN_EXE_dxring");
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -n {descriptors}; exec \"$0\" \"$@\""))
            .arg(program)
            .args(["run", "--set", "telnet.listen=127.0.0.1:0", "--set", "placement.pin=false"])
            .args(more)
            .current_dir(folder)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (tx, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Process { child, port: 0, log, said: String::new() };
        let line = process.says("users: telnet 127.0.0.1 ");
        process.port = line.rsplit(' ').next().unwrap().trim().parse().unwrap();
        process
    }
    /// Waits for a line of the log.
    fn says(&mut self, text: &str) -> String {
        let end = Instant::now() + DEADLINE;
        while let Ok(line) = self.log.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(text) {
                return line;
            }
        }
        panic!("never said {text:?}:\n{}", self.said);
    }
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        stream
    }
    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
    fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "did not end:\n{}", self.said);
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads until a text comes or the connection ends.
fn hears(stream: &mut TcpStream, text: &str, heard: &mut String) -> bool {
    let end = Instant::now() + DEADLINE;
    let mut buf = [0; 4096];
    while !heard.contains(text) && Instant::now() < end {
        match stream.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => heard.push_str(&String::from_utf8_lossy(&buf[..n])),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    heard.contains(text)
}

/// Nothing configured: log in, see spots within two seconds, get a report on SIGUSR1, a farewell and
/// status 0 on SIGTERM, histograms in the folder asked for.
#[test]
fn a_newcomer_sees_spots_and_an_operator_stops_it_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = Process::start(folder.path(), 1024, &["--hgrm", "hgrm"]);
    let mut user = node.connect();
    let mut heard = String::new();
    assert!(hears(&mut user, "call: ", &mut heard));
    user.write_all(b"k1abc\r\n").unwrap();
    assert!(hears(&mut user, "dxspider >", &mut heard), "{heard}");
    let logged_in = Instant::now();
    assert!(hears(&mut user, "DX de ", &mut heard), "{heard}");
    assert!(logged_in.elapsed() < Duration::from_secs(2), "{:?}", logged_in.elapsed());
    node.signal("-USR1");
    node.says("deliveries 0");
    node.signal("-TERM");
    let asked = Instant::now();
    assert!(hears(&mut user, "going down", &mut heard), "{heard}");
    assert_eq!(node.ends().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let report = node.says("stopped");
    assert!(!report.is_empty());
    assert!(folder.path().join("hgrm/end-to-end.hgrm").exists());
    assert!(!node.said.lines().any(|l| l.contains("balance") && l.contains('+')), "{}", node.said);
}

/// A second start on the same data folder is one line and status 1, and the first one does not notice.
#[test]
fn a_second_start_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = Process::start(folder.path(), 1024, &[]);
    let second = Command::new(env!("CARGO_BIN_EXE_dxring")).current_dir(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.lines().count() == 1 && text.contains("data folder"), "{text}");
    let mut heard = String::new();
    assert!(hears(&mut node.connect(), "call: ", &mut heard));
}

/// A second node on the port of the first is refused too, from whatever folder: sharing the port would take half its users.
#[test]
fn a_second_node_on_one_port_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Process::start(folder.path(), 1024, &[]);
    let listen = format!("telnet.listen=127.0.0.1:{}", node.port);
    let mut second = Command::new(env!("CARGO_BIN_EXE_dxring"));
    let second = second.current_dir(other.path()).args(["run", "--set", &listen]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.contains("telnet.listen") && text.contains("choose another"), "{text}");
    let mut heard = String::new();
    assert!(hears(&mut node.connect(), "call: ", &mut heard));
}

/// An operator's mistake is one line with its place, and status 1.
#[test]
fn a_mistake_in_the_configuration_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.ron");
    std::fs::write(&file, "(\n    telnet: (\n        lisen: \"[::]:7300\",\n    ),\n)\n").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_dxring")).args(["run", "--config"]).arg(&file).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let text = String::from_utf8_lossy(&run.stderr);
    assert!(
        text.lines().count() == 1 && text.contains("node.ron:3:") && text.contains("did you mean `listen`"),
        "{text}"
    );
}

/// Out of descriptors: whoever comes is told, and when some leave, the next ones get in.
#[test]
fn a_node_without_descriptors_refuses_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let node = Process::start(folder.path(), 64, &[]);
    let mut crowd: Vec<TcpStream> = (0..100).map(|_| node.connect()).collect();
    let mut inside = 0;
    let mut told = 0;
    for stream in &mut crowd {
        let mut heard = String::new();
        let end = Instant::now() + DEADLINE;
        while heard.is_empty() && Instant::now() < end {
            let mut buf = [0; 512];
            match stream.read(&mut buf) {
                Ok(0) => break,
                Ok(n) => heard.push_str(&String::from_utf8_lossy(&buf[..n])),
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        if heard.contains("call: ") {
            inside += 1;
        } else if !heard.is_empty() {
            told += 1;
        }
    }
    assert!(inside >= 10 && told >= 10 && inside + told == 100, "{inside} inside, {told} told");
    drop(crowd);
    let mut heard = String::new();
    let end = Instant::now() + DEADLINE;
    while !heard.contains("call: ") && Instant::now() < end {
        heard.clear();
        hears(&mut node.connect(), "call: ", &mut heard);
    }
    assert!(heard.contains("call: "), "nobody gets in any more: {heard}");
}

/// A capture played twice gives the same bytes, and its books balance.
#[test]
fn a_replay_is_the_same_every_time() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay/captures/band_2026-03-01.txt");
    let play = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_dxring")).arg("replay").args(more).arg(&file).output().unwrap()
    };
    let (first, second) = (play(&[]), play(&[]));
    assert!(first.status.success() && !first.stdout.is_empty(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, second.stdout);
    let summary = play(&["--summary"]);
    assert!(
        String::from_utf8_lossy(&summary.stdout).contains("balance: ok"),
        "{}",
        String::from_utf8_lossy(&summary.stdout)
    );
}

/// SIGUSR2: one flame graph at a time, in the data folder, with the threads' names; without a folder one line, and the node goes on.
#[test]
fn a_node_profiles_itself_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = Process::start(folder.path(), 1024, &[]);
    let mut user = node.connect();
    let mut heard = String::new();
    assert!(hears(&mut user, "call: ", &mut heard));
    user.write_all(b"k1abc\r\nset/page 0\r\n").unwrap();
    node.signal("-USR2");
    // Two signals that wait are one: the second comes when the first was taken.
    node.says("a profile is being taken");
    // A question each, so that there is something to sample.
    let done = AtomicBool::new(false);
    let log = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut buf = [0; 65_536];
            while !done.load(Relaxed) {
                user.write_all(b"help filters\r\n").unwrap();
                let _ = user.read(&mut buf);
            }
        });
        node.signal("-USR2");
        let log = node.says(" profile: ");
        done.store(true, Relaxed);
        log
    });
    assert!(node.said.contains("SIGUSR2 ignored"), "{}", node.said);
    let name = log.split(" profile: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let svg = std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(svg.contains("<title>telnet-0 (") || svg.contains("<title>all ("), "{log}");
    let folded = std::fs::read_to_string(folder.path().join(name).with_extension("folded")).unwrap();
    assert!(folded.contains("dxring::telnet"), "{folded}");
    // Only root can write where nobody may; but nobody can write where nothing is.
    std::fs::remove_dir_all(folder.path().join("dxring-data")).unwrap();
    node.signal("-USR2");
    node.says("no profile: ");
    assert!(hears(&mut node.connect(), "call: ", &mut String::new()));
    node.signal("-TERM");
    assert_eq!(node.ends().code(), Some(0));
}
