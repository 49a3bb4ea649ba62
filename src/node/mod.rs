//! A node: everything wired together.

mod directory;
mod report;

pub use directory::Directory;
pub use report::{Instruments, Section};
