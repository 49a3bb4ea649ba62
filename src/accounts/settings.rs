//! What a user chose.

use crate::config;
use crate::fanout::Preferences;
use crate::filter::{Streams, Wish};
use crate::spot::{Call, Grid};

/// Whose habits the prompt follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Dialect {
    /// GoCluster.
    #[default]
    Go,
    /// CC Cluster.
    Cc,
    /// DXSpider.
    Spider,
    /// AR-Cluster.
    Ar,
}

impl Dialect {
    /// All, in the order of DIALECT LIST.
    pub const ALL: [Dialect; 4] = [Dialect::Go, Dialect::Cc, Dialect::Spider, Dialect::Ar];
    /// `GO`, `CC`, `SPIDER`, `AR`.
    pub fn name(self) -> &'static str {
        ["GO", "CC", "SPIDER", "AR"][self as usize]
    }
    /// Reads a name, any case, with the other names that peers use.
    pub fn parse(text: &str) -> Option<Dialect> {
        match text.to_ascii_uppercase().as_str() {
            "GO" | "GOCLUSTER" | "CLASSIC" | "DEFAULT" => Some(Dialect::Go),
            "CC" | "CCCLUSTER" | "VE7CC" => Some(Dialect::Cc),
            "SPIDER" | "DXSPIDER" => Some(Dialect::Spider),
            "AR" | "ARCLUSTER" | "AR-CLUSTER" => Some(Dialect::Ar),
            _ => None,
        }
    }
}

/// How noisy a user's place is; used by a later issue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs)]
pub enum Noise {
    #[default]
    Quiet,
    Rural,
    Suburban,
    Urban,
    Industrial,
}

impl Noise {
    /// All, quietest first.
    pub const ALL: [Noise; 5] = [Noise::Quiet, Noise::Rural, Noise::Suburban, Noise::Urban, Noise::Industrial];
    /// `QUIET`.
    pub fn name(self) -> &'static str {
        ["QUIET", "RURAL", "SUBURBAN", "URBAN", "INDUSTRIAL"][self as usize]
    }
}

/// [`Settings::page_lines`] of users whose page is as long as their terminal's window, when it tells.
pub const PAGE_AUTO: u16 = u16::MAX;

/// Everything that is kept for a user between two log-ins. Text fields are printable and bounded by
/// [`Settings::TEXT_MAX`].
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// First name.
    pub name: String,
    /// Where the station is.
    pub qth: String,
    /// Locator that the user gave; none = not given.
    pub grid: Grid,
    /// Latitude and longitude in degrees, north and east positive, when given more precisely.
    pub location: Option<(f32, f32)>,
    /// Node the user calls home.
    pub home_node: Call,
    /// Dialect.
    pub dialect: Dialect,
    /// Filter, all dialects.
    pub wish: Wish,
    /// Line style, dedup policy, updates.
    pub preferences: Preferences,
    /// Unasked lines.
    pub streams: Streams,
    /// Lines per page; 0 = no paging, [`PAGE_AUTO`] = the window's.
    pub page_lines: u16,
    /// The user's own prompt; `None` = the node's.
    pub prompt: Option<String>,
    /// Marked as away.
    pub away: bool,
    /// Whether a client said it wants no echo. We never echo; kept for SHOW/SETTINGS.
    pub echo: bool,
    /// One line per send.
    pub linewise: bool,
    /// Noise class.
    pub noise: Noise,
    /// Minutes between solar summaries: 0, 15, 30, 60.
    pub solar_min: u8,
    /// Lines of SHOW/DX when no count is given; 0 = the dialect's.
    pub dx_count: u16,
    /// Calls whose log-ins are told.
    pub buddies: Vec<Call>,
}

impl Settings {
    /// Most bytes of one text.
    pub const TEXT_MAX: usize = 60;
    /// Most buddies.
    pub const BUDDIES_MAX: usize = 50;

    /// What a user has who chose nothing. The wish is open: the caller fills in the node's default.
    pub fn of_node(telnet: &config::Telnet) -> Settings {
        Settings {
            name: String::new(),
            qth: String::new(),
            grid: Grid::NONE,
            location: None,
            home_node: Call::EMPTY,
            dialect: Dialect::Go,
            wish: Wish::open(),
            preferences: Preferences::of_node(telnet),
            streams: Streams::default(),
            page_lines: 0,
            prompt: None,
            away: false,
            echo: true,
            linewise: false,
            noise: Noise::Quiet,
            solar_min: 0,
            dx_count: 0,
            buddies: Vec::new(),
        }
    }
}
