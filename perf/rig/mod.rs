//! What the load generator and the limit program share: the OS calls that std does not offer.

pub mod os;
