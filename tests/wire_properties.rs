//! Properties of `wire`: no bytes make it panic, no split of them changes its answer, and what it
//! prints it reads back.

use dxring::spot::{Band, Call, Class, Flags, Freq, Grid, Mode, Spot, State, Utc};
use dxring::wire::{
    GOCLUSTER_LINE_BYTES_MAX, GOCLUSTER_LINE_BYTES_MIN, HISTORY_LINE_BYTES, HISTORY_LINE_CC_BYTES_MAX, Iac,
    LINE_BYTES_MAX, LineFormat, LineSplitter, LineStyle, SPOT_LINE_BYTES_MAX, TELNET_REPLY_BYTES_MAX, Trailers,
    bulletin_kind, classic, comment, gocluster, history_line, history_line_cc, is_spot_line, people_line, skimmer_line,
    spot_line,
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

fn is_plain(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' '..=b'~'))
}

/// Text of a person in UTF-8, and nothing that moves a terminal's cursor or turns its text.
fn is_harmless(line: &[u8]) -> bool {
    let turns =
        |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    std::str::from_utf8(line).is_ok_and(|text| !text.chars().any(|c| c.is_control() || turns(c)))
}

fn check_printed(spot: &Spot) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    classic(spot, &mut out);
    prop_assert_eq!(out.len(), 75);
    out.clear();
    history_line(spot, &mut out);
    prop_assert_eq!(out.len(), HISTORY_LINE_BYTES);
    history_line_cc(spot, &mut out);
    prop_assert!(out.len() <= HISTORY_LINE_BYTES + HISTORY_LINE_CC_BYTES_MAX);
    prop_assert!(is_harmless(&out));
    for wish in [0usize, 1, 70, 76, 1_000] {
        out.clear();
        gocluster(spot, wish, &mut out);
        prop_assert!((GOCLUSTER_LINE_BYTES_MIN..=GOCLUSTER_LINE_BYTES_MAX).contains(&out.len()));
        prop_assert_eq!(out.last(), Some(&b'Z'));
    }
    Ok(())
}

/// Any style at all, also one that no command makes.
fn any_style() -> impl Strategy<Value = LineStyle> {
    let formats =
        prop::sample::select(vec![LineFormat::Classic, LineFormat::Gocluster, LineFormat::Cc11, LineFormat::Json]);
    (formats, any::<u8>(), any::<u8>(), any::<[bool; 3]>(), prop_oneof![Just(0), any::<u8>()]).prop_map(
        |(format, width, trailers, [beep, bare_skimmers, two_decimals], diag)| LineStyle {
            format,
            width,
            trailers: Trailers(trailers),
            beep,
            bare_skimmers,
            two_decimals,
            diag,
        },
    )
}

/// What holds for every style and every spot, damaged ones too.
fn check_styled(spot: &Spot, style: LineStyle) -> Result<(), TestCaseError> {
    let mut out = b"before".to_vec();
    spot_line(spot, style, &mut out);
    let line = out.strip_prefix(b"before").unwrap();
    let shown = line.escape_ascii().to_string();
    prop_assert!(!line.is_empty() && line.len() <= SPOT_LINE_BYTES_MAX, "{}", shown);
    let beeps = style.beep && matches!(style.format, LineFormat::Classic | LineFormat::Gocluster);
    let text = if beeps { line.strip_suffix(b"\x07\x07").unwrap() } else { line };
    let may_have_letters = style.format == LineFormat::Classic;
    prop_assert!(if may_have_letters { is_harmless(text) } else { is_plain(text) }, "{}", shown);
    match style.format {
        LineFormat::Classic => prop_assert!(!text.ends_with(b" "), "{}", shown),
        LineFormat::Gocluster => prop_assert!(text.len() == 76 && text.ends_with(b"Z"), "{}", shown),
        LineFormat::Cc11 => {
            prop_assert_eq!(line.split(|b| *b == b'^').count(), 20, "{}", shown);
            prop_assert!(!text.ends_with(b" "), "{}", shown);
        }
        LineFormat::Json => check_json(spot, line)?,
    }
    let mut effective = Vec::new();
    spot_line(spot, style.effective(), &mut effective);
    prop_assert_eq!(line, effective, "an option without effect had one");
    Ok(())
}

