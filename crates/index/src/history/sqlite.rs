//! The history in SQLite: a file that people can query, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, named_params,
    params,
};
use sha2::{Digest, Sha256};

use self::conditions::Conditions;
use super::{
    Asked, Batch, History, HistorySize, HitFact, KnownRun, Question, RunAnswers, RunFacts,
    RunFindings, RunRow, RunSelection, SeenTimes, fields_of, result_word,
};
use crate::{
    error::{IndexError, IndexErrorKind},
    event::{RunKey, Window},
    index::Place,
    run::{Run, Scanned},
};

mod answers;
mod conditions;

/// The version of the schema, in `PRAGMA user_version`.
const FORMAT: u64 = 1;

/// How long a statement waits for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, IndexErrorKind>;

/// The history in a file.
pub(crate) struct Sqlite {
    connection: Mutex<Connection>,
    place: String,
}

impl Sqlite {
    /// Opens the file; makes it where it is missing and `create` says so.
    pub(crate) fn open(path: &Path, create: bool) -> Outcome<Sqlite> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A staged batch must be on the disk before the events that belong to it.
        connection.pragma_update(None, "synchronous", "FULL")?;
        if create {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            make(&mut connection)?;
        }
        let found = version(&connection)?;
        if found != FORMAT {
            return Err(IndexErrorKind::OtherFormat { found, wanted: FORMAT });
        }
        let place = path.display().to_string();
        Ok(Sqlite { connection: Mutex::new(connection), place })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted was rolled back when it was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transact<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Outcome<T>) -> Outcome<T> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = work(&transaction)?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// Keeps the facts of a batch aside until the event index has committed it.
    pub(crate) fn stage(&self, batch: &str, facts: &Batch) -> Outcome<()> {
        let facts = serde_json::to_string(facts)?;
        self.transact(|transaction| {
            transaction.execute("DELETE FROM staged", [])?;
            transaction
                .execute("INSERT INTO staged (batch, facts) VALUES (?1, ?2)", [batch, &facts])?;
            Ok(())
        })
    }

    /// Puts the staged facts among the others if they belong to `committed`, the batch that the
    /// event index holds; drops them otherwise. True where there were some to put.
    pub(crate) fn settle(&self, committed: Option<&str>) -> Outcome<bool> {
        self.transact(|transaction| {
            let staged: Option<(String, String)> = transaction
                .query_row("SELECT batch, facts FROM staged", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((batch, facts)) = staged else { return Ok(false) };
            let wanted = committed == Some(batch.as_str());
            if wanted {
                Facts(transaction).apply(&serde_json::from_str(&facts)?)?;
            }
            transaction.execute("DELETE FROM staged", [])?;
            Ok(wanted)
        })
    }

    /// The batch that is staged, if any.
    pub(crate) fn staged(&self) -> Outcome<Option<String>> {
        let connection = self.connection();
        let batch = connection.query_row("SELECT batch FROM staged", [], |row| row.get(0));
        Ok(batch.optional()?)
    }

    /// The attempts that are known of a run, the last one first, each with its fields.
    pub(crate) fn attempts(&self, build_uuid: &str) -> Outcome<Vec<KnownRun>> {
        let selection =
            RunSelection { build_uuid: Some(build_uuid.to_owned()), ..RunSelection::default() };
        let mut runs = self.select(&selection)?;
        runs.sort_by_key(|run| std::cmp::Reverse(run.run.key.attempt));
        Ok(runs)
    }

    /// Events of these runs are about to go: of what may be left nothing more is asked, as it is not
    /// all.
    pub(crate) fn events_gone(&self, runs: &BTreeSet<RunKey>) -> Outcome<()> {
        self.transact(|transaction| {
            let mut update = transaction.prepare_cached(
                "UPDATE runs SET events = 0 WHERE build_uuid = ?1 AND attempt = ?2",
            )?;
            for run in runs {
                update.execute(params![run.build_uuid, run.attempt])?;
            }
            Ok(())
        })
    }

    /// Removes the runs before a moment, and keeps when each fingerprint first hit one; returns their
    /// number.
    pub(crate) fn prune(&self, before: Timestamp) -> Outcome<u64> {
        let before = stamp(before);
        self.transact(|transaction| {
            transaction.execute(
                "UPDATE fingerprints SET first_seen = gone.first
                 FROM (SELECT h.fingerprint AS question, min(r.time) AS first
                    FROM hits h JOIN runs r ON r.run = h.run
                    WHERE r.time < ?1 GROUP BY h.fingerprint) AS gone
                 WHERE fingerprint = gone.question
                    AND (first_seen IS NULL OR first_seen > gone.first)",
                [&before],
            )?;
            let pruned = transaction.execute("DELETE FROM runs WHERE time < ?1", [&before])?;
            transaction
                .execute("DELETE FROM packs WHERE pack NOT IN (SELECT pack FROM asked)", [])?;
            Ok(pruned as u64)
        })
    }

    fn select(&self, selection: &RunSelection) -> Outcome<Vec<KnownRun>> {
        let conditions = Conditions::of(selection);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT run, build_uuid, attempt, fields, start_time, end_time, scanned, scanned_told,
                events, told, tests_known, time
             FROM runs r WHERE {} ORDER BY time, build_uuid, attempt",
            conditions.sql()
        ))?;
        let mut rows = statement.query(conditions.params().as_slice())?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            let mut known = known_run(row)?;
            if row.get("tests_known")? {
                known.run.failed_tests = Some(failed_tests(&connection, row.get("run")?)?);
            }
            runs.push(known);
        }
        Ok(runs)
    }
}

