//! Pattern text to syntax tree.
//!
//! Lucene's grammar, from the loosest operator to the tightest: `|`, `&`, concatenation, the
//! repetitions, one operand. Groups are kept on a stack of our own, so a deep pattern costs
//! memory and not the thread's stack.

use std::mem;

use super::{
    ast::{Ast, Class},
    pattern::LuceneRegexError,
};
use crate::span::Span;

/// Groups within groups. OpenSearch itself overflows its stack somewhere below 400.
const MAX_DEPTH: usize = 250;

type Result<T> = std::result::Result<T, LuceneRegexError>;

/// Parses a pattern.
pub(super) fn parse(pattern: &str) -> Result<Ast> {
    if pattern.is_empty() {
        return Ok(Ast::Concat(Vec::new()));
    }
    Parser { pattern, at: 0, groups: vec![Group::default()] }.run()
}

/// A group that is being read: finished alternatives, finished operands of `&` in the current
/// alternative, finished operands of the current concatenation.
#[derive(Default)]
struct Group {
    /// Where its parenthesis stands.
    open: usize,
    union: Vec<Ast>,
    intersection: Vec<Ast>,
    concat: Vec<Ast>,
}

impl Group {
    fn end_concat(&mut self) {
        let concat = mem::take(&mut self.concat);
        self.intersection.push(one_or(concat, Ast::Concat));
    }

    fn end_alternative(&mut self) {
        self.end_concat();
        let intersection = mem::take(&mut self.intersection);
        self.union.push(one_or(intersection, Ast::Intersection));
    }

    fn finish(mut self) -> Ast {
        self.end_alternative();
        one_or(self.union, Ast::Union)
    }
}

/// The only element, or all of them under their operator.
fn one_or(mut operands: Vec<Ast>, operator: fn(Vec<Ast>) -> Ast) -> Ast {
    match operands.pop() {
        Some(only) if operands.is_empty() => only,
        last => {
            operands.extend(last);
            operator(operands)
        }
    }
}

