//! The text report: rates, ends by reason, ring levels, latency percentiles, turn times.

use crate::engine::{Control, CoreStats, EdgeStats, Now};
use crate::measure::{Edge, LatencyMailbox, LatencySet, Ledger, LedgerView};
use crate::spot::{Class, Utc};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::{fs, io};

/// A part of the report that a room writes itself: lines without indentation, each ended by `\n`.
pub type Section = Box<dyn Fn(&mut String, Now) + Send>;

/// Everything that can be read about a running node, and the totals gathered so far.
pub struct Instruments {
    /// The node's call.
    pub callsign: String,
    /// When it started.
    pub started: Now,
    /// Threads.
    pub cores: Vec<Arc<CoreStats>>,
    /// Rings, along the road.
    pub edges: Vec<Arc<EdgeStats>>,
    /// Books, along the road.
    pub ledgers: Vec<Arc<Ledger>>,
    /// Where recording threads leave their histograms.
    pub mailboxes: Vec<Arc<LatencyMailbox>>,
    /// Other rooms' own lines.
    pub sections: Vec<Section>,
    /// Alarms.
    pub control: Arc<Control>,
    total: LatencySet,
    since_last: LatencySet,
    last: HashMap<String, (u64, u64)>,
    last_busy: HashMap<String, (u64, u64)>,
    last_ns: u64,
}

impl Instruments {
    /// Nothing gathered yet.
    pub fn new(callsign: String, started: Now, control: Arc<Control>) -> Instruments {
        Instruments {
            callsign,
            started,
            cores: Vec::new(),
            edges: Vec::new(),
            ledgers: Vec::new(),
            mailboxes: Vec::new(),
            sections: Vec::new(),
            control,
            total: LatencySet::new(),
            since_last: LatencySet::new(),
            last: HashMap::new(),
            last_busy: HashMap::new(),
            last_ns: started.mono_ns,
        }
    }

    /// Takes the histograms that the recording threads left. Call it about once a second: they leave
    /// the next one only when they find an empty one.
    pub fn gather(&mut self) {
        let mut fresh = LatencySet::new();
        for mailbox in &self.mailboxes {
            mailbox.collect(&mut fresh);
        }
        self.since_last.merge(&fresh);
        self.total.merge(&fresh);
    }

    /// The report as it would be now, for somebody else: the next [`Instruments::report`] counts its rates from
    /// where it would have.
    pub fn report_aside(&mut self, now: Now) -> String {
        self.gather();
        let mut since_last = LatencySet::new();
        since_last.merge(&self.since_last);
        let (last, last_busy, last_ns) = (self.last.clone(), self.last_busy.clone(), self.last_ns);
        let text = self.report(now);
        (self.last, self.last_busy, self.last_ns, self.since_last) = (last, last_busy, last_ns, since_last);
        text
    }

