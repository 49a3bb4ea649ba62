//! dxring: a DX cluster server for high-volume amateur-radio nodes.
//!
//! This page is the map of the house; `ARCHITECTURE.md` tells the why. Modules are listed along the
//! road of a spot, then the floors below. Imports run down this list, never up: a stage never
//! imports another stage, `wire` knows `spot`, `spot` knows nobody.
//!
//! - [`cli`]: what the program can be asked on the command line.
//! - [`config`]: RON text to a checked node configuration; every mistake has file, line, key, remedy.
//! - [`parse`]: stage 1. Feeds' sockets and their supervision; line to [`spot::Spot`]; the gate.
//! - [`correct`]: stage 2. Mode inference, confidence.
//! - [`dedup`]: stage 3. Identity window, FAST/MED/SLOW verdicts, sequence number, publication.
//! - [`fanout`]: stage 4. Cohorts: users with one filter, format and policy share one byte ring.
//! - [`telnet`]: the event loop of a core, sessions as state machines, commands.
//! - [`store`]: history that answers SHOW/DX.
//! - [`accounts`]: what users chose, who they are, who is banned; SQLite on a thread of its own.
//! - [`filter`]: what a user wants to see: dialects, one expression, its compiled form.
//! - [`replay`]: captures through the stages on virtual time, in one thread.
//! - [`simulate`]: a seeded band, with the truth known.
//! - [`mod@reference`]: country data: load, check, look up.
//! - [`sky`]: bearings, distances, sun and moon.
//! - [`wire`]: bytes to values and back. No state beyond a line, no clock.
//! - [`measure`]: counters with named reasons, stamps, histograms, the report.
//! - [`engine`]: agents, cores, rings, doorbell, placement, clock, drain.
//! - [`os`]: the data directory's lock, the descriptor limit.
//! - [`spot`]: what flows.

pub mod accounts;
pub mod cli;
pub mod config;
pub mod correct;
pub mod dedup;
pub mod engine;
pub mod fanout;
pub mod filter;
pub mod measure;
pub mod node;
pub mod os;
pub mod parse;
pub mod reference;
pub mod replay;
pub mod simulate;
pub mod sky;
pub mod spot;
pub mod store;
pub mod telnet;
pub mod wire;
