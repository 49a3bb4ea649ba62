//! Lines made here instead of read from a socket.

use crate::engine::Now;

/// Something that has lines at times: the simulator, a capture at its own speed.
pub trait LineSource {
    /// When lines are due next, in monotonic ns; `u64::MAX` when there are no more.
    fn next_due_ns(&self) -> u64;

    /// Hands out the lines that are due, in order, without line ends. One call is bounded by what is
    /// due at `now`; a source that fell behind hands out at most a second of its time per call.
    fn lines(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8]));
}
