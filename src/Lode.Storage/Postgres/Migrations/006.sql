-- Schema 6, the twin of Sqlite/Migrations/006.sql, which says why. Forward only: once released, this file never changes.

ALTER TABLE project ADD COLUMN deleted_at BIGINT;
ALTER TABLE run ADD COLUMN deleted_at BIGINT;
UPDATE project SET deleted_at = CAST(extract(epoch FROM now()) AS BIGINT) * 1000 WHERE lifecycle = 2;
UPDATE run SET deleted_at = CAST(extract(epoch FROM now()) AS BIGINT) * 1000 WHERE lifecycle = 2;
CREATE INDEX run_by_trash ON run (deleted_at) WHERE deleted_at IS NOT NULL;
