//! (room fanout)
