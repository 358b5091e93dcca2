//! The loaded fingerprints, by dense number and by name.

use super::model::Fingerprint;

/// The number of a fingerprint within its [`FingerprintSet`]: dense, from 0, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct FingerprintId(u32);

impl FingerprintId {
    /// The fingerprint's place in its set.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The id of the fingerprint at this place; `None` beyond `u32`.
    pub fn from_index(index: usize) -> Option<FingerprintId> {
        u32::try_from(index).ok().map(FingerprintId)
    }
}

/// An immutable set of fingerprints, sorted by id text; no id stands twice.
///
/// # Example
///
/// ```
/// use recheck_core::Loaded;
/// let set = Loaded::from_sources([
///     ("queries/disk-full.yaml", "contains: No space left on device\n"),
///     ("queries/1708704.yaml", "contains: Connection timed out\n"),
/// ])
/// .set;
/// assert_eq!(set.len(), 2);
/// let (id, fingerprint) = set.by_name("disk-full").expect("it was just loaded");
/// assert_eq!(id.index(), 1);
/// assert_eq!(set.get(id).map(|f| &f.id), Some(&fingerprint.id));
/// ```
#[derive(Clone, Debug, Default)]
pub struct FingerprintSet {
    fingerprints: Vec<Fingerprint>,
}

impl FingerprintSet {
    /// A set of fingerprints made by hand. Sorts them by id; of two with the same id the first
    /// stays.
    pub fn new(mut fingerprints: Vec<Fingerprint>) -> FingerprintSet {
        fingerprints.sort_by(|a, b| a.id.cmp(&b.id));
        fingerprints.dedup_by(|later, first| later.id == first.id);
        FingerprintSet { fingerprints }
    }

    /// The fingerprint with this number.
    pub fn get(&self, id: FingerprintId) -> Option<&Fingerprint> {
        self.fingerprints.get(id.index())
    }

    /// The fingerprints in order, each with its number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FingerprintId, &Fingerprint)> {
        // A set cannot outgrow u32: every fingerprint takes far more than one byte of memory.
        self.fingerprints.iter().enumerate().map(|(index, f)| (FingerprintId(index as u32), f))
    }

    /// The fingerprint whose id is exactly this text.
    pub fn by_name(&self, id: &str) -> Option<(FingerprintId, &Fingerprint)> {
        let index = self.fingerprints.binary_search_by(|f| f.id.as_str().cmp(id)).ok()?;
        Some((FingerprintId(index as u32), &self.fingerprints[index]))
    }

    /// How many fingerprints there are.
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, title: &str) -> Fingerprint {
        Fingerprint { id: id.into(), title: Some(title.into()), ..Fingerprint::default() }
    }

    #[test]
    fn sorts_by_text_and_keeps_the_first_of_two() {
        let set = FingerprintSet::new(vec![named("b", "1"), named("10", "2"), named("b", "3")]);
        let ids: Vec<_> = set.iter().map(|(id, f)| (id.index(), f.id.as_str())).collect();
        assert_eq!(ids, [(0, "10"), (1, "b")]);
        assert_eq!(set.by_name("b").unwrap().1.title.as_deref(), Some("1"));
        assert!(set.by_name("a").is_none());
        assert!(set.get(FingerprintId(2)).is_none());
    }
}
