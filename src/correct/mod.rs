//! (room correct)
