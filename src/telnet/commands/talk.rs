//! Lines from user to user: TALK, ANNOUNCE, WX.

use super::Command;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[];
