//! Stands in for `crate::wire` until that branch is merged; deleted then.
#![allow(missing_docs)]
use crate::measure::Reason;
use crate::spot::*;

#[derive(Default, Debug)]
pub struct Iac {
    state: u8,
}
impl Iac {
    pub fn client() -> Iac {
        Iac::default()
    }
    pub fn feed(&mut self, input: &[u8], data: &mut Vec<u8>, _replies: &mut Vec<u8>) {
        for &b in input {
            match (self.state, b) {
                (0, 255) => self.state = 1,
                (0, b) => data.push(b),
                (1, 251..=254) => self.state = 2,
                _ => self.state = 0,
            }
        }
    }
}
#[derive(Default, Debug)]
pub struct LineSplitter {
    held: Vec<u8>,
    skip: bool,
    too_long: u64,
}
impl LineSplitter {
    pub fn new() -> LineSplitter {
        LineSplitter::default()
    }
    pub fn push(&mut self, bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
        for &b in bytes {
            if b == b'\n' {
                if !self.skip {
                    on_line(self.held.strip_suffix(b"\r").unwrap_or(&self.held));
                }
                self.skip = false;
                self.held.clear();
            } else if !self.skip {
                self.held.push(b);
                if self.held.len() > 1024 {
                    self.skip = true;
                    self.too_long += 1;
                    self.held.clear();
                }
            }
        }
    }
    pub fn too_long(&self) -> u64 {
        self.too_long
    }
    pub fn pending_bytes(&self) -> usize {
        self.held.len()
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HhMm {
    pub hour: u8,
    pub minute: u8,
}
#[derive(Debug)]
pub struct SpotLine {
    pub spot: Spot,
    pub time: Option<HhMm>,
}
#[derive(Debug, Clone, Copy)]
pub struct LineFault(Reason);
impl LineFault {
    pub fn reason(self) -> Reason {
        self.0
    }
}
pub fn is_spot_line(line: &[u8]) -> bool {
    line.starts_with(b"DX de ")
}
pub fn bulletin_kind(line: &[u8]) -> Option<BulletinKind> {
    match line {
        l if l.starts_with(b"WWV de ") => Some(BulletinKind::Wwv),
        l if l.starts_with(b"WCY de ") => Some(BulletinKind::Wcy),
        l if l.starts_with(b"To ALL de ") => Some(BulletinKind::Announce),
        l if l.starts_with(b"WX de ") => Some(BulletinKind::Wx),
        _ => None,
    }
}
fn any_line(line: &[u8], machine: bool) -> Result<SpotLine, LineFault> {
    if line.trim_ascii().is_empty() {
        return Err(LineFault(Reason::Blank));
    }
    if !is_spot_line(line) {
        return Err(LineFault(Reason::NotASpot));
    }
    let mut words = line[6..].split(|b| *b == b' ' || *b == b':').filter(|w| !w.is_empty());
    let mut spot = Spot::empty();
    spot.de = words.next().and_then(canonical).ok_or(LineFault(Reason::NoSpotter))?;
    let freq = words.next().and_then(Freq::parse_khz).ok_or(LineFault(Reason::NoFrequency))?;
    spot.set_freq(freq);
    spot.dx = words.next().and_then(canonical).filter(is_plausible).ok_or(LineFault(Reason::NoDxCall))?;
    spot.flags.set(Flags::SKIMMER, spot.de.is_skimmer());
    let mut time = None;
    for w in words {
        if let Some(mode) = Mode::all().find(|m| m.name().as_bytes() == w) {
            spot.set_mode(mode);
        }
        if w.len() == 5 && w[4] == b'Z' && w[..4].iter().all(u8::is_ascii_digit) {
            let n = |i: usize| (w[i] - b'0') * 10 + w[i + 1] - b'0';
            time = Some(HhMm { hour: n(0), minute: n(2) });
        }
    }
    if machine && !line.windows(2).any(|w| w == b"dB") {
        return Err(LineFault(Reason::NoReport));
    }
    Ok(SpotLine { spot, time })
}
pub fn skimmer_line(line: &[u8]) -> Result<SpotLine, LineFault> {
    any_line(line, true)
}
pub fn people_line(line: &[u8]) -> Result<SpotLine, LineFault> {
    any_line(line, false)
}
