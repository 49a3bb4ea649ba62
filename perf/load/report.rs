//! Runs as text blocks, tables and JSON.

use super::brokers::reports::Reports;
use super::cpu::{Memory, Usage};
use super::growth::Look;
use super::hostile::Disturbance;
use super::json::Json;
use super::pairs::{self, Bar, Entry};
use super::run::{Idle, Run, Storm};
use hdrhistogram::Histogram;
use std::fmt::Write as _;

/// The block of one run: the form of every record.
pub fn block(run: &Run, workload: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "workload   {workload} -> {} users  target {}  run {}  delivered {} of {}  missing {}  dup {}  out of order {}  unwanted {}",
        run.users,
        run.target,
        run.round,
        percent(run.delivered_share()),
        run.due,
        run.sums.missing,
        run.sums.duplicates,
        run.sums.out_of_order,
        run.sums.unwanted
    );
    let d = &run.delivery_us;
    let _ = writeln!(
        out,
        "delivery   us  p50 {}  p90 {}  p99 {}  p99.9 {}  max {}   worst user p99 {}  median user p99 {}  user medians {}..{}..{}",
        d.value_at_quantile(0.5),
        d.value_at_quantile(0.9),
        d.value_at_quantile(0.99),
        d.value_at_quantile(0.999),
        d.max(),
        run.worst_p99_us,
        run.median_p99_us,
        run.medians_us[0],
        run.medians_us[1],
        run.medians_us[2]
    );
    let _ = writeln!(out, "fairness   {} of {} users' p99 above 2 x the median user's", run.above_twice, run.users);
    if let Some(bursts) = run.bursts_us() {
        let p99s: Vec<String> = run.parts_us.iter().map(|part| part.value_at_quantile(0.99).to_string()).collect();
        let _ = writeln!(
            out,
            "bursts     us  p50 {}  p99 {}  max {}   p99 of each {}",
            bursts.value_at_quantile(0.5),
            bursts.value_at_quantile(0.99),
            bursts.max(),
            p99s.join(" ")
        );
    }
    let c = &run.completion_us;
    let _ = writeln!(
        out,
        "completion us  p50 {}  p99 {}  max {}  ({} of {} spots complete)",
        c.value_at_quantile(0.5),
        c.value_at_quantile(0.99),
        c.max(),
        c.len(),
        run.spots
    );
    let late = &run.played.late_us;
    let _ = writeln!(
        out,
        "feed       {:.0} spots/s in {} writes; generator late us p50 {} p99 {} max {}; taken by the server at most {} us late",
        run.fed_per_s,
        run.played.writes,
        late.value_at_quantile(0.5),
        late.value_at_quantile(0.99),
        late.max(),
        run.played.taken_late_ns_max / 1000
    );
    let _ = writeln!(
        out,
        "rate       {:.0} deliveries/s  {:.1} lines per recv  server {}  {} us CPU per line",
        run.lines_per_s,
        run.lines_per_recv,
        cpu_text(&run.usage),
        run.cpu_us_per_line().map_or("?".into(), |c| format!("{c:.3}"))
    );
    let _ = writeln!(
        out,
        "around     generator {:.2} s CPU  others {} cores  steal {:.2} cores  wall {:.2} s  login {:.2} s  RSS {}",
        run.usage.own_s,
        run.usage.others_cores.map_or("?".into(), |c| format!("{c:.2}")),
        run.usage.steal_cores,
        run.usage.wall_s,
        run.login_s,
        memory_text(run.memory)
    );
    if let [first, .., last] = &run.looks[..] {
        let middle = &run.looks[run.looks.len() / 2];
        let second = run.looks.get(1).unwrap_or(first);
        let spots = last.spots.saturating_sub(second.spots);
        let grown = last.rss_kib as f64 - second.rss_kib as f64;
        let _ = writeln!(
            out,
            "growth     RSS {} KiB at the start, {} after {:.0} s, {} at the end ({grown:+.0} KiB over the last {spots} spots); descriptors {} {} {}",
            first.rss_kib,
            middle.rss_kib,
            middle.at_s,
            last.rss_kib,
            first.descriptors,
            middle.descriptors,
            last.descriptors
        );
    }
    if let Some(reports) = &run.reports {
        out.push_str(&reports.text());
    }
    if let Some(d) = &run.disturbance {
        let _ = writeln!(
            out,
            "hostile    {} never read ({} of them ended by the server)  {} resets, {} logged in again  {} visits: {} accepted, {} refused, {} held back",
            d.never_read[0], d.never_read[1], d.resets, d.logged_in_again, d.visits, d.accepted, d.refused, d.held_back
        );
        let l = &d.login_us;
        let _ = writeln!(
            out,
            "logins     us  p50 {}  p90 {}  p99 {}  max {}",
            l.value_at_quantile(0.5),
            l.value_at_quantile(0.9),
            l.value_at_quantile(0.99),
            l.max()
        );
    }
    let misses = run.misses();
    if !misses.is_empty() {
        let _ = writeln!(out, "MISSED     {}", misses.join("; "));
    }
    let failures = run.failures();
    if !failures.is_empty() {
        let _ = writeln!(out, "FAILED     {}", failures.join("; "));
    }
    if run.is_noisy() {
        let _ = writeln!(out, "NOISY      other processes disturbed this run: discard its times");
    }
    out
}

