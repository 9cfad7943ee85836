-- Schema 2: metric histories in chunks. Forward only: once released, this file never changes; the next change is a new number.
--
-- Why so:
-- * metric_point stays as it is, but only as the tail of a history: points that were logged lately, a row each. When a tail has
--   grown, its points move into a chunk, in the transaction of the write that made it grow. Rows of schema 1 are a long tail.
-- * metric_chunk says of each chunk what charts and checks need; they read metric_chunk_data only where a border cuts a chunk.
--   The data stand apart, so that the rows beside them stay together on few pages.
-- * Chunks of one metric are numbered in the order in which they were sealed; their steps may overlap where points came late.

ALTER TABLE metric ADD COLUMN tail INTEGER NOT NULL DEFAULT 0;       -- points in metric_point
ALTER TABLE metric ADD COLUMN next_chunk INTEGER NOT NULL DEFAULT 0; -- greater than the number of each of its chunks
UPDATE metric SET tail = count;

CREATE TABLE metric_chunk (
    metric_id INTEGER NOT NULL REFERENCES metric (id),
    chunk INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_step INTEGER NOT NULL, -- least
    last_step INTEGER NOT NULL,  -- greatest
    first_time INTEGER NOT NULL, -- least
    last_time INTEGER NOT NULL,  -- greatest
    end_time INTEGER NOT NULL,   -- of the last point by step, time, value
    end_value REAL,              -- of that point; NULL = NaN, here and below
    min REAL,
    max REAL,
    PRIMARY KEY (metric_id, chunk)
) WITHOUT ROWID;

CREATE TABLE metric_chunk_data (
    metric_id INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (metric_id, chunk)
);
