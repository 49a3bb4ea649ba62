//! What travels between dedup and its readers besides spots, and what telnet cores report upward.

use super::{Call, Spot, Utc};
use bytemuck::{Pod, Zeroable};
use std::net::IpAddr;

/// One session of one telnet core: core in the top byte, generation and slot below. 0 = none.
/// A number is not used again for a later session, so a late message finds nobody or the right one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Pod, Zeroable, PartialOrd, Ord)]
#[repr(transparent)]
pub struct SessionId(u64);

impl SessionId {
    /// Nobody.
    pub const NONE: SessionId = SessionId(0);

    /// `generation` counts from 1 and wraps at 2^32; `slot` is the session's place in its core's table.
    pub const fn new(core: u8, generation: u32, slot: u32) -> SessionId {
        SessionId(((core as u64) << 56) | ((generation as u64) << 24) | (slot as u64 & 0xFF_FFFF))
    }
    /// The telnet core, 0..=255.
    pub const fn core(self) -> u8 {
        (self.0 >> 56) as u8
    }
    /// The slot in that core's table, below 2^24.
    pub const fn slot(self) -> usize {
        (self.0 & 0xFF_FFFF) as usize
    }
    /// The generation.
    pub const fn generation(self) -> u32 {
        (self.0 >> 24) as u32
    }
    /// Whether this is nobody.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// The posting session of a user's spot.
pub type PostId = SessionId;

/// What dedup publishes, to every reader in one order.
// A spot is 256 bytes inline on purpose: the ring is the storage, a box would be an allocation per spot.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum Published {
    /// A finished spot.
    Spot(Spot),
    /// Something rare.
    Note(Box<Note>),
}

/// The rare things that travel in one order with the spots.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// Close this session and tell it why, in one line without line end.
    Evict(SessionId, String),
    /// The fate of a user's post.
    Verdict(PostId, Verdict),
    /// A line for everybody.
    Bulletin(Bulletin),
    /// A line for every session of one call.
    Talk {
        /// Addressee.
        to: Call,
        /// Sender.
        from: Call,
        /// Text without control characters.
        text: Vec<u8>,
    },
    /// A line for one session, without line end.
    Tell(SessionId, String),
    /// Every session of this call ends and is told why. Without SSID: all SSIDs.
    Kick {
        /// The call.
        call: Call,
        /// Why, in one line.
        why: String,
    },
    /// Every session from this address or network ends and is told why.
    KickFrom {
        /// Address and prefix length.
        network: (IpAddr, u8),
        /// Why, in one line.
        why: String,
    },
    /// A sysop asks about this call: each core that has it answers with [`Upward::Tell`].
    Inspect {
        /// The call.
        call: Call,
        /// Who is told.
        asker: SessionId,
    },
    /// The node is going down: flush, say farewell with this line, close.
    Farewell(String),
}

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Published; this many users of this node got the line.
    Sent {
        /// Users here whose filter and dedup policy let it through, all telnet cores together.
        users: u32,
    },
    /// The same report is already known; nobody got it again.
    Duplicate {
        /// Who reported first.
        of: Call,
        /// How long ago, in seconds.
        age_s: u32,
    },
    /// Not taken, with the reason in words for the user.
    Refused(&'static str),
}

/// Kinds of line for everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BulletinKind {
    /// `To ALL de ...`
    Announce,
    /// `WWV de ...`
    Wwv,
    /// `WCY de ...`
    Wcy,
    /// `WX de ...`
    Wx,
    /// Somebody logged in or out, for those who asked to be told.
    Login,
}

/// A line for everybody, ready to print, without line end and without control characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulletin {
    /// Kind.
    pub kind: BulletinKind,
    /// The whole line as users see it.
    pub line: Vec<u8>,
}

/// What a telnet core tells the directory.
#[derive(Clone, Debug)]
pub enum Upward {
    /// A user is logged in.
    LogIn(UserInfo),
    /// A session is gone.
    LogOut(SessionId),
    /// A user stands otherwise than when he logged in.
    Stands(SessionId, Standing),
    /// This many users of the reporting core were sent this post.
    Reached(PostId, u32),
    /// A line for everybody, from a user here.
    Bulletin(Bulletin),
    /// A line for one session.
    Tell(SessionId, String),
    /// A sysop's order, passed on as the [`Note`] of the same name.
    Order(Note),
    /// A line for one call.
    Talk {
        /// Sender's session, told when nobody by that call is here.
        session: SessionId,
        /// Addressee.
        to: Call,
        /// Sender.
        from: Call,
        /// Text.
        text: Vec<u8>,
    },
}

/// A logged-in user as others see him.
#[derive(Clone, Debug, PartialEq)]
pub struct UserInfo {
    /// His session.
    pub session: SessionId,
    /// His call.
    pub call: Call,
    /// Where he comes from.
    pub address: IpAddr,
    /// Since when.
    pub since: Utc,
    /// How he stands now.
    pub standing: Standing,
}

/// What may change about a user while he is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Marked as away.
    pub is_away: bool,
    /// What shows that the call is his.
    pub proof: Proof,
}

/// What shows that a call is its user's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Proof {
    /// The call has no password: nobody can tell.
    #[default]
    NotNeeded,
    /// He gave or set the call's password.
    Password,
    /// The accounts did not answer when he came: whether it has a password, and whether he knows it, nobody asked.
    Unread,
}
