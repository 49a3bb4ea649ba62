//! One run: log in, warm up, play the plan, wait for the last line, add up.

use super::brokers::reports::Reports;
use super::check::{Books, Sums};
use super::clock::{Clock, pause_ms};
use super::cpu::{self, Memory, Sample, Usage};
use super::feeder::{Feeder, Played};
use super::filters::{Commands, TestFilter};
use super::growth::{self, Look};
use super::hostile::{self, Disturbance, Hostility};
use super::narrow::Narrow;
use super::noise::Probe;
use super::pairs::TIME_FLOOR_US;
use super::plan::{Plan, Profile};
use super::target::Server;
use super::users::{self, Role, Seen, Shared};
use dxring::spot::Utc;
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// Silence that counts as quiet after the logins.
const QUIET_NS: u64 = 300_000_000;

/// Between warm-up and measured part, so that neither sees the other.
const PAUSE_MS: u64 = 500;

/// After the last expected line, so that a duplicate behind it is still seen.
const AFTERWARDS_MS: u64 = 200;

/// Step of the coordinator's waits: bounds the error of the end of a run.
const STEP_MS: u64 = 2;

/// How to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Users.
    pub users: usize,
    /// Different filters among the users; 0 = none has one.
    pub filters: usize,
    /// Different narrow filters among the users; 0 = none has one.
    pub narrow: usize,
    /// Whether the last feed is reports through an MQTT broker.
    pub reports: bool,
    /// The commands that set them.
    pub filter_commands: Commands,
    /// Threads that receive.
    pub receiver_threads: usize,
    /// Feeds.
    pub feeds: usize,
    /// Before the measured part; not in the figures, but in the books.
    pub warmup: Profile,
    /// The measured part.
    pub profile: Profile,
    /// A spot handed over later than this by our own fault fails the run, in ms.
    pub late_ms_max: u64,
    /// Cores that other processes may use before a run counts as noisy.
    pub noise_cores_max: f64,
    /// Time for all logins, in ns.
    pub login_timeout_ns: u64,
    /// Silence with lines missing that ends the run, in ns.
    pub drain_ns: u64,
    /// Some of the users, and visitors beside them, do harm.
    pub hostile: Option<Hostility>,
    /// No user's p99 may be over twice the median user's.
    pub fair: bool,
    /// Nothing may grow from burst to burst.
    pub steady: bool,
}

impl Settings {
    /// Connections that a server must have room for.
    pub fn places(&self) -> usize {
        self.users + self.hostile.map_or(0, |_| hostile::VISITORS_MAX)
    }
}

/// What a run showed.
pub struct Run {
    /// Name of the target.
    pub target: String,
    /// 1, 2, 3...
    pub round: usize,
    /// Measured spots.
    pub spots: u64,
    /// Users.
    pub users: u64,
    /// Measured spots and warm-up.
    pub sums: Sums,
    /// Measured lines that came, each spot once per user.
    pub delivered: u64,
    /// Measured lines that had to come.
    pub due: u64,
    /// Different filters.
    pub filters: usize,
    /// `DX de` lines that are no spot of the plan, and one of them.
    pub foreign: (u64, Option<String>),
    /// Connections that ended during the run.
    pub lost: u64,
    /// All users together, µs.
    pub delivery_us: Histogram<u32>,
    /// When each spot was with its last user, µs; complete spots only.
    pub completion_us: Histogram<u32>,
    /// The largest p99 of a user, µs.
    pub worst_p99_us: u64,
    /// The median user's p99, µs.
    pub median_p99_us: u64,
    /// Users whose p99 is over twice the median user's, and over it by more than the rig's 0.5 ms.
    pub above_twice: u64,
    /// Smallest, middle and largest of the users' medians, µs.
    pub medians_us: [u64; 3],
    /// All users together, burst by burst, µs; empty when there is one.
    pub parts_us: Vec<Histogram<u32>>,
    /// At the server's memory and descriptors: at the start, on the way, at the end.
    pub looks: Vec<Look>,
    /// What came through an MQTT broker.
    pub reports: Option<Reports>,
    /// What hostile users did.
    pub disturbance: Option<Disturbance>,
    /// Measured lines per `recv` that brought any.
    pub lines_per_recv: f64,
    /// Measured lines per second from the first to the last.
    pub lines_per_s: f64,
    /// Spots per second that were handed over.
    pub fed_per_s: f64,
    /// How the feed was played.
    pub played: Played,
    /// CPU from the start of the measured part to the last line.
    pub usage: Usage,
    /// Server's memory before the logins, after them, after the run.
    pub memory: Option<[Memory; 3]>,
    /// From the first connect to the last prompt, s.
    pub login_s: f64,
    /// The first trouble.
    pub trouble: Option<String>,
    /// The server's own last words.
    pub last_words: Option<String>,
    settings: Settings,
}

