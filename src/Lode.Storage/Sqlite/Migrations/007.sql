-- Schema 7: journals in segments, and rewinds. Forward only: once released, this file never changes.
--
-- Why so:
-- * A run may be written by several programs (after a resume, or at once): each has its own segment of the journal with its own
--   count of bytes taken. The first segment's name is empty; what was taken before this schema is it.
-- * run.said_at is the time of the journal event that the run's status comes from: segments arrive in any order, and the latest
--   word counts.
-- * journal_rewind keeps what programs cut off: points with a later step and an earlier time may still be on their way.

CREATE TABLE journal_7 (
    run_uuid TEXT NOT NULL,
    segment TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (run_uuid, segment)
) WITHOUT ROWID;
INSERT INTO journal_7 (run_uuid, segment, bytes) SELECT run_uuid, '', bytes FROM journal;
DROP TABLE journal;
ALTER TABLE journal_7 RENAME TO journal;

CREATE TABLE journal_rewind (
    run_uuid TEXT NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
    time INTEGER NOT NULL, -- points before it
    step INTEGER NOT NULL, -- and after it are dropped
    PRIMARY KEY (run_uuid, time, step)
) WITHOUT ROWID;

ALTER TABLE run ADD COLUMN said_at INTEGER;