    /// The report: rates since the last one, totals since the start.
    pub fn report(&mut self, now: Now) -> String {
        self.gather();
        let mut out = String::with_capacity(4096);
        let period_s = (now.mono_ns.saturating_sub(self.last_ns).max(1)) as f64 / 1e9;
        let up_s = now.mono_ns.saturating_sub(self.started.mono_ns) / 1_000_000_000;
        let _ = writeln!(
            out,
            "-- {} at {} {} · up {} · rates over the last {:.1} s",
            self.callsign,
            now.utc.date_text(),
            clock_text(now.utc),
            uptime_text(up_s),
            period_s
        );
        self.books(&mut out, period_s);
        self.rings(&mut out);
        self.latencies(&mut out);
        self.threads(&mut out, now);
        for section in &self.sections {
            section(&mut out, now);
        }
        let degraded = self.control.degraded(now.mono_ns);
        if !degraded.is_empty() {
            let _ = writeln!(out, "DEGRADED (rebuilt after a panic, windows not warm yet): {}", degraded.join(", "));
        }
        for off in (0..=255u8).filter(|f| self.control.is_input_off(*f)) {
            let _ = writeln!(out, "ALARM: input {off} is turned off, it brought too many panics");
        }
        for poison in self.control.take_quarantined() {
            let message = poison.panic.lines().take(2).collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                out,
                "QUARANTINE {}: {} de {} on {} Hz, feed {}: {message}",
                poison.stage,
                poison.spot.dx,
                poison.spot.de,
                poison.spot.freq.hz(),
                poison.spot.feed
            );
        }
        self.last_ns = now.mono_ns;
        self.since_last.clear();
        out
    }

    fn books(&mut self, out: &mut String, period_s: f64) {
        let _ = writeln!(
            out,
            "{:<22}{:>12}{:>12}{:>10}{:>8}{:>10}{:>10}  balance",
            "stage", "in", "out", "ended", "held", "in/s", "out/s"
        );
        for ledger in &self.ledgers {
            let view = ledger.view();
            let (was_in, was_out) = self.last.get(&view.name).copied().unwrap_or_default();
            let rate = |now: u64, was: u64| now.saturating_sub(was) as f64 / period_s;
            let balance = match view.imbalance() {
                0 => "ok".to_string(),
                // Read while its owner was at work: the next report shows whether it stays.
                n => format!("{n:+}"),
            };
            let _ = writeln!(
                out,
                "{:<22}{:>12}{:>12}{:>10}{:>8}{:>10.0}{:>10.0}  {balance}",
                view.name,
                view.total_in(),
                view.total_out(),
                view.total_ended(),
                view.held,
                rate(view.total_in(), was_in),
                rate(view.total_out(), was_out)
            );
            let reasons = reasons_text(&view);
            if !reasons.is_empty() {
                let _ = writeln!(out, "    {reasons}");
            }
            self.last.insert(view.name.clone(), (view.total_in(), view.total_out()));
        }
    }

    fn rings(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "{:<22}{:>12}{:>10}{:>10}{:>8}{:>12}",
            "ring", "pushed", "level", "highest", "slots", "times full"
        );
        for edge in &self.edges {
            let _ = writeln!(
                out,
                "{:<22}{:>12}{:>10}{:>10}{:>8}{:>12}",
                edge.name(),
                edge.pushed.get(),
                edge.level(),
                edge.level_max.get(),
                edge.capacity(),
                edge.full.get()
            );
        }
    }

    fn latencies(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "{:<22}{:>12}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "latency, ms", "count", "p50", "p90", "p99", "p99.9", "max"
        );
        let mut row = |name: String, set: &LatencySet, edge: Edge, class: Option<Class>| {
            let h = class.map_or_else(|| set.edge(edge), |c| set.get(edge, c).clone());
            if h.is_empty() {
                return;
            }
            let ms = |q: f64| h.value_at_quantile(q) as f64 / 1000.0;
            let _ = writeln!(
                out,
                "{name:<22}{:>12}{:>10.3}{:>10.3}{:>10.3}{:>10.3}{:>10.3}",
                h.len(),
                ms(0.5),
                ms(0.9),
                ms(0.99),
                ms(0.999),
                h.max() as f64 / 1000.0
            );
        };
        for edge in Edge::ALL {
            row(edge.name().into(), &self.since_last, edge, None);
        }
        for class in Class::ALL {
            row(format!("  of {}", class.name()), &self.since_last, Edge::EndToEnd, Some(class));
        }
        row("end-to-end since start".into(), &self.total, Edge::EndToEnd, None);
    }

    fn threads(&mut self, out: &mut String, now: Now) {
        let _ = writeln!(
            out,
            "{:<22}{:>12}{:>10}{:>10}{:>10}{:>12}{:>12}",
            "thread", "turns", "busy %", "p50 us<", "p99 us<", "longest us", "late wakes"
        );
        for core in &self.cores {
            let busy = core.busy_ns.get();
            let (was, at) = self.last_busy.get(core.name()).copied().unwrap_or((0, self.started.mono_ns));
            let share = busy.saturating_sub(was) as f64 / (now.mono_ns.saturating_sub(at).max(1)) as f64;
            let _ = writeln!(
                out,
                "{:<22}{:>12}{:>10.1}{:>10.1}{:>10.1}{:>12.1}{:>12}{}",
                core.name(),
                core.turns.get(),
                share * 100.0,
                core.turn_ns_quantile(0.5) as f64 / 1000.0,
                core.turn_ns_quantile(0.99) as f64 / 1000.0,
                core.turn_ns_max.get() as f64 / 1000.0,
                core.late_wakes.get(),
                if core.sleeping.load(Relaxed) { "" } else { "  awake" }
            );
            self.last_busy.insert(core.name().into(), (busy, now.mono_ns));
        }
    }

    /// Writes one `.hgrm` file per edge (all classes) with the latencies since the start, in
    /// HdrHistogram's percentile format, values in ms. Returns the file names.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write_hgrm(&mut self, folder: &Path) -> io::Result<Vec<String>> {
        self.gather();
        fs::create_dir_all(folder)?;
        let mut names = Vec::new();
        for edge in Edge::ALL {
            let h = self.total.edge(edge);
            let name = folder.join(format!("{}.hgrm", edge.name().replace('>', "-to-")));
            fs::write(&name, hgrm_text(&h))?;
            names.push(name.display().to_string());
        }
        Ok(names)
    }

    /// Views of all books, for tests and the final check.
    pub fn views(&self) -> Vec<LedgerView> {
        self.ledgers.iter().map(|l| l.view()).collect()
    }
}