/// The block of a storm.
pub fn storm_block(storm: &Storm) -> String {
    let mut out = format!(
        "workload   {} users x {} commands in {} s  target {}\n",
        storm.users, storm.commands, storm.seconds, storm.target
    );
    for (name, us) in [("login", &storm.login_us), ("reply", &storm.reply_us)] {
        let _ = writeln!(
            out,
            "{name:<10} us  p50 {}  p90 {}  p99 {}  p99.9 {}  max {}  of {}",
            us.value_at_quantile(0.5),
            us.value_at_quantile(0.9),
            us.value_at_quantile(0.99),
            us.value_at_quantile(0.999),
            us.max(),
            us.len()
        );
    }
    let memory = storm.memory.map_or("?".into(), |[a, b]| format!("{} -> {} KiB", a.rss_kib, b.rss_kib));
    let _ = writeln!(
        out,
        "around     server {}  generator {:.2} s CPU  others {} cores  wall {:.2} s  RSS {memory}",
        cpu_text(&storm.usage),
        storm.usage.own_s,
        storm.usage.others_cores.map_or("?".into(), |c| format!("{c:.2}")),
        storm.usage.wall_s,
    );
    if let Some(failure) = storm_failure(storm) {
        let _ = writeln!(out, "FAILED     {failure}");
    }
    out
}

/// Why a storm does not count.
pub fn storm_failure(storm: &Storm) -> Option<String> {
    let replies = storm.users * storm.commands as u64;
    if storm.lost > 0 {
        return Some(format!("{} users lost; {}", storm.lost, storm.trouble.as_deref().unwrap_or("")));
    }
    (storm.reply_us.len() != replies).then(|| format!("{} replies of {replies}", storm.reply_us.len()))
}

/// A storm as JSON.
pub fn storm_json(storm: &Storm) -> Json {
    let quantiles = |us: &Histogram<u32>| {
        let at = |q| Json::Int(us.value_at_quantile(q));
        Json::Object(vec![
            ("p50", at(0.5)),
            ("p90", at(0.9)),
            ("p99", at(0.99)),
            ("p999", at(0.999)),
            ("max", Json::Int(us.max())),
            ("count", Json::Int(us.len())),
        ])
    };
    Json::Object(vec![
        ("kind", Json::text("storm")),
        ("target", Json::text(&storm.target)),
        ("users", Json::Int(storm.users)),
        ("commands", Json::Int(storm.commands as u64)),
        ("seconds", Json::Int(storm.seconds)),
        ("login_us", quantiles(&storm.login_us)),
        ("reply_us", quantiles(&storm.reply_us)),
        ("server_cpu_s", Json::maybe(storm.usage.server_s)),
        ("lost", Json::Int(storm.lost)),
        ("failed", Json::Bool(storm_failure(storm).is_some())),
    ])
}

