//! From tokens to the tree: Lucene's classic grammar by hand, with all errors instead of the first.
//!
//! ```text
//! query    = clauses END
//! clauses  = first { next }
//! first    = terms | [ modifier ] operand
//! next     = terms | [ conjunction ] [ modifier ] operand
//! terms    = TERM TERM { TERM }          where none but the first has one of : * ~ ^ AND OR behind it
//! operand  = [ ( TERM | "*" ) ":" ] ( value | "(" clauses ")" [ "^" NUMBER ] )
//! value    = ( TERM | PREFIX | WILDCARD | REGEX | "*" | BARE_OPERATOR | QUOTED ) { "~…" | "^" NUMBER }
//!          | RANGE_START end TO end RANGE_END [ "^" NUMBER ]
//! ```
//!
//! A group is kept on a stack of its own, not on the thread's, so that no input overflows it. After
//! an error the parser goes on as if what is missing were there: the tree is thrown away anyway.

use std::mem;

use super::{
    ast::{Clause, Conjunction, Leaf, LeafKind, Modifier, Node, Query},
    error::{SyntaxError, SyntaxErrorKind, SyntaxErrors},
    escape::unescape,
    lexer::{Token, TokenKind, tokenize},
    value,
};
use crate::span::Span;

impl Query {
    /// The longest query, in UTF-16 code units: OpenSearch's default for
    /// `search.query.max_query_string_length`. The longest of elastic-recheck's own queries has
    /// about 500.
    pub const MAX_LENGTH: usize = 32_000;

    /// How deep groups may be nested. OpenSearch has no limit of its own; 10,000 levels kill it.
    pub const MAX_DEPTH: usize = 100;

    /// Parses a query in the syntax of OpenSearch's `query_string`.
    ///
    /// # Errors
    ///
    /// When OpenSearch would refuse the text (a bad regular expression is found later, when the
    /// query is [bound](Query::bind) to a schema), or when it exceeds one of the limits above.
    /// All errors are reported, each with its place.
    ///
    /// # Example
    ///
    /// ```
    /// use recheck_core::Query;
    /// let query = Query::parse(r#"message:"No space left" AND tags:console"#)?;
    /// assert_eq!(query.clauses().len(), 2);
    ///
    /// let errors = Query::parse("project:openstack/cinder").unwrap_err();
    /// assert_eq!(errors.first().kind.code(), "Q004");
    /// assert_eq!(errors.first().span.range(), 17..18);
    /// # Ok::<(), recheck_core::SyntaxErrors>(())
    /// ```
    pub fn parse(source: &str) -> Result<Query, SyntaxErrors> {
        check_length(source)?;
        if source.chars().all(|c| c <= ' ') {
            return Ok(Query { source: source.into(), clauses: Vec::new() });
        }
        let (tokens, errors) = tokenize(source);
        let mut parser = Parser { source, tokens, at: 0, groups: Vec::new(), errors };
        let clauses = parser.query();
        if parser.errors.is_empty() {
            Ok(Query { source: source.into(), clauses })
        } else {
            Err(SyntaxErrors::new(parser.errors))
        }
    }
}

fn check_length(source: &str) -> Result<(), SyntaxErrors> {
    let limit = Query::MAX_LENGTH;
    // A UTF-16 unit takes one to three bytes of UTF-8: most texts need not be counted.
    if source.len() <= limit {
        return Ok(());
    }
    let mut end = source.len();
    let mut length = 0;
    for (at, c) in source.char_indices() {
        length += c.len_utf16();
        if length > limit {
            end = end.min(at);
        }
    }
    if length <= limit {
        return Ok(());
    }
    // The place is what is too much, cut short: a span cannot reach beyond 4 GiB.
    let span = Span::new(end, source.len().min(end + 1_000_000));
    Err(SyntaxErrors::new(vec![SyntaxError::new(SyntaxErrorKind::TooLong { length, limit }, span)]))
}

/// A group whose `)` is still to come.
struct OpenGroup {
    /// The clause that the group will be, its node still without clauses.
    conjunction: Conjunction,
    modifier: Modifier,
    field: Option<String>,
    /// Where the clause begins.
    start: usize,
    /// Where the `(` stands.
    paren: Span,
    /// The clauses before it, in the surrounding group.
    before: Vec<Clause>,
}

/// What stands before an operand.
struct Lead {
    conjunction: Conjunction,
    modifier: Modifier,
    /// Where the clause begins: at its modifier, or at its operand.
    start: usize,
    /// The last operator, if there is one.
    operator: Option<Span>,
}

