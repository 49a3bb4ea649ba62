//! What a caught panic leaves behind: its message and its stack.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Bytes of message and stack kept.
const PANIC_TEXT_BYTES_MAX: usize = 8 * 1024;

/// Installs the hook, once per process: a panic is remembered with its stack for whoever catches it,
/// and printed only when nobody will (threads that are no cores).
pub fn remember_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let stack = std::backtrace::Backtrace::force_capture();
            let mut text = format!("{info}\n{stack}");
            if text.len() > PANIC_TEXT_BYTES_MAX {
                let cut = (0..=PANIC_TEXT_BYTES_MAX).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
                text.truncate(cut);
            }
            let kept = LAST.try_with(|last| *last.borrow_mut() = text).is_ok();
            if !kept || std::thread::current().name().is_none_or(|n| n == "main") {
                default(info);
            }
        }));
    });
}

/// The last panic of this thread: first line the message, then the stack. Empty without the hook.
pub fn last_panic() -> String {
    LAST.with(|last| std::mem::take(&mut *last.borrow_mut()))
}
