//! What fields an index has: our own template, and the live mapping of any index.

use std::collections::BTreeMap;

use recheck_core::Schema;
use serde_json::{Value, json};

use super::Outcome;
use crate::{
    embedded::{LONGEST_TWIN, schema_word},
    error::IndexErrorKind,
};

/// The format of an index of ours. One that is read differently from before has a new number.
const FORMAT: u64 = 1;
/// The field of ours under which everything is that is no field of the event.
pub(super) const META: &str = "recheck";
/// The keyword twin of a text in the schema `dynamic`.
const TWIN: &str = ".recheck";

/// The body of our index template.
pub(super) fn template(name: &str, schema: Schema) -> Value {
    let text = json!({"type": "text", "norms": false});
    let twin = json!({"recheck": {"type": "keyword", "ignore_above": LONGEST_TWIN}});
    let other = match schema {
        Schema::Dynamic => json!({"type": "text", "norms": false, "fields": twin}),
        _ => json!({"type": "keyword"}),
    };
    let message = if schema == Schema::Dynamic { &other } else { &text };
    let rule = |pattern: &str, mapping: &Value| json!({pattern: {"match": pattern, "match_mapping_type": "string", "mapping": mapping}});
    json!({
        "index_patterns": [name],
        "priority": 500,
        "template": {
            "settings": {"index": {
                "auto_expand_replicas": "0-1",
                "mapping": {"total_fields": {"limit": 10_000}, "depth": {"limit": 100}},
            }},
            "mappings": {
                "_meta": {META: {"format": FORMAT, "schema": schema_word(schema)}},
                "date_detection": false,
                "numeric_detection": false,
                "dynamic_templates": [rule("message", message), rule("*", &other)],
                // Named before any event has it: else a server takes a condition on it that asks for
                // no word for one that nothing meets, instead of for none.
                "properties": {"message": message, META: {"dynamic": false, "properties": {
                    "run": {"type": "keyword"},
                    "id": {"type": "keyword"},
                    "time": {"type": "long"},
                    "seq": {"type": "long"},
                    "number": {"type": "long"},
                    "line": {"type": "long"},
                    "raw": {"type": "text", "norms": false, "index_options": "docs"},
                }}},
            },
        },
    })
}

/// What of an index is where.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// How core is to analyse: exactly for an index of ours, as near as it can say it for another.
    pub(super) schema: Schema,
    /// Whether we made it.
    pub(super) is_ours: bool,
    /// The field of an event's time, if there is one to ask for.
    pub(super) time: Option<String>,
    /// The field that tells events of different runs apart.
    pub(super) run: Option<String>,
    fields: BTreeMap<String, Field>,
}

#[derive(Clone, Debug)]
struct Field {
    kind: String,
    /// A keyword twin of a text.
    twin: Option<String>,
}

impl Shape {
    /// Reads the answer to `GET /INDEX/_mapping`; `None` where there is no index at all.
    pub(super) fn read(answer: &Value) -> Outcome<Option<Shape>> {
        let mut fields = BTreeMap::new();
        let mut ours: Vec<&Value> = Vec::new();
        let indices = answer.as_object().filter(|indices| !indices.is_empty());
        let Some(indices) = indices else { return Ok(None) };
        for index in indices.values() {
            let mappings = &index["mappings"];
            collect("", &mappings["properties"], &mut fields);
            ours.push(&mappings["_meta"][META]);
        }
        let is_ours = ours.iter().all(|meta| meta.is_object());
        if let Some(meta) = ours.iter().find(|meta| meta["format"] != FORMAT).filter(|_| is_ours) {
            let found = meta["format"].as_u64().unwrap_or_default();
            return Err(IndexErrorKind::OtherFormat { found, wanted: FORMAT });
        }
        Ok(Some(match is_ours {
            true => Shape::ours(ours[0]["schema"].as_str(), fields),
            false => Shape::foreign(fields),
        }))
    }

    fn ours(schema: Option<&str>, fields: BTreeMap<String, Field>) -> Shape {
        let schema = match schema {
            Some("dynamic") => Schema::Dynamic,
            _ => Schema::Logstash,
        };
        let own = |name: &str| Some(format!("{META}.{name}"));
        Shape { schema, is_ours: true, time: own("time"), run: own("run"), fields }
    }

