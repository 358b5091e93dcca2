//! `recheck match`: fingerprints on exported documents, the query alone.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use recheck_core::{Document, Event, Narrowed, Schema, Scratch};
use serde::Serialize;

use crate::{
    args::FingerprintArgs,
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    settings::Settings,
};

/// Bytes of documents read before they are evaluated: enough for all threads.
const BATCH: usize = 4 * 1024 * 1024;
/// Documents a thread takes at a time.
const CHUNK: usize = 64;
/// A line with more bytes than this is no document.
const MAX_LINE: u64 = 64 * 1024 * 1024;

const EXAMPLE: &str = "\
Example:
  echo '{\"id\": 1, \"message\": \"No space left on device\"}' | recheck match --events -

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
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Which fields are analysed.
    #[arg(long, value_enum, default_value = "logstash")]
    schema: SchemaArg,
    /// How to tell the hits.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: MatchFormat,
}

/// Which fields are analysed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaArg {
    /// `message` is text, every other field is compared whole.
    Logstash,
    /// Every field is text.
    Dynamic,
}

/// How hits are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum MatchFormat {
    /// One JSON object a line for each fingerprint file, sorted by id.
    Jsonl,
}

impl From<SchemaArg> for Schema {
    fn from(schema: SchemaArg) -> Schema {
        match schema {
            SchemaArg::Logstash => Schema::Logstash,
            SchemaArg::Dynamic => Schema::Dynamic,
        }
    }
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
    let purpose = Purpose { schema: args.schema.into(), ..Purpose::default() };
    let fingerprints = Fingerprints::load(&place, None, purpose);
    // A place without files gives no line of its own.
    let (files, places): (Vec<_>, Vec<_>) =
        fingerprints.rejected.iter().partition(|error| error.id.is_some());
    let told = places.iter().flat_map(|place| &place.diagnostics);
    told.for_each(|diagnostic| output.diagnostic(diagnostic));
    if files.is_empty() && fingerprints.uncompiled.is_empty() {
        fingerprints.some(&place)?;
    }
    let unreadable = |source| Failure::Events { path: args.events.clone(), source };
    let mut reader = open(&args.events).map_err(unreadable)?;
    let name = args.events.display().to_string();
    let answers = evaluate(&fingerprints, &mut reader, &name, output).map_err(unreadable)?;

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

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok(Box::new(BufReader::with_capacity(256 * 1024, file)))
}

/// Reads and evaluates batch by batch, so that memory does not grow with the file but for its ids.
fn evaluate(
    fingerprints: &Fingerprints,
    reader: &mut dyn BufRead,
    name: &str,
    output: &Output,
) -> io::Result<Answers> {
    let narrowed = fingerprints.matcher.narrow_nothing();
    let mut answers = Answers::default();
    answers.hits.resize_with(fingerprints.list.len(), Vec::new);
    let mut lines = Lines { reader, number: 0 };
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
            answers.add(result, name, output);
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
    let answer = line.text.as_ref().map_err(Clone::clone).and_then(|text| {
        let document = document(text)?;
        let mut hits = Vec::new();
        let event = Event { fields: &document.fields, raw: None };
        fingerprints.matcher.matches_event(narrowed, event, scratch, &mut hits);
        Ok((document.id, hits))
    });
    Evaluated { line: line.number, answer }
}

/// Reads a line, or tells why it is no document, with the column where that has one.
fn document(text: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(text)
        .map_err(|error| format!("{}: this is not UTF-8", error.valid_up_to() + 1))?;
    Document::from_json_line(text).map_err(|error| match error.column {
        Some(column) => format!("{column}: {error}"),
        None => format!(" {error}"),
    })
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

/// A line that is not blank, without its end.
struct InputLine {
    number: u64,
    text: Result<Vec<u8>, String>,
}

struct Lines<'a> {
    reader: &'a mut dyn BufRead,
    number: u64,
}

impl Lines<'_> {
    /// The next lines, [`BATCH`] bytes of them; none at the end.
    fn batch(&mut self) -> io::Result<Vec<InputLine>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < BATCH {
            let mut text = Vec::new();
            let read = (&mut *self.reader).take(MAX_LINE).read_until(b'\n', &mut text)?;
            if read == 0 {
                break;
            }
            self.number += 1;
            bytes += read;
            let text = if text.last() != Some(&b'\n') && read as u64 == MAX_LINE {
                self.reader.skip_until(b'\n')?;
                Err(format!(" the line is longer than {MAX_LINE} bytes and was left out"))
            } else {
                text.truncate(text.trim_ascii_end().len());
                Ok(text)
            };
            if text.as_ref().map_or(true, |text| !text.is_empty()) {
                batch.push(InputLine { number: self.number, text });
            }
        }
        Ok(batch)
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
