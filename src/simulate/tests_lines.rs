//! Simulated lines through the node's own parser and country data.

use super::*;
use crate::config::Profile;
use crate::reference::{Cty, Lookup};
use crate::spot::{Flags, Utc};
use crate::wire::{people_line, skimmer_line};
use std::collections::BTreeSet;

const PROFILES: [Profile; 3] = [Profile::Quiet, Profile::Contest, Profile::Ft8Burst];

/// Plays `seconds` of every profile.
fn every_line(seconds: i64, mut check: impl FnMut(&[u8], &TruthRow)) {
    for (seed, profile) in PROFILES.into_iter().enumerate() {
        let mut band = Band::new(seed as u64 + 100, profile, 1.0, DEFAULT_START);
        let end = Utc::from_ms(DEFAULT_START.ms() + seconds * 1000);
        while band.next_at() < end {
            band.next(&mut check);
        }
    }
}

#[test]
fn every_line_parses_to_what_was_meant() {
    let mut lines = 0;
    every_line(300, |line, row| {
        lines += 1;
        let text = String::from_utf8_lossy(line);
        let machine = row.spotter.is_skimmer();
        let read = if machine { skimmer_line(line) } else { people_line(line) };
        let read = read.unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
        let spot = read.spot;
        assert_eq!((spot.dx, spot.de), (row.reported, row.spotter), "{text}");
        assert_eq!(spot.freq.hz(), row.reported_hz, "{text}");
        assert!(read.time.is_some(), "{text}");
        if machine {
            assert_eq!(spot.mode(), row.mode, "{text}");
            assert!(spot.flags.has(Flags::SNR), "{text}");
            assert_eq!(Some(spot.snr_db), row.snr_db, "{text}");
            let told = text.contains("BEACON") || text.contains("NCDXF");
            assert_eq!(spot.flags.has(Flags::BEACON), told || row.reported.as_bytes().ends_with(b"/B"), "{text}");
        }
    });
    assert!(lines > 10_000, "{lines}");
}

#[test]
fn nearly_every_true_call_has_a_country() {
    let cty = Cty::embedded();
    let mut calls = BTreeSet::new();
    every_line(400, |_, row| {
        calls.insert(row.truth);
        calls.insert(crate::spot::metadata_call(&row.spotter));
    });
    let unknown: Vec<_> = calls.iter().filter(|call| !matches!(cty.lookup(call), Lookup::Found(_))).collect();
    assert!(calls.len() > 2_000 && unknown.len() * 1_000 <= calls.len(), "{unknown:?} of {}", calls.len());
}

#[test]
fn most_wrong_calls_have_a_country_too() {
    // A skimmer's own prefix check lets few impossible calls out; ours lets some.
    let cty = Cty::embedded();
    let (mut wrong, mut unknown) = (0, 0);
    every_line(400, |_, row| {
        if row.bust != Bust::None {
            wrong += 1;
            unknown += usize::from(!matches!(cty.lookup(&row.reported), Lookup::Found(_)));
        }
    });
    assert!(wrong > 200 && unknown * 10 < wrong, "{unknown} of {wrong}");
}
