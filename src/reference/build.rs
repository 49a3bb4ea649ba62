//! From rows of a file to the tables.

use super::areas::{AREA_ZONES, stems};
use super::cty::Cty;
use super::keys::{KeyKind, Keys, key_of};
use super::place::Place;
use crate::spot::{Call, Continent, Grid};
use std::collections::HashMap;

/// What a file says about an entity, or about one key of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub name: String,
    pub prefix: String,
    pub area: Option<String>,
    pub adif: u16,
    pub continent: Continent,
    pub cq: u8,
    pub itu: u8,
    pub lat_deg: f64,
    /// As in the files: positive west.
    pub lon_west_deg: f64,
    /// As in the files: positive west, hours.
    pub offset_west_h: f64,
}

/// One key with what it overrides.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeyText {
    pub text: String,
    pub exact: bool,
    pub cq: Option<u8>,
    pub itu: Option<u8>,
    pub lat_lon_west_deg: Option<(f64, f64)>,
    pub continent: Option<Continent>,
    pub offset_west_h: Option<f64>,
}

struct OpenPrefix {
    text: String,
    row: Row,
    zones_given: bool,
}

pub(super) struct Builder {
    label: String,
    version: String,
    places: Vec<Place>,
    interned: HashMap<String, u32>,
    keys: Keys,
    entities: Vec<u32>,
    primaries: Vec<(String, u32)>,
    open: Vec<OpenPrefix>,
    conflicts: usize,
}

impl Builder {
    pub fn new(label: &str) -> Builder {
        Builder {
            label: label.to_string(),
            version: String::new(),
            places: Vec::new(),
            interned: HashMap::new(),
            keys: Keys::new(),
            entities: Vec::new(),
            primaries: Vec::new(),
            open: Vec::new(),
            conflicts: 0,
        }
    }

    pub fn label(&self) -> &str {
        &self.label
    }

    /// Notes an entity; call once per DXCC entity, not for WAEDC rows.
    pub fn entity(&mut self, row: &Row) {
        let place = self.intern(row);
        self.entities.push(place);
        self.primaries.push((row.prefix.to_ascii_uppercase(), place));
    }

    /// Adds a key of an entity.
    pub fn key(&mut self, row: &Row, key: &KeyText) {
        if key.text.is_empty() || key.text.len() > Call::LEN_MAX {
            return; // No call of ours is that long, so it could never match.
        }
        if key.exact && key.text.len() == 11 && key.text.starts_with("VER20") {
            self.version.clone_from(&key.text);
        }
        let mut own = row.clone();
        own.cq = key.cq.unwrap_or(own.cq);
        own.itu = key.itu.unwrap_or(own.itu);
        own.continent = key.continent.unwrap_or(own.continent);
        own.offset_west_h = key.offset_west_h.unwrap_or(own.offset_west_h);
        if let Some((lat, lon)) = key.lat_lon_west_deg {
            (own.lat_deg, own.lon_west_deg) = (lat, lon);
        }
        let place = self.intern(&own);
        let kind = if key.exact { KeyKind::Exact } else { KeyKind::Prefix };
        // A WAEDC row names part of an entity and repeats calls of the whole: the finer answer wins.
        let over = row.area.is_some();
        let known = key_of(key.text.as_bytes());
        let before = if key.exact { self.keys.exact(known) } else { self.keys.prefix_key(known) };
        if self.keys.insert(key.text.as_bytes(), place, kind, over) && before.is_some_and(|h| h.place != place) {
            self.conflicts += 1;
        }
        if !key.exact {
            let zones_given = key.cq.is_some() || key.itu.is_some();
            self.open.push(OpenPrefix { text: key.text.clone(), row: row.clone(), zones_given });
        }
    }

    /// Ends reading. `call_areas`: whether the call-area rules fill in what the file leaves open.
    pub fn finish(mut self, call_areas: bool) -> Cty {
        if call_areas {
            self.call_areas();
        }
        for (text, place) in std::mem::take(&mut self.primaries) {
            let key = key_of(text.as_bytes());
            if self.keys.exact(key).is_none() && self.keys.prefix_key(key).is_none() {
                self.keys.insert(text.as_bytes(), place, KeyKind::Primary, false);
            }
        }
        let mut by_adif: Vec<(u16, u32)> = self
            .entities
            .iter()
            .map(|place| (self.places[*place as usize].adif, *place))
            .filter(|(adif, _)| *adif != 0)
            .collect();
        by_adif.sort_by_key(|e| e.0);
        by_adif.dedup_by_key(|e| e.0);
        Cty {
            source: self.label,
            version: self.version,
            places: self.places,
            entities: self.entities,
            by_adif,
            keys: self.keys,
            conflicts: self.conflicts,
        }
    }

    fn call_areas(&mut self) {
        let open = std::mem::take(&mut self.open);
        for rule in AREA_ZONES {
            for prefix in open.iter().filter(|p| p.row.adif == rule.adif) {
                for (stem, own_digit) in stems(&prefix.text) {
                    if own_digit.is_some_and(|d| d != rule.digit) {
                        continue;
                    }
                    let area = format!("{stem}{}", char::from(rule.digit));
                    let mut row = prefix.row.clone();
                    (row.cq, row.itu) = (rule.cq, rule.itu);
                    if rule.letters.is_empty() {
                        let itself = area == prefix.text;
                        if !(itself && prefix.zones_given) {
                            self.area_key(&area, &prefix.text, &row, itself);
                        }
                    } else {
                        for letter in rule.letters.chars() {
                            self.area_key(&format!("{area}{letter}"), &prefix.text, &row, false);
                        }
                    }
                }
            }
        }
    }

    /// Adds a made key under a key of the file, unless the file (or an earlier rule for the same key)
    /// speaks of it, or a longer key of the file takes its calls elsewhere.
    fn area_key(&mut self, text: &str, under: &str, row: &Row, over: bool) {
        let key = key_of(text.as_bytes());
        let covered = self.keys.longest(key, text.len());
        let same = covered.is_some_and(|hit| {
            usize::from(hit.len) == under.len() && text.starts_with(under)
                || hit.kind == KeyKind::Area && usize::from(hit.len) < text.len()
        });
        let adif_same = covered.is_some_and(|hit| self.places[hit.place as usize].adif == row.adif);
        if same && adif_same {
            let place = self.intern(row);
            self.keys.insert(text.as_bytes(), place, KeyKind::Area, over);
        }
    }

    fn intern(&mut self, row: &Row) -> u32 {
        let lon_deg = if row.lon_west_deg == 0.0 { 0.0 } else { -row.lon_west_deg };
        let place = Place {
            name: row.name.clone(),
            prefix: row.prefix.to_ascii_uppercase(),
            area: row.area.clone(),
            adif: row.adif,
            continent: row.continent,
            cq: row.cq,
            itu: row.itu,
            lat_deg: row.lat_deg as f32,
            lon_deg: lon_deg as f32,
            utc_offset_min: (-row.offset_west_h * 60.0).round() as i16,
            grid: Grid::from_lat_lon(row.lat_deg, lon_deg).unwrap_or(Grid::NONE),
        };
        let key = format!("{place:?}");
        if let Some(at) = self.interned.get(&key) {
            return *at;
        }
        let at = self.places.len() as u32;
        self.places.push(place);
        self.interned.insert(key, at);
        at
    }
}