/// An independent reader finds every field of the spot in the object.
fn check_json(spot: &Spot, line: &[u8]) -> Result<(), TestCaseError> {
    let object: serde_json::Value =
        serde_json::from_slice(line).map_err(|e| TestCaseError::fail(format!("{e}: {}", line.escape_ascii())))?;
    let known = |number: u16| if number == 0 { serde_json::Value::Null } else { number.into() };
    let named = |name: &str| if name.is_empty() { serde_json::Value::Null } else { name.into() };
    // Bytes that are no UTF-8 come as replacement characters, like here.
    let text = |bytes: &[u8]| named(&String::from_utf8_lossy(bytes));
    let us = |ns: u32| if ns == 0 { serde_json::Value::Null } else { (ns / 1_000).into() };
    let flag = |flag: Flags| serde_json::Value::from(spot.flags.has(flag));
    prop_assert_eq!(object.as_object().map(|o| o.len()), Some(45));
    for (key, want) in [
        ("seq", spot.seq.into()),
        ("time_told", flag(Flags::TIME_TOLD)),
        ("dx_adif", known(spot.dx_adif)),
        ("dx_continent", named(spot.dx_continent().name())),
        ("dx_cq", known(spot.dx_cq.into())),
        ("dx_itu", known(spot.dx_itu.into())),
        ("dx_state", named(State(spot.dx_state).code())),
        ("dx_grid", text(spot.dx_grid.as_bytes())),
        ("dx_grid_derived", flag(Flags::DX_GRID_DERIVED)),
        ("de", text(spot.de.as_bytes())),
        ("de_adif", known(spot.de_adif)),
        ("de_continent", named(spot.de_continent().name())),
        ("de_cq", known(spot.de_cq.into())),
        ("de_itu", known(spot.de_itu.into())),
        ("de_state", named(State(spot.de_state).code())),
        ("de_grid", text(spot.de_grid.as_bytes())),
        ("de_grid_derived", flag(Flags::DE_GRID_DERIVED)),
        ("freq_hz", spot.freq.hz().into()),
        ("band", named(if spot.band() == Band::None { "" } else { spot.band().name() })),
        ("mode", named(spot.mode().name())),
        ("mode_inferred", flag(Flags::MODE_INFERRED)),
        ("snr_db", spot.snr().map_or(serde_json::Value::Null, Into::into)),
        ("speed", known(spot.speed)),
        ("comment", String::from_utf8_lossy(spot.comment()).into()),
        ("comment_cut", flag(Flags::COMMENT_CUT)),
        ("skimmer", flag(Flags::SKIMMER)),
        ("cq", flag(Flags::CQ)),
        ("beacon", flag(Flags::BEACON)),
        ("ncdxf", flag(Flags::NCDXF)),
        ("class", spot.class().name().into()),
        ("feed", if spot.feed == 255 { serde_json::Value::Null } else { spot.feed.into() }),
        ("line", spot.line.into()),
        ("node", text(spot.node.as_bytes())),
        ("hops_left", spot.hops.into()),
        ("post", flag(Flags::POST)),
        ("test_spotter", flag(Flags::TEST_SPOTTER)),
        ("simulated", flag(Flags::SIMULATED)),
        ("read_ns", spot.read_ns.into()),
        ("latency_us", us(spot.hop_ns.into_iter().rfind(|ns| *ns > 0).unwrap_or(0))),
    ] {
        prop_assert_eq!(&object[key], &want, "{}", key);
    }
    for (i, point) in ["parsed", "corrected", "published", "taken"].into_iter().enumerate() {
        prop_assert_eq!(&object["hop_us"][point], &us(spot.hop_ns[i]));
    }
    for (i, policy) in ["fast", "med", "slow", "update"].into_iter().enumerate() {
        prop_assert_eq!(&object["verdicts"][policy], &serde_json::Value::from(spot.verdicts.0 & 1 << i != 0));
    }
    let time = object["time"].as_str().and_then(|t| t.strip_suffix('Z')).unwrap_or_default();
    if (0..253_402_300_800_000).contains(&spot.time.ms()) {
        let whole = Utc::parse(&time[..19]).map(|(utc, _)| utc.ms() + time[20..].parse::<i64>().unwrap());
        prop_assert_eq!(whole, Some(spot.time.ms()));
    }
    Ok(())
}

