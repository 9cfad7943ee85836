-- Schema 6: since when a thing lies in the trash. Forward only: once released, this file never changes.
--
-- Why so:
-- * deleted_at says when a project or run went into the trash; NULL while it is in use. What lay there before this schema counts
--   from the migration on, so that nothing is purged earlier than it was promised.

ALTER TABLE project ADD COLUMN deleted_at INTEGER;
ALTER TABLE run ADD COLUMN deleted_at INTEGER;
UPDATE project SET deleted_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE lifecycle = 2;
UPDATE run SET deleted_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE lifecycle = 2;
CREATE INDEX run_by_trash ON run (deleted_at) WHERE deleted_at IS NOT NULL;
