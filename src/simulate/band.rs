//! The band itself: what happens when, one line after the other, under virtual time.

use super::chance::{bell, hit, pick, tail_ms};
use super::confuse;
use super::geo::{Distances, Unit, dot, sun};
use super::knobs::{self, Arrivals, BAND, ProfileKnobs};
use super::line::{self, Heard, LINE_BYTES_MAX, Speed};
use super::path;
use super::people;
use super::truth::{Bust, TruthRow};
use super::world::{Caller, Skimmer, Station};
use crate::config::Profile;
use crate::spot::{Call, Mode, Utc};
use fastrand::Rng;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A simulated band: an endless sequence of lines, each with its time and its truth.
///
/// Everything follows from (seed, profile, rate, start). The next line always stands ready;
/// [`Band::next_at`] tells when it is due.
pub struct Band {
    rng: Rng,
    knobs: ProfileKnobs,
    start_ms: u64,
    distances: Distances,
    sun: Unit,
    sun_until_ms: u64,
    skimmers: Vec<Skimmer>,
    stations: Vec<Station>,
    air: Vec<OnAir>,
    /// Stations off the air; who left first comes back first.
    resting: VecDeque<u32>,
    /// Stations that people could spot, in no order that matters.
    spottable: Vec<u32>,
    processes: Vec<Process>,
    events: BinaryHeap<Reverse<Event>>,
    order: u64,
    /// Stations per 100 Hz up to 30 MHz.
    occupied: Vec<u8>,
    listeners: Vec<(i32, u16)>,
    comment: Vec<u8>,
    line: Vec<u8>,
    row: TruthRow,
}

/// What a station is doing.
#[derive(Clone, Copy)]
struct OnAir {
    /// Grows with every start and stop: what was planned for an earlier stay is void.
    generation: u32,
    /// Place in `spottable`, or [`UNLISTED`].
    listed: u32,
    hz: u64,
    dial_hz: u64,
    role: Role,
    mode: Mode,
    band: u8,
    /// Which slots a slot-mode station uses: even or odd.
    parity: u8,
    /// The process that brought it.
    process: u8,
    favoured: Option<(Call, Bust)>,
}

const UNLISTED: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// Calls CQ on one frequency.
    Run,
    /// Heard for a minute: a short CQ, or answering somebody.
    Short,
    /// FT8 or FT4.
    Slots,
    /// Voice: for people only.
    Voice,
    /// `/B`.
    Beacon,
    /// NCDXF chain, with its slot on this band.
    Ncdxf(u8),
}

/// Beginnings of one kind, one in each stretch of `every_us`: the gaps are bounded by twice that.
struct Process {
    kind: Kind,
    arrivals: Arrivals,
    every_us: u64,
    begun: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    CwRun,
    CwShort,
    RttyRun,
    Voice,
    Ft8,
    Ft4,
    Person,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    due_ms: u64,
    /// Breaks ties in the order of planning.
    order: u64,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A skimmer decodes a station. `sure`: fading does not count.
    Decode { station: u32, generation: u32, skimmer: u16, base_db: i16, sure: bool },
    /// A stay ends.
    Leave { station: u32, generation: u32 },
    /// Something of process `n` begins.
    Begin(u8),
}

/// The sun is moved this often.
const SUN_MS: u64 = 300_000;
/// Candidates tried until one is heard somewhere.
const CANDIDATES: usize = 8;
/// Attempts at a free frequency.
const FREQUENCY_TRIES: usize = 6;
/// 30 MHz in steps of 100 Hz.
const CHANNELS: usize = 300_000;
/// Beacons are planned anew this often.
const BEACON_STAY_MS: u64 = 1_800_000;

const FT8_SLOT_MS: u64 = 15_000;
const FT4_SLOT_MS: u64 = 7_500;
const NCDXF_SLOT_MS: u64 = 10_000;

