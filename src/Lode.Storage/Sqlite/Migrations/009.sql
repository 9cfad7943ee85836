-- Schema 9: a log of points that were taken but not yet put in their places. Forward only: once released, this file never changes.
--
-- Why so:
-- * A point changes its metric's tail and summary, its run's version, the counter and their indexes: a dozen pages to write and to
--   flush before one small request can be answered. Here it is one row at the end of one table, and a group of requests is one row.
-- * The writer holds the same points in memory and puts thousands of them in their places together: before anything else reads or
--   writes, when there are many, on closing, and on opening after a crash, when it reads them here. Then the log is emptied, in the
--   same transaction. So nobody but the writer ever sees a point that is only here.
-- * PostgreSQL has no such log: other servers read what this one took.

CREATE TABLE metric_log (
    id INTEGER PRIMARY KEY, -- in order of taking
    points BLOB NOT NULL    -- see docs/storage.md
);
