//! What may enter the road: band, age, calls, country, posting limits. Pure; named ends.

use super::posting::PostLimits;
use crate::engine::Now;
use crate::measure::Reason;
use crate::reference::{SharedCty, enrich};
use crate::spot::{Band, Flags, Spot, test_spotter_base, too_many_leading_letters};

/// How old a feed's spots may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AgePolicy {
    /// In seconds; 0 = any age.
    pub max_age_s: u32,
}

/// The gate. Decides by the spot, the country file and the clock it is given.
pub struct Gate {
    cty: SharedCty,
    posts: PostLimits,
}

impl Gate {
    /// A gate on a country file; `posts_per_minute` 0 = no limit.
    pub fn new(cty: SharedCty, posts_per_minute: u32) -> Gate {
        Gate { cty, posts: PostLimits::new(posts_per_minute) }
    }

    /// Lets a feed's spot through, filled with country data, or names why not.
    ///
    /// # Errors
    /// The reason under which the spot ends.
    pub fn feed(&mut self, now: Now, spot: &mut Spot, age: AgePolicy) -> Result<(), Reason> {
        let age_ms = now.utc.ms().saturating_sub(spot.time.ms());
        if age.max_age_s > 0 && age_ms > i64::from(age.max_age_s) * 1000 {
            return Err(Reason::Stale);
        }
        self.any(spot)
    }

    /// The same for a user's post. No age: it is made now. Test calls are marked.
    ///
    /// # Errors
    /// The reason under which the spot ends; `refusal` has words for the user.
    pub fn post(&mut self, now: Now, spot: &mut Spot) -> Result<(), Reason> {
        // First, so that wrong posts use the allowance up as well.
        if !self.posts.take(&spot.de, now.mono_ns) {
            return Err(Reason::PostLimit);
        }
        if let Some(base) = test_spotter_base(&spot.de) {
            // `enrich` looks the base up: the test call itself belongs to no country.
            let told = std::mem::replace(&mut spot.de, base);
            let end = self.any(spot);
            spot.de = told;
            spot.flags.set(Flags::TEST_SPOTTER, true);
            return end;
        }
        self.any(spot)
    }

    fn any(&mut self, spot: &mut Spot) -> Result<(), Reason> {
        // The table ends at 13 cm. A person's microwave spot goes through without a band; a machine up
        // there, and anybody between the bands, is a wrong number.
        if spot.band() == Band::None && (spot.is_skimmer() || !Band::is_microwave(spot.freq)) {
            return Err(Reason::OutOfBand);
        }
        if too_many_leading_letters(&spot.dx) {
            return Err(Reason::DxLeadingLetters);
        }
        if too_many_leading_letters(&spot.de) {
            return Err(Reason::DeLeadingLetters);
        }
        let unplaced = enrich(&self.cty.load(), spot);
        match (unplaced.dx, unplaced.de) {
            (true, _) => Err(Reason::DxUnknownCountry),
            (_, true) => Err(Reason::DeUnknownCountry),
            _ => Ok(()),
        }
    }
}

/// What a user is told about a post that ended here.
pub fn refusal(reason: Reason) -> &'static str {
    match reason {
        Reason::OutOfBand => "the frequency lies in no amateur band",
        Reason::DxLeadingLetters => "the DX call has three letters before its first digit",
        Reason::DeLeadingLetters => "your call has three letters before its first digit",
        Reason::DxUnknownCountry => "the DX call belongs to no known country",
        Reason::DeUnknownCountry => "your call belongs to no known country",
        Reason::PostLimit => "you post too fast, please wait a little",
        Reason::InputOff => "posting is turned off after repeated faults",
        Reason::Drain => "the node is going down",
        Reason::RingFull => "the node is overloaded, please try again",
        Reason::Panic => "an internal fault, the operator has been told",
        _ => "it could not be taken",
    }
}
