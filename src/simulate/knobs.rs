//! Every number of the model that a person might want to turn, in one place.
//!
//! Weights are relative; permille are out of 1,000. Where a number was read from captures, the
//! remark says which. "July 2017/2020 days" are five days of the RBN archive with hindsight labels
//! (4,134 wrong calls among 1.09 million judged CW reports).

use crate::config::Profile;

/// Bands that are simulated, lowest first; the index is the band number of this module.
pub(super) const BANDS: usize = 9;

/// What one band is like.
pub(super) struct BandKnobs {
    /// Frequency that stands for the band, in kHz.
    pub(super) khz: u32,
    /// Where CW stations call, kHz.
    pub(super) cw_khz: (u32, u32),
    /// Where RTTY stations call, kHz; equal ends = nowhere.
    pub(super) rtty_khz: (u32, u32),
    /// Where voice stations call, kHz; equal ends = nowhere.
    pub(super) voice_khz: (u32, u32),
    /// Dial frequencies.
    pub(super) ft8_khz: u32,
    pub(super) ft4_khz: u32,
    /// SNR of 100 W over 500 km on an open path at a good receiver, dB in a CW filter.
    pub(super) snr_500_km_db: f64,
    /// Absorption of one hop under an overhead sun, dB.
    pub(super) absorbed_db: f64,
    /// Choice by stations under the sun and in the dark.
    pub(super) day_weight: u32,
    pub(super) night_weight: u32,
    /// Whether contests take place here.
    pub(super) contest: bool,
}

#[rustfmt::skip]
pub(super) const BAND: [BandKnobs; BANDS] = [
    BandKnobs { khz: 1_825, cw_khz: (1_810, 1_838), rtty_khz: (0, 0), voice_khz: (1_845, 1_950), ft8_khz: 1_840, ft4_khz: 1_840,
        snr_500_km_db: 16.0, absorbed_db: 45.0, day_weight: 0, night_weight: 4, contest: true },
    BandKnobs { khz: 3_530, cw_khz: (3_502, 3_565), rtty_khz: (3_580, 3_600), voice_khz: (3_650, 3_790), ft8_khz: 3_573, ft4_khz: 3_575,
        snr_500_km_db: 24.0, absorbed_db: 26.0, day_weight: 1, night_weight: 16, contest: true },
    BandKnobs { khz: 7_020, cw_khz: (7_001, 7_038), rtty_khz: (7_040, 7_060), voice_khz: (7_100, 7_195), ft8_khz: 7_074, ft4_khz: 7_047,
        snr_500_km_db: 28.0, absorbed_db: 11.0, day_weight: 14, night_weight: 34, contest: true },
    BandKnobs { khz: 10_115, cw_khz: (10_101, 10_129), rtty_khz: (10_142, 10_149), voice_khz: (0, 0), ft8_khz: 10_136, ft4_khz: 10_140,
        snr_500_km_db: 28.0, absorbed_db: 5.0, day_weight: 8, night_weight: 8, contest: false },
    BandKnobs { khz: 14_040, cw_khz: (14_001, 14_068), rtty_khz: (14_080, 14_099), voice_khz: (14_125, 14_345), ft8_khz: 14_074, ft4_khz: 14_080,
        snr_500_km_db: 30.0, absorbed_db: 3.0, day_weight: 48, night_weight: 16, contest: true },
    BandKnobs { khz: 18_085, cw_khz: (18_069, 18_094), rtty_khz: (18_101, 18_108), voice_khz: (18_112, 18_165), ft8_khz: 18_100, ft4_khz: 18_104,
        snr_500_km_db: 30.0, absorbed_db: 2.0, day_weight: 9, night_weight: 2, contest: false },
    BandKnobs { khz: 21_030, cw_khz: (21_001, 21_068), rtty_khz: (21_080, 21_110), voice_khz: (21_160, 21_440), ft8_khz: 21_074, ft4_khz: 21_140,
        snr_500_km_db: 30.0, absorbed_db: 1.4, day_weight: 24, night_weight: 2, contest: true },
    BandKnobs { khz: 24_900, cw_khz: (24_891, 24_912), rtty_khz: (24_920, 24_928), voice_khz: (24_935, 24_985), ft8_khz: 24_915, ft4_khz: 24_919,
        snr_500_km_db: 30.0, absorbed_db: 1.0, day_weight: 5, night_weight: 0, contest: false },
    BandKnobs { khz: 28_025, cw_khz: (28_001, 28_065), rtty_khz: (28_080, 28_110), voice_khz: (28_310, 28_650), ft8_khz: 28_074, ft4_khz: 28_180,
        snr_500_km_db: 30.0, absorbed_db: 0.7, day_weight: 16, night_weight: 1, contest: true },
];

