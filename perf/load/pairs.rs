//! Target against target: paired rounds, the spread of the first against itself, and a word for each figure.
//!
//! The rule (method of the project): the median over rounds of the ratio first : other stands beside the spread of
//! the first against itself (`--aa`: two runs of it per round). What differs by less than [`TIME_FLOOR_US`], or lies
//! inside that spread, is equal.

use super::run::Run;
use std::fmt::Write as _;
use std::str::FromStr;

/// Times that differ by less are equal whatever their ratio: below it the rig's own ticks speak.
pub const TIME_FLOOR_US: f64 = 500.0;

/// Rounds that a claim needs.
pub const ROUNDS_MIN: usize = 5;

/// One run as the comparison sees it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of the target; two runs with one name in one round are A against A.
    pub target: String,
    /// Rounds are paired by this number.
    pub round: usize,
    /// Whether its figures may be compared.
    pub state: State,
    /// One value per [`FIGURES`] entry, in its unit; `None` = not known.
    pub figures: [Option<f64>; FIGURES.len()],
}

/// Whether a run counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Complete and undisturbed.
    Counts,
    /// Other processes disturbed it.
    Noisy,
    /// A line was lost, doubled or out of order, or the rate was missed.
    Failed,
}

/// A figure that is compared.
pub struct Figure {
    /// In tables and options.
    pub name: &'static str,
    /// After its values.
    pub unit: &'static str,
    /// From the unit above to the one that is printed.
    pub scale: f64,
    /// Absolute difference that counts as none; 0 = there is none such.
    floor: f64,
    /// Whether less is better.
    pub less_is_better: bool,
    /// Of a run, in the first unit.
    pub value: fn(&Run) -> Option<f64>,
}

const fn time_us(name: &'static str, value: fn(&Run) -> Option<f64>) -> Figure {
    Figure { name, unit: "ms", scale: 1000.0, floor: TIME_FLOOR_US, less_is_better: true, value }
}

/// What is compared, in the order of the table.
pub const FIGURES: [Figure; 10] = [
    time_us("p50", |run| quantile(run, 0.5)),
    time_us("p99", |run| quantile(run, 0.99)),
    time_us("p99.9", |run| quantile(run, 0.999)),
    time_us("max", |run| Some(run.delivery_us.max() as f64)),
    time_us("worst user p99", |run| Some(run.worst_p99_us as f64)),
    time_us("complete p50", |run| {
        Some(run.completion_us.value_at_quantile(0.5) as f64).filter(|_| !run.completion_us.is_empty())
    }),
    Figure {
        name: "CPU per line",
        unit: "us",
        scale: 1.0,
        floor: 0.0,
        less_is_better: true,
        value: Run::cpu_us_per_line,
    },
    Figure {
        name: "rate",
        unit: "lines/s",
        scale: 1.0,
        floor: 0.0,
        less_is_better: false,
        value: |run| Some(run.lines_per_s).filter(|rate| *rate > 0.0),
    },
    // The spots of bursts alone, when there are several.
    time_us("burst p50", |run| Some(run.bursts_us()?.value_at_quantile(0.5) as f64)),
    time_us("burst p99", |run| Some(run.bursts_us()?.value_at_quantile(0.99) as f64)),
];

fn quantile(run: &Run, quantile: f64) -> Option<f64> {
    Some(run.delivery_us.value_at_quantile(quantile) as f64).filter(|_| !run.delivery_us.is_empty())
}

impl Entry {
    /// Of a finished run.
    pub fn of(run: &Run) -> Entry {
        let state = match (run.failures().is_empty(), run.is_noisy()) {
            (false, _) => State::Failed,
            (true, true) => State::Noisy,
            (true, false) => State::Counts,
        };
        Entry {
            target: run.target.clone(),
            round: run.round,
            state,
            figures: std::array::from_fn(|f| (FIGURES[f].value)(run)),
        }
    }
}

/// How the first target stands to the other in one figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Better in the median of pairs.
    Ahead,
    /// Under the floor, or inside the spread of the first against itself.
    Equal,
    /// Worse in the median of pairs.
    Behind,
}

impl Verdict {
    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ahead => "ahead",
            Verdict::Equal => "equal",
            Verdict::Behind => "behind",
        }
    }
}

/// One figure of two targets over all rounds that count.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Compared {
    /// Place in [`FIGURES`].
    pub figure: usize,
    /// Rounds that have the figure on both sides.
    pub rounds: usize,
    /// Medians over the rounds, in the figure's unit: first, other.
    pub medians: [f64; 2],
    /// Median of the ratios first : other, round by round.
    pub ratio: f64,
    /// Spread of the first against itself.
    pub aa: Option<Spread>,
    /// By the rule.
    pub verdict: Verdict,
}

