//! The reports that came through an MQTT broker: how long they took, and what the broker lost on the way to the node
//! (published, less what the node says it got).

use super::super::json::Json;
use hdrhistogram::Histogram;
use std::fmt::Write as _;

/// A report is with its user by then, but for the scheduler's noise (issue 4).
const P99_US_MAX: u64 = 20_000;

/// One run's reports.
pub struct Reports {
    /// From the intended publication to the user's `recv`, all users, µs: broker, node, and two waits of ours for a core.
    pub latency_us: Histogram<u32>,
    /// How late a thread woke that only slept, µs.
    pub noise_us: Histogram<u32>,
    /// Reports that came to none of the users who wanted them.
    pub unseen: u64,
    /// Lines that those users lack.
    pub unseen_lines: u64,
    /// What passed the broker; known when the node has ended.
    pub passage: Option<Passage>,
}

impl Reports {
    /// Missing lines that are the broker's: reports that nobody got, if the broker lost as many.
    pub fn lines_of_broker(&self) -> u64 {
        let lost = self.passage.and_then(|passage| passage.lost()).unwrap_or(0);
        if self.unseen <= lost { self.unseen_lines } else { 0 }
    }

    /// The bar, if it is missed. The generator's figure has the broker in it, so it is the stricter one; where it is above, the
    /// node's own says whose time it was.
    pub fn miss(&self) -> Option<String> {
        let (p99, noise) = (self.latency_us.value_at_quantile(0.99), self.noise_us.value_at_quantile(0.99));
        let node = self.passage.and_then(|passage| passage.node_p99_us);
        // A line waits for a core at the broker, at the node and here.
        let most = P99_US_MAX + 3 * noise;
        (p99 > most).then(|| {
            format!(
                "reports' p99 {p99} us, over {P99_US_MAX} and three times the scheduler's p99 of {noise} (the node's own part: {})",
                or_unknown(node)
            )
        })
    }

    /// Lines of a run's block.
    pub fn text(&self) -> String {
        let at = |us: &Histogram<u32>| {
            let q = |quantile| us.value_at_quantile(quantile);
            format!(
                "p50 {}  p90 {}  p99 {}  p99.9 {}  max {}  of {}",
                q(0.5),
                q(0.9),
                q(0.99),
                q(0.999),
                us.max(),
                us.len()
            )
        };
        let mut out = format!("reports    us  {}\n", at(&self.latency_us));
        let passage = self.passage.unwrap_or(Passage { published: 0, received: None, node_p99_us: None });
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "broker     published {}, received by the node {}, lost in the broker {}; unseen by users {} ({} lines); node's read to kernel, p99 {} us",
            passage.published,
            or_unknown(passage.received),
            or_unknown(passage.lost()),
            self.unseen,
            self.unseen_lines,
            or_unknown(passage.node_p99_us)
        );
        let _ = writeln!(out, "scheduler  us late  {}", at(&self.noise_us));
        out
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        let quantiles = |us: &Histogram<u32>| {
            let at = |q| Json::Int(us.value_at_quantile(q));
            Json::Object(vec![
                ("p50", at(0.5)),
                ("p99", at(0.99)),
                ("max", Json::Int(us.max())),
                ("count", Json::Int(us.len())),
            ])
        };
        let maybe = |n: Option<u64>| n.map_or(Json::Null, Json::Int);
        Json::Object(vec![
            ("latency_us", quantiles(&self.latency_us)),
            ("noise_us", quantiles(&self.noise_us)),
            ("published", maybe(self.passage.map(|p| p.published))),
            ("received", maybe(self.passage.and_then(|p| p.received))),
            ("lost_in_broker", maybe(self.passage.and_then(|p| p.lost()))),
            ("unseen", Json::Int(self.unseen)),
            ("node_p99_us", maybe(self.passage.and_then(|p| p.node_p99_us))),
        ])
    }
}

fn or_unknown(n: Option<u64>) -> String {
    n.map_or("unknown".into(), |n| n.to_string())
}

/// Reports published to the broker, and what came of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passage {
    /// Published, warm-up included.
    pub published: u64,
    /// Read by the node, by its own report; `None` when that says nothing.
    pub received: Option<u64>,
    /// The p99 of the node's own end-to-end latency since its start (read to handed to the kernel), all feeds, in µs.
    pub node_p99_us: Option<u64>,
}

impl Passage {
    /// Looks for them in a node's last report: `feed NAME  state · N connects · N lines ...`,
    /// `end-to-end since start  count p50 p90 p99 ...` in ms.
    pub fn of(published: u64, feed: &str, report: &str) -> Passage {
        // The last report is the one that counts.
        let line = report.lines().rfind(|line| {
            line.strip_prefix("feed ").is_some_and(|rest| rest.split_ascii_whitespace().next() == Some(feed))
        });
        let received = line
            .and_then(|line| line.split(" · ").find_map(|part| part.strip_suffix(" lines")))
            .and_then(|n| n.parse().ok());
        let node_p99_us = report
            .lines()
            .rfind(|line| line.starts_with("end-to-end since start"))
            .and_then(|line| line.split_ascii_whitespace().nth(6)?.parse::<f64>().ok())
            .map(|ms| (ms * 1000.0).round() as u64);
        Passage { published, received, node_p99_us }
    }

    /// Lost in the broker; `None` when the node did not say.
    pub fn lost(&self) -> Option<u64> {
        self.received.map(|received| self.published.saturating_sub(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_broker_lost_is_excused() {
        let latency_us = || super::super::super::users::empty_latency();
        let mut reports =
            Reports { latency_us: latency_us(), noise_us: latency_us(), unseen: 5, unseen_lines: 20, passage: None };
        assert_eq!(reports.lines_of_broker(), 0, "the node did not say");
        reports.passage = Some(Passage { published: 100, received: Some(95), node_p99_us: Some(900) });
        assert_eq!(reports.lines_of_broker(), 20);
        reports.passage = Some(Passage { published: 100, received: Some(96), node_p99_us: Some(900) });
        assert_eq!(reports.lines_of_broker(), 0, "one of the five was ours");
        assert_eq!(reports.miss(), None);
        reports.latency_us.saturating_record(30_000);
        assert!(reports.miss().is_some_and(|text| text.contains("900")));
        reports.noise_us.saturating_record(5_000);
        assert_eq!(reports.miss(), None, "the machine's own");
        assert!(reports.text().contains("lost in the broker 4"));
    }

    #[test]
    fn the_nodes_last_report_tells() {
        let report = "latency, ms                   count       p50       p90       p99     p99.9       max\n\
            end-to-end since start        20500     0.512     1.024     4.095     9.000    12.000\n\
            feed load0             connected · 1 connects · 15375 lines · 15375 spots · last line 1 s ago\n\
            feed loadmqtt          connected · 1 connects · 5120 lines · 5120 spots · last line 1 s ago · upstream lost 5\n";
        let passage = Passage::of(5125, "loadmqtt", report);
        assert_eq!((passage.received, passage.lost(), passage.node_p99_us), (Some(5120), Some(5), Some(4095)));
        assert_eq!(Passage::of(5, "load", report).lost(), None, "a name is a whole word");
        assert_eq!(Passage::of(5, "x", "").node_p99_us, None);
    }
}
