-- Schema 3: artifacts, datasets, models that runs log. Forward only: once released, this file never changes.
--
-- Why so:
-- * artifact is a tree: one row a file or folder, keyed by the folder it lies in, so that a listing is one range of the key and
--   never looks below. A folder's row has no hash.
-- * A blob is referenced by the artifacts that name it; the references themselves are the count, so it cannot go wrong.
--   touched_at is renewed before a blob's bytes are put in their place: a collection leaves young ones alone.
-- * dataset is unique in its project; what a run says of it (run_dataset_tag) belongs to the run.
-- * run_model says which logged models a run reads (role 1) or makes (role 2).
-- * logged_model_metric keeps no summary: a model has few points, and its readers want all of them.

CREATE TABLE blob (
    hash TEXT PRIMARY KEY, -- SHA-256, 64 lower-case hexadecimal digits
    size INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE artifact (
    folder TEXT NOT NULL, -- no slash at either end; '' = the root
    name TEXT NOT NULL,
    hash TEXT REFERENCES blob (hash),
    written_at INTEGER NOT NULL,
    PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE INDEX artifact_by_hash ON artifact (hash);

CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (project_id, name, digest)
);

CREATE TABLE run_dataset (
    run_id INTEGER NOT NULL REFERENCES run (id),
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    PRIMARY KEY (run_id, dataset_id)
) WITHOUT ROWID;
CREATE INDEX run_dataset_by_dataset ON run_dataset (dataset_id);

CREATE TABLE run_dataset_tag (
    run_id INTEGER NOT NULL REFERENCES run (id),
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, dataset_id, key)
) WITHOUT ROWID;

CREATE TABLE run_model (
    run_id INTEGER NOT NULL REFERENCES run (id),
    role INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run_id, role, model_id)
) WITHOUT ROWID;

CREATE TABLE logged_model (
    id TEXT PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    model_type TEXT NOT NULL,
    source_run TEXT NOT NULL,
    status INTEGER NOT NULL,
    lifecycle INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX logged_model_by_creation ON logged_model (project_id, lifecycle, created_at DESC, id);

CREATE TABLE logged_model_param (
    model_id TEXT NOT NULL REFERENCES logged_model (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_tag (
    model_id TEXT NOT NULL REFERENCES logged_model (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_metric (
    model_id TEXT NOT NULL REFERENCES logged_model (id),
    key TEXT NOT NULL,
    time INTEGER NOT NULL,
    step INTEGER NOT NULL,
    run_uuid TEXT NOT NULL,
    value REAL, -- NULL = NaN
    dataset_name TEXT,
    dataset_digest TEXT,
    PRIMARY KEY (model_id, key, time, step, run_uuid)
) WITHOUT ROWID;