impl Band {
    /// A band in full swing at `start`. `rate` multiplies the number of stations and of people's
    /// spots and is kept within 0.05 to [`knobs::RATE_MAX`].
    pub fn new(seed: u64, profile: Profile, rate: f64, start: Utc) -> Band {
        let mut rng = Rng::with_seed(seed);
        let knobs = knobs::profile(profile);
        let rate_milli = (rate.clamp(0.05, knobs::RATE_MAX) * 1000.0) as u64;
        let mut caller = Caller::new();
        let skimmers: Vec<Skimmer> = (0..knobs.skimmers).filter_map(|_| caller.skimmer(&mut rng, &knobs)).collect();
        let processes = processes(&knobs, rate_milli);
        let start_ms = start.ms().max(0) as u64;
        let population = population(&processes);
        let mut band = Band {
            stations: (0..population).filter_map(|_| caller.station(&mut rng)).collect(),
            air: Vec::new(),
            rng,
            knobs,
            start_ms,
            distances: Distances::new(),
            sun: [1.0, 0.0, 0.0],
            sun_until_ms: 0,
            skimmers,
            resting: VecDeque::new(),
            spottable: Vec::new(),
            processes,
            events: BinaryHeap::new(),
            order: 0,
            occupied: vec![0; CHANNELS],
            listeners: Vec::new(),
            comment: Vec::with_capacity(2 * people::COMMENT_BYTES_MAX),
            line: Vec::with_capacity(LINE_BYTES_MAX),
            row: TruthRow {
                line: 0,
                at: start,
                reported: Call::EMPTY,
                truth: Call::EMPTY,
                spotter: Call::EMPTY,
                reported_hz: 0,
                true_hz: 0,
                mode: Mode::Unknown,
                snr_db: None,
                bust: Bust::None,
            },
        };
        band.populate(&mut caller);
        band.advance();
        band
    }

    /// When the next line is due, by the true clock. Never goes backwards.
    #[inline]
    pub fn next_at(&self) -> Utc {
        self.row.at
    }

    /// Hands over the next line, without its end, and the truth about it.
    #[inline]
    pub fn next<R>(&mut self, take: impl FnOnce(&[u8], &TruthRow) -> R) -> R {
        let taken = take(&self.line, &self.row);
        self.advance();
        taken
    }

    /// How many skimmers listen.
    pub fn skimmers(&self) -> usize {
        self.skimmers.len()
    }

    /// Fills the band as if it had run for an hour.
    fn populate(&mut self, caller: &mut Caller) {
        let now_ms = self.start_ms;
        self.move_sun(now_ms);
        self.air = vec![OnAir::resting(); self.stations.len()];
        self.resting = (0..self.stations.len() as u32).collect();
        self.spottable.reserve(self.stations.len());
        self.listeners.reserve(self.skimmers.len());
        for process in 0..self.processes.len() {
            let Process { kind, every_us, arrivals, .. } = self.processes[process];
            for _ in 0..on_air(kind, every_us, arrivals) {
                self.begin(process, now_ms, true);
            }
            self.plan_begin(process);
        }
        // Two newcomers at once, so that nobody waits for the first line.
        for (kind, after_ms) in [(Kind::CwShort, 50), (Kind::CwShort, 450)] {
            if let Some(process) = self.processes.iter().position(|p| p.kind == kind) {
                self.plan(now_ms + after_ms, What::Begin(process as u8 | EXTRA));
            }
        }
        for index in 0..18u8 {
            for (step, band) in [4u8, 5, 6, 7, 8].into_iter().enumerate() {
                const HZ: [u64; 5] = [14_100_000, 18_110_000, 21_150_000, 24_930_000, 28_200_000];
                let slot = (index + step as u8) % 18;
                self.settle_beacon(Caller::ncdxf(usize::from(index)), Role::Ncdxf(slot), band, HZ[step]);
            }
        }
        for _ in 0..knobs::BEACONS {
            if let Some(beacon) = caller.beacon(&mut self.rng) {
                let hz = 28_205_000 + u64::from(self.rng.u32(0..900)) * 100;
                self.settle_beacon(beacon, Role::Beacon, 8, hz);
            }
        }
        self.events.reserve(self.events.len());
    }

    fn settle_beacon(&mut self, station: Station, role: Role, band: u8, hz: u64) {
        let index = self.stations.len() as u32;
        self.stations.push(station);
        self.air.push(OnAir { role, band, hz, dial_hz: hz, mode: Mode::Cw, ..OnAir::resting() });
        self.transmit(index, self.start_ms, BEACON_STAY_MS, true);
    }

