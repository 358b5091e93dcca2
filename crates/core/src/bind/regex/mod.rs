//! Regular expressions in Lucene's own syntax: `/…/`.
//!
//! The syntax is that of `org.apache.lucene.util.automaton.RegExp` in Lucene 10 with all its
//! optional operators, which is how OpenSearch 3 reads a query string. It is not the `regex`
//! crate's: a pattern always covers the whole term, there are no anchors (`^` and `$` are
//! letters) and no lazy repetition, and an operator where an operand should stand is a letter
//! (`*a`, `|a`).
//!
//! | written | matches |
//! |---|---|
//! | `a\|b`, `a&b` | either, both |
//! | `a?` `a*` `a+` `a{2}` `a{2,}` `a{2,4}` | repetitions |
//! | `.` | any code point, a newline too |
//! | `@` | any text, also none |
//! | `#` | nothing at all |
//! | `"text"` | the text itself; no escapes inside |
//! | `[abc]` `[a-z]` `[^a-z]` | one code point of the class, or not of it |
//! | `\d` `\w` `\s` `\D` `\W` `\S` | ASCII digits, word characters, blanks, and their opposites |
//! | `<1-30>` | a decimal number; leading zeros as both ends have the same length, or any |
//! | `( )` | a group; `()` is the empty text |
//! | `\x` | the character itself, but a letter only if it names a class |
//!
//! A pattern passes four stations: text → [`ast`] (by [`parse`]) → [`nfa`] → [`dfa`]. Like Lucene
//! we determinise once, when the query is compiled, and refuse what becomes too big: matching is
//! then one table walk per term.

mod ast;
mod dfa;
mod literals;
mod nfa;
mod parse;
mod pattern;

#[cfg(test)]
mod tests;

pub use pattern::{LuceneRegex, LuceneRegexError};