impl History for Sqlite {
    fn runs(&self, selection: &RunSelection) -> Result<Vec<KnownRun>, IndexError> {
        self.select(selection).map_err(|kind| kind.at(&self.place))
    }

    fn facts(&self, run: &RunKey) -> Result<Asked, IndexError> {
        const SQL: &str = "SELECT DISTINCT f.id, f.digest, h.count, h.file, h.line, h.event, h.time
            FROM runs r JOIN asked a ON a.run = r.run
                JOIN pack_fingerprints p ON p.pack = a.pack
                JOIN fingerprints f ON f.fingerprint = p.fingerprint
                LEFT JOIN hits h ON h.run = r.run AND h.fingerprint = f.fingerprint
            WHERE r.build_uuid = ?1 AND r.attempt = ?2";
        let read = || -> Outcome<Asked> {
            let connection = self.connection();
            let mut statement = connection.prepare_cached(SQL)?;
            let mut rows = statement.query(params![run.build_uuid, run.attempt])?;
            let mut asked = Asked::default();
            while let Some(row) = rows.next()? {
                let question = Question { id: row.get(0)?, digest: row.get(1)? };
                let place = Place {
                    file: row.get(3)?,
                    line: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                    event: row.get(5)?,
                    time: time_of(row.get(6)?),
                };
                let count: Option<i64> = row.get(2)?;
                asked.answers.insert(question, (count.unwrap_or(0).cast_unsigned(), place));
            }
            Ok(asked)
        };
        read().map_err(|kind| kind.at(&self.place))
    }

    fn answers(
        &self,
        window: &Window,
        questions: &[Question],
    ) -> Result<Vec<RunAnswers>, IndexError> {
        Sqlite::answers(self, window, questions).map_err(|kind| kind.at(&self.place))
    }

    fn seen(&self) -> Result<BTreeMap<String, SeenTimes>, IndexError> {
        Sqlite::seen(self).map_err(|kind| kind.at(&self.place))
    }

