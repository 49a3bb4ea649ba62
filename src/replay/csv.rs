//! Rows of the RBN's daily archive as the telnet lines they once were.
//!
//! Columns: `callsign,de_pfx,de_cont,freq,band,dx,dx_pfx,dx_cont,mode,db,date,speed,tx_mode`; `mode` is
//! the type (CQ, DX, BEACON, NCDXF B), `tx_mode` the mode.

use crate::spot::Utc;
use std::io::Write;

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Row {
    /// A spot of this moment; the line was written.
    Spot(Utc),
    /// Header, or the `(N rows)` footer.
    Frame,
    /// None of these.
    Unreadable,
}

/// Columns of a row.
const COLUMNS: usize = 13;

/// Writes the telnet line of a row to `line`, without line end.
pub fn row(text: &[u8], line: &mut Vec<u8>) -> Row {
    let text = text.trim_ascii();
    if text.starts_with(b"callsign,") || (text.starts_with(b"(") && text.ends_with(b"rows)")) {
        return Row::Frame;
    }
    let mut columns = [&[][..]; COLUMNS];
    let mut n = 0;
    for field in text.split(|b| *b == b',') {
        let Some(column) = columns.get_mut(n) else { return Row::Unreadable };
        *column = field;
        n += 1;
    }
    let [de, _, _, freq, _, dx, _, _, kind, db, date, speed, mode] =
        columns.map(|c| std::str::from_utf8(c).unwrap_or(""));
    let Some(time) = moment(date.as_bytes()) else { return Row::Unreadable };
    if n != COLUMNS || de.is_empty() || dx.is_empty() || freq.is_empty() {
        return Row::Unreadable;
    }
    let (hour, minute) = time.hour_minute();
    let unit = match (speed, mode) {
        ("", _) => "",
        (_, "CW") => "WPM",
        _ => "BPS",
    };
    let point = if freq.contains('.') { "" } else { ".0" };
    let width = 9 - point.len();
    line.clear();
    // Writing to a Vec cannot fail.
    let _ = write!(
        line,
        "DX de {:<9}{freq:>width$}{point}  {dx:<14} {mode:<5}{db:>3} dB {speed:>3} {unit:<3}  {kind:<8}{hour:02}{minute:02}Z",
        format_args!("{de}-#:").to_string(),
    );
    Row::Spot(time)
}

/// `2017-07-28 00:00:00`.
fn moment(text: &[u8]) -> Option<Utc> {
    let n = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0')))
    };
    let (year, month, day) = (n(0..4)?, n(5..7)?, n(8..10)?);
    let (hour, minute, second) = (n(11..13)?, n(14..16)?, n(17..19)?);
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    in_range.then(|| Utc::from_civil(i64::from(year), month, day, hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_the_lines_they_were() {
        let mut line = Vec::new();
        for (text, want) in [
            (
                "K1TTT,K,NA,7026.6,40m,WB2YIP,K,NA,CQ,12,2017-07-28 00:00:00,24,CW",
                "DX de K1TTT-#:    7026.6  WB2YIP         CW    12 dB  24 WPM  CQ      0000Z",
            ),
            (
                "VE2WU,VE,NA,7005,40m,DL1NKS,DL,EU,CQ,28,2017-07-28 13:05:59,30,CW",
                "DX de VE2WU-#:    7005.0  DL1NKS         CW    28 dB  30 WPM  CQ      1305Z",
            ),
            (
                "K2MFF-2,K,NA,14092.59,20m,K8SIA,K,NA,NCDXF B,8,2017-07-28 00:00:00,45,RTTY",
                "DX de K2MFF-2-#: 14092.59  K8SIA          RTTY   8 dB  45 BPS  NCDXF B 0000Z",
            ),
        ] {
            assert!(matches!(row(text.as_bytes(), &mut line), Row::Spot(_)));
            assert_eq!(String::from_utf8_lossy(&line), want);
        }
        assert_eq!(row(b"(162791 rows)", &mut line), Row::Frame);
        assert_eq!(row(b"callsign,de_pfx,de_cont,freq,band,dx", &mut line), Row::Frame);
        for bad in ["", "a,b,c", "K1TTT,K,NA,7026.6,40m,WB2YIP,K,NA,CQ,12,2017-99-28 00:00:00,24,CW"] {
            assert_eq!(row(bad.as_bytes(), &mut line), Row::Unreadable, "{bad}");
        }
    }
}
