-- Schema 5: indexes for searches over many runs. Forward only: once released, this file never changes.
--
-- Why so:
-- * A page in some order is found by walking down an index in that order until enough runs pass; a filter that few runs pass is
--   found by its own index. Both need (key, value) beside (run, key).
-- * Texts are cut: PostgreSQL's indexes take no long ones.
-- * Numbers of params stand apart from their text: params are text, or are sorted as numbers.
-- * What these cost each write is measured by bench/Lode.Bench.Tracking (search).

CREATE INDEX metric_by_last ON metric (key, last);
CREATE INDEX run_param_by_value ON run_param (key, substr(value, 1, 250));
CREATE INDEX run_param_by_number ON run_param (key, number) WHERE number IS NOT NULL;
CREATE INDEX run_tag_by_value ON run_tag (key, substr(value, 1, 250));
CREATE INDEX run_by_time ON run (lifecycle, started_at DESC, uuid);
CREATE INDEX run_by_name ON run (project_id, lifecycle, substr(name, 1, 250));
CREATE INDEX run_by_end ON run (project_id, lifecycle, ended_at);