/// The block of an idle run.
pub fn idle_block(idle: &Idle) -> String {
    let mut out = format!(
        "workload   {} idle users  target {}\nmemory     RSS {}  {} KiB per user\nidle       server {}  = {} of a core over {:.1} s  others {} cores  login {:.2} s\n",
        idle.users,
        idle.target,
        memory_text(idle.memory),
        idle.kib_per_user().map_or("?".into(), |k| format!("{k:.2}")),
        cpu_text(&idle.usage),
        idle.usage.server_s.map_or("?".into(), |s| percent(s / idle.usage.wall_s)),
        idle.usage.wall_s,
        idle.usage.others_cores.map_or("?".into(), |c| format!("{c:.2}")),
        idle.login_s
    );
    if let Some(failure) = idle_failure(idle) {
        let _ = writeln!(out, "FAILED     {failure}");
    }
    out
}

/// Why an idle run does not count.
pub fn idle_failure(idle: &Idle) -> Option<String> {
    (idle.lost > 0).then(|| format!("{} users lost; {}", idle.lost, idle.trouble.as_deref().unwrap_or("")))
}

/// All runs as a Markdown table, and under it the first target against each other one.
pub fn table(runs: &[Run]) -> String {
    let mut out = String::from(
        "| target | run | delivered | p50 ms | p90 | p99 | p99.9 | max | worst user p99 | complete p50 | max | lines/recv | CPU us/line | cores | RSS MB | others | |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for run in runs {
        let d = &run.delivery_us;
        let verdict = match (run.failures().is_empty(), run.is_noisy()) {
            (false, _) => "FAILED",
            (true, true) => "noisy",
            (true, false) => "",
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1} | {} | {} | {} | {} | {verdict} |",
            run.target,
            run.round,
            percent(run.delivered_share()),
            ms(d.value_at_quantile(0.5)),
            ms(d.value_at_quantile(0.9)),
            ms(d.value_at_quantile(0.99)),
            ms(d.value_at_quantile(0.999)),
            ms(d.max()),
            ms(run.worst_p99_us),
            ms(run.completion_us.value_at_quantile(0.5)),
            ms(run.completion_us.max()),
            run.lines_per_recv,
            run.cpu_us_per_line().map_or("?".into(), |c| format!("{c:.3}")),
            run.usage.server_s.map_or("?".into(), |s| format!("{:.2}", s / run.usage.wall_s)),
            run.memory.map_or("?".into(), |[_, _, after]| format!("{:.0}", after.rss_kib as f64 / 1024.0)),
            run.usage.others_cores.map_or("?".into(), |c| format!("{c:.2}")),
        );
    }
    let entries: Vec<Entry> = runs.iter().map(Entry::of).collect();
    out.push_str(&pairs::text(&pairs::pairings(&entries)));
    out
}

/// Bars of the first target.
pub struct Bars(pub Vec<(String, bool)>);

/// Holds the first target's runs that count against their own bars, and all of them against the other targets'.
pub fn bars(runs: &[Run], against: &[Bar]) -> Bars {
    let mut found = Vec::new();
    let first = runs.first().map(|run| run.target.as_str());
    for run in runs.iter().filter(|run| Some(run.target.as_str()) == first && !run.is_noisy()) {
        found
            .extend(run.misses().into_iter().map(|miss| (format!("{}, run {}: {miss}", run.target, run.round), false)));
    }
    let entries: Vec<Entry> = runs.iter().map(Entry::of).collect();
    let pairings = pairs::pairings(&entries);
    found.extend(against.iter().flat_map(|bar| bar.held_against(&pairings)));
    Bars(found)
}

impl Bars {
    /// Whether all are.
    pub fn are_met(&self) -> bool {
        self.0.iter().all(|(_, met)| *met)
    }

    /// One line each; empty without bars.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (text, met) in &self.0 {
            let _ = write!(out, "\n- {} {text}", if *met { "met:" } else { "MISSED:" });
        }
        if self.0.is_empty() { out } else { out + "\n" }
    }
}