/// Least and greatest ratio of two runs of the same target in one round. 1 is always inside: had both runs been
/// in the other order the ratio would have been the inverse.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// At most 1.
    pub least: f64,
    /// At least 1.
    pub greatest: f64,
    /// Rounds with two runs.
    pub rounds: usize,
}

impl Spread {
    /// Whether a ratio is no more than this target's own unrest.
    pub fn holds(&self, ratio: f64) -> bool {
        (self.least..=self.greatest).contains(&ratio)
    }
}

impl Compared {
    /// "At most `times` the other's": met when the ratio is, or when what is too much is no more than the spread.
    pub fn is_at_most(&self, times: f64) -> bool {
        self.ratio <= times || self.is_near(times)
    }

    /// "At least `times` the other's", likewise.
    pub fn is_at_least(&self, times: f64) -> bool {
        self.ratio >= times || self.is_near(times)
    }

    /// The other against the first. What A is to A has no direction: its ratios turn round.
    fn reversed(&self) -> Compared {
        let verdict = match self.verdict {
            Verdict::Ahead => Verdict::Behind,
            Verdict::Equal => Verdict::Equal,
            Verdict::Behind => Verdict::Ahead,
        };
        let turned = |aa: Spread| Spread { least: 1.0 / aa.greatest, greatest: 1.0 / aa.least, ..aa };
        let [ours, other] = self.medians;
        Compared { medians: [other, ours], ratio: 1.0 / self.ratio, aa: self.aa.map(turned), verdict, ..*self }
    }

    /// `times` above 1 allow a little more than the same: there the ratio itself is held against the spread. Below
    /// 1 they ask for a distance, and the spread stands around that.
    fn is_near(&self, times: f64) -> bool {
        self.aa.is_some_and(|aa| aa.holds(self.ratio / times.min(1.0))) || self.is_under_floor(times)
    }

    /// The distance to `times` the other's median is under the floor.
    fn is_under_floor(&self, times: f64) -> bool {
        (self.medians[0] - times * self.medians[1]).abs() < FIGURES[self.figure].floor
    }
}

/// The first target against one other.
#[derive(Clone, PartialEq, Debug)]
pub struct Pairing {
    /// The first target.
    pub ours: String,
    /// The other.
    pub other: String,
    /// Figures that both have.
    pub figures: Vec<Compared>,
    /// Rounds with runs of both.
    pub rounds: usize,
    /// Of them left out: other processes disturbed a run.
    pub noisy: usize,
    /// Of them left out: a run failed.
    pub failed: usize,
}

/// The first target against each other one, in the order in which they first ran.
pub fn pairings(entries: &[Entry]) -> Vec<Pairing> {
    let mut names: Vec<&str> = Vec::new();
    for entry in entries {
        if !names.contains(&entry.target.as_str()) {
            names.push(&entry.target);
        }
    }
    let [ours, others @ ..] = names.as_slice() else { return Vec::new() };
    others.iter().map(|other| pairing(entries, ours, other)).collect()
}

fn pairing(entries: &[Entry], ours: &str, other: &str) -> Pairing {
    let mut rounds: Vec<usize> = entries.iter().map(|entry| entry.round).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let of = |round: usize, target: &str| -> Vec<&Entry> {
        entries.iter().filter(|entry| entry.round == round && entry.target == target).collect()
    };
    let mut pairing =
        Pairing { ours: ours.into(), other: other.into(), figures: Vec::new(), rounds: 0, noisy: 0, failed: 0 };
    let mut pairs = Vec::new();
    for round in rounds {
        let (a, b) = (of(round, ours), of(round, other));
        if a.is_empty() || b.is_empty() {
            continue;
        }
        pairing.rounds += 1;
        let has = |state: State| a.iter().chain(&b).any(|entry| entry.state == state);
        if has(State::Failed) {
            pairing.failed += 1;
        } else if has(State::Noisy) {
            pairing.noisy += 1;
        } else {
            pairs.push((a, b));
        }
    }
    pairing.figures =
        (0..FIGURES.len()).filter_map(|figure| compared(figure, &pairs, spread(entries, ours, figure))).collect();
    pairing
}

