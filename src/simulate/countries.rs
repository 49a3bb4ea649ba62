//! Where stations live and how their calls are made: prefixes and shapes of the amateur service,
//! with the share of each place in what skimmers hear.

/// One place: a country or a call area of a large one.
pub(super) struct Place {
    /// Centre, degrees, north and east positive.
    pub(super) at_deg: (f64, f64),
    /// Stations lie within so many degrees of the centre.
    pub(super) spread_deg: (f64, f64),
    /// Relative number of stations.
    pub(super) stations: u32,
    /// Relative number of skimmers.
    pub(super) skimmers: u32,
    /// What `#` stands for.
    pub(super) digits: &'static [u8],
    /// Call shapes, separated by blanks, each equally likely. `#` is one of `digits`, `?` a letter,
    /// `[ABC]` one of these; everything else is itself.
    pub(super) shapes: &'static str,
}

const fn place(
    at_deg: (f64, f64),
    spread_deg: (f64, f64),
    stations: u32,
    skimmers: u32,
    digits: &'static [u8],
    shapes: &'static str,
) -> Place {
    Place { at_deg, spread_deg, stations, skimmers, digits, shapes }
}

/// Second letters that keep a United States call on the mainland (H, L, P are islands and Alaska,
/// G with 4 is Guantanamo).
const USA: &str = "K#?? W#?? N#?? K#??? W#??? N#??? A[ABCDEFGIJK]#?? [KNW][ABCDEFIJKMNORSTUVWXYZ]#? \
[KNW][ABCDEFIJKMNORSTUVWXYZ]#?? K[BCDEFIJKMNORSTUVWXYZ]#??? K[ABCDEFIJK]#??? W[AB]#???";
const CANADA: &str = "VE#?? VE#??? VA#?? VA#???";
const JAPAN: &str = "JA#??? JE#??? JF#??? JG#??? JH#??? JI#??? JJ#??? JK#??? JM#??? JR#??? JA#?? JH#?? JR#??";
const RUSSIA: &str = "R#? R#?? RA#?? RA#??? RK#?? RN#?? RT#? RU#?? RV#?? RW#?? RX#?? RZ#?? UA#?? UA#???";

