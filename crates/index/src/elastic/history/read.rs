//! Reading the history.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Elastic, Outcome,
    row::{PackDoc, QuestionDoc, RunDoc},
    run_id,
};
use crate::{
    elastic::{LENIENT, answer::Page, client::Ask},
    embedded::cut,
    error::{IndexError, IndexErrorKind},
    event::{RunKey, Window},
    history::{
        Answer, Asked, History, HistorySize, KnownRun, Question, RunAnswers, RunFindings,
        RunSelection, SeenTimes,
    },
};

/// Documents on a page.
const PAGE: usize = 2_000;
/// Fingerprints that are told apart.
const MOST_IDS: usize = 10_000;

impl Elastic {
    /// One search in the history, which may be missing.
    fn history_page(&self, body: &Value) -> Outcome<Page> {
        let path = format!("{}/_search?{LENIENT}", self.history);
        self.client.page(Ask::post(&path, body))
    }

    /// Calls `each` with every document that meets the filters.
    fn each<T: DeserializeOwned>(
        &self,
        filters: &[Value],
        left_out: &[&str],
        each: &mut dyn FnMut(T),
    ) -> Outcome<()> {
        let body = json!({
            "query": {"bool": {"filter": filters}}, "sort": ["_doc"], "size": PAGE,
            "_source": {"excludes": left_out},
        });
        self.scroll(&self.history, &body, &mut |page| {
            for found in page {
                let Some(source) = found.source else { continue };
                each(serde_json::from_str(source.get())?);
            }
            Ok(())
        })
    }

    fn select(&self, selection: &RunSelection) -> Outcome<Vec<KnownRun>> {
        let mut filters = window(&selection.window);
        if let Some(build_uuid) = &selection.build_uuid {
            filters.push(json!({"term": {"key": cut(build_uuid)}}));
        }
        if selection.failed {
            filters.push(json!({"term": {"result": "failed"}}));
        }
        let mut runs: Vec<KnownRun> = Vec::new();
        self.each(&filters, &["hits"], &mut |run: RunDoc| runs.push(run.known()))?;
        self.add_live(selection, &mut runs)?;
        runs.sort_by(|a, b| (a.time, &a.run.key).cmp(&(b.time, &b.run.key)));
        Ok(runs)
    }

    /// What is known of these runs.
    pub(in crate::elastic) fn known_runs(&self, runs: &[RunKey]) -> Outcome<Vec<KnownRun>> {
        let mut known = Vec::new();
        for chunk in runs.chunks(PAGE) {
            let names: Vec<String> = chunk.iter().map(run_id).collect();
            let filters = [json!({"ids": {"values": names}})];
            self.each(&filters, &["hits"], &mut |run: RunDoc| known.push(run.known()))?;
        }
        Ok(known)
    }

    /// The runs that a writer left incomplete.
    pub(in crate::elastic) fn unfinished(&self) -> Outcome<Vec<RunKey>> {
        let mut runs = Vec::new();
        let filters = [json!({"term": {"unfinished": true}})];
        self.each(&filters, &["hits"], &mut |run: RunDoc| runs.push(run.run_key()))?;
        Ok(runs)
    }

    fn packs(&self) -> Outcome<HashMap<String, Vec<Question>>> {
        let mut packs = HashMap::new();
        let body = json!({
            "query": {"term": {"kind": "pack"}}, "sort": ["_doc"], "size": 100,
        });
        self.scroll(&self.history, &body, &mut |page| {
            for found in page {
                let (Some(source), Some(name)) = (found.source, found.id.strip_prefix("p:")) else {
                    continue;
                };
                let pack: PackDoc = serde_json::from_str(source.get())?;
                packs.insert(name.to_owned(), pack.questions);
            }
            Ok(())
        })?;
        Ok(packs)
    }

    fn facts_of(&self, run: &RunKey) -> Outcome<Asked> {
        let mut asked = Asked::default();
        let mut found = None;
        let filters = [json!({"ids": {"values": [run_id(run)]}})];
        self.each(&filters, &[], &mut |run: RunDoc| found = Some(run))?;
        let Some(run) = found else { return Ok(asked) };
        let packs = self.packs()?;
        for question in run.asked.iter().filter_map(|pack| packs.get(pack)).flatten() {
            asked.answers.insert(question.clone(), Default::default());
        }
        for hit in run.hits {
            // As everywhere, what was never asked has no answer.
            if let Some(answer) = asked.answers.get_mut(&hit.question) {
                *answer = (hit.count, hit.first);
            }
        }
        Ok(asked)
    }

    fn answers_of(&self, window: &Window, questions: &[Question]) -> Outcome<Vec<RunAnswers>> {
        let asked = Questions::new(questions, &self.packs()?);
        let mut answers = Vec::new();
        let left_out = ["row"];
        self.each(&self::window(window), &left_out, &mut |run: RunDoc| {
            answers.push(asked.answers(&run));
        })?;
        Ok(answers)
    }

    fn seen_of(&self) -> Outcome<BTreeMap<String, SeenTimes>> {
        let mut seen = self.seen_in(&Window::ALWAYS)?;
        for QuestionDoc { id, first_seen, .. } in self.questions()? {
            let times = seen.entry(id).or_default();
            times.first = times.first.into_iter().chain(first_seen).min();
        }
        Ok(seen)
    }

