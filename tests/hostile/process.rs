//! The real program: signals, descriptors that run out, starts that cannot be.

use super::bench::{FeedServer, NODE, PATIENCE, User, call, spot_line, until_some};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const DXRING: &str = env!("CARGO_BIN_EXE_dxring");
/// The promise about SIGTERM.
const STOP_MAX: Duration = Duration::from_secs(5);

/// A node in a process of its own. Killed when dropped.
struct Process {
    child: Child,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    address: SocketAddr,
}

impl Process {
    /// Starts it with its data in `data`, after `shell` has been done in its shell.
    fn start(shell: &str, data: &Path, sets: &[String]) -> Process {
        let script = format!("{shell} exec \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &script, "sh", DXRING])
            .args(arguments(data, sets))
            .current_dir(data.parent().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        let mut pipe = BufReader::new(child.stderr.take().unwrap());
        let text = Arc::clone(&stderr);
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            while pipe.read_line(&mut line).is_ok_and(|read| read > 0) {
                text.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        let address = until_some("the node says where users connect", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{status}: {}", stderr.lock().unwrap());
            }
            let text = stderr.lock().unwrap();
            let (_, after) = text.split_once("users: telnet 127.0.0.1 ")?;
            let port = after.split_once('\n')?.0.trim().parse().unwrap();
            Some(SocketAddr::from(([127, 0, 0, 1], port)))
        });
        Process { child, stderr, reader: Some(reader), address }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Its end, and everything that it wrote.
    fn end(mut self) -> (ExitStatus, String) {
        let status = until_some("the process ends", || self.child.try_wait().unwrap());
        self.reader.take().unwrap().join().unwrap();
        let text = self.stderr.lock().unwrap().clone();
        (status, text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn arguments(data: &Path, sets: &[String]) -> Vec<String> {
    let mut arguments = vec!["run".into(), "--data".into(), data.display().to_string()];
    let own = [format!("callsign={NODE}"), "placement.pin=false".into(), "telnet.listen=127.0.0.1:0".into()];
    // Later ones win.
    for set in own.iter().chain(sets) {
        arguments.extend(["--set".into(), set.clone()]);
    }
    arguments
}

/// A start that must fail: what it writes.
fn failing(folder: &Path, arguments: &[String]) -> Output {
    let output = Command::new(DXRING).args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
    output
}

/// The only line of a failed start. Warnings in the log, about other things, begin with their time.
fn one_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = text.lines().filter(|line| !(line.starts_with("20") && line.contains(" WARN "))).collect();
    assert_eq!(said.len(), 1, "{text}");
    said[0].into()
}

#[test]
fn sigterm_under_load_drains_says_goodbye_and_balances() {
    const USERS: usize = 20;
    /// Spots that every user has before the signal.
    const WARM: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let mut server = FeedServer::new();
    let feed = server.feed("rbn");
    let sets = [
        "feeds.rbn.enabled=true".into(),
        "feeds.rbn.host=127.0.0.1".into(),
        format!("feeds.rbn.port={}", feed.port),
        "feeds.rbn.max_age_s=0".into(),
    ];
    let node = Process::start("", &folder.path().join("data"), &sets);
    let mut stream = server.log_in();
    let users: Vec<User> = (0..USERS).map(|n| User::log_in(node.address, &call(n))).collect();
    // As fast as the node takes them, until it closes the connection.
    let load = std::thread::spawn(move || {
        let mut sent = 0;
        while stream.write_all(spot_line(&call(1_000 + sent)).as_bytes()).is_ok() {
            sent = (sent + 1) % 170_000;
        }
    });
    let warm = Arc::new(Barrier::new(USERS + 1));
    let readers: Vec<_> = users
        .into_iter()
        .map(|mut user| {
            let warm = Arc::clone(&warm);
            std::thread::spawn(move || {
                for _ in 0..WARM {
                    user.spot();
                }
                warm.wait();
                user.rest()
            })
        })
        .collect();
    warm.wait();
    let asked = Instant::now();
    node.signal("TERM");
    let (status, report) = node.end();
    let took = asked.elapsed();
    assert_eq!(status.code(), Some(0), "{report}");
    assert!(took <= STOP_MAX, "took {took:?}");
    load.join().unwrap();
    for reader in readers {
        let rest = reader.join().unwrap();
        assert!(rest.contains(&format!("{NODE} is going down, 73")), "{}", &rest[rest.len().saturating_sub(300)..]);
    }
    let last = &report[report.rfind("-- GB7XYZ at ").expect("a last report")..];
    let (_, books) = last.split_once("balance\n").unwrap();
    let books = books.lines().take_while(|line| !line.starts_with("ring "));
    let rows: Vec<&str> = books.filter(|line| !line.starts_with(' ')).collect();
    assert!(rows.len() >= 8 && rows.iter().all(|row| row.ends_with("  ok")), "{last}");
    assert!(rows.iter().any(|row| row.starts_with("parse/rbn")), "{last}");
}

#[test]
fn without_descriptors_it_refuses_politely_and_recovers() {
    const DESCRIPTORS: usize = 64;
    let folder = tempfile::tempdir().unwrap();
    let node = Process::start(&format!("ulimit -n {DESCRIPTORS};"), &folder.path().join("data"), &[]);
    let mut crowd: Vec<TcpStream> = (0..2 * DESCRIPTORS)
        .map(|_| {
            let stream = TcpStream::connect_timeout(&node.address, PATIENCE).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .collect();
    // Nobody is left without an answer: each hears the prompt or the refusal.
    let mut heard = vec![String::new(); crowd.len()];
    until_some("everybody is answered", || {
        let mut bytes = [0; 256];
        for (stream, heard) in crowd.iter_mut().zip(&mut heard) {
            match stream.read(&mut bytes) {
                Ok(read) => heard.push_str(&String::from_utf8_lossy(&bytes[..read])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error} after {heard:?}"),
            }
        }
        heard.iter().all(|text| text.ends_with("call: ") || text.ends_with("\r\n")).then_some(())
    });
    let refused = heard.iter().filter(|text| text.contains("Sorry, this node is full.")).count();
    let served = heard.iter().filter(|text| text.ends_with("call: ")).count();
    assert_eq!(served + refused, heard.len(), "{heard:?}");
    assert!(served > 0 && served < DESCRIPTORS && refused > 0, "{served} served, {refused} refused");
    // They go, and the next one is served.
    drop(crowd);
    // One that is served may still be the last before some of the crowd's ends are noticed: several in a row are not.
    let mut in_a_row = 0;
    until_some("there is room again", || {
        let mut stream = TcpStream::connect_timeout(&node.address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = [0; 256];
        let read = stream.read(&mut bytes).unwrap_or(0);
        in_a_row = if bytes[..read].ends_with(b"call: ") { in_a_row + 1 } else { 0 };
        (in_a_row == 10).then_some(())
    });
    let mut user = User::log_in(node.address, "K1ABC");
    user.say("SHOW/TIME");
    user.line_with("UTC");
    node.signal("TERM");
    let (status, text) = node.end();
    assert_eq!(status.code(), Some(0), "{text}");
}

#[test]
fn a_second_node_on_the_same_data_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Process::start("", &data, &[]);
    let line = one_line(&failing(folder.path(), &arguments(&data, &[])));
    assert!(line.contains(&format!("another dxring (process {})", first.child.id())), "{line}");
    assert!(line.contains("--data"), "names the remedy: {line}");
    User::log_in(first.address, "K1ABC");
}

#[test]
fn a_taken_port_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("telnet.listen={}", other.local_addr().unwrap());
    let output = failing(folder.path(), &arguments(&folder.path().join("data"), std::slice::from_ref(&listen)));
    let line = one_line(&output);
    assert!(line.contains(&listen.replace('=', " = ")) && line.contains("in use"), "{line}");
}

#[test]
fn a_mistake_in_the_configuration_is_one_line_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("club.ron"), "(\n    // A club.\n    telnet: (slow_close_s: \"soon\"),\n)\n")
        .unwrap();
    let line = one_line(&failing(folder.path(), &["run".into(), "--config".into(), "club.ron".into()]));
    assert!(line.starts_with("club.ron:3:") && line.contains("slow_close_s"), "{line}");
}
