//! Capture files: opening, decompressing, telling their form by what they hold.

use super::ReplayError;
use crate::spot::Utc;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes at the start of a capture that decide its form: a banner of any length and some spots.
const SNIFF_BYTES: usize = 65_536;

/// Forms of a capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Lines as a telnet feed sends them: spots, with or without banners, prompts, bulletins.
    Telnet,
    /// The daily archive of the Reverse Beacon Network.
    RbnCsv,
    /// PSKReporter's messages, one JSON object a line.
    PskJson,
}

impl Form {
    /// The name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Form::Telnet => "telnet lines",
            Form::RbnCsv => "RBN daily CSV",
            Form::PskJson => "PSKReporter messages",
        }
    }
}

/// A capture's bytes, decompressed, with its form.
pub struct Opened {
    /// What it holds.
    pub form: Form,
    /// The first bytes, read already.
    pub head: Vec<u8>,
    /// The rest.
    pub rest: Box<dyn Read + Send>,
}

/// Opens a capture: plain, `.gz`, `.zst`, told by the first bytes, not by the name.
///
/// # Errors
/// When it cannot be read or holds no form that replay reads; the message says which it is.
pub fn open(path: &Path) -> Result<Opened, ReplayError> {
    let mut rest = decompressed(path)?;
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    rest.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head).map_err(|e| ReplayError::read(path, e))?;
    let form = sniff(&head).map_err(|what| ReplayError::Form { path: path.into(), what })?;
    Ok(Opened { form, head, rest })
}

/// A reader of a file's decompressed bytes.
///
/// # Errors
/// When it cannot be opened, or its compression is damaged at the start.
pub fn decompressed(path: &Path) -> Result<Box<dyn Read + Send>, ReplayError> {
    let error = |e| ReplayError::read(path, e);
    let mut file = File::open(path).map_err(error)?;
    let mut magic = [0u8; 4];
    let mut n = 0;
    while n < magic.len() {
        match file.read(&mut magic[n..]).map_err(error)? {
            0 => break,
            more => n += more,
        }
    }
    let whole = std::io::Cursor::new(magic[..n].to_vec()).chain(BufReader::with_capacity(1 << 17, file));
    Ok(match magic[..n] {
        [0x1F, 0x8B, ..] => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        [0x28, 0xB5, 0x2F, 0xFD] => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(whole);
            Box::new(decoder.map_err(|e| error(std::io::Error::other(e.to_string())))?)
        }
        _ => Box::new(whole),
    })
}

/// The form by content, or what it is that we do not read.
fn sniff(head: &[u8]) -> Result<Form, &'static str> {
    if head.starts_with(b"callsign,de_pfx,") {
        return Ok(Form::RbnCsv);
    }
    let mut lines = head.split(|b| *b == b'\n' || *b == b'\r').filter(|l| !l.is_empty());
    let is_spots = |line: &[u8]| memchr::memmem::find(line, b"DX de ").is_some();
    if lines.clone().any(is_spots) {
        return Ok(Form::Telnet);
    }
    let Some(first) = lines.next() else { return Err("it is empty") };
    if first.starts_with(b"{") {
        return Ok(Form::PskJson);
    }
    let fields = || first.split(|b| *b == b'^');
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    Err(if head.contains(&0) {
        "it is binary"
    } else if memchr::memmem::find(first, b"^<- ").is_some() || memchr::memmem::find(first, b"^-> ").is_some() {
        "this is a DXSpider debug log of node frames (PC..), which come with node links"
    } else if fields().count() >= 10 && fields().next().is_some_and(is_number) {
        "this is a DXSpider spot file (.dat); play its telnet form, one `DX de` line per spot"
    } else if memchr::memchr(b'\t', first).is_some() {
        "this is a table, not a capture"
    } else {
        "its first 64 KiB hold no `DX de` line, no RBN archive header and no JSON message"
    })
}

/// The file of seconds beside a capture: `x.txt.zst` has `x.sec.zst` or `x.sec`.
pub fn seconds_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem = [".zst", ".gz"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let stem = stem.strip_suffix(".txt").unwrap_or(stem);
    let candidates = [".sec", ".sec.zst", ".sec.gz"].map(|end| path.with_file_name(format!("{stem}{end}")));
    candidates.into_iter().find(|c| c != path && c.is_file())
}

/// Midnight of the date in a file's name: `20170702` or `2014-11-09`, anywhere.
pub fn date_in_name(path: &Path) -> Option<Utc> {
    let name = path.file_name()?.to_str()?.as_bytes();
    for at in 0..name.len() {
        if at > 0 && name[at - 1].is_ascii_digit() {
            continue;
        }
        let dashed = |n: &[u8]| (n[4] == b'-' && n[7] == b'-').then(|| [&n[..4], &n[5..7], &n[8..10]].concat());
        let digits = match name.get(at..at + 10).and_then(dashed) {
            Some(digits) => digits,
            None => match name.get(at..at + 8) {
                Some(plain) if !name.get(at + 8).is_some_and(u8::is_ascii_digit) => plain.to_vec(),
                _ => continue,
            },
        };
        if let Some(date) = date(&digits) {
            return Some(date);
        }
    }
    None
}

/// Midnight of `YYYYMMDD` when it is a date between 1990 and 2100.
fn date(digits: &[u8]) -> Option<Utc> {
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let n = |range: std::ops::Range<usize>| digits[range].iter().fold(0i64, |n, b| n * 10 + i64::from(b - b'0'));
    let (year, month, day) = (n(0..4), n(4..6) as u32, n(6..8) as u32);
    let utc = Utc::from_civil(year, month.clamp(1, 12), day, 0, 0, 0);
    ((1990..=2100).contains(&year) && utc.civil() == (year, month, day)).then_some(utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_names() {
        let day = |name: &str| date_in_name(Path::new(name)).map(Utc::civil);
        assert_eq!(day("/x/rbn_20170702.txt.zst"), Some((2017, 7, 2)));
        assert_eq!(day("cc_2014-11-09_1130.txt"), Some((2014, 11, 9)));
        assert_eq!(day("20200723.csv.zst"), Some((2020, 7, 23)));
        assert_eq!(day("rbn_relay_20251215_1448.txt"), Some((2025, 12, 15)));
        for none in ["spots.txt", "20171302.txt", "20170230.txt", "120170702.txt", "201707021.txt"] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn forms_are_told_by_content() {
        assert_eq!(sniff(b"login: x\r\nHello\r\nDX de A1A: 1\r\n"), Ok(Form::Telnet));
        assert_eq!(sniff(b"callsign,de_pfx,de_cont,freq\n"), Ok(Form::RbnCsv));
        assert_eq!(sniff(b"{\"sq\":1}\n"), Ok(Form::PskJson));
        for (head, word) in [
            (&b"1772323200^<- I WB3FFV-2 PC92^UF3K-1^0^D^^5R1BLH-1^H96^\n"[..], "node frames"),
            (b"1928.0^Z66BCC^1772323200^^DL6NBC^359^32^DA0BCC-7^28^15^28^14^^^198.18.105.175\n", ".dat"),
            (b"line\tverdict\n", "table"),
            (b"hello\n", "no `DX de`"),
            (b"", "empty"),
            (b"\x00\x01\x02", "binary"),
        ] {
            let what = sniff(head).unwrap_err();
            assert!(what.contains(word), "{what}");
        }
    }
}
