//! Is it more than chance?

use super::proportion::Proportion;

/// The chance of two proportions that differ at least as much, were the rates behind them the same:
/// Fisher's exact test in both directions, with mid-p (R. A. Fisher, "The logic of inductive
/// inference", JRSS 98, 1935; H. O. Lancaster, "Significance tests in discrete distributions", JASA
/// 56, 1961, 223–234). 1 where one of them is of nothing.
///
/// A race hits a few of thousands of runs, where the usual normal approximation is wrong. The exact
/// test by itself says "worse" far more seldom than it may; mid-p takes half of that back.
///
/// # Example
///
/// ```
/// use recheck_core::report::{Proportion, p_value};
/// let before = Proportion { hits: 3, of: 5_000 };
/// assert!(p_value(before, Proportion { hits: 6, of: 5_000 }) > 0.05);
/// assert!(p_value(before, Proportion { hits: 20, of: 5_000 }) < 0.001);
/// ```
pub fn p_value(one: Proportion, other: Proportion) -> f64 {
    let Some(table) = Hypergeometric::new(one, other) else { return 1.0 };
    let weights = table.weights();
    let (below, at, above) = weights.iter().fold((0.0, 0.0, 0.0), |(below, at, above), weight| {
        match weight.hits.cmp(&one.hits) {
            std::cmp::Ordering::Less => (below + weight.value, at, above),
            std::cmp::Ordering::Equal => (below, at + weight.value, above),
            std::cmp::Ordering::Greater => (below, at, above + weight.value),
        }
    });
    let tail = f64::min(below, above) + at / 2.0;
    (2.0 * tail / (below + at + above)).min(1.0)
}

/// How the hits of both fall on the first, were each run as likely to be hit.
struct Hypergeometric {
    hits: u64,
    of: u64,
    other: u64,
}

/// An outcome's chance, as a multiple of the likeliest one's.
struct Weight {
    hits: u64,
    value: f64,
}

impl Hypergeometric {
    fn new(one: Proportion, other: Proportion) -> Option<Hypergeometric> {
        let table = Hypergeometric { hits: one.hits + other.hits, of: one.of, other: other.of };
        (one.of > 0 && other.of > 0).then_some(table)
    }

    /// The outcomes that are not beyond all likelihood. Each is a multiple of its neighbour, so no
    /// factorial is needed: from the likeliest outcome both ways.
    fn weights(&self) -> Vec<Weight> {
        let least = self.hits.saturating_sub(self.other);
        let most = self.hits.min(self.of);
        let mode = u128::from(self.of + 1) * u128::from(self.hits + 1);
        let mode = mode / u128::from(self.of + self.other + 2);
        let mode = (mode as u64).clamp(least, most);
        let mut weights = vec![Weight { hits: mode, value: 1.0 }];
        let mut value = 1.0;
        for hits in mode..most {
            value *= self.step(hits);
            if value < f64::MIN_POSITIVE {
                break;
            }
            weights.push(Weight { hits: hits + 1, value });
        }
        value = 1.0;
        for hits in (least..mode).rev() {
            value /= self.step(hits);
            if value < f64::MIN_POSITIVE {
                break;
            }
            weights.push(Weight { hits, value });
        }
        weights
    }

    /// How much likelier one hit more is than `hits`.
    fn step(&self, hits: u64) -> f64 {
        let free = (self.of - hits) as f64 * (self.hits - hits) as f64;
        free / ((hits + 1) as f64 * (self.other + hits + 1 - self.hits) as f64)
    }
}

/// Which of many tests are significant, so that of those that are, no more than the share `rate` is
/// expected to be by chance (Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate",
/// JRSS B 57, 1995, 289–300).
///
/// # Example
///
/// ```
/// use recheck_core::report::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.04, 0.001, 0.6], 0.05), [false, true, false]);
/// ```
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let admits = |(rank, p): (usize, &f64)| *p <= rate * (rank + 1) as f64 / count;
    let last = sorted.iter().enumerate().rposition(admits);
    let bound = last.map_or(-1.0, |last| sorted[last]);
    p_values.iter().map(|p| *p <= bound).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(hits: u64, of: u64) -> Proportion {
        Proportion { hits, of }
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    /// Of the 70 ways to choose 4 cups of 8, 16 have three right and 1 has four.
    #[test]
    fn fisher_tastes_tea() {
        assert!(near(p_value(of(3, 4), of(1, 4)), 2.0 * (1.0 + 16.0 / 2.0) / 70.0));
        assert!(near(p_value(of(4, 4), of(0, 4)), 2.0 * 0.5 / 70.0));
        assert!(near(p_value(of(2, 4), of(2, 4)), 1.0));
    }

    /// Five hits, each as likely in either week: all in one has the chance 2⁻⁵, for many runs.
    #[test]
    fn rare_hits_fall_like_coins() {
        let p = p_value(of(5, 10_000_000), of(0, 10_000_000));
        assert!((p - 1.0 / 32.0).abs() < 1e-5, "{p}");
    }

    #[test]
    fn nothing_is_compared_with_nothing() {
        assert!(near(p_value(of(0, 0), of(5, 5)), 1.0));
        assert!(near(p_value(of(0, 9), of(0, 9)), 1.0));
        assert!(near(p_value(of(9, 9), of(7, 7)), 1.0));
    }

    #[test]
    fn large_counts_are_no_trouble() {
        let p = p_value(of(500_000, 1_000_000), of(505_000, 1_000_000));
        // By the normal approximation z = 7.071, p = 1.5e-12.
        assert!((1.3e-12..1.8e-12).contains(&p), "{p}");
        assert!(p_value(of(1_000_000, 1_000_000), of(0, 1_000_000)) < 1e-30);
    }

    /// The first example of Benjamini and Hochberg's paper: fifteen tests, of which the rule admits
    /// the four smallest.
    #[test]
    fn the_papers_example_is_decided_alike() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let admitted = benjamini_hochberg(&p, 0.05);
        assert_eq!(admitted.iter().filter(|yes| **yes).count(), 4);
        assert!(admitted[..4].iter().all(|yes| *yes));
        assert!(benjamini_hochberg(&[], 0.05).is_empty());
    }

    proptest! {
        #[test]
        fn a_test_has_no_sides(a in 0_u64..60, b in 0_u64..60, n in 60_u64..900, m in 60_u64..900) {
            let p = p_value(of(a, n), of(b, m));
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!((p - p_value(of(b, m), of(a, n))).abs() < 1e-9);
            let misses = p_value(of(n - a, n), of(m - b, m));
            prop_assert!((p - misses).abs() < 1e-9, "misses tell the same as hits");
        }

        #[test]
        fn who_is_admitted_admits_whoever_is_smaller(
            p in prop::collection::vec(0.0..=1.0_f64, 0..40)
        ) {
            let admitted = benjamini_hochberg(&p, 0.05);
            for (one, yes) in p.iter().zip(&admitted) {
                let smaller = p.iter().zip(&admitted).filter(|(other, _)| *other <= one);
                prop_assert!(!yes || smaller.into_iter().all(|(_, yes)| *yes));
                prop_assert!(*yes || *one > 0.05 / p.len() as f64, "Bonferroni admits no more");
            }
        }
    }
}
