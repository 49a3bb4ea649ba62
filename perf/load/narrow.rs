//! Narrow filters: a user who wants one station in twenty-six.

use super::check::Wanted;
use super::plan::Plan;

/// Different ones: the letters that a call of the book can end in.
pub const NARROW_MAX: usize = 26;

/// Passes the calls with one last letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Narrow(u8);

impl Narrow {
    /// Number `n`, counted around the alphabet.
    pub fn of(n: usize) -> Narrow {
        Narrow(b'A' + (n % NARROW_MAX) as u8)
    }

    /// The line that sets it.
    pub fn script(self) -> String {
        format!("PASS DXCALL *{}\r\n", char::from(self.0))
    }

    /// What it must pass of a plan.
    pub fn wanted(self, plan: &Plan) -> Wanted {
        Wanted::of(plan.spots() as u32, |seq| {
            plan.keys[seq as usize].to_ne_bytes().trim_ascii_end().last() == Some(&self.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Profile;
    use super::*;
    use dxring::spot::Utc;

    #[test]
    fn all_together_want_every_spot_once() {
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 2_600, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&none, &burst, 4, 0, Utc::from_secs(0));
        let counts: Vec<u64> = (0..NARROW_MAX).map(|n| Narrow::of(n).wanted(&plan).before(2_600)).collect();
        assert_eq!(counts.iter().sum::<u64>(), 2_600);
        assert!(counts.iter().all(|count| (50..=150).contains(count)), "{counts:?}");
        assert_eq!(Narrow::of(27).script(), "PASS DXCALL *B\r\n");
    }
}
