//! What the node remembers: the spots of the last hours, in memory, asked by SHOW/DX; how many there were
//! per day and band; and the last lines for everybody.

mod agent;
#[cfg(test)]
mod agent_tests;
mod brief;
mod bulletins;
mod history;
mod query;
#[cfg(test)]
mod query_tests;
mod tally;

pub use agent::{CoreLink, StoreAgent};
pub use bulletins::{BULLETINS_KEPT, Bulletins};
pub use history::{History, Names, Ring, Shelf};
pub use query::{
    HISTORY_COUNT_MAX, HistoryReply, HistoryRequest, Layout, Query, REPLY_BYTES_MAX, Sources, SpotsWanted, What,
};
pub use tally::{Stats, StatsWanted, TALLY_DAYS, Tally};
