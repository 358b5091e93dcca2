//! Trees as text: a normal form that parses to an equal tree.

use std::fmt::{self, Write as _};

use super::{
    ast::{
        Bound, Clause, Conjunction, Fuzziness, Leaf, LeafKind, Modifier, Node, Query, WildcardPart,
    },
    escape::{escape_bound_into, escape_phrase_into, escape_term_into},
};

/// Prints a normal form: one blank between clauses, `AND`, `OR` and `NOT` in words, `+` where it
/// was written, comparisons as ranges, and backslashes only where they are needed. It parses to a
/// query that is equal to this one.
///
/// # Example
///
/// ```
/// # use recheck_core::Query;
/// let query = Query::parse("message : foo&&!( >=b   tags:'a' )^2")?;
/// assert_eq!(query.to_string(), "message:foo&& NOT ([b TO *] tags:'a')^2");
/// # Ok::<(), recheck_core::SyntaxErrors>(())
/// ```
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(self.source.len() + 16);
        print_clauses(&self.clauses, &mut out);
        f.write_str(&out)
    }
}

/// Recursion is bounded by [`Query::MAX_DEPTH`].
fn print_clauses(clauses: &[Clause], out: &mut String) {
    let mut after_terms = false;
    for (index, clause) in clauses.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        print_clause(clause, after_terms, out);
        after_terms = matches!(&clause.node, Node::Leaf(leaf)
            if leaf.field.is_none() && matches!(leaf.kind, LeafKind::Terms(_)));
    }
}

fn print_clause(clause: &Clause, after_terms: bool, out: &mut String) {
    match clause.conjunction {
        Conjunction::None => {}
        Conjunction::And => out.push_str("AND "),
        Conjunction::Or => out.push_str("OR "),
    }
    match clause.modifier {
        Modifier::None => {}
        Modifier::Must => out.push('+'),
        Modifier::Not => out.push_str("NOT "),
    }
    match &clause.node {
        Node::Group { field, clauses, boost } => {
            print_field(field.as_deref(), after_terms, out);
            out.push('(');
            print_clauses(clauses, out);
            out.push(')');
            print_boost(*boost, out);
        }
        Node::Leaf(leaf) => print_leaf(leaf, after_terms, out),
    }
}

/// A field named `*` needs no backslash, except behind terms side by side: there a lone `*` would
/// take the last of them away from the others.
fn print_field(field: Option<&str>, after_terms: bool, out: &mut String) {
    match field {
        None => return,
        Some("*") if !after_terms => out.push('*'),
        Some(name) => print_word(name, out),
    }
    out.push(':');
}

fn print_leaf(leaf: &Leaf, after_terms: bool, out: &mut String) {
    print_field(leaf.field.as_deref(), after_terms, out);
    match &leaf.kind {
        // As a sign with a blank behind it stands for itself, it needs no backslash; and with one
        // it could become one of several terms side by side.
        LeafKind::Term(text) if matches!(text.as_str(), "+" | "-" | "!") => {
            out.push_str(text);
            out.push(' ');
        }
        LeafKind::Term(text) => print_word(text, out),
        LeafKind::Terms(words) => {
            for (index, word) in words.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                print_word(word, out);
            }
        }
        LeafKind::Phrase { text, slop } => print_phrase(text, *slop, out),
        LeafKind::Wildcard(parts) => print_wildcard(parts, out),
        LeafKind::Regex(pattern) => {
            out.push('/');
            out.push_str(pattern);
            out.push('/');
        }
        LeafKind::Fuzzy { text, fuzziness } => print_fuzzy(text, *fuzziness, out),
        LeafKind::Range { lower, upper } => print_range(lower, upper, out),
        LeafKind::Exists(field) => print_exists(field, out),
        LeafKind::All => {
            print_field(Some("*"), after_terms, out);
            out.push('*');
        }
    }
    print_boost(leaf.boost, out);
}

/// A bare term or a field's name; a word of the syntax gets a backslash.
fn print_word(text: &str, out: &mut String) {
    if matches!(text, "AND" | "OR" | "NOT" | "&&" | "||") {
        out.push('\\');
    }
    escape_term_into(text, true, out);
}

fn print_phrase(text: &str, slop: u32, out: &mut String) {
    out.push('"');
    escape_phrase_into(text, out);
    out.push('"');
    if slop > 0 {
        write_number(format_args!("~{slop}"), out);
    }
}

fn print_wildcard(parts: &[WildcardPart], out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        match part {
            WildcardPart::Literal(text) => escape_term_into(text, index == 0, out),
            WildcardPart::Escaped(c) => out.extend(['\\', *c]),
            WildcardPart::Any => out.push('*'),
            WildcardPart::One => out.push('?'),
        }
    }
}

fn print_fuzzy(text: &str, fuzziness: Fuzziness, out: &mut String) {
    print_word(text, out);
    match fuzziness {
        Fuzziness::Auto => out.push('~'),
        Fuzziness::Number(number) => write_number(format_args!("~{number}"), out),
    }
}

fn print_range(lower: &Bound, upper: &Bound, out: &mut String) {
    out.push(if matches!(lower, Bound::Exclusive(_)) { '{' } else { '[' });
    print_bound(lower, out);
    out.push_str(" TO ");
    print_bound(upper, out);
    out.push(if matches!(upper, Bound::Exclusive(_)) { '}' } else { ']' });
}

fn print_bound(bound: &Bound, out: &mut String) {
    let (Bound::Inclusive(text) | Bound::Exclusive(text)) = bound else {
        return out.push('*');
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if text != "TO" && text.chars().all(plain) {
        out.push_str(text);
    } else {
        out.push('"');
        escape_bound_into(text, out);
        out.push('"');
    }
}

/// A name that is no single word needs quotes, which mean the same here.
fn print_exists(field: &str, out: &mut String) {
    out.push_str("_exists_:");
    if field.is_empty() {
        out.push_str("\"\"");
    } else {
        print_word(field, out);
    }
}

fn print_boost(boost: Option<f32>, out: &mut String) {
    if let Some(boost) = boost {
        write_number(format_args!("^{boost}"), out);
    }
}

/// Rust writes a float without an exponent, with as many digits as it takes to read it back.
fn write_number(number: fmt::Arguments<'_>, out: &mut String) {
    out.write_fmt(number).expect("a string takes whatever is written to it");
}
