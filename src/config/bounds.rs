//! The range of every number in the configuration, with the reason for both ends. A bound stands here
//! and nowhere else; `0` where it means "never" or "off" is allowed beside the range by the checks.

use std::ops::RangeInclusive;

/// From a minute to a week: a second is a typing pause, and a week of silence is a dead line.
pub(super) const IDLE_S: RangeInclusive<u64> = 1..=604_800;
/// Waiting for a dialogue to go on: a second on a fast link, an hour for somebody typing by hand.
pub(super) const DIALOGUE_S: RangeInclusive<u64> = 1..=3_600;
/// Silence before a sign of life, or before a line is given up: NAT boxes forget after minutes; beyond a day it is none.
pub(super) const SILENCE_S: RangeInclusive<u64> = 1..=86_400;
/// 0 sends every turn; a second of gathering is what a person notices.
pub(super) const FLUSH_GAP_MS: RangeInclusive<u64> = 0..=1_000;
/// Per telnet core. 1 MiB holds 16 segments of 64 KiB; 64 GiB is the largest machine we heard of, by half.
pub(super) const COHORT_POOL_MIB: RangeInclusive<u64> = 1..=65_536;
/// 8 MiB holds about 100,000 lines of 80 bytes, 20 bursts of 5,000 spots; a GiB is out of all proportion.
pub(super) const COHORT_MIB: RangeInclusive<u64> = 1..=1_024;
/// A connection costs a descriptor and some KiB; Linux allows about a million descriptors.
pub(super) const CONNECTIONS: RangeInclusive<u64> = 1..=1_000_000;
/// A person posts once in a while; 6,000 a minute is 100 a second, which is a load test.
pub(super) const POSTS_PER_MINUTE: RangeInclusive<u64> = 1..=6_000;
/// Shortest password in characters: below 6 it can be guessed by hand, above 64 nobody types it.
pub(super) const PASSWORD_MIN: RangeInclusive<u64> = 6..=64;
/// Sysops of one node: a club's committee, and some room.
pub(super) const SYSOPS_MAX: usize = 100;
/// Feeds have an index of 8 bits; 255 is the users' own posts, 250 leaves room for what comes.
pub(super) const FEEDS_MAX: usize = 250;
/// Spots of a feed that wait: at 256 bytes each, a million is 256 MiB.
pub(super) const BUFFER_SPOTS: RangeInclusive<u64> = 1..=1_048_576;
/// Play speed; 10,000 plays a day in 9 seconds. 0 = as fast as it goes.
pub(super) const SPEED_MAX: f64 = 10_000.0;
/// Windows in seconds: a day of 5 million reports is the most that tables of 16 million entries follow.
pub(super) const WINDOW_S: RangeInclusive<u64> = 0..=86_400;
/// An entry has about 64 bytes: 1,024 is one busy second, 16 million are 1 GiB.
pub(super) const ENTRIES: RangeInclusive<u64> = 1_024..=16_777_216;
/// Skimmers that agree; some 300 are on the air.
pub(super) const SPOTTERS: RangeInclusive<u64> = 1..=1_000;
/// Reports reach from -30 to 60 dB or so; a step above 60 never comes.
pub(super) const UPDATE_DB: RangeInclusive<u64> = 1..=60;
/// Spots per ring: 1,024 of 256 bytes are 256 KiB, a tenth of a second at 10,000/s; a million are 256 MiB per ring and reader.
pub(super) const RING_SPOTS: RangeInclusive<u64> = 1_024..=1_048_576;
/// TCP senders give up after minutes; a feed that is not read for 10 s is worth a drop.
pub(super) const PATIENCE_MS: RangeInclusive<u64> = 0..=10_000;
/// The largest machine that Linux is built for in distributions has 8,192.
pub(super) const CORES: RangeInclusive<u64> = 1..=8_192;
/// Spinning longer than 10 ms only heats the room.
pub(super) const SPIN_US: RangeInclusive<u64> = 0..=10_000;
/// Spots of history: at 256 bytes each, 4 million are 1 GiB.
pub(super) const HISTORY: RangeInclusive<u64> = 1..=4_194_304;
/// Characters of one text that users are sent: 4 KiB are two screens.
pub(super) const TEXT_MAX: usize = 4_096;
/// Characters of a feed's name: it stands in every line of the report.
pub(super) const NAME_MAX: usize = 24;
/// A message of PSKReporter: 225 bytes; 256 leaves nothing out, 64 KiB is a hundred times as much.
pub(super) const PAYLOAD_BYTES: RangeInclusive<u64> = 256..=65_536;
/// Topics of one subscription: 20 bands times 12 modes.
pub(super) const TOPICS_MAX: usize = 240;
/// Characters of a mode's name in a topic: the longest on the air have 10 (`FST4W-1800`); with the bound below a
/// subscription stays under 10 KiB.
pub(super) const MODE_MAX: usize = 16;
/// Bytes of a broker's user name and password: both wait to be said at once (`parse::SAY_BYTES_MAX`).
pub(super) const LOG_IN_BYTES_MAX: usize = 256;
