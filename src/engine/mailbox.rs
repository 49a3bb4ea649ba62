//! Side mailboxes: many producers, one consumer, low rate, with the consumer's bell.

use super::Bell;
use crossbeam::queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A bounded mailbox. A full one refuses and counts; nobody waits.
#[derive(Debug)]
pub struct Mailbox<T> {
    queue: ArrayQueue<T>,
    bell: Arc<Bell>,
    refused: AtomicU64,
}

impl<T> Mailbox<T> {
    /// Room for `capacity` items; `bell` wakes the core that reads it.
    pub fn new(capacity: usize, bell: Arc<Bell>) -> Mailbox<T> {
        Mailbox { queue: ArrayQueue::new(capacity), bell, refused: AtomicU64::new(0) }
    }
    /// Leaves an item; gives it back, and counts, when the box is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        let result = self.queue.push(item);
        match result {
            Ok(()) => self.bell.ring(),
            Err(_) => {
                self.refused.fetch_add(1, Relaxed);
            }
        }
        result
    }
    /// Takes the oldest item.
    pub fn pop(&self) -> Option<T> {
        self.queue.pop()
    }
    /// Items waiting.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
    /// Items refused so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}
