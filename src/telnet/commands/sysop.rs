//! What only a sysop may do.

use super::Command;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[];
