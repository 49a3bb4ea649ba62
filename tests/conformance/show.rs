//! A parsed line as text: the fields that are there, in one order.

use dxring::spot::{Flags, Mode};
use dxring::wire::{HhMm, LineFault, SpotLine};

pub fn hhmm(time: HhMm) -> String {
    format!("{:02}{:02}Z", time.hour, time.minute)
}

/// `de= khz= dx= mode= snr= speed= type= grid= de_grid= time= text=`, each only where there is something;
/// `beacon` where the type does not say it; `skimmer` last.
pub fn line(result: Result<SpotLine, LineFault>) -> Vec<u8> {
    let SpotLine { spot, time } = match result {
        Ok(line) => line,
        Err(fault) => return format!("refused {}", fault.reason().name()).into_bytes(),
    };
    let mut words = vec![format!("de={}", spot.de), khz(spot.freq.hz()), format!("dx={}", spot.dx)];
    if spot.mode() != Mode::Unknown {
        words.push(format!("mode={}", spot.mode().name()));
    }
    if let Some(snr_db) = spot.snr() {
        words.push(format!("snr={snr_db}"));
    }
    if spot.speed > 0 {
        words.push(format!("speed={}{}", spot.speed, if spot.flags.has(Flags::SPEED_BPS) { "BPS" } else { "WPM" }));
    }
    for (flag, name) in [(Flags::CQ, "type=CQ"), (Flags::NCDXF, "type=NCDXF"), (Flags::BEACON, "beacon")] {
        if spot.flags.has(flag) {
            words.push(name.into());
        }
    }
    if !spot.dx_grid.is_none() {
        words.push(format!("grid={}", spot.dx_grid));
    }
    if !spot.de_grid.is_none() {
        words.push(format!("de_grid={}", spot.de_grid));
    }
    if let Some(time) = time {
        words.push(format!("time={}", hhmm(time)));
    }
    if spot.is_skimmer() {
        words.push("skimmer".into());
    }
    let mut out = words.join(" ").into_bytes();
    if !spot.comment().is_empty() {
        out.extend_from_slice(b" text=");
        out.extend_from_slice(spot.comment());
    }
    out
}

fn khz(hz: u64) -> String {
    if hz.is_multiple_of(100) {
        format!("khz={}.{}", hz / 1000, hz / 100 % 10)
    } else {
        format!("khz={}.{:03}", hz / 1000, hz % 1000)
    }
}
