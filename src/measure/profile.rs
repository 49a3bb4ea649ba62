//! Where the time goes: stacks of a sampled process, per thread, as a flame graph.
//!
//! Stacks come from our own timer ([`Sampler`]) or from `perf script` ([`Profile::read`]), and are kept folded: a line is
//! `thread;outermost;...;innermost count`.
//!
//! What a [`Sampler`] costs: SIGPROF comes `hz` times per second of CPU that the process uses, to the thread that uses it.
//! The handler walks the frame pointers and asks the kernel for each frame whether it can be read: some 20 to 40 µs in all, so
//! 199 Hz take less than 1 % of a busy core, and nobody waits for another thread in it (a sample that finds the tables taken is
//! dropped). From the first one on some 20 MB and three descriptors stay taken. The walk begins at the frame that was set up last: a
//! function without one, and the innermost one, are charged to who called them. `perf` has no such gap.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::BufRead;
use std::path::Path;

/// Stacks that differ, kept of one input; the rest is one line. 10 s at 199 Hz on 64 threads cannot make more.
const STACKS_MAX: usize = 131_072;
/// A line of the input beyond which it is no stack.
const LINE_BYTES_MAX: usize = 65_536;
/// Our own functions: what stands below them is the same for all threads and left out.
const OURS: &str = "dxring";
/// The same where a stack has none of ours, since libc keeps no frame pointer.
const BIRTHS: [&str; 6] = ["start_thread", "clone", "core::ops::function", "std::sys", "std::thread", "std::panic"];

/// A profile being taken. One at a time in a process.
pub struct Sampler {
    guard: pprof::ProfilerGuard<'static>,
}

impl Sampler {
    /// Starts `hz` samples per second of CPU time; a prime, so that no period hides between them.
    ///
    /// # Errors
    /// One line: a profile is being taken already, or there is no memory or no temporary file for it.
    pub fn start(hz: i32) -> Result<Sampler, String> {
        let guard = pprof::ProfilerGuardBuilder::default().frequency(hz).build();
        Ok(Sampler { guard: guard.map_err(|e| e.to_string())? })
    }

    /// Ends it and looks the names up, which takes a second or so of CPU on the caller's thread.
    ///
    /// # Errors
    /// One line: the samples cannot be read back.
    pub fn finish(self) -> Result<Profile, String> {
        let report = self.guard.report().build().map_err(|e| e.to_string())?;
        let mut profile = Profile::default();
        for (stack, count) in &report.data {
            let frames = stack.frames.iter().rev().flat_map(|frame| frame.iter().rev());
            profile.add(
                &stack.thread_name_or_id(),
                frames.map(|symbol| in_module(symbol.name(), &symbol.filename())),
                *count as u64,
            );
        }
        Ok(profile)
    }
}

/// Folded stacks.
#[derive(Debug, Default, PartialEq)]
pub struct Profile {
    stacks: BTreeMap<String, u64>,
    samples: u64,
}

impl Profile {
    /// Reads what `perf script -F comm,ip,sym` prints, or folded stacks.
    ///
    /// # Errors
    /// One line: the input cannot be read, or there is no stack in it.
    pub fn read(mut input: impl BufRead) -> Result<Profile, String> {
        let mut profile = Profile::default();
        let mut thread: Option<String> = None;
        let mut frames: Vec<String> = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input.read_until(b'\n', &mut line).map_err(|e| e.to_string())?;
            if line.len() > LINE_BYTES_MAX {
                return Err(format!("a line of {} bytes: no stacks", line.len()));
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() {
                if let Some(thread) = thread.take() {
                    profile.add(&thread, frames.drain(..).rev(), 1);
                }
                if read == 0 {
                    break;
                }
            } else if let Some(frame) = text.strip_prefix([' ', '\t']) {
                // `ffffffff8100 tcp_sendmsg`: an address, then the name, which may have blanks.
                let name = frame.trim_start().split_once(' ').map_or("[unknown]", |(_, name)| name);
                frames.push(name.into());
            } else if let Some((stack, count)) = folded(text) {
                let (thread, frames) = stack.split_once(';').unwrap_or((stack, ""));
                profile.add(thread, frames.split(';').filter(|f| !f.is_empty()).map(String::from), count);
            } else if !text.starts_with('#') {
                thread = Some(text.into());
            }
        }
        if profile.samples == 0 { Err("no stacks in it".into()) } else { Ok(profile) }
    }

    /// What one thread did.
    pub fn of_thread(&self, name: &str) -> Profile {
        let mut of_it = Profile::default();
        for (stack, count) in &self.stacks {
            if stack.split(';').next() == Some(name) {
                of_it.stacks.insert(stack.clone(), *count);
                of_it.samples += count;
            }
        }
        of_it
    }

    /// Names of the threads, and the samples of each, most first.
    pub fn threads(&self) -> Vec<(&str, u64)> {
        let mut threads: BTreeMap<&str, u64> = BTreeMap::new();
        for (stack, count) in &self.stacks {
            *threads.entry(stack.split(';').next().unwrap_or_default()).or_default() += count;
        }
        let mut threads: Vec<(&str, u64)> = threads.into_iter().collect();
        threads.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        threads
    }

    /// Samples in all.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// One line a stack: `thread;outermost;...;innermost count`.
    pub fn folded(&self) -> String {
        self.stacks.iter().fold(String::new(), |mut text, (stack, count)| {
            let _ = writeln!(text, "{stack} {count}");
            text
        })
    }