    /// All questions that were ever asked.
    pub(super) fn questions(&self) -> Outcome<Vec<QuestionDoc>> {
        let mut questions = Vec::new();
        let filters = [json!({"term": {"kind": "question"}})];
        self.each(&filters, &[], &mut |question: QuestionDoc| questions.push(question))?;
        Ok(questions)
    }

    /// The first and the last run of a window that each fingerprint hit, of those that are kept.
    pub(super) fn seen_in(&self, window: &Window) -> Outcome<BTreeMap<String, SeenTimes>> {
        let ends = json!({
            "first": {"min": {"field": "time"}}, "last": {"max": {"field": "time"}},
        });
        let ids = json!({"terms": {"field": "hit_ids", "size": MOST_IDS}, "aggs": ends});
        let query = json!({"bool": {"filter": self::window(window)}});
        let page = self.history_page(&json!({"size": 0, "query": query, "aggs": {"ids": ids}}))?;
        let ids = &page.aggregations["ids"];
        if ids["sum_other_doc_count"].as_u64().is_some_and(|others| others > 0) {
            let told = format!("the history has more than {MOST_IDS} fingerprints that hit");
            return Err(IndexErrorKind::Incomplete(told));
        }
        let time = |end: &Value| {
            let micros = end["value"].as_f64()?;
            Timestamp::from_microsecond(micros as i64).ok()
        };
        let times = |bucket: &Value| {
            let id = bucket["key"].as_str()?.to_owned();
            Some((id, SeenTimes { first: time(&bucket["first"]), last: time(&bucket["last"]) }))
        };
        Ok(ids["buckets"].as_array().into_iter().flatten().filter_map(times).collect())
    }

    fn size_of(&self) -> Outcome<HistorySize> {
        let hits = json!({"sum": {"field": "hit_count"}});
        let page = self.history_page(&json!({
            "size": 0, "track_total_hits": true, "query": {"term": {"kind": "run"}},
            "aggs": {"hits": hits},
        }))?;
        let hits = page.aggregations["hits"]["value"].as_f64().unwrap_or_default();
        Ok(HistorySize { runs: page.total(), hits: hits as u64 })
    }
}

fn window(window: &Window) -> Vec<Value> {
    let mut filters = vec![json!({"term": {"kind": "run"}})];
    for (end, time) in [("gte", window.from), ("lt", window.to)] {
        if let Some(time) = time {
            filters.push(json!({"range": {"time": {end: time.as_microsecond()}}}));
        }
    }
    filters
}

/// The questions that are asked now, and what of each set they are.
struct Questions<'q> {
    by_id: HashMap<&'q str, (u32, &'q str)>,
    packs: HashMap<String, HashSet<u32>>,
}

impl<'q> Questions<'q> {
    fn new(questions: &'q [Question], packs: &HashMap<String, Vec<Question>>) -> Questions<'q> {
        let placed = (0..).zip(questions);
        let by_id: HashMap<&str, (u32, &str)> = placed
            .map(|(place, question)| (question.id.as_str(), (place, question.digest.as_str())))
            .collect();
        let current = |question: &Question| {
            let (place, digest) = by_id.get(question.id.as_str())?;
            (*digest == question.digest).then_some(*place)
        };
        let pack = |(name, all): (&String, &Vec<Question>)| {
            (name.clone(), all.iter().filter_map(current).collect())
        };
        let packs = packs.iter().map(pack).collect();
        Questions { by_id, packs }
    }

    fn answers(&self, run: &RunDoc) -> RunAnswers {
        let packs: Vec<&HashSet<u32>> =
            run.asked.iter().filter_map(|pack| self.packs.get(pack)).collect();
        let was_asked = |place: &u32| packs.iter().any(|pack| pack.contains(place));
        let count = self.by_id.len();
        let unasked = match packs.iter().any(|pack| pack.len() == count) {
            true => Vec::new(),
            false => (0..count as u32).filter(|place| !was_asked(place)).collect(),
        };
        let mut hits: BTreeMap<u32, Answer> = BTreeMap::new();
        for hit in &run.hits {
            let Some((place, digest)) = self.by_id.get(hit.question.id.as_str()) else { continue };
            let current = *digest == hit.question.digest;
            // What the query says now goes before what it said.
            if current || !was_asked(place) {
                let answer = Answer { question: *place, count: hit.count, current };
                let kept = hits.entry(*place).or_insert(answer);
                if current {
                    *kept = answer;
                }
            }
        }
        RunAnswers { run: run.run_key(), unasked, hits: hits.into_values().collect() }
    }
}

impl History for Elastic {
    fn runs(&self, selection: &RunSelection) -> Result<Vec<KnownRun>, IndexError> {
        self.told(self.select(selection))
    }

    fn facts(&self, run: &RunKey) -> Result<Asked, IndexError> {
        self.told(self.facts_of(run))
    }

    fn answers(
        &self,
        window: &Window,
        questions: &[Question],
    ) -> Result<Vec<RunAnswers>, IndexError> {
        self.told(self.answers_of(window, questions))
    }

    fn seen(&self) -> Result<BTreeMap<String, SeenTimes>, IndexError> {
        self.told(self.seen_of())
    }

    fn record(&self, questions: &[Question], found: &[RunFindings]) -> Result<(), IndexError> {
        self.told(self.record_all(questions, found))
    }

    fn size(&self) -> Result<HistorySize, IndexError> {
        self.told(self.size_of())
    }
}
