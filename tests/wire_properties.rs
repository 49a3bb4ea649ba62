//! Properties of `wire`: no bytes make it panic, no split of them changes its answer, and what it
//! prints it reads back.

use dxring::spot::{Call, Flags, Freq, Grid, Mode, Spot, Utc};
use dxring::wire::{
    GOCLUSTER_LINE_BYTES_MAX, GOCLUSTER_LINE_BYTES_MIN, HISTORY_LINE_BYTES, Iac, LINE_BYTES_MAX, LineSplitter,
    TELNET_REPLY_BYTES_MAX, bulletin_kind, classic, comment, gocluster, history_line, is_spot_line, people_line,
    skimmer_line,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that are often special: telnet commands, line ends, digits, punctuation of the grammar.
fn hostile_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        3 => any::<u8>(),
        2 => prop::sample::select(vec![255u8, 254, 253, 252, 251, 250, 240, 31, 3, 1]),
        2 => prop::sample::select(b"\r\n\0 \t\x07:.-+#/".to_vec()),
        2 => b'0'..=b'9',
    ]
}

/// A line that begins like a spot line and goes on with words of the grammar in any order.
fn almost_a_line() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "DX",
        "de",
        "W3LPL-#:",
        "K1ABC:",
        ":",
        "14025.0",
        "10368100.0",
        "-12",
        "+",
        "-",
        "dB",
        "db-14",
        "-13dB",
        "25",
        "WPM",
        "BPS",
        "CQ",
        "CW",
        "FT8",
        "SSB",
        "BEACON",
        "NCDXF",
        "B",
        "UP",
        "QSX",
        "FN42",
        "RR73",
        "1234Z",
        "2575Z",
        "1708ZIO87",
        "K1ABC",
        "VK9X/G6AY",
        "W1AW-2",
        "60M",
        "für",
        "TX",
        "14",
        "\x07",
        "",
        "99999999999999999999.9",
    ]);
    (vec(word, 0..24), prop::sample::select(vec!["DX de ", "DX de", "DX de  ", ""]))
        .prop_map(|(words, begin)| format!("{begin}{}", words.join(" ")).into_bytes())
}

/// Reads a line by every reader; whatever it gives is printed by every printer.
fn read_and_print(line: &[u8]) -> Result<(), TestCaseError> {
    let _ = (is_spot_line(line), bulletin_kind(line));
    let parts = comment(line, Freq::from_khz(14_074));
    prop_assert!(parts.cleaned().len() <= 96);
    for read in [skimmer_line(line), people_line(line)].into_iter().flatten() {
        prop_assert!(!read.spot.dx.is_empty() && !read.spot.de.is_empty() && read.spot.freq >= Freq::LINE_MIN);
        check_printed(&read.spot)?;
        prop_assert!(read.spot.comment().iter().all(|b| *b >= b' ' && *b != 0x7F), "controls got in");
    }
    Ok(())
}

fn check_printed(spot: &Spot) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    classic(spot, &mut out);
    prop_assert_eq!(out.len(), 75);
    out.clear();
    history_line(spot, &mut out);
    prop_assert_eq!(out.len(), HISTORY_LINE_BYTES);
    for wish in [0usize, 1, 70, 76, 1_000] {
        out.clear();
        gocluster(spot, wish, &mut out);
        prop_assert!((GOCLUSTER_LINE_BYTES_MIN..=GOCLUSTER_LINE_BYTES_MAX).contains(&out.len()));
        prop_assert_eq!(out.last(), Some(&b'Z'));
    }
    Ok(())
}

fn call() -> impl Strategy<Value = Call> {
    ("[A-Z]{1,2}[0-9][A-Z]{1,3}", prop::sample::select(vec!["", "/P", "/B", "/QRP"]))
        .prop_map(|(base, suffix)| Call::literal(&format!("{base}{suffix}")))
}

