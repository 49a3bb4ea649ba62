//! Draws: everything random is an integer draw from one seeded stream.

use fastrand::Rng;

/// True `permille` times in 1,000.
#[inline]
pub(super) fn hit(rng: &mut Rng, permille: u32) -> bool {
    rng.u32(0..1000) < permille
}

/// One index, as often as its weight says. Zero when all weights are zero.
#[inline]
pub(super) fn pick(rng: &mut Rng, weights: &[u32]) -> usize {
    let total: u32 = weights.iter().sum();
    if total == 0 {
        return 0;
    }
    let mut at = rng.u32(0..total);
    for (index, &weight) in weights.iter().enumerate() {
        if at < weight {
            return index;
        }
        at -= weight;
    }
    weights.len() - 1
}

/// One of the bytes; a blank of none.
#[inline]
pub(super) fn byte(rng: &mut Rng, of: &[u8]) -> u8 {
    if of.is_empty() { b' ' } else { of[rng.u32(0..of.len() as u32) as usize] }
}

/// A bell around zero with standard deviation `sigma`: four even draws, never beyond 3.5 sigma.
#[inline]
pub(super) fn bell(rng: &mut Rng, sigma: i32) -> i32 {
    if sigma <= 0 {
        return 0;
    }
    // One even draw over ±1000 has deviation 577; four of them 1155.
    let sum: i32 = (0..4).map(|_| rng.i32(-1000..=1000)).sum();
    let scaled = sum * sigma;
    (scaled + scaled.signum() * 577) / 1155
}

/// A waiting time with an exponential tail of the given mean, at most five times the mean.
#[inline]
pub(super) fn tail_ms(rng: &mut Rng, mean_ms: u64) -> u64 {
    /// -ln(1 - (k + 0.5)/16) in thousandths.
    const QUANTILES: [u64; 16] = [32, 98, 170, 247, 330, 421, 521, 632, 758, 901, 1068, 1269, 1520, 1856, 2367, 3466];
    let milli = QUANTILES[rng.u32(0..16) as usize] + rng.u64(0..100);
    mean_ms * milli / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_has_its_width_and_no_bias() {
        let mut rng = Rng::with_seed(7);
        let draws: Vec<i64> = (0..20_000).map(|_| i64::from(bell(&mut rng, 30))).collect();
        let mean = draws.iter().sum::<i64>() / 20_000;
        let variance = draws.iter().map(|d| d * d).sum::<i64>() / 20_000;
        assert!(mean.abs() <= 1, "{mean}");
        assert!((700..1100).contains(&variance), "{variance}");
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::with_seed(7);
        let mut seen = [0u32; 3];
        for _ in 0..10_000 {
            seen[pick(&mut rng, &[1, 0, 9])] += 1;
        }
        assert!(seen[1] == 0 && (800..1200).contains(&seen[0]), "{seen:?}");
    }
}
