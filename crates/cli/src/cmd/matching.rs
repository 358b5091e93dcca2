//! `recheck match`: fingerprints on documents, exported or in an index, the query alone.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use recheck_core::{Event, Narrowed, Scratch};
use recheck_index::{Index, Scope};
use serde::Serialize;

use crate::{
    args::{FingerprintArgs, SchemaArg},
    documents::{InputLine, Lines},
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    place::open_index,
    settings::Settings,
};

/// Documents a thread takes at a time.
const CHUNK: usize = 64;

const EXAMPLE: &str = "\
Examples:
  echo '{\"id\": 1, \"message\": \"No space left on device\"}' | recheck match --events -
  echo '{\"id\": 1, \"message\": \"boom\"}' | recheck ingest --events - --index /tmp/i
  recheck match --index /tmp/i

Exit codes:
  0  every fingerprint and every document could be evaluated
  1  a fingerprint or a document was in error
  2  nothing could be done, or the usage is wrong";

/// What `recheck match` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct MatchArgs {
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// Documents, one JSON object a line: flat, or an Elasticsearch hit with `_source`; `-` for
    /// standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "index")]
    events: Option<PathBuf>,
    /// All documents of an index, a directory or an address, in place of a file.
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["events", "schema"])]
    index: Option<PathBuf>,
    /// Which fields are analysed [default: logstash]; an index has a schema of its own.
    #[arg(long, value_enum)]
    schema: Option<SchemaArg>,
    /// How to tell the hits.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: MatchFormat,
}

/// How hits are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum MatchFormat {
    /// One JSON object a line for each fingerprint file, sorted by id.
    Jsonl,
}

/// One line of output.
#[derive(Serialize)]
struct Line<'a> {
    fingerprint: &'a str,
    error: Option<String>,
    hits: Vec<&'a DocumentId>,
}

/// What a document is called.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum DocumentId {
    /// Its `id` or `_id`.
    Named(String),
    /// Its line, from 1.
    Line(u64),
}