/// Critical frequency of the F layer at night and what an overhead sun adds, MHz.
pub(super) const FO_NIGHT_MHZ: f64 = 4.0;
pub(super) const FO_SUN_MHZ: f64 = 8.5;
/// Each hop after the first costs so much, dB.
pub(super) const HOP_DB: f64 = 3.0;
/// Longest hop, km.
pub(super) const HOP_KM_MAX: u32 = 3_200;
/// Standard deviation of the fading between two reports, dB.
pub(super) const FADING_DB: i32 = 4;
/// A CW skimmer decodes from here, dB in its filter (the archive's smallest common report is 3 dB).
pub(super) const CW_SNR_MIN_DB: i32 = 3;
/// RTTY needs more (archive: 5 dB).
pub(super) const RTTY_SNR_MIN_DB: i32 = 6;
/// FT8 and FT4 report in 2.5 kHz: so much below the CW figure, and decode down to these.
pub(super) const SLOT_SNR_SHIFT_DB: i32 = 22;
pub(super) const FT8_SNR_MIN_DB: i32 = -23;
pub(super) const FT4_SNR_MIN_DB: i32 = -17;

/// A skimmer repeats a station it still hears after this long (RBN: ten minutes).
pub(super) const REPEAT_MS: u64 = 600_000;
/// Share of repeats that come earlier, because the frequency moved (15-Jul-2017: 13 %).
pub(super) const EARLY_REPEAT_PERMILLE: u32 = 130;
/// Share of the rest that come within the first minute after `REPEAT_MS` (15-Jul-2017: 58 %).
pub(super) const PROMPT_REPEAT_PERMILLE: u32 = 580;
/// Mean of the later ones beyond `REPEAT_MS`: the station was in a contact.
pub(super) const LATE_REPEAT_MS: u64 = 240_000;
/// A report that fading ate is tried again after about so long.
pub(super) const RETRY_MS: u64 = 60_000;

/// Frequency error of one CW report besides the skimmer's own skew, Hz (15-Jul-2017: 77 % within
/// 0.05 kHz of the median, 97 % within 0.15).
pub(super) const CW_JITTER_HZ: i32 = 35;
/// Typical skew of a calibrated skimmer and of the few others, parts per billion.
pub(super) const SKEW_PPB: i32 = 400;
pub(super) const BAD_SKEW_PPB: i32 = 5_000;
pub(super) const BAD_SKEW_PERMILLE: u32 = 60;
/// Skimmer clocks: most within a second, a few wrong by up to this.
pub(super) const BAD_CLOCK_MS: i32 = 90_000;
pub(super) const BAD_CLOCK_PERMILLE: u32 = 60;
/// Skimmers that report two decimals.
pub(super) const TWO_DECIMALS_PERMILLE: u32 = 150;
/// Slot-mode skimmers that report the dial frequency instead of the signal's.
pub(super) const DIAL_ONLY_PERMILLE: u32 = 250;
/// Slot-mode reports that carry a grid.
pub(super) const GRID_PERMILLE: u32 = 550;

