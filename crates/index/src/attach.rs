//! Known bugs, attached to runs.

use std::collections::HashSet;

use recheck_core::{
    BoundBool, BoundQuery, Fingerprint, Known, ResultClass, Schema, TestIds, Verdict, means_test,
};

use crate::{
    ask::ask,
    error::IndexError,
    event::RunKey,
    history::{History, HitFact, KnownRun, Question},
    index::{Index, Place},
    run::Scanned,
};

/// A run and the known bugs in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The run.
    pub run: KnownRun,
    /// What is said of it.
    pub verdict: Verdict,
    /// The bugs that count, those with the most hits first; general ones only where nothing specific
    /// hit.
    pub bugs: Vec<AttachedBug>,
}

/// A known bug in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedBug {
    /// The fingerprint's place.
    pub fingerprint: u32,
    /// Number of events that match.
    pub hits: u64,
    /// The first of them.
    pub first: Place,
    /// What is known of the fingerprint's `test_ids`.
    pub test_ids: Option<TestIds>,
}

/// Runs all fingerprints over the events of these runs, and records what they found in the history.
///
/// What hit is recorded as it is; whether it counts (the run votes, one of the fingerprint's tests
/// failed, nothing more specific hit) decides what is attached.
///
/// # Errors
///
/// When the index can't be read, or the history can't be written.
pub fn attach(
    index: &dyn Index,
    known: Known<'_>,
    mut runs: Vec<KnownRun>,
) -> Result<Vec<Attached>, IndexError> {
    let mut with_events: Vec<&mut KnownRun> =
        runs.iter_mut().filter(|known| known.events > 0).collect();
    let mut found = ask(index, known, &mut with_events)?;
    // Of a run whose events are gone, nothing new can be said: what was found holds.
    let gone: Vec<&RunKey> =
        runs.iter().filter(|known| known.events == 0).map(|known| &known.run.key).collect();
    if !gone.is_empty() {
        let questions: Vec<Question> = known.fingerprints.iter().map(Question::of).collect();
        for run in gone {
            found.insert(run.clone(), remembered(index.history(), run, &questions)?);
        }
    }
    let attached = runs.into_iter().map(|run| {
        let hits = found.remove(&run.run.key).unwrap_or_default();
        judge(run, hits, known.fingerprints)
    });
    Ok(attached.collect())
}

/// What the history has of these questions.
fn remembered(
    history: &dyn History,
    run: &RunKey,
    questions: &[Question],
) -> Result<Vec<HitFact>, IndexError> {
    let mut asked = history.facts(run)?;
    let hits = (0..).zip(questions).filter_map(|(question, asks)| {
        let (count, first) = asked.answers.remove(asks).filter(|(count, _)| *count > 0)?;
        Some(HitFact { question, count, first })
    });
    Ok(hits.collect())
}

fn judge(run: KnownRun, hits: Vec<HitFact>, fingerprints: &[Fingerprint]) -> Attached {
    let fingerprint = |bug: &AttachedBug| &fingerprints[bug.fingerprint as usize];
    let count = |hit: HitFact| count(&run, hit, fingerprints);
    let mut bugs: Vec<AttachedBug> = hits.into_iter().filter_map(count).collect();
    let specific = bugs.iter().any(|bug| !fingerprint(bug).fallback);
    if specific {
        bugs.retain(|bug| !fingerprint(bug).fallback);
    }
    bugs.sort_by(|a, b| b.hits.cmp(&a.hits).then(a.fingerprint.cmp(&b.fingerprint)));
    let verdict = if run.run.result_class() == ResultClass::Passed {
        Verdict::Passed
    } else if specific {
        Verdict::Known
    } else if !bugs.is_empty() {
        Verdict::Fallback
    } else if run.scanned != Scanned::Full {
        Verdict::Incomplete
    } else {
        Verdict::Unclassified
    };
    Attached { run, verdict, bugs }
}

/// The bug, where its hits count in this run.
fn count(run: &KnownRun, hit: HitFact, fingerprints: &[Fingerprint]) -> Option<AttachedBug> {
    let fingerprint = &fingerprints[hit.question as usize];
    if !fingerprint.allow_nonvoting && run.run.voting() == Some(false) {
        return None;
    }
    let test_ids = check_tests(run, fingerprint)?;
    let HitFact { question, count, first } = hit;
    Some(AttachedBug { fingerprint: question, hits: count, first, test_ids })
}

/// What is known of a fingerprint's `test_ids` in a run; nothing where a hit does not count, as none
/// of them failed.
pub(crate) fn check_tests(run: &KnownRun, fingerprint: &Fingerprint) -> Option<Option<TestIds>> {
    match (&fingerprint.test_ids[..], &run.run.failed_tests) {
        ([], _) => Some(None),
        (_, None) => Some(Some(TestIds::NotChecked)),
        (wanted, Some(failed)) if any_means(wanted, failed) => Some(Some(TestIds::Failed)),
        _ => None,
    }
}

