//! Which fields exist and how each is analysed.

/// How the values of a field become terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldKind {
    /// Analysed by the `standard` analyzer: words, lower-cased, with positions.
    Text,
    /// Each value is one term, compared exactly.
    Keyword,
}

/// Which fields exist and how each is analysed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schema {
    /// `message` is text, every other field a keyword, as OpenStack's cluster was mapped.
    #[default]
    Logstash,
    /// Every field is text, as Elasticsearch maps strings by itself.
    Dynamic,
}

impl Schema {
    /// How `field` is analysed.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::{FieldKind, Schema};
    /// assert_eq!(Schema::Logstash.kind("message"), FieldKind::Text);
    /// assert_eq!(Schema::Logstash.kind("tags"), FieldKind::Keyword);
    /// ```
    pub fn kind(&self, field: &str) -> FieldKind {
        match self {
            Schema::Logstash if field != "message" => FieldKind::Keyword,
            Schema::Logstash | Schema::Dynamic => FieldKind::Text,
        }
    }

    /// The field a clause without a name searches.
    pub fn default_field(&self) -> &'static str {
        "message"
    }
}