fn compared(figure: usize, pairs: &[(Vec<&Entry>, Vec<&Entry>)], aa: Option<Spread>) -> Option<Compared> {
    // Several runs of one target in a round stand for their mean.
    let mean = |side: &[&Entry]| -> Option<f64> {
        let values: Vec<f64> = side.iter().map(|entry| entry.figures[figure]).collect::<Option<_>>()?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    };
    let values: Vec<(f64, f64)> =
        pairs.iter().filter_map(|(a, b)| mean(a).zip(mean(b))).filter(|(_, b)| *b > 0.0).collect();
    let ratio = median(values.iter().map(|(a, b)| a / b).collect())?;
    let medians = [median(values.iter().map(|v| v.0).collect())?, median(values.iter().map(|v| v.1).collect())?];
    let mut compared = Compared { figure, rounds: values.len(), medians, ratio, aa, verdict: Verdict::Equal };
    let equal = aa.is_some_and(|aa| aa.holds(ratio)) || compared.is_under_floor(1.0) || ratio == 1.0;
    if !equal {
        let better = (ratio < 1.0) == FIGURES[figure].less_is_better;
        compared.verdict = if better { Verdict::Ahead } else { Verdict::Behind };
    }
    Some(compared)
}

/// Of a target against itself, from the rounds in which it ran twice undisturbed.
pub fn spread(entries: &[Entry], target: &str, figure: usize) -> Option<Spread> {
    let counts: Vec<&Entry> =
        entries.iter().filter(|entry| entry.target == target && entry.state == State::Counts).collect();
    let mut found: Option<Spread> = None;
    for (at, first) in counts.iter().enumerate() {
        let second = counts[at + 1..].iter().find(|second| second.round == first.round);
        let Some((a, b)) = second.and_then(|second| first.figures[figure].zip(second.figures[figure])) else {
            continue;
        };
        if b > 0.0 {
            let ratio = a / b;
            let known = found.unwrap_or(Spread { least: 1.0, greatest: 1.0, rounds: 0 });
            found = Some(Spread {
                least: known.least.min(ratio),
                greatest: known.greatest.max(ratio),
                rounds: known.rounds + 1,
            });
        }
    }
    found
}

/// What the first target must be to others in one figure.
#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// Place in [`FIGURES`].
    figure: usize,
    /// At most so many times the other's; at least, where more is better.
    times: f64,
    /// Names of others begin so; `None` = all but the bare writer.
    target: Option<String>,
    /// The other is the one that may not be worse: first and other change places.
    reversed: bool,
}

impl FromStr for Bar {
    type Err = String;
    fn from_str(text: &str) -> Result<Bar, String> {
        let (figure, rest) = text.split_once('=').ok_or("use FIGURE=TIMES, as in p99=0.5")?;
        let (times, target) = rest.split_once(':').map_or((rest, None), |(times, target)| (times, Some(target)));
        let known = || FIGURES.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
        let figure = FIGURES
            .iter()
            .position(|f| f.name == figure.replace('-', " "))
            .ok_or_else(|| format!("no figure {figure}: use one of {}", known()))?;
        let times: f64 =
            times.parse().ok().filter(|t| *t > 0.0).ok_or_else(|| format!("{times}: use a number above 0"))?;
        Ok(Bar { figure, times, target: target.map(String::from), reversed: false })
    }
}

impl Bar {
    /// Nobody else's p99 grows by more than 10 % when some users are hostile: pooled, and the worst user's.
    pub fn hostile() -> Vec<Bar> {
        ["p99", "worst user p99"]
            .iter()
            .filter_map(|name| FIGURES.iter().position(|f| f.name == *name))
            .map(|figure| Bar { figure, times: 1.1, target: None, reversed: true })
            .collect()
    }

    fn is_about(&self, other: &str) -> bool {
        match &self.target {
            None if self.reversed => other.ends_with(" hostile"),
            None => !other.starts_with("limit"),
            Some(target) => other.starts_with(target.as_str()),
        }
    }

    /// Each other target that it is about, in words, and whether it is met there. A bar about nobody is not met.
    pub fn held_against(&self, pairings: &[Pairing]) -> Vec<(String, bool)> {
        let name = FIGURES[self.figure].name;
        let most = FIGURES[self.figure].less_is_better;
        let than = if most { "at most" } else { "at least" };
        let mut found: Vec<(String, bool)> = Vec::new();
        for pairing in pairings.iter().filter(|pairing| self.is_about(&pairing.other)) {
            let (ours, other) = match self.reversed {
                true => (&pairing.other, &pairing.ours),
                false => (&pairing.ours, &pairing.other),
            };
            let asked = format!("{name} of {ours}: {than} {} x {other}'s", self.times);
            let compared = pairing.figures.iter().find(|c| c.figure == self.figure);
            let compared = compared.map(|c| if self.reversed { c.reversed() } else { *c });
            found.push(match compared {
                None => (format!("{asked}: not measured"), false),
                Some(c) => {
                    let met = if most { c.is_at_most(self.times) } else { c.is_at_least(self.times) };
                    let aa = c.aa.map_or(String::new(), |aa| format!(", A:A {:.3}..{:.3}", aa.least, aa.greatest));
                    (format!("{asked}: {:.3}{aa}", c.ratio), met)
                }
            });
        }
        if found.is_empty() {
            found.push((format!("{name}: nobody to compare with"), false));
        }
        found
    }
}