/// Wrong calls per 1,000 reports before the factors below.
pub(super) const CW_BUST_PERMYRIAD: u32 = 100;
pub(super) const RTTY_BUST_PERMYRIAD: u32 = 80;
/// Percent of the above by signal: below 8 dB, below 20 dB, above.
pub(super) const BUST_BY_SNR_PERCENT: [u32; 3] = [170, 100, 70];
/// A skimmer's own factor lies between these, percent.
pub(super) const BUST_BY_SKIMMER_PERCENT: (u32, u32) = (40, 180);
/// Stations whose sending invites one particular mistake, and the share of their busts that make it.
/// Several skimmers then agree on a wrong call, as they do on the air.
pub(super) const FAVOURED_BUST_PERMILLE: u32 = 250;
pub(super) const FAVOURED_SHARE_PERMILLE: u32 = 400;

/// How CW calls go wrong: weights from the July 2017/2020 days. The labels only know wrong calls
/// within two letters of the right one, or a cut of it, so wilder mistakes are missing here too.
pub(super) const CW_BUSTS: [(CwBust, u32); 11] = [
    (CwBust::Element, 443),
    (CwBust::TwoLetters, 110),
    (CwBust::CutEnd1, 123),
    (CwBust::CutEnd2, 40),
    (CwBust::CutStart1, 86),
    (CwBust::AddEnd1, 57),
    (CwBust::AddEnd2, 8),
    (CwBust::AddStart1, 17),
    (CwBust::Lost, 19),
    (CwBust::Spacing, 13),
    (CwBust::SpacingElement, 84),
];

/// Kinds of CW mistakes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CwBust {
    /// Elements of one letter.
    Element,
    /// Elements of two letters.
    TwoLetters,
    CutEnd1,
    CutEnd2,
    CutStart1,
    AddEnd1,
    AddEnd2,
    AddStart1,
    /// A letter inside fell away.
    Lost,
    /// A gap heard or missed.
    Spacing,
    /// A gap and an element.
    SpacingElement,
}

/// What happens to the elements of a letter (same days): cut at its end, at its start, inside,
/// flipped, added.
pub(super) const ELEMENT_OPS: [u32; 5] = [420, 240, 180, 95, 65];
/// Elements lost at once: one, two, three.
pub(super) const ELEMENT_RUN: [u32; 3] = [78, 17, 5];
/// Where in the call: first letter, second, inside, last but one, last (same days, calls of five).
pub(super) const WHERE: [u32; 5] = [143, 67, 70, 145, 335];
/// What noise appends or prepends: mostly short letters.
pub(super) const STRAY_LETTERS: &[u8] = b"EEEEEETTTTTIIIANNSMUDE";
/// How RTTY calls go wrong: one bit, a lost shift, cut end, cut start, stray end.
pub(super) const RTTY_BUSTS: [u32; 5] = [600, 60, 180, 110, 50];

/// Human spots: exact to 0.1 kHz, off by 0.1-0.3 kHz, off by up to 1 kHz.
pub(super) const HUMAN_FREQ: [u32; 3] = [720, 220, 60];

/// A process: something of this kind begins every so often.
#[derive(Clone, Copy)]
pub(super) struct Arrivals {
    /// Mean time between two beginnings at rate 1, in microseconds; 0 = never.
    pub(super) every_us: u64,
    /// How long a station stays on one frequency, in seconds.
    pub(super) stay_s: (u32, u32),
}

/// What distinguishes one profile.
pub(super) struct ProfileKnobs {
    pub(super) skimmers: u32,
    /// Share of skimmers that do RTTY, and the slot modes.
    pub(super) rtty_skimmers_permille: u32,
    pub(super) slot_skimmers_permille: u32,
    /// Stations calling CQ in CW for a while, and those heard for a minute.
    pub(super) cw_run: Arrivals,
    pub(super) cw_short: Arrivals,
    pub(super) rtty_run: Arrivals,
    pub(super) voice: Arrivals,
    pub(super) ft8: Arrivals,
    pub(super) ft4: Arrivals,
    /// Human spots.
    pub(super) people_every_us: u64,
    /// Added to every signal: bigger antennas, dB.
    pub(super) boost_db: i32,
    /// Only contest bands.
    pub(super) contest: bool,
    /// Most skimmers that report one station; a third of it for those heard for a minute.
    pub(super) listeners_max: u32,
    /// The same for slot modes.
    pub(super) slot_listeners_max: u32,
}