/// A run as JSON.
pub fn json(run: &Run, workload: &str) -> Json {
    Json::Object(vec![
        ("kind", Json::text("run")),
        ("target", Json::text(&run.target)),
        ("round", Json::Int(run.round as u64)),
        ("workload", Json::text(workload)),
        ("users", Json::Int(run.users)),
        ("spots", Json::Int(run.spots)),
        ("filters", Json::Int(run.filters as u64)),
        ("due", Json::Int(run.due)),
        ("delivered", Json::Int(run.delivered)),
        ("delivered_share", Json::Num(run.delivered_share())),
        ("missing", Json::Int(run.sums.missing)),
        ("duplicates", Json::Int(run.sums.duplicates)),
        ("out_of_order", Json::Int(run.sums.out_of_order)),
        ("unwanted", Json::Int(run.sums.unwanted)),
        ("foreign", Json::Int(run.foreign.0)),
        ("users_lost", Json::Int(run.lost)),
        ("failures", Json::List(run.failures().into_iter().map(Json::Text).collect())),
        ("noisy", Json::Bool(run.is_noisy())),
        ("delivery_us", quantiles(&run.delivery_us)),
        ("completion_us", quantiles(&run.completion_us)),
        ("worst_user_p99_us", Json::Int(run.worst_p99_us)),
        ("median_user_p99_us", Json::Int(run.median_p99_us)),
        ("user_medians_us", Json::List(run.medians_us.iter().map(|m| Json::Int(*m)).collect())),
        ("users_above_twice_median_p99", Json::Int(run.above_twice)),
        ("bursts_us", run.bursts_us().map_or(Json::Null, |bursts| quantiles(&bursts))),
        ("burst_p99s_us", Json::List(run.parts_us.iter().map(|p| Json::Int(p.value_at_quantile(0.99))).collect())),
        ("looks", Json::List(run.looks.iter().map(look_json).collect())),
        ("reports", run.reports.as_ref().map_or(Json::Null, Reports::json)),
        ("hostile", run.disturbance.as_ref().map_or(Json::Null, disturbance_json)),
        ("bars_missed", Json::List(run.misses().into_iter().map(Json::Text).collect())),
        ("lines_per_recv", Json::Num(run.lines_per_recv)),
        ("lines_per_s", Json::Num(run.lines_per_s)),
        ("fed_per_s", Json::Num(run.fed_per_s)),
        ("generator_late_us", quantiles(&run.played.late_us)),
        ("taken_late_us_max", Json::Int(run.played.taken_late_ns_max / 1000)),
        ("cpu", usage_json(&run.usage)),
        ("cpu_us_per_line", Json::maybe(run.cpu_us_per_line())),
        ("memory", memory_json(run.memory)),
        ("login_s", Json::Num(run.login_s)),
        ("last_words", run.last_words.clone().map_or(Json::Null, Json::Text)),
    ])
}

fn look_json(look: &Look) -> Json {
    Json::Object(vec![
        ("at_s", Json::Num(look.at_s)),
        ("spots", Json::Int(look.spots)),
        ("rss_kib", Json::Int(look.rss_kib)),
        ("descriptors", Json::Int(look.descriptors)),
    ])
}

fn disturbance_json(d: &Disturbance) -> Json {
    Json::Object(vec![
        ("never_read", Json::Int(d.never_read[0])),
        ("never_read_ended", Json::Int(d.never_read[1])),
        ("resets", Json::Int(d.resets)),
        ("logged_in_again", Json::Int(d.logged_in_again)),
        ("visits", Json::Int(d.visits)),
        ("accepted", Json::Int(d.accepted)),
        ("refused", Json::Int(d.refused)),
        ("held_back", Json::Int(d.held_back)),
        ("login_us", quantiles(&d.login_us)),
    ])
}

/// An idle run as JSON.
pub fn idle_json(idle: &Idle) -> Json {
    Json::Object(vec![
        ("kind", Json::text("idle")),
        ("target", Json::text(&idle.target)),
        ("users", Json::Int(idle.users)),
        ("users_lost", Json::Int(idle.lost)),
        ("failures", Json::List(idle_failure(idle).into_iter().map(Json::Text).collect())),
        ("cpu", usage_json(&idle.usage)),
        ("memory", memory_json(idle.memory)),
        ("kib_per_user", Json::maybe(idle.kib_per_user())),
        ("login_s", Json::Num(idle.login_s)),
        ("last_words", idle.last_words.clone().map_or(Json::Null, Json::Text)),
    ])
}

