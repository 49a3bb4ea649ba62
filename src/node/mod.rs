//! A node: everything wired together.

mod directory;
mod report;
mod watchdog;

pub use directory::Directory;
pub use report::{Instruments, Section};
pub use watchdog::{STALL_NS, Watchdog};
