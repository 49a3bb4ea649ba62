//! The spot itself.

use super::{Band, COMMENT_BYTES_MAX, Call, Comment, Freq, Grid, Mode, SessionId, Utc};
use bytemuck::{Pod, Zeroable};

/// Who reported: the class decides buffer shares, shedding order and the row of every counter.
///
/// Whether a *person* reported is not the class but [`Flags::SKIMMER`]: the simulator plays both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Class {
    /// A person: a `DX` command here, or a person's line from an upstream cluster.
    #[default]
    Human = 0,
    /// A node link.
    Peer = 1,
    /// Reverse Beacon Network, CW, RTTY, PSK.
    Rbn = 2,
    /// Reverse Beacon Network, FT8 and FT4.
    RbnDigital = 3,
    /// PSKReporter.
    PskReporter = 4,
    /// The built-in band simulator, people and skimmers alike.
    Simulator = 5,
}

impl Class {
    /// How many classes there are.
    pub const COUNT: usize = 6;
    /// All, in order of their discriminants.
    pub const ALL: [Class; Class::COUNT] =
        [Class::Human, Class::Peer, Class::Rbn, Class::RbnDigital, Class::PskReporter, Class::Simulator];

    /// The name in reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Class::Human => "human",
            Class::Peer => "peer",
            Class::Rbn => "rbn",
            Class::RbnDigital => "rbn_digital",
            Class::PskReporter => "pskreporter",
            Class::Simulator => "simulator",
        }
    }

    /// From a stored discriminant; unknown ones are human, the class that is shed last.
    #[inline]
    pub fn from_u8(raw: u8) -> Class {
        Class::ALL.get(usize::from(raw)).copied().unwrap_or_default()
    }
}

/// Continent of a station. The discriminant is stored in a spot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Continent {
    #[default]
    Unknown = 0,
    Af,
    An,
    As,
    Eu,
    Na,
    Oc,
    Sa,
}

impl Continent {
    const NAMES: [&str; 8] = ["", "AF", "AN", "AS", "EU", "NA", "OC", "SA"];
    /// `EU`; empty for unknown.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
    /// Reads `EU`, any case.
    pub fn parse(text: &str) -> Option<Continent> {
        let i = Self::NAMES.iter().position(|n| !n.is_empty() && n.eq_ignore_ascii_case(text))?;
        Some(Self::from_u8(i as u8))
    }
    /// From a stored discriminant.
    pub fn from_u8(raw: u8) -> Continent {
        use Continent::*;
        [Unknown, Af, An, As, Eu, Na, Oc, Sa].get(usize::from(raw)).copied().unwrap_or_default()
    }
}

/// Facts about a spot that are true or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Flags(pub u32);

impl Flags {
    /// `snr_db` holds a report (a real 0 dB is one).
    pub const SNR: Flags = Flags(1);
    /// A machine reported: RBN, PSKReporter, a spotter with `-#`, a simulated skimmer.
    pub const SKIMMER: Flags = Flags(1 << 1);
    /// The DX is a beacon: `/B`, or a machine said BEACON or NCDXF.
    pub const BEACON: Flags = Flags(1 << 2);
    /// The DX was calling CQ.
    pub const CQ: Flags = Flags(1 << 3);
    /// A machine said `NCDXF B`.
    pub const NCDXF: Flags = Flags(1 << 4);
    /// The mode was inferred, not said.
    pub const MODE_INFERRED: Flags = Flags(1 << 5);
    /// Made by the simulator; never leaves the node.
    pub const SIMULATED: Flags = Flags(1 << 6);
    /// Posted by a user logged in here; `post` names the session.
    pub const POST: Flags = Flags(1 << 7);
    /// The spotter is a test call: shown to users, kept out of history, archive and peers.
    pub const TEST_SPOTTER: Flags = Flags(1 << 8);
    /// The comment was longer than [`COMMENT_BYTES_MAX`] and was cut.
    pub const COMMENT_CUT: Flags = Flags(1 << 9);
    /// `dx_grid` comes from country data, not from the station.
    pub const DX_GRID_DERIVED: Flags = Flags(1 << 10);
    /// `de_grid` comes from country data, not from the station.
    pub const DE_GRID_DERIVED: Flags = Flags(1 << 11);
    /// `speed` is in bauds (BPS), not words per minute.
    pub const SPEED_BPS: Flags = Flags(1 << 12);
    /// The time is the source's, not the arrival's.
    pub const TIME_TOLD: Flags = Flags(1 << 13);

