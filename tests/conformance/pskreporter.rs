//! Pipeline 4 and 27.7: `SETTINGS {message}; {message}` → for each the spot, `refused reason`, in their order;
//! `topics bands=A,B modes=C` → what is subscribed.
//!
//! Settings: `modes=` and `path=` (lists), `age=` in seconds. It is noon of 24 Nov 2026; `@-70` in a message stands
//! for the Unix second 70 s before.

use super::show;
use dxring::config::Feed;
use dxring::engine::TestClock;
use dxring::parse::{AgePolicy, Gate, ReportPolicy, Reports, is_firehose, psk_topics};
use dxring::reference::Cty;
use dxring::spot::Utc;
use dxring::wire::{HhMm, SpotLine};
use std::sync::Arc;

const NOON: Utc = Utc::from_civil(2026, 11, 24, 12, 0, 0);

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let (head, messages) = text.split_at(text.find('{').unwrap_or(text.len()));
    let mut feed = Feed { modes: Vec::new(), path_only_modes: Vec::new(), max_age_s: 900, ..Feed::default() };
    let mut asks_topics = false;
    for word in head.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let list = || value.split(',').filter(|name| !name.is_empty()).map(str::to_string).collect();
        match key {
            "topics" => asks_topics = true,
            "bands" => feed.bands = list(),
            "modes" => feed.modes = list(),
            "path" => feed.path_only_modes = list(),
            "age" => feed.max_age_s = value.parse().map_err(|_| format!("age {value}"))?,
            _ => return Err(format!("setting {word}")),
        }
    }
    if asks_topics {
        let topics = psk_topics(&feed.bands, &feed.modes);
        let whole = if is_firehose(&topics) { " (whole)" } else { "" };
        return Ok(format!("{}{whole}", topics.join(" ")).into_bytes());
    }
    let cty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
    let (mut reports, mut gate) = (Reports::new(ReportPolicy::of(&feed)), Gate::new(cty, 0));
    let now = TestClock::at(NOON).now();
    let mut answers = Vec::new();
    for message in messages.split("; ") {
        let message = timed(message)?;
        let end = reports.read(now, message.as_bytes()).and_then(|mut spot| {
            // As the report gave it; the gate adds what country data knows.
            let read = spot;
            gate.feed(now, &mut spot, AgePolicy { max_age_s: feed.max_age_s }).map(|()| read)
        });
        answers.push(match end {
            Err(reason) => format!("refused {}", reason.name()),
            Ok(spot) => {
                let (hour, minute) = spot.time.hour_minute();
                let time = Some(HhMm { hour: hour as u8, minute: minute as u8 });
                let class = spot.class().name();
                format!("{} {class}", String::from_utf8_lossy(&show::line(Ok(SpotLine { spot, time }))))
            }
        });
    }
    Ok(answers.join("; ").into_bytes())
}

/// The message with its `@` replaced.
fn timed(message: &str) -> Result<String, String> {
    let Some(at) = message.find('@') else { return Ok(message.into()) };
    let rest = &message[at + 1..];
    let end = rest.find([',', '}', '"']).ok_or("an @ without end")?;
    let after: i64 = rest[..end].parse().map_err(|_| format!("@{}", &rest[..end]))?;
    Ok(format!("{}{}{}", &message[..at], NOON.ms() / 1_000 + after, &rest[end..]))
}