impl Run {
    /// Delivered share of what the conservation law demands, 0 to 1.
    pub fn delivered_share(&self) -> f64 {
        self.delivered as f64 / self.due.max(1) as f64
    }
    /// Server CPU per delivered line, µs.
    pub fn cpu_us_per_line(&self) -> Option<f64> {
        self.usage.server_s.filter(|_| self.delivered > 0).map(|s| s * 1e6 / self.delivered as f64)
    }
    /// Everything for which the run does not count.
    pub fn failures(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut count = |n: u64, what: &str| {
            if n > 0 {
                found.push(format!("{n} {what}"));
            }
        };
        let of_broker = self.reports.as_ref().map_or(0, Reports::lines_of_broker);
        count(self.sums.missing.saturating_sub(of_broker), "lines missing");
        count(self.sums.duplicates, "lines twice");
        count(self.sums.out_of_order, "lines out of order");
        count(self.sums.unwanted, "lines that a filter should have held back");
        count(self.foreign.0, "lines that are no spot of the plan");
        count(self.lost, "users lost");
        let late_ms = self.played.late_us.max() / 1000;
        if late_ms > self.settings.late_ms_max {
            found.push(format!(
                "rate missed: a spot left the generator {late_ms} ms late (limit {})",
                self.settings.late_ms_max
            ));
        }
        if let Some(sample) = &self.foreign.1 {
            found.push(format!("such as {sample:?}"));
        }
        found.extend(self.trouble.clone());
        found
    }
    /// Bars of the settings that it missed; it counts all the same.
    pub fn misses(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.settings.fair && self.above_twice > 0 {
            found.push(format!(
                "{} users' p99 is over 2 x the median user's {} us",
                self.above_twice, self.median_p99_us
            ));
        }
        found.extend(self.reports.as_ref().and_then(Reports::miss));
        if self.settings.steady {
            found.extend(growth::grown(&self.parts_us, &self.looks, self.settings.hostile.is_none()));
        }
        found
    }
    /// The spots of all bursts together, µs; `None` when they are not told apart.
    pub fn bursts_us(&self) -> Option<Histogram<u32>> {
        let mut all = users::empty_latency();
        for part in &self.parts_us {
            // Same bounds: it cannot fail.
            all.add(part).ok()?;
        }
        (!self.parts_us.is_empty()).then_some(all)
    }
    /// Whether other processes disturbed it.
    pub fn is_noisy(&self) -> bool {
        self.usage.others_cores.is_some_and(|c| c > self.settings.noise_cores_max)
    }
}

/// The roles of a run's users.
fn roles(settings: &Settings, plan: &Plan) -> Vec<Role> {
    let role = |n| {
        let filter = TestFilter::of(n);
        let (script, lines) = filter.script(&settings.filter_commands);
        Role::reader(Some((script, lines, filter.wanted(plan))))
    };
    let narrow = |n| Role::reader(Some((Narrow::of(n).script(), 1, Narrow::of(n).wanted(plan))));
    match settings.filters {
        0 if settings.narrow > 0 => (0..settings.narrow).map(narrow).collect(),
        0 => vec![Role::reader(None)],
        filters => (0..filters).map(role).collect(),
    }
}

/// How a node bears many users who log in and say what they want.
pub struct Storm {
    /// Name of the target.
    pub target: String,
    /// Users.
    pub users: u64,
    /// Commands of each.
    pub commands: usize,
    /// All logins are spread evenly over this, in s.
    pub seconds: u64,
    /// From the connect to the first prompt, µs.
    pub login_us: Histogram<u32>,
    /// From the send of a user's commands, all in one write, to the prompt after each of them, µs.
    pub reply_us: Histogram<u32>,
    /// Server's memory before and after.
    pub memory: Option<[Memory; 2]>,
    /// CPU from the first login to the last reply.
    pub usage: Usage,
    /// Connections that ended.
    pub lost: u64,
    /// The first trouble.
    pub trouble: Option<String>,
    /// The server's own last words.
    pub last_words: Option<String>,
}

