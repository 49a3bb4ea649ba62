//! Filters that users of a test set, and what each must let through: the generator knows the band and the
//! call of every spot it sends, so it says itself which lines a filter owes its user.

use super::check::Wanted;
use super::plan::{BAND_NAMES, BANDS, Plan};

/// Different filters there are: 20 choices of three bands out of six, each without or with one of the 676
/// endings of two letters.
pub const FILTERS_MAX: usize = CHOICES * (1 + LETTERS * LETTERS);
const CHOICES: usize = 20;
const LETTERS: usize = 26;

/// The commands that set a filter.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Passes some bands only; `{}` stands for their names, `20M,15M,10M`.
    pub bands: String,
    /// Holds back DX calls of a pattern; `{}` stands for it, `*AB`.
    pub calls: String,
}

/// One filter: it passes three of six bands, half of the spots, less those of some calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TestFilter {
    /// Places in [`BAND_NAMES`].
    bands: [usize; 3],
    /// Calls with this ending are held back.
    ending: Option<[u8; 2]>,
}

impl TestFilter {
    /// Number `n` below [`FILTERS_MAX`]; different numbers, different filters.
    pub fn of(n: usize) -> TestFilter {
        let mut choices = (0..BANDS).flat_map(|a| (0..a).flat_map(move |b| (0..b).map(move |c| [c, b, a])));
        let bands = choices.nth(n % CHOICES).unwrap_or([0, 1, 2]);
        let letter = |i: usize| b'A' + (i % LETTERS) as u8;
        let ending = (n / CHOICES).checked_sub(1).map(|i| [letter(i / LETTERS), letter(i)]);
        TestFilter { bands, ending }
    }

    /// The lines that set it, each with its line end, and how many they are.
    pub fn script(&self, commands: &Commands) -> (String, u8) {
        let names = self.bands.map(|band| BAND_NAMES[band]).join(",");
        let mut script = commands.bands.replace("{}", &names) + "\r\n";
        if let Some(ending) = self.ending {
            script += &commands.calls.replace("{}", &format!("*{}", String::from_utf8_lossy(&ending)));
            script += "\r\n";
        }
        (script, 1 + u8::from(self.ending.is_some()))
    }

    /// What it must pass of a plan.
    pub fn wanted(&self, plan: &Plan) -> Wanted {
        Wanted::of(plan.spots() as u32, |seq| {
            let key = plan.keys[seq as usize].to_ne_bytes();
            let held_back = self.ending.is_some_and(|ending| key.trim_ascii_end().ends_with(&ending));
            self.bands.contains(&usize::from(plan.kind(seq as usize).band)) && !held_back
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Profile;
    use super::*;
    use dxring::spot::Utc;
    use std::collections::HashSet;

    fn commands() -> Commands {
        Commands { bands: "PASS BAND {}".into(), calls: "REJECT DXCALL {}".into() }
    }

    #[test]
    fn numbers_differ_and_so_do_their_commands() {
        let scripts: HashSet<String> = (0..FILTERS_MAX).map(|n| TestFilter::of(n).script(&commands()).0).collect();
        assert_eq!(scripts.len(), FILTERS_MAX);
        assert_eq!(TestFilter::of(0).script(&commands()), ("PASS BAND 160M,80M,40M\r\n".into(), 1));
        let (script, lines) = TestFilter::of(20 * 28 + 19).script(&commands());
        assert_eq!((&script[..], lines), ("PASS BAND 20M,15M,10M\r\nREJECT DXCALL *BB\r\n", 2));
    }

    #[test]
    fn each_wants_about_half_and_just_what_a_filter_of_the_node_passes() {
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 6_000, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&none, &burst, 1, 0, Utc::from_secs(0));
        for n in [0, 7, 19, 20, 333, 1_999] {
            let wanted = TestFilter::of(n).wanted(&plan);
            let count = wanted.before(6_000);
            assert!((2_900..=3_000).contains(&count), "{n}: {count}");
            for (seq, line) in plan.feed_bytes[0].chunks(super::super::plan::LINE_BYTES).enumerate() {
                let Ok(parsed) = dxring::wire::skimmer_line(line.trim_ascii_end()) else { panic!("no spot") };
                let filter = TestFilter::of(n);
                let band =
                    filter.bands.iter().any(|band| parsed.spot.band().name().eq_ignore_ascii_case(BAND_NAMES[*band]));
                let ends = filter.ending.is_some_and(|ending| parsed.spot.dx.as_bytes().ends_with(&ending));
                assert_eq!(wanted.has(seq as u32), band && !ends);
            }
        }
    }
}