    /// Whether every bit of `other` is set.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
    /// Sets or clears the bits of `other`.
    #[inline]
    pub const fn set(&mut self, other: Flags, on: bool) {
        if on {
            self.0 |= other.0;
        } else {
            self.0 &= !other.0;
        }
    }
}

/// Which dedup policies let a spot through: the verdicts of the dedup stage.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Verdicts(pub u8);

impl Verdicts {
    /// New for FAST.
    pub const FAST: Verdicts = Verdicts(1);
    /// New for MED.
    pub const MED: Verdicts = Verdicts(2);
    /// New for SLOW.
    pub const SLOW: Verdicts = Verdicts(4);
    /// A repeat that is at least 6 dB stronger, the first such in its window.
    pub const UPDATE: Verdicts = Verdicts(8);

    /// Whether every bit of `other` is set.
    #[inline]
    pub const fn has(self, other: Verdicts) -> bool {
        self.0 & other.0 == other.0
    }
    /// Whether any bit of `other` is set.
    #[inline]
    pub const fn any(self, other: Verdicts) -> bool {
        self.0 & other.0 != 0
    }
}

/// Points on the road where a spot is stamped with nanoseconds since its bytes were read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Hop {
    /// Parse is done: pushed to correct.
    Parsed = 0,
    /// Correct is done: pushed to dedup.
    Corrected = 1,
    /// Dedup is done: pushed to every reader.
    Published = 2,
    /// A reader took it from its ring.
    Taken = 3,
}

/// One report: this spotter heard this DX on this frequency. Finished before it is published; after
/// that nobody changes it.
///
/// 256 bytes, four cache lines: keys and times, then what filters ask, then text. Plain old data:
/// any bytes are a valid value, and enum fields are stored as their discriminants with accessors.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Spot {
    // --- line 0
    /// Station heard, as heard: canonical, portable suffix kept. Keys use [`super::base_call`].
    pub dx: Call,
    /// Reporting station, with its SSID and `-#`.
    pub de: Call,
    /// Frequency of the DX.
    pub freq: Freq,
    /// Monotonic clock when the bytes were read from the socket, in ns. Base of every latency.
    pub read_ns: u64,
    /// When the DX was heard, by the source's clock where it told one.
    pub time: Utc,
    /// Number given on publication, 1, 2, 3...; 0 before.
    pub seq: u64,
    // --- line 1
    /// Nanoseconds from `read_ns` to each [`Hop`], saturating at 4.29 s.
    pub hop_ns: [u32; 4],
    /// Number of the line within its feed: with `read_ns` and `feed`, the order of merging.
    pub line: u64,
    /// The posting session for [`Flags::POST`], else 0.
    pub post: SessionId,
    /// Facts.
    pub flags: Flags,
    /// Signal report in dB, valid with [`Flags::SNR`].
    pub snr_db: i16,
    /// Speed in WPM, or in bauds with [`Flags::SPEED_BPS`]; 0 = none.
    pub speed: u16,
    /// ADIF number of the DX's entity; 0 = none or unknown.
    pub dx_adif: u16,
    /// ADIF number of the spotter's entity; 0 = none or unknown.
    pub de_adif: u16,
    /// CQ zone of the DX, 1..=40; 0 = unknown.
    pub dx_cq: u8,
    /// ITU zone of the DX, 1..=90; 0 = unknown.
    pub dx_itu: u8,
    /// CQ zone of the spotter.
    pub de_cq: u8,
    /// ITU zone of the spotter.
    pub de_itu: u8,
    dx_continent: u8,
    de_continent: u8,
    band: u8,
    mode: u8,
    class: u8,
    /// Index of the feed in the configuration; 255 = this node's users.
    pub feed: u8,
    /// Confidence glyph, ASCII; 0 = none.
    pub confidence: u8,
    comment_len: u8,
    /// Verdicts of dedup.
    pub verdicts: Verdicts,
    /// Hops left on node links.
    pub hops: u8,
    /// US state or Canadian province of the DX, by number ([`super::State`]); 0 = unknown or none.
    pub dx_state: u8,
    /// US state or Canadian province of the spotter.
    pub de_state: u8,
    reserved: [u8; 4],
    // --- lines 2 and 3
    comment: [u8; COMMENT_BYTES_MAX],
    /// Node or network it came from (`RBN`, a node call).
    pub node: Call,
    /// Locator of the DX.
    pub dx_grid: Grid,
    /// Locator of the spotter.
    pub de_grid: Grid,
    reserved2: [u8; 4],
}

const _: () = {
    assert!(std::mem::size_of::<Spot>() == 256);
    assert!(std::mem::align_of::<Spot>() == 64);
};