/// Fills the history with the warm-up's spots, then lets the users log in over `seconds` and say `commands`.
pub fn storm(
    name: &str,
    server: &Server,
    feeder: &mut Feeder,
    settings: &Settings,
    (seconds, commands): (u64, &[String]),
    first_page: u64,
    clock: &Clock,
) -> Result<Storm, String> {
    let nothing = Profile::Rate { per_s: 1, seconds: 0 };
    let plan = Plan::lay(&settings.warmup, &nothing, settings.feeds, first_page, utc_now());
    feeder.wait_connected(clock, settings.login_timeout_ns)?;
    feeder.play(&plan, &feeder.frames(&plan), 0..plan.spots(), clock.now_ns(), clock)?;
    pause_ms(PAUSE_MS);
    let mut shared = Shared::new(*clock, server, None, vec![Role::asker(commands)]);
    shared.connect_gap_ns = seconds * 1_000_000_000 / settings.users as u64;
    let settings =
        Settings { login_timeout_ns: settings.login_timeout_ns + seconds * 1_000_000_000, ..settings.clone() };
    let before = memory(server);
    let first = Sample::take(clock, server.pid);
    let (seen, usage) = with_users(&shared, &settings, |_| Ok(first.until(&Sample::take(clock, server.pid))))?;
    let mut storm = Storm {
        target: name.to_string(),
        users: settings.users as u64,
        commands: commands.len(),
        seconds,
        login_us: users::empty_latency(),
        reply_us: users::empty_latency(),
        memory: before.zip(memory(server)).map(|(a, b)| [a, b]),
        usage,
        lost: shared.lost.load(Relaxed),
        trouble: shared.trouble.lock().ok().and_then(|t| t.clone()),
        last_words: None,
    };
    for thread in &seen {
        storm.login_us.add(&thread.login_us).map_err(|e| e.to_string())?;
        storm.reply_us.add(&thread.reply_us).map_err(|e| e.to_string())?;
    }
    Ok(storm)
}

/// What many silent users cost.
pub struct Idle {
    /// Name of the target.
    pub target: String,
    /// Users.
    pub users: u64,
    /// Server's memory before the logins, after them, at the end.
    pub memory: Option<[Memory; 3]>,
    /// CPU while nothing happened.
    pub usage: Usage,
    /// From the first connect to the last prompt, s.
    pub login_s: f64,
    /// Connections that ended.
    pub lost: u64,
    /// The first trouble.
    pub trouble: Option<String>,
    /// The server's own last words.
    pub last_words: Option<String>,
}

impl Idle {
    /// Resident memory per user, in KiB.
    pub fn kib_per_user(&self) -> Option<f64> {
        self.memory.map(|[before, after, _]| after.rss_kib.saturating_sub(before.rss_kib) as f64 / self.users as f64)
    }
}