    fn foreign(fields: BTreeMap<String, Field>) -> Shape {
        let is_keyword = |(name, field): (&String, &Field)| {
            name != "message" && !name.starts_with('@') && field.kind == "keyword"
        };
        let schema = match fields.iter().any(is_keyword) {
            true => Schema::Logstash,
            false => Schema::Dynamic,
        };
        let is_date = |field: &&Field| field.kind.starts_with("date");
        let time = fields.get("@timestamp").filter(is_date).map(|_| "@timestamp".to_owned());
        let mut shape = Shape { schema, is_ours: false, time, run: None, fields };
        shape.run = shape.column("build_uuid");
        shape
    }

    /// The field by whose values events can be counted and sorted.
    pub(super) fn column(&self, name: &str) -> Option<String> {
        match self.fields.get(name) {
            Some(Field { kind, twin }) if kind == "text" => match (self.is_ours, twin) {
                (true, None) => None,
                (_, twin) => twin.clone(),
            },
            Some(_) => Some(name.to_owned()),
            None => None,
        }
    }

    /// Whether any event may have this field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The fields of events.
    pub(super) fn names(&self) -> Vec<String> {
        let own = |name: &&String| !(self.is_ours && is_meta(name));
        self.fields.keys().filter(own).cloned().collect()
    }

    /// Whether a field of an index of ours holds what the event has, and nothing else does.
    pub(super) fn is_plain(&self, name: &str) -> bool {
        !(is_meta(name) || (self.schema == Schema::Dynamic && name.ends_with(TWIN)))
    }
}

/// Names that are no field of an event in an index of ours: those of the server, and our own.
pub(super) fn is_meta(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    name.starts_with('_') || first == META
}

/// Follows the mapping by recursion; servers bound its depth.
fn collect(prefix: &str, properties: &Value, fields: &mut BTreeMap<String, Field>) {
    for (name, mapping) in properties.as_object().into_iter().flatten() {
        let name = format!("{prefix}{name}");
        let kind = mapping["type"].as_str().unwrap_or("object");
        if mapping["properties"].is_object() {
            collect(&format!("{name}."), &mapping["properties"], fields);
        } else if kind != "object" {
            let twins = mapping["fields"].as_object().into_iter().flatten();
            let twin = twins
                .filter(|(_, twin)| twin["type"] == "keyword")
                .map(|(twin, _)| format!("{name}.{twin}"))
                .next();
            fields.insert(name, Field { kind: kind.to_owned(), twin });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_template_is_read_back() {
        let made = template("x", Schema::Dynamic);
        let shape = Shape::read(&json!({"x": made["template"]})).unwrap().unwrap();
        assert!(shape.is_ours && shape.schema == Schema::Dynamic);
        assert_eq!(shape.names(), ["message"]);
        assert_eq!(shape.run.as_deref(), Some("recheck.run"));
        assert!(!shape.is_plain("recheck.run") && !shape.is_plain("tags.recheck"));
        assert!(Shape::read(&json!({})).unwrap().is_none());
        let newer = json!({"x": {"mappings": {"_meta": {"recheck": {"format": 2}}}}});
        assert!(matches!(Shape::read(&newer), Err(IndexErrorKind::OtherFormat { found: 2, .. })));
    }

    #[test]
    fn the_mapping_of_another_index_is_read() {
        let twin = json!({"type": "text", "fields": {"keyword": {"type": "keyword"}}});
        let properties = json!({
            "@timestamp": {"type": "date"}, "build_uuid": twin, "message": {"type": "text"},
            "node": {"properties": {"n": {"type": "long"}}},
        });
        let shape = Shape::read(&json!({"logstash-1": {"mappings": {"properties": properties}}}));
        let shape = shape.unwrap().unwrap();
        assert!(!shape.is_ours && shape.schema == Schema::Dynamic);
        assert_eq!(shape.run.as_deref(), Some("build_uuid.keyword"));
        assert_eq!(shape.time.as_deref(), Some("@timestamp"));
        assert_eq!(shape.names(), ["@timestamp", "build_uuid", "message", "node.n"]);
        assert_eq!(shape.column("node.n").as_deref(), Some("node.n"));
    }
}
