//! The syntax tree of a Lucene regular expression, and the sets of code points in it.

/// A regular expression. Its depth is bounded by the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ast {
    /// One code point of a set; the empty set matches nothing.
    Class(Class),
    /// One after the other; an empty list is the empty text.
    Concat(Vec<Ast>),
    /// Any of them.
    Union(Vec<Ast>),
    /// All of them at once.
    Intersection(Vec<Ast>),
    /// The operand at least `min` and at most `max` times.
    Repeat {
        /// What is repeated.
        operand: Box<Ast>,
        /// At least so often.
        min: u32,
        /// At most so often; `None` is without end.
        max: Option<u32>,
    },
}

impl Ast {
    /// A single character.
    pub(super) fn char(c: char) -> Ast {
        Ast::Class(Class::of(c, c))
    }

    /// The text itself.
    pub(super) fn text(text: &str) -> Ast {
        Ast::Concat(text.chars().map(Ast::char).collect())
    }

    /// A repetition.
    pub(super) fn repeat(operand: Ast, min: u32, max: Option<u32>) -> Ast {
        Ast::Repeat { operand: Box::new(operand), min, max }
    }
}

/// A set of code points: inclusive ranges in order, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Class {
    ranges: Vec<(u32, u32)>,
}

impl Class {
    /// The code points from `first` to `last`, both inside.
    pub(super) fn of(first: char, last: char) -> Class {
        Class { ranges: vec![(u32::from(first), u32::from(last))] }
    }

    /// Every code point.
    pub(super) fn any() -> Class {
        Class::of('\0', char::MAX)
    }

    /// The class that `\d`, `\w`, `\s` and their opposites name.
    pub(super) fn named(letter: char) -> Option<Class> {
        let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
            'd' => &[('0', '9')],
            'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
            's' => &[('\t', '\n'), ('\r', '\r'), (' ', ' ')],
            _ => return None,
        };
        let mut class = Class::default();
        for &(first, last) in ranges {
            class.add(&Class::of(first, last));
        }
        Some(if letter.is_ascii_uppercase() { class.negated() } else { class })
    }

    /// The ranges in order.
    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// The one character of the set, if there is just one.
    pub(super) fn single(&self) -> Option<char> {
        match self.ranges.as_slice() {
            &[(first, last)] if first == last => char::from_u32(first),
            _ => None,
        }
    }

    /// Adds another set's code points.
    pub(super) fn add(&mut self, other: &Class) {
        self.ranges.extend_from_slice(&other.ranges);
        self.ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(first, last) in &self.ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last)
                }
                _ => joined.push((first, last)),
            }
        }
        self.ranges = joined;
    }

    /// Every other code point.
    pub(super) fn negated(&self) -> Class {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(first, last) in &self.ranges {
            if next < first {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= u32::from(char::MAX) {
            ranges.push((next, u32::from(char::MAX)));
        }
        Class { ranges }
    }

    /// The code points in both sets.
    pub(super) fn and(&self, other: &Class) -> Class {
        let (mut ranges, mut i, mut j) = (Vec::new(), 0, 0);
        while let (Some(a), Some(b)) = (self.ranges.get(i), other.ranges.get(j)) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                ranges.push((first, last));
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        Class { ranges }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(ranges: &[(char, char)]) -> Class {
        let mut class = Class::default();
        for &(first, last) in ranges {
            class.add(&Class::of(first, last));
        }
        class
    }

    #[test]
    fn ranges_are_kept_in_order_and_joined() {
        let joined = class(&[('x', 'z'), ('a', 'c'), ('d', 'e'), ('b', 'b')]);
        assert_eq!(joined, class(&[('a', 'e'), ('x', 'z')]));
    }

    #[test]
    fn negation_is_its_own_inverse_and_splits_the_code_points() {
        for class in [Class::any(), Class::default(), class(&[('a', 'c'), ('x', 'z')])] {
            assert_eq!(class.negated().negated(), class);
            assert_eq!(class.and(&class.negated()), Class::default());
        }
        assert_eq!(Class::any().negated(), Class::default());
    }

    #[test]
    fn intersection_keeps_what_both_have() {
        let both = class(&[('a', 'm'), ('x', 'z')]).and(&class(&[('k', 'y')]));
        assert_eq!(both, class(&[('k', 'm'), ('x', 'y')]));
    }
}