pub(super) struct Parser<'a> {
    pub(super) source: &'a str,
    /// Ends with [`TokenKind::End`].
    tokens: Vec<Token>,
    at: usize,
    groups: Vec<OpenGroup>,
    pub(super) errors: Vec<SyntaxError>,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> TokenKind {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> TokenKind {
        self.tokens.get(self.at + ahead).map_or(TokenKind::End, |token| token.kind)
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    /// Takes the next token; the end stays.
    pub(super) fn next(&mut self) -> Token {
        let token = self.tokens[self.at];
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn accept(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek() == kind && kind != TokenKind::End).then(|| self.next())
    }

    /// Where the last token ended.
    pub(super) fn end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.tokens[last].span.end as usize)
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        &self.source[span.range()]
    }

    pub(super) fn error(&mut self, kind: SyntaxErrorKind, span: Span) {
        self.errors.push(SyntaxError::new(kind, span));
    }

    /// A token's text without its backslashes; a bad escape is recorded.
    pub(super) fn unescaped(&mut self, span: Span) -> String {
        unescape(self.text(span), span.start as usize).unwrap_or_else(|error| {
            self.errors.push(error);
            String::new()
        })
    }

    fn query(&mut self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        loop {
            match self.peek() {
                TokenKind::End => break,
                TokenKind::RightParen => self.close_group(&mut clauses),
                _ if self.at_terms() => {
                    let clause = self.terms();
                    clauses.push(clause);
                }
                _ => self.clause(&mut clauses),
            }
            if self.groups.len() > Query::MAX_DEPTH {
                let limit = Query::MAX_DEPTH;
                let paren = self.groups[limit].paren;
                self.error(SyntaxErrorKind::TooDeep { limit }, paren);
                return clauses;
            }
        }
        for group in mem::take(&mut self.groups) {
            self.error(SyntaxErrorKind::UnclosedGroup, group.paren);
        }
        if clauses.is_empty() && self.errors.is_empty() {
            self.error(SyntaxErrorKind::NoClause, Span::new(0, self.source.len()));
        }
        clauses
    }

    /// True where two or more bare terms stand side by side.
    fn at_terms(&self) -> bool {
        self.peek() == TokenKind::Term && self.at_further_term(1)
    }

    /// True where a term stands that belongs to the terms before it.
    fn at_further_term(&self, ahead: usize) -> bool {
        use TokenKind::{And, Caret, Colon, Or, Star, Term, Tilde};
        self.peek_at(ahead) == Term
            && !matches!(self.peek_at(ahead + 1), Colon | Star | Tilde | Caret | And | Or)
    }

    /// Reads terms that stand side by side.
    fn terms(&mut self) -> Clause {
        let first = self.next().span;
        let mut words = vec![self.unescaped(first)];
        while self.at_further_term(0) {
            let word = self.next().span;
            words.push(self.unescaped(word));
        }
        let span = Span::new(first.start as usize, self.end());
        let kind = value::of_terms(words, self.surrounding_field());
        let leaf = Leaf { field: None, kind, boost: None, span, value: span };
        let (conjunction, modifier) = (Conjunction::None, Modifier::None);
        Clause { conjunction, modifier, node: Node::Leaf(leaf), span }
    }

    /// Reads a clause with what stands before it; a group is only opened.
    fn clause(&mut self, clauses: &mut Vec<Clause>) {
        let lead = self.lead(clauses.is_empty());
        let field = self.field();
        match self.peek() {
            TokenKind::LeftParen => self.open_group(lead, field, clauses),
            kind if begins_value(kind) => {
                let leaf = self.leaf(field);
                clauses.push(lead.clause(Node::Leaf(leaf), self.end()));
            }
            _ => self.missing_operand(lead, field),
        }
    }

    /// Reads conjunction and modifier.
    fn lead(&mut self, first: bool) -> Lead {
        let mut operator = None;
        let mut conjunction = Conjunction::None;
        while let TokenKind::And | TokenKind::Or = self.peek() {
            let token = self.next();
            if let Some(before) = operator {
                self.operator_error(SyntaxErrorKind::MissingOperand, before);
            } else if first {
                self.operator_error(SyntaxErrorKind::MissingLeftOperand, token.span);
            }
            conjunction = match token.kind {
                TokenKind::And => Conjunction::And,
                _ => Conjunction::Or,
            };
            operator = Some(token.span);
        }
        let start = self.span().start as usize;
        let mut modifier = Modifier::None;
        while let TokenKind::Plus | TokenKind::Minus | TokenKind::Not = self.peek() {
            let token = self.next();
            if modifier != Modifier::None {
                self.operator_error(SyntaxErrorKind::DoubledModifier, token.span);
            }
            modifier = match token.kind {
                TokenKind::Plus => Modifier::Must,
                _ => Modifier::Not,
            };
            operator = Some(token.span);
        }
        Lead { conjunction, modifier, start, operator }
    }

    /// Reads a field's name and its colon, if they stand here.
    fn field(&mut self) -> Option<(String, Span)> {
        if self.peek_at(1) != TokenKind::Colon {
            return None;
        }
        let name = match self.peek() {
            TokenKind::Term => {
                let name = self.span();
                self.unescaped(name)
            }
            TokenKind::Star => "*".to_owned(),
            _ => return None,
        };
        let start = self.next().span;
        Some((name, start.to(self.next().span)))
    }

    /// Reads a value with its suffixes.
    fn leaf(&mut self, field: Option<(String, Span)>) -> Leaf {
        let start = field.as_ref().map_or(self.span(), |(_, span)| *span).start as usize;
        let field = field.map(|(name, _)| name);
        let read = self.value(field.as_deref().or(self.surrounding_field()).map(str::to_owned));
        let boost = read.boost;
        // `_exists_:x` and `*:*` say in their kind what their field means.
        let field = match read.kind {
            LeafKind::Exists(_) | LeafKind::All => None,
            _ => field,
        };
        Leaf { field, kind: read.kind, boost, span: Span::new(start, self.end()), value: read.span }
    }

    /// The field of the innermost group that names one.
    pub(super) fn surrounding_field(&self) -> Option<&str> {
        self.groups.iter().rev().find_map(|group| group.field.as_deref())
    }

    fn open_group(&mut self, lead: Lead, field: Option<(String, Span)>, clauses: &mut Vec<Clause>) {
        let paren = self.next().span;
        self.groups.push(OpenGroup {
            conjunction: lead.conjunction,
            modifier: lead.modifier,
            field: field.map(|(name, _)| name),
            start: lead.start,
            paren,
            before: mem::take(clauses),
        });
    }

    /// Reads `)` and a boost, and puts the group among the clauses before it.
    fn close_group(&mut self, clauses: &mut Vec<Clause>) {
        let close = self.next().span;
        let Some(group) = self.groups.pop() else {
            return self.error(SyntaxErrorKind::UnopenedGroup, close);
        };
        let empty = self.tokens[self.at - 2].kind == TokenKind::LeftParen;
        if empty {
            self.error(SyntaxErrorKind::EmptyGroup, group.paren.to(close));
        }
        let boost = self.boost();
        let inside = mem::replace(clauses, group.before);
        let node = Node::Group { field: group.field, clauses: inside, boost };
        clauses.push(Clause {
            conjunction: group.conjunction,
            modifier: group.modifier,
            node,
            span: Span::new(group.start, self.end()),
        });
    }

    /// Reads `^2`, if it stands here.
    pub(super) fn boost(&mut self) -> Option<f32> {
        let caret = self.accept(TokenKind::Caret)?.span;
        let Some(number) = self.accept(TokenKind::Number) else {
            self.error(SyntaxErrorKind::BadBoost, caret);
            return None;
        };
        let boost = self.text(number.span).parse().ok().filter(|boost: &f32| boost.is_finite());
        if boost.is_none() {
            self.error(SyntaxErrorKind::BadBoost, number.span);
        }
        boost
    }

    /// Says what is wrong where an operand should stand, and steps over what cannot be one.
    fn missing_operand(&mut self, lead: Lead, field: Option<(String, Span)>) {
        let next = self.peek();
        if let Some((name, span)) = field {
            let kind = SyntaxErrorKind::MissingValue(name);
            let error = match self.signed_value() {
                Some(help) => SyntaxError::with_help(kind, span, help),
                None => SyntaxError::new(kind, span),
            };
            return self.errors.push(error);
        }
        match next {
            TokenKind::Colon => self.stray(SyntaxErrorKind::StrayColon),
            TokenKind::Caret | TokenKind::Tilde => {
                let suffix = self.text(self.span())[..1].to_owned();
                self.stray(SyntaxErrorKind::StraySuffix(suffix));
                self.accept(TokenKind::Number);
            }
            // Only operators are left, and what stood before them lacks its operand.
            _ => match lead.operator {
                Some(operator) => self.operator_error(SyntaxErrorKind::MissingOperand, operator),
                None => self.stray(SyntaxErrorKind::NoClause),
            },
        }
    }

    /// The cure where a sign stands in front of a value: `voting:-1`.
    fn signed_value(&self) -> Option<String> {
        let (sign, value) = (self.tokens.get(self.at)?, self.tokens.get(self.at + 1)?);
        let signed = matches!(sign.kind, TokenKind::Plus | TokenKind::Minus | TokenKind::Not)
            && value.kind == TokenKind::Term
            && sign.span.end == value.span.start;
        signed.then(|| format!("quote the value: `\"{}\"`", self.text(sign.span.to(value.span))))
    }

    /// An error that names the operator at its place.
    fn operator_error(&mut self, kind: fn(String) -> SyntaxErrorKind, span: Span) {
        self.error(kind(self.text(span).trim_end().to_owned()), span);
    }

    fn stray(&mut self, kind: SyntaxErrorKind) {
        let span = self.next().span;
        self.error(kind, span);
    }
}

impl Lead {
    fn clause(self, node: Node, end: usize) -> Clause {
        let Lead { conjunction, modifier, start, .. } = self;
        Clause { conjunction, modifier, node, span: Span::new(start, end) }
    }
}

/// True for a token that a value can begin with.
fn begins_value(kind: TokenKind) -> bool {
    use TokenKind::*;
    match kind {
        BareOperator | Star | Quoted | Term | Prefix | Wildcard | Regex | RangeStart | Invalid => {
            true
        }
        And | Or | Not | Plus | Minus | LeftParen | RightParen | Colon | Caret | Tilde | Number
        | RangeTo | RangeQuoted | RangeGoop | RangeEnd | End => false,
    }
}
