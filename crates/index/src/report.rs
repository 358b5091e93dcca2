//! From the history to the facts that a report counts.

use std::collections::{HashMap, HashSet};

use recheck_core::{
    Known, RunMeta, TestIds,
    report::{HitFact, RunFact, Scanned, Seen},
};

use crate::{
    ask::ask,
    attach::check_tests,
    error::IndexError,
    event::{RunKey, Window},
    history::{KnownRun, Question, RunAnswers, RunSelection, SeenTimes},
    index::Index,
    run,
};

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The runs of the window.
    pub runs: Vec<RunFact>,
    /// For each fingerprint when it was seen.
    pub seen: Vec<Seen>,
}

/// The runs of a window with what hit them, and the later ones without: they tell how reruns ended. A
/// fingerprint that is new, or whose query was changed, is first run over the events that the index
/// still holds of the window's runs, and what it finds is recorded: so a report says the same when
/// they are gone.
///
/// # Errors
///
/// When the index can't be read, or the history can't be read or written.
pub fn facts(index: &dyn Index, known: Known<'_>, window: Window) -> Result<Facts, IndexError> {
    let questions: Vec<Question> = known.fingerprints.iter().map(Question::of).collect();
    let history = index.history();
    let and_later = Window { to: None, ..window };
    let mut runs = history.runs(&RunSelection { window: and_later, ..RunSelection::default() })?;
    let mut answers = history.answers(&window, &questions)?;
    if ask_again(index, known, (&mut runs, &answers))? {
        answers = history.answers(&window, &questions)?;
    }
    let mut answers: HashMap<RunKey, RunAnswers> =
        answers.into_iter().map(|answers| (answers.run.clone(), answers)).collect();
    let fact = |run: KnownRun| {
        let answers = answers.remove(&run.run.key);
        fact(run, answers, known)
    };
    let runs = runs.into_iter().filter_map(fact).collect();
    let seen = history.seen()?;
    let times = |question: &Question| seen.get(&question.id).copied().unwrap_or_default();
    let seen = |SeenTimes { first, last }| Seen { first, last };
    Ok(Facts { runs, seen: questions.iter().map(times).map(seen).collect() })
}

/// Asks the runs that have events what they were not asked yet. True when there were some.
fn ask_again(
    index: &dyn Index,
    known: Known<'_>,
    (runs, answers): (&mut [KnownRun], &[RunAnswers]),
) -> Result<bool, IndexError> {
    let unasked = answers.iter().filter(|answers| !answers.unasked.is_empty());
    let behind: HashSet<&RunKey> = unasked.map(|answers| &answers.run).collect();
    let mut behind: Vec<&mut KnownRun> =
        runs.iter_mut().filter(|run| run.events > 0 && behind.contains(&run.run.key)).collect();
    if !behind.is_empty() {
        ask(index, known, &mut behind)?;
    }
    Ok(!behind.is_empty())
}

/// A run as reports have it; nothing for one without any time.
fn fact(run: KnownRun, answers: Option<RunAnswers>, known: Known<'_>) -> Option<RunFact> {
    let time = run.time?;
    let hits = answers.map(|answers| answers.hits).unwrap_or_default();
    let hits = hits.into_iter().filter_map(|answer| {
        let test_ids = check_tests(&run, &known.fingerprints[answer.question as usize])?;
        Some(HitFact {
            fingerprint: answer.question,
            events: answer.count,
            current: answer.current,
            checked: test_ids != Some(TestIds::NotChecked),
        })
    });
    let hits = hits.collect();
    let mut meta = RunMeta::new();
    for (name, values) in run.run.fields.iter() {
        values.iter().for_each(|value| meta.push(name, value));
    }
    if meta.get("build_uuid").is_none() {
        meta.set("build_uuid", &run.run.key.build_uuid);
    }
    let scanned = match run.scanned {
        run::Scanned::Full => Scanned::Full,
        run::Scanned::Partial => Scanned::Partial,
        run::Scanned::None => Scanned::None,
    };
    Some(RunFact { is_final: run.run.is_final(), meta, time, scanned, hits })
}