/// What a program that splits at carets takes from a spot of a feed (clients 5.3).
fn check_cc11(spot: &Spot, style: LineStyle) -> Result<(), TestCaseError> {
    let mut line = Vec::new();
    spot_line(spot, LineStyle { format: LineFormat::Cc11, diag: 0, ..style }, &mut line);
    let shown = String::from_utf8_lossy(&line).into_owned();
    let fields: Vec<&str> = shown.split('^').collect();
    let de = spot.de.as_str();
    let known = |n: u16| if n == 0 { String::new() } else { n.to_string() };
    let grid = |grid: &Grid| grid.as_str().get(..4).unwrap_or("").to_string();
    let want = [
        (0, "CC11".to_string()),
        (2, spot.dx.to_string()),
        (3, spot.time.date_text()),
        (4, spot.time.hhmmz()),
        (6, if style.bare_skimmers { de.trim_end_matches("-#").to_string() } else { de.to_string() }),
        (7, known(spot.dx_adif)),
        (8, known(spot.de_adif)),
        (9, spot.node.to_string()),
        (10, known(spot.dx_itu.into())),
        (11, known(spot.dx_cq.into())),
        (12, known(spot.de_itu.into())),
        (13, known(spot.de_cq.into())),
        (14, State(spot.dx_state).code().to_string()),
        (15, State(spot.de_state).code().to_string()),
        (18, grid(&spot.dx_grid)),
        (19, grid(&spot.de_grid)),
    ];
    for (at, want) in want {
        prop_assert_eq!(fields[at], want, "field {} of {}", at, shown);
    }
    prop_assert_eq!(Freq::parse_khz(fields[1].as_bytes()), Some(spot.freq), "{}", shown);
    let parts = comment(fields[5].as_bytes(), spot.freq);
    prop_assert_eq!((parts.mode, parts.snr), (spot.mode(), spot.snr()), "{}", shown);
    Ok(())
}

/// What dh1tw's parser slices out of a line of 80 columns (clients 5.7).
fn check_slices(spot: &Spot, line: &[u8], grid: &str) -> Result<(), TestCaseError> {
    let shown = String::from_utf8_lossy(line).into_owned();
    let field = |from: usize, to: usize| shown.get(from..to.min(shown.len())).unwrap_or("").trim().to_string();
    prop_assert_eq!(field(6, 15), format!("{}:", spot.de), "{}", shown);
    let khz = spot.freq.hz() as f64 / 1000.0;
    prop_assert_eq!(field(16, 25).parse::<f64>().ok(), Some((khz * 10.0).round() / 10.0), "{}", shown);
    prop_assert_eq!(field(26, 38), spot.dx.as_str(), "{}", shown);
    prop_assert!(shown[38..39] == *" " && shown[69..70] == *" ", "{}", shown);
    let (hour, minute) = spot.time.hour_minute();
    prop_assert_eq!(field(70, 74), format!("{hour:02}{minute:02}"), "{}", shown);
    prop_assert_eq!(field(75, 80), grid, "{}", shown);
    Ok(())
}