/// A machine's spot as it comes from a feed.
fn skimmer_spot() -> impl Strategy<Value = Spot> {
    let modes = prop::sample::select(vec![
        (Mode::Cw, false),
        (Mode::Rtty, true),
        (Mode::Psk31, true),
        (Mode::Ft8, false),
        (Mode::Ft4, false),
    ]);
    let flags = prop::sample::select(vec![Flags(0), Flags::CQ, Flags::BEACON, Flags(Flags::BEACON.0 | Flags::NCDXF.0)]);
    let spotter = "[A-Z]{1,2}[0-9][A-Z]{1,3}(-[0-9])?-#";
    let grid = prop::option::of("[A-R]{2}[0-9]{2}".prop_filter("no locator", |g| g != "RR73"));
    (call(), spotter, 18_000u64..1_470_000, modes, -60i16..=99, 1u16..=60, flags, grid, 0i64..1_440).prop_map(
        |(dx, de, tenths, (mode, bps), snr_db, speed, flags, grid, minutes)| {
            let mut spot = Spot::empty();
            spot.dx = dx;
            spot.de = Call::literal(&de);
            spot.set_freq(Freq::from_hz(tenths * 100));
            spot.set_mode(mode);
            spot.set_snr(Some(snr_db));
            spot.flags.set(flags, true);
            spot.flags.set(Flags::SKIMMER, true);
            spot.flags.set(Flags::BEACON, flags.has(Flags::BEACON) || dx.as_bytes().ends_with(b"/B"));
            if matches!(mode, Mode::Ft8 | Mode::Ft4) {
                spot.dx_grid = grid.and_then(|g| Grid::parse(g.as_bytes())).unwrap_or(Grid::NONE);
            } else {
                spot.speed = speed;
                spot.flags.set(Flags::SPEED_BPS, bps);
            }
            spot.time = Utc::from_ms(minutes * 60_000);
            spot
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_a_reader_panic(line in vec(hostile_byte(), 0..200)) {
        read_and_print(&line)?;
        read_and_print(&[b"DX de ", &line[..]].concat())?;
        read_and_print(&[b"DX de K1ABC-#: 14025.0 DL1ABC ", &line[..]].concat())?;
    }

    #[test]
    fn no_order_of_words_makes_a_reader_panic(line in almost_a_line()) {
        read_and_print(&line)?;
    }

    #[test]
    fn no_spot_from_a_damaged_file_makes_a_printer_panic(bytes in vec(any::<u8>(), 256)) {
        check_printed(&bytemuck::pod_read_unaligned(&bytes))?;
    }

    #[test]
    fn lines_do_not_depend_on_how_bytes_are_split(
        runs in vec((hostile_byte(), prop::sample::select(vec![1usize, 1, 1, 1, 400, 1_024])), 0..60),
        cuts in vec(0usize..60_000, 0..40),
    ) {
        let bytes: Vec<u8> = runs.into_iter().flat_map(|(byte, times)| std::iter::repeat_n(byte, times)).collect();
        let run = |pieces: &[&[u8]]| {
            let mut splitter = LineSplitter::new();
            let mut lines = Vec::new();
            for piece in pieces {
                splitter.push(piece, |line| lines.push(line.to_vec()));
            }
            (lines, splitter.too_long(), splitter.pending_bytes())
        };
        let whole = run(&[&bytes]);
        prop_assert!(whole.0.iter().all(|line| line.len() <= LINE_BYTES_MAX));
        prop_assert_eq!(&whole, &run(&pieces(&bytes, &cuts)));
        prop_assert_eq!(&whole, &run(&bytes.chunks(1).collect::<Vec<_>>()));
    }

    #[test]
    fn telnet_does_not_depend_on_how_bytes_are_split(
        bytes in vec(hostile_byte(), 0..2_000),
        cuts in vec(0usize..2_000, 0..40),
        server in any::<bool>(),
    ) {
        let run = |pieces: &[&[u8]]| {
            let mut iac = if server { Iac::server() } else { Iac::client() };
            let (mut data, mut replies) = (Vec::new(), Vec::new());
            for piece in pieces {
                iac.feed(piece, &mut data, &mut replies);
            }
            (data, replies, iac.window())
        };
        let whole = run(&[&bytes]);
        prop_assert!(whole.0.len() <= bytes.len() && whole.1.len() <= TELNET_REPLY_BYTES_MAX);
        prop_assert_eq!(&whole, &run(&pieces(&bytes, &cuts)));
        prop_assert_eq!(&whole, &run(&bytes.chunks(1).collect::<Vec<_>>()));
    }

    #[test]
    fn a_machines_spot_is_read_back_from_its_classic_line(spot in skimmer_spot()) {
        let mut line = Vec::new();
        classic(&spot, &mut line);
        let shown = String::from_utf8_lossy(&line).into_owned();
        for read in [skimmer_line(&line), people_line(&line)] {
            let read = read.map_err(|fault| TestCaseError::fail(format!("{fault:?}: {shown}")))?;
            let (got, time) = (read.spot, read.time.unwrap());
            prop_assert_eq!((got.dx, got.de, got.freq), (spot.dx, spot.de, spot.freq), "{}", shown);
            prop_assert_eq!((got.mode(), got.snr(), got.speed), (spot.mode(), spot.snr(), spot.speed), "{}", shown);
            prop_assert_eq!((got.flags, got.dx_grid), (spot.flags, spot.dx_grid), "{}", shown);
            prop_assert_eq!(got.comment(), b"", "{}", shown);
            prop_assert_eq!((u32::from(time.hour), u32::from(time.minute)), spot.time.hour_minute(), "{}", shown);
        }
    }

    #[test]
    fn what_a_person_wrote_is_read_back(dx in call(), de in call(), text in "[!-~]([ -~]{0,28}[!-~])?") {
        let mut spot = Spot::empty();
        spot.dx = dx;
        spot.de = de;
        spot.set_freq(Freq::from_khz(14_195));
        spot.set_comment(text.as_bytes());
        let mut line = Vec::new();
        classic(&spot, &mut line);
        let read = people_line(&line).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        prop_assert_eq!(read.spot.comment(), text.as_bytes());
        prop_assert_eq!((read.spot.dx, read.spot.de), (dx, de));
        prop_assert!(read.time.is_some());
    }
}

/// The bytes in pieces that end at the given places.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut out = Vec::new();
    let mut from = 0;
    for cut in cuts {
        out.push(&bytes[from..cut]);
        from = cut;
    }
    out.push(&bytes[from..]);
    out
}