/// What evaluating gave.
#[derive(Default)]
struct Answers {
    documents: Vec<DocumentId>,
    /// By fingerprint, the places of the documents that match.
    hits: Vec<Vec<u32>>,
    /// Lines that are no documents.
    errors: u64,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When no fingerprint works, the documents can't be read, or the output can't be written.
pub(crate) fn run(args: &MatchArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let place = settings.fingerprints(&args.fingerprints).fetched(output)?;
    let index = args.index.as_deref().map(|place| open_index(&settings, place)).transpose()?;
    let schema = match &index {
        Some(index) => index.schema(),
        None => args.schema.unwrap_or_default().into(),
    };
    let fingerprints = Fingerprints::load(&place, None, Purpose::of(schema));
    // A place without files gives no line of its own.
    let (files, places): (Vec<_>, Vec<_>) =
        fingerprints.rejected.iter().partition(|error| error.id.is_some());
    let told = places.iter().flat_map(|place| &place.diagnostics);
    told.for_each(|diagnostic| output.diagnostic(diagnostic));
    if files.is_empty() && fingerprints.uncompiled.is_empty() {
        fingerprints.some(&place)?;
    }
    let answers = match (&index, &args.events) {
        (Some(index), _) => ask(&fingerprints, &**index)?,
        (None, Some(path)) => evaluate(&fingerprints, path, output)
            .map_err(|source| Failure::Events { path: path.clone(), source })?,
        (None, None) => Answers::default(),
    };

    let MatchFormat::Jsonl = args.format;
    let lines = lines(&fingerprints, &answers);
    for line in &lines {
        serde_json::to_writer(output.out(), line).map_err(io::Error::from)?;
        writeln!(output.out())?;
    }
    let clean = answers.errors == 0
        && fingerprints.rejected.is_empty()
        && fingerprints.uncompiled.is_empty();
    Ok(if clean { Exit::Explained } else { Exit::Unexplained })
}

/// Has an index answer.
fn ask(fingerprints: &Fingerprints, index: &dyn Index) -> Result<Answers, Failure> {
    let mut answers = Answers::default();
    answers.hits.resize_with(fingerprints.list.len(), Vec::new);
    let mut places = HashMap::new();
    index.hits(fingerprints.known(), &Scope::default(), &mut |hit| {
        let place = *places.entry((hit.run.clone(), hit.id.clone())).or_insert_with(|| {
            answers.documents.push(DocumentId::Named(hit.id.clone()));
            answers.documents.len() as u32 - 1
        });
        answers.hits[hit.fingerprint as usize].push(place);
    })?;
    Ok(answers)
}

/// Reads and evaluates batch by batch, so that memory does not grow with the file but for its ids.
fn evaluate(fingerprints: &Fingerprints, path: &Path, output: &Output) -> io::Result<Answers> {
    let mut lines = Lines::open(path)?;
    let name = path.display().to_string();
    let narrowed = fingerprints.matcher.narrow_nothing();
    let mut answers = Answers::default();
    answers.hits.resize_with(fingerprints.list.len(), Vec::new);
    loop {
        let batch = lines.batch()?;
        if batch.is_empty() {
            return Ok(answers);
        }
        let evaluated: Vec<Vec<Evaluated>> = batch
            .par_chunks(CHUNK)
            .map_init(
                || fingerprints.matcher.scratch(),
                |scratch, chunk| {
                    let one = |line| one(fingerprints, &narrowed, line, scratch);
                    chunk.iter().map(one).collect()
                },
            )
            .collect();
        for result in evaluated.into_iter().flatten() {
            answers.add(result, &name, output);
        }
    }
}

/// One document's answer, or why it is none.
struct Evaluated {
    line: u64,
    answer: Result<(Option<String>, Vec<u32>), String>,
}

fn one(
    fingerprints: &Fingerprints,
    narrowed: &Narrowed,
    line: &InputLine,
    scratch: &mut Scratch,
) -> Evaluated {
    let answer = line.document().map(|document| {
        let mut hits = Vec::new();
        let event = Event { fields: &document.fields, raw: None };
        fingerprints.matcher.matches_event(narrowed, event, scratch, &mut hits);
        (document.id, hits)
    });
    Evaluated { line: line.number, answer }
}

impl Answers {
    fn add(&mut self, result: Evaluated, name: &str, output: &Output) {
        match result.answer {
            Ok((id, hits)) => {
                // Hits are kept by place: four bytes each, however long the ids are.
                let place = self.documents.len() as u32;
                let unnamed = DocumentId::Line(result.line);
                self.documents.push(id.map_or(unnamed, DocumentId::Named));
                for hit in hits {
                    self.hits[hit as usize].push(place);
                }
            }
            Err(reason) => {
                self.errors += 1;
                output.say(&format!("error: {name}:{}:{reason}", result.line));
            }
        }
    }
}

/// The output: a line for each file, sorted by id.
fn lines<'a>(fingerprints: &'a Fingerprints, answers: &'a Answers) -> Vec<Line<'a>> {
    let uncompiled = |id: &str| {
        let found = fingerprints.uncompiled.iter().find(|(name, _)| name == id);
        found.map(|(_, reason)| reason.clone())
    };
    let mut lines: Vec<_> = fingerprints
        .list
        .iter()
        .zip(&answers.hits)
        .map(|(fingerprint, hits)| Line {
            fingerprint: &fingerprint.id,
            error: uncompiled(&fingerprint.id),
            hits: hits.iter().map(|place| &answers.documents[*place as usize]).collect(),
        })
        .collect();
    for error in &fingerprints.rejected {
        let Some(id) = &error.id else { continue };
        let told: Vec<_> = error.diagnostics.iter().map(ToString::to_string).collect();
        lines.push(Line { fingerprint: id, error: Some(told.join("; ")), hits: Vec::new() });
    }
    lines.sort_by(|a, b| a.fingerprint.cmp(b.fingerprint));
    lines
}