/// dxclparser, which shares nothing with our code, reads a plain line, with and without the locator.
fn check_oracle(spot: &Spot, grid: Option<&str>) -> Result<(), TestCaseError> {
    let mut style = LineStyle::default();
    style.trailers.set(Trailers::GRID, grid.is_some());
    let mut line = Vec::new();
    spot_line(spot, style, &mut line);
    let shown = String::from_utf8_lossy(&line).into_owned();
    let Ok(dxclparser::Spot::DX(read)) = dxclparser::parse(&shown) else {
        return Err(TestCaseError::fail(format!("dxclparser does not read {shown}")));
    };
    prop_assert_eq!((read.call_de.as_str(), read.call_dx.as_str()), (spot.de.as_str(), spot.dx.as_str()));
    // It multiplies a float and cuts: up to 1 Hz is lost.
    prop_assert!(read.freq.abs_diff(spot.freq.rounded().hz()) <= 1, "{}", shown);
    prop_assert_eq!(read.loc.as_deref(), grid.filter(|g| !g.is_empty()), "{}", shown);
    if spot.de.len() <= 8 && spot.freq < Freq::from_khz(1_000_000) && spot.dx.len() <= 12 {
        check_slices(spot, &line, grid.unwrap_or(""))?;
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
    fn every_style_is_one_bounded_line_of_any_spot(bytes in vec(any::<u8>(), 256), style in any_style()) {
        check_styled(&bytemuck::pod_read_unaligned(&bytes), style)?;
    }

    #[test]
    fn every_style_is_one_bounded_line_of_a_real_spot(
        mut spot in skimmer_spot(), style in any_style(), text in "\\PC{0,40}", hops in any::<[u32; 4]>(),
        facts in any::<[u8; 8]>(),
    ) {
        spot.hop_ns = hops;
        spot.set_class(Class::from_u8(facts[0]));
        (spot.dx_adif, spot.de_adif, spot.node) = (facts[1].into(), facts[2].into(), spot.de);
        [spot.dx_cq, spot.dx_itu, spot.de_cq, spot.de_itu] = [facts[3], facts[4], facts[5], facts[6]];
        (spot.dx_state, spot.de_state) = (facts[7], facts[7].wrapping_add(1));
        check_styled(&spot, style)?;
        check_cc11(&spot, style)?;
        // The same station as a person writes of it.
        spot.set_snr(None);
        spot.flags.set(Flags::SKIMMER, false);
        spot.set_comment(text.as_bytes());
        check_styled(&spot, style)?;
    }

    #[test]
    fn other_programs_read_our_plain_lines(mut spot in skimmer_spot(), de_grid in "[A-R]{2}[0-9]{2}([A-X]{2})?") {
        check_oracle(&spot, None)?;
        check_oracle(&spot, Some(""))?;
        spot.de_grid = Grid::parse(de_grid.as_bytes()).unwrap();
        check_oracle(&spot, None)?;
        check_oracle(&spot, Some(&de_grid[..4]))?;
        spot.flags.set(Flags::DE_GRID_DERIVED, true);
        check_oracle(&spot, Some(""))?;
    }

    #[test]
    fn other_programs_read_what_people_wrote(dx in call(), de in call(), text in "[!-~]([ -~]{0,40}[!-~])?") {
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (dx, de);
        spot.set_freq(Freq::from_khz(14_195));
        spot.set_comment(text.as_bytes());
        check_oracle(&spot, None)?;
        spot.de_grid = Grid::parse(b"FM19la").unwrap();
        check_oracle(&spot, Some("FM19"))?;
    }

    #[test]
    fn a_locator_behind_the_time_is_read_back_as_the_spotters(
        mut spot in skimmer_spot(), de_grid in "[A-R]{2}[0-9]{2}",
    ) {
        spot.de_grid = Grid::parse(de_grid.as_bytes()).unwrap();
        let mut line = Vec::new();
        spot_line(&spot, LineStyle { trailers: Trailers::GRID, ..LineStyle::default() }, &mut line);
        let read = people_line(&line).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        prop_assert_eq!((read.spot.de_grid, read.spot.dx_grid), (spot.de_grid, spot.dx_grid));
    }

    #[test]
    fn the_second_decimal_moves_nothing(mut spot in skimmer_spot(), hz in 0u64..100) {
        spot.freq = Freq::from_hz(spot.freq.hz() + hz);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        spot_line(&spot, LineStyle::default(), &mut one);
        spot_line(&spot, LineStyle { two_decimals: true, ..LineStyle::default() }, &mut two);
        let shown = String::from_utf8_lossy(&two).into_owned();
        // All but the second decimal, and the first where the shorter number was rounded.
        let at = one.iter().position(|b| *b == b'.').unwrap() + 2;
        prop_assert_eq!(&one[at + 1..], &two[at + 1..], "{}", shown);
        prop_assert_eq!(one[at - 2], two[at - 2], "{}", shown);
        let read = people_line(&two).map_err(|fault| TestCaseError::fail(format!("{fault:?}: {shown}")))?;
        prop_assert_eq!(read.spot.freq.hz(), (spot.freq.hz() + 5) / 10 * 10, "{}", shown);
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