/// Plays the plan to `server` once.
pub fn run(
    name: &str,
    round: usize,
    server: &Server,
    feeder: &mut Feeder,
    settings: &Settings,
    first_page: u64,
    clock: &Clock,
) -> Result<Run, String> {
    let heads = settings.hostile.map_or([0, 0], |hostile| hostile.heads(settings.users));
    let settings = &Settings { users: settings.users - heads[0] - heads[1], ..settings.clone() };
    let plan = Plan::lay(&settings.warmup, &settings.profile, settings.feeds, first_page, utc_now());
    let (all, warmup) = (plan.spots(), plan.warmup);
    let roles = roles(settings, &plan);
    let users = settings.users as u64;
    // Lines before a spot of the plan, all users together.
    let due_before = |seq: usize| -> u64 {
        let of_role = |role: &Role| role.wanted().map_or(seq as u64, |wanted| wanted.before(seq as u32));
        let due: Vec<u64> = roles.iter().map(of_role).collect();
        (0..settings.users).map(|user| due[user % due.len()]).sum()
    };
    let (due_warmup, due_all) = (due_before(warmup), due_before(all));
    let mut shared = Shared::new(*clock, server, Some(plan), roles);
    shared.apart = settings.reports.then(|| settings.feeds - 1);
    let plan = shared.plan.as_ref().ok_or("no plan")?;
    feeder.wait_connected(clock, settings.login_timeout_ns)?;
    let frames = feeder.frames(plan);
    let before = memory(server);
    let look = |at_s: f64, spots: usize| server.pid.and_then(|pid| Look::take(pid, at_s, spots as u64));
    let play = |login_s: f64| {
        wait_standing(&shared, heads, settings.login_timeout_ns)?;
        let logged_in = memory(server);
        let start_ns = clock.now_ns();
        shared.start_ns[0].store(start_ns, Relaxed);
        feeder.play(plan, &frames, 0..warmup, start_ns, clock)?;
        wait_entered(&shared, due_warmup, settings.drain_ns);
        pause_ms(PAUSE_MS);
        if !feeder.drain_input() {
            return Err("the server closed a feed".into());
        }
        let probe = settings.reports.then(|| Probe::start(*clock)).transpose()?;
        let mut looks: Vec<Look> = look(0.0, 0).into_iter().collect();
        let first = Sample::take(clock, server.pid);
        let start_ns = clock.now_ns();
        shared.start_ns[1].store(start_ns, Relaxed);
        let (played, seen) = watched(server.pid, clock, start_ns, plan, &settings.profile, || {
            let played = feeder.play(plan, &frames, warmup..all, start_ns, clock)?;
            wait_entered(&shared, due_all, settings.drain_ns);
            Ok(played)
        })?;
        let last = Sample::take(clock, server.pid);
        looks.extend(seen);
        looks.extend(look((clock.now_ns() - start_ns) as f64 / 1e9, all - warmup));
        let noise_us = probe.map(Probe::finish).transpose()?;
        pause_ms(AFTERWARDS_MS);
        Ok((login_s, logged_in, played, first.until(&last), memory(server), looks, noise_us))
    };
    let (with_users, disturbance) = std::thread::scope(|scope| {
        let hostile = settings.hostile.as_ref();
        let crowd = hostile.map(|what| scope.spawn(|| hostile::disturb(&shared, what, settings.users, heads)));
        let result = with_users(&shared, settings, play);
        let panicked = |_| Err("the hostile users' thread panicked".to_string());
        (result, crowd.map(|thread| thread.join().unwrap_or_else(panicked)))
    });
    let (seen, middle) = with_users?;
    let disturbance = disturbance.transpose()?;
    let (login_s, logged_in, played, usage, after, looks, noise_us) = middle;
    let sums = add_up(&seen);
    let spots = (all - warmup) as u64;
    let mut run = Run {
        target: name.to_string(),
        round,
        spots,
        users,
        sums,
        delivered: 0,
        due: due_all - due_warmup,
        filters: settings.filters,
        foreign: (seen.iter().map(|s| s.foreign).sum(), seen.iter().find_map(|s| s.foreign_sample.clone())),
        lost: shared.lost.load(Relaxed),
        delivery_us: users::empty_latency(),
        completion_us: completion(&shared, plan, &seen, sums.missing == 0),
        worst_p99_us: 0,
        median_p99_us: 0,
        above_twice: 0,
        medians_us: [0; 3],
        parts_us: vec![users::empty_latency(); plan.part_count()],
        looks,
        reports: noise_us.map(|noise_us| reports(&shared, plan, &seen, noise_us)).transpose()?,
        disturbance,
        lines_per_recv: ratio(seen.iter().map(|s| s.lines).sum(), seen.iter().map(|s| s.recvs).sum()),
        lines_per_s: 0.0,
        fed_per_s: if played.span_ns > 0 { spots as f64 * 1e9 / played.span_ns as f64 } else { spots as f64 },
        played,
        usage,
        memory: before.zip(logged_in).zip(after).map(|((a, b), c)| [a, b, c]),
        login_s,
        trouble: shared.trouble.lock().ok().and_then(|t| t.clone()),
        last_words: None,
        settings: settings.clone(),
    };
    let mut medians = Vec::new();
    let mut p99s = Vec::new();
    for user in seen.iter().flat_map(|s| &s.users) {
        run.delivery_us.add(&user.latency_us).map_err(|e| e.to_string())?;
        medians.push(user.latency_us.value_at_quantile(0.5));
        p99s.push(user.latency_us.value_at_quantile(0.99));
    }
    run.delivered = run.delivery_us.len();
    medians.sort_unstable();
    p99s.sort_unstable();
    run.medians_us = [medians.first(), medians.get(medians.len() / 2), medians.last()].map(|m| *m.unwrap_or(&0));
    run.median_p99_us = p99s.get(p99s.len() / 2).copied().unwrap_or(0);
    let is_above =
        |p99: &&u64| **p99 > 2 * run.median_p99_us && **p99 as f64 > run.median_p99_us as f64 + TIME_FLOOR_US;
    run.above_twice = p99s.iter().filter(is_above).count() as u64;
    for (part, all) in run.parts_us.iter_mut().enumerate() {
        for thread in &seen {
            all.add(&thread.parts_us[part]).map_err(|e| e.to_string())?;
        }
    }
    run.worst_p99_us = p99s.last().copied().unwrap_or(0);
    let first_ns = seen.iter().map(|s| s.first_ns).filter(|t| *t > 0).min().unwrap_or(0);
    let last_ns = seen.iter().flat_map(|s| &s.last_ns[warmup..]).max().copied().unwrap_or(0);
    if last_ns > first_ns {
        run.lines_per_s = run.delivered as f64 * 1e9 / (last_ns - first_ns) as f64;
    }
    Ok(run)
}