fn any_means(ids: &[String], failed: &[String]) -> bool {
    ids.iter().any(|id| failed.iter().any(|name| means_test(id, name)))
}

/// The fingerprints that can't hit any event of an index with these fields, by their places: each of
/// their queries requires a field that no event has.
pub fn never_hits(fingerprints: &[Fingerprint], schema: Schema, fields: &[String]) -> Vec<u32> {
    let names: HashSet<&str> = fields.iter().map(String::as_str).collect();
    let never = |fingerprint: &Fingerprint| {
        let mut queries = fingerprint.queries.iter().map(|query| query.bind(&schema));
        !fingerprint.queries.is_empty()
            && queries.all(|bound| bound.is_ok_and(|bound| !can_match(&bound, &names)))
    };
    (0..).zip(fingerprints).filter(|(_, one)| never(one)).map(|(place, _)| place).collect()
}

/// False only where no event with these fields can match. Recursion is bounded as the query's depth
/// is.
fn can_match(query: &BoundQuery, names: &HashSet<&str>) -> bool {
    match query {
        BoundQuery::All => true,
        BoundQuery::Nothing => false,
        BoundQuery::Leaf(leaf) => names.contains(leaf.field.as_str()),
        BoundQuery::AnyField(any) => names.iter().any(|name| any.tests(name).is_some()),
        BoundQuery::Bool(BoundBool { must, should, .. }) if must.is_empty() => {
            should.is_empty() || should.iter().any(|clause| can_match(clause, names))
        }
        BoundQuery::Bool(BoundBool { must, .. }) => {
            must.iter().all(|clause| can_match(clause, names))
        }
    }
}

#[cfg(test)]
mod tests {
    use recheck_core::Query;

    use super::*;
    use crate::run::Run;

    fn run(fields: &[(&str, &str)], failed_tests: Option<&[&str]>) -> KnownRun {
        let mut run = Run::new(RunKey::first("r"));
        fields.iter().for_each(|(name, value)| run.fields.push(*name, *value));
        run.failed_tests =
            failed_tests.map(|tests| tests.iter().map(|&one| one.to_owned()).collect());
        KnownRun { run, told: true, scanned: Scanned::Full, events: 1, time: None }
    }

    fn verdict(run: KnownRun, fingerprint: Fingerprint) -> (Verdict, usize) {
        let hit = HitFact { question: 0, count: 1, first: Place::default() };
        let attached = judge(run, vec![hit], &[fingerprint]);
        (attached.verdict, attached.bugs.len())
    }

    #[test]
    fn a_hit_counts_where_it_should() {
        let plain = Fingerprint::default;
        let tests = || Fingerprint { test_ids: vec!["a".to_owned()], ..plain() };
        assert_eq!(verdict(run(&[], None), plain()), (Verdict::Known, 1));
        assert_eq!(verdict(run(&[], None), tests()), (Verdict::Known, 1), "not known is no no");
        assert_eq!(verdict(run(&[], Some(&["a", "b"])), tests()), (Verdict::Known, 1));
        assert_eq!(verdict(run(&[], Some(&["a[id-1]"])), tests()), (Verdict::Known, 1));
        assert_eq!(verdict(run(&[], Some(&["b"])), tests()), (Verdict::Unclassified, 0));
        assert_eq!(verdict(run(&[("voting", "0")], None), plain()), (Verdict::Unclassified, 0));
        let nonvoting = Fingerprint { allow_nonvoting: true, ..plain() };
        assert_eq!(verdict(run(&[("voting", "0")], None), nonvoting), (Verdict::Known, 1));
        assert_eq!(
            verdict(run(&[("build_status", "SUCCESS")], None), plain()),
            (Verdict::Passed, 1)
        );
        let general = Fingerprint { fallback: true, ..plain() };
        assert_eq!(verdict(run(&[], None), general), (Verdict::Fallback, 1));
        let partial = KnownRun { scanned: Scanned::Partial, ..run(&[("voting", "0")], None) };
        assert_eq!(verdict(partial, plain()), (Verdict::Incomplete, 0));
    }

    #[test]
    fn what_asks_for_a_missing_field_never_hits() {
        let fields = ["message".to_owned(), "build_name".to_owned()];
        let never = |text: &str| {
            let queries = vec![Query::parse(text).unwrap()];
            let fingerprint = Fingerprint { queries, ..Fingerprint::default() };
            !never_hits(&[fingerprint], Schema::Logstash, &fields).is_empty()
        };
        assert!(never("message:a AND tags:b"));
        assert!(never("tags:a OR tags:b"));
        assert!(!never("message:a OR tags:b"));
        assert!(!never("message:a AND NOT tags:b"));
        assert!(!never(r"build_\*:a"));
        assert!(!never("NOT tags:b"));
    }
}