/// The comparisons as Markdown; empty when there is one target only.
pub fn text(pairings: &[Pairing]) -> String {
    let mut out = String::new();
    for pairing in pairings {
        // Writing to a String cannot fail.
        let _ = write!(out, "\n**{}** against **{}**, {}", pairing.ours, pairing.other, rounds_text(pairing));
        if pairing.figures.is_empty() {
            out.push_str(": nothing to compare\n");
            continue;
        }
        let _ = writeln!(
            out,
            "\n\n| figure | {} | {} | median ratio | A:A spread | {} is |\n|---|---|---|---|---|---|",
            pairing.ours, pairing.other, pairing.ours
        );
        for c in &pairing.figures {
            let figure = &FIGURES[c.figure];
            let value = |v: f64| number(v / figure.scale);
            let _ = writeln!(
                out,
                "| {} {} | {} | {} | {:.3} | {} | {} |",
                figure.name,
                figure.unit,
                value(c.medians[0]),
                value(c.medians[1]),
                c.ratio,
                c.aa.map_or("not measured".into(), |aa| format!("{:.3}..{:.3}", aa.least, aa.greatest)),
                c.verdict.word()
            );
        }
    }
    out
}

fn rounds_text(pairing: &Pairing) -> String {
    let counted = pairing.rounds - pairing.noisy - pairing.failed;
    let mut text = format!("{counted} paired rounds of {}", pairing.rounds);
    if pairing.noisy > 0 {
        let _ = write!(text, ", {} left out as noisy", pairing.noisy);
    }
    if pairing.failed > 0 {
        let _ = write!(text, ", {} left out as failed", pairing.failed);
    }
    if counted < ROUNDS_MIN {
        let _ = write!(text, " (a claim needs {ROUNDS_MIN})");
    }
    text
}

