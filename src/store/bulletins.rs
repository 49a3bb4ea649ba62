//! Announcements, WWV, WCY and weather of the last days, as lists and tables.
//!
//! The tables of SHOW/WWV and SHOW/WCY have the columns of clients 1.12 and 5.6; programs know their headers.

use crate::spot::{Bulletin, BulletinKind, Utc};
use std::collections::VecDeque;
use std::io::Write;

/// Lines kept of each kind.
pub const BULLETINS_KEPT: usize = 500;
/// Longest line that is kept whole. Four kinds × 500 lines × (256 bytes and 40 of housekeeping) = 0.6 MB.
const BULLETIN_BYTES_MAX: usize = 256;
/// Lines looked at for a repeat, and for how long: other nodes send the same line within minutes.
const REPEAT_LINES: usize = 16;
const REPEAT_MS: i64 = 3_600_000;

const KINDS: usize = 4;
const WWV_HEADER: &str = "Date        Hour   SFI   A   K Forecast                              Logger";
const WCY_HEADER: &str = "Date        Hour   SFI   A   K Exp.K   R SA    GMF   Aurora   Logger";

/// The last lines of each kind.
#[derive(Debug, Default)]
pub struct Bulletins {
    kinds: [VecDeque<Kept>; KINDS],
}

#[derive(Debug)]
struct Kept {
    at: Utc,
    line: Box<[u8]>,
}

fn place(kind: BulletinKind) -> Option<usize> {
    match kind {
        BulletinKind::Announce => Some(0),
        BulletinKind::Wwv => Some(1),
        BulletinKind::Wcy => Some(2),
        BulletinKind::Wx => Some(3),
        BulletinKind::Login => None,
    }
}

