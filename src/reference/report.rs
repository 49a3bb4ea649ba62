//! `dxring lookup`: the answer and the why.

use super::cty::Cty;
use super::keys::KeyKind;
use super::place::Place;
use super::portable::{Resolved, Step, Trace, resolve};
use crate::spot::canonical;
use std::fmt::Write;

/// What country data says about a text, and why: a few lines, each ended by `\n`.
///
/// Any text is answered; one that is no call is told so.
pub fn lookup_report(cty: &Cty, text: &str) -> String {
    let Some(call) = canonical(text.as_bytes()).filter(|c| !c.is_empty()) else {
        return format!("{text:?}: no callsign (1 to 15 printable characters)\n");
    };
    let mut why = Why { out: String::new() };
    let found = resolve(&cty.keys, &cty.places, &call, &mut why);
    let mut out = String::new();
    match found {
        Resolved::Found(hit) => {
            let place = &cty.places[hit.place as usize];
            describe(&mut out, call.as_str(), place);
        }
        Resolved::Afloat => {
            let _ = writeln!(out, "{call}: on a ship or in an aircraft, in no entity");
        }
        Resolved::Unknown => {
            let _ = writeln!(out, "{call}: unknown, no key of {} fits", cty.source);
        }
    }
    out.push_str(&why.out);
    out
}

fn describe(out: &mut String, call: &str, p: &Place) {
    let _ = write!(out, "{call}: {}", p.name);
    if let Some(area) = &p.area {
        let _ = write!(out, " ({area})");
    }
    let adif = if p.adif == 0 { "none".to_string() } else { p.adif.to_string() };
    let ns = if p.lat_deg < 0.0 { 'S' } else { 'N' };
    let ew = if p.lon_deg < 0.0 { 'W' } else { 'E' };
    let _ = writeln!(
        out,
        "\n  prefix {}, ADIF {adif}, {}, CQ {}, ITU {}, {:.2}{ns} {:.2}{ew}, grid {}, UTC{:+.1}",
        p.prefix,
        p.continent.name(),
        p.cq,
        p.itu,
        p.lat_deg.abs(),
        p.lon_deg.abs(),
        p.grid,
        f32::from(p.utc_offset_min) / 60.0,
    );
}

struct Why {
    out: String,
}

impl Trace for Why {
    fn step(&mut self, step: Step<'_>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = match step {
            Step::Cut => "SSID or -# ignored".to_string(),
            Step::Ignored(part) => format!("/{} says nothing about the place", text(part)),
            Step::Afloat(part) => format!("/{} means no entity", text(part)),
            Step::Area(digit, moved) => format!("call area {}: looked up as {}", char::from(digit), text(moved)),
            Step::AreaIgnored(digit) => format!("/{} changes nothing here", char::from(digit)),
            Step::Part(part) => format!("{} tells the place", text(part)),
            Step::SameEntity(part) => format!("{} is the call's own entity", text(part)),
            Step::Key(of, hit) => {
                let key = text(&of[..usize::from(hit.len).min(of.len())]);
                match hit.kind {
                    KeyKind::Exact => format!("{key} is listed as an exact call"),
                    KeyKind::Primary => format!("{key} is a primary prefix"),
                    KeyKind::Prefix => format!("longest prefix {key}"),
                    KeyKind::Area => format!("longest prefix {key}, zones by call area"),
                }
            }
        };
        let _ = writeln!(self.out, "  {line}");
    }
}