    /// Runs events until one has made a line.
    fn advance(&mut self) {
        // The processes plan themselves again for ever, so there always is a next event.
        while let Some(Reverse(event)) = self.events.pop() {
            if event.due_ms >= self.sun_until_ms {
                self.move_sun(event.due_ms);
            }
            let made = match event.what {
                What::Decode { station, generation, skimmer, base_db, sure } => {
                    self.air[station as usize].generation == generation
                        && self.decode(event.due_ms, station, skimmer, base_db, sure)
                }
                What::Leave { station, generation } => {
                    if self.air[station as usize].generation == generation {
                        self.leave(event.due_ms, station);
                    }
                    false
                }
                What::Begin(process) => {
                    let index = usize::from(process & !EXTRA);
                    if process & EXTRA == 0 {
                        self.plan_begin(index);
                    }
                    if self.processes[index].kind == Kind::Person {
                        self.person(event.due_ms)
                    } else {
                        self.begin(index, event.due_ms, false);
                        false
                    }
                }
            };
            if made {
                return;
            }
        }
    }

    fn plan(&mut self, due_ms: u64, what: What) {
        self.order += 1;
        self.events.push(Reverse(Event { due_ms, order: self.order, what }));
    }

    fn plan_begin(&mut self, process: usize) {
        let Process { every_us, begun, .. } = self.processes[process];
        self.processes[process].begun += 1;
        let at_us = begun * every_us + self.rng.u64(0..every_us);
        self.plan(self.start_ms + at_us / 1000, What::Begin(process as u8));
    }

    fn move_sun(&mut self, now_ms: u64) {
        let now = Utc::from_ms(now_ms as i64);
        let (_, month, day) = now.civil();
        self.sun = sun((month - 1) * 30 + month / 2 + day, now.ms_of_day());
        self.sun_until_ms = now_ms / SUN_MS * SUN_MS + SUN_MS;
    }

    /// A station of this process comes on the air; `settled`: it has been there for a while.
    fn begin(&mut self, process: usize, now_ms: u64, settled: bool) {
        let Process { kind, arrivals, .. } = self.processes[process];
        for _ in 0..CANDIDATES {
            let Some(station) = self.resting.pop_front() else { return };
            let (least, most) = arrivals.stay_s;
            let mut stay_ms = u64::from(self.rng.u32(least..most)) * 1000;
            if settled {
                stay_ms = self.rng.u64(0..stay_ms) + 1;
            }
            self.air[station as usize].process = process as u8;
            if self.tune(station, kind) && self.transmit(station, now_ms, stay_ms, settled) {
                return;
            }
            self.rest(station);
        }
    }

    /// Chooses mode, band and frequency. False when no band suits.
    fn tune(&mut self, station: u32, kind: Kind) -> bool {
        let light = dot(&self.sun, &self.stations[station as usize].at);
        let day = ((light + 0.1) * 200.0).clamp(0.0, 100.0) as u32;
        let weights: [u32; knobs::BANDS] = std::array::from_fn(|band| {
            let knobs = &BAND[band];
            let (low, high) = segment(kind, band);
            if low == high || (self.knobs.contest && !knobs.contest) {
                0
            } else {
                knobs.day_weight * day + knobs.night_weight * (100 - day)
            }
        });
        if weights.iter().all(|&w| w == 0) {
            return false;
        }
        let band = pick(&mut self.rng, &weights);
        let (low_khz, high_khz) = segment(kind, band);
        let slots = matches!(kind, Kind::Ft8 | Kind::Ft4);
        let mut hz = 0;
        for _ in 0..FREQUENCY_TRIES {
            hz = match kind {
                // Voice stations sit on whole or half kilohertz.
                Kind::Voice => u64::from(low_khz) * 1000 + u64::from(self.rng.u32(0..(high_khz - low_khz) * 2)) * 500,
                Kind::Ft8 | Kind::Ft4 => u64::from(low_khz) * 1000 + u64::from(self.rng.u32(200..2_900)),
                _ => u64::from(low_khz) * 1000 + u64::from(self.rng.u32(0..(high_khz - low_khz) * 100)) * 10,
            };
            if slots || self.is_free(hz) {
                break;
            }
        }
        let rng = &mut self.rng;
        let air = &mut self.air[station as usize];
        air.band = band as u8;
        air.hz = hz;
        air.dial_hz = u64::from(low_khz) * 1000;
        air.parity = rng.u8(0..2);
        air.favoured = None;
        (air.role, air.mode) = match kind {
            Kind::CwShort | Kind::Person => (Role::Short, Mode::Cw),
            Kind::CwRun => (Role::Run, Mode::Cw),
            Kind::RttyRun => (Role::Run, Mode::Rtty),
            Kind::Voice => (Role::Voice, if band < 3 { Mode::Lsb } else { Mode::Usb }),
            Kind::Ft8 => (Role::Slots, Mode::Ft8),
            Kind::Ft4 => (Role::Slots, Mode::Ft4),
        };
        if air.role == Role::Run && hit(rng, knobs::FAVOURED_BUST_PERMILLE) {
            let call = &self.stations[station as usize].call;
            air.favoured = if air.mode == Mode::Cw { confuse::cw(rng, call) } else { confuse::rtty(rng, call) };
        }
        true
    }