struct Parser<'a> {
    pattern: &'a str,
    /// The next byte.
    at: usize,
    /// The groups around `at`; the first is the whole pattern.
    groups: Vec<Group>,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Ast> {
        loop {
            // Here an operand must begin, so an operator is read as a letter, `)` too.
            if self.opens_group() {
                self.open_group()?;
                continue;
            }
            let operand = self.operand()?;
            self.end_operand(operand)?;
            while !self.operand_follows() {
                if self.at == self.pattern.len() {
                    return self.end();
                }
                self.close_group()?;
            }
        }
    }

    /// After an operand: true when the next begins, operators between them consumed.
    fn operand_follows(&mut self) -> bool {
        match self.peek() {
            None | Some(')') => false,
            Some('|') => {
                self.at += 1;
                self.group().end_alternative();
                true
            }
            Some('&') => {
                self.at += 1;
                self.group().end_concat();
                true
            }
            Some(_) => true,
        }
    }

    fn opens_group(&self) -> bool {
        let rest = self.rest();
        rest.starts_with('(') && !rest.starts_with("()")
    }

    fn open_group(&mut self) -> Result<()> {
        if self.groups.len() > MAX_DEPTH {
            return Err(self.error(self.at, format!("more than {MAX_DEPTH} groups in each other")));
        }
        self.groups.push(Group { open: self.at, ..Group::default() });
        self.at += 1;
        Ok(())
    }

    fn close_group(&mut self) -> Result<()> {
        if self.groups.len() == 1 {
            return Err(self.error(self.at, "this `)` closes no group"));
        }
        self.at += 1;
        let group = self.groups.pop().map_or(Ast::Concat(Vec::new()), Group::finish);
        self.end_operand(group)
    }

    fn end(mut self) -> Result<Ast> {
        match self.groups.pop() {
            Some(group) if self.groups.is_empty() => Ok(group.finish()),
            open => {
                let start = open.map_or(0, |group| group.open);
                Err(error(start, start + 1, "this group is not closed"))
            }
        }
    }

    /// Reads the repetitions behind an operand and appends it to the group.
    fn end_operand(&mut self, mut operand: Ast) -> Result<()> {
        while let Some(operator @ ('?' | '*' | '+' | '{')) = self.peek() {
            self.at += 1;
            operand = match operator {
                '?' => Ast::repeat(operand, 0, Some(1)),
                '*' => Ast::repeat(operand, 0, None),
                '+' => Ast::repeat(operand, 1, None),
                _ => {
                    let (min, max) = self.counts()?;
                    Ast::repeat(operand, min, max)
                }
            };
        }
        self.group().concat.push(operand);
        Ok(())
    }

    /// The counts of `{n}`, `{n,}` and `{n,m}`, behind the brace.
    fn counts(&mut self) -> Result<(u32, Option<u32>)> {
        let start = self.at - 1;
        let Some(min) = self.number()? else {
            return Err(
                self.error(self.at, "`{` must be followed by a number (`\\{` is the brace itself)")
            );
        };
        let max = if self.take(',') { self.number()? } else { Some(min) };
        if !self.take('}') {
            return Err(error(start, self.at, "this repetition is not closed with `}`"));
        }
        if max.is_some_and(|max| min > max) {
            return Err(error(start, self.at, "the repetition's ends are the wrong way round"));
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<u32>> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let start = self.at;
        self.at += digits;
        match digits {
            0 => Ok(None),
            _ => self.integer(start, self.at).map(Some),
        }
    }

    /// A number as Java's `int` holds it.
    fn integer(&self, start: usize, end: usize) -> Result<u32> {
        let number = self.pattern[start..end].parse::<i32>().ok();
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| error(start, end, "this is not a number below 2,147,483,648"))
    }

    /// One operand that is no group.
    fn operand(&mut self) -> Result<Ast> {
        match self.peek() {
            Some('[') => self.class(),
            Some('.') => Ok(self.short(Ast::Class(Class::any()))),
            Some('#') => Ok(self.short(Ast::Class(Class::default()))),
            Some('@') => Ok(self.short(Ast::repeat(Ast::Class(Class::any()), 0, None))),
            Some('"') => self.quoted(),
            Some('<') => self.interval(),
            Some('(') => {
                self.at += "()".len();
                Ok(Ast::Concat(Vec::new()))
            }
            _ => match self.named_class()? {
                Some(class) => Ok(Ast::Class(class)),
                None => self.char().map(Ast::char),
            },
        }
    }

    /// An operand of one character.
    fn short(&mut self, ast: Ast) -> Ast {
        self.at += 1;
        ast
    }

    fn quoted(&mut self) -> Result<Ast> {
        let start = self.at + 1;
        let Some(length) = self.pattern[start..].find('"') else {
            return Err(self.error(self.at, "this quoted text is not closed"));
        };
        self.at = start + length + 1;
        Ok(Ast::text(&self.pattern[start..start + length]))
    }

    /// `<1-30>`; ends of the same length ask for just that many digits.
    fn interval(&mut self) -> Result<Ast> {
        let open = self.at;
        let Some(length) = self.rest().find('>') else {
            return Err(self.error(
                open,
                "this number range is not closed with `>` (`\\<` is the sign itself)",
            ));
        };
        let (start, end) = (open + 1, open + length);
        self.at = end + 1;
        let inside = &self.pattern[start..end];
        let Some((low, high)) = inside.split_once('-') else {
            return Err(error(open, end + 1, "a number range is written `<1-30>`"));
        };
        if low.is_empty() || high.is_empty() || high.contains('-') {
            return Err(error(open, end + 1, "a number range is written `<1-30>`"));
        }
        let digits = if low.len() == high.len() { Some(low.len()) } else { None };
        let split = start + low.len();
        let (low, high) = (self.integer(start, split)?, self.integer(split + 1, end)?);
        Ok(numbers(low.min(high), low.max(high), digits))
    }

    fn class(&mut self) -> Result<Ast> {
        let open = self.at;
        self.at += 1;
        let negated = self.take('^');
        let mut class = Class::default();
        loop {
            // As Lucene reads it, the first character belongs to the class even if it is a `]`.
            class.add(&self.class_item()?);
            match self.peek() {
                None => return Err(self.error(open, "this class is not closed with `]`")),
                Some(']') => break,
                Some(_) => {}
            }
        }
        self.at += 1;
        Ok(Ast::Class(if negated { class.negated() } else { class }))
    }

    fn class_item(&mut self) -> Result<Class> {
        let start = self.at;
        if let Some(class) = self.named_class()? {
            return Ok(class);
        }
        let first = self.char()?;
        if !self.take('-') {
            return Ok(Class::of(first, first));
        }
        let last = self.char()?;
        if first > last {
            return Err(error(start, self.at, "the range's ends are the wrong way round"));
        }
        Ok(Class::of(first, last))
    }

    /// `\d` and its like; nothing consumed when none stands here.
    fn named_class(&mut self) -> Result<Option<Class>> {
        let mut ahead = self.rest().chars();
        let (Some('\\'), Some(letter)) = (ahead.next(), ahead.next()) else { return Ok(None) };
        let class = Class::named(letter);
        if class.is_some() {
            self.at += 2;
        } else if letter.is_ascii_alphabetic() {
            let message = format!("`\\{letter}` is no character class Lucene knows");
            return Err(error(self.at, self.at + 2, message));
        }
        Ok(class)
    }

    /// One character, a backslash before it removed.
    fn char(&mut self) -> Result<char> {
        self.take('\\');
        let Some(c) = self.peek() else {
            return Err(error(self.at, self.at, "the regular expression ends too early"));
        };
        self.at += c.len_utf8();
        Ok(c)
    }

    fn group(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the whole pattern's group is closed only at the end")
    }

    fn rest(&self) -> &str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// An error at one character.
    fn error(&self, at: usize, message: impl Into<String>) -> LuceneRegexError {
        let length = self.pattern[at..].chars().next().map_or(0, char::len_utf8);
        error(at, at + length, message)
    }
}

