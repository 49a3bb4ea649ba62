//! Kinds of line that come unasked.

/// Which kinds of line come unasked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Streams(pub u16);

impl Streams {
    /// Spots.
    pub const DX: Streams = Streams(1);
    /// Announcements.
    pub const ANN: Streams = Streams(1 << 1);
    /// Talk.
    pub const TALK: Streams = Streams(1 << 2);
    /// Weather.
    pub const WX: Streams = Streams(1 << 3);
    /// WWV.
    pub const WWV: Streams = Streams(1 << 4);
    /// WCY.
    pub const WCY: Streams = Streams(1 << 5);
    /// Others' log-ins and log-outs.
    pub const LOGINS: Streams = Streams(1 << 6);
    /// Spots of the user's own call, whatever the filter says (GoCluster's SELF). Off: never.
    pub const SELF: Streams = Streams(1 << 7);
    /// Every skimmer report of the user's own call, before dedup (DXSpider's SEEME).
    pub const SEEME: Streams = Streams(1 << 8);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Streams) -> bool {
        self.0 & other.0 == other.0
    }
    /// Sets or clears the bits of `other`.
    pub const fn set(&mut self, other: Streams, on: bool) {
        self.0 = if on { self.0 | other.0 } else { self.0 & !other.0 };
    }
}

impl Default for Streams {
    /// Everything but log-ins and SEEME.
    fn default() -> Streams {
        let mut streams = Streams(0x1FF);
        streams.set(Streams::LOGINS, false);
        streams.set(Streams::SEEME, false);
        streams
    }
}
