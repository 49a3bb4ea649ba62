//! A node: everything wired together.

mod directory;
mod profile;
mod reload;
mod report;
mod run;
mod sections;
mod start;
mod watchdog;

pub use directory::Directory;
pub use report::{Instruments, Section};
pub use run::{run, start_log};
pub use start::{DRAIN_MAX, Running, plan, start};
pub use watchdog::{STALL_NS, Watchdog};
