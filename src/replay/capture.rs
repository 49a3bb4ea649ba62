//! One capture as a sequence of lines, each with its moment.
//!
//! The moment comes from the second beside the line (`.sec`), from the row (CSV), from the minute the line
//! tells, or from the arrival beside a message of PSKReporter. A message without one comes when the latest
//! report so far was heard: how late it truly was, nobody knows any more. Moments never go back.

use super::ReplayError;
use super::csv::{self, Row};
use super::message;
use super::open::{Form, Opened, date_in_name, decompressed, open, seconds_beside};
use crate::measure::Reason;
use crate::parse::told_at_end;
use crate::spot::Utc;
use crate::wire::LineSplitter;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const CHUNK_BYTES: usize = 65_536;
/// Lines that are looked ahead at before the clock of a capture without seconds jumps.
const AHEAD_LINES: usize = 64;
/// How many of them that tell a time have a say.
const AHEAD_TOLD: usize = 8;
/// A line may move the clock on by so much on its own word; skimmers' clocks are off by that.
const STEP_MS: i64 = 60_000;
/// The same of a message's own time: ten minutes are a quiet band, more is a wrong clock or a gap.
const MESSAGE_STEP_MS: i64 = 600_000;
/// Reports this late are nothing special (99 % of the network's take less than 8 minutes).
const MESSAGE_LATE_MS: i64 = 900_000;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Where a moment comes from.
enum Clock {
    /// Second of the day, line by line.
    Seconds { midnight_ms: i64, from: Box<dyn BufRead + Send>, text: Vec<u8>, last: i64, days: i64 },
    /// The row says it.
    Row,
    /// The minute that lines tell.
    Minutes { day_ms: i64, started: bool },
    /// The arrival beside a message; `told`: there is none, and the latest time that messages tell is it.
    Arrival { told: bool, started: bool },
}

/// One capture.
pub struct Capture {
    path: PathBuf,
    form: Form,
    rest: Box<dyn Read + Send>,
    chunk: Vec<u8>,
    ended: bool,
    bytes: u64,
    splitter: LineSplitter,
    too_long_seen: u64,
    /// Lines read ahead; spent buffers go to `spare`.
    lines: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    clock: Clock,
    now_ms: i64,
    first_ms: Option<i64>,
    next: Option<Next>,
    /// Lines that ended before they were lines for the gate.
    unread: Vec<(Reason, u64)>,
}

struct Next {
    ms: i64,
    line: Vec<u8>,
}