    fn is_free(&self, hz: u64) -> bool {
        let channel = (hz / 100) as usize;
        // 300 Hz either side, as operators keep it on a full band.
        self.occupied.get(channel.saturating_sub(3)..=channel + 3).is_some_and(|near| near.iter().all(|&n| n == 0))
    }

    fn occupy(&mut self, hz: u64, on: bool) {
        if let Some(count) = self.occupied.get_mut((hz / 100) as usize) {
            *count = if on { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
    }

    /// Plans who hears a tuned station and when. False, with nothing planned, when nobody does
    /// (but people find voice stations without skimmers, and beacons never tire).
    fn transmit(&mut self, station: u32, now_ms: u64, stay_ms: u64, settled: bool) -> bool {
        let air = self.air[station as usize];
        self.listen(station);
        let beacon = matches!(air.role, Role::Beacon | Role::Ncdxf(_));
        if self.listeners.is_empty() && !beacon && air.role != Role::Voice {
            return false;
        }
        let generation = air.generation.wrapping_add(1);
        self.air[station as usize].generation = generation;
        self.plan(now_ms + stay_ms, What::Leave { station, generation });
        if !beacon {
            self.air[station as usize].listed = self.spottable.len() as u32;
            self.spottable.push(station);
            if air.role != Role::Slots {
                self.occupy(air.hz, true);
            }
        }
        // The best receiver decodes a newcomer at once, the others within their first CQs.
        let best = (0..self.listeners.len()).max_by_key(|&i| (self.listeners[i].0, Reverse(i)));
        for index in 0..self.listeners.len() {
            let (base_db, skimmer) = self.listeners[index];
            let sure = !settled && Some(index) == best && air.role != Role::Slots;
            let wait_ms = if settled || beacon {
                self.rng.u64(0..knobs::REPEAT_MS)
            } else if sure {
                self.rng.u64(0..250)
            } else if air.role == Role::Short {
                self.rng.u64(800..stay_ms.max(801))
            } else if air.role == Role::Slots {
                self.rng.u64(0..2 * FT8_SLOT_MS)
            } else {
                self.rng.u64(800..40_000)
            };
            if wait_ms > stay_ms {
                continue;
            }
            let due_ms = self.aligned(&air, now_ms + wait_ms, skimmer);
            self.plan(due_ms, What::Decode { station, generation, skimmer, base_db: base_db as i16, sure });
        }
        true
    }

    /// Fills `listeners` with the skimmers that hear a station at least sometimes.
    fn listen(&mut self, station: u32) {
        self.listeners.clear();
        let air = self.air[station as usize];
        let source = &self.stations[station as usize];
        if air.role == Role::Voice {
            return;
        }
        let least_db = least_db(air.mode);
        let shift_db = if air.role == Role::Slots { knobs::SLOT_SNR_SHIFT_DB } else { 0 };
        for (index, skimmer) in self.skimmers.iter().enumerate() {
            let attends = match air.role {
                Role::Slots => skimmer.slots,
                Role::Beacon | Role::Ncdxf(_) => skimmer.beacons,
                _ => air.mode != Mode::Rtty || skimmer.rtty,
            };
            if !attends || skimmer.bands & 1 << air.band == 0 {
                continue;
            }
            let Some(path_db) =
                path::snr_db(&self.distances, &self.sun, usize::from(air.band), &source.at, &skimmer.at)
            else {
                continue;
            };
            let db = path_db + i32::from(source.power_db) + i32::from(skimmer.sensitivity_db) + self.knobs.boost_db
                - shift_db;
            if db >= least_db - knobs::FADING_DB {
                self.listeners.push((db, index as u16));
            }
        }
        let most = match air.role {
            Role::Short => self.knobs.listeners_max / 3,
            Role::Slots => self.knobs.slot_listeners_max,
            _ => self.knobs.listeners_max,
        } as usize;
        while self.listeners.len() > most.max(1) {
            let out = self.rng.u32(0..self.listeners.len() as u32) as usize;
            self.listeners.swap_remove(out);
        }
    }

    fn leave(&mut self, now_ms: u64, station: u32) {
        let air = &mut self.air[station as usize];
        air.generation = air.generation.wrapping_add(1);
        if matches!(air.role, Role::Beacon | Role::Ncdxf(_)) {
            self.transmit(station, now_ms, BEACON_STAY_MS, false);
            return;
        }
        let (hz, role, process, listed) = (air.hz, air.role, usize::from(air.process), air.listed);
        air.listed = UNLISTED;
        if (listed as usize) < self.spottable.len() {
            self.spottable.swap_remove(listed as usize);
            if let Some(&moved) = self.spottable.get(listed as usize) {
                self.air[moved as usize].listed = listed;
            }
        }
        if role != Role::Slots {
            self.occupy(hz, false);
        }
        let Process { kind, arrivals, .. } = self.processes[process];
        if role == Role::Run && hit(&mut self.rng, knobs::QSY_PERMILLE) {
            let (least, most) = arrivals.stay_s;
            let stay_ms = u64::from(self.rng.u32(least..most)) * 1000;
            if self.tune(station, kind) && self.transmit(station, now_ms, stay_ms, false) {
                return;
            }
        }
        self.rest(station);
    }

    fn rest(&mut self, station: u32) {
        self.resting.push_back(station);
    }

    /// The moment of a report that a skimmer would make at `at_ms`: now for CW and RTTY, after the
    /// end of a slot of the station for slot modes and for NCDXF beacons.
    fn aligned(&self, air: &OnAir, at_ms: u64, skimmer: u16) -> u64 {
        let slot_end = |slot_ms: u64, every: u64, mine: u64| {
            // The first slot with index ≡ mine (mod every) that ends at or after `at_ms`.
            let slot = at_ms / slot_ms;
            let ahead = (mine + every - slot % every) % every;
            (slot + ahead + 1) * slot_ms
        };
        let delay_ms = u64::from(self.skimmers[usize::from(skimmer)].slot_delay_ms);
        match (air.role, air.mode) {
            (Role::Slots, Mode::Ft4) => slot_end(FT4_SLOT_MS, 2, u64::from(air.parity)) + delay_ms,
            (Role::Slots, _) => slot_end(FT8_SLOT_MS, 2, u64::from(air.parity)) + delay_ms,
            (Role::Ncdxf(mine), _) => slot_end(NCDXF_SLOT_MS, 18, u64::from(mine)),
            _ => at_ms,
        }
    }

    /// One report of one skimmer. False when fading ate it.
    fn decode(&mut self, now_ms: u64, station: u32, skimmer: u16, base_db: i16, sure: bool) -> bool {
        let air = self.air[station as usize];
        let least_db = least_db(air.mode);
        let mut db = i32::from(base_db) + bell(&mut self.rng, knobs::FADING_DB);
        if sure {
            db = db.max(least_db);
        }
        let heard = db >= least_db;
        let wait_ms = if heard {
            repeat_ms(&mut self.rng)
        } else {
            knobs::RETRY_MS / 2 + tail_ms(&mut self.rng, knobs::RETRY_MS)
        };
        // A slot mode's reports scatter by some decoder time; the plan carries whole slots.
        let base_ms = if air.role == Role::Slots { now_ms - now_ms % FT4_SLOT_MS } else { now_ms };
        let scatter_ms = if air.role == Role::Slots { self.rng.u64(0..400) } else { 0 };
        let due_ms = self.aligned(&air, base_ms + wait_ms, skimmer) + scatter_ms;
        let generation = air.generation;
        self.plan(due_ms, What::Decode { station, generation, skimmer, base_db, sure: false });
        if heard {
            self.report(now_ms, station, skimmer, db.min(db_max(air.mode)));
        }
        heard
    }

    fn report(&mut self, now_ms: u64, station: u32, skimmer: u16, db: i32) {
        let air = self.air[station as usize];
        let source = &self.stations[station as usize];
        let receiver = &self.skimmers[usize::from(skimmer)];
        let rng = &mut self.rng;
        let (reported, bust) = misheard(rng, &air, &source.call, receiver, db).unwrap_or((source.call, Bust::None));
        let skew_hz = air.hz as i64 * i64::from(receiver.skew_ppb) / 1_000_000_000;
        let (hz, speed) = match air.mode {
            Mode::Ft8 | Mode::Ft4 => {
                let hz = if receiver.dial_only { air.dial_hz } else { air.hz };
                (hz, if hit(rng, knobs::GRID_PERMILLE) { Speed::Grid(source.grid) } else { Speed::None })
            }
            Mode::Rtty => (moved(air.hz, skew_hz + i64::from(bell(rng, knobs::CW_JITTER_HZ))), Speed::Bps(45)),
            _ => {
                let off = [0, 1, -1, 2, -2][pick(rng, &[70, 13, 13, 2, 2])];
                let wpm = (i32::from(source.wpm) + off).max(5) as u32;
                (moved(air.hz, skew_hz + i64::from(bell(rng, knobs::CW_JITTER_HZ))), Speed::Wpm(wpm))
            }
        };
        let kind = match air.role {
            Role::Ncdxf(_) => "NCDXF B",
            Role::Beacon => "BEACON",
            Role::Short if hit(rng, 60) => "DX",
            _ => "CQ",
        };
        let told = Utc::from_ms(now_ms as i64 + i64::from(receiver.clock_ms));
        self.line.clear();
        let heard = Heard {
            hz,
            call: reported.as_bytes(),
            mode: air.mode.name(),
            db,
            speed,
            kind,
            hour_minute: told.hour_minute(),
        };
        line::skimmer(&mut self.line, receiver, &heard);
        self.row = TruthRow {
            line: self.row.line + 1,
            at: Utc::from_ms(now_ms as i64),
            reported,
            truth: source.call,
            spotter: receiver.call,
            reported_hz: line::shown_hz(hz, receiver.two_decimals),
            true_hz: air.hz,
            mode: air.mode,
            snr_db: Some(db as i16),
            bust,
        };
    }

    /// A person spots somebody. False when there is nobody.
    fn person(&mut self, now_ms: u64) -> bool {
        if self.spottable.is_empty() {
            return false;
        }
        let subject = self.spottable[self.rng.u32(0..self.spottable.len() as u32) as usize] as usize;
        let poster = self.rng.u32(0..self.stations.len() as u32) as usize;
        let spotter = match self.stations[poster].call {
            call if call.as_bytes().contains(&b'/') => self.stations[0].call,
            call => call,
        };
        let air = self.air[subject];
        let truth = self.stations[subject].call;
        let true_hz = air.hz;
        let hz = match air.role {
            Role::Slots => air.dial_hz,
            _ => people::dialled_hz(&mut self.rng, true_hz),
        };
        self.comment.clear();
        let about =
            people::Subject { mode: air.mode, hz, grid: self.stations[subject].grid, contest: self.knobs.contest };
        people::comment(&mut self.rng, &mut self.comment, &about);
        let at = Utc::from_ms(now_ms as i64);
        self.line.clear();
        line::person(&mut self.line, spotter.as_bytes(), hz, truth.as_bytes(), &self.comment, at.hour_minute());
        self.row = TruthRow {
            line: self.row.line + 1,
            at,
            reported: truth,
            truth,
            spotter,
            reported_hz: hz,
            true_hz,
            mode: air.mode,
            snr_db: None,
            bust: Bust::None,
        };
        true
    }
}

/// Bit of a process number: begins once, out of turn.
const EXTRA: u8 = 0x80;

impl OnAir {
    const fn resting() -> OnAir {
        OnAir {
            generation: 0,
            listed: UNLISTED,
            hz: 0,
            dial_hz: 0,
            role: Role::Short,
            mode: Mode::Cw,
            band: 0,
            parity: 0,
            process: 0,
            favoured: None,
        }
    }
}

fn processes(knobs: &ProfileKnobs, rate_milli: u64) -> Vec<Process> {
    let people = Arrivals { every_us: knobs.people_every_us, stay_s: (0, 0) };
    [
        (Kind::CwRun, knobs.cw_run),
        (Kind::CwShort, knobs.cw_short),
        (Kind::RttyRun, knobs.rtty_run),
        (Kind::Voice, knobs.voice),
        (Kind::Ft8, knobs.ft8),
        (Kind::Ft4, knobs.ft4),
        (Kind::Person, people),
    ]
    .into_iter()
    .filter(|(_, arrivals)| arrivals.every_us > 0)
    .map(|(kind, arrivals)| Process {
        kind,
        arrivals,
        every_us: (arrivals.every_us * 1000 / rate_milli).max(1),
        begun: 0,
    })
    .collect()
}

/// Stations of a process on the air at any moment: arrivals per second × mean stay (Little's law),
/// more when some move on instead of leaving.
fn on_air(kind: Kind, every_us: u64, arrivals: Arrivals) -> u64 {
    if kind == Kind::Person {
        return 0;
    }
    let mean_us = u64::from(arrivals.stay_s.0 + arrivals.stay_s.1) * 500_000;
    let moving = if matches!(kind, Kind::CwRun | Kind::RttyRun) { u64::from(knobs::QSY_PERMILLE) } else { 0 };
    mean_us * 1000 / (1000 - moving) / every_us
}

/// Calls to make: those on the air, as many again resting as `RESTING_PER_ACTIVE` says, and enough
/// for ten minutes of newcomers.
fn population(processes: &[Process]) -> u64 {
    let mut total = 200;
    for process in processes.iter().filter(|p| p.kind != Kind::Person) {
        let active = on_air(process.kind, process.every_us, process.arrivals);
        let newcomers = 600_000_000 / process.every_us;
        total += active + (active * u64::from(knobs::RESTING_PER_ACTIVE)).max(newcomers);
    }
    total
}

/// Where a kind of station transmits on a band, in kHz; equal ends = nowhere.
fn segment(kind: Kind, band: usize) -> (u32, u32) {
    let knobs = &BAND[band];
    match kind {
        Kind::CwRun | Kind::CwShort | Kind::Person => knobs.cw_khz,
        Kind::RttyRun => knobs.rtty_khz,
        Kind::Voice => knobs.voice_khz,
        Kind::Ft8 => (knobs.ft8_khz, knobs.ft8_khz + 3),
        Kind::Ft4 => (knobs.ft4_khz, knobs.ft4_khz + 3),
    }
}

fn least_db(mode: Mode) -> i32 {
    match mode {
        Mode::Rtty => knobs::RTTY_SNR_MIN_DB,
        Mode::Ft8 => knobs::FT8_SNR_MIN_DB,
        Mode::Ft4 => knobs::FT4_SNR_MIN_DB,
        _ => knobs::CW_SNR_MIN_DB,
    }
}

fn db_max(mode: Mode) -> i32 {
    if matches!(mode, Mode::Ft8 | Mode::Ft4) { 20 } else { 70 }
}

fn moved(hz: u64, by_hz: i64) -> u64 {
    hz.saturating_add_signed(by_hz)
}

/// When a skimmer reports a station again.
fn repeat_ms(rng: &mut Rng) -> u64 {
    if hit(rng, knobs::EARLY_REPEAT_PERMILLE) {
        rng.u64(20_000..knobs::REPEAT_MS)
    } else if hit(rng, knobs::PROMPT_REPEAT_PERMILLE) {
        knobs::REPEAT_MS + rng.u64(0..60_000)
    } else {
        knobs::REPEAT_MS + 30_000 + tail_ms(rng, knobs::LATE_REPEAT_MS)
    }
}

/// The call as this skimmer misheard it this time, if it did.
fn misheard(rng: &mut Rng, air: &OnAir, call: &Call, receiver: &Skimmer, db: i32) -> Option<(Call, Bust)> {
    let permyriad = match air.mode {
        Mode::Cw => knobs::CW_BUST_PERMYRIAD,
        Mode::Rtty => knobs::RTTY_BUST_PERMYRIAD,
        _ => return None,
    };
    let by_snr = knobs::BUST_BY_SNR_PERCENT[usize::from(db >= 8) + usize::from(db >= 20)];
    let per_million = permyriad * by_snr * receiver.bust_percent / 100;
    if rng.u32(0..1_000_000) >= per_million {
        return None;
    }
    if let Some(favoured) = air.favoured
        && hit(rng, knobs::FAVOURED_SHARE_PERMILLE)
    {
        return Some(favoured);
    }
    if air.mode == Mode::Cw { confuse::cw(rng, call) } else { confuse::rtty(rng, call) }
}
