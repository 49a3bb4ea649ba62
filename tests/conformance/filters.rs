//! Filter commands and what they let pass: server 2.11 to 2.13, 10.3, 10.4.
//!
//! Steps separated by `; `, run on an open filter. What they answer is joined by `; `:
//!
//! - `? COMMAND`: its reply, lines joined by ` / `; `?1 COMMAND`: its first line; a bare `COMMAND`: nothing
//! - `spot key=value ...`: `pass` or `hold`. A spot is CW on 14025 kHz, K1ABC by a person W3LPL, else bare
//! - `show PREFIX`: the lines of SHOW FILTER that begin so; `shown TEXT`: whether it holds the text
//! - `commands`: the commands that make the filter, or `open`; `off`: the streams that are switched off
//! - `grid LOCATOR`, `default COMMAND & COMMAND`, `restore COMMAND & COMMAND`, `entities 1 291` set the scene

use dxring::filter::{Context, Streams, Wish};
use dxring::reference::{Cty, CtyForm};
use dxring::spot::{Call, Class, Continent, Flags, Freq, Grid, Mode, Spot, State};
use std::sync::LazyLock;

static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
static TWO: LazyLock<Cty> = LazyLock::new(|| {
    let text = "K,United States,291,NA,5,8,37.60,91.87,5.0,AA K N W;\nVE,Canada,1,NA,5,9,44.35,78.75,5.0,VE;\n";
    Cty::parse(CtyForm::Csv, "two entities", text.as_bytes()).expect("two entities")
});

pub fn run(given: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(given).map_err(|e| e.to_string())?;
    let feeds: Vec<String> = ["rbn", "club"].map(String::from).into();
    let mut default: Vec<String> = Vec::new();
    let (mut cty, mut grid) = (&*CTY, Grid::NONE);
    let (mut wish, mut streams) = (Wish::open(), Streams::default());
    let mut out: Vec<String> = Vec::new();
    for step in text.split("; ") {
        let context = Context { cty, feeds: &feeds, grid, default_filter: &default };
        let show = || wish.show("N0CALL", streams, &context);
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        match word {
            "spot" => out.push(if wish.filter().passes(&spot(rest)?) { "pass" } else { "hold" }.into()),
            "show" => out.extend(show().into_iter().filter(|line| line.starts_with(rest))),
            "shown" => out.push(show().iter().any(|line| line.contains(rest)).to_string()),
            "commands" => {
                let commands = wish.commands();
                out.push(if commands.is_empty() { "open".into() } else { commands.join(" & ") });
            }
            "off" => {
                let named =
                    [("WWV", Streams::WWV), ("WCY", Streams::WCY), ("ANN", Streams::ANN), ("SELF", Streams::SELF)];
                let off: Vec<&str> = named.iter().filter(|(_, s)| !streams.has(*s)).map(|(name, _)| *name).collect();
                out.push(if off.is_empty() { "none".into() } else { off.join(" ") });
            }
            "grid" => grid = Grid::parse(rest.as_bytes()).ok_or(rest)?,
            "default" => default = rest.split(" & ").map(String::from).collect(),
            "restore" => {
                let (restored, lost) = Wish::restore(rest.split(" & "), &context);
                wish = restored;
                out.extend((!lost.is_empty()).then(|| format!("lost {}", lost.join(" & "))));
            }
            "entities" => cty = &TWO,
            _ => {
                let (asked, line) = match word {
                    "?" | "?1" => (word, rest),
                    _ => ("", step),
                };
                let Some(outcome) = wish.command(line, &context) else { return Err(format!("no command: {line}")) };
                for (stream, on) in outcome.streams {
                    streams.set(stream, on);
                }
                match asked {
                    "?" => out.push(outcome.reply.join(" / ")),
                    "?1" => out.extend(outcome.reply.into_iter().next()),
                    _ if !outcome.done => return Err(outcome.reply.join(" / ")),
                    _ => {}
                }
            }
        }
    }
    Ok(out.join("; ").into_bytes())
}

/// `dx= de= khz= mode= snr= wpm= dxcont= decont= dxzone= dezone= dxdxcc= dedxcc= dxgrid= degrid= dxstate= conf=
/// class= feed= text=`, and the words `skimmer`, `beacon`.
fn spot(given: &str) -> Result<Spot, String> {
    let mut spot = Spot::empty();
    spot.dx = Call::literal("K1ABC");
    spot.de = Call::literal("W3LPL");
    spot.set_freq(Freq::from_khz(14_025));
    spot.set_mode(Mode::Cw);
    for word in given.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let bad = || format!("not understood: {word}");
        let number = || value.parse::<i16>().map_err(|_| bad());
        let grid = || Grid::parse(value.as_bytes()).ok_or_else(bad);
        let continent = || Continent::parse(value).ok_or_else(bad);
        match key {
            "dx" => spot.dx = Call::new(value.as_bytes()).ok_or_else(bad)?,
            "de" => spot.de = Call::new(value.as_bytes()).ok_or_else(bad)?,
            "khz" => spot.set_freq(Freq::parse_khz(value.as_bytes()).ok_or_else(bad)?),
            "mode" if value.is_empty() => spot.set_mode(Mode::Unknown),
            "mode" => spot.set_mode(Mode::all().find(|m| m.name() == value).ok_or_else(bad)?),
            "snr" => spot.set_snr(Some(number()?)),
            "wpm" => spot.speed = number()? as u16,
            "dxcont" => spot.set_dx_continent(continent()?),
            "decont" => spot.set_de_continent(continent()?),
            "dxzone" => spot.dx_cq = number()? as u8,
            "dezone" => spot.de_cq = number()? as u8,
            "dxdxcc" => spot.dx_adif = number()? as u16,
            "dedxcc" => spot.de_adif = number()? as u16,
            "dxgrid" => spot.dx_grid = grid()?,
            "degrid" => spot.de_grid = grid()?,
            "dxstate" => spot.dx_state = State::parse(value).ok_or_else(bad)?.0,
            "conf" => spot.confidence = *value.as_bytes().first().ok_or_else(bad)?,
            "class" => spot.set_class(Class::ALL.into_iter().find(|c| c.name() == value).ok_or_else(bad)?),
            "feed" => spot.feed = number()? as u8,
            "text" => _ = spot.set_comment(value.replace('_', " ").as_bytes()),
            "skimmer" => spot.flags.set(Flags::SKIMMER, true),
            "beacon" => spot.flags.set(Flags::BEACON, true),
            _ => return Err(bad()),
        }
    }
    Ok(spot)
}
