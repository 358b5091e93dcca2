//! A condition on every field whose name matches: `build_\*:x`, `*:x`.

use crate::{
    bind::LeafTest,
    schema::{FieldKind, Schema},
};

/// A condition on every field whose name matches a pattern; it holds when it does for one of them.
///
/// A server looks the fields up in its mapping. Here the event's own fields are asked, which gives
/// the same answer, as no condition holds on a field without a value.
///
/// # Example
///
/// ```
/// use recheck_core::{BoundQuery, Query, Schema};
/// let query = Query::parse(r"build_\*:gate")?.bind(&Schema::Logstash)?;
/// let BoundQuery::AnyField(any) = query else { panic!("a name with a star") };
/// assert!(any.tests("build_name").is_some());
/// assert!(any.tests("message").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BoundAnyField {
    /// The name, with `*` for any characters.
    pattern: String,
    schema: Schema,
    text: Vec<LeafTest>,
    keyword: Vec<LeafTest>,
}

impl BoundAnyField {
    /// The tests for text fields and those for keyword fields; of either, one must hold.
    pub(crate) fn new(
        pattern: &str,
        schema: &Schema,
        text: Vec<LeafTest>,
        keyword: Vec<LeafTest>,
    ) -> BoundAnyField {
        BoundAnyField { pattern: pattern.to_owned(), schema: *schema, text, keyword }
    }

    /// The pattern of the names: `*` stands for any characters, everything else for itself.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// How `field` is analysed and the tests of which one must hold on it; `None` when the name
    /// does not match.
    pub fn tests(&self, field: &str) -> Option<(FieldKind, &[LeafTest])> {
        if !name_matches(&self.pattern, field) {
            return None;
        }
        let kind = self.schema.kind(field);
        let tests = match kind {
            FieldKind::Text => &self.text,
            FieldKind::Keyword => &self.keyword,
        };
        Some((kind, tests))
    }
}

/// Whether a name matches a pattern in which `*` stands for any characters.
///
/// What stands between two stars goes to the first place that is left for it, which never spoils a
/// later one: linear in the name for each piece.
fn name_matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(pieces.next().unwrap_or("")) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::name_matches;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, yes, no) in [
            ("*", &["", "message", "_"][..], &[][..]),
            ("build_*", &["build_name", "build_"], &["build", "a_build_name"]),
            ("*name", &["name", "build_name"], &["names", "nam"]),
            ("b*_*e", &["build_name", "b_e"], &["be", "build_named", "b_"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("a**a", &["aa", "aba"], &["a"]),
            ("name", &["name"], &["names", "Name"]),
        ] {
            for name in yes {
                assert!(name_matches(pattern, name), "{pattern} {name}");
            }
            for name in no {
                assert!(!name_matches(pattern, name), "{pattern} {name}");
            }
        }
    }
}
