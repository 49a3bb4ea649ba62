//! Telnet filter and line splitter: the answer does not depend on how the bytes are split.
#![no_main]

use dxring::wire::{Iac, LINE_BYTES_MAX, LineSplitter, TELNET_REPLY_BYTES_MAX};
use libfuzzer_sys::fuzz_target;

/// What a connection makes of the bytes: lines, replies, lines too long, bytes pending.
fn run(iac: Iac, bytes: &[u8], piece_bytes: usize) -> (Vec<Vec<u8>>, Vec<u8>, u64, usize) {
    let mut iac = iac;
    let mut splitter = LineSplitter::new();
    let (mut lines, mut replies, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for piece in bytes.chunks(piece_bytes) {
        data.clear();
        iac.feed(piece, &mut data, &mut replies);
        splitter.push(&data, |line| lines.push(line.to_vec()));
    }
    assert!(replies.len() <= TELNET_REPLY_BYTES_MAX);
    assert!(lines.iter().all(|line| line.len() <= LINE_BYTES_MAX));
    (lines, replies, splitter.too_long(), splitter.pending_bytes())
}

fuzz_target!(|input: &[u8]| {
    let Some((&piece_bytes, bytes)) = input.split_first() else { return };
    for iac in [Iac::server(), Iac::client()] {
        let whole = run(iac.clone(), bytes, bytes.len().max(1));
        assert_eq!(whole, run(iac.clone(), bytes, 1));
        assert_eq!(whole, run(iac, bytes, usize::from(piece_bytes).max(1)));
    }
});
