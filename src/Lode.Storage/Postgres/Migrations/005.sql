-- Schema 5, the twin of Sqlite/Migrations/005.sql, which says why.

CREATE INDEX metric_by_last ON metric (key, last);
CREATE INDEX run_param_by_value ON run_param (key, substr(value, 1, 250));
CREATE INDEX run_param_by_number ON run_param (key, number) WHERE number IS NOT NULL;
CREATE INDEX run_tag_by_value ON run_tag (key, substr(value, 1, 250));
CREATE INDEX run_by_time ON run (lifecycle, started_at DESC NULLS LAST, uuid);
CREATE INDEX run_by_name ON run (project_id, lifecycle, substr(name, 1, 250));
CREATE INDEX run_by_end ON run (project_id, lifecycle, ended_at);
