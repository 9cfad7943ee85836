-- Schema 8, the twin of Sqlite/Migrations/008.sql, which says why. Forward only: once released, this file never changes.

CREATE TABLE purged_run (
    uuid TEXT COLLATE "C" PRIMARY KEY,
    purged_at BIGINT NOT NULL
);

CREATE INDEX logged_model_by_run ON logged_model (source_run);
CREATE INDEX model_version_by_logged_model ON model_version (logged_model) WHERE logged_model IS NOT NULL;
CREATE INDEX model_version_by_source ON model_version (substr(source, 1, 250));
