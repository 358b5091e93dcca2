//! The parser and the lowering against Lucene's own trees, and the verdict (query or error) of a
//! real OpenSearch on every shared query.

use std::{fs, path::PathBuf};

use recheck_core::{BoundBool, BoundQuery, LeafTest, Query, Schema, WildcardPart};
use serde_json::{Value, json};

/// The shared data, or `None` with a word about what is skipped.
fn rows(file: &str) -> Option<Vec<Value>> {
    let Some(data) = std::env::var_os("RECHECK_DATA") else {
        println!("skipped: RECHECK_DATA is not set, so {file} cannot be read");
        return None;
    };
    let text = fs::read_to_string(PathBuf::from(data).join(file)).expect("the file is there");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

/// The tree in the shape of `trees.jsonl`: per leaf its kind, its field and its terms or pattern.
fn tree(query: &BoundQuery) -> Value {
    match query {
        BoundQuery::All => json!("all"),
        BoundQuery::Nothing => json!("nothing"),
        BoundQuery::AnyField(any) => json!({ "any": any.pattern() }),
        BoundQuery::Bool(BoundBool { must, should, must_not, .. }) => {
            let clauses = |occur: &'static str, queries: &[BoundQuery]| {
                queries.iter().map(|query| json!([occur, tree(query)])).collect::<Vec<_>>()
            };
            let mut all = clauses("MUST", must);
            all.extend(clauses("SHOULD", should));
            all.extend(clauses("MUST_NOT", must_not));
            json!(all)
        }
        BoundQuery::Leaf(leaf) => json!([leaf.field, test(&leaf.test)]),
    }
}

fn test(test: &LeafTest) -> Value {
    match test {
        LeafTest::Term(term) => json!([term]),
        LeafTest::Phrase { terms, .. } => json!(terms),
        LeafTest::Prefix(prefix) => json!(format!("{prefix}*")),
        LeafTest::Wildcard(wildcard) => {
            let part = |part: &WildcardPart| match part {
                WildcardPart::Literal(text) => text.clone(),
                WildcardPart::Escaped(c) => c.to_string(),
                WildcardPart::Any => "*".to_owned(),
                WildcardPart::One => "?".to_owned(),
            };
            json!(wildcard.parts().iter().map(part).collect::<String>())
        }
        other => json!(format!("{other:?}")),
    }
}

/// The same of a row. Clauses are put in our order: required, optional, excluded. Terms side by side
/// stand as one leaf of several tokens there; here each is a clause.
fn expected(tree: &Value) -> Value {
    let Some(clauses) = tree["bool"].as_array() else {
        let values = match tree["leaf"].as_str() {
            Some("prefix") => json!(format!("{}*", tree["text"].as_str().expect("a text"))),
            Some("wildcard") => json!(tree["text"].as_str().expect("a text").replace('\\', "")),
            _ => tree["tokens"].clone(),
        };
        return json!([tree["field"], values]);
    };
    let mut all = Vec::new();
    for occur in ["MUST", "SHOULD", "MUST_NOT"] {
        for clause in clauses.iter().filter(|clause| clause[0] == occur) {
            let leaf = &clause[1];
            match leaf["tokens"].as_array().filter(|_| leaf["leaf"] == "term") {
                Some(tokens) => {
                    all.extend(tokens.iter().map(|token| json!([occur, [leaf["field"], [token]]])));
                }
                None => all.push(json!([occur, expected(leaf)])),
            }
        }
    }
    json!(all)
}

#[test]
fn trees_are_those_of_lucene() {
    let (Some(queries), Some(trees)) = (rows("answers-logstash.jsonl"), rows("trees.jsonl")) else {
        return;
    };
    assert_eq!(queries.len(), trees.len());
    let mut differences = Vec::new();
    for (row, lucene) in queries.iter().zip(&trees) {
        assert_eq!(row["n"], lucene["n"]);
        let source = row["query"].as_str().expect("a text");
        let expected = match &lucene["tree"] {
            Value::Null => json!("error"),
            tree => expected(tree),
        };
        let ours = match Query::parse(source) {
            Ok(query) => query.bind(&Schema::Logstash).map_or(json!("error"), |bound| tree(&bound)),
            Err(_) => json!("error"),
        };
        if ours != expected {
            differences.push(format!("{source}\n  ours   {ours}\n  Lucene {expected}"));
        }
    }
    println!("trees: {}/{}", trees.len() - differences.len(), trees.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn refused(source: &str, schema: Schema) -> bool {
    Query::parse(source).map_or(true, |query| query.bind(&schema).is_err())
}

#[test]
fn refused_is_what_opensearch_refuses() {
    let files = [
        ("edge.jsonl", Schema::Logstash),
        ("edge.jsonl", Schema::Dynamic),
        ("random-logstash.jsonl", Schema::Logstash),
        ("random-dynamic.jsonl", Schema::Dynamic),
        ("answers-logstash.jsonl", Schema::Logstash),
        ("answers-dynamic.jsonl", Schema::Dynamic),
    ];
    for (file, schema) in files {
        let Some(rows) = rows(file) else { return };
        let column = if schema == Schema::Logstash { "L" } else { "D" };
        let mut differences = Vec::new();
        for row in &rows {
            let source = row["query"].as_str().expect("a text");
            let expected = match &row["expected"] {
                Value::Null => !row["error"].is_null(),
                edge => edge[column] == "error",
            };
            if refused(source, schema) != expected {
                differences.push(source);
            }
        }
        println!(
            "verdicts of {file}, {schema:?}: {}/{}",
            rows.len() - differences.len(),
            rows.len()
        );
        assert!(differences.is_empty(), "{file} {schema:?}: {differences:#?}");
    }
}
