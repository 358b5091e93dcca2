//! Drawing a [`Diagnostic`]: the line it is about, a caret, the remark, the cure.

use std::ops::Range;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::fingerprint::{Diagnostic, Excerpt, Position, Severity};

/// How much of a line, in bytes, is drawn around a label when the line is longer than
/// [`LONG_LINE`]. The renderer's own cutting costs time in the length of the line.
const AROUND: usize = 150;
/// From which length on, in bytes, a line is cut before it is drawn.
const LONG_LINE: usize = 1_000;
/// The most labels drawn together.
const MAX_LABELS: usize = 4;

/// Draws one diagnostic, for people. Ends with a newline. With `colour` it has ANSI sequences.
///
/// Whatever stands in the file, no control characters of it are drawn as such.
///
/// # Example
///
/// ```
/// use recheck_core::{Loaded, render};
/// let loaded = Loaded::from_sources([("disk.yaml", "contains: ''\n")]);
/// let drawn = render::snippet(&loaded.rejected[0].diagnostics[0], false);
/// assert!(drawn.starts_with("error[F030]: an empty `contains` would match every event\n"));
/// assert!(drawn.contains("disk.yaml:1:11"));
/// ```
pub fn snippet(diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut group = Group::with_title(title);
    match &diagnostic.excerpt {
        Some(excerpt) => {
            for part in parts(excerpt, diagnostic) {
                group = match part.cut {
                    true => group.element(origin(diagnostic)).element(part.snippet),
                    false => group.element(part.snippet.path(excerpt.name.as_str())),
                };
            }
            if excerpt.name != diagnostic.file
                && let Some(Position { line, .. }) = diagnostic.position
            {
                let place = format!("the value stands at {}:{line}", diagnostic.file);
                group = group.element(Level::NOTE.message(place));
            }
        }
        None => group = group.element(origin(diagnostic)),
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut drawn = renderer.term_width(DEFAULT_TERM_WIDTH).render(&[group]);
    drawn.push('\n');
    drawn
}

fn origin(diagnostic: &Diagnostic) -> Origin<'_> {
    let origin = Origin::path(diagnostic.file.as_str());
    match diagnostic.position {
        Some(position) => origin.line(position.line as usize).char_column(position.column as usize),
        None => origin,
    }
}

/// A piece of the excerpt with its labels.
struct Part<'d> {
    snippet: Snippet<'d, Annotation<'d>>,
    /// Its first line does not begin where the excerpt's does, so the renderer would count wrong.
    cut: bool,
}

/// The pieces to draw: one with all labels, or, where the text between them is long, one each.
fn parts<'d>(excerpt: &'d Excerpt, diagnostic: &'d Diagnostic) -> Vec<Part<'d>> {
    let text = &*excerpt.text;
    let labels: Vec<(Range<usize>, &str)> = diagnostic
        .labels
        .iter()
        .take(MAX_LABELS)
        .map(|label| (first_line(text, label.span.range()), label.text.as_str()))
        .collect();
    let start = labels.iter().map(|(range, _)| line_start(text, range.start)).min();
    let end = labels.iter().map(|(range, _)| line_end(text, range.end)).max();
    match (start, end) {
        (Some(start), Some(end)) if end - start <= LONG_LINE => {
            vec![part(text, start..end, &labels)]
        }
        _ => labels
            .iter()
            .map(|label| part(text, window(text, &label.0), std::slice::from_ref(label)))
            .collect(),
    }
}

fn part<'d>(text: &'d str, shown: Range<usize>, labels: &[(Range<usize>, &'d str)]) -> Part<'d> {
    let line = 1 + text[..shown.start].bytes().filter(|&byte| byte == b'\n').count();
    let mut snippet = Snippet::source(&text[shown.clone()]).line_start(line);
    for (index, (range, label)) in labels.iter().enumerate() {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let clamp = |offset: usize| offset.clamp(shown.start, shown.end) - shown.start;
        let annotation = kind.span(clamp(range.start)..clamp(range.end));
        let label = (!label.is_empty()).then_some(*label);
        snippet = snippet.annotation(annotation.label(label));
    }
    Part { snippet, cut: line_start(text, shown.start) != shown.start }
}

/// The part of a range that stands on its first line, on whole characters.
fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let start = boundary(text, range.start);
    let end = boundary(text, range.end).max(start);
    let end = text[start..end].find('\n').map_or(end, |newline| start + newline);
    start..end
}

/// The line around a label, or a piece of it when it is long.
fn window(text: &str, label: &Range<usize>) -> Range<usize> {
    let start = line_start(text, label.start).max(label.start.saturating_sub(AROUND));
    let end = line_end(text, label.start).min(label.start + 2 * AROUND);
    boundary(text, start)..boundary(text, end)
}

fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |newline| offset + newline)
}

/// The start of the character at or before `offset`.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
