//! Pipeline 27.3, clients 9.2: `strict line` or `gentle line` → the fields read, or `refused reason`;
//! `split line` → how many lines come out of the splitter, how many were too long.

use super::show;
use dxring::wire::{LINE_BYTES_MAX, LineSplitter, people_line, skimmer_line};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let space = given.iter().position(|&b| b == b' ').unwrap_or(given.len());
    let (verb, line) = (&given[..space], given.get(space + 1..).unwrap_or(b""));
    match verb {
        b"strict" => Ok(show::line(skimmer_line(line))),
        b"gentle" => Ok(show::line(people_line(line))),
        b"split" => {
            // The line is repeated until it is one byte longer than the bound; another follows it.
            let mut bytes: Vec<u8> = line.iter().copied().cycle().take(LINE_BYTES_MAX + 1).collect();
            bytes.extend_from_slice(b"\r\nnext\r\n");
            let mut splitter = LineSplitter::new();
            let mut got = Vec::new();
            splitter.push(&bytes, |line| got.extend_from_slice(line));
            Ok(format!("{} too long, then {}", splitter.too_long(), got.escape_ascii()).into_bytes())
        }
        _ => Err(format!("verb {}", verb.escape_ascii())),
    }
}