/// Three figures that matter, more of large numbers.
fn number(value: f64) -> String {
    match value {
        v if v >= 1000.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// The middle one, or the mean of the middle two.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[n / 2]),
        n => Some((values[n / 2 - 1] + values[n / 2]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P99: usize = 1;
    const CPU: usize = 6;
    const RATE: usize = 7;

    fn entry(target: &str, round: usize, state: State, p99_ms: f64, cpu_us: f64) -> Entry {
        let mut figures = [None; FIGURES.len()];
        figures[P99] = Some(p99_ms * 1000.0);
        figures[CPU] = Some(cpu_us);
        figures[RATE] = Some(1000.0 / cpu_us);
        Entry { target: target.into(), round, state, figures }
    }

    fn of(pairing: &Pairing, figure: usize) -> Compared {
        *pairing.figures.iter().find(|c| c.figure == figure).unwrap()
    }

    #[test]
    fn figures_are_where_the_tests_think() {
        assert_eq!([P99, CPU, RATE].map(|f| FIGURES[f].name), ["p99", "CPU per line", "rate"]);
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn the_ratio_is_the_median_of_rounds_not_the_ratio_of_medians() {
        let ours = [10.0, 40.0, 30.0];
        let theirs = [20.0, 50.0, 31.0];
        let entries: Vec<Entry> = (0..3)
            .flat_map(|r| [entry("a", r, State::Counts, ours[r], 1.0), entry("b", r, State::Counts, theirs[r], 1.0)])
            .collect();
        let c = of(&pairings(&entries)[0], P99);
        assert_eq!((c.ratio, c.medians, c.rounds), (0.8, [30_000.0, 31_000.0], 3));
        assert_eq!((c.verdict, c.aa), (Verdict::Ahead, None));
    }

    #[test]
    fn inside_the_spread_against_itself_is_equal() {
        let round = |r: usize, a1: f64, b: f64, a2: f64| {
            // In turn: the other order in every second round.
            [("a", a1), ("b", b), ("a", a2)].map(|(t, ms)| entry(t, r, State::Counts, ms, ms))
        };
        let near = [round(1, 100.0, 105.0, 110.0), round(2, 104.0, 108.0, 100.0)].concat();
        let c = of(&pairings(&near)[0], P99);
        let aa = c.aa.unwrap();
        assert!((aa.least - 100.0 / 110.0).abs() < 1e-9 && (aa.greatest - 1.04).abs() < 1e-9 && aa.rounds == 2);
        assert_eq!(c.verdict, Verdict::Equal);
        assert!(c.is_at_most(0.95) && c.is_at_most(1.0) && c.is_at_least(1.0) && !c.is_at_most(0.5));
        let far = [round(1, 100.0, 50.0, 110.0), round(2, 104.0, 50.0, 100.0)].concat();
        assert_eq!(of(&pairings(&far)[0], P99).verdict, Verdict::Behind);
        assert!(!of(&pairings(&far)[0], P99).is_at_most(1.1));
        assert_eq!(of(&pairings(&far)[0], RATE).verdict, Verdict::Behind, "a smaller rate is worse");
    }

    #[test]
    fn a_spread_always_holds_one() {
        let entries = [("a", 12.0), ("a", 10.0)].map(|(t, ms)| entry(t, 1, State::Counts, ms, ms));
        let aa = spread(&entries, "a", P99).unwrap();
        assert_eq!((aa.least, aa.greatest), (1.0, 1.2));
    }

    #[test]
    fn under_half_a_millisecond_is_equal_for_times_only() {
        let entries = [entry("a", 1, State::Counts, 0.9, 2.0), entry("b", 1, State::Counts, 0.5, 1.0)];
        let p = &pairings(&entries)[0];
        assert_eq!(of(p, P99).verdict, Verdict::Equal);
        assert!(of(p, P99).is_at_most(1.0) && !of(p, P99).is_at_most(0.5));
        assert_eq!(of(p, CPU).verdict, Verdict::Behind);
    }

    #[test]
    fn noisy_and_failed_rounds_are_left_out_and_said() {
        let entries = [
            entry("a", 1, State::Counts, 10.0, 1.0),
            entry("b", 1, State::Counts, 20.0, 1.0),
            entry("a", 2, State::Noisy, 90.0, 1.0),
            entry("b", 2, State::Counts, 20.0, 1.0),
            entry("a", 3, State::Counts, 10.0, 1.0),
            entry("b", 3, State::Failed, 1.0, 1.0),
        ];
        let all = pairings(&entries);
        assert_eq!((all[0].rounds, all[0].noisy, all[0].failed), (3, 1, 1));
        assert_eq!(of(&all[0], P99).ratio, 0.5);
        let text = text(&all);
        for part in
            ["1 paired rounds of 3", "1 left out as noisy", "1 left out as failed", "a claim needs 5", "| ahead |"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn bars_are_held_against_all_but_the_bare_writer() {
        let entries: Vec<Entry> = [("a", 10.0), ("nats", 30.0), ("redis", 15.0), ("limit", 5.0)]
            .map(|(target, ms)| entry(target, 1, State::Counts, ms, ms))
            .to_vec();
        let all = pairings(&entries);
        let met = |bar: &str| bar.parse::<Bar>().unwrap().held_against(&all).iter().map(|b| b.1).collect::<Vec<_>>();
        assert_eq!(met("p99=1"), [true, true]);
        assert_eq!(met("p99=0.5"), [true, false]);
        assert_eq!(met("rate=0.8:limit"), [false]);
        assert_eq!(met("rate=0.5:limit"), [true]);
        assert_eq!(met("p99=1:mosquitto"), [false], "nobody");
        assert_eq!(met("CPU-per-line=0.5:nats"), [true]);
        for bad in ["p99", "p98=1", "p99=0", "p99=x"] {
            assert!(bad.parse::<Bar>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hostile_users_may_cost_a_tenth() {
        let run = |hostile_ms: f64| {
            let mut entries = vec![
                entry("dxring", 1, State::Counts, 100.0, 1.0),
                entry("dxring hostile", 1, State::Counts, hostile_ms, 1.0),
            ];
            entries.iter_mut().for_each(|e| e.figures[4] = e.figures[P99]);
            Bar::hostile().iter().flat_map(|bar| bar.held_against(&pairings(&entries))).map(|b| b.1).collect::<Vec<_>>()
        };
        assert_eq!(run(109.0), [true, true]);
        assert_eq!(run(120.0), [false, false]);
    }

    #[test]
    fn one_target_has_nobody_to_compare_with() {
        assert!(pairings(&[entry("a", 1, State::Counts, 1.0, 1.0)]).is_empty());
        assert!(pairings(&[]).is_empty());
        let text = text(&pairings(&[entry("a", 1, State::Counts, 1.0, 1.0), entry("b", 1, State::Failed, 1.0, 1.0)]));
        assert!(text.contains("nothing to compare"), "{text}");
    }
}