/// What came through the broker; what it lost, only the node can say.
fn reports(shared: &Shared, plan: &Plan, seen: &[Seen], noise_us: Histogram<u32>) -> Result<Reports, String> {
    let feed = shared.apart.unwrap_or(0);
    let mut reports =
        Reports { latency_us: users::empty_latency(), noise_us, unseen: 0, unseen_lines: 0, passage: None };
    for thread in seen {
        reports.latency_us.add(&thread.apart_us).map_err(|e| e.to_string())?;
    }
    for seq in (feed..plan.spots()).step_by(plan.feed_bytes.len()) {
        if seen.iter().all(|thread| thread.last_ns[seq] == 0) {
            let wanting = seen.iter().flat_map(|s| &s.users).filter(|user| user.books.wants(seq as u32)).count() as u64;
            reports.unseen += u64::from(wanting > 0);
            reports.unseen_lines += wanting;
        }
    }
    Ok(reports)
}

/// Runs `play` while a thread looks at the server when the profile says so.
fn watched<T>(
    pid: Option<u32>,
    clock: &Clock,
    start_ns: u64,
    plan: &Plan,
    profile: &Profile,
    play: impl FnOnce() -> Result<T, String>,
) -> Result<(T, Vec<Look>), String> {
    let Some(pid) = pid else { return Ok((play()?, Vec::new())) };
    let (done, looks_ns) = (AtomicBool::new(false), profile.looks_ns());
    let spots_by = |ns: u64| plan.offsets_ns[plan.warmup..].partition_point(|offset_ns| *offset_ns <= ns) as u64;
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| growth::watch(pid, clock, start_ns, &looks_ns, spots_by, &done));
        let played = play();
        done.store(true, Relaxed);
        let looks = watcher.join().map_err(|_| "the watching thread panicked".to_string())?;
        Ok((played?, looks))
    })
}

/// Until the hostile users who stay are logged in too.
fn wait_standing(shared: &Shared, heads: [usize; 2], timeout_ns: u64) -> Result<(), String> {
    let standing = (heads[0] + heads[1]) as u64;
    let deadline_ns = shared.clock.now_ns() + timeout_ns;
    while shared.disturbers.load(Relaxed) < standing {
        if shared.clock.now_ns() > deadline_ns {
            let in_time = shared.disturbers.load(Relaxed);
            return Err(format!("{in_time} of {standing} hostile users logged in"));
        }
        pause_ms(STEP_MS);
    }
    Ok(())
}

/// Logs in and waits `seconds` without a feed line.
pub fn idle(
    name: &str,
    server: &Server,
    feeder: &mut Feeder,
    settings: &Settings,
    seconds: u64,
    clock: &Clock,
) -> Result<Idle, String> {
    let shared = Shared::new(*clock, server, None, vec![Role::reader(None)]);
    feeder.wait_connected(clock, settings.login_timeout_ns)?;
    let before = memory(server);
    let (_, (login_s, logged_in, usage, after)) = with_users(&shared, settings, |login_s| {
        let logged_in = memory(server);
        let first = Sample::take(clock, server.pid);
        pause_ms(seconds * 1000);
        let last = Sample::take(clock, server.pid);
        Ok((login_s, logged_in, first.until(&last), memory(server)))
    })?;
    Ok(Idle {
        target: name.to_string(),
        users: settings.users as u64,
        memory: before.zip(logged_in).zip(after).map(|((a, b), c)| [a, b, c]),
        usage,
        login_s,
        lost: shared.lost.load(Relaxed),
        trouble: shared.trouble.lock().ok().and_then(|t| t.clone()),
        last_words: None,
    })
}

