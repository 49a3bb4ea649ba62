//! The timing of a real capture: when its spots came, on which band, in which mode. Calls are the book's own, so
//! that every line still names its spot and no spot repeats.

use super::plan::{Kind, SpotMode};
use dxring::replay::Capture;
use dxring::spot::{Band, Mode};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Spots that a recording may hold: what a plan can tell apart.
const SPOTS_MAX: usize = super::plan::DX_CALLS as usize;

/// When spots came and what they were.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// The file's name.
    pub name: String,
    /// How many times as fast it is played.
    pub speed: f64,
    /// From the start, played at `speed`, never decreasing, ns.
    pub offsets_ns: Vec<u64>,
    /// One per spot; empty when the file told only seconds.
    pub kinds: Vec<Kind>,
}

/// Which part of a file.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Begins so many seconds after the file's midnight; `None` = with its first line.
    pub from_s: Option<i64>,
    /// Ends so many seconds of playing later.
    pub seconds: u64,
    /// How many times as fast.
    pub speed: f64,
}

impl Recording {
    /// Reads a capture (`.txt`, `.csv`, plain or compressed), or the seconds that lie beside one (`.sec`, `.sec.zst`).
    pub fn read(path: &Path, part: Part) -> Result<Recording, String> {
        if !(part.speed.is_finite() && part.speed > 0.0) {
            return Err(format!("--speed {}: use a number above 0", part.speed));
        }
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let moments = match name.contains(".sec") {
            true => seconds(path)?,
            false => lines(path)?,
        };
        Recording::of(name, &moments, part).ok_or_else(|| format!("{}: no spot in that part", path.display()))
    }

    /// Spreads the spots of each second of the file evenly over that second, for the archive has no finer order.
    fn of(name: String, moments: &[(i64, Option<Kind>)], part: Part) -> Option<Recording> {
        let first_s = moments.first()?.0;
        let from_s = part.from_s.map_or(first_s, |from_s| first_s - first_s.rem_euclid(86_400) + from_s);
        let until_s = from_s as f64 + part.seconds as f64 * part.speed;
        let inside: Vec<&(i64, Option<Kind>)> =
            moments.iter().filter(|m| m.0 >= from_s && (m.0 as f64) < until_s).take(SPOTS_MAX).collect();
        let mut offsets_ns = Vec::with_capacity(inside.len());
        for second in inside.chunk_by(|a, b| a.0 == b.0) {
            let start_s = (second[0].0 - from_s) as f64;
            let step_s = 1.0 / second.len() as f64;
            offsets_ns.extend((0..second.len()).map(|i| ((start_s + i as f64 * step_s) * 1e9 / part.speed) as u64));
        }
        let kinds: Option<Vec<Kind>> = inside.iter().map(|m| m.1).collect();
        (!offsets_ns.is_empty()).then(|| Recording {
            name,
            speed: part.speed,
            offsets_ns,
            kinds: kinds.unwrap_or_default(),
        })
    }

    /// `rbn_20170702.txt.zst x 60, 20,000 spots in 58.9 s`.
    pub fn text(&self) -> String {
        let span_s = self.offsets_ns.last().map_or(0.0, |ns| *ns as f64 / 1e9);
        format!("{} x {}, {} spots in {span_s:.1} s", self.name, self.speed, self.offsets_ns.len())
    }
}

/// The second of each spot of a capture, and what it is. Lines that are no spots have neither.
fn lines(path: &Path) -> Result<Vec<(i64, Option<Kind>)>, String> {
    let mut capture = Capture::open(path, None).map_err(|e| e.to_string())?;
    let mut moments = Vec::new();
    while let Some(ms) = capture.next_ms() {
        let mut found = None;
        capture.take(&mut |line| found = dxring::wire::skimmer_line(line).ok()).map_err(|e| e.to_string())?;
        if let Some(line) = found {
            moments.push((ms.div_euclid(1000), Some(kind_of(line.spot.band(), line.spot.mode()))));
        }
    }
    Ok(moments)
}

/// What the plan's own lines can show of a spot: bands below 160 m and above 6 m become their neighbours, modes that
/// skimmers do not report become CW.
fn kind_of(band: Band, mode: Mode) -> Kind {
    let mode = match mode {
        Mode::Rtty => SpotMode::Rtty,
        Mode::Psk31 | Mode::Psk | Mode::Bpsk => SpotMode::Psk31,
        Mode::Psk63 | Mode::Psk125 => SpotMode::Psk63,
        Mode::Ft8 => SpotMode::Ft8,
        Mode::Ft4 => SpotMode::Ft4,
        _ => SpotMode::Cw,
    };
    let band = match band {
        Band::None | Band::M2200 | Band::M630 | Band::M160 => 0,
        Band::M80 => 1,
        Band::M40 => 2,
        Band::M20 => 3,
        Band::M15 => 4,
        Band::M10 => 5,
        Band::M60 => 6,
        Band::M30 => 7,
        Band::M17 => 8,
        Band::M12 => 9,
        _ => 10,
    };
    Kind { band, mode }
}

