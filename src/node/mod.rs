//! A node: everything wired together.

mod directory;
mod profile;
mod reload;
mod report;
mod run;
mod sections;
mod sizing;
mod start;
mod watchdog;

pub use directory::Directory;
pub use report::{Instruments, Section};
pub use run::{run, start_log};
pub use sizing::{COSTS, Costs, Load, Sizing, ThreadLoad, predict};
pub use start::{DRAIN_MAX, Running, plan, start};
pub use watchdog::{STALL_NS, Watchdog};
