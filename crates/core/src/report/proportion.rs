//! How often, as counts, with what the counts can tell.

use serde::Serialize;

/// The standard normal distribution's 97.5 % quantile: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many. The counts are kept until they are shown.
///
/// # Example
///
/// ```
/// use recheck_core::report::Proportion;
/// let hit = Proportion { hits: 10, of: 100 };
/// assert_eq!(hit.percentage(), Some(10.0));
/// let (low, high) = hit.interval().unwrap();
/// assert!((low - 5.52).abs() < 0.01 && (high - 17.44).abs() < 0.01);
/// assert_eq!(Proportion { hits: 0, of: 0 }.percentage(), None, "no runs is not 0 %");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proportion {
    /// How many had it; at most `of`.
    pub hits: u64,
    /// How many there were.
    pub of: u64,
}

impl Proportion {
    /// Hits in a hundred; nothing where there was nothing to hit.
    pub fn percentage(self) -> Option<f64> {
        (self.of > 0).then(|| 100.0 * self.hits as f64 / self.of as f64)
    }

    /// The 95 % score interval of the underlying rate, in percent (E. B. Wilson, "Probable
    /// inference, the law of succession, and statistical inference", JASA 22, 1927, 209–212).
    ///
    /// It is never empty and never leaves 0 to 100, also with no hit or nothing but hits.
    pub fn interval(self) -> Option<(f64, f64)> {
        if self.of == 0 {
            return None;
        }
        let of = self.of as f64;
        let rate = self.hits as f64 / of;
        let scale = 1.0 + Z * Z / of;
        let centre = (rate + Z * Z / (2.0 * of)) / scale;
        let half = Z / scale * (rate * (1.0 - rate) / of + Z * Z / (4.0 * of * of)).sqrt();
        // At the ends the formula's own value, which rounding would miss.
        let low = if self.hits == 0 { 0.0 } else { centre - half };
        let high = if self.hits >= self.of { 1.0 } else { centre + half };
        Some((100.0 * low, 100.0 * high))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(hits: u64, of: u64) -> (f64, f64) {
        let (low, high) = Proportion { hits, of }.interval().unwrap();
        ((low * 100.0).round() / 100.0, (high * 100.0).round() / 100.0)
    }

    /// Worked by hand: for 0 of n the upper end is z² ÷ (n + z²), for 1 of 1 the lower 1 ÷ (1 + z²).
    #[test]
    fn intervals_are_wilsons() {
        assert_eq!(interval(0, 10), (0.0, 27.75));
        assert_eq!(interval(1, 1), (20.65, 100.0));
        assert_eq!(interval(10, 100), (5.52, 17.44));
        assert_eq!(interval(5, 10), (23.66, 76.34));
        assert_eq!(interval(3, 5_000), (0.02, 0.18));
    }

    #[test]
    fn nothing_is_said_of_no_runs() {
        let none = Proportion::default();
        assert_eq!((none.percentage(), none.interval()), (None, None));
    }

    /// The chance that the interval holds the rate, over all outcomes: exact, not simulated.
    #[test]
    fn intervals_cover_what_they_say_on_average() {
        let (mut sum, mut count) = (0.0, 0.0);
        for of in [50, 200, 1_000] {
            for step in 1..40 {
                let rate = f64::from(step) / 80.0;
                sum += coverage(of, rate);
                count += 1.0;
            }
        }
        let mean = sum / count;
        assert!((0.945..0.957).contains(&mean), "{mean}");
    }

    fn coverage(of: u64, rate: f64) -> f64 {
        let mut chance = (1.0 - rate).powi(of as i32);
        let mut covered = 0.0;
        for hits in 0..=of {
            let (low, high) = Proportion { hits, of }.interval().unwrap();
            if low <= 100.0 * rate && 100.0 * rate <= high {
                covered += chance;
            }
            let odds = rate / (1.0 - rate);
            chance *= (of - hits) as f64 / (hits + 1) as f64 * odds;
        }
        covered
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_percentage(of in 1_u64..1_000_000, share in 0.0..=1.0_f64) {
            let hits = (of as f64 * share) as u64;
            let proportion = Proportion { hits, of };
            let (low, high) = proportion.interval().unwrap();
            let percentage = proportion.percentage().unwrap();
            prop_assert!(0.0 <= low && low <= percentage && percentage <= high && high <= 100.0);
            let twice = Proportion { hits: 2 * hits, of: 2 * of }.interval().unwrap();
            prop_assert!(twice.1 - twice.0 <= high - low, "more runs tell more");
        }

        #[test]
        fn hits_and_misses_mirror_each_other(of in 1_u64..100_000, share in 0.0..=1.0_f64) {
            let hits = (of as f64 * share) as u64;
            let (low, high) = Proportion { hits, of }.interval().unwrap();
            let (other_low, other_high) =
                Proportion { hits: of - hits, of }.interval().unwrap();
            prop_assert!((low - (100.0 - other_high)).abs() < 1e-9);
            prop_assert!((high - (100.0 - other_low)).abs() < 1e-9);
        }
    }
}