impl Bulletins {
    /// Keeps a line that came at this time. Log-ins are nobody's history; a line that another feed brought
    /// within the hour is kept once.
    pub fn keep(&mut self, bulletin: &Bulletin, at: Utc) {
        let Some(place) = place(bulletin.kind) else { return };
        let kept = &mut self.kinds[place];
        let line = &bulletin.line[..bulletin.line.len().min(BULLETIN_BYTES_MAX)];
        let is_same = |old: &Kept| at.ms() - old.at.ms() < REPEAT_MS && old.line.eq_ignore_ascii_case(line);
        if kept.iter().rev().take(REPEAT_LINES).any(is_same) {
            return;
        }
        if kept.len() == BULLETINS_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { at, line: line.into() });
    }

    /// How many lines of a kind are kept.
    pub fn len(&self, kind: BulletinKind) -> usize {
        place(kind).map_or(0, |place| self.kinds[place].len())
    }

    /// Whether no line of a kind is kept.
    pub fn is_empty(&self, kind: BulletinKind) -> bool {
        self.len(kind) == 0
    }

    /// Appends the last `count` lines of a kind: tables newest first, lists oldest first, as people read them.
    pub fn print(&self, kind: BulletinKind, count: usize, out: &mut Vec<u8>) {
        let Some(kept) = place(kind).map(|place| &self.kinds[place]).filter(|kept| !kept.is_empty()) else {
            out.extend_from_slice(nothing(kind).as_bytes());
            return out.extend_from_slice(b"\r\n");
        };
        let count = count.min(kept.len());
        match kind {
            BulletinKind::Wwv | BulletinKind::Wcy => {
                let (header, row): (_, fn(&str, Utc) -> Option<String>) = match kind {
                    BulletinKind::Wwv => (WWV_HEADER, wwv_row),
                    _ => (WCY_HEADER, wcy_row),
                };
                line(out, header.as_bytes());
                for kept in kept.iter().rev().take(count) {
                    match row(&String::from_utf8_lossy(&kept.line), kept.at) {
                        Some(row) => line(out, row.as_bytes()),
                        // Not in the form that tables are made of: as it came.
                        None => line(out, &kept.line),
                    }
                }
            }
            _ => {
                for Kept { at, line: text } in kept.iter().skip(kept.len() - count) {
                    // Writing to a vector cannot fail.
                    let _ = write!(out, "{} {} ", date(*at), at.hhmmz());
                    line(out, text);
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn nothing(kind: BulletinKind) -> &'static str {
    match kind {
        BulletinKind::Announce => "No announcements heard since this node started.",
        BulletinKind::Wwv => "No WWV reports heard since this node started.",
        BulletinKind::Wcy => "No WCY reports heard since this node started.",
        _ => "No weather reports heard since this node started.",
    }
}

/// ` 6-Dec-2025`, always 11 columns.
fn date(at: Utc) -> String {
    format!("{:>11}", at.date_text())
}

/// What stands before the colon: `WWV de VE7CC <21>`, `WCY de DK0WCY-1 <22>`. Logger, moment, and the rest.
fn head<'a>(line: &'a str, word: &str, at: Utc) -> Option<(&'a str, Utc, &'a str)> {
    let start = line.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    let (head, fields) = line[start.len()..].split_once(':')?;
    let (logger, hour) = head.split_once('<')?;
    let digits = hour.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let hour: u32 = hour[..digits].parse().ok().filter(|hour| *hour < 24)?;
    Some((logger.trim(), at.nearest(hour, 0), fields.trim()))
}

/// A number that fits its column.
fn number(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|n| *n <= 9_999)
}

/// `WWV de VE7CC <21>:   SFI=70, A=12, K=3, No Storms -> No Storms` (clients 5.4).
fn wwv_row(line: &str, at: Utc) -> Option<String> {
    let (logger, at, mut rest) = head(line, "WWV de ", at)?;
    let (mut sfi, mut a, mut k) = (None, None, None);
    while let Some((name, value)) = rest.split(',').next().and_then(|field| field.split_once('=')) {
        match &*name.trim().to_ascii_uppercase() {
            "SFI" => sfi = number(value),
            "A" => a = number(value),
            "K" => k = number(value),
            _ => {}
        }
        rest = rest.split_once(',').map_or("", |(_, rest)| rest);
    }
    let (date, hour) = (date(at), at.hour_minute().0);
    Some(format!("{date}   {hour:02} {:>5} {:>3} {:>3} {:<37.37} <{logger}>", sfi?, a?, k?, rest.trim()))
}

/// `WCY de DK0WCY-1 <22> : K=9 expK=0 A=139 R=156 SFI=223 SA=maj GMF=sev Au=aurora` (clients 5.6).
fn wcy_row(line: &str, at: Utc) -> Option<String> {
    let (logger, at, rest) = head(line, "WCY de ", at)?;
    let field = |wanted: &str| {
        let pairs = rest.split_ascii_whitespace().filter_map(|field| field.split_once('='));
        pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).next()
    };
    let amount = |wanted: &str| number(field(wanted)?);
    let word = |wanted: &str| field(wanted).unwrap_or("-");
    let (date, hour) = (date(at), at.hour_minute().0);
    Some(format!(
        "{date}   {hour:02} {:>5} {:>3} {:>3} {:>5} {:>3} {:<5.5} {:<5.5} {:<8.8} <{logger}>",
        amount("SFI")?,
        amount("A")?,
        amount("K")?,
        amount("expK")?,
        amount("R")?,
        word("SA"),
        word("GMF"),
        word("Au"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hour: u32, minute: u32) -> Utc {
        Utc::from_civil(2025, 12, 6, hour, minute, 0)
    }

    fn keep(bulletins: &mut Bulletins, kind: BulletinKind, at: Utc, text: &str) {
        bulletins.keep(&Bulletin { kind, line: text.into() }, at);
    }

    fn printed(bulletins: &Bulletins, kind: BulletinKind, count: usize) -> Vec<String> {
        let mut out = Vec::new();
        bulletins.print(kind, count, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\r\n"));
        text.lines().map(str::to_string).collect()
    }

    #[test]
    fn wwv_is_a_table_newest_first() {
        let mut kept = Bulletins::default();
        let wwv = BulletinKind::Wwv;
        keep(&mut kept, wwv, at(6, 2), "WWV de W0MU <06Z> :  SFI=99, A=8, K=2, No Storms -> No Storms");
        keep(&mut kept, wwv, at(9, 1), "WWV de VE7CC <09>:   SFI=105, A=24, K=4, Minor w/G1 -> No Storms");
        assert_eq!(
            printed(&kept, wwv, 9),
            [
                "Date        Hour   SFI   A   K Forecast                              Logger",
                " 6-Dec-2025   09   105  24   4 Minor w/G1 -> No Storms               <VE7CC>",
                " 6-Dec-2025   06    99   8   2 No Storms -> No Storms                <W0MU>",
            ]
        );
        assert_eq!(printed(&kept, wwv, 1).len(), 2);
    }

    #[test]
    fn wcy_is_a_table() {
        let mut kept = Bulletins::default();
        let line = "WCY de DK0WCY <09> : K=4 expK=3 A=24 R=112 SFI=105 SA=act GMF=maj Au=no";
        keep(&mut kept, BulletinKind::Wcy, at(9, 0), line);
        assert_eq!(
            printed(&kept, BulletinKind::Wcy, 1),
            [
                "Date        Hour   SFI   A   K Exp.K   R SA    GMF   Aurora   Logger",
                " 6-Dec-2025   09   105  24   4     3 112 act   maj   no       <DK0WCY>",
            ]
        );
    }

    #[test]
    fn the_hour_belongs_to_the_nearest_day_and_odd_lines_stand_as_they_came() {
        let mut kept = Bulletins::default();
        let wwv = BulletinKind::Wwv;
        keep(&mut kept, wwv, at(0, 5), "WWV de VE7CC <23>:   SFI=70, A=12, K=3, ");
        keep(&mut kept, wwv, at(1, 5), "WWV de VE7CC says nothing");
        keep(&mut kept, wwv, at(1, 6), "WWV de VE7CC <25>: SFI=1, A=1, K=1");
        let rows = printed(&kept, wwv, 9);
        assert_eq!(rows[1], "WWV de VE7CC <25>: SFI=1, A=1, K=1");
        assert_eq!(rows[2], "WWV de VE7CC says nothing");
        assert!(rows[3].starts_with(" 5-Dec-2025   23    70  12   3 "), "{}", rows[3]);
    }

    #[test]
    fn announcements_are_listed_with_their_time() {
        let mut kept = Bulletins::default();
        let announce = BulletinKind::Announce;
        assert_eq!(printed(&kept, announce, 5), ["No announcements heard since this node started."]);
        keep(&mut kept, announce, at(9, 0), "To ALL de G1TLH: net at 10");
        keep(&mut kept, announce, at(9, 1), "To ALL de G1TLH: NET at 10");
        keep(&mut kept, announce, at(9, 2), "To ALL de G1TLH: net is over");
        assert_eq!(
            printed(&kept, announce, 5),
            [" 6-Dec-2025 0900Z To ALL de G1TLH: net at 10", " 6-Dec-2025 0902Z To ALL de G1TLH: net is over"]
        );
        assert_eq!(printed(&kept, announce, 1), [" 6-Dec-2025 0902Z To ALL de G1TLH: net is over"]);
        keep(&mut kept, announce, at(10, 1), "To ALL de G1TLH: net at 10");
        assert_eq!(kept.len(announce), 3, "an hour later it is news again");
        keep(&mut kept, BulletinKind::Login, at(9, 0), "K1ABC is here");
        assert!(kept.is_empty(BulletinKind::Login));
    }

    #[test]
    fn the_oldest_go_and_long_lines_are_cut() {
        let mut kept = Bulletins::default();
        for n in 0..BULLETINS_KEPT + 3 {
            keep(&mut kept, BulletinKind::Wx, at(9, 0), &format!("WX de K1A: {n} {}", "x".repeat(1000)));
        }
        let lines = printed(&kept, BulletinKind::Wx, usize::MAX);
        assert_eq!(lines.len(), BULLETINS_KEPT);
        assert!(lines[0].contains("K1A: 3 ") && lines[0].len() == BULLETIN_BYTES_MAX + 18);
    }

    proptest! {
        #[test]
        fn any_line_makes_a_row_or_stands_as_it_is(line in "(WWV|WCY) de [A-Z0-9<>: =,KASFI]{0,60}|\\PC{0,60}") {
            for kind in [BulletinKind::Wwv, BulletinKind::Wcy] {
                let mut kept = Bulletins::default();
                keep(&mut kept, kind, at(9, 0), &line);
                prop_assert_eq!(printed(&kept, kind, 9).len(), 2);
            }
        }
    }
}