impl Capture {
    /// Opens a capture. `start` overrides the date of the file's name; with a time of day it is also
    /// where the clock begins.
    ///
    /// # Errors
    /// When it cannot be read, has a form that replay does not read, or nobody says its date.
    pub fn open(path: &Path, start: Option<(Utc, bool)>) -> Result<Capture, ReplayError> {
        let Opened { form, head, rest } = open(path)?;
        let date =
            || start.map(|s| s.0).or_else(|| date_in_name(path)).ok_or_else(|| ReplayError::Date { path: path.into() });
        let clock = match (form, seconds_beside(path)) {
            (Form::RbnCsv, _) => Clock::Row,
            (Form::PskJson, _) => Clock::Arrival { told: false, started: false },
            (Form::Telnet, Some(beside)) => {
                let utc = date()?.ms();
                Clock::Seconds {
                    midnight_ms: utc - utc.rem_euclid(DAY_MS),
                    from: Box::new(BufReader::with_capacity(1 << 16, decompressed(&beside)?)),
                    text: Vec::new(),
                    last: 0,
                    days: 0,
                }
            }
            (Form::Telnet, None) => Clock::Minutes { day_ms: date()?.ms(), started: start.is_some_and(|s| s.1) },
        };
        let mut capture = Capture {
            path: path.into(),
            form,
            rest,
            chunk: vec![0; CHUNK_BYTES],
            ended: false,
            bytes: 0,
            splitter: LineSplitter::new(),
            too_long_seen: 0,
            lines: VecDeque::new(),
            spare: Vec::new(),
            now_ms: match &clock {
                Clock::Minutes { day_ms, .. } => *day_ms,
                Clock::Seconds { midnight_ms, .. } => *midnight_ms,
                Clock::Row | Clock::Arrival { .. } => i64::MIN,
            },
            clock,
            first_ms: None,
            next: None,
            unread: Vec::new(),
        };
        capture.split(&head);
        capture.advance()?;
        Ok(capture)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Its form.
    pub fn form(&self) -> Form {
        self.form
    }
    /// Where its moments come from, in words.
    pub fn clock_name(&self) -> &'static str {
        match self.clock {
            Clock::Seconds { .. } => "seconds beside it",
            Clock::Row => "its rows",
            Clock::Minutes { .. } => "told minutes",
            Clock::Arrival { told: false, .. } => "arrivals beside the messages",
            Clock::Arrival { told: true, .. } => "latest time told (arrivals not recorded)",
        }
    }
    /// The moments of the first line and of the last one read; `None` without lines.
    pub fn span(&self) -> Option<(Utc, Utc)> {
        self.first_ms.map(|first| (Utc::from_ms(first), Utc::from_ms(self.now_ms)))
    }
    /// The moment of the next line; `None` at the end.
    pub fn next_ms(&self) -> Option<i64> {
        self.next.as_ref().map(|n| n.ms)
    }
    /// Bytes of text read so far, decompressed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// Tells lines that ended before they were lines for the gate, since the last call.
    pub fn take_unread(&mut self, mut end: impl FnMut(Reason, u64)) {
        self.unread.drain(..).for_each(|(reason, lines)| end(reason, lines));
    }
    /// Reads the rest of the files, decompressed, into memory.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read_into_memory(&mut self) -> Result<(), ReplayError> {
        let error = |e| ReplayError::read(&self.path, e);
        let mut all = Vec::new();
        self.rest.read_to_end(&mut all).map_err(error)?;
        self.rest = Box::new(Cursor::new(all));
        if let Clock::Seconds { from, .. } = &mut self.clock {
            let mut all = Vec::new();
            from.read_to_end(&mut all).map_err(error)?;
            *from = Box::new(Cursor::new(all));
        }
        Ok(())
    }

    /// Hands the next line out and moves on.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn take(&mut self, on_line: &mut dyn FnMut(&[u8])) -> Result<(), ReplayError> {
        if let Some(next) = self.next.take() {
            on_line(&next.line);
            self.spare.push(next.line);
            self.advance()?;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), ReplayError> {
        loop {
            while !self.ended && self.lines.len() <= AHEAD_LINES {
                self.fill()?;
            }
            let Some(mut line) = self.lines.pop_front() else { return Ok(()) };
            let ms = match &mut self.clock {
                Clock::Row => {
                    let mut spot = self.spare.pop().unwrap_or_default();
                    let row = csv::row(&line, &mut spot);
                    std::mem::swap(&mut line, &mut spot);
                    self.spare.push(spot);
                    match row {
                        Row::Spot(time) => time.ms(),
                        Row::Frame => {
                            self.spare.push(line);
                            self.count(Reason::FileFrame, 1);
                            continue;
                        }
                        Row::Unreadable => {
                            self.spare.push(line);
                            self.count(Reason::NotASpot, 1);
                            continue;
                        }
                    }
                }
                Clock::Seconds { midnight_ms, from, text, last, days } => {
                    text.clear();
                    from.read_until(b'\n', text).map_err(|e| ReplayError::read(&self.path, e))?;
                    let second = std::str::from_utf8(text.trim_ascii()).ok().and_then(|t| t.parse::<i64>().ok());
                    if let Some(second) = second {
                        // Past midnight the seconds begin anew.
                        if second + 43_200 < *last {
                            *days += 1;
                        }
                        *last = second;
                    }
                    *midnight_ms + *days * DAY_MS + *last * 1000
                }
                Clock::Minutes { .. } => self.told(&line),
                Clock::Arrival { .. } => {
                    let found = message::cut(&line);
                    let at_ms = found.as_ref().and_then(|cut| cut.at_ms);
                    if let Some(cut) = found {
                        line.truncate(cut.payload.end);
                        line.drain(..cut.payload.start);
                    }
                    at_ms.unwrap_or_else(|| self.told_by_message(&line))
                }
            };
            self.now_ms = self.now_ms.max(ms);
            self.first_ms.get_or_insert(self.now_ms);
            self.next = Some(Next { ms: self.now_ms, line });
            return Ok(());
        }
    }

    /// The clock after a line, by the minutes that it and the next ones tell.
    fn told(&mut self, line: &[u8]) -> i64 {
        let Clock::Minutes { day_ms, started } = &mut self.clock else { return self.now_ms };
        if !*started {
            // Banner lines belong to the first spot.
            let first = told(line).or_else(|| self.lines.iter().find_map(|l| told(l)));
            let Some((hour, minute)) = first else { return self.now_ms };
            *started = true;
            return *day_ms + i64::from(hour * 60 + minute) * MINUTE_MS;
        }
        let Some((hour, minute)) = told(line) else { return self.now_ms };
        let moment = Utc::from_ms(self.now_ms).nearest(hour, minute).ms();
        let this_minute = self.now_ms - self.now_ms.rem_euclid(MINUTE_MS);
        if (moment - this_minute).abs() <= STEP_MS {
            return moment;
        }
        // A clock that is far off, or a gap in the capture? The next lines know. A gap may be longer
        // than half a day, and then looks like a step back.
        let (mut with, mut of) = (0, 0);
        for (hour, minute) in self.lines.iter().take(AHEAD_LINES).filter_map(|l| told(l)).take(AHEAD_TOLD) {
            of += 1;
            let other = Utc::from_ms(moment).nearest(hour, minute).ms();
            with += usize::from((-2 * MINUTE_MS..=10 * MINUTE_MS).contains(&(other - moment)));
        }
        if of == 0 || with * 2 <= of {
            return self.now_ms;
        }
        if moment > self.now_ms { moment } else { moment + DAY_MS }
    }

    /// The clock after a message that came without its arrival.
    fn told_by_message(&mut self, payload: &[u8]) -> i64 {
        let Clock::Arrival { told, started } = &mut self.clock else { return self.now_ms };
        let next_told = |line: &Vec<u8>| message::told_ms(line.get(message::cut(line)?.payload)?);
        let own = message::told_ms(payload);
        if !*started && self.now_ms == i64::MIN {
            *told = true;
            // The middle of the first few: one of them may have a wild clock.
            let mut first: Vec<i64> =
                own.into_iter().chain(self.lines.iter().filter_map(next_told)).take(AHEAD_TOLD).collect();
            first.sort_unstable();
            *started = !first.is_empty();
            return first.get(first.len() / 2).copied().unwrap_or(0);
        }
        let Some(moment) = own.filter(|own| *own > self.now_ms) else { return self.now_ms };
        if moment - self.now_ms <= MESSAGE_STEP_MS {
            return moment;
        }
        let (mut with, mut of) = (0, 0);
        for other in self.lines.iter().filter_map(next_told).take(AHEAD_TOLD) {
            of += 1;
            with += usize::from((other - moment).abs() <= MESSAGE_LATE_MS);
        }
        if of > 0 && with * 2 > of { moment } else { self.now_ms }
    }

    fn fill(&mut self) -> Result<(), ReplayError> {
        let mut chunk = std::mem::take(&mut self.chunk);
        let n = self.rest.read(&mut chunk).map_err(|e| ReplayError::read(&self.path, e))?;
        if n == 0 {
            self.ended = true;
            // The last line of a file needs no end to be one.
            if self.splitter.pending_bytes() > 0 {
                self.split(b"\n");
            }
        } else {
            self.split(&chunk[..n]);
        }
        self.chunk = chunk;
        Ok(())
    }

    fn split(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let (lines, spare) = (&mut self.lines, &mut self.spare);
        self.splitter.push(bytes, |line| {
            let mut kept = spare.pop().unwrap_or_default();
            kept.clear();
            kept.extend_from_slice(line);
            lines.push_back(kept);
        });
        let too_long = self.splitter.too_long() - self.too_long_seen;
        self.too_long_seen += too_long;
        self.count(Reason::LineTooLong, too_long);
    }

    fn count(&mut self, reason: Reason, n: u64) {
        if n == 0 {
            return;
        }
        match self.unread.iter_mut().find(|(r, _)| *r == reason) {
            Some((_, count)) => *count += n,
            None => self.unread.push((reason, n)),
        }
    }
}

