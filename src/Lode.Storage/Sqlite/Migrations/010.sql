-- Schema 10: studies and their trials. Forward only: once released, this file never changes.
--
-- Why so:
-- * study.version rises with every change of the study or of one of its trials, in the order of commits; each changed row has the
--   version of its last change. So a server that knows a study up to a version reads only what is newer. Here one process writes
--   and knows all of it, so there is no index by version; PostgreSQL, which several servers share, has one.
-- * (study_id, number) is the key: of two servers that propose the same trial one is refused, and proposes again.
-- * A lease is trial.attempt, which rises each time a trial is given out, and trial.beat, which rises with every sign of life. Whoever
--   watches beat stand still for long enough, by a clock of its own, may say that the lease is over. No two clocks are compared.
-- * trial.run_uuid is no foreign key: a run may be purged, and the trial stays what the study knows.
-- * Params, values and constraints are JSON, as in docs/tuning.md's study files: numbers that are not finite are texts.

CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    state INTEGER NOT NULL,       -- StudyState
    reason TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    trials INTEGER NOT NULL,      -- how many there are: the next one's number
    version INTEGER NOT NULL,
    changed INTEGER NOT NULL,     -- the version of the last change of this row's other columns but trials
    UNIQUE (project_id, name)
);

CREATE TABLE trial (
    study_id INTEGER NOT NULL REFERENCES study (id),
    number INTEGER NOT NULL,
    state INTEGER NOT NULL,       -- TrialState
    params TEXT NOT NULL,
    outcome TEXT NOT NULL,        -- values; empty where there are none
    limits TEXT NOT NULL,         -- outcome constraints; empty where there are none
    failure TEXT,
    run_uuid TEXT,
    agent TEXT,
    ask_key TEXT,
    logs_run INTEGER NOT NULL,    -- 1: the study writes the run's metrics and end
    attempt INTEGER NOT NULL,
    beat INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    checkpoint TEXT,
    checkpoint_step INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (study_id, number)
) WITHOUT ROWID;

CREATE TABLE trial_report (
    study_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (study_id, number, step),
    FOREIGN KEY (study_id, number) REFERENCES trial (study_id, number)
) WITHOUT ROWID;
