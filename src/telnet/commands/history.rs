//! SHOW/DX and its kin.

use super::resolve::Args;
use super::{Command, ECHO_BYTES_MAX, Exec, Next, Wait};
use crate::spot::{Band, Call, Mode, SessionId};
use crate::store::{HISTORY_COUNT_MAX, HistoryFormat, HistoryRequest, Sources};
use crate::telnet::Action;
use crate::telnet::wash::excerpt;
use crate::wire::LineFormat;

/// Spots shown when no number is given.
const COUNT_DEFAULT: usize = 10;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[Command {
    path: "SHOW/DX",
    run: dx,
    usage: "SHOW/DX [count] [call] [band] [mode] [PEOPLE|SKIMMER|DIGITAL]",
    brief: "the last spots, newest first",
    more: "Ten spots, or as many as you say, up to 500: SH/DX 25, SH/DX/25; SH/DX 10-20\n\
               skips the newest nine. A call may be its beginning: SH/DX 3D2. Bands and\n\
               modes: SH/DX 20m CW. PEOPLE, SKIMMER and DIGITAL choose who reported; without\n\
               them all do.",
}];

/// A word of SHOW/DX that means nothing; in the words of the reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShowDxFault(pub String);

/// Reads what follows SHOW/DX. Any order: a count or a range `a-b` back from the newest, the beginning
/// of a call, a band, a mode, whose reports. Numbers out of range are taken as the nearest that is in.
pub fn read_show_dx(args: &Args<'_>) -> Result<HistoryRequest, ShowDxFault> {
    let mut request = HistoryRequest::last(SessionId::NONE, COUNT_DEFAULT);
    for word in args.words() {
        if let Some((skip, count)) = read_count(word) {
            (request.skip, request.count) = (skip, count);
        } else if word.eq_ignore_ascii_case(b"ON") {
            // `on 20m`: the band follows.
        } else if let Some(sources) = read_sources(word) {
            request.sources = sources;
        } else if !read_band_and_mode(word, &mut request) {
            let prefix = word.strip_suffix(b"*").unwrap_or(word);
            match Call::new(prefix).filter(could_begin_a_call) {
                Some(call) => request.call_prefix = Some(call),
                None => return Err(ShowDxFault(excerpt(word, ECHO_BYTES_MAX))),
            }
        }
    }
    Ok(request)
}

/// `20`, or `10-20`: how many to skip, and how many to show.
fn read_count(word: &[u8]) -> Option<(usize, usize)> {
    let number = |text: &[u8]| {
        let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        is_number.then(|| text.iter().fold(0usize, |n, b| n.saturating_mul(10).saturating_add(usize::from(b - b'0'))))
    };
    match word.iter().position(|&b| b == b'-') {
        None => number(word).map(|n| (0, if n == 0 { COUNT_DEFAULT } else { n.min(HISTORY_COUNT_MAX) })),
        Some(dash) => {
            let (from, to) = (number(&word[..dash])?.max(1), number(&word[dash + 1..])?);
            Some((from - 1, to.saturating_sub(from).saturating_add(1).min(HISTORY_COUNT_MAX)))
        }
    }
}

fn read_sources(word: &[u8]) -> Option<Sources> {
    const NAMES: [(&str, Sources); 7] = [
        ("ALL", Sources::ALL),
        ("PEOPLE", Sources::PEOPLE),
        ("HUMAN", Sources::PEOPLE),
        ("SKIMMER", Sources::SKIMMER),
        ("SKIMMERS", Sources::SKIMMER),
        ("RBN", Sources::SKIMMER),
        ("DIGITAL", Sources::DIGITAL),
    ];
    NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, sources)| *sources)
}

/// `20m`, `cw`, `20m/cw`.
fn read_band_and_mode(word: &[u8], request: &mut HistoryRequest) -> bool {
    let Ok(word) = std::str::from_utf8(word) else { return false };
    let mut wanted = *request;
    for part in word.split('/') {
        // A bare number is a count here, so a band needs its unit.
        let band = Some(part).filter(|part| part.to_ascii_lowercase().ends_with('m')).and_then(Band::parse);
        let mode = Mode::all().find(|mode| mode.name().eq_ignore_ascii_case(part));
        match (band, mode) {
            (Some(_), _) => wanted.band = band,
            (None, Some(_)) => wanted.mode = mode,
            (None, None) if part.eq_ignore_ascii_case("SSB") => wanted.voice = true,
            (None, None) => return false,
        }
    }
    *request = wanted;
    true
}

fn could_begin_a_call(prefix: &Call) -> bool {
    !prefix.is_empty() && prefix.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'/')
}

/// SHOW/DX.
pub(super) fn dx(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match read_show_dx(args) {
        Ok(mut request) => {
            request.session = exec.user.id;
            request.format = match exec.user.settings.preferences.style.format {
                LineFormat::Gocluster => HistoryFormat::Gocluster,
                _ => HistoryFormat::Classic,
            };
            exec.out.actions.push(Action::AskHistory(request));
            Next::Wait(Wait::History)
        }
        Err(ShowDxFault(word)) => {
            exec.line(format_args!(
                "{word} is no count, call, band or mode. Usage: SHOW/DX [count] [call] [band] [mode]"
            ));
            Next::Prompt
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<HistoryRequest, ShowDxFault> {
        read_show_dx(&Args { tied: None, rest: text.as_bytes() })
    }

    #[test]
    fn words_come_in_any_order() {
        let request = read("9a 25 20m/cw people").unwrap();
        assert_eq!((request.skip, request.count), (0, 25));
        assert_eq!(request.call_prefix, Some(Call::literal("9A")));
        assert_eq!((request.band, request.mode), (Some(Band::M20), Some(Mode::Cw)));
        assert_eq!(request.sources, Sources::PEOPLE);
        let request = read("on 40m SSB").unwrap();
        assert_eq!((request.band, request.mode, request.voice), (Some(Band::M40), None, true));
        assert_eq!(read("k1*").unwrap().call_prefix, Some(Call::literal("K1")));
        assert_eq!(read("ea8/df").unwrap().call_prefix, Some(Call::literal("EA8/DF")));
    }

    #[test]
    fn counts_are_never_errors() {
        for (text, skip, count) in [
            ("", 0, 10),
            ("0", 0, 10),
            ("450", 0, 450),
            ("501", 0, HISTORY_COUNT_MAX),
            ("99999999999999999999999", 0, HISTORY_COUNT_MAX),
            ("10-20", 9, 11),
            ("20-10", 19, 1),
            ("0-5", 0, 5),
        ] {
            let request = read(text).unwrap();
            assert_eq!((request.skip, request.count), (skip, count), "{text}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(read("20 {iota}"), Err(ShowDxFault("{iota}".into())));
        assert_eq!(read("\u{fc}"), Err(ShowDxFault("\u{fc}".into())));
    }
}
