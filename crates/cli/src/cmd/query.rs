//! `recheck query`: the hits of one fingerprint, from all sides.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use recheck_core::{
    FieldValues, Fields, Fingerprint, Known, Matcher, Query, redact,
    render::{count, counted, escape},
};
use recheck_index::{Index, IndexedEvent, Overview, OverviewRequest, Scope, Window};
use serde::Serialize;

use crate::{
    args::{FingerprintArgs, IndexArgs, moment},
    exit::Exit,
    failure::Failure,
    fingerprints::{Fingerprints, Purpose},
    output::Output,
    place::open_index,
    settings::Settings,
};

/// What people look at first.
const FACETS: &[&str] = &[
    "build_name",
    "build_branch",
    "build_queue",
    "build_status",
    "project",
    "node_provider",
    "filename",
];
/// Characters of the longest bar.
const BAR: u64 = 40;
/// Characters of a message that are shown as text.
const MESSAGE: usize = 400;

const EXAMPLE: &str = "\
Examples:
  echo '{\"message\": \"No space left\"}' | recheck ingest --events - --index /tmp/i
  recheck query 'space AND left' --index /tmp/i

Exit codes:
  0  there are hits
  1  there are none
  2  nothing could be done, or the usage is wrong";

/// What `recheck query` takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct QueryArgs {
    /// The id of a fingerprint, or a query.
    #[arg(value_name = "FINGERPRINT|QUERY")]
    query: String,
    #[command(flatten)]
    index: IndexArgs,
    #[command(flatten)]
    fingerprints: FingerprintArgs,
    /// Only events since then: so long ago (1h, 10d), or a time. Those without a time are left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// The fields whose values are counted [default: what tells a job, a change and a place].
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    facets: Vec<String>,
    /// How many values of a field are told.
    #[arg(long, value_name = "N", default_value = "10")]
    top: usize,
    /// How many of the newest hits are shown.
    #[arg(long, value_name = "N", default_value = "3")]
    examples: usize,
    /// Show secrets as they stand in the log.
    #[arg(long)]
    no_redact: bool,
    /// How to tell.
    #[arg(long, value_enum, default_value = "text")]
    format: QueryFormat,
}

/// How hits are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum QueryFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Runs the subcommand.
///
/// # Errors
///
/// When there is no index, or what was asked is neither a fingerprint nor a query.
pub(crate) fn run(args: &QueryArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let index = open_index(&settings, &settings.index(&args.index)?)?;
    let fingerprints = [fingerprint(args, &settings, &*index, output)?];
    let (matcher, errors) = Matcher::builder().schema(index.schema()).build(&fingerprints);
    if let Some(error) = errors.first() {
        return Err(wrong(args, error.source.to_string()));
    }
    let facets = match &args.facets[..] {
        [] => FACETS.iter().map(|&field| field.to_owned()).collect(),
        given => given.to_vec(),
    };
    let window = Window { from: args.since, to: None };
    let request = OverviewRequest {
        scope: Scope { window, runs: None },
        facets,
        top: args.top,
        examples: args.examples,
    };
    let known = Known { matcher: &matcher, fingerprints: &fingerprints };
    let overview = index.overview(known, 0, &request)?;
    let told = Told { overview: &overview, facets: &request.facets, keep_secrets: args.no_redact };
    match args.format {
        QueryFormat::Text => told.text(output.out())?,
        QueryFormat::Json => told.json(output.out())?,
    }
    Ok(if overview.hits > 0 { Exit::Explained } else { Exit::Unexplained })
}

fn wrong(args: &QueryArgs, reason: String) -> Failure {
    Failure::Query { text: args.query.clone(), reason }
}

/// The fingerprint of that id, else the text as a query.
fn fingerprint(
    args: &QueryArgs,
    settings: &Settings,
    index: &dyn Index,
    output: &Output,
) -> Result<Fingerprint, Failure> {
    let place = settings.fingerprints(&args.fingerprints).fetched(output)?;
    let known = Fingerprints::load(&place, None, Purpose::of(index.schema()));
    if let Some(found) = known.list.into_iter().find(|known| known.id == args.query) {
        return Ok(found);
    }
    let query = Query::parse(&args.query).map_err(|errors| wrong(args, errors.to_string()))?;
    Ok(Fingerprint { id: args.query.clone(), queries: vec![query], ..Fingerprint::default() })
}

/// The JSON document.
#[derive(Serialize)]
struct Document<'a> {
    hits: u64,
    runs: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    facets: BTreeMap<&'a str, FacetLine<'a>>,
    histogram: HistogramLine,
    examples: Vec<Example<'a>>,
}

#[derive(Serialize)]
struct FacetLine<'a> {
    values: Vec<ValueLine<'a>>,
    others: u64,
}

