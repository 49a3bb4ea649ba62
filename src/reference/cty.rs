//! The country file as immutable tables.

use super::build::Builder;
use super::keys::Keys;
use super::place::{Lookup, Place};
use super::{portable, read};
use crate::spot::Call;
use std::path::Path;

/// The largest country file that is read: the big form is 0.35 MB as text and 9 MB as property list.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// A file with fewer DXCC entities is not put in force. There are 340 current ones; a file cut in
/// half or an error page saved under the name must not empty the world.
pub const ENTITIES_MIN: usize = 300;

/// One entity in so many may lack an ADIF number: a new or renamed one in a `.dat` file.
const ADIF_MISSING_ONE_IN: usize = 20;

/// Which form a country file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CtyForm {
    /// `cty.csv`.
    Csv,
    /// `cty.dat`.
    Dat,
    /// `cty.plist`.
    Plist,
}

/// Why a country file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CtyError {
    /// It could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not one of the three forms.
    #[error("{file}: the name must end in .csv, .dat or .plist")]
    Extension {
        /// The file.
        file: String,
    },
    /// A line that cannot be read.
    #[error("{file}:{line}: {what}")]
    Line {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A property list that cannot be read; its parser knows no lines, so the key is named.
    #[error("{file}: {what}")]
    Plist {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// Readable, but not the world.
    #[error("{file}: {what}; the file in force stays")]
    Insane {
        /// The file.
        file: String,
        /// What is missing.
        what: String,
    },
}

/// What was loaded, for logs and reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CtySummary {
    /// Where it came from.
    pub source: String,
    /// Release mark of the file (`VER20260915`), empty when it has none.
    pub version: String,
    /// DXCC entities.
    pub entities: usize,
    /// Entities without an ADIF number.
    pub without_adif: usize,
    /// Exact calls.
    pub exact: usize,
    /// Prefixes, those of the call-area rules included.
    pub prefixes: usize,
    /// Keys that were given twice with different answers; the WAEDC row won, else the first.
    pub conflicts: usize,
}

/// Country data. Immutable; put in force by swapping a [`super::SharedCty`].
pub struct Cty {
    pub(super) source: String,
    pub(super) version: String,
    pub(super) places: Vec<Place>,
    /// Place of each DXCC entity without overrides, in the order of the file.
    pub(super) entities: Vec<u32>,
    /// ADIF number and place, by number.
    pub(super) by_adif: Vec<(u16, u32)>,
    pub(super) keys: Keys,
    pub(super) conflicts: usize,
}

impl Cty {
    /// The file compiled into the program: CTY-3631, `VER20260915`.
    ///
    /// # Panics
    /// When the committed file is damaged, which a test rules out.
    pub fn embedded() -> Cty {
        let bytes = include_bytes!("data/cty.csv");
        Cty::parse(CtyForm::Csv, "cty.csv (compiled in)", bytes)
            .and_then(Cty::checked)
            .unwrap_or_else(|error| panic!("compiled-in country data: {error}"))
    }

    /// No country at all: every call is unknown.
    pub fn empty() -> Cty {
        Builder::new("no country data").finish(false)
    }

    /// Reads and checks a file; the form is told by the end of its name.
    ///
    /// # Errors
    /// Unreadable, larger than [`FILE_BYTES_MAX`], a line that cannot be read, or [`Cty::checked`].
    pub fn load(path: &Path) -> Result<Cty, CtyError> {
        let file = path.display().to_string();
        let form = match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => CtyForm::Csv,
            Some("dat") => CtyForm::Dat,
            Some("plist") => CtyForm::Plist,
            _ => return Err(CtyError::Extension { file }),
        };
        let read = |source| CtyError::Read { file: file.clone(), source };
        let size = std::fs::metadata(path).map_err(read)?.len();
        if size > FILE_BYTES_MAX {
            return Err(CtyError::Insane { file, what: format!("{size} bytes, more than {FILE_BYTES_MAX}") });
        }
        let bytes = std::fs::read(path).map_err(read)?;
        Cty::parse(form, &file, &bytes)?.checked()
    }

    /// Reads a file's bytes without asking whether they are the whole world. `label` names it in errors.
    ///
    /// # Errors
    /// The first line (or key of a property list) that cannot be read.
    pub fn parse(form: CtyForm, label: &str, bytes: &[u8]) -> Result<Cty, CtyError> {
        let mut builder = Builder::new(label);
        match form {
            CtyForm::Csv => read::csv(&mut builder, bytes)?,
            CtyForm::Dat => read::dat(&mut builder, bytes)?,
            CtyForm::Plist => read::plist(&mut builder, bytes)?,
        }
        Ok(builder.finish(form != CtyForm::Plist))
    }

    /// The sanity check before a file is put in force.
    ///
    /// # Errors
    /// Fewer than [`ENTITIES_MIN`] entities, or more than one in twenty without an ADIF number.
    pub fn checked(self) -> Result<Cty, CtyError> {
        let s = self.summary();
        let insane = |what: String| Err(CtyError::Insane { file: s.source.clone(), what });
        if s.entities < ENTITIES_MIN {
            return insane(format!("{} entities, at least {ENTITIES_MIN} expected", s.entities));
        }
        if s.without_adif * ADIF_MISSING_ONE_IN > s.entities {
            return insane(format!("{} of {} entities without ADIF number", s.without_adif, s.entities));
        }
        Ok(self)
    }

    /// Where a call is. The call may carry SSID, `-#`, portable suffixes and location prefixes.
    ///
    /// Does not allocate; about 30 ns for a plain call.
    #[inline]
    pub fn lookup(&self, call: &Call) -> Lookup<'_> {
        match portable::resolve(&self.keys, &self.places, call, &mut ()) {
            portable::Resolved::Found(hit) => Lookup::Found(&self.places[hit.place as usize]),
            portable::Resolved::Afloat => Lookup::Afloat,
            portable::Resolved::Unknown => Lookup::Unknown,
        }
    }

    /// The entity with an ADIF number; `None` for 0, for deleted entities and for unknown numbers.
    pub fn entity(&self, adif: u16) -> Option<&Place> {
        let at = self.by_adif.binary_search_by_key(&adif, |e| e.0).ok()?;
        Some(&self.places[self.by_adif[at].1 as usize])
    }

    /// Every DXCC entity, in the order of the file.
    pub fn entities(&self) -> impl Iterator<Item = &Place> {
        self.entities.iter().map(|at| &self.places[*at as usize])
    }

    /// What was loaded.
    pub fn summary(&self) -> CtySummary {
        let (exact, prefixes) = self.keys.counts();
        CtySummary {
            source: self.source.clone(),
            version: self.version.clone(),
            entities: self.entities.len(),
            without_adif: self.entities().filter(|p| p.adif == 0).count(),
            exact,
            prefixes,
            conflicts: self.conflicts,
        }
    }
}

impl std::fmt::Debug for Cty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.summary().fmt(f)
    }
}