/// Hour and minute of a spot line.
fn told(line: &[u8]) -> Option<(u32, u32)> {
    if crate::wire::is_spot_line(line) { told_at_end(line) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The moments of a capture as `DTHH:MM:SS`, D = days since the first.
    fn moments(name: &str, text: &str, sec: Option<&str>, start: Option<&str>) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        if let Some(sec) = sec {
            std::fs::write(dir.path().join(name.replace(".txt", ".sec")), sec).unwrap();
        }
        let start = start.map(|s| Utc::parse(s).unwrap());
        let mut capture = Capture::open(&path, start).unwrap();
        let mut out = Vec::new();
        let mut first_day = None;
        while let Some(ms) = capture.next_ms() {
            let day = ms.div_euclid(DAY_MS);
            let s = ms.rem_euclid(DAY_MS) / 1000;
            let days = day - *first_day.get_or_insert(day);
            out.push(format!("{days}T{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60));
            capture.take(&mut |_| {}).unwrap();
        }
        out
    }

    fn spots(times: &[&str]) -> String {
        times
            .iter()
            .map(|t| format!("DX de W3LPL-#:   14025.0  K1ABC          CW    23 dB  25 WPM  CQ      {t}Z\n"))
            .collect()
    }

    #[test]
    fn seconds_beside_a_capture_are_its_clock() {
        let text = spots(&["2359", "2359", "0000"]);
        assert_eq!(
            moments("rbn_20170702.txt", &text, Some("86398\n86399\n1\n"), None),
            ["0T23:59:58", "0T23:59:59", "1T00:00:01"]
        );
    }

    #[test]
    fn told_minutes_are_the_clock_otherwise() {
        let text = format!("login: x\n{}", spots(&["2358", "2359", "2358", "0000", "0001"]));
        assert_eq!(
            moments("x_2014-11-09.txt", &text, None, None),
            ["0T23:58:00", "0T23:58:00", "0T23:59:00", "0T23:59:00", "1T00:00:00", "1T00:01:00"]
        );
    }

    #[test]
    fn one_wrong_clock_moves_nothing_and_a_gap_moves_all() {
        let text = spots(&["1200", "1745", "1200", "1201", "1201"]);
        assert_eq!(moments("x_20141109.txt", &text, None, None)[1..3], ["0T12:00:00", "0T12:00:00"]);
        let text = spots(&["2242", "0205", "0205", "0206", "0206"]);
        assert_eq!(
            moments("x_20141109.txt", &text, None, None)[1..],
            ["1T02:05:00", "1T02:05:00", "1T02:06:00", "1T02:06:00"]
        );
        let text = spots(&["2242", "2000", "2000", "2001", "2001"]);
        assert_eq!(moments("x_20141109.txt", &text, None, None)[1], "1T20:00:00", "a gap of 21 hours");
    }

    /// Messages that tell these Unix seconds, with the arrivals beside them or without.
    fn messages(told: &[i64], at: Option<&[f64]>) -> String {
        let mut text = String::new();
        for (i, told) in told.iter().enumerate() {
            let payload = format!("{{\"sq\":{i},\"t\":{told}}}");
            match at {
                Some(at) => text.push_str(&format!("{{\"at\":{},\"topic\":\"a/b\",\"payload\":{payload}}}\n", at[i])),
                None => text.push_str(&format!("{payload}\n")),
            }
        }
        text
    }

    #[test]
    fn arrivals_beside_messages_are_their_clock() {
        let noon = 1_789_992_000;
        let text = messages(
            &[noon - 90, noon - 400, noon + 7_000],
            Some(&[noon as f64, noon as f64 + 1.4, noon as f64 + 2.0]),
        );
        assert_eq!(moments("psk.jsonl", &text, None, None), ["0T12:00:00", "0T12:00:01", "0T12:00:02"]);
    }

    #[test]
    fn without_arrivals_the_latest_report_is_the_clock() {
        let noon = 1_789_992_000;
        // Late ones, the next cycle, one wild clock, and a gap of an hour that the next ones confirm.
        let told = [0, -60, 15, 90_000, 15, 15, 0, -30, 3_600, 3_590, 3_600].map(|after| noon + after);
        let got = moments("psk.jsonl", &messages(&told, None), None, None);
        assert_eq!(
            (&got[..8], &got[8..]),
            (&["0T12:00:15"; 8].map(String::from)[..], &["0T13:00:00"; 3].map(String::from)[..])
        );
    }

    #[test]
    fn the_date_must_be_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spots.txt");
        std::fs::write(&path, spots(&["1200"])).unwrap();
        let error = Capture::open(&path, None).err().unwrap().to_string();
        assert!(error.contains("--start"), "{error}");
        assert_eq!(moments("spots.txt", &spots(&["1200"]), None, Some("2020-01-01")), ["0T12:00:00"]);
    }

    #[test]
    fn a_last_line_without_end_is_a_line_and_a_long_one_is_counted() {
        let text = format!("{}{}\n{}", spots(&["1200"]), "x".repeat(5000), spots(&["1201"]).trim_end());
        assert_eq!(moments("x_20141109.txt", &text, None, None).len(), 2);
    }
}