const NEVER: Arrivals = Arrivals { every_us: 0, stay_s: (60, 61) };

/// The profile's numbers.
pub(super) fn profile(profile: Profile) -> ProfileKnobs {
    match profile {
        Profile::Quiet => ProfileKnobs {
            skimmers: 70,
            rtty_skimmers_permille: 250,
            slot_skimmers_permille: 250,
            cw_run: Arrivals { every_us: 6_000_000, stay_s: (120, 900) },
            cw_short: Arrivals { every_us: 900_000, stay_s: (20, 90) },
            rtty_run: Arrivals { every_us: 30_000_000, stay_s: (120, 900) },
            voice: Arrivals { every_us: 12_000_000, stay_s: (300, 1_500) },
            ft8: Arrivals { every_us: 8_000_000, stay_s: (180, 1_200) },
            ft4: Arrivals { every_us: 40_000_000, stay_s: (180, 900) },
            people_every_us: 7_000_000,
            boost_db: 0,
            contest: false,
            listeners_max: 9,
            slot_listeners_max: 9,
        },
        Profile::Contest => ProfileKnobs {
            skimmers: 220,
            rtty_skimmers_permille: 300,
            slot_skimmers_permille: 100,
            cw_run: Arrivals { every_us: 1_900_000, stay_s: (180, 2_400) },
            cw_short: Arrivals { every_us: 800_000, stay_s: (15, 60) },
            rtty_run: Arrivals { every_us: 8_000_000, stay_s: (180, 2_400) },
            voice: Arrivals { every_us: 20_000_000, stay_s: (300, 1_500) },
            ft8: Arrivals { every_us: 60_000_000, stay_s: (180, 1_200) },
            ft4: NEVER,
            people_every_us: 1_500_000,
            boost_db: 5,
            contest: true,
            listeners_max: 40,
            slot_listeners_max: 10,
        },
        Profile::Ft8Burst => ProfileKnobs {
            skimmers: 160,
            rtty_skimmers_permille: 200,
            slot_skimmers_permille: 750,
            cw_run: Arrivals { every_us: 6_000_000, stay_s: (120, 900) },
            cw_short: Arrivals { every_us: 900_000, stay_s: (20, 90) },
            rtty_run: Arrivals { every_us: 60_000_000, stay_s: (120, 900) },
            voice: Arrivals { every_us: 20_000_000, stay_s: (300, 1_500) },
            ft8: Arrivals { every_us: 600_000, stay_s: (180, 1_200) },
            ft4: Arrivals { every_us: 3_000_000, stay_s: (180, 900) },
            people_every_us: 4_000_000,
            boost_db: 0,
            contest: false,
            listeners_max: 9,
            slot_listeners_max: 36,
        },
    }
}

/// Stations that move to another frequency instead of signing off.
pub(super) const QSY_PERMILLE: u32 = 300;
/// Beacons of the `/B` kind.
pub(super) const BEACONS: u32 = 24;
/// Skimmers that watch beacons.
pub(super) const BEACON_SKIMMERS_PERMILLE: u32 = 150;

/// Largest rate multiplier: 50 × the busiest profile's 2.9 stations/s × 1,000 s on the air = 145,000
/// stations, about 50 MiB.
pub const RATE_MAX: f64 = 50.0;
/// Calls kept resting, per station on the air: one call comes back after two stays at the earliest.
pub(super) const RESTING_PER_ACTIVE: u32 = 2;
