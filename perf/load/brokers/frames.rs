//! The spots of a plan as one feed connection sends them.

use super::super::plan::{BANDS, LINE_BYTES, Plan};
use super::{Dialogue, mqtt, nats, redis};
use std::borrow::Cow;

/// A line without its CR LF.
pub const PAYLOAD_BYTES: usize = LINE_BYTES - 2;

/// How spots leave by a feed connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A relay's lines.
    Lines,
    /// `PUB` to nats-server.
    Nats,
    /// `PUBLISH` to redis-server.
    Redis,
    /// PSKReporter's reports to an MQTT broker. The first spot of the plan was heard then, in s since 1970.
    Reports {
        /// When the plan begins.
        heard_s: i64,
    },
}

impl Way {
    /// To a server whose users speak like that; none when it connects to us.
    pub fn to(dialogue: Dialogue) -> Option<Way> {
        match dialogue {
            Dialogue::Telnet => None,
            Dialogue::Nats => Some(Way::Nats),
            Dialogue::Redis => Some(Way::Redis),
        }
    }
}

/// What one connection sends, spot after spot.
pub struct Frames<'p> {
    bytes: Cow<'p, [u8]>,
    /// Where the frame of each of its spots ends; empty when all are lines of the plan.
    ends: Vec<usize>,
}

impl<'p> Frames<'p> {
    /// The spots of feed `feed` of a plan. All is made before the start: a frame costs nothing when it is due.
    pub fn of(plan: &'p Plan, feed: usize, way: Way) -> Frames<'p> {
        let lines = &plan.feed_bytes[feed];
        if way == Way::Lines {
            return Frames { bytes: Cow::Borrowed(lines), ends: Vec::new() };
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let feeds = plan.feed_bytes.len();
        for (at, line) in lines.chunks(LINE_BYTES).enumerate() {
            let payload = &line[..PAYLOAD_BYTES];
            match way {
                Way::Lines => {}
                Way::Nats => nats::publish(&mut bytes, payload),
                Way::Redis => redis::publish(&mut bytes, payload),
                Way::Reports { heard_s } => report(&mut bytes, plan, [at, at * feeds + feed], payload, heard_s),
            }
            ends.push(bytes.len());
        }
        Frames { bytes: Cow::Owned(bytes), ends }
    }

    /// Bytes of its first `spots` spots.
    #[inline]
    pub fn before(&self, spots: usize) -> usize {
        if self.ends.is_empty() {
            return spots * LINE_BYTES;
        }
        spots.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    /// Which of its spots the byte `at` belongs to.
    pub fn spot_at(&self, at: usize) -> usize {
        if self.ends.is_empty() {
            return at / LINE_BYTES;
        }
        self.ends.partition_point(|end| *end <= at)
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The same station, heard in FT8 instead of CW: report number `at` of its feed is spot `seq` of the plan.
fn report(out: &mut Vec<u8>, plan: &Plan, [at, seq]: [usize; 2], line: &[u8], heard_s: i64) {
    let key = plan.keys[seq].to_ne_bytes();
    let spotter = line[6..15].split(|b| *b == b':').next().unwrap_or(&[]);
    let report = mqtt::Report {
        sq: 1 + at as u64,
        band: seq % BANDS,
        dx: key.trim_ascii_end(),
        spotter: spotter.strip_suffix(b"-#").unwrap_or(spotter),
        heard_s: heard_s + (plan.offsets_ns[seq] / 1_000_000_000) as i64,
    };
    report.publish(out);
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::{BAND_NAMES, Profile};
    use super::*;
    use dxring::spot::{Mode, Utc};

    fn plan(feeds: usize) -> Plan {
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 100, within_ms: 0, every_ms: 0, times: 1 };
        Plan::lay(&none, &burst, feeds, 7, Utc::from_secs(1_791_326_355))
    }

    #[test]
    fn payloads_are_the_very_lines_of_the_relay() {
        let plan = plan(2);
        let lines: Vec<&[u8]> = plan.feed_bytes[1].chunks(LINE_BYTES).collect();
        let plain = Frames::of(&plan, 1, Way::Lines);
        assert_eq!((plain.bytes(), plain.before(3)), (&plan.feed_bytes[1][..], 3 * LINE_BYTES));
        for (way, head) in
            [(Way::Nats, "PUB spots 75\r\n"), (Way::Redis, "*3\r\n$7\r\nPUBLISH\r\n$5\r\nspots\r\n$75\r\n")]
        {
            let frames = Frames::of(&plan, 1, way);
            for (n, line) in lines.iter().enumerate() {
                let frame = &frames.bytes()[frames.before(n)..frames.before(n + 1)];
                assert_eq!(frame, [head.as_bytes(), line].concat());
                assert_eq!(frames.spot_at(frames.before(n)), n);
                assert_eq!(frames.spot_at(frames.before(n + 1) - 1), n);
            }
            assert_eq!(frames.before(lines.len()), frames.bytes().len());
        }
    }

    #[test]
    fn reports_name_the_spots_of_their_lane() {
        let plan = plan(4);
        let frames = Frames::of(&plan, 3, Way::Reports { heard_s: 1_791_326_355 });
        for n in 0..25 {
            let packet = &frames.bytes()[frames.before(n)..frames.before(n + 1)];
            let json = &packet[memchr::memchr(b'{', packet).unwrap()..];
            let message = dxring::wire::pskreporter(json);
            let report = message.report.unwrap_or_else(|e| panic!("{e:?}"));
            let seq = n as u32 * 4 + 3;
            assert_eq!((plan.seq_of(report.spot.dx.as_bytes()), message.sq), (Some(seq), Some(n as u64 + 1)));
            assert_eq!((report.heard, report.spot.mode()), (Utc::from_secs(1_791_326_355), Mode::Ft8));
            assert!(
                report.spot.is_skimmer() && report.spot.de.as_str().ends_with('#')
                    || report.spot.de.as_str().contains('-')
            );
            assert_eq!(report.spot.band().name(), BAND_NAMES[seq as usize % BANDS].to_lowercase(), "filters go by it");
            let mut line = Vec::new();
            dxring::wire::classic(&report.spot, &mut line);
            assert_eq!(line[26..34], plan.keys[seq as usize].to_ne_bytes(), "where users look for it");
        }
    }
}