/// The percentile table that HdrHistogram's plotting pages read (`.hgrm`), values in ms.
pub fn hgrm(histogram: &Histogram<u32>) -> String {
    let mut out = format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut total = 0;
    for step in histogram.iter_quantiles(5) {
        total += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let _ = write!(out, "{:>12.3} {:>2.12} {:>10}", step.value_iterated_to() as f64 / 1000.0, quantile, total);
        if quantile < 1.0 {
            let _ = write!(out, " {:>14.2}", 1.0 / (1.0 - quantile));
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n#[Max     = {:>12.3}, Total count    = {:>12}]",
        histogram.mean() / 1000.0,
        histogram.stdev() / 1000.0,
        histogram.max() as f64 / 1000.0,
        histogram.len()
    );
    out
}

fn quantiles(h: &Histogram<u32>) -> Json {
    let q = |quantile| Json::Int(h.value_at_quantile(quantile));
    Json::Object(vec![
        ("count", Json::Int(h.len())),
        ("p50", q(0.5)),
        ("p90", q(0.9)),
        ("p99", q(0.99)),
        ("p999", q(0.999)),
        ("max", Json::Int(h.max())),
        ("mean", Json::Num(h.mean())),
    ])
}

fn usage_json(usage: &Usage) -> Json {
    Json::Object(vec![
        ("wall_s", Json::Num(usage.wall_s)),
        ("server_s", Json::maybe(usage.server_s)),
        ("server_user_s", Json::maybe(usage.server_user_system_s.map(|p| p.0))),
        ("server_system_s", Json::maybe(usage.server_user_system_s.map(|p| p.1))),
        ("generator_s", Json::Num(usage.own_s)),
        ("others_cores", Json::maybe(usage.others_cores)),
        ("steal_cores", Json::Num(usage.steal_cores)),
    ])
}

fn memory_json(memory: Option<[Memory; 3]>) -> Json {
    let Some([before, logged_in, after]) = memory else { return Json::Null };
    Json::Object(vec![
        ("before_kib", Json::Int(before.rss_kib)),
        ("logged_in_kib", Json::Int(logged_in.rss_kib)),
        ("after_kib", Json::Int(after.rss_kib)),
        ("peak_kib", Json::Int(after.peak_kib)),
    ])
}

fn memory_text(memory: Option<[Memory; 3]>) -> String {
    let mb = |kib: u64| kib as f64 / 1024.0;
    memory.map_or("?".into(), |[before, logged_in, after]| {
        format!(
            "{:.1} MB before, {:.1} with users, {:.1} after, peak {:.1}",
            mb(before.rss_kib),
            mb(logged_in.rss_kib),
            mb(after.rss_kib),
            mb(after.peak_kib)
        )
    })
}

fn cpu_text(usage: &Usage) -> String {
    match (usage.server_s, usage.server_user_system_s) {
        (Some(s), Some((user, system))) => format!("{s:.3} s CPU (user {user:.2}, system {system:.2})"),
        _ => "CPU ?".into(),
    }
}

/// 100 % only when it is.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if share < 1.0 && percent > 99.99 { format!("{:.4} %", percent.min(99.9999)) } else { format!("{percent:.2} %") }
}

fn ms(us: u64) -> String {
    format!("{:.2}", us as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lost_line_in_a_million_is_no_hundred_percent() {
        assert_eq!(percent(1.0), "100.00 %");
        assert_eq!(percent(0.99999999), "99.9999 %");
        assert_eq!(percent(0.5), "50.00 %");
    }

    #[test]
    fn hgrm_ends_at_the_maximum() {
        let mut h = super::super::users::empty_latency();
        for us in 1..=1000 {
            h.saturating_record(us);
        }
        let text = hgrm(&h);
        let last = text.lines().rfind(|l| !l.starts_with('#')).unwrap();
        assert!(last.contains("1.000000000000") && last.contains("1000"), "{last}");
    }
}
