//! Where a call is.

use crate::spot::{Continent, Grid};

/// What country data says about a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lookup<'a> {
    /// Here.
    Found(&'a Place),
    /// `/MM` or `/AM`: on a ship or in an aircraft, in no entity.
    Afloat,
    /// No key of the file fits.
    Unknown,
}

impl<'a> Lookup<'a> {
    /// The place, when there is one.
    #[inline]
    pub fn place(self) -> Option<&'a Place> {
        match self {
            Lookup::Found(place) => Some(place),
            _ => None,
        }
    }
}

/// One place: an entity with the zones, position and continent that hold for a key of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name of the DXCC entity.
    pub name: String,
    /// Primary prefix of the DXCC entity, upper case, as the file spells it (`K`, `VP8/G`).
    pub prefix: String,
    /// Name of the WAEDC country inside the entity (Sicily, Shetland...), when the file names one.
    pub area: Option<String>,
    /// ADIF number of the DXCC entity; 0 when the file has none and none is known for its prefix.
    pub adif: u16,
    /// Continent.
    pub continent: Continent,
    /// CQ zone, 1..=40; 0 = unknown.
    pub cq: u8,
    /// ITU zone, 1..=90; 0 = unknown.
    pub itu: u8,
    /// Latitude in degrees, north positive.
    pub lat_deg: f32,
    /// Longitude in degrees, EAST positive.
    pub lon_deg: f32,
    /// Offset of the local time from UTC in minutes, east positive.
    pub utc_offset_min: i16,
    /// Locator of the position, 4 characters.
    pub grid: Grid,
}
