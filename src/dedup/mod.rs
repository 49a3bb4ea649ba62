//! (room dedup)
