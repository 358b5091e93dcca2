-- The history: which run was hit by which fingerprint. docs/index.md describes it for people.
-- Times are RFC 3339 in UTC with six digits of a second, so that their order is that of the text.

CREATE TABLE runs (
    run         INTEGER PRIMARY KEY,
    build_uuid  TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    result      TEXT    NOT NULL CHECK (result IN ('passed', 'failed', 'other')),
    build_status TEXT, build_name TEXT, build_queue TEXT, build_branch TEXT, project TEXT,
    change      TEXT,
    patchset    TEXT,
    sha         TEXT,
    voting      INTEGER,
    final       INTEGER NOT NULL,
    start_time  TEXT,
    end_time    TEXT,
    -- By this the run belongs to a window: its end, else its beginning, else its last event.
    time        TEXT,
    last_event  TEXT,
    scanned     TEXT    NOT NULL CHECK (scanned IN ('full', 'partial', 'none')),
    -- How much was scanned as the run's source says; null where that follows from its events.
    scanned_told TEXT,
    events      INTEGER NOT NULL DEFAULT 0,
    -- 0 where the fields were read off its events, as nobody told them.
    told        INTEGER NOT NULL,
    -- 0 where nobody knows which tests failed.
    tests_known INTEGER NOT NULL DEFAULT 0,
    -- Every field, each with its values, as JSON.
    fields      TEXT    NOT NULL,
    UNIQUE (build_uuid, attempt)
);
CREATE INDEX runs_by_time ON runs (time);

CREATE TABLE failed_tests (
    run  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    test TEXT    NOT NULL,
    PRIMARY KEY (run, test)
) WITHOUT ROWID;

-- One row for each question: a fingerprint whose query changed has a new row.
CREATE TABLE fingerprints (
    fingerprint INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    digest      TEXT NOT NULL,
    known_since TEXT NOT NULL,
    -- The first run that it hit, of those that are pruned.
    first_seen  TEXT,
    UNIQUE (id, digest)
);

CREATE TABLE hits (
    run         INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    fingerprint INTEGER NOT NULL REFERENCES fingerprints,
    count       INTEGER NOT NULL,
    file        TEXT,
    line        INTEGER,
    event       TEXT,
    time        TEXT,
    PRIMARY KEY (run, fingerprint)
) WITHOUT ROWID;
CREATE INDEX hits_by_fingerprint ON hits (fingerprint, run);

-- Which questions a run was asked: without a row in `hits` the answer was no, without a row here
-- nobody asked.
CREATE TABLE packs (pack INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE);
CREATE TABLE pack_fingerprints (
    pack        INTEGER NOT NULL REFERENCES packs ON DELETE CASCADE,
    fingerprint INTEGER NOT NULL REFERENCES fingerprints,
    PRIMARY KEY (pack, fingerprint)
) WITHOUT ROWID;
CREATE TABLE asked (
    run  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    pack INTEGER NOT NULL REFERENCES packs,
    PRIMARY KEY (run, pack)
) WITHOUT ROWID;

-- A batch that the event index may or may not have committed.
CREATE TABLE staged (batch TEXT NOT NULL, facts TEXT NOT NULL);