/// Numbers, one a line, each the second of the day of one spot. Past midnight they begin anew.
fn seconds(path: &Path) -> Result<Vec<(i64, Option<Kind>)>, String> {
    let error = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|e| error(&e))?;
    if bytes.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        let packed = std::mem::take(&mut bytes);
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(packed.as_slice()).map_err(|e| error(&e))?;
        decoder.read_to_end(&mut bytes).map_err(|e| error(&e))?;
    }
    let mut moments = Vec::new();
    let (mut days, mut last) = (0i64, 0i64);
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let second = std::str::from_utf8(line).ok().and_then(|text| text.parse::<i64>().ok());
        let second = second
            .filter(|s| (0..86_400).contains(s))
            .ok_or_else(|| format!("{}, line {}: not a second of the day", path.display(), number + 1))?;
        if second + 43_200 < last {
            days += 1;
        }
        last = second;
        let at = days * 86_400 + second;
        // Seconds of an archive may step back by one or two: time does not.
        moments.push((moments.last().map_or(at, |m: &(i64, Option<Kind>)| m.0.max(at)), None));
    }
    Ok(moments)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Part = Part { from_s: None, seconds: 1_000_000, speed: 1.0 };

    #[test]
    fn a_second_is_spread_evenly_and_speed_divides() {
        let moments: Vec<(i64, Option<Kind>)> = [10, 10, 12, 12, 12, 12].map(|s| (s, None)).to_vec();
        let slow = Recording::of("x".into(), &moments, WHOLE).unwrap();
        assert_eq!(slow.offsets_ns, [0, 500_000_000, 2_000_000_000, 2_250_000_000, 2_500_000_000, 2_750_000_000]);
        let fast = Recording::of("x".into(), &moments, Part { speed: 10.0, ..WHOLE }).unwrap();
        assert_eq!(fast.offsets_ns[1], 50_000_000);
        assert!(fast.offsets_ns.is_sorted() && fast.kinds.is_empty());
    }

    #[test]
    fn the_part_is_bounded_by_its_playing_time() {
        let moments: Vec<(i64, Option<Kind>)> = (0..600).map(|s| (s, None)).collect();
        let part = Recording::of("x".into(), &moments, Part { from_s: Some(100), seconds: 2, speed: 60.0 }).unwrap();
        assert_eq!(part.offsets_ns.len(), 120);
        assert!(*part.offsets_ns.last().unwrap() < 2_000_000_000);
        assert!(Recording::of("x".into(), &moments, Part { from_s: Some(700), ..WHOLE }).is_none());
    }

    #[test]
    fn seconds_of_a_file_go_over_midnight() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sec");
        std::fs::write(&path, "86398\n86399\n0\n1\n").unwrap();
        let read = Recording::read(&path, WHOLE).unwrap();
        assert_eq!(read.offsets_ns, [0, 1, 2, 3].map(|s| s * 1_000_000_000));
        std::fs::write(&path, "1\nx\n").unwrap();
        assert!(Recording::read(&path, WHOLE).unwrap_err().contains("line 2"));
        assert!(Recording::read(&path, Part { speed: 0.0, ..WHOLE }).unwrap_err().contains("--speed"));
    }

    #[test]
    fn a_capture_gives_band_and_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rbn_20170702.txt");
        let lines = "DX de W3LPL-#:   14025.0  K1ABC          CW    23 dB  25 WPM  CQ      0000Z\r\n\
                     DX de W3LPL-#:   10142.0  DL1ABC         RTTY  11 dB  45 BPS  CQ      0000Z\r\n";
        std::fs::write(&path, lines).unwrap();
        std::fs::write(dir.path().join("rbn_20170702.sec"), "3\n5\n").unwrap();
        let read = Recording::read(&path, WHOLE).unwrap();
        assert_eq!(read.offsets_ns, [0, 2_000_000_000]);
        assert_eq!(read.kinds, [Kind { band: 3, mode: SpotMode::Cw }, Kind { band: 7, mode: SpotMode::Rtty }]);
    }
}
