//! The road on two threads: parse on one, everything behind its ring on the other.
//!
//! What the first thread does in one batch is a [`Turn`]: a moment and a number of spots. Turns go through an edge
//! of their own beside the spots, so the second thread takes the steps that one thread would take, in
//! their order, and the bytes are the same. A full ring blocks: nothing is shed.

use super::road::Road;
use super::source::Source;
use super::summary::{Stage as Lap, StageTime};
use super::{BATCH_LINES_MAX, ReplayError};
use crate::engine::{Bell, Consumer, EdgeStats, Now, Producer, edge};
use crate::spot::Spot;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;

/// Spots between the threads: 2 MiB, of which the reserve of the lowest class leaves half; so much fits the cache
/// that two cores share, and 4,096 spots are some ms of work, far longer than a wake-up.
const RING_SPOTS: usize = 8_192;
/// Turns between the threads. A capture with seconds has about four spots a turn.
const RING_TURNS: usize = 2_048;
/// Free slots that a turn needs: the largest reserve (50 %) and a whole batch.
const ROOM_SPOTS: usize = RING_SPOTS / 2 + BATCH_LINES_MAX;
/// Spots or turns after which the sleeping reader is woken: a wake-up costs about as much as ten spots.
const CHUNK: usize = 512;

/// One batch of the first thread.
#[derive(Clone, Copy)]
struct Turn {
    now: Now,
    spots: usize,
}

/// A thread's sleep until its bell rings.
struct Bed {
    poll: mio::Poll,
    events: mio::Events,
    bell: Arc<Bell>,
}

impl Bed {
    fn new() -> io::Result<Bed> {
        let poll = mio::Poll::new()?;
        let bell = Arc::new(Bell::new(mio::Waker::new(poll.registry(), mio::Token(0))?));
        Ok(Bed { poll, events: mio::Events::with_capacity(1), bell })
    }

    /// Sleeps until `ready`, which only a thread that then rings can bring about.
    fn sleep_until(&mut self, ready: impl Fn() -> bool) -> io::Result<()> {
        while !ready() {
            self.bell.sleeper().announce();
            // The doorbell's protocol: look again between the announcement and the sleep.
            let slept = if ready() { Ok(()) } else { self.poll.poll(&mut self.events, None) };
            self.bell.sleeper().awake();
            match slept {
                // The profiler's signal is a wake-up too.
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Rings when its thread is done, however it ends.
struct RungAtTheEnd(Arc<Bell>);

impl Drop for RungAtTheEnd {
    fn drop(&mut self) {
        self.0.ring();
    }
}

/// The ends of the rings between the two threads.
pub struct Rings {
    reader: Bed,
    writer: Bed,
    spots: Consumer<Spot>,
    turns: (Producer<Turn>, Consumer<Turn>),
}

/// Both rings; the first thread's source writes to the producer.
///
/// # Errors
/// When the kernel gives no descriptors to sleep on.
pub fn rings() -> Result<(Producer<Spot>, Rings), ReplayError> {
    let bed = || Bed::new().map_err(ReplayError::Thread);
    let (reader, writer) = (bed()?, bed()?);
    let (producer, spots) = edge("parse>correct", RING_SPOTS, Arc::clone(&reader.bell));
    let turns = edge("turns", RING_TURNS, Arc::clone(&reader.bell));
    Ok((producer, Rings { reader, writer, spots, turns }))
}

/// Plays `source` on a thread of its own and takes `road` on this one. Returns the source and the times of its
/// thread.
///
/// # Errors
/// The first of: a capture cannot be read on, a line cannot be written, no thread.
pub fn play(
    source: Source,
    rings: Rings,
    road: &mut Road,
    times: &mut StageTime,
    out: &mut dyn Write,
) -> Result<(Source, StageTime), ReplayError> {
    let Rings { reader, writer, spots, turns: (producer, turns) } = rings;
    let bell = Arc::clone(&writer.bell);
    let ring = Arc::clone(spots.stats());
    thread::scope(|scope| {
        let parse = thread::Builder::new()
            .name("parse".into())
            .spawn_scoped(scope, move || write(source, producer, &ring, writer))
            .map_err(ReplayError::Thread)?;
        let travelled = travel(spots, turns, reader, bell, road, times, out);
        let parsed = match parse.join() {
            Ok(parsed) => parsed,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        travelled.and(parsed)
    })
}

/// The first thread.
fn write(
    mut source: Source,
    mut turns: Producer<Turn>,
    spots: &EdgeStats,
    mut bed: Bed,
) -> Result<(Source, StageTime), ReplayError> {
    let mut times = StageTime::start();
    let mut unannounced: usize = 0;
    while let Some(due) = source.due() {
        if let Some(wait) = source.wait(due) {
            source.announce();
            turns.announce();
            thread::sleep(wait);
        }
        let room = |turns: &Producer<Turn>| {
            let free = spots.capacity() - spots.level() as usize;
            free >= ROOM_SPOTS && turns.slots() > 0
        };
        if !room(&turns) {
            source.announce();
            turns.announce();
            unannounced = 0;
            bed.sleep_until(|| room(&turns) || turns.is_abandoned()).map_err(ReplayError::Thread)?;
            times.waited();
        }
        if turns.is_abandoned() {
            break;
        }
        let (now, n) = source.turn(due, &mut times)?;
        // After the spots: who sees the turn sees them. There is room, and the reader is the only other end.
        let _ = turns.push(Turn { now, spots: n });
        unannounced += n + 1;
        if unannounced >= CHUNK {
            unannounced = 0;
            source.announce();
            turns.announce();
        }
    }
    times.done();
    Ok((source, times))
}

/// The second thread, from the ring to the end of the road.
fn travel(
    spots: Consumer<Spot>,
    turns: Consumer<Turn>,
    mut bed: Bed,
    writer: Arc<Bell>,
    road: &mut Road,
    times: &mut StageTime,
    out: &mut dyn Write,
) -> Result<(), ReplayError> {
    // Locals go in reverse order: a writer that is rung must find the rings abandoned.
    let writer = RungAtTheEnd(writer);
    let (mut spots, mut turns) = (spots, turns);
    let mut taken: Vec<Turn> = Vec::with_capacity(CHUNK);
    let mut batch = Vec::with_capacity(CHUNK + BATCH_LINES_MAX);
    loop {
        taken.clear();
        let mut n = 0;
        while n < CHUNK
            && taken.len() < CHUNK
            && let Some(turn) = turns.pop()
        {
            n += turn.spots;
            taken.push(turn);
        }
        if taken.is_empty() {
            if turns.is_finished() {
                return Ok(());
            }
            if road.is_watched() {
                out.flush().map_err(ReplayError::Write)?;
            }
            bed.sleep_until(|| !turns.is_empty() || turns.is_abandoned()).map_err(ReplayError::Thread)?;
            times.waited();
            continue;
        }
        batch.clear();
        spots.pop_into(&mut batch, n);
        // Not at every chunk: the writer should find room for many.
        if spots.len() <= RING_SPOTS / 4 && turns.len() <= RING_TURNS / 4 {
            writer.0.ring();
        }
        times.lap(Lap::Ring);
        let mut rest = &batch[..];
        for turn in &taken {
            let (of_turn, after) = rest.split_at(turn.spots.min(rest.len()));
            rest = after;
            road.travel(turn.now, of_turn, times, out)?;
        }
    }
}
