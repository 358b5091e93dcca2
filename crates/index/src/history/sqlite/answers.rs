//! What the runs of a window were asked and answered, all in one go: what reports read.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::Connection;

use super::{Outcome, Sqlite, conditions::Conditions, time_of};
use crate::{
    event::{RunKey, Window},
    history::{Answer, Question, RunAnswers, SeenTimes},
};

/// The row of a run, and of a fingerprint, in the tables.
type RunRow = i64;
type QuestionRow = i64;

impl Sqlite {
    /// See [`History::answers`](crate::History::answers).
    pub(in crate::history) fn answers(
        &self,
        window: &Window,
        questions: &[Question],
    ) -> Outcome<Vec<RunAnswers>> {
        let connection = self.connection();
        let rows = Rows::read(&connection, questions)?;
        let asked = asked(&connection, window)?;
        let mut found = found(&connection, window, &rows)?;
        let conditions = Conditions::within(window);
        let mut statement = connection.prepare_cached(&format!(
            "SELECT run, build_uuid, attempt FROM runs r WHERE {}",
            conditions.sql()
        ))?;
        let mut runs = statement.query(conditions.params().as_slice())?;
        let mut answers = Vec::new();
        while let Some(row) = runs.next()? {
            let run: RunRow = row.get(0)?;
            let key = RunKey { build_uuid: row.get(1)?, attempt: row.get(2)? };
            let packs = asked.get(&run).map_or(&[][..], Vec::as_slice);
            let found = found.remove(&run).unwrap_or_default();
            answers.push(rows.answers(key, packs, &found));
        }
        Ok(answers)
    }

    /// See [`History::seen`](crate::History::seen).
    pub(in crate::history) fn seen(&self) -> Outcome<BTreeMap<String, SeenTimes>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT f.id, min(f.first_seen), min(r.time), max(r.time)
             FROM fingerprints f
                LEFT JOIN hits h ON h.fingerprint = f.fingerprint
                LEFT JOIN runs r ON r.run = h.run
             GROUP BY f.id",
        )?;
        let mut rows = statement.query([])?;
        let mut seen = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let first = [time_of(row.get(1)?), time_of(row.get(2)?)].into_iter().flatten().min();
            let times = SeenTimes { first, last: time_of(row.get(3)?) };
            seen.insert(row.get(0)?, times);
        }
        Ok(seen)
    }
}

/// The questions of the tables, seen from those that are asked now.
struct Rows {
    /// The place of a question among those of now; `None` for one of these fingerprints as it was
    /// before its query was changed.
    places: HashMap<QuestionRow, (u32, bool)>,
    /// The questions of each pack, as far as they are asked now.
    packs: HashMap<i64, HashSet<u32>>,
    count: usize,
}

impl Rows {
    fn read(connection: &Connection, questions: &[Question]) -> Outcome<Rows> {
        let mut by_id: HashMap<&str, (u32, &str)> = HashMap::new();
        for (place, question) in (0..).zip(questions) {
            by_id.insert(&question.id, (place, &question.digest));
        }
        let mut places = HashMap::new();
        let mut statement =
            connection.prepare_cached("SELECT fingerprint, id, digest FROM fingerprints")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, digest): (String, String) = (row.get(1)?, row.get(2)?);
            if let Some((place, current)) = by_id.get(id.as_str()) {
                places.insert(row.get(0)?, (*place, *current == digest));
            }
        }
        let mut packs: HashMap<i64, HashSet<u32>> = HashMap::new();
        let mut statement =
            connection.prepare_cached("SELECT pack, fingerprint FROM pack_fingerprints")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some((place, true)) = places.get(&row.get::<_, QuestionRow>(1)?) {
                packs.entry(row.get(0)?).or_default().insert(*place);
            }
        }
        Ok(Rows { places, packs, count: questions.len() })
    }

    fn answers(&self, run: RunKey, packs: &[i64], found: &[(QuestionRow, u64)]) -> RunAnswers {
        let asked: Vec<&HashSet<u32>> =
            packs.iter().filter_map(|pack| self.packs.get(pack)).collect();
        let was_asked = |place: u32| asked.iter().any(|pack| pack.contains(&place));
        let is_whole = asked.iter().any(|pack| pack.len() == self.count);
        let unasked = match is_whole {
            true => Vec::new(),
            false => (0..self.count as u32).filter(|place| !was_asked(*place)).collect(),
        };
        let mut hits: BTreeMap<u32, Answer> = BTreeMap::new();
        for (question, count) in found {
            let Some((place, current)) = self.places.get(question) else { continue };
            // What the query says now goes before what it said.
            if *current || !was_asked(*place) {
                let answer = Answer { question: *place, count: *count, current: *current };
                let kept = hits.entry(*place).or_insert(answer);
                if *current {
                    *kept = answer;
                }
            }
        }
        RunAnswers { run, unasked, hits: hits.into_values().collect() }
    }
}

/// The packs that each run of a window was asked.
fn asked(connection: &Connection, window: &Window) -> Outcome<HashMap<RunRow, Vec<i64>>> {
    let conditions = Conditions::within(window);
    // From the runs to what they were asked: the other way looks at all history.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT a.run, a.pack FROM runs r CROSS JOIN asked a ON a.run = r.run WHERE {}",
        conditions.sql()
    ))?;
    let mut rows = statement.query(conditions.params().as_slice())?;
    let mut asked: HashMap<RunRow, Vec<i64>> = HashMap::new();
    while let Some(row) = rows.next()? {
        asked.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(asked)
}

/// The hits of each run of a window.
fn found(
    connection: &Connection,
    window: &Window,
    known: &Rows,
) -> Outcome<HashMap<RunRow, Vec<(QuestionRow, u64)>>> {
    let conditions = Conditions::within(window);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT h.run, h.fingerprint, h.count FROM runs r CROSS JOIN hits h ON h.run = r.run
         WHERE {}",
        conditions.sql()
    ))?;
    let mut rows = statement.query(conditions.params().as_slice())?;
    let mut found: HashMap<RunRow, Vec<(QuestionRow, u64)>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let question: QuestionRow = row.get(1)?;
        if known.places.contains_key(&question) {
            let count: i64 = row.get(2)?;
            found.entry(row.get(0)?).or_default().push((question, count.cast_unsigned()));
        }
    }
    Ok(found)
}
