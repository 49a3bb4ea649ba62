//! (room parse)