/// The percentile distribution that HdrHistogram's plotters read: value (ms), percentile, total
/// count, 1/(1-percentile), then the summary lines.
fn hgrm_text(h: &hdrhistogram::Histogram<u32>) -> String {
    let mut out = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    for v in h.iter_quantiles(5) {
        let q = v.quantile_iterated_to();
        let value = v.value_iterated_to() as f64 / 1000.0;
        let count = h.count_between(0, v.value_iterated_to());
        if q < 1.0 {
            let _ = writeln!(out, "{value:12.3} {q:14.12} {count:10} {:14.2}", 1.0 / (1.0 - q));
        } else {
            let _ = writeln!(out, "{value:12.3} {q:14.12} {count:10}");
        }
    }
    let _ = writeln!(out, "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]", h.mean() / 1000.0, h.stdev() / 1000.0);
    let _ = writeln!(out, "#[Max     = {:12.3}, Total count    = {:12}]", h.max() as f64 / 1000.0, h.len());
    let _ = writeln!(out, "#[Buckets = {:12}, SubBuckets     = {:12}]", h.buckets(), h.distinct_values());
    out
}

/// `stale 12 · duplicate 3`, largest first.
pub fn reasons_text(view: &LedgerView) -> String {
    let mut ended: Vec<(u64, &str)> = view.ended.iter().map(|(r, c)| (c.iter().sum(), r.name())).collect();
    ended.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut parts: Vec<String> = ended.iter().map(|(n, name)| format!("{name} {n}")).collect();
    if view.panics > 0 {
        parts.push(format!("panics caught {}", view.panics));
    }
    parts.join(" · ")
}

/// `3d 4h 5m 6s` without leading zeros.
pub fn uptime_text(seconds: u64) -> String {
    let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s}s"),
        (0, 0, _) => format!("{m}m {s}s"),
        (0, _, _) => format!("{h}h {m}m"),
        _ => format!("{d}d {h}h {m}m"),
    }
}

fn clock_text(utc: Utc) -> String {
    let s = utc.ms_of_day() / 1000;
    format!("{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TestClock;
    use crate::measure::Reason;

    #[test]
    fn a_report_names_what_ended_and_why() {
        let mut clock = TestClock::at(Utc::from_civil(2026, 11, 24, 5, 0, 0));
        let mut instruments = Instruments::new("K1ABC-2".into(), clock.now(), Arc::new(Control::new()));
        let books = Arc::new(Ledger::new("dedup"));
        instruments.ledgers.push(Arc::clone(&books));
        let mailbox = Arc::new(LatencyMailbox::new());
        instruments.mailboxes.push(Arc::clone(&mailbox));
        books.enter(Class::Rbn, 100);
        books.leave(Class::Rbn, 90);
        books.end(Class::Rbn, Reason::Duplicate, 10);
        let mut set = Box::new(LatencySet::new());
        set.record_n(Edge::EndToEnd, Class::Rbn, 3_000_000, 90);
        mailbox.hand_over(&mut set);
        clock.advance_ms(10_000);
        let text = instruments.report(clock.now());
        for part in ["K1ABC-2", "up 10s", "duplicate 10", "ok", "end-to-end", "3.0"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn hgrm_files_hold_every_value() {
        let clock = TestClock::at(Utc::from_secs(0));
        let mut instruments = Instruments::new("K1ABC".into(), clock.now(), Arc::new(Control::new()));
        let mailbox = Arc::new(LatencyMailbox::new());
        instruments.mailboxes.push(Arc::clone(&mailbox));
        let mut set = Box::new(LatencySet::new());
        set.record_n(Edge::EndToEnd, Class::Human, 5_000_000, 1000);
        mailbox.hand_over(&mut set);
        let dir = tempfile::tempdir().unwrap();
        let names = instruments.write_hgrm(dir.path()).unwrap();
        assert_eq!(names.len(), Edge::COUNT);
        let text = fs::read_to_string(dir.path().join("end-to-end.hgrm")).unwrap();
        assert!(text.contains("Total count    =         1000"), "{text}");
    }
}
