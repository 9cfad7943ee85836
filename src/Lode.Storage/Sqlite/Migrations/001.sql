-- Schema 1. Forward only: once released, this file never changes; the next change is 002.sql.
--
-- Why so:
-- * run.version rises with every change over all runs: live updates ask for what is newer than the last version they saw.
-- * metric holds the summary that tables, search and sorting read; they never touch metric_point.
-- * metric_point's key is the whole point, so logging an equal point again stores it once. NaN cannot be part of a key
--   (SQLite stores it as NULL), hence value 0 with is_nan 1.
-- * journal.bytes says how far a run's journal is taken; it moves in the transaction that applies the events, so a journal
--   that is sent twice changes nothing.
-- * params keep their number beside their text, so that 1e-3 < 0.01 can be asked without parsing each row.

CREATE TABLE project (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    artifact_location TEXT,
    lifecycle INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE project_tag (
    project_id INTEGER NOT NULL REFERENCES project (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project_id, key)
) WITHOUT ROWID;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    user TEXT NOT NULL,
    status INTEGER NOT NULL,
    lifecycle INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    heard_at INTEGER, -- last sign of life by journal; NULL for runs that give none
    version INTEGER NOT NULL
);
CREATE INDEX run_by_start ON run (project_id, lifecycle, started_at DESC, uuid);
CREATE UNIQUE INDEX run_by_version ON run (version);

CREATE TABLE run_param (
    run_id INTEGER NOT NULL REFERENCES run (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE run_tag (
    run_id INTEGER NOT NULL REFERENCES run (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),
    key TEXT NOT NULL,
    last REAL,        -- NULL = NaN, here and below
    last_step INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    min REAL,
    max REAL,
    mean REAL,
    numbers INTEGER NOT NULL, -- points that are not NaN
    count INTEGER NOT NULL,
    UNIQUE (run_id, key)
);

CREATE TABLE metric_point (
    metric_id INTEGER NOT NULL REFERENCES metric (id),
    step INTEGER NOT NULL,
    time INTEGER NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    PRIMARY KEY (metric_id, step, time, value, is_nan)
) WITHOUT ROWID;

CREATE TABLE journal (
    run_uuid TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO counter (name, value) VALUES ('version', 0);

-- MLflow's clients expect experiment 0 to exist from the first start.
INSERT INTO project (id, name, lifecycle, created_at, updated_at) VALUES (0, 'Default', 1, 0, 0);
