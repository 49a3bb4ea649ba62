//! (room simulate)