/// The world. Shares follow what skimmers of the Reverse Beacon Network report, roughly.
#[rustfmt::skip]
pub(super) const PLACES: &[Place] = &[
    // North America
    place((42.8, -71.6), (1.0, 1.2), 55, 12, b"1", USA),
    place((41.8, -75.0), (1.5, 2.0), 50, 5, b"2", USA),
    place((40.1, -76.8), (1.0, 1.6), 50, 10, b"3", USA),
    place((35.0, -82.5), (3.5, 4.0), 85, 9, b"4", USA),
    place((32.5, -96.5), (3.0, 4.0), 60, 5, b"5", USA),
    place((36.5, -120.0), (2.5, 1.8), 50, 4, b"6", USA),
    place((43.0, -117.0), (4.0, 5.0), 50, 6, b"7", USA),
    place((40.5, -82.5), (1.5, 2.0), 50, 5, b"8", USA),
    place((42.0, -89.0), (1.8, 1.8), 45, 5, b"9", USA),
    place((41.0, -97.0), (3.5, 4.0), 45, 4, b"0", USA),
    place((45.0, -64.0), (0.8, 1.5), 6, 1, b"1", CANADA),
    place((46.0, -72.0), (0.8, 1.5), 12, 2, b"2", CANADA),
    place((43.9, -79.6), (0.9, 1.8), 28, 3, b"3", CANADA),
    place((50.0, -97.2), (0.5, 1.0), 4, 0, b"4", CANADA),
    place((51.0, -106.0), (1.0, 1.5), 4, 0, b"5", CANADA),
    place((52.5, -114.0), (1.2, 0.8), 9, 2, b"6", CANADA),
    place((49.4, -122.6), (0.4, 1.0), 12, 2, b"7", CANADA),
    place((61.5, -149.5), (1.0, 2.0), 3, 1, b"7", "KL#?? KL#??? NL#?? AL#?"),
    place((20.6, -156.8), (0.6, 1.2), 4, 1, b"6", "KH#?? WH#??? NH#? AH#??"),
    place((18.3, -66.4), (0.2, 0.5), 6, 0, b"34", "KP4??? WP4??? NP4? WP#?"),
    place((20.5, -101.0), (2.5, 4.0), 7, 1, b"123", "XE#?? XE#???"),
    place((22.6, -81.0), (0.6, 2.5), 5, 0, b"23678", "CO#?? CM#???"),
    place((18.7, -70.2), (0.4, 0.6), 2, 0, b"38", "HI#?? HI#???"),
    place((9.9, -84.1), (0.3, 0.5), 2, 0, b"2358", "TI#??? TI#??"),
    place((13.1, -59.5), (0.1, 0.1), 1, 0, b"69", "8P#??"),
    place((14.6, -61.0), (0.1, 0.1), 1, 0, b"5", "FM#??"),
    place((16.2, -61.5), (0.1, 0.1), 1, 0, b"5", "FG#??"),
    // South America
    place((12.2, -69.0), (0.1, 0.1), 2, 1, b"2", "PJ#?"),
    place((12.5, -70.0), (0.1, 0.1), 2, 0, b"123", "P4#?"),
    place((-22.8, -46.0), (3.0, 4.0), 26, 2, b"12345678", "PY#?? PY#??? PU#??? PP#?? PT#?? ZZ#?"),
    place((-34.5, -60.5), (3.0, 3.0), 18, 1, b"123456789", "LU#?? LU#??? LW#???"),
    place((-34.7, -56.0), (0.6, 1.2), 5, 0, b"23467", "CX#?? CX#???"),
    place((-33.5, -70.8), (2.0, 0.4), 7, 0, b"1234567", "CE#?? CE#??? CA#???"),
    place((9.5, -67.0), (1.0, 3.0), 5, 0, b"1456", "YV#?? YV#???"),
    place((5.5, -74.8), (2.0, 1.2), 4, 0, b"346", "HK#?? HK#???"),
    place((-0.5, -78.6), (1.0, 0.6), 2, 0, b"125", "HC#?? HC#???"),
    place((-12.0, -76.6), (1.5, 0.6), 2, 0, b"4", "OA#??? OA#??"),
    place((-25.3, -57.4), (0.6, 0.6), 2, 0, b"58", "ZP#?? ZP#???"),
    // Europe
    place((51.0, 10.0), (2.6, 3.2), 95, 22, b"1234567890", "DL#?? DL#??? DJ#?? DK#?? DK#? DF#?? DH#??? DG#??? DO#??? DM#?? DD#?? DL#?"),
    place((52.6, -1.4), (1.6, 1.4), 40, 5, b"01345678", "G#?? G#??? M#?? M#??? 2E#??? G#?"),
    place((56.2, -3.8), (1.2, 1.0), 9, 2, b"0345678", "GM#?? GM#??? MM#???"),
    place((52.2, -3.6), (0.7, 0.6), 6, 2, b"034", "GW#?? GW#??? MW#???"),
    place((54.6, -6.6), (0.3, 0.6), 4, 0, b"0348", "GI#?? MI#???"),
    place((53.2, -7.5), (1.0, 1.2), 6, 1, b"2346789", "EI#?? EI#???"),
    place((46.8, 2.4), (2.6, 3.0), 45, 5, b"14568", "F#?? F#??? F#???"),
    place((43.2, 12.0), (2.2, 1.8), 70, 5, b"0123456780", "I#??? IK#??? IZ#??? IU#??? IW#??? IR#? II#?"),
    place((37.5, 14.2), (0.4, 0.8), 8, 1, b"9", "IT#??? IT#??"),
    place((40.2, 9.0), (0.7, 0.4), 4, 0, b"0", "IS#??? IS#??"),
    place((40.3, -3.6), (2.4, 2.6), 60, 3, b"123457", "EA#?? EA#??? EB#?? EC#?? EA#?"),
    place((39.6, 2.9), (0.2, 0.4), 4, 1, b"6", "EA#?? EA#???"),
    place((39.6, -8.4), (1.6, 0.5), 10, 0, b"1247", "CT#??? CT#?? CR#?"),
    place((52.1, 5.4), (0.7, 0.7), 25, 3, b"0123579", "PA#?? PA#??? PE#?? PD#??? PB#? PC#?"),
    place((50.7, 4.6), (0.4, 0.8), 16, 3, b"45678", "ON#?? ON#??? OT#? OR#?"),
    place((49.7, 6.1), (0.1, 0.1), 3, 1, b"12", "LX#?? LX#???"),
    place((47.0, 8.0), (0.4, 0.9), 14, 5, b"9", "HB#??? HB#??"),
    place((47.5, 14.5), (0.5, 1.6), 14, 3, b"1234567", "OE#??? OE#??"),
    place((49.8, 15.3), (0.6, 1.6), 32, 6, b"1234567", "OK#?? OK#??? OL#? OK#?"),
    place((48.6, 19.4), (0.4, 1.1), 14, 1, b"12345678", "OM#?? OM#??? OM#?"),
    place((52.0, 19.0), (1.5, 2.6), 40, 3, b"123456789", "SP#?? SP#??? SQ#??? SN#? SO#?"),
    place((47.1, 19.4), (0.6, 1.4), 28, 5, b"12345678", "HA#?? HA#??? HG#? HA#?"),
    place((46.1, 14.7), (0.3, 0.6), 16, 3, b"0123456789", "S5#?? S5#? S5#???"),
    place((45.4, 16.3), (0.5, 1.0), 12, 2, b"1234567", "9A#?? 9A#??? 9A#?"),
    place((44.2, 17.8), (0.5, 0.8), 6, 0, b"1234567", "E7#?? E7#???"),
    place((44.2, 20.6), (0.9, 0.7), 14, 2, b"1234567", "YU#?? YU#??? YT#? YT#??"),
    place((41.6, 21.6), (0.3, 0.5), 4, 1, b"123", "Z3#?? Z3#?"),
    place((42.7, 25.2), (0.6, 1.4), 18, 3, b"123456789", "LZ#?? LZ#??? LZ#?"),
    place((45.8, 24.8), (1.0, 1.8), 24, 2, b"23456789", "YO#?? YO#??? YR#?"),
    place((47.0, 28.8), (0.4, 0.4), 4, 0, b"12345", "ER#?? ER#???"),
    place((38.6, 22.8), (1.2, 1.0), 12, 1, b"12378", "SV#??? SV#?? SX#?"),
    place((37.0, 27.2), (0.8, 0.6), 2, 0, b"5", "SV#??? SV#??"),
    place((35.2, 25.0), (0.1, 0.6), 2, 1, b"9", "SV#??? SV#??"),
    place((49.2, 31.5), (1.8, 3.5), 48, 2, b"0123456789", "UR#??? UR#?? UT#?? UT#? UX#?? US#??? UY#?? UW#??"),
    place((53.6, 28.0), (1.0, 1.8), 14, 1, b"1234678", "EW#?? EW#??? EU#? EU#??"),
    place((55.2, 24.0), (0.6, 1.0), 14, 1, b"123456789", "LY#?? LY#??? LY#?"),
    place((56.9, 25.0), (0.4, 1.4), 8, 0, b"123", "YL#?? YL#???"),
    place((58.9, 25.6), (0.4, 1.0), 8, 1, b"12345678", "ES#?? ES#??? ES#?"),
    place((62.0, 25.4), (1.8, 2.0), 24, 4, b"12345678", "OH#?? OH#??? OG#? OH#?"),
    place((59.6, 15.4), (2.4, 1.8), 26, 6, b"01234567", "SM#??? SM#?? SA#??? SE#? SK#??"),
    place((60.4, 9.6), (1.4, 1.6), 10, 3, b"123456789", "LA#?? LA#??? LB#?"),
    place((55.8, 10.2), (0.6, 1.2), 10, 1, b"12345678", "OZ#?? OZ#??? OU#?"),
    place((64.4, -20.0), (0.4, 1.8), 3, 1, b"358", "TF#?? TF#???"),
    place((56.2, 39.0), (2.2, 4.5), 60, 4, b"13", RUSSIA),
    place((53.0, 48.0), (2.4, 3.6), 34, 2, b"4", RUSSIA),
    place((46.0, 40.5), (1.6, 2.0), 34, 2, b"67", RUSSIA),
    // Asia
    place((56.5, 64.0), (1.6, 6.0), 34, 2, b"9", RUSSIA),
    place((52.5, 105.0), (2.0, 10.0), 14, 1, b"0", RUSSIA),
    place((48.5, 68.5), (2.5, 5.0), 8, 0, b"1345678", "UN#?? UN#??? UP#?"),
    place((41.2, 67.0), (0.8, 2.5), 2, 0, b"8", "UK#?? UK#???"),
    place((41.9, 43.8), (0.3, 1.0), 2, 0, b"14", "4L#?? 4L#???"),
    place((39.6, 33.0), (1.0, 3.5), 8, 1, b"23456789", "TA#?? TA#???"),
    place((35.0, 33.1), (0.1, 0.4), 5, 1, b"4", "5B#??? 5B#??"),
    place((32.0, 34.9), (0.6, 0.2), 8, 1, b"145", "4X#?? 4Z#?? 4X#???"),
    place((25.0, 55.3), (0.3, 0.4), 2, 0, b"1235", "A6#?? A6#?"),
    place((25.3, 51.4), (0.1, 0.1), 1, 0, b"1", "A7#??"),
    place((29.3, 47.8), (0.1, 0.1), 1, 1, b"2", "9K#??"),
    place((24.5, 45.0), (1.5, 4.0), 2, 0, b"1", "HZ#?? HZ#???"),
    place((20.0, 77.5), (5.0, 3.0), 8, 0, b"23", "VU#??? VU#??"),
    place((13.9, 100.8), (2.0, 1.2), 6, 1, b"0123569", "HS#??? E2#??"),
    place((3.2, 101.7), (0.6, 0.4), 2, 0, b"2", "9M#??? 9W#???"),
    place((1.35, 103.8), (0.02, 0.1), 1, 1, b"1", "9V#??"),
    place((-6.8, 109.0), (0.8, 3.5), 12, 0, b"012345789", "YB#??? YC#??? YB#??"),
    place((14.6, 121.0), (1.2, 0.8), 5, 0, b"12345679", "DU#??? DV#??"),
    place((31.5, 115.5), (4.0, 4.0), 30, 4, b"1234567890", "BA#?? BD#??? BG#??? BH#??? BY#? BI#???"),
    place((24.6, 121.2), (0.5, 0.3), 5, 1, b"1234", "BV#?? BX#??"),
    place((22.3, 114.2), (0.05, 0.1), 3, 1, b"2", "VR#?? VR#???"),
    place((37.0, 127.5), (0.9, 0.8), 12, 1, b"12345", "HL#??? DS#??? HL#??"),
    place((35.8, 138.8), (1.2, 1.8), 60, 5, b"01234579", JAPAN),
    place((43.2, 141.8), (0.6, 1.2), 10, 1, b"8", JAPAN),
    place((33.0, 131.0), (0.8, 0.5), 10, 1, b"6", JAPAN),
    // Africa
    place((28.2, -15.8), (0.3, 1.4), 10, 1, b"8", "EA#?? EA#???"),
    place((32.7, -16.9), (0.05, 0.1), 2, 0, b"39", "CT#?? CT#???"),
    place((33.4, -7.0), (0.8, 1.0), 3, 0, b"8", "CN#?? CN#???"),
    place((36.5, 3.4), (0.3, 2.0), 2, 0, b"24", "7X#??"),
    place((-27.0, 27.5), (2.0, 2.5), 9, 1, b"12456", "ZS#?? ZS#??? ZR#??"),
    place((-1.3, 36.8), (0.4, 0.4), 1, 0, b"4", "5Z#??"),
    place((-20.3, 57.5), (0.1, 0.1), 1, 0, b"8", "3B#??"),
    place((-21.1, 55.5), (0.1, 0.1), 2, 0, b"458", "FR#??"),
    place((-22.6, 17.1), (0.5, 0.6), 1, 0, b"15", "V5#?? V5#?"),
    place((15.0, -23.6), (0.1, 0.1), 1, 0, b"4", "D4#?"),
    place((14.7, -17.2), (0.2, 0.2), 1, 0, b"1", "6W#??"),
    // Oceania
    place((-34.6, 147.5), (2.0, 2.8), 24, 2, b"1235", "VK#?? VK#???"),
    place((-27.2, 152.6), (1.0, 0.6), 8, 1, b"4", "VK#?? VK#???"),
    place((-32.0, 116.0), (0.6, 0.5), 5, 1, b"6", "VK#?? VK#???"),
    place((-39.5, 175.5), (2.0, 1.2), 10, 1, b"1234", "ZL#?? ZL#???"),
    place((13.4, 144.8), (0.05, 0.05), 1, 0, b"2", "KH#?? KH#???"),
    place((-22.2, 166.3), (0.1, 0.2), 1, 0, b"8", "FK#??"),
];

