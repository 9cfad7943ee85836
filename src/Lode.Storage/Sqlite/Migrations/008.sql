-- Schema 8: what a purge leaves behind, and finds. Forward only: once released, this file never changes.
--
-- Why so:
-- * purged_run remembers the ids of purged runs: a program that still writes such a run's journal would otherwise bring it back.
-- * A run's logged models go with it unless a version is one of them: both are looked up for every run that is purged.

CREATE TABLE purged_run (
    uuid TEXT PRIMARY KEY,
    purged_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX logged_model_by_run ON logged_model (source_run);
CREATE INDEX model_version_by_logged_model ON model_version (logged_model) WHERE logged_model IS NOT NULL;
CREATE INDEX model_version_by_source ON model_version (substr(source, 1, 250));
