//! (room telnet)