fn error(start: usize, end: usize, message: impl Into<String>) -> LuceneRegexError {
    LuceneRegexError { message: message.into(), span: Span::new(start, end) }
}

/// The decimal numbers from `low` to `high`: of just so many digits (zeros in front), or with any
/// number of zeros in front.
fn numbers(low: u32, high: u32, digits: Option<usize>) -> Ast {
    if let Some(width) = digits {
        return between(format!("{low:0width$}").as_bytes(), format!("{high:0width$}").as_bytes());
    }
    let mut lengths = Vec::new();
    for length in low.to_string().len()..=high.to_string().len() {
        let shortest = if length == 1 { 0 } else { 10u64.pow(length as u32 - 1) };
        let first = u64::from(low).max(shortest).to_string();
        let last = u64::from(high).min(10u64.pow(length as u32) - 1).to_string();
        lengths.push(between(first.as_bytes(), last.as_bytes()));
    }
    Ast::Concat(vec![Ast::repeat(Ast::char('0'), 0, None), Ast::Union(lengths)])
}

/// The digit strings from `low` to `high`, which are equally long.
fn between(low: &[u8], high: &[u8]) -> Ast {
    let (Some((&first, low)), Some((&last, high))) = (low.split_first(), high.split_first()) else {
        return Ast::Concat(Vec::new());
    };
    if first == last {
        return Ast::Concat(vec![digit(first, last), between(low, high)]);
    }
    if first == b'0'
        && last == b'9'
        && low.iter().all(|&d| d == b'0')
        && high.iter().all(|&d| d == b'9')
    {
        let digits = low.len() as u32 + 1;
        return Ast::repeat(digit(b'0', b'9'), digits, Some(digits));
    }
    let nines = vec![b'9'; low.len()];
    let zeros = vec![b'0'; low.len()];
    let mut parts = vec![
        Ast::Concat(vec![digit(first, first), between(low, &nines)]),
        Ast::Concat(vec![digit(last, last), between(&zeros, high)]),
    ];
    if first + 1 < last {
        parts.push(Ast::Concat(vec![digit(first + 1, last - 1), between(&zeros, &nines)]));
    }
    Ast::Union(parts)
}

fn digit(first: u8, last: u8) -> Ast {
    Ast::Class(Class::of(char::from(first), char::from(last)))
}
