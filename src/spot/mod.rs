//! What flows: a [`Spot`] and the words it is made of. No I/O, no clock, no state.
//!
//! Everything here is plain old data of fixed size, so that a spot crosses threads by value and
//! can be written to a file and read back as it was.

mod band;
mod call;
mod call_forms;
mod freq;
mod grid;
mod item;
mod mode;
#[allow(clippy::module_inception)]
mod spot;
mod state;
mod text;
mod utc;

pub use band::Band;
pub use call::Call;
pub use call_forms::{
    base_call, canonical, collapse_ssid, is_plausible, license_call, metadata_call, normalize, station,
    test_spotter_base, too_many_leading_letters,
};
pub use freq::Freq;
pub use grid::Grid;
pub use item::{
    Bulletin, BulletinKind, Note, PostId, Proof, Published, SessionId, Standing, Upward, UserInfo, Verdict,
};
pub use mode::{Family, Mode};
pub use spot::{Class, Continent, Flags, Hop, Spot, Verdicts};
pub use state::State;
pub use text::{COMMENT_BYTES_MAX, Comment};
pub use utc::{Utc, month_name};
