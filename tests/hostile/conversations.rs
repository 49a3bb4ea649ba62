//! The conversations of tests/conversations with the real node.

use super::bench::{node, stop};
use super::script;

/// What only the bench of tests/conversations.rs has: its users and its clock.
const OF_THE_BENCH: [&str; 3] = ["Users: 6,", "1h 59m", "sh/c/n"];

#[test]
fn scripts_for_sockets_play_with_the_real_node() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let running = node(|_| {});
    let (mut played, mut faults) = (0, Vec::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "txt")) {
        let text = std::fs::read_to_string(file).unwrap();
        if !script::is_for_sockets(&text) || OF_THE_BENCH.iter().any(|words| text.contains(words)) {
            continue;
        }
        played += 1;
        let mut client = script::Tcp::connect(running.telnet).unwrap();
        if let Err(why) = script::play(&text, &mut client) {
            faults.push(format!("{}\n{why}", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(played >= 8, "only {played} scripts are for sockets");
    stop(running);
}
