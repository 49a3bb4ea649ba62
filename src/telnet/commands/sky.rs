//! Headings, distances, sun and moon.

use super::Command;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[];
