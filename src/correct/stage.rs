//! The stage.

use super::allocations::Allocations;
use super::digital::{DigitalMap, column};
use super::recent::Recent;
use crate::config;
use crate::engine::{Now, Outlet, Stage};
use crate::spot::{Call, Flags, Mode, Spot, base_call, collapse_ssid};

/// Gives every spot a mode and a first confidence glyph.
///
/// - An explicit mode is kept as said, a person's too. When a *skimmer* says FT8, FT4 or JS8 it votes for that
///   kHz; neither people nor inferred modes vote.
/// - A mode from the call's memory, the map or a seed refreshes that memory. The band plan's answer is not
///   remembered (GoCluster remembers it): it would be given again anyway, and remembered it would outlive
///   better evidence.
/// - Confidence until consensus comes: beacons `V`; CW, RTTY and SSB `?`; everything else none. A glyph that is
///   there already stays.
pub struct ModeStage {
    memory_ms: i64,
    memory: Recent<(Call, u32), Mode>,
    map: DigitalMap,
    plan: Allocations,
    latest_ms: i64,
    warm_up_s: u32,
    counts: ModeCounts,
}

/// How spots got their modes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ModeCounts {
    /// Said.
    pub explicit: u64,
    /// The call had one on this kHz.
    pub memory: u64,
    /// Skimmers' votes, or a seed.
    pub digital: u64,
    /// Band plan.
    pub plan: u64,
}

impl ModeStage {
    /// Empty memory, fresh seeds. Seeds of other modes than FT8, FT4 and JS8 are left out.
    pub fn new(settings: &config::Modes) -> ModeStage {
        let seeds: Vec<(u32, Mode)> = settings
            .seeds
            .iter()
            .filter_map(|(khz, name)| Some((*khz, Mode::all().find(|m| m.name().eq_ignore_ascii_case(name))?)))
            .collect();
        ModeStage {
            memory_ms: i64::from(settings.call_memory_s) * 1000,
            memory: Recent::new(settings.call_memory_entries),
            map: DigitalMap::new(settings.digital_window_s, settings.digital_min_spotters, settings.seed_ttl_s, &seeds),
            plan: Allocations::embedded(),
            latest_ms: i64::MIN / 2,
            warm_up_s: settings.call_memory_s.max(settings.digital_window_s),
            counts: ModeCounts::default(),
        }
    }

    /// How spots got their modes since the start.
    pub fn counts(&self) -> ModeCounts {
        self.counts
    }

    /// Votes, kHz with votes or seeds, and calls remembered.
    pub fn sizes(&self) -> (usize, usize, usize) {
        let (votes, khz) = self.map.len();
        (votes, khz, self.memory.len())
    }

    /// Sets mode and glyph of a spot, and learns from it.
    pub fn infer(&mut self, spot: &mut Spot) {
        // A stamp from before the last one is taken as of now: windows do not open again.
        self.latest_ms = self.latest_ms.max(spot.time.ms());
        let at_ms = self.latest_ms;
        self.map.advance(at_ms);
        while self.memory.pop_before(at_ms - self.memory_ms).is_some() {}

        // Frequencies beyond 4.29 THz do not come; none at all is kHz 0 and is not remembered.
        let khz = u32::try_from(spot.freq.khz()).unwrap_or(0);
        let key = (base_call(&spot.dx), khz);
        let mode = spot.mode();
        if mode != Mode::Unknown {
            if let Some(column) = column(mode).filter(|_| spot.is_skimmer() && khz > 0) {
                self.map.observe(at_ms, khz, column, station(&spot.de));
            }
            self.remember(key, mode, at_ms);
            self.counts.explicit += 1;
        } else {
            let known = self.memory.get(&key).map(|(mode, _)| mode);
            let (mode, keep) = if let Some(mode) = known {
                self.counts.memory += 1;
                (mode, true)
            } else if let Some(mode) = self.map.infer(at_ms, khz) {
                self.counts.digital += 1;
                (mode, true)
            } else {
                self.counts.plan += 1;
                (self.plan.mode_at(spot.freq), false)
            };
            spot.set_mode(mode);
            spot.flags.set(Flags::MODE_INFERRED, true);
            if keep {
                self.remember(key, mode, at_ms);
            }
        }
        if spot.flags.has(Flags::BEACON) {
            spot.confidence = b'V';
        } else if spot.confidence == 0 && matches!(spot.mode(), Mode::Cw | Mode::Rtty | Mode::Usb | Mode::Lsb) {
            spot.confidence = b'?';
        }
    }

    fn remember(&mut self, key: (Call, u32), mode: Mode, at_ms: i64) {
        if !key.0.is_empty() && key.1 > 0 && self.memory_ms > 0 {
            self.memory.put(key, mode, at_ms);
        }
    }
}

impl Stage for ModeStage {
    fn on_spot(&mut self, _now: Now, mut spot: Spot, out: &mut Outlet<'_>) {
        self.infer(&mut spot);
        out.emit(spot);
    }

    fn warm_up_s(&self) -> u32 {
        self.warm_up_s
    }
}

/// The station behind a skimmer's call: one vote per station, whatever its SSID.
fn station(de: &Call) -> Call {
    let folded = collapse_ssid(de);
    let bare = folded.as_bytes().strip_suffix(b"-#").and_then(Call::new);
    bare.unwrap_or(folded)
}
