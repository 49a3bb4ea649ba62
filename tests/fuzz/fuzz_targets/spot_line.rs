//! Spot lines, machines' and people's: no bytes panic, and what is read is printed in its length.
#![no_main]

use dxring::spot::Freq;
use dxring::wire::{
    LineFormat, LineStyle, SPOT_LINE_BYTES_MAX, bulletin_kind, classic, comment, gocluster, history_line, history_line_cc,
    is_spot_line, people_line, skimmer_line, spot_line,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    let _ = (is_spot_line(line), bulletin_kind(line), comment(line, Freq::from_khz(14_074)));
    // Most random bytes are no spot line: the second reading goes past its head.
    let headed = [b"DX de K1ABC-#: 14025.0 DL1ABC ", line].concat();
    for line in [line, &headed] {
        for read in [skimmer_line(line), people_line(line)].into_iter().flatten() {
            let mut out = Vec::new();
            classic(&read.spot, &mut out);
            assert_eq!(out.len(), 75);
            gocluster(&read.spot, 0, &mut out);
            history_line(&read.spot, &mut out);
            history_line_cc(&read.spot, &mut out);
            for format in [LineFormat::Classic, LineFormat::Gocluster, LineFormat::Cc11, LineFormat::Json] {
                out.clear();
                spot_line(&read.spot, LineStyle::of(format), &mut out);
                assert!(out.len() <= SPOT_LINE_BYTES_MAX && out.iter().all(|b| matches!(b, b' '..=b'~')));
            }
            assert!(read.spot.comment().iter().all(|b| *b >= b' ' && *b != 0x7F));
        }
    }
});
