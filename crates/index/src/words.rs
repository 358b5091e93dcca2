//! The words that a text must have in it to be matched by `contains` or `regex`: what an index can
//! be asked for.

use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};

/// A shorter piece of a word is in nearly every event.
const SHORTEST_PIECE: usize = 3;
/// More alternatives than this cost more to look up than they save.
const MAX_ALTERNATIVES: usize = 64;

/// What the words of a text must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// One of them is this, in lower case.
    Word(String),
    /// One of them has this in it, or is so long that it was cut.
    Piece(String),
    /// All of these hold.
    All(Vec<Words>),
    /// One of these holds.
    Any(Vec<Words>),
}

impl Words {
    /// Words of every text that has this literal in it; `None` when that can't be told.
    ///
    /// A run of ASCII letters, digits and `_` is never split by the analyser. One with blanks on both
    /// sides is a word of its own, others are part of one.
    pub(crate) fn of_literal(text: &str) -> Option<Words> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let blank = |c: Option<char>| c.is_some_and(|c| c.is_ascii_whitespace());
        let runs = text.split(|c| !is_word(c)).filter(|run| run.len() >= SHORTEST_PIECE);
        let placed = runs.map(|run| {
            let start = run.as_ptr() as usize - text.as_ptr() as usize;
            let before = text[..start].chars().next_back();
            let behind = text[start + run.len()..].chars().next();
            // Only underscores are no word.
            let alone = blank(before)
                && blank(behind)
                && run.len() < 255
                && !run.trim_matches('_').is_empty();
            (alone, run)
        });
        let (whole, pieces): (Vec<_>, Vec<_>) = placed.partition(|(alone, _)| *alone);
        if whole.is_empty() {
            let longest = pieces.iter().max_by_key(|(_, run)| run.len());
            return longest.map(|(_, run)| Words::Piece(run.to_ascii_lowercase()));
        }
        let words = whole.iter().map(|(_, run)| Words::Word(run.to_ascii_lowercase()));
        Some(Words::All(words.collect()))
    }

    /// How many words and pieces it names. Recursion is as deep as they are: twice.
    pub(crate) fn count(&self) -> usize {
        match self {
            Words::Word(_) | Words::Piece(_) => 1,
            Words::All(parts) | Words::Any(parts) => parts.iter().map(Words::count).sum(),
        }
    }

    /// Words of every text that matches the pattern: those of the texts it must begin or end with.
    pub(crate) fn of_regex(pattern: &str) -> Option<Words> {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
        let texts = |kind| -> Option<Vec<Words>> {
            let found: Seq = Extractor::new().kind(kind).extract(&hir);
            let literals = found.literals().filter(|all| all.len() <= MAX_ALTERNATIVES)?;
            let text = |bytes| Words::of_literal(std::str::from_utf8(bytes).ok()?);
            literals.iter().map(|one| text(one.as_bytes())).collect()
        };
        texts(ExtractKind::Prefix).or_else(|| texts(ExtractKind::Suffix)).map(Words::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone_or_are_pieces() {
        let word = |text: &str| Words::Word(text.to_owned());
        assert_eq!(Words::of_literal("No space left"), Some(Words::All(vec![word("space")])));
        assert_eq!(Words::of_literal("o spac"), Some(Words::Piece("spac".to_owned())));
        assert_eq!(Words::of_literal("= a"), None);
        let any = Words::of_regex("(disk|quota) full").unwrap();
        assert!(matches!(any, Words::Any(words) if words.len() == 2));
        assert_eq!(Words::of_regex(r"\d+"), None);
    }
}
