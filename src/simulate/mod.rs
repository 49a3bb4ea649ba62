//! A seeded band: stations, skimmers, people, with the truth known.
//!
//! [`Band`] makes an endless sequence of lines under virtual time, each with a [`TruthRow`];
//! [`Simulator`] plays one against a node's clock; [`serve()`] plays one on a socket as the Reverse
//! Beacon Network would, [`publish()`] to a broker as PSKReporter's network does; [`run()`] is `dxring simulate`. Same seed, profile, rate and start: same
//! bytes, on every machine.
//!
//! # The model
//! - **Stations** have calls made from the call shapes of a hundred places (weighted by what skimmers
//!   report), a position, a power, a speed. They come on the air at a steady pace, one in each
//!   stretch of time rather than at random, so that no listener waits long; call CQ on one frequency
//!   or are heard for a minute; move or sign off; rest; come back.
//! - **Bands** open by the sun above the path: one F layer, a maximum usable frequency per hop, a skip
//!   zone, daylight absorption on the low bands, loss by distance and hops.
//! - **Skimmers** have a position, sensitivity, bands and modes, a frequency skew, a clock error, one
//!   or two decimals, their own share of mistakes. Each repeats a station about every ten minutes.
//! - **Mistakes** follow Morse (elements, letters, gaps) or Baudot (bits, shifts); how often and which
//!   is in `knobs`, read from archive days with hindsight labels. Some stations invite one particular
//!   mistake, so several skimmers can agree on a wrong call.
//! - **FT8 and FT4** stations transmit in even or odd slots; all skimmers report within 1.4 s of a
//!   slot's end. Their calls are protected by a checksum and never wrong.
//! - **Beacons**: the NCDXF chain in its real schedule, and `/B` stations on 10 m.
//! - **People** spot who is on the air, voice included, with comments and sometimes a wrong dial.
//!
//! # Where it flatters or is crude
//! - The labels behind the mistakes only know wrong calls within two letters of the right one, and
//!   count 0.4 % of CW reports; we make about 1 %, without wilder ones and without two stations mixed
//!   into one call. A repeated mistake by one skimmer is drawn anew, not held by the weather.
//! - Signals do not move during a stay (at most 40 minutes) but by fading, which is independent per
//!   report: real fading is shared by neighbours. No sporadic E, aurora, storms, harmonics or images.
//! - No pile-ups: nobody answers on the frequency of a station that works split.
//! - Newcomers come evenly: real bands have lulls and rushes (only slot modes rush here).
//! - People never mistype a call. Skimmer calls are invented, not those of real receivers.

mod band;
mod chance;
mod confuse;
mod countries;
mod geo;
mod knobs;
mod line;
mod mqtt;
mod options;
mod path;
mod people;
mod player;
mod psk;
mod reports;
mod run;
mod serve;
mod truth;
mod world;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_lines;

pub use band::Band;
pub use knobs::RATE_MAX;
pub use mqtt::{PublishReport, Publisher, publish};
pub use options::{DEFAULT_START, Options};
pub use player::Simulator;
pub use psk::{PskText, psk_payload, psk_topic};
pub use run::{Summary, run};
pub use serve::{ServeReport, Server, serve};
pub use truth::{Bust, TruthRow};