#[derive(Serialize)]
struct ValueLine<'a> {
    value: &'a str,
    hits: u64,
    percentage: f64,
}

#[derive(Serialize)]
struct HistogramLine {
    step_seconds: i64,
    counts: Vec<(String, u64)>,
}

#[derive(Serialize)]
struct Example<'a> {
    id: Option<&'a str>,
    build_uuid: Option<&'a str>,
    timestamp: Option<String>,
    fields: Fields,
}

/// An overview on its way out.
struct Told<'a> {
    overview: &'a Overview,
    /// In the order they were asked for.
    facets: &'a [String],
    keep_secrets: bool,
}

impl Told<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Overview { hits, runs, first_seen, last_seen, histogram, examples, .. } = self.overview;
        let (hits_word, runs_word) = (counted(*hits, "hit"), counted(*runs, "run"));
        writeln!(out, "{hits_word} in {runs_word}")?;
        if let (Some(first), Some(last)) = (first_seen, last_seen) {
            writeln!(out, "first seen {first}, last seen {last}")?;
        }
        for field in self.facets {
            self.facet_text(field, out)?;
        }
        let most = histogram.counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if histogram.counts.len() > 1 {
            writeln!(out, "\nby time, steps of {:#}", histogram.step)?;
        }
        for (start, hits) in histogram.counts.iter().filter(|_| histogram.counts.len() > 1) {
            let bar = "#".repeat((hits * BAR).div_ceil(most.max(1)) as usize);
            writeln!(out, "  {start}  {:>8}  {bar}", count(*hits))?;
        }
        for event in examples {
            self.example_text(event, out)?;
        }
        Ok(())
    }

    fn facet_text(&self, field: &str, out: &mut dyn Write) -> io::Result<()> {
        let facet = &self.overview.facets[field];
        if facet.values.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", escape(field))?;
        for (value, hits) in &facet.values {
            let share = self.percentage(*hits);
            writeln!(out, "  {share:>5.1} %  {:>8}  {}", count(*hits), escape(&self.shown(value)))?;
        }
        if facet.others > 0 {
            writeln!(out, "           and {}", counted(facet.others, "other value"))?;
        }
        Ok(())
    }

    fn example_text(&self, event: &IndexedEvent, out: &mut dyn Write) -> io::Result<()> {
        let first = |field| event.values(field).iter().next().unwrap_or_default();
        let time = event.time.map(|time| time.to_string()).unwrap_or_default();
        let run = event.run.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = [&*time, &*run, first("filename")].join(" ");
        writeln!(out, "\n{}", escape(place.trim()))?;
        let message = self.shown(first("message"));
        let end = message.char_indices().nth(MESSAGE).map_or(message.len(), |(at, _)| at);
        writeln!(out, "  {}", escape(&message[..end]))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let overview = self.overview;
        let mut facets = BTreeMap::new();
        for (field, facet) in &overview.facets {
            let values = facet.values.iter().map(|(value, hits)| ValueLine {
                value,
                hits: *hits,
                percentage: self.percentage(*hits),
            });
            facets.insert(
                field.as_str(),
                FacetLine { values: values.collect(), others: facet.others },
            );
        }
        let counts = overview.histogram.counts.iter();
        let document = Document {
            hits: overview.hits,
            runs: overview.runs,
            first_seen: overview.first_seen.map(|time| time.to_string()),
            last_seen: overview.last_seen.map(|time| time.to_string()),
            facets,
            histogram: HistogramLine {
                step_seconds: overview.histogram.step.as_secs(),
                counts: counts.map(|(time, hits)| (time.to_string(), *hits)).collect(),
            },
            examples: overview.examples.iter().map(|event| self.example(event)).collect(),
        };
        serde_json::to_writer(&mut *out, &document).map_err(io::Error::from)?;
        writeln!(out)
    }

    fn example<'e>(&self, event: &'e IndexedEvent) -> Example<'e> {
        let mut fields = Fields::new();
        event.for_each_name(&mut |name| {
            for value in event.values(name).iter() {
                fields.push(name, self.shown(value));
            }
        });
        Example {
            id: event.id.as_deref(),
            build_uuid: event.run.as_ref().map(|run| run.build_uuid.as_str()),
            timestamp: event.time.map(|time| time.to_string()),
            fields,
        }
    }

    fn percentage(&self, hits: u64) -> f64 {
        100.0 * hits as f64 / self.overview.hits.max(1) as f64
    }

    /// A text of a log, its secrets replaced.
    fn shown(&self, text: &str) -> String {
        match self.keep_secrets {
            true => text.to_owned(),
            false => redact(text).into_owned(),
        }
    }
}
