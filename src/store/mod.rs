//! What the node remembers: the spots of the last hours, in memory, asked by SHOW/DX.

mod agent;
#[cfg(test)]
mod agent_tests;
mod history;
mod query;

pub use agent::{CoreLink, StoreAgent};
pub use history::{History, Shelf};
pub use query::{HISTORY_COUNT_MAX, HistoryFormat, HistoryReply, HistoryRequest, Query, Sources};
