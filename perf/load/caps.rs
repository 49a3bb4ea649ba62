//! Bars of the first target by itself: a figure's median over its runs, held against a number.

use super::pairs::{self, FIGURES};
use super::report;
use super::run::{Idle, Run};
use std::str::FromStr;

/// At most so much; at least, where more is better.
#[derive(Clone, PartialEq, Debug)]
pub struct Cap {
    /// Place in [`FIGURES`].
    figure: usize,
    /// In the unit of the tables.
    value: f64,
}

impl FromStr for Cap {
    type Err = String;
    fn from_str(text: &str) -> Result<Cap, String> {
        let (name, value) = text.split_once('=').ok_or("use FIGURE=VALUE, as in CPU-per-line=0.2")?;
        let name = name.replace('-', " ");
        let known = || FIGURES.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
        let figure = FIGURES
            .iter()
            .position(|f| f.name == name)
            .ok_or_else(|| format!("no figure {name}: use one of {}", known()))?;
        let value: f64 =
            value.parse().ok().filter(|v| *v > 0.0).ok_or_else(|| format!("{value}: use a number above 0"))?;
        Ok(Cap { figure, value })
    }
}

impl Cap {
    /// In words, and whether it is met by these runs' values, which are in the figure's own unit.
    fn holds(&self, target: &str, values: Vec<f64>) -> (String, bool) {
        let figure = &FIGURES[self.figure];
        let than = if figure.less_is_better { "at most" } else { "at least" };
        let asked = format!("{} of {target}: {than} {} {}", figure.name, self.value, figure.unit);
        let runs = values.len();
        let Some(median) = pairs::median(values).map(|median| median / figure.scale) else {
            return (format!("{asked}: not measured"), false);
        };
        let met = if figure.less_is_better { median <= self.value } else { median >= self.value };
        (format!("{asked}: {median:.3}, median of {runs}"), met)
    }

    /// Held against the runs of the first target that count.
    pub fn held_against(&self, runs: &[Run]) -> (String, bool) {
        let target = runs.first().map_or("nobody", |run| run.target.as_str());
        let counts = |run: &&Run| run.target == target && run.failures().is_empty() && !run.is_noisy();
        let values = runs.iter().filter(counts).filter_map(|run| (FIGURES[self.figure].value)(run)).collect();
        self.holds(target, values)
    }
}

/// Memory per idle user in KiB and CPU in percent of a core, held against their bars.
pub fn idle_bars(idle: &Idle, kib_max: Option<f64>, cpu_max: Option<f64>) -> report::Bars {
    let cpu = idle.usage.server_s.map(|s| s / idle.usage.wall_s * 100.0);
    let held = |name: &str, unit: &str, max: Option<f64>, value: Option<f64>| {
        max.map(|max| {
            let text = value.map_or("not measured".into(), |value| format!("{value:.2}"));
            (format!("{name} of {}: at most {max} {unit}: {text}", idle.target), value.is_some_and(|v| v <= max))
        })
    };
    let memory = held("memory per idle user", "KiB", kib_max, idle.kib_per_user());
    report::Bars([memory, held("idle CPU", "% of a core", cpu_max, cpu)].into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_held_against_numbers_in_the_units_of_the_tables() {
        let cap: Cap = "p99=20".parse().unwrap();
        assert!(cap.holds("dxring", vec![19_000.0, 90_000.0, 20_000.0]).1, "20 ms");
        assert!(!cap.holds("dxring", vec![20_001.0]).1);
        assert!(!cap.holds("dxring", vec![]).1, "nothing measured is nothing met");
        let rate: Cap = "rate=1000".parse().unwrap();
        assert!(rate.holds("dxring", vec![1000.0]).1 && !rate.holds("dxring", vec![999.0]).1);
        assert_eq!("CPU-per-line=0.2".parse::<Cap>().unwrap().value, 0.2);
        for bad in ["p99", "p98=1", "p99=0"] {
            assert!(bad.parse::<Cap>().is_err(), "{bad}");
        }
    }
}