/// A beacon of the NCDXF/IARU project: call and place, in the order of its 10-second slots.
pub(super) struct NcdxfBeacon {
    pub(super) call: &'static str,
    pub(super) at_deg: (f64, f64),
}

const fn beacon(call: &'static str, lat_deg: f64, lon_deg: f64) -> NcdxfBeacon {
    NcdxfBeacon { call, at_deg: (lat_deg, lon_deg) }
}

/// Published schedule: beacon `k` sends on 14.100 MHz in slot `k`, one slot later on each next band.
pub(super) const NCDXF: [NcdxfBeacon; 18] = [
    beacon("4U1UN", 40.8, -74.0),
    beacon("VE8AT", 68.3, -133.5),
    beacon("W6WX", 37.2, -121.9),
    beacon("KH6RS", 20.8, -156.5),
    beacon("ZL6B", -41.0, 175.6),
    beacon("VK6RBP", -32.1, 116.0),
    beacon("JA2IGY", 34.5, 136.8),
    beacon("RR9O", 55.0, 82.9),
    beacon("VR2B", 22.3, 114.2),
    beacon("4S7B", 6.9, 79.9),
    beacon("ZS6DN", -25.9, 28.3),
    beacon("5Z4B", -1.3, 36.8),
    beacon("4X6TU", 32.1, 34.8),
    beacon("OH2B", 60.3, 24.0),
    beacon("CS3B", 32.8, -17.0),
    beacon("LU4AA", -34.6, -58.4),
    beacon("OA4B", -12.1, -77.0),
    beacon("YV5B", 10.4, -66.8),
];
