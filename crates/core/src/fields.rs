//! Field values of an event: strings by name, several values allowed.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// The values of one field of one event.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// The field is absent, null, or an empty list.
    None,
    /// One value.
    One(&'a str),
    /// Several values (or one), in order.
    Many(&'a [String]),
}

impl<'a> Values<'a> {
    /// The values in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, many) = match self {
            Values::None => (None, &[][..]),
            Values::One(value) => (Some(value), &[][..]),
            Values::Many(values) => (None, values),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }

    /// True when the field has no value (an empty string is a value).
    pub fn is_empty(self) -> bool {
        matches!(self, Values::None | Values::Many([]))
    }
}

/// Anything that answers for an event's fields: a JSON document, a log record over its run.
pub trait FieldValues {
    /// The values of the field with this exact name.
    fn values(&self, field: &str) -> Values<'_>;

    /// Calls `each` with the name of every field that has a value, in any order: what a query on
    /// every field (`*:x`) or on a pattern of names (`build_\*:x`) needs.
    fn for_each_name(&self, each: &mut dyn FnMut(&str));
}

/// An owned set of fields.
///
/// # Example
///
/// ```
/// use recheck_core::{FieldValues, Fields};
/// let mut fields = Fields::new();
/// fields.push("tags", "console");
/// fields.push("tags", "job-output.txt");
/// assert_eq!(fields.values("tags").iter().count(), 2);
/// assert!(fields.values("module").is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Fields {
    /// Shared, as every piece of evidence has the fields of its run and file.
    entries: BTreeMap<Arc<str>, Arc<Vec<String>>>,
}

impl Fields {
    /// No fields.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// Adds one value to a field.
    pub fn push(&mut self, field: impl Into<Arc<str>>, value: impl Into<String>) {
        let values = self.entries.entry(field.into()).or_default();
        Arc::make_mut(values).push(value.into());
    }

    /// Replaces a field by one value.
    pub fn set(&mut self, field: impl Into<Arc<str>>, value: impl Into<String>) {
        self.entries.insert(field.into(), Arc::new(vec![value.into()]));
    }

    /// The first value of a field.
    pub fn first(&self, field: &str) -> Option<&str> {
        self.entries.get(field)?.first().map(String::as_str)
    }

    /// Takes a field away.
    pub fn remove(&mut self, field: &str) {
        self.entries.remove(field);
    }

    /// Takes over the fields of `other`, in place of those of the same name.
    pub(crate) fn lay_over(&mut self, other: &Fields) {
        let shared = other.entries.iter().map(|(name, values)| (name.clone(), values.clone()));
        self.entries.extend(shared);
    }

    /// Has `change` go over every value. What it gives back as it is stays shared.
    pub(crate) fn rewrite(&mut self, change: impl Fn(&str) -> Cow<'_, str>) {
        for values in self.entries.values_mut() {
            for index in 0..values.len() {
                let changed = match change(&values[index]) {
                    Cow::Borrowed(_) => continue,
                    Cow::Owned(changed) => changed,
                };
                Arc::make_mut(values)[index] = changed;
            }
        }
    }

    /// The fields by name, each with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(name, values)| (&**name, values.as_slice()))
    }

    /// True when there is no field.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FieldValues for Fields {
    fn values(&self, field: &str) -> Values<'_> {
        match self.entries.get(field) {
            None => Values::None,
            Some(values) => Values::Many(values),
        }
    }

    fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        self.entries.keys().for_each(|name| each(name));
    }
}
