//! Bytes to values and back: telnet, lines, spots. No state beyond a line, no clock, no socket.
//!
//! Inwards: [`Iac`] takes telnet commands out of a byte stream, [`LineSplitter`] cuts it into lines,
//! [`skimmer_line`] (strict) and [`people_line`] (gentle) read spot lines, [`comment()`] finds mode and
//! report in what people write; [`MqttFramer`] and [`pskreporter()`] do the same for PSKReporter. Outwards: [`spot_line`] appends a line in any style, [`history_line`] one of
//! SHOW/DX, both without their ends. Nothing here allocates per line and nothing panics on any bytes.

mod cc11;
mod classic;
mod comment;
mod fault;
mod gocluster;
mod header;
mod iac;
pub mod json;
mod mqtt;
mod people;
mod print;
mod pskreporter;
mod scan;
mod skimmer;
mod splitter;
mod style;
mod words;

pub use cc11::{CC11_LINE_BYTES_MAX, cc11};
pub use classic::{HISTORY_LINE_BYTES, HISTORY_LINE_CC_BYTES_MAX, classic, history_line, history_line_cc};
pub use comment::{CommentParts, comment};
pub use fault::LineFault;
pub use gocluster::{GOCLUSTER_LINE_BYTES, GOCLUSTER_LINE_BYTES_MAX, GOCLUSTER_LINE_BYTES_MIN, gocluster};
pub use header::{bulletin_kind, is_spot_line};
pub use iac::{Iac, TELNET_REPLY_BYTES_MAX};
pub use json::{JSON_LINE_BYTES_MAX, json};
pub use mqtt::{MQTT_PACKET_BYTES_MAX, MqttFault, MqttFrame, MqttFramer};
pub use people::people_line;
pub use pskreporter::{ModeName, PskMessage, PskReport, pskreporter};
pub use scan::HhMm;
pub use skimmer::skimmer_line;
pub use splitter::{LINE_BYTES_MAX, LineSplitter};
pub use style::{LineFormat, LineStyle, SPOT_LINE_BYTES_MAX, Trailers, spot_line};

use crate::spot::Spot;

/// What a spot line says.
///
/// Filled in `spot`: `dx`, `de`, frequency and band, mode where the line says one, report, speed,
/// flags, locators, comment. Left to the caller: class, feed, line number, node, times.
#[derive(Clone, Copy, Debug)]
pub struct SpotLine {
    /// The spot.
    pub spot: Spot,
    /// Hour and minute of the line; the day is the caller's ([`crate::spot::Utc::nearest`]). `None`
    /// when the line has no time or an impossible one: the arrival counts.
    pub time: Option<HhMm>,
}