    fn record(&self, questions: &[Question], found: &[RunFindings]) -> Result<(), IndexError> {
        let write = |transaction: &Transaction<'_>| -> Outcome<()> {
            let is_writing: bool =
                transaction
                    .query_row("SELECT EXISTS (SELECT 1 FROM staged)", [], |row| row.get(0))?;
            if is_writing {
                // What was found may be of events whose own facts are just coming. The runs stay
                // unasked, and are asked the next time.
                return Ok(());
            }
            let facts = Facts(transaction);
            let ids = facts.questions(questions)?;
            let pack = facts.pack(questions, &ids)?;
            for RunFindings { run, hits, failed_tests } in found {
                let Some(run) = facts.run(&run.build_uuid, run.attempt)? else { continue };
                facts.forget(run, &ids)?;
                facts.asked(run, pack)?;
                facts.hits(run, hits, &ids)?;
                if let Some(tests) = failed_tests {
                    facts.failed_tests(run, tests)?;
                }
            }
            Ok(())
        };
        self.transact(write).map_err(|kind| kind.at(&self.place))
    }

    fn size(&self) -> Result<HistorySize, IndexError> {
        let count = |sql: &str| -> Outcome<u64> {
            Ok(self.connection().query_row(sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
        };
        let size = || -> Outcome<HistorySize> {
            Ok(HistorySize {
                runs: count("SELECT count(*) FROM runs")?,
                hits: count("SELECT count(*) FROM hits")?,
            })
        };
        size().map_err(|kind| kind.at(&self.place))
    }
}

fn version(connection: &Connection) -> Outcome<u64> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version.cast_unsigned())
}

/// Makes the tables, all or none.
fn make(connection: &mut Connection) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? == 0 {
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "user_version", FORMAT.cast_signed())?;
    }
    transaction.commit()?;
    Ok(())
}

fn known_run(row: &Row<'_>) -> Outcome<KnownRun> {
    let key = RunKey { build_uuid: row.get("build_uuid")?, attempt: row.get("attempt")? };
    let mut run = Run::new(key);
    let fields: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&row.get::<_, String>("fields")?)?;
    run.fields = fields_of(&fields);
    run.start_time = time_of(row.get("start_time")?);
    run.end_time = time_of(row.get("end_time")?);
    let told: Option<String> = row.get("scanned_told")?;
    run.scanned = told.as_deref().and_then(Scanned::from_word);
    let scanned: String = row.get("scanned")?;
    let events: i64 = row.get("events")?;
    Ok(KnownRun {
        run,
        told: row.get("told")?,
        scanned: Scanned::from_word(&scanned).unwrap_or_default(),
        events: events.cast_unsigned(),
        time: time_of(row.get("time")?),
    })
}

fn failed_tests(connection: &Connection, run: i64) -> Outcome<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT test FROM failed_tests WHERE run = ?1 ORDER BY test")?;
    let tests = statement.query_map([run], |row| row.get(0))?;
    Ok(tests.collect::<Result<_, _>>()?)
}

/// The facts, within a transaction.
struct Facts<'t>(&'t Transaction<'t>);

