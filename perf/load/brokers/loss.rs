//! What a broker lost on the way to the node: published, less what the node says it got.

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
            .map(|ms| (ms * 1000.0) as u64);
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
