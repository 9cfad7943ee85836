-- Schema 2, the twin of Sqlite/Migrations/002.sql, which says why. Forward only: once released, this file never changes.

ALTER TABLE metric ADD COLUMN tail BIGINT NOT NULL DEFAULT 0;       -- points in metric_point
ALTER TABLE metric ADD COLUMN next_chunk BIGINT NOT NULL DEFAULT 0; -- greater than the number of each of its chunks
UPDATE metric SET tail = count;

CREATE TABLE metric_chunk (
    metric_id BIGINT NOT NULL REFERENCES metric (id),
    chunk BIGINT NOT NULL,
    count BIGINT NOT NULL,
    first_step BIGINT NOT NULL, -- least
    last_step BIGINT NOT NULL,  -- greatest
    first_time BIGINT NOT NULL, -- least
    last_time BIGINT NOT NULL,  -- greatest
    end_time BIGINT NOT NULL,   -- of the last point by step, time, value
    end_value DOUBLE PRECISION,              -- of that point; NULL = NaN, here and below
    min DOUBLE PRECISION,
    max DOUBLE PRECISION,
    PRIMARY KEY (metric_id, chunk)
);

CREATE TABLE metric_chunk_data (
    metric_id BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (metric_id, chunk)
);

-- The data are compressed already.
ALTER TABLE metric_chunk_data ALTER COLUMN data SET STORAGE EXTERNAL;