impl Facts<'_> {
    fn apply(&self, batch: &Batch) -> Outcome<()> {
        let ids = self.questions(&batch.questions)?;
        let mut pack = None;
        for facts in &batch.runs {
            let run = self.upsert(facts)?;
            if facts.events > 0 && !ids.is_empty() {
                let pack = match pack {
                    Some(pack) => pack,
                    None => *pack.insert(self.pack(&batch.questions, &ids)?),
                };
                self.asked(run, pack)?;
            }
            self.hits(run, &facts.hits, &ids)?;
        }
        Ok(())
    }

    /// The rows of questions; new ones are written down.
    fn questions(&self, questions: &[Question]) -> Outcome<Vec<i64>> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO fingerprints (id, digest, known_since) VALUES (?1, ?2, ?3)
             ON CONFLICT (id, digest) DO UPDATE SET known_since = known_since
             RETURNING fingerprint",
        )?;
        let now = stamp(Timestamp::now());
        let row = |question: &Question| {
            insert.query_row(params![question.id, question.digest, now], |row| row.get(0))
        };
        Ok(questions.iter().map(row).collect::<Result<_, _>>()?)
    }

    /// The row of a set of questions.
    fn pack(&self, questions: &[Question], ids: &[i64]) -> Outcome<i64> {
        let mut sorted: Vec<&Question> = questions.iter().collect();
        sorted.sort();
        let mut hasher = Sha256::new();
        for question in sorted {
            hasher.update(format!("{}\0{}\0", question.id, question.digest));
        }
        let digest: String =
            hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let known =
            self.0
                .query_row("SELECT pack FROM packs WHERE digest = ?1", [&digest], |row| row.get(0));
        if let Some(pack) = known.optional()? {
            return Ok(pack);
        }
        self.0.execute("INSERT INTO packs (digest) VALUES (?1)", [&digest])?;
        let pack = self.0.last_insert_rowid();
        let mut insert = self.0.prepare_cached(
            "INSERT OR IGNORE INTO pack_fingerprints (pack, fingerprint) VALUES (?1, ?2)",
        )?;
        for id in ids {
            insert.execute([pack, *id])?;
        }
        Ok(pack)
    }

    fn run(&self, build_uuid: &str, attempt: u32) -> Outcome<Option<i64>> {
        let mut select =
            self.0.prepare_cached("SELECT run FROM runs WHERE build_uuid = ?1 AND attempt = ?2")?;
        Ok(select.query_row(params![build_uuid, attempt], |row| row.get(0)).optional()?)
    }

    /// Writes down what a batch says of a run, but for its hits; returns the run's row.
    fn upsert(&self, facts: &RunFacts) -> Outcome<i64> {
        let known = self.run(&facts.build_uuid, facts.attempt)?;
        let run = match (known, &facts.told) {
            (_, Some(told)) => self.write_run(facts, told, true)?,
            (Some(run), None) if !facts.anew || self.is_told(run)? => run,
            (_, None) => {
                let guessed = RunRow { fields: facts.guessed.clone(), ..RunRow::default() };
                self.write_run(facts, &guessed, false)?
            }
        };
        if facts.anew {
            for table in ["hits", "asked"] {
                self.0.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [run])?;
            }
            self.0
                .execute("UPDATE runs SET events = 0, last_event = NULL WHERE run = ?1", [run])?;
        }
        self.count_events(run, facts)?;
        Ok(run)
    }

    fn is_told(&self, run: i64) -> Outcome<bool> {
        let mut select = self.0.prepare_cached("SELECT told FROM runs WHERE run = ?1")?;
        Ok(select.query_row([run], |row| row.get(0))?)
    }

    fn write_run(&self, facts: &RunFacts, told: &RunRow, is_told: bool) -> Outcome<i64> {
        const SQL: &str = "INSERT INTO runs (build_uuid, attempt, result, build_status, build_name,
                build_queue, build_branch, project, change, patchset, sha, voting, final,
                start_time, end_time, scanned, scanned_told, told, fields)
            VALUES (:uuid, :attempt, :result, :status, :name, :queue, :branch, :project, :change,
                :patchset, :sha, :voting, :final, :start, :end, 'none', :scanned, :told,
                :fields)
            ON CONFLICT (build_uuid, attempt) DO UPDATE SET
                result = excluded.result, build_status = excluded.build_status,
                build_name = excluded.build_name, build_queue = excluded.build_queue,
                build_branch = excluded.build_branch, project = excluded.project,
                change = excluded.change, patchset = excluded.patchset, sha = excluded.sha,
                voting = excluded.voting, final = excluded.final,
                start_time = excluded.start_time, end_time = excluded.end_time,
                scanned_told = excluded.scanned_told, told = excluded.told, tests_known = 0,
                fields = excluded.fields
            RETURNING run";
        let key = RunKey { build_uuid: facts.build_uuid.clone(), attempt: facts.attempt };
        let run = Run { fields: fields_of(&told.fields), ..Run::new(key) };
        let field = |name| run.get(name);
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| run.get(name));
        let row = self.0.prepare_cached(SQL)?.query_row(
            named_params! {
                ":uuid": facts.build_uuid,
                ":attempt": facts.attempt,
                ":result": result_word(run.result_class()),
                ":status": field("build_status"),
                ":name": field("build_name"),
                ":queue": field("build_queue"),
                ":branch": field("build_branch"),
                ":project": field("project"),
                ":change": first(["change", "build_change"]),
                ":patchset": first(["patchset", "build_patchset"]),
                ":sha": first(["sha", "build_newrev"]),
                ":voting": run.voting(),
                ":final": run.is_final(),
                ":start": told.start_time.map(stamp),
                ":end": told.end_time.map(stamp),
                ":scanned": told.scanned.map(Scanned::word),
                ":told": is_told,
                ":fields": serde_json::to_string(&told.fields)?,
            },
            |row| row.get(0),
        )?;
        self.0.execute("DELETE FROM failed_tests WHERE run = ?1", [row])?;
        if let Some(tests) = &told.failed_tests {
            self.failed_tests(row, tests)?;
        }
        Ok(row)
    }

    /// Writes down which tests failed, in the place of what was known of that.
    fn failed_tests(&self, run: i64, tests: &[String]) -> Outcome<()> {
        self.0.prepare_cached("UPDATE runs SET tests_known = 1 WHERE run = ?1")?.execute([run])?;
        self.0.prepare_cached("DELETE FROM failed_tests WHERE run = ?1")?.execute([run])?;
        let mut insert = self
            .0
            .prepare_cached("INSERT OR IGNORE INTO failed_tests (run, test) VALUES (?1, ?2)")?;
        for test in tests {
            insert.execute(params![run, test])?;
        }
        Ok(())
    }

    /// What follows from the events of the batch: how much was scanned, and when the run was.
    fn count_events(&self, run: i64, facts: &RunFacts) -> Outcome<()> {
        let mut update = self.0.prepare_cached(
            "UPDATE runs SET events = events + :events,
                last_event = nullif(max(coalesce(last_event, ''), coalesce(:last, '')), '')
             WHERE run = :run",
        )?;
        update.execute(named_params! {
            ":events": facts.events.cast_signed(),
            ":last": facts.last_event.map(stamp),
            ":run": run,
        })?;
        let mut update = self.0.prepare_cached(
            "UPDATE runs SET time = coalesce(end_time, start_time, last_event),
                scanned = CASE
                    WHEN :unfinished AND events > 0 THEN 'partial'
                    WHEN scanned_told IS NOT NULL THEN scanned_told
                    WHEN events > 0 THEN 'full'
                    -- Its events are gone, and were looked at while they were there.
                    WHEN last_event IS NOT NULL THEN scanned
                    ELSE 'none' END
             WHERE run = :run",
        )?;
        update.execute(named_params! { ":unfinished": facts.unfinished, ":run": run })?;
        Ok(())
    }

    fn asked(&self, run: i64, pack: i64) -> Outcome<()> {
        self.0
            .prepare_cached("INSERT OR IGNORE INTO asked (run, pack) VALUES (?1, ?2)")?
            .execute([run, pack])?;
        Ok(())
    }

    /// Removes what these questions found in a run.
    fn forget(&self, run: i64, questions: &[i64]) -> Outcome<()> {
        let mut delete =
            self.0.prepare_cached("DELETE FROM hits WHERE run = ?1 AND fingerprint = ?2")?;
        for question in questions {
            delete.execute([run, *question])?;
        }
        Ok(())
    }

    /// Adds hits to those that are there; the first place is the one with the earliest time.
    fn hits(&self, run: i64, hits: &[HitFact], questions: &[i64]) -> Outcome<()> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO hits (run, fingerprint, count, file, line, event, time)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (run, fingerprint) DO UPDATE SET
                count = count + excluded.count,
                file = iif(excluded.time < time, excluded.file, file),
                line = iif(excluded.time < time, excluded.line, line),
                event = iif(excluded.time < time, excluded.event, event),
                time = iif(excluded.time < time, excluded.time, time)",
        )?;
        for hit in hits {
            let Some(question) = questions.get(hit.question as usize) else { continue };
            let HitFact { count, first: Place { file, line, event, time }, .. } = hit;
            let (count, line) = (count.cast_signed(), line.map(u64::cast_signed));
            insert.execute(params![run, question, count, file, line, event, time.map(stamp)])?;
        }
        Ok(())
    }
}

/// A time as it stands in the tables: every one as long as the others, so that text compares.
fn stamp(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn time_of(stamp: Option<String>) -> Option<Timestamp> {
    stamp?.parse().ok()
}

#[cfg(test)]
mod tests;