impl Spot {
    /// `feed` of spots that users of this node post.
    pub const FEED_POSTS: u8 = 255;

    /// An empty spot: no calls, frequency 0, class human.
    pub fn empty() -> Spot {
        Spot::zeroed()
    }

    /// Band of the frequency when it was set by [`Spot::set_freq`].
    #[inline]
    pub fn band(&self) -> Band {
        Band::from_u8(self.band)
    }
    /// Sets frequency and band together.
    pub fn set_freq(&mut self, freq: Freq) {
        self.freq = freq;
        self.band = Band::of(freq) as u8;
    }
    /// Mode.
    #[inline]
    pub fn mode(&self) -> Mode {
        Mode::from_u8(self.mode)
    }
    /// Sets the mode.
    #[inline]
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode as u8;
    }
    /// Source class.
    #[inline]
    pub fn class(&self) -> Class {
        Class::from_u8(self.class)
    }
    /// Sets the source class.
    #[inline]
    pub fn set_class(&mut self, class: Class) {
        self.class = class as u8;
    }
    /// Continent of the DX.
    #[inline]
    pub fn dx_continent(&self) -> Continent {
        Continent::from_u8(self.dx_continent)
    }
    /// Sets the continent of the DX.
    pub fn set_dx_continent(&mut self, continent: Continent) {
        self.dx_continent = continent as u8;
    }
    /// Continent of the spotter.
    #[inline]
    pub fn de_continent(&self) -> Continent {
        Continent::from_u8(self.de_continent)
    }
    /// Sets the continent of the spotter.
    pub fn set_de_continent(&mut self, continent: Continent) {
        self.de_continent = continent as u8;
    }
    /// The report, when there is one.
    #[inline]
    pub fn snr(&self) -> Option<i16> {
        self.flags.has(Flags::SNR).then_some(self.snr_db)
    }
    /// Sets or clears the report.
    pub fn set_snr(&mut self, snr: Option<i16>) {
        self.flags.set(Flags::SNR, snr.is_some());
        self.snr_db = snr.unwrap_or(0);
    }
    /// Whether a machine reported it.
    #[inline]
    pub fn is_skimmer(&self) -> bool {
        self.flags.has(Flags::SKIMMER)
    }
    /// The comment: of a person, as written (controls removed); of a machine, what is left beside
    /// mode, report, speed, grid and type.
    #[inline]
    pub fn comment(&self) -> &[u8] {
        &self.comment[..usize::from(self.comment_len).min(COMMENT_BYTES_MAX)]
    }
    /// Sets the comment, made safe and cut if need be; returns whether it was cut.
    pub fn set_comment(&mut self, text: &[u8]) -> bool {
        let (len, cut) = Comment::sanitize_into(text, &mut self.comment);
        self.comment[len..].fill(0);
        self.comment_len = len as u8;
        self.flags.set(Flags::COMMENT_CUT, cut);
        cut
    }
    /// Stamps a hop with the time of this turn.
    #[inline]
    pub fn stamp(&mut self, hop: Hop, mono_ns: u64) {
        self.hop_ns[hop as usize] = u32::try_from(mono_ns.saturating_sub(self.read_ns)).unwrap_or(u32::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_survives_bytes() {
        let mut spot = Spot::empty();
        spot.dx = Call::literal("K1ABC");
        spot.set_freq(Freq::from_khz(14_025));
        spot.set_mode(Mode::Cw);
        spot.set_snr(Some(0));
        spot.set_comment(b"up 2");
        let bytes: &[u8] = bytemuck::bytes_of(&spot);
        let back: Spot = bytemuck::pod_read_unaligned(bytes);
        assert_eq!(back.band(), Band::M20);
        assert_eq!(back.snr(), Some(0));
        assert_eq!(back.comment(), b"up 2");
    }

    #[test]
    fn any_bytes_are_some_spot() {
        let spot: Spot = bytemuck::pod_read_unaligned(&[0xFF; 256]);
        let _ = (
            spot.band(),
            spot.mode(),
            spot.class(),
            spot.dx_continent(),
            spot.comment(),
            spot.dx.as_str(),
            spot.dx_grid.as_str(),
        );
    }

    #[test]
    fn stamps_saturate() {
        let mut spot = Spot::empty();
        spot.read_ns = 10;
        spot.stamp(Hop::Parsed, 1_000_010);
        spot.stamp(Hop::Published, 10_000_000_000);
        assert_eq!(spot.hop_ns, [1_000_000, 0, u32::MAX, 0]);
    }
}
