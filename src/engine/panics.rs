//! What a caught panic leaves behind: its message and its stack.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::Once;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Says that panics of this thread are caught and told by its agents: the hook then prints nothing.
pub fn this_thread_catches() {
    CATCHES.set(true);
}

/// Bytes of message and stack kept.
const PANIC_TEXT_BYTES_MAX: usize = 8 * 1024;

/// Installs the hook, once per process: a panic is remembered with its stack for whoever catches it,
/// and printed only on threads that catch none (see `this_thread_catches`).
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
            if !kept || !CATCHES.try_with(Cell::get).unwrap_or(false) {
                default(info);
            }
        }));
    });
}

/// What a caught panic says: message and stack, or without the hook the message alone.
pub fn caught_panic(payload: &(dyn Any + Send)) -> String {
    let message = || payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    match last_panic() {
        text if text.is_empty() => message().unwrap_or("panic without a message").into(),
        text => text,
    }
}

/// The last panic of this thread: first line the message, then the stack. Empty without the hook.
pub fn last_panic() -> String {
    LAST.with(|last| std::mem::take(&mut *last.borrow_mut()))
}
