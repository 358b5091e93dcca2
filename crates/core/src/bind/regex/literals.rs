//! Texts that every match must contain.

use super::ast::Ast;

/// More alternatives than this help no prefilter.
const MAX_LITERALS: usize = 32;

/// Texts of which every match contains at least one, none of them empty; `None` when there are
/// none that we know.
pub(super) fn required(ast: &Ast) -> Option<Vec<String>> {
    match ast {
        Ast::Class(class) => Some(vec![class.single()?.to_string()]),
        Ast::Concat(parts) => in_concat(parts),
        Ast::Union(parts) => {
            let all = parts.iter().map(required).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= MAX_LITERALS).then_some(all)
        }
        Ast::Intersection(parts) => parts.iter().filter_map(required).reduce(better),
        Ast::Repeat { min: 0, .. } => None,
        Ast::Repeat { operand, .. } => required(operand),
    }
}

/// The best of a concatenation's parts, characters side by side taken as one.
fn in_concat(parts: &[Ast]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut offer = |literals: Vec<String>| {
        best = Some(match best.take() {
            None => literals,
            Some(before) => better(before, literals),
        });
    };
    let mut run = String::new();
    for part in parts {
        if let Ast::Class(class) = part
            && let Some(c) = class.single()
        {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            offer(vec![std::mem::take(&mut run)]);
        }
        if let Some(literals) = required(part) {
            offer(literals);
        }
    }
    if !run.is_empty() {
        offer(vec![run]);
    }
    best
}

/// The set whose shortest text is longer, or, where that is equal, the one with fewer texts.
fn better(a: Vec<String>, b: Vec<String>) -> Vec<String> {
    let shortest = |literals: &[String]| literals.iter().map(String::len).min().unwrap_or(0);
    match shortest(&b).cmp(&shortest(&a)) {
        std::cmp::Ordering::Greater => b,
        std::cmp::Ordering::Equal if b.len() < a.len() => b,
        _ => a,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::parse::parse, *};

    fn literals(pattern: &str) -> Vec<String> {
        required(&parse(pattern).unwrap()).unwrap_or_default()
    }

    #[test]
    fn finds_the_longest_text_that_must_be_there() {
        assert_eq!(literals("foo.*timeout[0-9]"), ["timeout"]);
        assert_eq!(literals("(connection)+ab?"), ["connection"]);
        assert_eq!(literals("a|bc"), ["a", "bc"]);
        assert_eq!(literals("x(abc|def)y"), ["abc", "def"]);
        assert_eq!(literals(".*foo&b.*"), ["foo"]);
        assert_eq!(literals("\"a.b\"c*"), ["a.b"]);
    }

    #[test]
    fn promises_nothing_where_nothing_must_be_there() {
        for pattern in ["", ".*", "a*", "(foo)?", "a|.*", "[ab]", "@", "(foo){0}", "(a|())"] {
            assert!(literals(pattern).is_empty(), "{pattern}");
        }
    }
}
