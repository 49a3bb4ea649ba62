//! UTC as milliseconds since 1970, and the little calendar that lines and prompts need.

use bytemuck::{Pod, Zeroable};

/// A moment in UTC: milliseconds since 1970-01-01T00:00Z, no leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Utc(i64);

const DAY_MS: i64 = 86_400_000;

impl Utc {
    /// From milliseconds since 1970.
    pub const fn from_ms(ms: i64) -> Utc {
        Utc(ms)
    }
    /// From seconds since 1970.
    pub const fn from_secs(s: i64) -> Utc {
        Utc(s * 1000)
    }
    /// In milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }
    /// In whole seconds since 1970, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// A date and time of the proleptic Gregorian calendar. `month` 1..=12, `day` 1..=31.
    pub const fn from_civil(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Utc {
        // Days since 1970 by counting from 0000-03-01, so that leap days end a year
        // (H. Hinnant, "chrono-compatible low-level date algorithms").
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (month as i64 + 9) % 12;
        let doy = (153 * mp + 2) / 5 + day as i64 - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        Utc((days * 86_400 + hour as i64 * 3600 + minute as i64 * 60 + second as i64) * 1000)
    }
    /// Year, month 1..=12, day 1..=31.
    pub const fn civil(self) -> (i64, u32, u32) {
        let z = self.0.div_euclid(DAY_MS) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }
    /// Hour 0..=23 and minute 0..=59.
    #[inline]
    pub const fn hour_minute(self) -> (u32, u32) {
        let minutes = self.0.rem_euclid(DAY_MS) / 60_000;
        ((minutes / 60) as u32, (minutes % 60) as u32)
    }
    /// Milliseconds since the last midnight.
    pub const fn ms_of_day(self) -> i64 {
        self.0.rem_euclid(DAY_MS)
    }
    /// The moment with this hour and minute that lies nearest: from 12 h before to 12 h after
    /// `self`. A spot line of 23:59 read at 00:01 belongs to yesterday.
    pub const fn nearest(self, hour: u32, minute: u32) -> Utc {
        let wanted = (hour as i64 * 60 + minute as i64) * 60_000;
        let today = self.0 - self.0.rem_euclid(DAY_MS) + wanted;
        let ahead = today - self.0;
        if ahead > DAY_MS / 2 {
            Utc(today - DAY_MS)
        } else if ahead < -(DAY_MS / 2) {
            Utc(today + DAY_MS)
        } else {
            Utc(today)
        }
    }
    /// Reads a moment as people type it: `2017-07-15`, `2017-07-15T13:59`, `2017-07-15 13:59:07Z`, always
    /// UTC. Years 1970 to 9999. The `bool` says whether a time of day was given; without, it is midnight.
    pub fn parse(text: &str) -> Option<(Utc, bool)> {
        let text = text.trim();
        let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let (date, time) = match bare.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (bare, None),
        };
        let numbers = |text: &str, sign: char| -> Option<Vec<u32>> {
            let is_number = |s: &str| (1..=4).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
            text.split(sign).map(|s| if is_number(s) { s.parse().ok() } else { None }).collect()
        };
        let [year, month, day] = numbers(date, '-')?[..] else { return None };
        let (hour, minute, second) = match numbers(time.unwrap_or("0:0"), ':')?[..] {
            [hour, minute] => (hour, minute, 0),
            [hour, minute, second] => (hour, minute, second),
            _ => return None,
        };
        if year < 1970 || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let moment = Utc::from_civil(i64::from(year), month, day, hour, minute, second);
        // 30 February would turn up as 2 March.
        (moment.civil() == (i64::from(year), month, day)).then_some((moment, time.is_some()))
    }
    /// `6-Dec-2025` (day unpadded).
    pub fn date_text(self) -> String {
        let (y, m, d) = self.civil();
        format!("{d}-{}-{y}", month_name(m))
    }
    /// `1359Z`.
    pub fn hhmmz(self) -> String {
        let (h, m) = self.hour_minute();
        format!("{h:02}{m:02}Z")
    }
}

/// `Jan`..`Dec` for 1..=12; `???` otherwise.
pub const fn month_name(month: u32) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if month >= 1 && month <= 12 { NAMES[month as usize - 1] } else { "???" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_round_trip() {
        for (y, m, d) in [(1970, 1, 1), (2000, 2, 29), (2017, 7, 15), (2026, 11, 24), (2100, 3, 1), (1969, 12, 31)] {
            let t = Utc::from_civil(y, m, d, 13, 59, 7);
            assert_eq!(t.civil(), (y, m, d));
            assert_eq!(t.hour_minute(), (13, 59));
        }
        assert_eq!(Utc::from_civil(2025, 11, 22, 6, 15, 42).secs(), 1_763_792_142);
    }

    #[test]
    fn moments_people_type() {
        let noon = Utc::from_civil(2025, 11, 29, 12, 0, 0);
        for text in ["2025-11-29T12:00", "2025-11-29T12:00Z", "2025-11-29 12:00:00", "2025-11-29t12:00:00z"] {
            assert_eq!(Utc::parse(text), Some((noon, true)), "{text}");
        }
        assert_eq!(Utc::parse("2017-07-15"), Some((Utc::from_civil(2017, 7, 15, 0, 0, 0), false)));
        assert_eq!(Utc::parse("2017-07-15T00:00"), Some((Utc::from_civil(2017, 7, 15, 0, 0, 0), true)));
        for text in [
            "",
            "2017",
            "2017-13-01",
            "2017-02-30",
            "2017-07-15T24:00",
            "2017-07-15T1",
            "15-07-2017x",
            "2017-07-15T1:2:3:4",
            "2017-07-15T12:60",
            "1969-01-01",
            "+2017-07-15",
            "2017-7-0",
        ] {
            assert_eq!(Utc::parse(text), None, "{text}");
        }
    }

    #[test]
    fn minutes_belong_to_the_nearest_day() {
        let now = Utc::from_civil(2026, 3, 1, 0, 1, 10);
        assert_eq!(now.nearest(23, 59), Utc::from_civil(2026, 2, 28, 23, 59, 0));
        assert_eq!(now.nearest(0, 3), Utc::from_civil(2026, 3, 1, 0, 3, 0));
        let late = Utc::from_civil(2026, 3, 1, 23, 58, 0);
        assert_eq!(late.nearest(0, 1), Utc::from_civil(2026, 3, 2, 0, 1, 0));
        assert_eq!(late.nearest(22, 0), Utc::from_civil(2026, 3, 1, 22, 0, 0));
    }
}