    /// The flame graph.
    ///
    /// # Errors
    /// One line: without a sample there is nothing to draw.
    pub fn svg(&self, title: &str) -> Result<Vec<u8>, String> {
        if self.samples == 0 {
            return Err("no sample: no thread used any CPU time".into());
        }
        let mut options = pprof::flamegraph::Options::default();
        options.title = title.into();
        // The same stacks give the same picture.
        options.deterministic = true;
        options.hash = true;
        let lines: Vec<String> = self.stacks.iter().map(|(stack, count)| format!("{stack} {count}")).collect();
        let mut svg = Vec::new();
        pprof::flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)
            .map_err(|e| e.to_string())?;
        Ok(svg)
    }

    fn add(&mut self, thread: &str, frames: impl Iterator<Item = String>, count: u64) {
        let mut stack = clean(thread.trim());
        let frames: Vec<String> = frames.map(|frame| clean(&frame)).collect();
        let is_birth = |frame: &String| {
            let bare = frame.trim_start_matches(['<', '_']);
            BIRTHS.iter().any(|birth| bare.starts_with(birth))
        };
        let ours = frames.iter().position(|frame| frame.contains(OURS));
        let from = ours.or_else(|| frames.iter().position(|frame| !is_birth(frame))).unwrap_or(0);
        for frame in frames.get(from..).filter(|frames| !frames.is_empty()).unwrap_or(&["[no frames]".into()]) {
            stack.push(';');
            stack.push_str(frame);
        }
        if self.stacks.len() >= STACKS_MAX && !self.stacks.contains_key(&stack) {
            stack = format!("{};[other stacks]", clean(thread.trim()));
        }
        *self.stacks.entry(stack).or_default() += count;
        self.samples += count;
    }
}

/// `stack count`, if that is what the line is.
fn folded(line: &str) -> Option<(&str, u64)> {
    let (stack, count) = line.rsplit_once(' ')?;
    Some((stack, count.parse().ok()?)).filter(|(stack, _)| stack.contains(';'))
}

/// A name with the module that its file stands for. Line tables know functions that were inlined by their last word only:
/// `turn` of `/home/k1abc/dxring/src/telnet/agent.rs` becomes `dxring::telnet::agent::turn`.
fn in_module(name: String, file: &str) -> String {
    let plain = name.split('<').next().unwrap_or_default();
    let Some((folders, path)) = file.rsplit_once("/src/").filter(|_| !plain.contains("::")) else { return name };
    let folder = folders.rsplit('/').next().unwrap_or_default();
    let krate = if Path::new(folders) == Path::new(env!("CARGO_MANIFEST_DIR")) { OURS } else { folder };
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    format!("{krate}::{module}::{name}")
}

/// A name as it can stand between semicolons, without the compiler's hash at its end.
fn clean(name: &str) -> String {
    let bare = match name.rsplit_once("::h") {
        Some((bare, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => bare,
        _ => name,
    };
    bare.replace(';', ",").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
# captured on: somewhere
telnet-0 
\t    ffffffff8199 tcp_sendmsg_locked
\t    7f0000000001 __send
\t    555555550001 dxring::telnet::agent::TelnetAgent::turn::h0123456789abcdef
\t    555555550002 std::sys::thread_start

parse 
\t    555555550003 <[u8; 4] as dxring::wire::Scan>::next
\t    555555550004

parse 
\t    7f0000000002 epoll_wait
\t    555555550005 <std::sys::thread::unix::Thread>::new::thread_start
\t    7f0000000003 __clone3

telnet-0 
\t    ffffffff8199 tcp_sendmsg_locked
\t    7f0000000001 __send
\t    555555550001 dxring::telnet::agent::TelnetAgent::turn::h0123456789abcdef
\t    555555550002 std::sys::thread_start
";

    #[test]
    fn perf_scripts_are_folded_by_thread() {
        let profile = Profile::read(SCRIPT.as_bytes()).unwrap();
        assert_eq!(
            profile.folded(),
            "parse;<[u8, 4] as dxring::wire::Scan>::next 1\n\
             parse;epoll_wait 1\n\
             telnet-0;dxring::telnet::agent::TelnetAgent::turn;__send;tcp_sendmsg_locked 2\n"
        );
        assert_eq!(profile.threads(), [("parse", 2), ("telnet-0", 2)]);
        // What was written is read again.
        assert_eq!(Profile::read(profile.folded().as_bytes()).unwrap(), profile);
        let one = profile.of_thread("parse");
        assert_eq!((one.samples(), one.threads()), (2, vec![("parse", 2)]));
        let svg = String::from_utf8(profile.svg("a node").unwrap()).unwrap();
        for part in ["<svg", "a node", "telnet-0 (2 samples", "TelnetAgent::turn (2 samples", "next (1 samples"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn inlined_functions_get_their_module_and_no_stack_is_empty() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/src/telnet/agent.rs");
        assert_eq!(in_module("turn".into(), here), "dxring::telnet::agent::turn");
        assert_eq!(in_module("<a::B as c::D>::e".into(), "Unknown"), "<a::B as c::D>::e");
        let alloc = "/rustc/0123/library/alloc/src/vec/mod.rs";
        assert_eq!(in_module("push<dxring::Spot>".into(), alloc), "alloc::vec::push<dxring::Spot>");
        assert_eq!(in_module("dxring::wire::scan".into(), here), "dxring::wire::scan");
        let mut bare = Profile::default();
        bare.add("dxring 2", std::iter::empty(), 3);
        assert_eq!(bare.folded(), "dxring 2;[no frames] 3\n");
        assert_eq!(Profile::read(bare.folded().as_bytes()).unwrap(), bare);
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        assert!(Profile::read(&b""[..]).is_err());
        assert!(Profile::read(&vec![b'x'; LINE_BYTES_MAX + 1][..]).is_err());
        let none = Profile::read(SCRIPT.as_bytes()).unwrap().of_thread("dedup");
        assert!(none.svg("t").unwrap_err().contains("no sample"));
    }
}