/// Runs `middle` while all users are logged in and quiet; it is told how long the logins took in s.
fn with_users<T>(
    shared: &Shared,
    settings: &Settings,
    middle: impl FnOnce(f64) -> Result<T, String>,
) -> Result<(Vec<Seen>, T), String> {
    std::thread::scope(|scope| {
        let threads = settings.receiver_threads.clamp(1, settings.users.max(1));
        let handles: Vec<_> = (0..threads)
            .map(|t| {
                let numbers = settings.users * t / threads..settings.users * (t + 1) / threads;
                scope.spawn(move || users::receive(shared, numbers))
            })
            .collect();
        let began_ns = shared.clock.now_ns();
        let result = wait_ready(shared, settings)
            .and_then(|()| middle((shared.clock.now_ns() - began_ns).saturating_sub(QUIET_NS) as f64 / 1e9));
        shared.stop.store(true, Relaxed);
        let mut seen = Vec::new();
        for handle in handles {
            seen.push(handle.join().map_err(|_| "a receiver thread panicked".to_string())?);
        }
        Ok((seen, result?))
    })
}

fn wait_ready(shared: &Shared, settings: &Settings) -> Result<(), String> {
    let deadline_ns = shared.clock.now_ns() + settings.login_timeout_ns;
    loop {
        let ready = shared.ready.load(Relaxed);
        let now_ns = shared.clock.now_ns();
        if ready == settings.users as u64 && now_ns.saturating_sub(shared.last_bytes_ns.load(Relaxed)) > QUIET_NS {
            return Ok(());
        }
        let trouble = shared.trouble.lock().ok().and_then(|t| t.clone());
        if trouble.is_some() || now_ns > deadline_ns {
            return Err(format!(
                "{ready} of {} users logged in; {}",
                settings.users,
                trouble.unwrap_or_else(|| "the others got no prompt in time".into())
            ));
        }
        pause_ms(STEP_MS);
    }
}

/// Until so many lines came, or none comes any more.
fn wait_entered(shared: &Shared, lines: u64, drain_ns: u64) {
    let began_ns = shared.clock.now_ns();
    while shared.entered.load(Relaxed) < lines {
        let latest_ns = shared.last_bytes_ns.load(Relaxed).max(began_ns);
        if shared.clock.now_ns().saturating_sub(latest_ns) > drain_ns {
            return;
        }
        pause_ms(STEP_MS);
    }
}

fn add_up(seen: &[Seen]) -> Sums {
    let mut all = Sums::default();
    for user in seen.iter().flat_map(|s| &s.users) {
        let sums = user.sums();
        all.distinct += sums.distinct;
        all.missing += sums.missing;
        all.duplicates += sums.duplicates;
        all.out_of_order += sums.out_of_order;
        all.unwanted += sums.unwanted;
    }
    all
}

fn completion(shared: &Shared, plan: &Plan, seen: &[Seen], all_complete: bool) -> Histogram<u32> {
    let mut completion_us = users::empty_latency();
    let start_ns = shared.start_ns[1].load(Relaxed);
    for seq in plan.warmup..plan.spots() {
        let has = |books: &Books| books.has(seq as u32) || !books.wants(seq as u32);
        let complete = all_complete || seen.iter().flat_map(|s| &s.users).all(|user| has(&user.books));
        let last_ns = seen.iter().map(|s| s.last_ns[seq]).max().unwrap_or(0);
        // 0: nobody wanted it.
        if complete && last_ns > 0 {
            let latency_us = last_ns.saturating_sub(start_ns + plan.offsets_ns[seq]) / 1000;
            completion_us.saturating_record(latency_us);
        }
    }
    completion_us
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

fn memory(server: &Server) -> Option<Memory> {
    server.pid.and_then(cpu::memory)
}

/// The wall clock.
pub fn utc_now() -> Utc {
    Utc::from_ms(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64))
}
