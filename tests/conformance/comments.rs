//! Pipeline 27.2: `person @kHz comment` → `mode; report; time; speed; cleaned comment`, `-` for none;
//! `machine @kHz comment` → the words of a machine's line with this comment.

use super::show;
use dxring::spot::{Freq, Mode};
use dxring::wire::{comment, skimmer_line};

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let mut words = given.splitn(3, |&b| b == b' ');
    let (who, khz, text) = (words.next().unwrap_or(b""), words.next().unwrap_or(b""), words.next().unwrap_or(b""));
    let khz = khz.strip_prefix(b"@").ok_or("no @kHz")?;
    match who {
        b"person" => {
            let parts = comment(text, Freq::parse_khz(khz).ok_or("no frequency")?);
            let or_dash = |text: String| if text.is_empty() { "-".to_string() } else { text };
            let mode = if parts.mode == Mode::Unknown { "-" } else { parts.mode.name() };
            let snr = or_dash(parts.snr.map(|db| db.to_string()).unwrap_or_default());
            let time = or_dash(parts.time.map(show::hhmm).unwrap_or_default());
            let cleaned = or_dash(String::from_utf8_lossy(parts.cleaned()).into_owned());
            Ok(format!("{mode}; {snr}; {time}; {cleaned}").into_bytes())
        }
        b"machine" => {
            let line = [b"DX de W3LPL-#: ", khz, b" K1ABC ", text].concat();
            let shown = show::line(skimmer_line(&line));
            let head = shown.windows(9).position(|w| w == b"dx=K1ABC ").map_or(0, |at| at + 9);
            Ok(shown[head..].to_vec())
        }
        _ => Err(format!("who is {}", who.escape_ascii())),
    }
}
