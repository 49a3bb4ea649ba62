//! The machine room: agents, cores, rings, doorbell, placement, clock, drain. Knows no telnet, no
//! file format, no callsign rules.
//!
//! An **agent** owns its state and moves when its core gives it a turn. A **core** is one OS thread
//! that runs agents in a loop and sleeps when none has work. **Edges** are SPSC rings between agents.

mod agent;
mod bell;
mod clock;
mod control;
mod core;
mod cpus;
mod edge;
mod host;
mod mailbox;
mod panics;
mod placement;
mod single;

pub use agent::{Agent, Outlet, Stage, Tokens};
pub use bell::{Bell, Sleeper};
pub use clock::{Now, RealClock, TestClock};
pub use control::{Control, FaultPoint, PANICS_PER_MINUTE_MAX, QUARANTINE_MAX, Quarantined};
pub use core::{AgentFactory, Core, CoreContext, CoreStats, IdlePolicy, SLEEP_MAX};
pub use cpus::Cpus;
pub use edge::{Consumer, EdgeStats, Producer, Reserves, edge};
pub use host::{BATCH_MAX, FULL_RING_PAUSE_NS, PanicGuard, StageHost};
pub use mailbox::Mailbox;
pub use panics::{caught_panic, last_panic, remember_panics};
pub use placement::{Plan, PlannedCore, Role};
pub use single::Single;
